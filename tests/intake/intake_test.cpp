// Plans of deliveries on a file system in memory, and on the real one where links matter.

#include "stages/intake/intake.h"

#include <filesystem>
#include <fstream>
#include <map>

#include <gmock/gmock.h>

namespace recto::intake {
namespace {

using ::testing::ElementsAre;

/// Files by path; folders follow from them. `denied` folders fail to list.
class MemoryFiles : public FileSystem {
  public:
    std::map<std::string, std::string> files;
    std::vector<std::string> denied;
    std::map<std::string, int> digests; ///< How often each was read.
    std::int64_t time = 1;
    std::string grows; ///< This file's time moves at each stat.

    Result<FileStat> stat(const std::string& path) override {
        FileStat s;
        if (path == grows) ++time;
        s.mtime_ns = time;
        if (auto it = files.find(path); it != files.end()) {
            s.exists = true;
            s.size = it->second.size();
            return s;
        }
        auto below = files.lower_bound(path + "/");
        s.exists = s.is_directory = below != files.end() && below->first.rfind(path + "/", 0) == 0;
        return s;
    }
    Result<std::vector<std::string>> list(const std::string& folder) override {
        for (const auto& d : denied)
            if (d == folder) return fail("io.denied", "permission denied", folder);
        std::vector<std::string> names;
        for (const auto& [path, bytes] : files) {
            if (path.rfind(folder + "/", 0) != 0) continue;
            const std::string rest = path.substr(folder.size() + 1);
            const std::string name = rest.substr(0, rest.find('/'));
            if (names.empty() || names.back() != name) names.push_back(name);
        }
        return names;
    }
    Result<std::string> digest(const std::string& path, DigestAlgorithm) override {
        ++digests[path];
        return "sha512-of-" + files[path];
    }
    Result<std::string> read(const std::string& path) override { return files[path]; }
    Result<void> write(const std::string&, std::string_view) override { return fail("io.denied", "read only"); }
    Result<void> append(const std::string&, std::string_view, bool) override { return fail("io.denied", "read only"); }
    using FileSystem::copy;
    Result<std::string> copy(const std::string&, const std::string&, DigestAlgorithm) override {
        return fail("io.denied", "read only");
    }
    Result<void> make_folders(const std::string&) override { return fail("io.denied", "read only"); }
    Result<void> rename(const std::string&, const std::string&) override { return fail("io.denied", "read only"); }
    Result<void> remove(const std::string&) override { return fail("io.denied", "read only"); }
    Result<void> remove_tree(const std::string&) override { return fail("io.denied", "read only"); }
    Result<void> sync(const std::string&) override { return {}; }
    Result<std::uint64_t> free_bytes(const std::string&) override { return 0; }
};

struct Shape {
    std::string name;
    DeliveryKind kind;
    std::vector<std::string> files;
    bool operator==(const Shape&) const = default;
};

void PrintTo(const Shape& s, std::ostream* out) {
    *out << s.name << " (" << to_string(s.kind) << ")";
    for (const auto& f : s.files) *out << " " << f;
}

std::vector<Shape> shapes(const std::vector<Delivery>& deliveries) {
    std::vector<Shape> out;
    for (const auto& d : deliveries) {
        Shape s{d.name, d.kind, {}};
        for (const auto& f : d.files) s.files.push_back(file_name(f));
        out.push_back(std::move(s));
    }
    return out;
}

std::map<std::string, std::string> skipped(const IntakePlan& plan) {
    std::map<std::string, std::string> out;
    for (const auto& s : plan.skipped) out[s.path] = s.code;
    return out;
}

TEST(Plan, AFolderOfFilesIsOneDeliveryInNaturalOrder) {
    MemoryFiles fs;
    for (const char* n : {"10.tif", "9.tif", "2.tif", "1.TIF", "page 03.jpg", "page 3.jpg"})
        fs.files["/in/box/" + std::string(n)] = "x";
    auto plan = plan_deliveries({"/in/box/"}, fs, {});
    ASSERT_TRUE(plan);
    ASSERT_EQ(plan->deliveries.size(), 1U);
    EXPECT_EQ(plan->deliveries[0].name, "box");
    EXPECT_EQ(plan->deliveries[0].kind, DeliveryKind::Folder);
    EXPECT_TRUE(plan->deliveries[0].is_input);
    EXPECT_THAT(shapes(plan->deliveries)[0].files,
                ElementsAre("1.TIF", "2.tif", "9.tif", "10.tif", "page 03.jpg", "page 3.jpg"));
}

TEST(Plan, SubfoldersLoosePdfsAndLooseImages) {
    MemoryFiles fs;
    for (const char* n : {"a/1.tif", "a/2.tif", "a/annex/1.tif", "b/x.pdf", "b/y.pdf", "loose1.tif", "loose2.jpg",
                          "report.PDF", "empty/notes.txt"})
        fs.files["/in/" + std::string(n)] = "x";
    auto plan = plan_deliveries({"/in"}, fs, {});
    ASSERT_TRUE(plan);
    EXPECT_THAT(shapes(plan->deliveries), ElementsAre(Shape{"in", DeliveryKind::Flat, {"loose1.tif", "loose2.jpg"}},
                                                      Shape{"report.PDF", DeliveryKind::File, {"report.PDF"}},
                                                      Shape{"a", DeliveryKind::Folder, {"1.tif", "2.tif"}},
                                                      Shape{"a/annex", DeliveryKind::Folder, {"1.tif"}},
                                                      Shape{"b", DeliveryKind::Folder, {"x.pdf", "y.pdf"}}));
    EXPECT_EQ(skipped(*plan)["/in/empty"], "intake.skipped.no_files");
}

TEST(Plan, NothingIsLeftOutInSilence) {
    MemoryFiles fs;
    fs.files = {{"/in/1.tif", "x"},      {"/in/2.tif", ""},        {"/in/.hidden.tif", "x"}, {"/in/Thumbs.db", "x"},
                {"/in/.DS_Store", "x"},  {"/in/desktop.ini", "x"}, {"/in/notes.TXT", "x"},   {"/in/index.csv", "x"},
                {"/in/placeholder", ""}, {"/in/scan.weird", "x"},  {"/in/noextension", "x"}, {"/in/@eaDir/1.jpg", "x"}};
    auto plan = plan_deliveries({"/in"}, fs, {});
    ASSERT_TRUE(plan);
    // An empty file that should be an image stays: its item must not look complete without it.
    EXPECT_THAT(shapes(plan->deliveries),
                ElementsAre(Shape{"in", DeliveryKind::Folder, {"1.tif", "2.tif", "noextension", "scan.weird"}}));
    const std::map<std::string, std::string> expected{
        {"/in/.hidden.tif", "intake.skipped.hidden"}, {"/in/Thumbs.db", "intake.skipped.system"},
        {"/in/.DS_Store", "intake.skipped.hidden"},   {"/in/desktop.ini", "intake.skipped.system"},
        {"/in/notes.TXT", "intake.skipped.sidecar"},  {"/in/index.csv", "intake.skipped.sidecar"},
        {"/in/placeholder", "intake.skipped.empty"},  {"/in/@eaDir", "intake.skipped.system"}};
    EXPECT_EQ(skipped(*plan), expected);
    for (const auto& s : plan->skipped) {
        EXPECT_NE(s.finding().english(), s.code) << "no sentence for " << s.code;
        EXPECT_NE(s.finding().english().find(s.path), std::string::npos);
    }
}

TEST(Plan, NamesThatAreNotUtf8AreDecodedForPeopleAndKeptAsBytes) {
    MemoryFiles fs;
    const std::string gbk = "\xC1\xF8\xD6\xDD"; // 柳州 in GB18030
    fs.files["/in/" + gbk + "/1.tif"] = "x";
    auto plan = plan_deliveries({"/in"}, fs, {});
    ASSERT_TRUE(plan);
    ASSERT_EQ(plan->deliveries.size(), 1U);
    EXPECT_EQ(plan->deliveries[0].name, "柳州");
    EXPECT_EQ(plan->deliveries[0].path, "/in/" + gbk);
}

TEST(Plan, FilesNamedByHandAreTakenWhateverTheirName) {
    MemoryFiles fs;
    fs.files = {{"/in/a.txt", "x"}, {"/in/b.tif", "x"}};
    auto plan = plan_deliveries({"/in/b.tif", "/in/a.txt", "/in/b.tif"}, fs, {});
    ASSERT_TRUE(plan);
    EXPECT_THAT(shapes(plan->deliveries), ElementsAre(Shape{"b.tif", DeliveryKind::File, {"b.tif"}},
                                                      Shape{"a.txt", DeliveryKind::File, {"a.txt"}}));
    EXPECT_EQ(plan->skipped.size(), 1U);
    EXPECT_EQ(plan->skipped[0].code, "intake.skipped.twice");
}

TEST(Plan, MissingInputFailsByNameBeforeAnythingIsDone) {
    MemoryFiles fs;
    fs.files = {{"/in/a.tif", "x"}};
    auto plan = plan_deliveries({"/in", "/gone"}, fs, {});
    ASSERT_FALSE(plan);
    EXPECT_EQ(plan.error().code, "intake.not_found");
    EXPECT_EQ(plan.error().file, "/gone");
}

TEST(Plan, UnreadableFolderIsANamedErrorAndTheRestGoesOn) {
    MemoryFiles fs;
    fs.files = {{"/in/a/1.tif", "x"}, {"/in/b/1.tif", "x"}};
    fs.denied = {"/in/a"};
    auto plan = plan_deliveries({"/in"}, fs, {});
    ASSERT_TRUE(plan);
    EXPECT_THAT(shapes(plan->deliveries), ElementsAre(Shape{"b", DeliveryKind::Folder, {"1.tif"}}));
    ASSERT_EQ(plan->errors.size(), 1U);
    EXPECT_EQ(plan->errors[0].code, "intake.unreadable");
    EXPECT_EQ(plan->errors[0].file, "/in/a");
    EXPECT_EQ(plan->errors[0].stage, "intake");
}

TEST(Plan, LinkLoopsAndDanglingLinksOnTheRealFileSystem) {
    namespace stdfs = std::filesystem;
    const auto root = stdfs::temp_directory_path() / ("recto-intake-" + Uuid::random().to_string());
    stdfs::create_directories(root / "in/a");
    std::ofstream(root / "in/a/1.tif") << "x";
    stdfs::create_directory_symlink(root / "in", root / "in/a/back");
    stdfs::create_directory_symlink(root / "in/a", root / "in/zz");
    stdfs::create_symlink(root / "nowhere", root / "in/a/2.tif");
    auto fs = posix_file_system();
    auto plan = plan_deliveries({(root / "in").string()}, *fs, {});
    ASSERT_TRUE(plan);
    EXPECT_THAT(shapes(plan->deliveries), ElementsAre(Shape{"a", DeliveryKind::Folder, {"1.tif"}}));
    ASSERT_EQ(plan->errors.size(), 1U);
    EXPECT_EQ(plan->errors[0].code, "intake.link_loop");
    EXPECT_EQ(plan->errors[0].file, (root / "in/a/back").string());
    auto s = skipped(*plan);
    EXPECT_EQ(s[(root / "in/a/2.tif").string()], "intake.skipped.dangling");
    EXPECT_EQ(s[(root / "in/zz").string()], "intake.skipped.twice");
    stdfs::remove_all(root);
}

TEST(Refine, MultiPageFilesBesideSubfoldersBecomeDeliveries) {
    Delivery flat{"in", "/in", DeliveryKind::Flat, {"/in/1.tif", "/in/book.tif", "/in/2.tif"}, true};
    EXPECT_THAT(shapes(refine_after_probe(flat, {1, 40, 1}, {})),
                ElementsAre(Shape{"in", DeliveryKind::Flat, {"1.tif", "2.tif"}},
                            Shape{"book.tif", DeliveryKind::File, {"book.tif"}}));
    EXPECT_EQ(shapes(refine_after_probe(flat, {1, 1, 0}, {})).size(), 1U);
}

TEST(Refine, AnInputFolderOfOnlyMultiPageFilesHoldsAnItemEach) {
    Delivery box{"box", "/box", DeliveryKind::Folder, {"/box/a.pdf", "/box/b.tif"}, true};
    EXPECT_EQ(refine_after_probe(box, {3, 4}, {}).size(), 2U);
    EXPECT_EQ(refine_after_probe(box, {3, 1}, {}).size(), 1U) << "a cover beside a book is one item";
    box.is_input = false;
    EXPECT_EQ(refine_after_probe(box, {3, 4}, {}).size(), 1U) << "a subfolder is an item";
    Settings each;
    each.set(kMultiPageFiles, std::string("item"));
    EXPECT_EQ(refine_after_probe(box, {3, 4}, each).size(), 2U);
    Settings part;
    part.set(kMultiPageFiles, std::string("part"));
    box.is_input = true;
    EXPECT_EQ(refine_after_probe(box, {3, 4}, part).size(), 1U);
}

Probe probe_of(Source source) {
    return [source](const std::string&) -> Result<Source> { return source; };
}

TEST(Take, FillsNamesDigestSizeAndCaptureFacts) {
    MemoryFiles fs;
    const std::string path = "/in/\xC1\xF8 100%.tif";
    fs.files[path] = "abc";
    Source headers;
    headers.media_type = "image/tiff";
    headers.capture.device = "Scanner X";
    headers.capture.time = "2026:03:17 10:00:00";
    TakeOptions options;
    options.overrides.operator_name = "李";
    options.overrides.device = "Flatbed 2";
    auto s = take_source(path, probe_of(headers), fs, options);
    ASSERT_TRUE(s);
    EXPECT_EQ(s->path, path);
    EXPECT_EQ(s->original_name, "柳 100%.tif");
    EXPECT_EQ(s->original_bytes, "%C1%F8 100%25.tif");
    EXPECT_EQ(s->sha512, "sha512-of-abc");
    EXPECT_EQ(s->size, 3U);
    EXPECT_EQ(s->capture.device, "Flatbed 2");
    EXPECT_EQ(s->capture.operator_name, "李");
    EXPECT_EQ(s->capture.time, "2026:03:17 10:00:00");
}

TEST(Take, RemembersTheDigest) {
    MemoryFiles fs;
    fs.files["/in/1.tif"] = "abc";
    std::map<std::string, std::string> memo;
    TakeOptions options;
    options.recall = [&](const std::string& p, const FileStat&) -> std::optional<std::string> {
        auto it = memo.find(p);
        return it == memo.end() ? std::nullopt : std::optional(it->second);
    };
    options.remember = [&](const std::string& p, const FileStat&, const std::string& d) { memo[p] = d; };
    ASSERT_TRUE(take_source("/in/1.tif", probe_of({}), fs, options));
    auto again = take_source("/in/1.tif", probe_of({}), fs, options);
    ASSERT_TRUE(again);
    EXPECT_EQ(again->sha512, "sha512-of-abc");
    EXPECT_EQ(fs.digests["/in/1.tif"], 1);
}

TEST(Take, NamedErrors) {
    MemoryFiles fs;
    fs.files = {{"/in/empty.tif", ""}, {"/in/grows.tif", "x"}};
    EXPECT_EQ(take_source("/in/empty.tif", probe_of({}), fs, {}).error().code, "decode.empty");
    EXPECT_EQ(fs.digests.count("/in/empty.tif"), 0U) << "an empty thing may be a pipe: never opened";
    EXPECT_EQ(take_source("/in/gone.tif", probe_of({}), fs, {}).error().code, "intake.not_found");
    fs.grows = "/in/grows.tif";
    auto r = take_source("/in/grows.tif", probe_of({}), fs, {});
    ASSERT_FALSE(r);
    EXPECT_EQ(r.error().code, "intake.changed");
    EXPECT_TRUE(r.error().retry);
}

} // namespace
} // namespace recto::intake
