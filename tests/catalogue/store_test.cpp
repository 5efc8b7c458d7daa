// The catalogue store: the same tests on SQLite and on a real PostgreSQL; one file because all are one parameterised suite.

#include "catalogue/store.h"

#include <csignal>
#include <filesystem>
#include <fstream>

#include <gmock/gmock.h>
#include <sys/wait.h>
#include <unicode/unistr.h>
#include <unistd.h>

#include "catalogue/imports.h"
#include "catalogue/rebuild.h"
#include "catalogue/schema.h"
#include "pipeline/files/item_fields.h"
#include "pipeline/files/memory_file_system.h"
#include "tests/catalogue/postgres_support.h"

namespace recto::catalogue {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

class StoreTest : public ::testing::TestWithParam<DatabaseKind> {
  protected:
    void SetUp() override {
        char name[] = "/tmp/recto-store-XXXXXX";
        ASSERT_TRUE(::mkdtemp(name));
        folder_ = name;
        options_ = fresh("catalogue.db");
        if (skip_.empty()) store_ = open(options_);
        else GTEST_SKIP() << skip_;
    }
    void TearDown() override {
        store_.reset();
        std::error_code error;
        std::filesystem::remove_all(folder_, error);
    }

    StoreOptions fresh(const std::string& file) {
        StoreOptions o{{}, "450200", "recto test", "2026-11-22T00:00:00Z"};
        if (GetParam() == DatabaseKind::Sqlite) o.database.path = folder_ + "/" + file;
        else o.database.url = new_postgres_database(skip_);
        return o;
    }
    static std::unique_ptr<Store> open(const StoreOptions& o) {
        auto store = Store::open(o);
        EXPECT_TRUE(store) << store.error().to_string();
        return store ? std::move(*store) : nullptr;
    }
    std::string kept() const { return folder_ + "/catalogue"; }

    Result<ImportPlan> import(std::string_view bytes, const std::string& file, bool update = false, HeadingMap map = {},
                              const Settings& settings = {}) {
        ImportOptions o;
        o.update = update;
        o.given = std::move(map);
        o.agent = "recto test";
        o.now = "2026-11-22T10:00:00Z";
        return import_file(*store_, *fs_, kept(), bytes, file, settings, o);
    }
    Fields row(const std::string& code) {
        const auto r = store_->inventory_row(code);
        EXPECT_TRUE(r) << r.error().to_string();
        return r && *r ? (*r)->entry.fields : Fields{};
    }

    std::string folder_, skip_;
    StoreOptions options_;
    std::unique_ptr<Store> store_;
    std::shared_ptr<FileSystem> fs_ = posix_file_system();
};

INSTANTIATE_TEST_SUITE_P(Databases, StoreTest, ::testing::Values(DatabaseKind::Sqlite, DatabaseKind::Postgresql),
                         [](const auto& info) { return info.param == DatabaseKind::Sqlite ? "Sqlite" : "Postgresql"; });

std::vector<std::string> outcomes(const ImportPlan& plan) {
    std::vector<std::string> out;
    for (const ImportedRow& r : plan.rows) {
        std::string text = std::to_string(r.entry.row) + " " + std::string(to_string(r.state));
        for (const Remark& m : r.remarks) text += " " + m.code;
        out.push_back(text);
    }
    return out;
}

const std::string kList = "档号,题名,日期,页数,保管期限\n"
                          "0025-WS·2012-Y-BGS-0001,关于防汛的通知,20120317,3,永久\n"
                          "0025-WS·2012-D30-BGS-0002,批复,2012.5.1,１２页,30年\n";

std::string gb18030(const std::string& utf8) {
    const icu::UnicodeString text = icu::UnicodeString::fromUTF8(utf8);
    std::string out(static_cast<std::size_t>(text.length()) * 4, '\0');
    out.resize(static_cast<std::size_t>(
        text.extract(0, text.length(), out.data(), static_cast<std::uint32_t>(out.size()), "GB18030")));
    return out;
}

nlohmann::json item_json(int n, const std::string& code) {
    const std::string id = "00000000-0000-5000-8000-" + std::to_string(100000000000 + n);
    nlohmann::json pages = nlohmann::json::array();
    for (int p = 1; p <= 3; ++p)
        pages.push_back({{"id", "00000000-0000-5000-9000-" + std::to_string(100000000000 + n * 10 + p)},
                         {"order", p},
                         {"serial", p},
                         {"printed_number", std::to_string(p)},
                         {"class", p == 3 ? "blank" : "body"},
                         {"image", {{"source", 0}, {"index", p - 1}}},
                         {"reading",
                          {{"state", p == 3 ? "blank" : "read"},
                           {"width", 100},
                           {"height", 200},
                           {"confidence", 0.9375},
                           {"characters", 7}}},
                         {"error", nullptr}});
    return {{"schema", 1},
            {"type", "recto-item"},
            {"id", id},
            {"created", "2026-11-22T00:00:00Z"},
            {"reference_code", code},
            {"provisional_name", "box7/" + std::to_string(n)},
            {"former_codes",
             {{{"code", "旧-" + std::to_string(n)}, {"until", "2026-01-01T00:00:00Z"}, {"reason", "移交"}}}},
            {"delivery", "box7"},
            {"held", n == 2},
            {"held_reason", n == 2 ? "run.held_errors" : ""},
            {"expected_pages", nullptr},
            {"counted_pages", 2},
            {"sources", {{{"original_name", "扫描.tif"}}}},
            {"pages", pages},
            {"fields",
             {{{"id", "title"}, {"as_written", "抽取"}, {"value", "抽取"}, {"source", "extracted"}},
              {{"id", "title"}, {"as_written", "题名"}, {"value", "题名"}, {"source", "catalogue"}},
              {{"id", "date"}, {"as_written", "2012年3月17日"}, {"value", "2012-03-17"}, {"source", "extracted"}}}}};
}

void store_item(OcflStore& objects, const std::string& folder, const nlohmann::json& item) {
    const std::string staged = folder + "/staged.json";
    std::ofstream(staged) << item.dump();
    const auto put =
        objects.put("urn:uuid:" + item["id"].get<std::string>(), {{"metadata/item.json", staged, "", false}},
                    {"2026-11-22T00:00:00Z", "test", "t", "mailto:t@localhost"});
    ASSERT_TRUE(put) << put.error().to_string();
}

TEST_P(StoreTest, OpensTwiceAndBelongsToOneArchive) {
    EXPECT_TRUE(store_->is_new());
    store_.reset();
    store_ = open(options_);
    EXPECT_FALSE(store_->is_new());
    auto other = options_;
    other.repository = "999";
    EXPECT_EQ(Store::open(other).error().code, "config.other_archive");
}

TEST_P(StoreTest, MigratesStepByStepAndRefusesTheFuture) {
    ASSERT_TRUE(import(kList, "a.csv"));
    store_.reset();
    auto list = migrations();
    list.push_back({list.back().version + 1, {"alter table item add column colour text not null default 'grey'"}});
    {
        auto db = Database::open(options_.database);
        ASSERT_TRUE(db);
        // A step that fails leaves the database as it was.
        auto broken = list;
        broken.push_back({list.back().version + 1, {"create table half (a integer)", "create nonsense"}});
        EXPECT_FALSE(migrate(**db, broken, "recto later", "2027-01-01T00:00:00Z"));
        const auto before = migrate(**db, list, "recto later", "2027-01-01T00:00:00Z");
        ASSERT_TRUE(before) << before.error().to_string();
        EXPECT_EQ(*before, migrations().back().version);
        EXPECT_EQ(*migrate(**db, list, "recto later", "2027-01-01T00:00:00Z"), list.back().version) << "nothing to do";
        int rows = 0;
        (*db)->session() << "select count(*) from inventory", soci::into(rows);
        EXPECT_EQ(rows, 2) << "what was there stays";
    }
    const auto refused = Store::open(options_);
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().code, "catalogue.newer_format");
}

TEST_P(StoreTest, RowsAreFoundByFoldedCodeAndKeepWhatWasWritten) {
    const auto plan = import(gb18030(kList), "目录.csv");
    ASSERT_TRUE(plan) << plan.error().to_string();
    EXPECT_EQ(plan->encoding, "GB18030");
    EXPECT_THAT(outcomes(*plan), ElementsAre("2 imported", "3 imported"));
    EXPECT_EQ(row("0025-ws·2012-y-bgs-0001").at("title"), "关于防汛的通知");
    EXPECT_EQ(row("0025-WS·2012-D30-BGS-0002").at("page_count"), "１２页");
    int pages = 0;
    std::string edtf, retention, fonds, year;
    store_->database().session() << "select pages, date_edtf, retention, fonds, year from inventory where code = "
                                    "'0025-WS·2012-D30-BGS-0002'",
        soci::into(pages), soci::into(edtf), soci::into(retention), soci::into(fonds), soci::into(year);
    EXPECT_EQ(pages, 12);
    EXPECT_EQ(edtf, "2012-05-01");
    EXPECT_EQ(retention, "30年");
    EXPECT_EQ(fonds, "0025");
    EXPECT_EQ(year, "2012");
    StoreView view(*store_);
    ASSERT_TRUE(view.find(" 0025-WS·2012-Y-BGS-0001 "));
    EXPECT_EQ(view.find("0025-WS·2012-Y-BGS-0001")->at("date"), "20120317");
    EXPECT_EQ(view.find("no such"), nullptr);
    EXPECT_FALSE(view.error());
}

TEST_P(StoreTest, SameRowsMergeContradictionsAreRefusedUpdatesWin) {
    ASSERT_TRUE(import(kList, "a.csv"));
    const std::string more = "档号,题名,文号,页数\n"
                             "0025-WS·2012-Y-BGS-0001,关于防汛的通知,柳政〔2012〕1号,3\n"
                             "0025-WS·2012-D30-BGS-0002,批复,,13\n"
                             "A-3,新,,1\nA-3,新,x,1\nA-3,别,,1\n";
    const auto plan = import(more, "b.csv");
    ASSERT_TRUE(plan);
    EXPECT_THAT(outcomes(*plan), ElementsAre("2 merged catalogue.merged", "3 refused catalogue.duplicate", "4 imported",
                                             "5 merged catalogue.merged", "6 refused catalogue.duplicate"));
    EXPECT_THAT(plan->rows[1].remarks[0].finding().english(), HasSubstr("row 3 (a.csv)"));
    EXPECT_EQ(row("0025-WS·2012-Y-BGS-0001").at("document_number"), "柳政〔2012〕1号") << "merged";
    EXPECT_EQ(row("0025-WS·2012-Y-BGS-0001").at("date"), "20120317") << "kept";
    EXPECT_EQ(row("0025-WS·2012-D30-BGS-0002").at("page_count"), "１２页") << "the contradiction changed nothing";
    EXPECT_EQ(row("A-3").at("document_number"), "x");
    const auto update = import(more, "b.csv", true);
    ASSERT_TRUE(update);
    EXPECT_EQ(update->updated, 1);
    EXPECT_EQ(row("0025-WS·2012-D30-BGS-0002").at("page_count"), "13");
    EXPECT_EQ(row("0025-WS·2012-D30-BGS-0002").at("date"), "2012.5.1");
}

TEST_P(StoreTest, TheSameFileAgainChangesNothingAndAnswersTheSame) {
    const auto first = import(kList + ",没有档号,20120101,1,10年\n", "a.csv");
    const auto before = *store_->dump();
    const auto second = import(kList + ",没有档号,20120101,1,10年\n", "a.csv");
    ASSERT_TRUE(first && second);
    EXPECT_TRUE(second->already);
    EXPECT_EQ(outcomes(*first), outcomes(*second));
    EXPECT_EQ(result_csv(*first, true), result_csv(*second, true));
    EXPECT_EQ(before, *store_->dump());
    EXPECT_EQ(fs_->list(kept())->size(), 1u);
}

TEST_P(StoreTest, MappingsAreKeptByTheHeadings) {
    EXPECT_EQ(import("编码,名\nA-1,t\n", "a.csv").error().code, "catalogue.no_code_column");
    EXPECT_EQ(import("编码,名\nA-1,t\n", "a.csv", false, {{"编码", "refrence"}}).error().code,
              "catalogue.unknown_field");
    ASSERT_TRUE(import("编码,名\nA-1,t\n", "a.csv", false, {{"编码", "reference_code"}, {"名", "title"}}));
    const auto next = import("某局目录,\n编码,名\nA-2,u\n", "b.csv");
    ASSERT_TRUE(next) << next.error().to_string();
    EXPECT_EQ(next->sheets[0].mapping.columns[0].by, "saved");
    EXPECT_EQ(row("A-2").at("title"), "u");
}

TEST_P(StoreTest, BrokenFilesLeaveNothingBehind) {
    for (const std::string& bytes :
         {std::string(), std::string("PK\x03\x04 broken"), std::string("\xD0\xCF\x11\xE0old"),
          std::string("a,b\n1,2\n"), std::string("档号,题名\nA-1,\"open\n")}) {
        EXPECT_FALSE(import(bytes, "bad"));
        EXPECT_FALSE(std::filesystem::exists(kept()));
    }
    ImportOptions strict;
    strict.strict = true;
    EXPECT_EQ(import_file(*store_, *fs_, kept(), kList + ",x,,,\n", "a.csv", Settings{}, strict).error().code,
              "catalogue.refused_rows");
    EXPECT_EQ(*store_->inventory_size(), 0);
    EXPECT_FALSE(std::filesystem::exists(kept()));
}

TEST_P(StoreTest, ItemsPagesAndFormerCodes) {
    const auto record = item_record(item_json(1, "A-1"), "aa/bb", 2, "d1");
    ASSERT_TRUE(record) << record.error().to_string();
    ASSERT_TRUE(store_->put_items({*record, *item_record(item_json(2, ""), "cc", 1, "d2")}));
    EXPECT_THAT(*store_->find_items("ａ－1"), ElementsAre(record->id));
    EXPECT_THAT(*store_->find_items("旧-1"), ElementsAre(record->id)) << "a former 档号 still finds it";
    EXPECT_THAT(*store_->find_items("box7/2"), ElementsAre(::testing::EndsWith("2")));
    EXPECT_TRUE(store_->find_items("nothing")->empty());
    const auto back = store_->item(record->id);
    ASSERT_TRUE(back && *back);
    EXPECT_EQ((*back)->title, "题名") << "the catalogue's before the extracted";
    EXPECT_EQ((*back)->date_edtf, "2012-03-17");
    EXPECT_EQ((*back)->version, 2);
    const auto pages = store_->pages(record->id);
    ASSERT_EQ(pages->size(), 3u);
    EXPECT_TRUE((*pages)[0].counted);
    EXPECT_FALSE((*pages)[2].counted);
    EXPECT_EQ((*pages)[1].source, "扫描.tif");
    EXPECT_DOUBLE_EQ((*pages)[1].confidence, 0.9375);
    // A later version replaces pages and all.
    auto json = item_json(1, "A-9");
    json["pages"].erase(2);
    ASSERT_TRUE(store_->put_items({*item_record(json, "aa/bb", 3, "d3")}));
    EXPECT_EQ(store_->pages(record->id)->size(), 2u);
    EXPECT_TRUE(store_->find_items("A-1")->empty());
    json["schema"] = kItemSchema + 1;
    EXPECT_EQ(item_record(json, "", 1, "").error().code, "catalogue.item_newer");
    EXPECT_EQ(item_record({{"schema", 1}}, "", 1, "").error().code, "catalogue.item_json");
}

TEST_P(StoreTest, RebuiltEqualsKeptUpToDate) {
    OcflStore objects(fs_, folder_ + "/storage");
    ASSERT_TRUE(objects.create());
    ASSERT_TRUE(import(gb18030(kList + "A-1,x,20239999,1,\n,y,,1,\n"), "a.csv"));
    ASSERT_TRUE(import("档号,题名,密级\nA-1,甲,秘密\n0025-WS·2012-Y-BGS-0001,关于防汛的通知,\n", "b.csv"));
    ASSERT_TRUE(import("编码,名\nA-1,改\n", "c.csv", true, {{"编码", "reference_code"}, {"名", "title"}}));
    Settings composing;
    composing.set(kCompose, std::string("{fonds_code}-{item_number:4}"));
    ASSERT_TRUE(import("全宗号,件号,题名\n0025,7,丁\n", "d.csv", false, {}, composing));
    EXPECT_EQ(row("0025-0007")["title"], "丁");
    const ArchiveParts parts{fs_, folder_ + "/storage", kept()};
    for (int n = 1; n <= 5; ++n) store_item(objects, folder_, item_json(n, n == 3 ? "" : "A-" + std::to_string(n)));
    store_item(objects, folder_, item_json(4, "A-44")); // a second version
    ASSERT_TRUE(store_->set_meta("behind", "run"));
    const auto caught = catch_up(*store_, parts);
    ASSERT_TRUE(caught) << caught.error().to_string();
    EXPECT_EQ(caught->items, 5);
    EXPECT_EQ(caught->imports, 0);
    EXPECT_EQ(*store_->meta("behind"), "");
    const auto kept_up = *store_->dump();
    EXPECT_GT(kept_up.size(), 30u);

    auto again = open(fresh("again.db"));
    const auto made = rebuild(*again, parts);
    ASSERT_TRUE(made) << made.error().to_string();
    EXPECT_EQ(made->imports, 4) << "one of them by a pattern that no setting names any more";
    EXPECT_EQ(made->items, 5);
    EXPECT_TRUE(made->problems.empty());
    EXPECT_EQ(*again->dump(), kept_up);
    ASSERT_TRUE(rebuild(*store_, parts));
    EXPECT_EQ(*store_->dump(), kept_up) << "in place";

    // An object that cannot be read is told, the rest is there; and what vanished from storage leaves the store.
    const auto state = objects.state("urn:uuid:" + item_json(5, "")["id"].get<std::string>());
    std::ofstream(*objects.content_path(*state, "metadata/item.json")) << "{";
    const auto with_damage = rebuild(*store_, parts);
    ASSERT_TRUE(with_damage);
    EXPECT_EQ(with_damage->items, 4);
    ASSERT_EQ(with_damage->problems.size(), 1u);
    EXPECT_EQ(with_damage->problems[0].code, "catalogue.item_json");
}

TEST_P(StoreTest, AnImportThatTheStoreMissedIsMadeGoodInOrder) {
    ASSERT_TRUE(import(kList, "a.csv"));
    ASSERT_TRUE(import("档号,题名\nA-1,x\n", "b.csv"));
    const auto before = *store_->dump();
    auto late = open(fresh("late.db"));
    EXPECT_EQ(*replay_imports(*late, *fs_, kept()), 2);
    EXPECT_EQ(*late->dump(), before);
    EXPECT_EQ(*replay_imports(*late, *fs_, kept()), 0);
    // A hole in the middle cannot be filled afterwards: later rows were judged without it.
    late->database().session() << "delete from import where id = 1";
    EXPECT_EQ(replay_imports(*late, *fs_, kept()).error().code, "catalogue.behind");
    std::filesystem::remove_all(kept() + "/0002");
    EXPECT_EQ(replay_imports(*store_, *fs_, kept()).error().code, "catalogue.behind");
}

/// The process dies at the n-th batch of rows; opened again and given the same command, the store is the same.
TEST_P(StoreTest, KilledInMidImport) {
    std::string list = "档号,题名,页数\n";
    for (int i = 0; i < 3000; ++i) list += "A-" + std::to_string(i) + ",题名" + std::to_string(i) + ",3\n";
    ASSERT_TRUE(import(list, "a.csv"));
    const auto whole = *store_->dump();
    for (int kill_at = 1; kill_at < 100; ++kill_at) {
        std::filesystem::remove_all(kept());
        const StoreOptions o = fresh("k" + std::to_string(kill_at) + ".db");
        store_.reset();
        const pid_t child = fork();
        if (child == 0) {
            auto store = Store::open(o);
            int batches = 0;
            (*store)->database().on_rows = [&](std::int64_t) {
                if (++batches == kill_at) ::kill(::getpid(), SIGKILL);
            };
            store_ = std::move(*store);
            (void)import(list, "a.csv");
            ::_exit(batches < kill_at ? 0 : 1);
        }
        int status = 0;
        waitpid(child, &status, 0);
        store_ = open(o);
        ASSERT_TRUE(replay_imports(*store_, *fs_, kept()));
        ASSERT_TRUE(import(list, "a.csv"));
        ASSERT_EQ(*store_->dump(), whole) << "killed at batch " << kill_at;
        if (WIFEXITED(status)) {
            EXPECT_GT(kill_at, 4) << "the import writes in several batches";
            return;
        }
        kill_at += kill_at > 3 ? 3 : 0;
    }
    FAIL() << "the import never came to its end";
}

/// Every change of the file system fails once, or is the last thing the process does.
TEST_P(StoreTest, NothingIsHalfImportedWhenTheDiskFails) {
    using Mode = FaultyFileSystem::Mode;
    for (const Mode mode : {Mode::Once, Mode::Death}) {
        int n = 1;
        for (bool done = false; !done; ++n) {
            ASSERT_LT(n, 100) << "the import never came to its end";
            std::filesystem::remove_all(kept());
            ASSERT_TRUE(store_->clear());
            FaultyFileSystem faulty(fs_, mode, n);
            ImportOptions o;
            o.now = "t";
            const auto plan = import_file(*store_, faulty, kept(), kList, "a.csv", Settings{}, o);
            done = plan && !faulty.failed();
            if (!plan) { EXPECT_EQ(*store_->inventory_size(), 0) << n; }
            const auto replayed = replay_imports(*store_, *fs_, kept());
            ASSERT_TRUE(replayed) << replayed.error().to_string();
            if (!plan && mode == Mode::Once) { EXPECT_EQ(*replayed, 0) << "said to have failed, so not kept: " << n; }
            ASSERT_TRUE(import(kList, "a.csv"));
            ASSERT_EQ(*store_->inventory_size(), 2) << n;
            ASSERT_EQ(fs_->list(kept())->size(), 1u) << n;
        }
        EXPECT_GT(n, 6);
    }
}

TEST_P(StoreTest, TextThatDatabasesDislike) {
    auto json = item_json(1, "A'1\"; drop table item; --");
    json["fields"].push_back(
        {{"id", "remarks"}, {"as_written", std::string("a\0b", 3)}, {"value", ""}, {"source", "operator"}});
    ASSERT_TRUE(store_->put_items({*item_record(json, ":p0 $1 ?", 1, "")}));
    const auto found = store_->find_items("A'1\"; drop table item; --");
    ASSERT_TRUE(found);
    ASSERT_EQ(found->size(), 1u);
    EXPECT_EQ((*store_->item(found->front()))->object_path, ":p0 $1 ?");
    ASSERT_TRUE(import("档号,题名\n=1+1,𠮷野家 :a ::b ' \\ %\n", std::string("\xB9\xE3\xB6\xAB.csv")));
    EXPECT_EQ(row("=1+1").at("title"), "𠮷野家 :a ::b ' \\ %");
    EXPECT_EQ((*store_->imports())[0].file, "广东.csv") << "a name in GBK";
}

TEST(Store, NetworkFileSystemsAreRefused) {
    auto fs = std::make_shared<MemoryFileSystem>();
    for (const char* kind : {"nfs4", "cifs", "fuse.sshfs", "9p", "ceph", "lustre"}) {
        fs->set_kind({kind, true});
        const auto store = Store::open({{"", "/share/archive/catalogue.db", fs}, "1", "a", "t"});
        ASSERT_FALSE(store);
        EXPECT_EQ(store.error().code, "store.network_file_system") << kind;
    }
}

TEST(Store, DamagedOrUnreachable) {
    char name[] = "/tmp/recto-store-XXXXXX";
    ASSERT_TRUE(::mkdtemp(name));
    const std::string path = std::string(name) + "/a b.db";
    std::ofstream(path) << std::string(5000, 'x');
    EXPECT_EQ(Store::open({{"", path, nullptr}, "1", "a", "t"}).error().code, "catalogue.damaged");
    std::filesystem::remove(path);
    EXPECT_TRUE(Store::open({{"", path, nullptr}, "1", "a", "t"})) << "a path with a space";
    std::filesystem::remove_all(name);
    const auto away = Store::open({{"postgresql://u:geheim@/x?host=/nonexistent", "", nullptr}, "1", "a", "t"});
    ASSERT_FALSE(away);
    EXPECT_EQ(away.error().code, "io.database");
    EXPECT_EQ(away.error().to_string().find("geheim"), std::string::npos);
    EXPECT_EQ(Store::open({{"mysql://x", "", nullptr}, "1", "a", "t"}).error().code, "config.database");
}

} // namespace
} // namespace recto::catalogue
