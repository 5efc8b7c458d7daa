// The run with fake stages: order, caching, errors, stops, suspects, reproducibility. No OCR, no decoding; clean under TSan.
// One file because every test runs the same fake stages.

#include <filesystem>
#include <map>
#include <set>
#include <thread>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <sys/wait.h>
#include <unistd.h>

#include "pipeline/core/digest.h"
#include "pipeline/engine/run.h"

namespace recto {
namespace {

namespace stdfs = std::filesystem;

const Setting<std::int64_t> kFakeLevel{"fake.level", 1, "A level.", "级别。"};

struct Script {
    std::atomic<int> treated{0}, read{0}, joined{0};
    std::set<std::string> fail_treat, throw_read; ///< By file name.
    std::function<void(const std::string&)> on_read;
    int read_version = 1;
    std::atomic<bool> reading_began_early{false};
    int images = 0;
};

class FakeTreatment final : public ImageStage {
  public:
    explicit FakeTreatment(Script& s) : script_(s) {}
    const StageInfo& info() const override {
        static const StageInfo info{"treatment", 1, {}, {}, 1, 0, "treatment", "处理"};
        return info;
    }
    std::unique_ptr<ImageWorker> make_worker() const override {
        class W final : public ImageWorker {
          public:
            explicit W(Script& s) : script_(s) {}
            Result<ImageTreatment> run(const ImageInput& in) override {
                ++script_.treated;
                if (script_.fail_treat.contains(in.source.original_name)) return fail("treat.fake", "asked to fail");
                PageTreatment page;
                page.transform = Transform(in.raster.width(), in.raster.height());
                page.dpi = {300, 300, DpiSource::File};
                ImageTreatment t;
                t.pages.push_back(page);
                return t;
            }

          private:
            Script& script_;
        };
        return std::make_unique<W>(script_);
    }

  private:
    Script& script_;
};

class FakeReading final : public PageStage {
  public:
    explicit FakeReading(Script& s)
        : script_(s), info_{"reading", s.read_version, {&kFakeLevel}, {}, 1, 0, "reading", "识别"} {}
    const StageInfo& info() const override { return info_; }
    std::unique_ptr<PageWorker> make_worker() const override {
        class W final : public PageWorker {
          public:
            explicit W(Script& s) : script_(s) {}
            Result<nlohmann::json> run(const PageInput& in) override {
                if (script_.treated.load() < script_.images) script_.reading_began_early = true;
                ++script_.read;
                const auto& name = in.item.sources[static_cast<std::size_t>(in.page.image.source)].original_name;
                if (script_.on_read) script_.on_read(name);
                if (script_.throw_read.contains(name)) throw std::runtime_error("engine broke");
                PageText text;
                text.width = in.raster.width();
                text.height = in.raster.height();
                text.engine = "fake";
                text.blocks.push_back({BlockKind::Text, {}, {{"text of " + name, {}, 0.9, false, {}}}});
                return nlohmann::json(text);
            }

          private:
            Script& script_;
        };
        return std::make_unique<W>(script_);
    }

  private:
    Script& script_;
    StageInfo info_;
};

class FakeFiles final : public ItemStage {
  public:
    explicit FakeFiles(Script& s) : script_(s) {}
    const StageInfo& info() const override {
        static const StageInfo info{"item-files", 1, {}, {}, 0, 0, "files", "文件"};
        return info;
    }
    Result<void> run(ItemInput& in) const override {
        ++script_.joined;
        std::string text;
        for (const auto& p : in.item.pages) text += p.error ? "[" + p.error->code + "]\n" : p.text.plain();
        const auto add = [&](const std::string& logical, const std::string& bytes) {
            const std::string path = join_path(in.staging_folder, file_name(logical));
            (void)posix_file_system()->write(path, bytes);
            StagedFile f;
            f.logical_path = logical;
            f.staged_path = path;
            f.sha512 = digest_hex(DigestAlgorithm::Sha512, bytes);
            f.size = bytes.size();
            in.files.push_back(f);
        };
        add("text/all.txt", text);
        add("metadata/item.json", nlohmann::json{{"schema", 1},
                                                 {"held", in.item.held},
                                                 {"held_reason", in.item.held_reason},
                                                 {"provenance", in.provenance}}
                                      .dump());
        return {};
    }

  private:
    Script& script_;
};

class NoCatalogue final : public CatalogueView {
  public:
    const std::map<std::string, std::string>* find(std::string_view code) const override {
        static const std::map<std::string, std::string> permanent{{"retention_period", "永久"}};
        return code == "P" ? &permanent : nullptr;
    }
};

/// An archive in a temporary folder and a delivery of small files "a".."z", one folder an item.
class RunTest : public testing::Test {
  protected:
    void SetUp() override {
        root_ = stdfs::temp_directory_path() / ("recto-run-" + std::to_string(getpid()) + "-" +
                                                testing::UnitTest::GetInstance()->current_test_info()->name());
        stdfs::remove_all(root_);
        stdfs::create_directories(root_ / "in");
        archive_ = (root_ / "archive").string();
        make_archive(archive_);
    }
    void TearDown() override { stdfs::remove_all(root_); }

    void make_archive(const std::string& path) {
        ASSERT_TRUE(make_archive_folders(*fs_, ArchivePaths(path)));
        ASSERT_TRUE(OcflStore(fs_, ArchivePaths(path).storage()).create());
    }
    void deliver(const std::string& item, const std::vector<std::string>& names) {
        BatchDelivery d;
        d.name = item;
        d.path = (root_ / "in" / item).string();
        stdfs::create_directories(d.path);
        for (const auto& n : names) {
            d.files.push_back(join_path(d.path, n));
            ASSERT_TRUE(fs_->write(d.files.back(), "bytes of " + item + "/" + n));
        }
        plan_.deliveries.push_back(d);
        script_.images += static_cast<int>(names.size());
    }
    RunHooks hooks() {
        RunHooks h;
        h.plan = [this](const auto&) -> Result<BatchPlan> { return plan_; };
        h.take = [this](const std::string& path, Journal&) -> Result<Source> {
            if (path.find("broken") != std::string::npos) return fail("decode.damaged", "not an image", path);
            Source s;
            s.path = path;
            s.original_name = file_name(path);
            s.sha512 = *fs_->digest(path, DigestAlgorithm::Sha512);
            s.media_type = "image/tiff";
            s.extension = "tif";
            s.images.resize(1);
            s.images[0].width = 40;
            s.images[0].height = 30;
            return s;
        };
        h.decode = [](const Source&, int) -> Result<Raster> {
            Raster r;
            r.pixels = cv::Mat(30, 40, CV_8UC1, cv::Scalar(255));
            r.dpi = {300, 300, DpiSource::File};
            return r;
        };
        h.group = [](const BatchDelivery& d, std::vector<TreatedFile> files) {
            Item item;
            item.provisional_name = d.name;
            item.reference_code = d.name;
            item.id = Uuid::from_name(Uuid::recto_space(), d.name);
            for (std::size_t i = 0; i < files.size(); ++i) {
                item.sources.push_back(files[i].source);
                Page p;
                p.image = {static_cast<int>(i), 0};
                p.order = p.serial = static_cast<int>(i) + 1;
                p.id = Uuid::from_name(item.id, files[i].source.sha512 + std::to_string(i));
                if (files[i].error) p.error = files[i].error;
                else if (files[i].image_errors.contains(0)) p.error = files[i].image_errors.at(0);
                else p.treatment = files[i].treatments[0].pages[0];
                item.pages.push_back(p);
            }
            return std::vector<Item>{item};
        };
        return h;
    }
    Result<RunReport> run(std::function<void(RunOptions&, RunHooks&, Settings&)> change = {}) {
        StageList stages;
        stages.treatment = std::make_unique<FakeTreatment>(script_);
        stages.pages.push_back(std::make_unique<FakeReading>(script_));
        stages.items.push_back(std::make_unique<FakeFiles>(script_));
        RunOptions options;
        options.archive = archive_;
        options.jobs = 2;
        options.run_id = "test";
        options.provenance = nlohmann::json::object();
        auto h = hooks();
        Settings settings;
        settings.set(kMinFree, std::int64_t{1});
        if (change) change(options, h, settings);
        NoCatalogue catalogue;
        Progress progress(ProgressMode::None);
        recto::Run run(options, h, stages, settings, catalogue, fs_,
                       fixed_clock(std::chrono::system_clock::time_point(std::chrono::seconds(1'700'000'000))),
                       progress);
        running_ = &run;
        auto r = run.execute();
        running_ = nullptr;
        return r;
    }
    /// Logical path and digest of every file of every object: what "the same content" means.
    std::set<std::string> content(const std::string& archive) {
        OcflStore store(fs_, ArchivePaths(archive).storage());
        std::set<std::string> out;
        for (const auto& d : plan_.deliveries) {
            const std::string id = "urn:uuid:" + Uuid::from_name(Uuid::recto_space(), d.name).to_string();
            const auto state = store.state(id);
            if (!state || state->head == 0) continue;
            for (const auto& [path, sum] : state->files) out.insert(id + " " + path + " " + sum);
        }
        return out;
    }

    stdfs::path root_;
    std::string archive_;
    std::shared_ptr<FileSystem> fs_ = posix_file_system();
    BatchPlan plan_;
    Script script_;
    recto::Run* running_ = nullptr;
};

TEST_F(RunTest, EveryPageOnceAndEveryItemStored) {
    deliver("A", {"1", "2", "3"});
    deliver("B", {"1"});
    const auto r = run();
    ASSERT_TRUE(r) << r.error().to_string();
    EXPECT_EQ(r->exit_code, 0);
    EXPECT_EQ(r->pages, 4);
    EXPECT_EQ(script_.treated, 4);
    EXPECT_EQ(script_.read, 4);
    ASSERT_EQ(r->items.size(), 2u);
    for (const auto& i : r->items) EXPECT_EQ(i.state, "stored");
    EXPECT_EQ(content(archive_).size(), 4u + 2 * 2);
    EXPECT_EQ(read_index(*fs_, ArchivePaths(archive_))->size(), 2u);
}

TEST_F(RunTest, TreatmentOfTheWholeBatchComesBeforeReading) {
    for (int i = 0; i < 6; ++i) deliver("I" + std::to_string(i), {"1", "2", "3", "4"});
    ASSERT_TRUE(run([](RunOptions& o, RunHooks&, Settings&) { o.serial = true; }));
    EXPECT_FALSE(script_.reading_began_early);
}

TEST_F(RunTest, SerialFormAndManyWorkersGiveTheSameContent) {
    for (int i = 0; i < 5; ++i) deliver("I" + std::to_string(i), {"1", "2", "3"});
    ASSERT_TRUE(run([](RunOptions& o, RunHooks&, Settings&) { o.serial = true; }));
    const std::string other = (root_ / "other").string();
    make_archive(other);
    ASSERT_TRUE(run([&](RunOptions& o, RunHooks&, Settings&) { o.archive = other, o.jobs = 4, o.memory = 1; }));
    EXPECT_EQ(content(archive_), content(other));
    EXPECT_EQ(content(archive_).size(), 5u * 5);
}

TEST_F(RunTest, SecondRunDoesNothingAndMakesNoVersion) {
    deliver("A", {"1", "2"});
    ASSERT_TRUE(run());
    const auto r = run();
    ASSERT_TRUE(r);
    EXPECT_EQ(script_.treated, 2);
    EXPECT_EQ(script_.read, 2);
    EXPECT_EQ(r->items[0].state, "unchanged");
    EXPECT_EQ(r->items[0].version, "v1");
    EXPECT_EQ(r->pages_reused, 2);
    // Even with the work folder gone, the archive itself knows: treated again, not read again.
    stdfs::remove_all(ArchivePaths(archive_).work);
    ASSERT_TRUE(run());
    EXPECT_EQ(script_.treated, 4);
    EXPECT_EQ(script_.read, 2);
}

TEST_F(RunTest, ASettingOrStageVersionChangesOnlyWhatReadsIt) {
    deliver("A", {"1", "2"});
    ASSERT_TRUE(run());
    const auto r = run([](RunOptions&, RunHooks&, Settings& s) { s.set(kFakeLevel, std::int64_t{2}); });
    EXPECT_EQ(script_.treated, 2) << "treatment does not read fake.level";
    EXPECT_EQ(script_.read, 4);
    EXPECT_EQ(r->items[0].version, "v2");
    script_.read_version = 2;
    ASSERT_TRUE(run([](RunOptions&, RunHooks&, Settings& s) { s.set(kFakeLevel, std::int64_t{2}); }));
    EXPECT_EQ(script_.read, 6);
    // -j and memory are no part of any key.
    ASSERT_TRUE(run([](RunOptions& o, RunHooks&, Settings& s) {
        s.set(kFakeLevel, std::int64_t{2}), o.jobs = 4, o.memory = 12345;
    }));
    EXPECT_EQ(script_.read, 6);
}

TEST_F(RunTest, FreshForgetsTheCacheNeverTheArchive) {
    deliver("A", {"1", "2"});
    ASSERT_TRUE(run());
    const auto before = content(archive_);
    ASSERT_TRUE(run([](RunOptions& o, RunHooks&, Settings&) { o.fresh = true; }));
    EXPECT_EQ(script_.treated, 4);
    EXPECT_EQ(content(archive_), before);
}

TEST_F(RunTest, BadFilesAndPagesAreNamedAndTheBatchGoesOn) {
    deliver("A", {"1", "2", "broken"});
    deliver("B", {"1", "2"});
    deliver("C", {"t1", "2"});
    deliver("D", {"broken"});
    script_.throw_read = {"2"};
    script_.fail_treat = {"t1"};
    const auto r = run();
    ASSERT_TRUE(r) << r.error().to_string();
    EXPECT_EQ(r->exit_code, 1);
    std::set<std::string> said;
    for (const auto& e : r->errors) said.insert(e.code + " " + e.file.substr(e.file.find("/in/") + 4));
    EXPECT_THAT(said, testing::UnorderedElementsAre("decode.damaged A/broken", "run.exception A/2", "run.exception B/2",
                                                    "treat.fake C/t1", "run.exception C/2", "decode.damaged D/broken"));
    ASSERT_EQ(r->items.size(), 3u) << "an item without any readable page is not made";
    for (const auto& i : r->items) {
        EXPECT_EQ(i.state, "held");
        EXPECT_FALSE(i.reason.empty());
    }
    // The unreadable file is kept as it came.
    bool kept = false;
    for (const auto& line : content(archive_))
        kept |= line.find(digest_hex(DigestAlgorithm::Sha512, "bytes of A/broken")) != std::string::npos;
    EXPECT_TRUE(kept);
    // A page that failed is tried again by the next run; the others are not.
    script_.throw_read.clear();
    const int before = script_.read;
    const auto again = run();
    EXPECT_EQ(script_.read, before + 3);
    EXPECT_EQ(again->items[1].state, "stored");
}

TEST_F(RunTest, NothingUsableIs65AndNothingAtAllIs66) {
    EXPECT_EQ(run()->exit_code, 66);
    deliver("D", {"broken"});
    const auto r = run();
    EXPECT_EQ(r->exit_code, 65);
    EXPECT_EQ(r->errors.size(), 1u);
}

TEST_F(RunTest, PermanentRecordsAreReadFirst) {
    deliver("X", {"x1", "x2"});
    deliver("P", {"p1", "p2"});
    std::vector<std::string> order;
    script_.on_read = [&](const std::string& n) { order.push_back(n); };
    ASSERT_TRUE(run([](RunOptions& o, RunHooks&, Settings&) { o.serial = true; }));
    EXPECT_THAT(order, testing::ElementsAre("p1", "p2", "x1", "x2"));
}

TEST_F(RunTest, StopFinishesPagesInWorkAndTheNextRunTheRest) {
    for (int i = 0; i < 4; ++i) deliver("I" + std::to_string(i), {"1", "2", "3"});
    std::atomic<int> reads{0};
    script_.on_read = [&](const std::string&) {
        if (++reads == 3) running_->request_stop();
    };
    const auto r = run();
    ASSERT_TRUE(r);
    EXPECT_EQ(r->exit_code, 75);
    EXPECT_LT(script_.read, 12);
    script_.on_read = {};
    const auto rest = run();
    EXPECT_EQ(rest->exit_code, 0);
    EXPECT_EQ(script_.read, 12) << "no page twice, none left out";
}

TEST_F(RunTest, AKilledRunGoesOnAndItsPageIsTriedAlone) {
    for (int i = 0; i < 3; ++i) deliver("I" + std::to_string(i), {"1", "2"});
    const std::string undisturbed = (root_ / "undisturbed").string();
    make_archive(undisturbed);
    ASSERT_TRUE(run([&](RunOptions& o, RunHooks&, Settings&) { o.archive = undisturbed; }));
    const pid_t pid = fork();
    if (pid == 0) {
        script_.on_read = [&](const std::string&) {
            if (script_.read >= 9) kill(getpid(), SIGKILL);
        };
        (void)run([](RunOptions& o, RunHooks&, Settings&) { o.serial = true; });
        _exit(3);
    }
    int status = 0;
    waitpid(pid, &status, 0);
    ASSERT_TRUE(WIFSIGNALED(status));
    std::vector<nlohmann::json> alone;
    const auto r = run([&](RunOptions& o, RunHooks& h, Settings& s) {
        o.serial = true;
        h.run_alone = [&, &h_decode = h.decode](const nlohmann::json& request) -> Result<nlohmann::json> {
            alone.push_back(request);
            StageList stages;
            stages.treatment = std::make_unique<FakeTreatment>(script_);
            stages.pages.push_back(std::make_unique<FakeReading>(script_));
            return execute_alone(request, stages, s, h_decode);
        };
    });
    ASSERT_TRUE(r);
    EXPECT_EQ(r->exit_code, 0);
    ASSERT_EQ(alone.size(), 1u) << "exactly the page that was in work";
    EXPECT_EQ(alone[0]["kind"], "page");
    EXPECT_EQ(content(archive_), content(undisturbed));
}

TEST_F(RunTest, ASuspectThatFailsAloneIsSetAsideByName) {
    deliver("A", {"1", "2"});
    const pid_t pid = fork();
    if (pid == 0) {
        script_.on_read = [](const std::string& n) {
            if (n == "2") kill(getpid(), SIGKILL);
        };
        (void)run([](RunOptions& o, RunHooks&, Settings&) { o.serial = true; });
        _exit(3);
    }
    int status = 0;
    waitpid(pid, &status, 0);
    const auto r = run([&](RunOptions&, RunHooks& h, Settings&) {
        h.run_alone = [](const nlohmann::json&) -> Result<nlohmann::json> {
            return fail("run.suspect", "the child was killed by signal 9");
        };
    });
    ASSERT_TRUE(r);
    EXPECT_EQ(r->exit_code, 1);
    ASSERT_EQ(r->errors.size(), 1u);
    EXPECT_EQ(r->errors[0].code, "run.suspect");
    EXPECT_THAT(r->errors[0].file, testing::HasSubstr("A/2"));
    EXPECT_EQ(r->items[0].state, "held");
}

/// The window closes before the n-th piece of work, n rising until nothing is left to close on; each time the next run
/// finishes the rest, and the content is that of a run without a window.
TEST_F(RunTest, AClosedWindowStartsNothingAndTheNextRunDoesTheRest) {
    deliver("A", {"1", "2"});
    deliver("B", {"1"});
    const std::string undisturbed = (root_ / "undisturbed").string();
    make_archive(undisturbed);
    ASSERT_TRUE(run([&](RunOptions& o, RunHooks&, Settings&) { o.archive = undisturbed; }));
    const auto wanted = content(undisturbed);
    ASSERT_FALSE(wanted.empty());
    bool whole = false;
    for (int n = 0; !whole; ++n) {
        ASSERT_LT(n, 40);
        SCOPED_TRACE(n);
        archive_ = (root_ / ("archive-" + std::to_string(n))).string();
        make_archive(archive_);
        std::atomic<int> asked{0}, begun{0}, ended{0}, closings{0};
        const auto r = run([&](RunOptions& o, RunHooks& h, Settings&) {
            o.serial = n % 2 == 0;
            o.may_start = [&] { return asked.fetch_add(1) < n; };
            h.on_event = [&](const RunEvent& e) { closings += e.what == "run.closing"; };
            const auto take = h.take;
            h.take = [&, take](const std::string& path, Journal& j) {
                ++begun;
                EXPECT_LE(begun.load(), n);
                auto taken = take(path, j);
                ++ended;
                return taken;
            };
        });
        ASSERT_TRUE(r) << r.error().to_string();
        EXPECT_EQ(begun, ended);
        whole = r->stopped.empty();
        if (whole) {
            EXPECT_EQ(r->exit_code, 0);
            EXPECT_FALSE(r->left.any());
            EXPECT_EQ(closings, 0);
        } else {
            EXPECT_EQ(r->exit_code, 75);
            EXPECT_EQ(r->stopped, "window");
            EXPECT_TRUE(r->left.any());
            EXPECT_EQ(closings, 1);
            EXPECT_GE(asked.load(), n + 1);
            const auto again = run();
            ASSERT_TRUE(again);
            EXPECT_EQ(again->exit_code, 0);
        }
        EXPECT_EQ(content(archive_), wanted);
    }
}

TEST_F(RunTest, APageInWorkWhenTheWindowClosesIsFinished) {
    deliver("A", {"1", "2", "3", "4"});
    std::atomic<bool> open{true};
    script_.on_read = [&](const std::string&) {
        open = false; // closes while this page is read
        std::this_thread::sleep_for(std::chrono::milliseconds(50));
    };
    const auto first = run([&](RunOptions& o, RunHooks&, Settings&) {
        o.serial = true;
        o.may_start = [&] { return open.load(); };
    });
    ASSERT_TRUE(first);
    EXPECT_EQ(first->exit_code, 75);
    EXPECT_EQ(script_.read, 1);
    EXPECT_EQ(first->left.pages, 3);
    EXPECT_EQ(first->left.items, 1);
    EXPECT_EQ(first->left.images, 0);
    script_.on_read = {};
    const auto second = run();
    ASSERT_TRUE(second);
    EXPECT_EQ(second->exit_code, 0);
    EXPECT_EQ(script_.read, 4) << "the page that was in work is not read again";
}

TEST_F(RunTest, EventsAndStatusTellWhatHappened) {
    deliver("A", {"1", "broken", "3"});
    deliver("B", {"1"});
    script_.throw_read.insert("3");
    std::mutex mutex;
    std::map<std::string, int> events;
    std::string failed_page;
    RunStatus during;
    const auto r = run([&](RunOptions&, RunHooks& h, Settings&) {
        h.on_event = [&](const RunEvent& e) {
            const auto status = running_->status(); // from a worker, while the run goes on
            const std::lock_guard lock(mutex);
            ++events[std::string(e.what)];
            if (e.what == "page.failed") failed_page = e.item + " " + e.page + " " + e.code;
            if (e.what == "item.stored") during = status;
        };
    });
    ASSERT_TRUE(r);
    EXPECT_EQ(events["file.taken"], 3);
    EXPECT_EQ(events["file.failed"], 1);
    EXPECT_EQ(events["image.treated"], 3);
    EXPECT_EQ(events["page.done"], 2);
    EXPECT_EQ(events["page.failed"], 1);
    EXPECT_EQ(events["item.held"], 1);
    EXPECT_EQ(events["item.stored"], 1);
    EXPECT_NE(failed_page.find("run.exception"), std::string::npos) << failed_page;
    EXPECT_GT(failed_page.size(), 72U) << "two UUIDs and a code";
    EXPECT_EQ(during.files, 4);
    EXPECT_EQ(during.queues.size(), 5U);
}

TEST_F(RunTest, DryRunWritesNothing) {
    deliver("A", {"1"});
    const auto r = run([](RunOptions& o, RunHooks&, Settings&) { o.dry_run = true; });
    EXPECT_EQ(r->exit_code, 0);
    EXPECT_EQ(script_.treated, 0);
    EXPECT_TRUE(content(archive_).empty());
}

} // namespace
} // namespace recto
