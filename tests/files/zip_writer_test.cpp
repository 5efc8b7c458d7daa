// What the ZIP writer writes, read back by libzip.

#include "pipeline/files/zip_writer.h"

#include <unistd.h>

#include <filesystem>
#include <map>

#include <gtest/gtest.h>
#include <zip.h>

namespace recto {
namespace {

std::string made(const std::vector<std::pair<std::string, std::string>>& entries, ZipMethod method,
                 const std::string& time = "2026-11-22T17:15:31+08:00") {
    std::string out;
    ZipWriter zip(
        [&](std::string_view bytes) -> Result<void> {
            out += bytes;
            return {};
        },
        zip_time(time));
    for (const auto& [name, bytes] : entries) EXPECT_TRUE(zip.add(name, bytes, method));
    EXPECT_TRUE(zip.finish());
    EXPECT_EQ(zip.size(), out.size());
    return out;
}

TEST(ZipWriter, LibzipReadsWhatWasWritten) {
    const std::string text(100'000, 'x');
    const std::vector<std::pair<std::string, std::string>> entries{
        {"a.xml", text}, {"d/e/档案.txt", "一"}, {"empty", ""}, {"zeros", std::string("\0\0\1", 3)}};
    for (const ZipMethod method : {ZipMethod::Store, ZipMethod::Deflate}) {
        const std::string bytes = made(entries, method);
        EXPECT_EQ(bytes.size() > text.size(), method == ZipMethod::Store);
        zip_error_t error;
        zip_source_t* source = zip_source_buffer_create(bytes.data(), bytes.size(), 0, &error);
        zip_t* zip = zip_open_from_source(source, ZIP_RDONLY | ZIP_CHECKCONS, &error);
        ASSERT_NE(zip, nullptr);
        ASSERT_EQ(zip_get_num_entries(zip, 0), 4);
        for (std::size_t i = 0; i < entries.size(); ++i) {
            zip_stat_t s;
            ASSERT_EQ(zip_stat(zip, entries[i].first.c_str(), ZIP_FL_ENC_UTF_8, &s), 0) << entries[i].first;
            EXPECT_EQ(s.index, i);
            std::string back(s.size, '\0');
            zip_file_t* file = zip_fopen_index(zip, i, 0);
            EXPECT_EQ(zip_fread(file, back.data(), s.size), static_cast<zip_int64_t>(s.size));
            char more = 0;
            EXPECT_EQ(zip_fread(file, &more, 1), 0) << "the digest is right";
            EXPECT_EQ(zip_fclose(file), 0);
            EXPECT_EQ(back, entries[i].second);
            EXPECT_EQ(s.comp_method, method == ZipMethod::Deflate && i == 0 ? ZIP_CM_DEFLATE : ZIP_CM_STORE)
                << "what gets no smaller is stored";
        }
        zip_discard(zip);
        EXPECT_EQ(bytes, made(entries, method)) << "equal calls give equal bytes";
    }
}

TEST(ZipWriter, TimesAreTheWallClocksOfTheText) {
    const ZipTime t = zip_time("2026-11-22T17:15:31+08:00");
    EXPECT_EQ(t.date, (2026 - 1980) << 9 | 11 << 5 | 22);
    EXPECT_EQ(t.time, 17 << 11 | 15 << 5 | 15);
    for (const char* none :
         {"", "yesterday", "1979-12-31T23:59:59Z", "2026-13-01T00:00:00Z", "2026-11-22", "2026-11-22T25:00:00Z"}) {
        EXPECT_EQ(zip_time(none).date, 0x21) << none;
        EXPECT_EQ(zip_time(none).time, 0) << none;
    }
}

TEST(ZipWriter, ErrorsOfTheSinkStopIt) {
    ZipWriter zip([](std::string_view) -> Result<void> { return fail_retry("io.no_space", "full"); }, {});
    EXPECT_EQ(zip.add("a", "b", ZipMethod::Store).error().code, "io.no_space");
}

TEST(ZipWriter, BeyondFourGigabytesAndTheirCountOfEntriesItIsZip64) {
    // A file with holes: nothing but the headers takes place on the disk.
    const std::filesystem::path path = std::filesystem::temp_directory_path() / ("zip64-" + std::to_string(::getpid()));
    const std::string zeros(std::size_t{400} << 20, '\0');
    std::FILE* file = std::fopen(path.c_str(), "wb");
    ASSERT_NE(file, nullptr);
    ZipWriter zip(
        [&](std::string_view bytes) -> Result<void> {
            if (bytes.size() == zeros.size()) std::fseek(file, static_cast<long>(bytes.size()), SEEK_CUR);
            else std::fwrite(bytes.data(), 1, bytes.size(), file);
            return {};
        },
        {});
    for (int i = 0; i < 11; ++i) ASSERT_TRUE(zip.add("zeros" + std::to_string(i), zeros, ZipMethod::Store));
    ASSERT_TRUE(zip.add("last", "the end", ZipMethod::Store));
    ASSERT_TRUE(zip.finish());
    std::fclose(file);
    int code = 0;
    zip_t* read = zip_open(path.c_str(), ZIP_RDONLY | ZIP_CHECKCONS, &code);
    EXPECT_NE(read, nullptr) << code;
    if (read) {
        EXPECT_EQ(zip_get_num_entries(read, 0), 12);
        char back[8] = {};
        zip_file_t* last = zip_fopen(read, "last", 0);
        EXPECT_EQ(zip_fread(last, back, 7), 7);
        EXPECT_STREQ(back, "the end");
        zip_fclose(last);
        zip_discard(read);
    }
    std::filesystem::remove(path);

    std::vector<std::pair<std::string, std::string>> many;
    for (int i = 0; i < 65'536; ++i) many.emplace_back(std::to_string(i), "");
    const std::string bytes = made(many, ZipMethod::Store);
    zip_error_t error;
    zip_t* all =
        zip_open_from_source(zip_source_buffer_create(bytes.data(), bytes.size(), 0, &error), ZIP_RDONLY, &error);
    ASSERT_NE(all, nullptr);
    EXPECT_EQ(zip_get_num_entries(all, 0), 65'536);
    zip_discard(all);
}

} // namespace
} // namespace recto
