#pragma once

/// Items with known print: black boxes at known places stand for characters, so that what the files say can be measured.

#include <array>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <map>
#include <random>
#include <sstream>
#include <string>
#include <vector>

#include <fmt/format.h>
#include <gtest/gtest.h>
#include <opencv2/imgproc.hpp>

#include "pipeline/core/clock.h"
#include "pipeline/core/digest.h"
#include "pipeline/files/file_system.h"
#include "stages/encode/encode.h"
#include "stages/encode/text_layer.h"

namespace recto::testing {

namespace fs = std::filesystem;

/// A folder that goes with its owner.
class TempFolder {
  public:
    TempFolder() {
        std::string name = (fs::temp_directory_path() / "recto-encode-XXXXXX").string();
        path_ = mkdtemp(name.data());
    }
    ~TempFolder() {
        std::error_code ignored;
        if (!std::getenv("RECTO_KEEP")) fs::remove_all(path_, ignored);
        else std::fprintf(stderr, "kept: %s\n", path_.c_str());
    }
    TempFolder(const TempFolder&) = delete;
    TempFolder& operator=(const TempFolder&) = delete;
    [[nodiscard]] std::string operator/(std::string_view name) const { return path_ + "/" + std::string(name); }
    [[nodiscard]] const std::string& path() const { return path_; }

  private:
    std::string path_;
};

struct Output {
    int status = -1;
    std::string text;
};

/// Runs a command of the shell; stdout and stderr together.
inline Output run(const std::string& command) {
    Output out;
    FILE* pipe = popen((command + " 2>&1").c_str(), "r");
    if (!pipe) return out;
    std::array<char, 65536> buffer{};
    for (std::size_t n; (n = fread(buffer.data(), 1, buffer.size(), pipe)) > 0;) out.text.append(buffer.data(), n);
    const int rc = pclose(pipe);
    out.status = WIFEXITED(rc) ? WEXITSTATUS(rc) : 255;
    return out;
}
inline std::string quote(const std::string& s) { return "'" + s + "'"; }

inline std::string read_file(const std::string& path) {
    std::ifstream in(path, std::ios::binary);
    std::ostringstream out;
    out << in.rdbuf();
    return out.str();
}

/// Lines without empty ones and without form feeds.
inline std::vector<std::string> lines_of(const std::string& text) {
    std::vector<std::string> out;
    std::string line;
    std::istringstream in(text);
    while (std::getline(in, line)) {
        std::erase(line, '\f');
        if (!line.empty()) out.push_back(line);
    }
    return out;
}

/// A line whose every cluster has a glyph; `advance` pixels a wide one, half of it a narrow one. "|" in `text` starts a
/// new word without a space between.
inline TextLine make_line(const std::string& text, double x, double y, double advance, double height,
                          bool vertical = false) {
    TextLine line;
    line.vertical = vertical;
    line.confidence = 0.9;
    double at = 0;
    bool open = false;
    for (const auto part : encode::clusters(text)) {
        const std::string c(part);
        if (c == "|") {
            open = false;
            continue;
        }
        const double step = c.size() == 1 ? advance / 2 : advance;
        if (c == " ") {
            line.text += c;
            open = false;
            at += step;
            continue;
        }
        const double ink = step * 0.84, lead = step * 0.08;
        const Box box = vertical ? Box{x, y + at + lead, height, ink} : Box{x + at + lead, y, ink, height};
        if (!open) line.words.push_back({"", box, 0.8, {}});
        Word& w = line.words.back();
        w.text += c;
        w.glyphs.push_back({c, box, 0.75});
        if (vertical) w.box.height = box.y + box.height - w.box.y;
        else w.box.width = box.x + box.width - w.box.x;
        line.text += c;
        open = true;
        at += step;
    }
    const Box &a = line.words.front().box, &b = line.words.back().box;
    line.box = vertical ? Box{x, a.y, height, b.y + b.height - a.y} : Box{a.x, y, b.x + b.width - a.x, height};
    return line;
}

inline PageText make_text(int width, int height, std::vector<TextLine> lines) {
    PageText t;
    t.width = width;
    t.height = height;
    t.engine = "test 1.0";
    t.language = "chi_sim+eng";
    t.confidence = 0.9;
    TextBlock block;
    block.box = {0, 0, double(width), double(height)};
    block.lines = std::move(lines);
    t.blocks.push_back(std::move(block));
    return t;
}

/// The page image of a text: each glyph a black box.
inline Raster print(const PageText& text, ColourMode mode, double dpi) {
    Raster r;
    r.mode = mode;
    r.dpi = {dpi, dpi, DpiSource::File};
    r.pixels = cv::Mat(text.height, text.width, mode == ColourMode::Colour ? CV_8UC3 : CV_8UC1, cv::Scalar::all(255));
    for (const auto& b : text.blocks)
        for (const auto& l : b.lines)
            for (const auto& w : l.words)
                for (const auto& g : w.glyphs)
                    cv::rectangle(r.pixels, cv::Rect(int(g.box.x), int(g.box.y), int(g.box.width), int(g.box.height)),
                                  cv::Scalar::all(0), cv::FILLED);
    return r;
}

struct NoCatalogue final : CatalogueView {
    const std::map<std::string, std::string>* find(std::string_view) const override { return nullptr; }
};

inline std::shared_ptr<const Clock> test_clock() {
    return fixed_clock(std::chrono::system_clock::time_point(std::chrono::seconds(1'790'000'000)));
}

inline nlohmann::json test_provenance() {
    return {{"agent", "recto 0.1.0"},
            {"build", "test"},
            {"cpu", "x86-64-v3"},
            {"settings", {{"encode.preservation", "jpeg"}}},
            {"models", {{"test-model", std::string(64, 'a')}}},
            {"repository", {{"code", "433201"}, {"name", "示例市档案馆"}}},
            {"fonds", {"0025"}}};
}

/// One page to put into an item.
struct PageSpec {
    PageText text;
    ColourMode mode = ColourMode::Colour;
    double dpi = 300;
    PageClass page_class = PageClass::Body;
    std::string printed;
};

/// An item with its masters in a folder, run through both stages.
class MadeItem {
  public:
    explicit MadeItem(std::vector<PageSpec> specs, std::map<std::string, std::string> settings = {}) {
        encode_ = make_encode_stage();
        files_stage_ = make_item_files_stage();
        for (const Stage* stage :
             {static_cast<const Stage*>(encode_.get()), static_cast<const Stage*>(files_stage_.get())})
            for (const SettingBase* s : stage->info().settings)
                if (auto it = settings.find(std::string(s->key)); it != settings.end()) {
                    auto value = s->parse(it->second);
                    EXPECT_TRUE(value) << it->first;
                    if (value) settings_.set(*s, *value);
                }
        StageContext context;
        context.settings = &settings_;
        EXPECT_TRUE(encode_->open(context));
        EXPECT_TRUE(files_stage_->open(context));
        item.id = Uuid::from_name(Uuid::recto_space(), "item");
        item.reference_code = "0025-WS·2012-Y-BGS-0001";
        item.provisional_name = "box 1/第一件";
        item.former_codes = {{"0025-1-1-7", "2020-01-01T00:00:00Z", "renumbered"}};
        item.delivery = "box1";
        item.expected_pages = static_cast<int>(specs.size());
        item.fields = {{"title", "关于公路检查的通知", "关于公路检查的通知", "catalogue", 0, {}, 1},
                       {"date", "二〇一二年三月十七日", "2012-03-17", "extracted", 1, {10, 20, 300, 40}, 0.93},
                       {"creator", "某市交通局 <办公室> & \"科\"", "", "catalogue", 0, {}, 1}};
        item.findings = {{"encode.page_without_image", Severity::Info, {"7"}, false, {}}};
        int order = 0;
        for (PageSpec& spec : specs) add(std::move(spec), ++order);
    }

    void add(PageSpec spec, int order) {
        Source s;
        s.path = folder / fmt::format("scan{}.tif", order);
        const std::string bytes = fmt::format("II*{}master {}", '\0', order);
        std::ofstream(s.path, std::ios::binary) << bytes;
        s.original_name = fmt::format("扫描 {}.tif", order);
        s.original_bytes = s.original_name;
        s.sha512 = digest_hex(DigestAlgorithm::Sha512, bytes);
        s.size = bytes.size();
        s.media_type = "image/tiff";
        s.extension = "tif";
        s.capture = {"Fujitsu fi-7160", "PaperStream", "王敏", "station 2", "2026:03:17 10:00:00"};
        s.images.push_back({spec.text.width,
                            spec.text.height,
                            8,
                            3,
                            "rgb",
                            "lzw",
                            {spec.dpi, spec.dpi, DpiSource::File},
                            1,
                            false,
                            false,
                            {}});
        item.sources.push_back(s);
        Page p;
        p.id = Uuid::from_name(item.id, std::to_string(order));
        p.image = {order - 1, 0};
        p.serial = p.order = order;
        p.printed_number = spec.printed;
        p.leaf = (order + 1) / 2;
        p.side = order % 2 ? "recto" : "verso";
        p.page_class = spec.page_class;
        p.treatment.transform = Transform(spec.text.width, spec.text.height);
        p.treatment.dpi = {spec.dpi, spec.dpi, DpiSource::File};
        p.treatment.skew_deg = 1.25;
        p.treatment.deskewed = true;
        p.treatment.signature = "0123456789abcdef";
        p.text = spec.text;
        rasters.push_back(print(spec.text, spec.mode, spec.dpi));
        item.pages.push_back(p);
    }

    /// Runs the page stage on every page.
    void encode_pages() {
        const auto worker = encode_->make_worker();
        for (std::size_t i = 0; i < item.pages.size(); ++i) {
            const std::string work = folder / fmt::format("work{}", i);
            fs::create_directories(work);
            const std::map<std::string, nlohmann::json> none;
            auto result = worker->run({item, item.pages[i], rasters[i], work, none, limits});
            ASSERT_TRUE(result) << result.error().to_string();
            item.pages[i].encoded = result->get<EncodedPage>();
            if (const auto found = result->find("findings"); found != result->end())
                for (const auto& f : *found) item.pages[i].findings.push_back(f.get<Finding>());
        }
    }

    /// Runs the item stage into `name`.
    Result<void> make_files(const std::string& name = "staging") {
        staging = folder / name;
        fs::create_directories(staging);
        files.clear();
        const auto clock = test_clock();
        const auto provenance = test_provenance();
        ItemInput in{item, catalogue, staging, files, *clock, limits, provenance};
        return files_stage_->run(in);
    }

    /// All files as they lie in the object: masters too. For validators.
    std::string lay_out_object(const std::string& name = "object") {
        const fs::path root = folder / name;
        auto copy = [&](const std::string& from, const std::string& to) {
            fs::create_directories((root / to).parent_path());
            fs::copy_file(from, root / to, fs::copy_options::overwrite_existing);
        };
        for (std::size_t i = 0; i < item.sources.size(); ++i) copy(item.sources[i].path, master_logical_path(item, i));
        for (const StagedFile& f : files) copy(f.staged_path, f.logical_path);
        return root.string();
    }

    [[nodiscard]] const StagedFile* file(const std::string& logical_path) const {
        for (const StagedFile& f : files)
            if (f.logical_path == logical_path) return &f;
        return nullptr;
    }
    [[nodiscard]] std::string content(const std::string& logical_path) const {
        const StagedFile* f = file(logical_path);
        EXPECT_NE(f, nullptr) << logical_path;
        return f ? read_file(f->staged_path) : "";
    }
    [[nodiscard]] std::string pdf_path() const { return staging + "/access/" + item.reference_code + ".pdf"; }

    TempFolder folder;
    Item item;
    std::vector<Raster> rasters;
    std::vector<StagedFile> files;
    std::string staging;
    Limits limits;

  private:
    Settings settings_;
    std::unique_ptr<PageStage> encode_;
    std::unique_ptr<ItemStage> files_stage_;
    NoCatalogue catalogue;
};

/// Four pages of all kinds: Chinese letter, English page, vertical columns, bi-level with rare characters, blank.
inline std::vector<PageSpec> assorted_pages() {
    std::vector<PageSpec> pages;
    std::vector<TextLine> letter = {make_line("某市人民政府文件", 700, 300, 120, 130),
                                    make_line("政发〔2012〕3号", 950, 560, 50, 54),
                                    make_line("关于开展公路检查的通知", 620, 700, 90, 96)};
    for (int i = 0; i < 12; ++i)
        letter.push_back(make_line(fmt::format("各县区人民政府|市直各部门第{}次检查工作安排如下请遵照执行", i + 1), 300,
                                   900 + 90 * i, 54, 56));
    pages.push_back({make_text(2480, 3508, letter), ColourMode::Colour, 300, PageClass::Cover, ""});
    std::vector<TextLine> english;
    const char* kText[] = {"The committee met on Tuesday, 17 March 1953, to consider",
                           "the report of the sub-committee on roads & bridges.",
                           "It was resolved that (a) the survey be continued;",
                           "and (b) that 1,250 copies be printed at once."};
    for (int i = 0; i < 4; ++i) english.push_back(make_line(kText[i], 250, 400 + 70 * i, 44, 50));
    pages.push_back({make_text(2480, 3508, english), ColourMode::Grey, 300, PageClass::Body, "1"});
    std::vector<TextLine> columns;
    for (int i = 0; i < 6; ++i)
        columns.push_back(make_line("天地玄黃宇宙洪荒日月盈昃辰宿列張", 1500 - 150 * i, 300, 100, 96, true));
    pages.push_back({make_text(1800, 2400, columns), ColourMode::Colour, 300, PageClass::Body, "2"});
    std::vector<TextLine> rare = {make_line("𠮷野家𪚥字〇囗□①㎡αЖé", 200, 300, 60, 62),
                                  make_line("第二行 END-1", 200, 420, 60, 62)};
    pages.push_back({make_text(1240, 1754, rare), ColourMode::Bilevel, 200, PageClass::Body, "12-1"});
    PageText blank = make_text(1240, 1754, {});
    blank.blocks.clear();
    blank.state = ReadState::Blank;
    pages.push_back({blank, ColourMode::Grey, 150, PageClass::BlankVerso, ""});
    return pages;
}

/// Path of the archive of test data, or "" when it is not there.
inline std::string shared_folder() { return fs::exists(RECTO_SHARED_DIR "/validators") ? RECTO_SHARED_DIR : ""; }

} // namespace recto::testing
