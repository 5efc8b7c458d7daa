// Profiles, --set, schema and table; what is wrong in them is said with file, line, key and the nearest known name.

#include "config/config.h"

#include <cstdlib>
#include <fstream>
#include <set>
#include <sstream>

#include <gmock/gmock.h>

#include "config/archive_config.h"
#include "pipeline/files/memory_file_system.h"
#include "stages/grouping/grouping.h"
#include "stages/intake/intake.h"

namespace recto {
namespace {

using ::testing::AllOf;
using ::testing::Contains;
using ::testing::HasSubstr;

class MemoryConfig : public ::testing::Test {
  protected:
    std::shared_ptr<MemoryFileSystem> fs = std::make_shared<MemoryFileSystem>();
    Result<Settings> load(const std::string& yaml, const std::vector<std::string>& sets = {}) {
        EXPECT_TRUE(fs->make_folders("/c"));
        EXPECT_TRUE(fs->write("/c/p.yaml", yaml));
        return load_settings("/c/p.yaml", sets, *fs);
    }
    std::string error(const std::string& yaml, const std::vector<std::string>& sets = {}) {
        auto r = load(yaml, sets);
        return r ? "none" : r.error().to_string();
    }
};

TEST(Declarations, AreCompleteAndSound) {
    std::set<std::string_view> keys;
    for (const SettingBase* s : all_settings()) {
        EXPECT_TRUE(keys.insert(s->key).second) << s->key << " is declared twice";
        EXPECT_EQ(s->key.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789_."), std::string_view::npos) << s->key;
        EXPECT_NE(s->key.find('.'), std::string_view::npos) << s->key;
        EXPECT_GT(s->english.size(), 10U) << s->key;
        EXPECT_TRUE(std::any_of(s->chinese.begin(), s->chinese.end(), [](char c) {
            return static_cast<unsigned char>(c) > 0x7F;
        })) << s->key;
        const auto again = s->parse(to_string(s->default_value));
        ASSERT_TRUE(again) << s->key << ": its default is not allowed: " << again.error().reason;
        EXPECT_EQ(*again, s->default_value) << s->key;
    }
    for (const char* key :
         {"intake.multi_page_files", "grouping.code_patterns", "describe.extract", "catalogue.columns"})
        EXPECT_TRUE(find_setting(key)) << key;
    EXPECT_FALSE(find_setting("grouping"));
}

TEST_F(MemoryConfig, DefaultsThenProfileThenSet) {
    EXPECT_FALSE(load_settings("", {}, *fs)->get(group::kRightToLeft));
    auto r = load("grouping:\n  right_to_left: true\n  duplicate_distance: 5\ngrouping.duplex: \"on\"\n",
                  {"grouping.duplicate_distance=7"});
    ASSERT_TRUE(r) << r.error().to_string();
    EXPECT_TRUE(r->get(group::kRightToLeft));
    EXPECT_EQ(r->get(group::kDuplicateDistance), 7);
    EXPECT_EQ(r->get(group::kDuplex), "on");
    EXPECT_TRUE(r->is_set(group::kDuplex));
    EXPECT_FALSE(r->is_set(group::kBarcodes));
    EXPECT_EQ(load("", {"grouping.code_patterns=a=b"})->get(group::kCodePatterns), "a=b") << "the first = divides";
}

TEST_F(MemoryConfig, ErrorsNameFileLineKeyAndNearestName) {
    EXPECT_THAT(error("grouping:\n  duplex: auto\n  right_to_lfet: true\n"),
                AllOf(HasSubstr("config.unknown_key"), HasSubstr("/c/p.yaml"), HasSubstr("line 3"),
                      HasSubstr("grouping.right_to_lfet"), HasSubstr("'grouping.right_to_left'?")));
    EXPECT_THAT(error("duplex: auto\n"), HasSubstr("'grouping.duplex'?"));
    EXPECT_THAT(error("zzzzqqqqxxxx: 1\n"), HasSubstr("recto config --list"));
    EXPECT_THAT(error("grouping:\n  duplex: auto\n  duplex: \"on\"\n"),
                AllOf(HasSubstr("config.duplicate_key"), HasSubstr("line 3")));
    EXPECT_THAT(error("grouping.duplex: auto\ngrouping:\n  duplex: \"on\"\n"),
                AllOf(HasSubstr("config.duplicate_key"), HasSubstr("line 3")));
    EXPECT_THAT(error("grouping:\n  right_to_left: maybe\n"),
                AllOf(HasSubstr("config.bad_value"), HasSubstr("line 2"), HasSubstr("true or false")));
    EXPECT_THAT(error("grouping:\n  duplicate_distance: 2.5\n"),
                AllOf(HasSubstr("config.bad_value"), HasSubstr("whole number"), HasSubstr("from 0 to 16")));
    EXPECT_THAT(error("grouping:\n  duplicate_distance: 17\n"), HasSubstr("from 0 to 16"));
    EXPECT_THAT(error("grouping:\n  duplex: [a, b]\n"), AllOf(HasSubstr("config.bad_value"), HasSubstr("line 2")));
    EXPECT_THAT(error("grouping:\n  duplex: sometimes\n"), HasSubstr("auto, on, off"));
    EXPECT_THAT(error("grouping:\n  code_patterns: \"[A-Z\"\n"),
                AllOf(HasSubstr("config.bad_value"), HasSubstr("'[A-Z'")));
    EXPECT_THAT(error("", {"grouping.duplex"}), HasSubstr("config.bad_set"));
    EXPECT_THAT(error("", {"grouping.dupelx=on"}), HasSubstr("'grouping.duplex'?"));
    EXPECT_THAT(error("", {"grouping.duplex=maybe"}), HasSubstr("config.bad_value"));
    EXPECT_THAT(load_settings("nosuch", {}, *fs).error().to_string(),
                AllOf(HasSubstr("config.no_profile"), HasSubstr("archive")));
}

TEST_F(MemoryConfig, EmptySectionsAndFilesAreFine) {
    EXPECT_EQ(error(""), "none");
    EXPECT_EQ(error("# nothing\n"), "none");
    EXPECT_EQ(error("grouping:\n  # duplex: on\n"), "none");
    EXPECT_EQ(error("grouping: {}\n"), "none");
}

TEST_F(MemoryConfig, DamagedYamlHasANamedError) {
    for (const char* bad :
         {"[", "a: b: c", "\t\tx: 1", "- a\n- b\n", "word", "? [a]\n: b\n", "a: &x [*x]", "{{{{{{", "\"", "!!binary x",
          "grouping: *none\n", "%YAML 9.9\n---\n[", "grouping:\n duplex: |\n", "\x01\x02: 3\n"}) {
        const std::string e = error(bad);
        EXPECT_THAT(e, HasSubstr("config.")) << bad;
    }
    std::string deep;
    for (int i = 0; i < 5000; ++i) deep += "[";
    EXPECT_THAT(error(deep), HasSubstr("config."));
}

TEST(Profiles, BuiltInOnesLoad) {
    MemoryFileSystem fs;
    EXPECT_THAT(built_in_profiles(), Contains("archive"));
    for (const std::string& name : built_in_profiles()) {
        const auto r = load_settings(name, {}, fs);
        EXPECT_TRUE(r) << name << ": " << r.error().to_string();
    }
    for (const SettingBase* s : all_settings())
        EXPECT_FALSE(load_settings("archive", {}, fs)->is_set(*s)) << "archive is the defaults";
}

TEST(Schema, IsTheDeclarations) {
    const std::string path = std::string(RECTO_SOURCE_DIR) + "/config/recto.schema.json";
    const std::string made = settings_schema().dump(2) + "\n";
    if (std::getenv("RECTO_UPDATE_SCHEMA") != nullptr) std::ofstream(path) << made;
    std::ifstream file(path);
    std::ostringstream text;
    text << file.rdbuf();
    EXPECT_EQ(text.str(), made)
        << "config/recto.schema.json is out of date: recto config --schema > config/recto.schema.json";
    const auto schema = settings_schema();
    EXPECT_EQ(schema["properties"]["grouping"]["properties"]["duplex"]["enum"].size(), 3U);
    EXPECT_EQ(schema["properties"]["grouping"]["properties"]["duplicate_distance"]["type"], "integer");
    EXPECT_EQ(schema["properties"]["grouping"]["additionalProperties"], false);
}

TEST(List, InBothLanguagesAndForPrograms) {
    Settings settings;
    settings.set(group::kDuplex, std::string("off"));
    const std::string en = settings_table(Language::English, settings),
                      zh = settings_table(Language::Chinese, settings);
    const auto json = settings_json(settings);
    EXPECT_EQ(json["schema"], 1);
    EXPECT_EQ(json["settings"].size(), all_settings().size());
    for (const SettingBase* s : all_settings()) {
        EXPECT_THAT(en, HasSubstr(std::string(s->english))) << s->key;
        EXPECT_THAT(zh, HasSubstr(std::string(s->chinese))) << s->key;
    }
    EXPECT_THAT(en, HasSubstr("grouping.duplex = off  (default auto)"));
}

TEST(ArchiveYaml, ReadsWhatItWrites) {
    MemoryFileSystem fs;
    ASSERT_TRUE(fs.make_folders("/a"));
    ArchiveConfig c;
    c.code = "437001";
    c.name = "柳州市档案馆 \"新馆\": #1";
    c.fonds = {"0025", "LZ01", "1-5", "null"};
    c.profile = "archive";
    c.work = "/fast disk/work";
    ASSERT_TRUE(write_archive_config(fs, "/a/archive.yaml", c));
    const auto r = read_archive_config(fs, "/a/archive.yaml");
    ASSERT_TRUE(r) << r.error().to_string();
    EXPECT_EQ(r->code, c.code);
    EXPECT_EQ(r->name, c.name);
    EXPECT_EQ(r->fonds, c.fonds) << "leading zeros and words survive";
    EXPECT_EQ(r->profile, c.profile);
    EXPECT_EQ(r->work, c.work);
}

TEST(ArchiveYaml, NewerAndDamagedOnesAreRefusedByName) {
    MemoryFileSystem fs;
    ASSERT_TRUE(fs.make_folders("/a"));
    const auto error = [&](const std::string& text) {
        EXPECT_TRUE(fs.write("/a/archive.yaml", text));
        const auto r = read_archive_config(fs, "/a/archive.yaml");
        return r ? "none" : r.error().to_string();
    };
    EXPECT_THAT(error("format: 2\nshiny: new\n"), AllOf(HasSubstr("config.archive_newer"), HasSubstr("newer Recto")));
    EXPECT_THAT(error("format: 1\nrepository: {code: \"1\"}\ncolour: red\n"),
                AllOf(HasSubstr("config.archive"), HasSubstr("line 3"), HasSubstr("colour")));
    EXPECT_THAT(error("format: 1\nformat: 1\n"), HasSubstr("twice"));
    EXPECT_THAT(error("format: 1\n"), HasSubstr("repository.code"));
    for (const char* bad : {"", "x", "[1]", "format: one\n", "format: 1\nrepository: word\n",
                            "format: 1\nrepository: {code: \"1\"}\nfonds: {a: b}\n", "format: [", "{"})
        EXPECT_THAT(error(bad), HasSubstr("config.archive")) << bad;
    EXPECT_EQ(read_archive_config(fs, "/a/none.yaml").error().code, "io.not_found");
}

} // namespace
} // namespace recto
