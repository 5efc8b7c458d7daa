/// The stage with its real engines on pages whose text is known. Bounds are measured values with the margin stated.

#include "stages/reading/reading.h"

#include <chrono>
#include <filesystem>
#include <fstream>
#include <set>
#include <sstream>
#include <thread>

#include <gmock/gmock.h>
#include <nlohmann/json.hpp>
#include <opencv2/imgproc.hpp>

#include "pipeline/files/decode.h"
#include "stages/reading/settings.h"
#include "stages/reading/unicode.h"
#include "tests/reading/bad_copy.h"

namespace recto {
namespace {

namespace fs = std::filesystem;
using ::testing::HasSubstr;

const std::string kModels = std::string(RECTO_DEPS_DIR) + "/models";
const std::string kSamples = std::string(RECTO_SOURCE_DIR) + "/samples/";

Settings settings_with(const std::map<std::string, std::string>& values) {
    Settings out;
    const auto stage = make_reading_stage();
    for (const auto& [key, value] : values) {
        bool known = false;
        for (const SettingBase* s : stage->info().settings)
            if (s->key == "reading." + key) {
                auto parsed = s->parse(value);
                EXPECT_TRUE(parsed) << key << "=" << value;
                out.set(*s, *parsed);
                known = true;
            }
        EXPECT_TRUE(known) << key;
    }
    return out;
}

Result<std::unique_ptr<TextReader>> open_reader(const Settings& settings, const std::string& models = kModels) {
    StageContext context;
    context.settings = &settings;
    context.model_folder = models;
    return TextReader::open(context);
}

/// Characters without white space; full-width forms of ASCII and the usual look-alikes folded, as NFKC does.
std::u32string folded(const std::string& text) {
    std::u32string out;
    for (char32_t c : reading::decode_utf8(text)) {
        if (c >= 0xFF01 && c <= 0xFF5E) c -= 0xFEE0;
        if (c > 0x20 && c != 0x3000 && c != 0xA0) out.push_back(c);
    }
    return out;
}

std::size_t edit_distance(const std::u32string& a, const std::u32string& b) {
    std::vector<std::size_t> row(b.size() + 1);
    for (std::size_t k = 0; k <= b.size(); ++k) row[k] = k;
    for (std::size_t i = 1; i <= a.size(); ++i) {
        std::size_t diagonal = row[0];
        row[0] = i;
        for (std::size_t k = 1; k <= b.size(); ++k) {
            const std::size_t cost = diagonal + (a[i - 1] != b[k - 1] ? 1 : 0);
            diagonal = row[k];
            row[k] = std::min({row[k] + 1, row[k - 1] + 1, cost});
        }
    }
    return row[b.size()];
}

double error_rate(const std::string& truth, const std::string& read) {
    const std::u32string a = folded(truth), b = folded(read);
    return a.empty() ? 1.0 : static_cast<double>(edit_distance(a, b)) / static_cast<double>(a.size());
}

std::string content_of(const std::string& path) {
    std::ifstream in(path, std::ios::binary);
    std::stringstream s;
    s << in.rdbuf();
    return s.str();
}

Raster sample(const std::string& name, int index = 0) {
    auto r = decode_here(kSamples + "batch/" + name, index);
    EXPECT_TRUE(r) << name << (r ? "" : r.error().to_string());
    return r ? *r : Raster{};
}

nlohmann::json truth_of(const std::string& file, int image) {
    const auto all = nlohmann::json::parse(content_of(kSamples + "truth/truth.json"));
    for (const auto& p : all.at("pages"))
        if (p.at("file") == file && p.at("image") == image) return p;
    ADD_FAILURE() << file;
    return {};
}

std::string truth_text(const nlohmann::json& page) {
    std::string out;
    for (const auto& l : page.at("lines")) out += l.at("text").get<std::string>() + "\n";
    return out;
}

/// What every result must hold: glyphs make the words, words make the lines, boxes nest and lie on the page.
void expect_well_formed(const PageText& page) {
    const double slack = 1e-6;
    auto inside = [&](const Box& a, const Box& b) {
        return a.x >= b.x - slack && a.y >= b.y - slack && a.x + a.width <= b.x + b.width + slack &&
               a.y + a.height <= b.y + b.height + slack;
    };
    for (const TextBlock& block : page.blocks) {
        EXPECT_TRUE(inside(block.box, {0, 0, static_cast<double>(page.width), static_cast<double>(page.height)}));
        for (const TextLine& line : block.lines) {
            EXPECT_TRUE(inside(line.box, block.box)) << line.text;
            std::string words;
            for (const Word& word : line.words) {
                words += (words.empty() ? "" : " ") + word.text;
                EXPECT_TRUE(inside(word.box, line.box)) << word.text;
                std::string glyphs;
                for (const Glyph& g : word.glyphs) {
                    glyphs += g.text;
                    EXPECT_TRUE(inside(g.box, word.box)) << word.text << " " << g.text;
                    EXPECT_TRUE(g.confidence >= 0 && g.confidence <= 1);
                    EXPECT_GT(g.box.width, 0);
                }
                EXPECT_EQ(glyphs, word.text);
            }
            EXPECT_EQ(words, line.text);
            EXPECT_TRUE(line.confidence >= 0 && line.confidence <= 1);
        }
    }
}

#ifdef RECTO_PPOCR

TEST(ReadingPpocr, ReadsALetterAndPutsEveryCharacterWhereItStands) {
    const Settings settings;
    auto reader = open_reader(settings);
    ASSERT_TRUE(reader) << reader.error().to_string();
    const nlohmann::json truth = truth_of("stack-20231106/0002.tif", 1);
    auto page = (*reader)->read(sample("stack-20231106/0002.tif"), {});
    ASSERT_TRUE(page) << page.error().to_string();
    EXPECT_EQ(page->state, ReadState::Read);
    EXPECT_THAT(page->engine, HasSubstr("ppocr v6-tiny+small (openvino"));
    EXPECT_GT(page->confidence, 0.97);
    EXPECT_LT(error_rate(truth_text(truth), page->plain()), 0.012); // measured 0.005
    expect_well_formed(*page);
    // Lines read without error: their ends stand within 0.5 mm plus the type's side bearing of the truth.
    int compared = 0;
    for (const TextBlock& block : page->blocks)
        for (const TextLine& line : block.lines)
            for (const auto& t : truth.at("lines")) {
                if (folded(t.at("text").get<std::string>()) != folded(line.text)) continue;
                const auto quad = t.at("quad").get<std::vector<std::vector<double>>>();
                const double size = quad[3][1] - quad[0][1];
                const double pixel = 300 / 25.4 * 0.5,
                             bearing = size * 0.75; // 。 and 《 stand in a corner of their square
                EXPECT_NEAR(line.box.x, quad[0][0], pixel + bearing) << line.text;
                EXPECT_NEAR(line.box.x + line.box.width, quad[1][0], pixel + bearing) << line.text;
                EXPECT_GE(line.box.y, quad[0][1] - size * 0.2) << line.text;
                EXPECT_LE(line.box.y + line.box.height, quad[3][1] + size * 0.2) << line.text;
                // Chinese characters have one width: the k-th stands k widths from the start.
                const Word& word = line.words.front();
                const std::size_t n = word.glyphs.size();
                bool han = n > 4 && line.words.size() == 1;
                for (const Glyph& g : word.glyphs) han = han && reading::is_cjk(reading::decode_utf8(g.text)[0]);
                const double pitch = (quad[1][0] - quad[0][0]) / static_cast<double>(n);
                for (std::size_t k = 0; han && k < n; ++k) {
                    const Box& g = word.glyphs[k].box;
                    const double left = quad[0][0] + pitch * static_cast<double>(k);
                    EXPECT_GE(g.x, left - 0.5 * 300 / 25.4) << line.text << " " << word.glyphs[k].text;
                    EXPECT_LE(g.x + g.width, left + pitch + 0.5 * 300 / 25.4)
                        << line.text << " " << word.glyphs[k].text;
                    ++compared;
                }
            }
    EXPECT_GT(compared, 100);
}

TEST(ReadingPpocr, SaltIsTakenOutBeforehand) {
    const nlohmann::json truth = truth_of("stack-20231106/0002.tif", 1);
    Raster page = sample("stack-20231106/0002.tif");
    page.pixels = page.pixels.clone();
    cv::Mat dice(page.pixels.size(), CV_32FC1);
    cv::RNG(3).fill(dice, cv::RNG::UNIFORM, 0, 1);
    page.pixels.setTo(cv::Scalar::all(0), dice < 0.015);
    page.pixels.setTo(cv::Scalar::all(255), dice > 0.985);
    const auto read = [](const Raster& raster, const char* clean) {
        const Settings settings = settings_with({{"clean", clean}});
        auto reader = open_reader(settings);
        auto text = reader ? (*reader)->read(raster, {}) : tl::unexpected(reader.error());
        EXPECT_TRUE(text) << text.error().to_string();
        return text ? text->plain() : std::string();
    };
    const std::string text = read(page, "auto");
    EXPECT_NE(text, read(page, "off")) << "the setting reaches the engine";
    EXPECT_LT(error_rate(truth_text(truth), text), 0.012);
}

TEST(ReadingPpocr, BrokenCopiesAreReadFromAMendedPicture) {
    const nlohmann::json truth = truth_of("stack-20231106/0002.tif", 1);
    Raster page = sample("stack-20231106/0002.tif");
    page.pixels = copied_badly(to_grey(page) > 150, 0.66);
    page.mode = ColourMode::Bilevel;
    const Settings settings;
    auto reader = open_reader(settings);
    ASSERT_TRUE(reader) << reader.error().to_string();
    auto text = (*reader)->read(page, {});
    ASSERT_TRUE(text) << text.error().to_string();
    // Measured: .234. From the copy as it is and with evened contrast only .64 is wrong, most of it left out.
    EXPECT_LT(error_rate(truth_text(truth), text->plain()), 0.32);
}

// The other side of a thin sheet: a page in a mirror, soft and pale, below the print and crossing its lines.
TEST(ReadingPpocr, WhatShinesThroughIsNotRead) {
    const nlohmann::json truth = truth_of("stack-20231106/0002.tif", 1);
    Raster page = sample("stack-20231106/0002.tif");
    const cv::Mat print = to_grey(page);
    cv::Mat behind, moved(print.size(), CV_8UC1, cv::Scalar(255));
    cv::flip(to_grey(sample("LZ01-WS·2023-D30-0012/003.tif")), behind, 1);
    constexpr int kDown = 70;
    const cv::Rect both(0, 0, std::min(print.cols, behind.cols), std::min(print.rows, behind.rows) - kDown);
    behind(both).copyTo(moved(both + cv::Point(0, kDown)));
    cv::GaussianBlur(moved, moved, {}, 2.2);
    page.mode = ColourMode::Grey;
    const Settings settings;
    auto reader = open_reader(settings);
    ASSERT_TRUE(reader) << reader.error().to_string();
    for (const double share : {0.35, 0.5}) {
        page.pixels = cv::min(print, 255 - (255 - moved) * share);
        auto text = (*reader)->read(page, {});
        ASSERT_TRUE(text) << text.error().to_string();
        // Measured: 0. Before the sheet was known to shine through .058 and .005.
        EXPECT_LT(error_rate(truth_text(truth), text->plain()), 0.004) << share << "\n" << text->plain();
    }
}

// Lines of the other side at the height of the print's: where a line of print ends early, they go on in the same region.
TEST(ReadingPpocr, WhatShinesThroughBesidePrintIsNotRead) {
    const nlohmann::json truth = truth_of("stack-20231106/0002.tif", 1);
    Raster page = sample("stack-20231106/0002.tif");
    cv::Mat behind;
    cv::flip(to_grey(sample("stack-20231106/0003.tif")), behind, 1);
    const cv::Mat print = to_grey(page);
    ASSERT_EQ(print.size(), behind.size());
    cv::GaussianBlur(behind, behind, {}, 2.2);
    page.mode = ColourMode::Grey;
    page.pixels = cv::min(print, 255 - (255 - behind) * 0.35);
    const Settings settings;
    auto reader = open_reader(settings);
    ASSERT_TRUE(reader) << reader.error().to_string();
    auto text = (*reader)->read(page, {});
    ASSERT_TRUE(text) << text.error().to_string();
    // Measured: .016.
    EXPECT_LT(error_rate(truth_text(truth), text->plain()), 0.025) << text->plain();
}

TEST(ReadingPpocr, ReadsTheDateUnderASeal) {
    const Settings settings;
    auto reader = open_reader(settings);
    ASSERT_TRUE(reader);
    auto page = (*reader)->read(sample("LZ01-WS·2023-D30-0012/003.tif"), {});
    ASSERT_TRUE(page);
    EXPECT_THAT(page->plain(), HasSubstr("二〇二三年三月十七日"));
    EXPECT_THAT(page->plain(), HasSubstr("青柳市人民政府"));
    int seals = 0;
    for (const TextBlock& b : page->blocks) seals += b.kind == BlockKind::Seal ? 1 : 0;
    EXPECT_EQ(seals, 1);
}

TEST(ReadingPpocr, EnglishHasItsSpaces) {
    const Settings settings;
    auto reader = open_reader(settings);
    ASSERT_TRUE(reader);
    auto page = (*reader)->read(sample("box7-english/001.png"), {});
    ASSERT_TRUE(page);
    expect_well_formed(*page);
    const std::string truth = truth_text(truth_of("box7-english/001.png", 1));
    EXPECT_LT(error_rate(truth, page->plain()), 0.015); // measured 0.006
    std::multiset<std::string> expected, found;
    for (const auto& [text, into] : {std::pair(truth, &expected), std::pair(page->plain(), &found)}) {
        std::stringstream in(text);
        for (std::string w; in >> w;) into->insert(w);
    }
    std::vector<std::string> both;
    std::set_intersection(expected.begin(), expected.end(), found.begin(), found.end(), std::back_inserter(both));
    EXPECT_GT(2.0 * static_cast<double>(both.size()) / static_cast<double>(expected.size() + found.size()),
              0.94); // words
}

TEST(ReadingPpocr, RealPrintedParagraphs) {
    const std::string folder = std::string(RECTO_SHARED_DIR) + "/data/cnocr/";
    if (!fs::exists(folder)) GTEST_SKIP() << "shared data absent";
    const Settings settings;
    auto reader = open_reader(settings);
    ASSERT_TRUE(reader);
    double errors = 0, characters = 0;
    for (const std::string name : {"multi-line_cn1", "multi-line_cn2"}) {
        auto raster = decode_here(folder + name + ".png", 0);
        ASSERT_TRUE(raster);
        auto page = (*reader)->read(*raster, {});
        ASSERT_TRUE(page);
        expect_well_formed(*page);
        const auto n = static_cast<double>(folded(content_of(folder + name + ".txt")).size());
        errors += error_rate(content_of(folder + name + ".txt"), page->plain()) * n;
        characters += n;
    }
    EXPECT_LE(errors / characters, 0.02); // measured 0.013: a dash read as 一, twice
}

TEST(ReadingPpocr, OneOrSeveralWorkersReadTheSame) {
    const Settings settings;
    Raster copy = sample("stack-20231106/0002.tif"); // a worn page, for which more networks are asked
    copy.pixels = copied_badly(to_grey(copy)(cv::Rect(0, 0, copy.width(), copy.height() / 2)) > 150, 0.6);
    copy.mode = ColourMode::Bilevel;
    const Raster pages[] = {sample("stack-20231106/0002.tif"), sample("stack-20231106/0003.tif"), copy};
    const std::string folder = fs::temp_directory_path().string();
    auto read_all = [&](int workers) {
        auto stage = make_reading_stage();
        StageContext context;
        context.settings = &settings;
        context.workers = workers;
        context.model_folder = kModels;
        EXPECT_TRUE(stage->open(context));
        std::vector<std::string> results(static_cast<std::size_t>(workers) * 3);
        std::vector<std::jthread> threads;
        for (int w = 0; w < workers; ++w)
            threads.emplace_back([&, w] {
                auto worker = stage->make_worker();
                for (int k = 0; k < 3; ++k) {
                    Item item;
                    Page page;
                    const Limits limits;
                    const std::map<std::string, nlohmann::json> none;
                    const int which = (w + k) % 3; // each worker sees the pages in another order
                    auto r = worker->run({item, page, pages[which], folder, none, limits});
                    results[static_cast<std::size_t>(w * 3 + k)] =
                        std::to_string(which) + (r ? r->dump() : r.error().to_string());
                }
            });
        threads.clear();
        return std::set<std::string>(results.begin(), results.end());
    };
    const auto alone = read_all(1), together = read_all(3);
    EXPECT_EQ(alone.size(), 3U);
    EXPECT_EQ(alone, together);
}

TEST(ReadingPpocr, PagesOfOtherSizesBeforeChangeNothing) { // more sizes than detection keeps networks for
    const Settings settings;
    const Raster whole = sample("stack-20231106/0002.tif");
    const auto cut = [&](double width, double height) {
        Raster out = whole;
        out.pixels = whole
                         .pixels(cv::Rect(0, 0, static_cast<int>(width * whole.width()),
                                          static_cast<int>(height * whole.height())))
                         .clone();
        return out;
    };
    const Raster pages[] = {cut(1, 1),   cut(1, 0.9),   cut(1, 0.8), cut(1, 0.7),
                            cut(0.9, 1), cut(0.5, 0.2), cut(0.8, 1), cut(0.7, 1)};
    const auto read = [](TextReader& reader, const Raster& page) {
        const auto text = reader.read(page, {});
        EXPECT_TRUE(text && text->confidence > 0.9);
        return text ? nlohmann::json(*text).dump() : text.error().to_string();
    };
    auto one = open_reader(settings);
    ASSERT_TRUE(one);
    std::vector<std::string> first;
    for (const Raster& page : pages) first.push_back(read(**one, page));
    EXPECT_EQ(read(**one, pages[0]), first[0]) << "a network compiled again";
    EXPECT_EQ(read(**one, pages[6]), first[6]) << "one that gave its memory up";
    for (const std::size_t i : {1U, 5U}) {
        auto fresh = open_reader(settings);
        ASSERT_TRUE(fresh);
        EXPECT_EQ(read(**fresh, pages[i]), first[i]) << i;
    }
}

TEST(ReadingPpocr, MissingAndDamagedModelsAreNamed) {
    const Settings settings = settings_with({{"engine", "ppocr"}});
    const fs::path folder = fs::temp_directory_path() / ("recto-models-" + std::to_string(::getpid()));
    fs::create_directories(folder);
    auto missing = open_reader(settings, folder.string());
    ASSERT_FALSE(missing);
    EXPECT_EQ(missing.error().code, "missing.model");
    EXPECT_THAT(missing.error().file, HasSubstr("ppocrv6_tiny_det.onnx"));
    EXPECT_THAT(missing.error().reason, HasSubstr("scripts/setup"));
    for (const char* name :
         {"ppocrv6_tiny_det.onnx", "ppocrv6_tiny_rec.onnx", "ppocrv6_tiny_dict.txt", "ppocrv6_small_rec.onnx",
          "ppocrv6_small_dict.txt", "chinese_words.txt", "chinese_pairs.bin"})
        fs::copy_file(kModels + "/" + name, folder / name);
    ASSERT_TRUE(open_reader(settings, folder.string()));
    std::ofstream(folder / "chinese_words.txt", std::ios::app) << "\n柳州\n";
    auto words = open_reader(settings, folder.string());
    ASSERT_FALSE(words);
    EXPECT_EQ(words.error().code, "read.model");
    EXPECT_THAT(words.error().file, HasSubstr("chinese_words.txt"));
    fs::copy_file(kModels + "/chinese_words.txt", folder / "chinese_words.txt", fs::copy_options::overwrite_existing);
    std::ofstream(folder / "ppocrv6_tiny_dict.txt", std::ios::app)
        << (content_of(kModels + "/ppocrv6_tiny_dict.txt").ends_with('\n') ? "x\ny\n" : "\nx\ny\n");
    auto mismatch = open_reader(settings, folder.string());
    ASSERT_FALSE(mismatch);
    EXPECT_EQ(mismatch.error().code, "read.model");
    EXPECT_THAT(mismatch.error().reason, HasSubstr("ppocrv6_tiny_dict.txt"));
    EXPECT_THAT(mismatch.error().file, HasSubstr("ppocrv6_tiny_rec.onnx"));
    fs::resize_file(folder / "ppocrv6_tiny_det.onnx", 100000);
    auto damaged = open_reader(settings, folder.string());
    ASSERT_FALSE(damaged);
    EXPECT_EQ(damaged.error().code, "read.model");
    EXPECT_THAT(damaged.error().file, HasSubstr("ppocrv6_tiny_det.onnx"));
    fs::remove_all(folder);
}

TEST(ReadingPpocr, OneLibraryOfThreadingBlocksIsLoaded) {
    const Settings settings;
    auto reader = open_reader(settings);
    ASSERT_TRUE(reader);
    std::set<std::string> files;
    std::ifstream maps("/proc/self/maps");
    for (std::string line; std::getline(maps, line);)
        if (const auto at = line.find("/libtbb.so"); at != std::string::npos) files.insert(line.substr(line.find('/')));
    EXPECT_EQ(files.size(), 1U) << ::testing::PrintToString(files);
}

#else

TEST(ReadingPpocr, IsNamedAsMissing) {
    auto reader = open_reader(settings_with({{"engine", "ppocr"}}));
    ASSERT_FALSE(reader);
    EXPECT_EQ(reader.error().code, "missing.ppocr");
}

#endif

TEST(ReadingTesseract, ReadsEnglishWithPlaces) {
    const Settings settings = settings_with({{"engine", "tesseract"}, {"language", "eng"}});
    auto reader = open_reader(settings);
    ASSERT_TRUE(reader) << reader.error().to_string();
    auto page = (*reader)->read(sample("box7-english/001.png"), {});
    ASSERT_TRUE(page);
    EXPECT_THAT(page->engine, HasSubstr("tesseract 5"));
    expect_well_formed(*page);
    EXPECT_LT(error_rate(truth_text(truth_of("box7-english/001.png", 1)), page->plain()), 0.04);
}

TEST(ReadingTesseract, AMissingLanguageIsNamedWithItsPackage) {
    auto reader = open_reader(settings_with({{"engine", "tesseract"}, {"language", "eng+xyz_old"}}));
    ASSERT_FALSE(reader);
    EXPECT_EQ(reader.error().code, "missing.language");
    EXPECT_THAT(reader.error().reason, HasSubstr("tesseract-ocr-xyz-old"));
}

class ReadingEngines : public ::testing::TestWithParam<std::string> {
  protected:
    void SetUp() override {
#ifndef RECTO_PPOCR
        if (GetParam() == "ppocr") GTEST_SKIP() << "built without OpenVINO";
#endif
        settings_ =
            settings_with({{"engine", GetParam()}, {"language", GetParam() == "ppocr" ? "chi_sim+eng" : "eng"}});
        auto opened = open_reader(settings_);
        ASSERT_TRUE(opened) << opened.error().to_string();
        reader_ = std::move(*opened);
    }
    Settings settings_;
    std::unique_ptr<TextReader> reader_;
};

TEST_P(ReadingEngines, TimeLimitAndStopAreObeyed) {
    const Raster page = sample("box7-english/001.png");
    Limits expired;
    expired.deadline = std::chrono::steady_clock::now() - std::chrono::seconds(1);
    auto r = reader_->read(page, expired);
    ASSERT_FALSE(r);
    EXPECT_EQ(r.error().code, "read.time_limit");
    EXPECT_TRUE(r.error().retry);
    const auto start = std::chrono::steady_clock::now();
    Limits soon;
    soon.deadline = start + std::chrono::milliseconds(60);
    r = reader_->read(page, soon);
    ASSERT_FALSE(r) << "a page in 60 ms?";
    EXPECT_EQ(r.error().code, "read.time_limit");
    // Between two looks at the clock lies one inference or one layout analysis; the machine may be busy.
    EXPECT_LT(std::chrono::steady_clock::now() - start, std::chrono::seconds(5));
    std::stop_source source;
    source.request_stop();
    Limits stopped;
    stopped.stop = source.get_token();
    EXPECT_EQ(reader_->read(page, stopped).error().code, "read.cancelled");
    EXPECT_TRUE(reader_->read(page, {})) << "the reader works on after a time limit";
}

TEST_P(ReadingEngines, OddImagesAreSaidToBeEmptyOrUnreadable) {
    auto state = [&](const cv::Mat& pixels, ColourMode mode) {
        Raster r;
        r.pixels = pixels;
        r.mode = mode;
        auto page = reader_->read(r, {});
        EXPECT_TRUE(page) << (page ? "" : page.error().to_string());
        if (!page) return std::string("error");
        EXPECT_EQ(page->width, pixels.cols);
        return std::string(to_string(page->state));
    };
    EXPECT_EQ(state(cv::Mat(1754, 1240, CV_8UC3, cv::Scalar::all(250)), ColourMode::Colour), "blank");
    EXPECT_EQ(state(cv::Mat(1, 1, CV_8UC1, cv::Scalar(0)), ColourMode::Grey), "blank");
    EXPECT_EQ(state(cv::Mat(3, 2000, CV_8UC1, cv::Scalar(255)), ColourMode::Bilevel), "blank");
    EXPECT_EQ(state(cv::Mat(2000, 5, CV_8UC3, cv::Scalar::all(255)), ColourMode::Colour), "blank");
    cv::Mat noise(1000, 800, CV_8UC1);
    cv::RNG random(5);
    random.fill(noise, cv::RNG::UNIFORM, 0, 256);
    EXPECT_EQ(state(noise, ColourMode::Grey), "not-machine-readable");
}

INSTANTIATE_TEST_SUITE_P(Both, ReadingEngines, ::testing::Values("ppocr", "tesseract"),
                         [](const auto& p) { return p.param; });

TEST(Reading, ABlankPageIsNotLookedAt) {
    const Settings settings = settings_with({{"engine", "tesseract"}, {"language", "eng"}});
    auto stage = make_reading_stage();
    StageContext context;
    context.settings = &settings;
    ASSERT_TRUE(stage->open(context));
    EXPECT_THAT(stage->data_fingerprint(), HasSubstr("eng=sha256:"));
    auto worker = stage->make_worker();
    Item item;
    Page page;
    page.treatment.blank = true;
    const Raster raster = sample("box7-english/001.png"); // has text: only the verdict of treatment counts
    const std::map<std::string, nlohmann::json> none;
    Limits limits;
    limits.deadline = std::chrono::steady_clock::now() - std::chrono::seconds(1); // no work, so no time is needed
    auto r = worker->run({item, page, raster, "", none, limits});
    ASSERT_TRUE(r);
    const auto text = r->get<PageText>();
    EXPECT_EQ(text.state, ReadState::Blank);
    EXPECT_TRUE(text.plain().empty());
}

} // namespace
} // namespace recto
