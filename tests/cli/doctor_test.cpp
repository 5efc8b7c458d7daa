// What recto doctor judges: a machine in order, and each fault with its remedy.

#include "cli/doctor.h"

#include <filesystem>

#include <gmock/gmock.h>

#include "catalogue/store.h"
#include "pipeline/core/messages.h"
#include "pipeline/files/memory_file_system.h"
#include "stages/reading/settings.h"

namespace recto::cli {
namespace {

using State = Check::State;

struct Patient {
    MemoryFileSystem fs;
    MachineFacts facts;
    Settings settings;
    Patient() {
        facts.model_folder = "/models";
        facts.schema_folder = "/schemas";
        facts.ppocr = true;
        facts.path = {"/bin"};
        facts.tessdata = {"/tess"};
        facts.font_folders = {"/fonts"};
        facts.codeset = "UTF-8";
        facts.time_zone = "Asia/Shanghai";
        facts.now = std::chrono::system_clock::time_point(std::chrono::seconds(1795388400));
        facts.clock_synchronised = true;
        facts.limits.cpus = 2;
        facts.limits.memory = std::uint64_t{8} << 30;
        facts.open_files = 4096;
        facts.cpu_seconds = UINT64_MAX;
        put("/models/MODELS.json",
            R"({"models":[{"name":"m.onnx","sha256":")" + digest_hex(DigestAlgorithm::Sha256, "model") + "\"}]}");
        put("/models/m.onnx", "model");
        put("/schemas/mets.xsd", "x");
        for (const char* f :
             {"/bin/pdftoppm", "/bin/pdftotext", "/tess/chi_sim.traineddata", "/tess/eng.traineddata",
              "/tess/osd.traineddata", "/fonts/truetype/NotoSansCJK-Regular.ttc", "/usr/share/zoneinfo/Asia/Shanghai"})
            put(f, "x");
    }
    void put(const std::string& path, const std::string& text) {
        EXPECT_TRUE(fs.make_folders(parent_path(path)));
        EXPECT_TRUE(fs.write(path, text));
    }
    Checks checks() { return check_machine(fs, facts, settings); }
    /// The finding that is worse than good, when it is the only one.
    Check only() {
        Check out;
        int n = 0;
        for (const auto& c : checks()) {
            if (c.state == State::Good) continue;
            out = c;
            ++n;
        }
        EXPECT_EQ(n, 1);
        return out;
    }
};

TEST(Doctor, AMachineInOrderIsFit) {
    Patient p;
    for (const auto& c : p.checks()) EXPECT_EQ(c.state, State::Good) << c.id << " " << c.message;
    EXPECT_EQ(doctor_exit_code(p.checks()), 0);
}

TEST(Doctor, EachFaultIsFoundWithItsRemedy) {
    struct Case {
        const char* id;
        State state;
        int exit_code;
        const char* remedy;
        void (*harm)(Patient&);
    };
    const Case cases[] = {
        {"models", State::Missing, 69, "scripts/setup", [](Patient& p) { p.put("/models/m.onnx", "modem"); }},
        {"models", State::Missing, 69, "dpkg -i",
         [](Patient& p) {
             p.facts.packaged = true;
             (void)p.fs.remove("/models/m.onnx");
         }},
        {"models", State::Missing, 69, "scripts/setup", [](Patient& p) { (void)p.fs.remove("/models/MODELS.json"); }},
        {"models", State::Note, 0, "", [](Patient& p) { p.facts.ppocr = false; }},
        {"tesseract", State::Missing, 69, "tesseract-ocr-chi-sim",
         [](Patient& p) { (void)p.fs.remove("/tess/chi_sim.traineddata"); }},
        {"programs", State::Missing, 69, "poppler-utils", [](Patient& p) { (void)p.fs.remove("/bin/pdftotext"); }},
        {"fonts", State::Note, 0, "fonts-noto-cjk", [](Patient& p) { (void)p.fs.remove_tree("/fonts"); }},
        {"schemas", State::Note, 0, "scripts/setup", [](Patient& p) { (void)p.fs.remove("/schemas/mets.xsd"); }},
        {"locale", State::Warning, 1, "LC_ALL=C.UTF-8", [](Patient& p) { p.facts.codeset = "ANSI_X3.4-1968"; }},
        {"clock", State::Error, 1, "timedatectl", [](Patient& p) { p.facts.now = {}; }},
        {"clock", State::Note, 0, "set-ntp", [](Patient& p) { p.facts.clock_synchronised = false; }},
        {"time-zone", State::Error, 1, "TZ", [](Patient& p) { p.facts.time_zone = "Asia/Liuzhou"; }},
        {"memory", State::Warning, 1, "-j 1", [](Patient& p) { p.facts.limits.memory = 1000 << 20; }},
        {"open-files", State::Warning, 1, "ulimit -n", [](Patient& p) { p.facts.open_files = 256; }},
        {"package", State::Error, 1, "dpkg -i",
         [](Patient& p) {
             p.facts.packaged = true;
             p.facts.changed_files = {"/usr/bin/recto"};
         }},
        {"package", State::Warning, 1, "dpkg --configure",
         [](Patient& p) { p.facts.unfinished_packages = "The following packages are only half configured"; }},
        {"time-limit", State::Warning, 1, "ulimit -t", [](Patient& p) { p.facts.cpu_seconds = 3600; }},
    };
    for (const auto& c : cases) {
        SCOPED_TRACE(std::string(c.id) + " " + c.remedy);
        Patient p;
        c.harm(p);
        const Check found = p.only();
        EXPECT_EQ(found.id, c.id);
        EXPECT_EQ(found.state, c.state);
        EXPECT_THAT(found.remedy, testing::HasSubstr(c.remedy));
        EXPECT_EQ(doctor_exit_code(p.checks()), c.exit_code);
        EXPECT_NE(find_message(found.message), nullptr) << found.message;
        EXPECT_THAT(format_message(Language::English, found.message, found.args),
                    testing::Not(testing::HasSubstr("{")));
    }
}

TEST(Doctor, OfThePackageSettingsMayBeChangedAndManualsLeftOut) {
    EXPECT_THAT(changed_files("??5??????   /usr/bin/recto\n??5?????? c /etc/recto/recto.env\n"
                              "missing     /usr/share/man/man1/recto.1.gz\nmissing     /usr/lib/recto/models/m.onnx\n"),
                testing::ElementsAre("/usr/bin/recto", "/usr/lib/recto/models/m.onnx"));
    EXPECT_TRUE(changed_files("").empty());
}

TEST(Doctor, TheCatalogueIsLookedAtWithoutBeingChanged) {
    char name[] = "/tmp/recto-doctor-XXXXXX";
    ASSERT_TRUE(::mkdtemp(name));
    const std::string folder = name, path = folder + "/catalogue.db";
    auto fs = posix_file_system();
    catalogue::DatabaseOptions database;
    database.path = path;
    const auto only = [&] {
        const Checks checks = check_catalogue(*fs, database, "/archive", "A");
        EXPECT_FALSE(checks.empty());
        for (const auto& c : checks) EXPECT_NE(find_message(c.message), nullptr) << c.message;
        return checks.empty() ? Check{} : checks.back();
    };
    EXPECT_EQ(only().message, "doctor.catalogue_none");
    EXPECT_FALSE(fs->stat(path)->exists) << "a look makes nothing";
    {
        auto store = catalogue::Store::open({database, "A", "test", "2026-11-22T00:00:00Z"});
        ASSERT_TRUE(store);
        EXPECT_EQ(only().message, "doctor.catalogue_good");
        ASSERT_TRUE((*store)->set_meta("behind", "run"));
        EXPECT_EQ(only().message, "doctor.catalogue_behind");
        ASSERT_TRUE((*store)->set_meta("behind", ""));
    }
    EXPECT_EQ(check_catalogue(*fs, database, "/archive", "B").back().message, "doctor.catalogue_other");
    // A page in the middle that is something else: SQLite opens it and sees it only when it reads all.
    auto bytes = fs->read(path);
    ASSERT_TRUE(bytes);
    ASSERT_GT(bytes->size(), 3 * 4096U);
    auto harmed = *bytes;
    std::fill(harmed.begin() + 2 * 4096, harmed.begin() + 3 * 4096, '\xA5');
    ASSERT_TRUE(fs->write(path, harmed));
    EXPECT_EQ(only().message, "doctor.catalogue_damaged");
    ASSERT_TRUE(fs->write(path, "no database at all, though long enough to be taken for one ......................."));
    EXPECT_EQ(only().message, "doctor.catalogue_damaged");
    EXPECT_EQ(only().remedy, "recto catalogue rebuild /archive");
    database = {};
    database.url = "postgresql://nobody:secret@localhost:1/none";
    EXPECT_EQ(only().message, "doctor.catalogue_unreachable");
    for (const auto& arg : only().args) EXPECT_EQ(arg.find("secret"), std::string::npos);
    std::filesystem::remove_all(folder);
}

TEST(Doctor, PlacesAreJudgedByWhatTheyAreFor) {
    PlaceFacts local;
    local.kind = {"ext4", false};
    local.writable = true;
    local.free_bytes = std::uint64_t{100} << 30;
    local.megabytes_per_second = 200;
    local.sync_milliseconds = 3;
    local.mode = 0750;
    const auto worst = [](const PlaceFacts& f, bool work) {
        State s = State::Good;
        for (const auto& c : judge_place("/p", f, work, std::uint64_t{256} << 20)) {
            s = std::max(s, c.state);
            EXPECT_NE(find_message(c.message), nullptr) << c.message;
        }
        return s;
    };
    EXPECT_EQ(worst(local, true), State::Good);
    auto f = local;
    f.kind = {"nfs", true};
    EXPECT_EQ(worst(f, true), State::Error) << "SQLite on NFS";
    EXPECT_EQ(worst(f, false), State::Good) << "masters on NFS are fine";
    EXPECT_EQ(file_system_kind(0x6969U).name, "nfs");
    f.kind = {"vfat", false};
    EXPECT_EQ(worst(f, false), State::Warning);
    f = local, f.kind = {"tmpfs", false};
    EXPECT_EQ(worst(f, false), State::Warning);
    EXPECT_EQ(worst(f, true), State::Good) << "work may lie in memory";
    f = local, f.mode = 0755;
    EXPECT_EQ(worst(f, true), State::Warning);
    f = local, f.read_only = true;
    EXPECT_EQ(worst(f, false), State::Error);
    f = local, f.writable = false;
    EXPECT_EQ(worst(f, false), State::Error);
    f = local, f.free_bytes = std::uint64_t{1} << 30;
    EXPECT_EQ(worst(f, false), State::Warning);
    f = local, f.free_bytes = 1 << 20;
    EXPECT_EQ(worst(f, false), State::Error);
    f = local, f.megabytes_per_second = 3;
    EXPECT_EQ(worst(f, false), State::Warning);
    EXPECT_GT(look_at_place(testing::TempDir()).megabytes_per_second, 0);
    EXPECT_FALSE(look_at_place("/proc").writable && look_at_place("/proc").megabytes_per_second > 0);
}

} // namespace
} // namespace recto::cli
