// Broken and hostile stores and bags: never a crash, always a report.

#include <random>

#include "pipeline/files/strict_json.h"
#include "tests/verify/stored_archive.h"

namespace recto::verify {
namespace {

TEST(Malformed, TheUntouchedArchiveIsGood) {
    StoredArchive archive;
    const Report report = archive.verify();
    EXPECT_TRUE(report.issues.empty()) << report.to_text(Language::English);
}

TEST(Malformed, InventoryTruncatedAnywhere) {
    StoredArchive archive;
    for (std::size_t length = 0; length + 1 < archive.inventory.size(); length += 7) {
        archive.set_inventory(archive.inventory.substr(0, length));
        EXPECT_FALSE(archive.verify().good()) << length;
        EXPECT_FALSE(OcflStore(archive.fs, "/s").state(kStoredId)) << length;
    }
}

TEST(Malformed, InventoryWithAChangedByteAnywhere) {
    StoredArchive archive;
    std::mt19937 random(5);
    for (int round = 0; round < 600; ++round) {
        std::string bytes = archive.inventory;
        bytes[random() % bytes.size()] = static_cast<char>(random());
        ASSERT_TRUE(archive.fs->write(archive.object + "/inventory.json", bytes));
        if (bytes != archive.inventory) {
            EXPECT_FALSE(archive.verify().good()) << round; // the sidecar tells
        }
        archive.set_inventory(bytes); // and where it agrees: no crash, in the store neither
        (void)archive.verify();
        (void)OcflStore(archive.fs, "/s").state(kStoredId);
        archive.set_inventory(archive.inventory);
    }
    EXPECT_TRUE(archive.verify().good());
}

TEST(Malformed, HostileInventories) {
    StoredArchive archive;
    const std::string digest(128, 'a');
    const std::string rest =
        ",\"head\":\"v1\",\"type\":\"https://ocfl.io/1.1/spec/#inventory\",\"digestAlgorithm\":\"sha512\"";
    const auto with = [&](const std::string& manifest, const std::string& state, const std::string& more = "") {
        return "{\"id\":\"" + kStoredId + "\"" + rest + more + ",\"manifest\":{\"" + digest + "\":" + manifest +
               "},\"versions\":{\"v1\":{\"created\":\"2026-11-22T17:15:00Z\",\"state\":{\"" + digest + "\":" + state +
               "}}}}";
    };
    const std::vector<std::string> hostile{
        "",
        "null",
        "[]",
        "0",
        "\"\"",
        "{}",
        "{\"id\":1e999}",
        "\xFF\xFE{",
        std::string(100000, '['),
        "{\"a\":" + std::string(50000, '{'),
        "{\"head\":\"v99999999999999999999\",\"versions\":{\"v99999999999999999999\":{}}}",
        with("[\"../../../etc/passwd\"]", "[\"a\"]"),
        with("[\"/etc/passwd\"]", "[\"a\"]"),
        with("[\"v1/content/../../x\"]", "[\"a\"]"),
        with("[\"v1/content/a\"]", "[\"../../a\"]"),
        with("[\"v1/content/a\"]", "[\"/a\"]"),
        with("[\"v1/content/a\"]", "[\"\"]"),
        with("[\"v1/content/a\\u0000b\"]", "[\"a\"]"),
        with("[1,null,{}]", "[1,null,{}]"),
        with("{}", "7"),
        with("[]", "[]"),
        with("[\"v1/content/a\"]", "[\"a\"]", ",\"contentDirectory\":\"../..\""),
        with("[\"v1/content/a\"]", "[\"a\"]", ",\"fixity\":{\"md5\":7}"),
        with("[\"v1/content/a\"]", "[\"a\"]", ",\"fixity\":{\"md5\":{\"zz\":[\"../../../etc/passwd\"]}}"),
        with("[\"" + std::string(70000, 'x') + "\"]", "[\"a\"]"),
    };
    for (std::size_t i = 0; i < hostile.size(); ++i) {
        archive.set_inventory(hostile[i]);
        const Report report = archive.verify();
        EXPECT_FALSE(report.good()) << i;
        EXPECT_LT(report.to_text(Language::English).size(), 200'000U) << i;
        (void)report.to_json().dump();
        const bool store_reads_it =
            hostile[i].find("contentDirectory") != std::string::npos || hostile[i].find("fixity") != std::string::npos;
        if (!store_reads_it) { EXPECT_FALSE(OcflStore(archive.fs, "/s").state(kStoredId)) << i; }
        EXPECT_FALSE(OcflStore(archive.fs, "/s").put(kStoredId, {}, {})) << i << ": a damaged object was written to";
    }
}

TEST(Malformed, EveryFileOfTheStoreMissingOrEmptyInTurn) {
    const std::vector<std::string> names = list_files(*StoredArchive().fs, "/s").value();
    for (const std::string& name : names) {
        for (const bool empty : {false, true}) {
            StoredArchive archive;
            if (empty) {
                ASSERT_TRUE(archive.fs->write("/s/" + name, ""));
            } else {
                ASSERT_TRUE(archive.fs->remove("/s/" + name));
            }
            const Report report = archive.verify();
            const bool harmless = name.starts_with("extensions/") || (name == "ocfl_layout.json" && !empty) ||
                                  (!empty && (name.ends_with("v1/inventory.json") ||
                                              name.ends_with("v2/inventory.json"))); // a version may go without: W010
            if (!harmless) { EXPECT_FALSE(report.good()) << name << (empty ? " emptied" : " removed"); }
        }
    }
    EXPECT_GE(names.size(), 12U);
}

TEST(Malformed, BagsWithHostileManifests) {
    const std::string sha512(128, '0');
    const std::vector<std::string> lines{"",
                                         "x",
                                         "  ",
                                         sha512,
                                         sha512 + "  ",
                                         sha512 + "  /etc/passwd",
                                         sha512 + "  ../../etc/passwd",
                                         sha512 + "  data/../../etc/passwd",
                                         sha512 + "  data/\xFF\xFE",
                                         "zz  data/a",
                                         sha512 + "  ~/a",
                                         sha512 + "  \\\\server\\a",
                                         sha512 + "  data/%2e%2e/%00",
                                         std::string(100000, 'a')};
    for (const std::string& line : lines) {
        MemoryFileSystem fs;
        ASSERT_TRUE(fs.make_folders("/b/data"));
        ASSERT_TRUE(fs.write("/b/data/a", "a"));
        ASSERT_TRUE(fs.write("/b/bagit.txt", "BagIt-Version: 1.0\nTag-File-Character-Encoding: UTF-8\n"));
        ASSERT_TRUE(fs.write("/b/manifest-sha512.txt", line + "\n"));
        ASSERT_TRUE(fs.write("/b/fetch.txt", "http://x - ../../a\nx\n"));
        ASSERT_TRUE(fs.write("/b/bag-info.txt", "Payload-Oxum: 99999999999999999999999.1\n: x\n no label\n"));
        const Report report = verify_path("/b", {.threads = 1}, &fs);
        EXPECT_EQ(report.kind, Kind::Bag);
        EXPECT_FALSE(report.good()) << line.substr(0, 200);
        (void)report.to_json().dump();
    }
    for (const char* encoding : {"UTF-16", "no such", "UTF-7", "../../x"}) {
        MemoryFileSystem fs;
        ASSERT_TRUE(fs.make_folders("/b/data"));
        ASSERT_TRUE(fs.write("/b/bagit.txt",
                             std::string("BagIt-Version: 0.97\nTag-File-Character-Encoding: ") + encoding + "\n"));
        ASSERT_TRUE(fs.write("/b/manifest-md5.txt", "\xFE"));
        (void)verify_path("/b", {.threads = 1}, &fs);
    }
}

TEST(StrictJson, LimitsAndDuplicates) {
    EXPECT_EQ(parse_strict_json("{\"a\":{\"b\":1,\"b\":2}}")->duplicate_keys, std::vector<std::string>{"a/b"});
    EXPECT_EQ(parse_strict_json(std::string(65, '[') + std::string(65, ']')).error().code, "json.too_deep");
    EXPECT_TRUE(parse_strict_json(std::string(64, '[') + std::string(64, ']')));
    EXPECT_TRUE(parse_strict_json("\"[[[[\\\"[[[\"", "", 1));
    EXPECT_EQ(parse_strict_json("[1e999]").error().code, "json.malformed");
    EXPECT_EQ(parse_strict_json("{\"a\":1").error().code, "json.malformed");
}

} // namespace
} // namespace recto::verify
