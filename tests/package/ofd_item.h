#pragma once

/// A stored item of four pages for tests of OFD files: a JPEG with horizontal text, a bi-level TIFF with vertical text, a colour
/// TIFF without text, and a page that failed. 254 dots an inch: a pixel is a tenth of a millimetre.

#include <unistd.h>

#include <chrono>
#include <filesystem>
#include <fstream>
#include <map>
#include <memory>

#include <gmock/gmock.h>
#include <zip.h>

#include "pipeline/files/image_out.h"
#include "pipeline/files/memory_file_system.h"
#include "stages/package/package.h"

namespace recto::ofd_test {

inline const std::string kOfdItemId = "6ba7b810-9dad-11d1-80b4-00c04fd430c8";
inline const std::string kOfdCode = "0025-WS·2012-Y-BGS-0001";

inline Raster page_raster(ColourMode mode, int width, int height) {
    Raster r;
    r.mode = mode;
    r.dpi = {254, 254, DpiSource::File};
    r.pixels = cv::Mat(height, width, mode == ColourMode::Colour ? CV_8UC3 : CV_8UC1, cv::Scalar::all(255));
    r.pixels(cv::Rect(20, 30, width / 4, height / 3))
        .setTo(mode == ColourMode::Colour ? cv::Scalar(200, 20, 20) : cv::Scalar(0));
    return r;
}

/// A word whose characters, of `step` pixels each, have boxes of their own.
inline std::string alto_word(const std::vector<std::string>& characters, int x, int y, int step,
                             bool vertical = false) {
    std::string all, glyphs;
    for (std::size_t i = 0; i < characters.size(); ++i) {
        const int at = static_cast<int>(i) * step;
        const std::string place = " HPOS='" + std::to_string(vertical ? x : x + at) + "' VPOS='" +
                                  std::to_string(vertical ? y + at : y) + "' WIDTH='" + std::to_string(step) +
                                  "' HEIGHT='" + std::to_string(step) + "'";
        all += characters[i];
        glyphs += "<Glyph CONTENT='" + characters[i] + "'" + place + "/>";
    }
    const int length = step * static_cast<int>(characters.size());
    return "<String CONTENT='" + all + "' HPOS='" + std::to_string(x) + "' VPOS='" + std::to_string(y) + "' WIDTH='" +
           std::to_string(vertical ? step : length) + "' HEIGHT='" + std::to_string(vertical ? length : step) + "'>" +
           glyphs + "</String>";
}

inline std::string alto_line(const std::string& words, int x, int y, int w, int h, bool vertical = false) {
    return "<TextLine HPOS='" + std::to_string(x) + "' VPOS='" + std::to_string(y) + "' WIDTH='" + std::to_string(w) +
           "' HEIGHT='" + std::to_string(h) + "' BASEDIRECTION='" + (vertical ? "ttb" : "ltr") + "'>" + words +
           "</TextLine>";
}

inline std::string alto_page(const std::string& lines, int width, int height) {
    return "<alto xmlns='http://www.loc.gov/standards/alto/ns-v4#'><Layout><Page WIDTH='" + std::to_string(width) +
           "' HEIGHT='" + std::to_string(height) + "'><PrintSpace><TextBlock ID='b1'>" + lines +
           "</TextBlock></PrintSpace></Page></Layout></alto>";
}

struct OfdItem {
    std::shared_ptr<MemoryFileSystem> fs = std::make_shared<MemoryFileSystem>();
    OcflStore store{fs, "/storage"};
    OcflState state;
    Settings settings;
    std::string jpeg = write_jpeg(page_raster(ColourMode::Grey, 200, 300), 90).value();
    std::int64_t now = 1'800'000'000;
    bool pdf = false; ///< A PDF of the pages is stored; decode() of it gives pages as wide as 100 and their index.

    OfdItem() { EXPECT_TRUE(store.create()); }

    /// `bare`: without any image.
    void put(const std::string& code = kOfdCode, bool bare = false, const std::string& title = "关于<通知> & \x01附件",
             bool held = false) {
        using nlohmann::json;
        EXPECT_TRUE(fs->make_folders("/scratch"));
        json item = {{"schema", 1},
                     {"id", kOfdItemId},
                     {"reference_code", code},
                     {"provisional_name", "box"},
                     {"created", "2026-11-22T17:15:00+08:00"},
                     {"held", held},
                     {"repository", {{"code", "450200"}, {"name", "柳州市档案馆"}}},
                     {"provenance", {{"agent", "recto 0.1.0"}}},
                     {"fields",
                      {{{"id", "title"}, {"source", "catalogue"}, {"value", title}},
                       {{"id", "creator"}, {"source", "catalogue"}, {"value", "办公室"}},
                       {{"id", "document_number"}, {"source", "catalogue"}, {"value", "柳政〔2012〕3号"}},
                       {{"id", "retention_period"}, {"source", "catalogue"}, {"value", "永久"}}}},
                     {"pages", json::array()},
                     {"files", json::array()}};
        const char* classes[] = {"cover", "body", "body", "body"};
        for (int order = 4; order >= 1; --order) // not in order: the numbers count
            item["pages"].push_back(
                {{"order", order},
                 {"class", classes[order - 1]},
                 {"pdf_image", pdf ? json{{"width", 100}, {"height", 50}, {"dpi", 254.0}} : json()}});
        std::vector<OcflFile> files;
        const auto add = [&](const std::string& logical, const std::string& bytes, const char* role, int page,
                             int width, int height) {
            const std::string staged = "/scratch/" + std::to_string(files.size());
            EXPECT_TRUE(fs->write(staged, bytes));
            files.push_back({logical, staged, "", false});
            item["files"].push_back({{"path", logical},
                                     {"role", role},
                                     {"page", page},
                                     {"size", bytes.size()},
                                     {"width", width},
                                     {"height", height},
                                     {"dpi", 254.0}});
        };
        if (!bare) {
            add("preservation/0001.jpg", jpeg, "preservation", 1, 200, 300);
            add("preservation/0002.tif",
                write_tiff(page_raster(ColourMode::Bilevel, 300, 200), TiffCompression::G4, "", "").value(),
                "preservation", 2, 300, 200);
            add("preservation/0003.tif",
                write_tiff(page_raster(ColourMode::Colour, 200, 300), TiffCompression::Lzw, "", "").value(),
                "preservation", 3, 200, 300);
        }
        // Two words with a space; a character beyond U+FFFF; a word without boxes of its characters, with a mark.
        const std::string lines =
            alto_line(alto_word({"柳", "州", "市"}, 10, 20, 12) + "<SP/>" + alto_word({"A", "&amp;"}, 60, 20, 10), 10,
                      20, 70, 12) +
            alto_line(alto_word({"一", "𠀀", "二", "三"}, 10, 50, 12), 10, 50, 48, 12) +
            alto_line("<String CONTENT='中e&#x301;x' HPOS='10' VPOS='80' WIDTH='40' HEIGHT='12'/>", 10, 80, 40, 12);
        add("text/0001.alto.xml", alto_page(lines, 200, 300), "alto", 1, 0, 0);
        add("text/0002.alto.xml",
            alto_page(alto_line(alto_word({"竖", "排", "文", "字"}, 250, 10, 14, true), 250, 10, 14, 56, true), 300,
                      200),
            "alto", 2, 0, 0);
        if (pdf) add("access/x.pdf", "a pdf", "access", 0, 0, 0);
        if (pdf) item["files"].back()["media_type"] = "application/pdf";
        add("text/x.txt", "text", "text", 0, 0, 0);
        EXPECT_TRUE(fs->write("/scratch/item", item.dump()));
        files.push_back({"metadata/item.json", "/scratch/item", "", false});
        const auto stored = store.put("urn:uuid:" + kOfdItemId, files,
                                      {"2026-11-22T17:15:00+08:00", "m", "Recto", "https://example.org"});
        EXPECT_TRUE(stored) << (stored ? "" : stored.error().to_string());
        if (stored) state = *stored;
    }

    Result<PackageResult> write(FileSystem& files, const std::string& output = "/out") {
        const OcflStore from(std::shared_ptr<FileSystem>(std::shared_ptr<void>(), &files), "/storage");
        const auto clock = fixed_clock(std::chrono::system_clock::time_point(std::chrono::seconds(++now)));
        // The decoder reads real files only.
        const auto decode = [&](const std::string& path, int index) -> Result<Raster> {
            if (pdf) return page_raster(ColourMode::Grey, 100 + index, 50);
            RECTO_ASSIGN(const std::string bytes, files.read(path));
            const std::string real =
                std::filesystem::temp_directory_path() / ("ofd-item-" + std::to_string(::getpid()));
            std::ofstream(real, std::ios::binary) << bytes;
            auto raster = decode_here(real, index);
            std::filesystem::remove(real);
            return raster;
        };
        return find_package_writer("ofd")->write({files, from, state, output, *clock, settings, false, decode});
    }
    Result<PackageResult> write() { return write(*fs); }
};

/// The entries of a ZIP file, by libzip.
inline std::map<std::string, std::string> ofd_entries(const std::string& bytes) {
    std::map<std::string, std::string> out;
    zip_error_t error;
    zip_source_t* source = zip_source_buffer_create(bytes.data(), bytes.size(), 0, &error);
    zip_t* zip = zip_open_from_source(source, ZIP_RDONLY | ZIP_CHECKCONS, &error);
    EXPECT_NE(zip, nullptr);
    if (!zip) return out;
    for (zip_int64_t i = 0; i < zip_get_num_entries(zip, 0); ++i) {
        zip_stat_t s;
        EXPECT_EQ(zip_stat_index(zip, static_cast<zip_uint64_t>(i), 0, &s), 0);
        zip_file_t* file = zip_fopen_index(zip, static_cast<zip_uint64_t>(i), 0);
        std::string content(s.size + 1, '\0'); // one more: the digest is compared at the end
        EXPECT_EQ(zip_fread(file, content.data(), content.size()), static_cast<zip_int64_t>(s.size));
        content.pop_back();
        EXPECT_EQ(zip_fclose(file), 0);
        EXPECT_TRUE(out.emplace(s.name, content).second);
    }
    zip_discard(zip);
    return out;
}

} // namespace recto::ofd_test
