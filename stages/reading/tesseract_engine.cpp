/// Tesseract: one API object a session, a deadline through its monitor, boxes down to the character.

#include "stages/reading/ocr_engine.h"

#include <omp.h>

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>

#include <fmt/format.h>
#include <opencv2/imgproc.hpp>
#include <tesseract/baseapi.h>
#include <tesseract/ocrclass.h>

#include "pipeline/core/digest.h"
#include "stages/reading/calibrate.h"
#include "stages/reading/clean.h"
#include "stages/reading/even_background.h"
#include "stages/reading/ppocr_recognize.h"
#include "stages/reading/unicode.h"

namespace recto::reading {

namespace {

namespace fs = std::filesystem;

/// The largest side that Tesseract takes (its coordinates are 16-bit).
constexpr int kMaxSide = 32000;
/// Median height of letters, pixels, from which on a blur by one pixel costs nothing.
constexpr double kSmoothable = 17;

std::vector<std::string> split_languages(const std::string& languages) {
    std::vector<std::string> out;
    std::stringstream in(languages);
    for (std::string one; std::getline(in, one, '+');)
        if (!one.empty()) out.push_back(one);
    return out;
}

bool stop_asked(void* limits, int) { return static_cast<const Limits*>(limits)->stop.stop_requested(); }

Box box_at(const tesseract::ResultIterator& it, tesseract::PageIteratorLevel level, double scale, cv::Size page) {
    int x0 = 0, y0 = 0, x1 = 0, y1 = 0;
    if (!it.BoundingBox(level, &x0, &y0, &x1, &y1)) return {};
    const double l = std::clamp<double>(x0 / scale, 0, page.width), t = std::clamp<double>(y0 / scale, 0, page.height);
    return {l, t, std::clamp<double>(x1 / scale, l, page.width) - l,
            std::clamp<double>(y1 / scale, t, page.height) - t};
}

double share(float percent) { return std::clamp(percent / 100.0, 0.0, 1.0); }

class TesseractSession : public OcrSession {
  public:
    explicit TesseractSession(const TesseractOptions& options) : options_(options) {}

    /// False when the languages cannot be loaded.
    bool init() {
        omp_set_num_threads(1); // of this thread only: its own OpenMP makes it four times slower beside other workers
        const char* folder = options_.data_folder.empty() ? nullptr : options_.data_folder.c_str();
        if (api_.Init(folder, options_.languages.c_str(), tesseract::OEM_LSTM_ONLY) != 0) return false;
        api_.SetPageSegMode(tesseract::PSM_AUTO);
        api_.SetVariable("debug_file", "/dev/null");
        return true;
    }

    Result<OcrPage> read(const Raster& raster, const Limits& limits) override {
        try {
            return read_page(raster, limits);
        } catch (const std::exception& e) { return fail("read.engine", e.what()); }
    }

  private:
    Result<OcrPage> read_page(const Raster& raster, const Limits& limits) {
        OcrPage out;
        out.ordered = true;
        if (raster.empty()) return out;
        if (limits.expired()) return expired_error(limits, "before recognition began");
        omp_set_num_threads(1);
        cv::Mat grey = to_grey(raster);
        double scale = std::min(1.0, static_cast<double>(kMaxSide) / std::max(grey.cols, grey.rows));
        if (scale < 1) {
            cv::Mat smaller;
            cv::resize(grey, smaller, cv::Size(), scale, scale, cv::INTER_AREA);
            grey = smaller;
        }
        if (options_.clean) grey = cleaned(grey, raster.mode == ColourMode::Bilevel, scale);
        if (grey.cols < 8 || grey.rows < 8) return out; // nothing can be read there, and Leptonica objects
        api_.SetImage(grey.data, grey.cols, grey.rows, 1, static_cast<int>(grey.step));
        const double dpi = raster.dpi.y > 0 ? raster.dpi.y * scale : 300;
        api_.SetSourceResolution(static_cast<int>(std::clamp(dpi, 70.0, 2400.0)));
        tesseract::ETEXT_DESC monitor;
        monitor.cancel = stop_asked;
        monitor.cancel_this = const_cast<Limits*>(&limits);
        if (limits.deadline != std::chrono::steady_clock::time_point::max()) {
            const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(limits.deadline -
                                                                                    std::chrono::steady_clock::now())
                                  .count();
            monitor.set_deadline_msecs(static_cast<int>(std::clamp<long long>(left, 1, 1000000000)));
        }
        const int failed = api_.Recognize(&monitor);
        if (limits.expired() || monitor.deadline_exceeded()) {
            api_.Clear();
            return expired_error(limits, "while the page was recognised");
        }
        if (failed != 0) {
            api_.Clear();
            return out; // no text was found
        }
        collect(scale, raster.pixels.size(), out);
        api_.Clear();
        return out;
    }

    /// What the engine reads best, by what is found on the page; `scale` grows when it comes back enlarged.
    static cv::Mat cleaned(cv::Mat grey, bool bilevel, double& scale) {
        grey = without_black_borders(grey);
        if (!bilevel) grey = even_background(grey);
        if (const auto streaks = find_scanner_streaks(grey); !streaks.empty()) grey = without_streaks(grey, streaks);
        const Marks marks = count_marks(grey);
        if (is_speckled(marks)) grey = without_speckle(grey, marks);
        const double larger =
            std::min(enlargement(marks), static_cast<double>(kMaxSide) / std::max(grey.cols, grey.rows));
        cv::Mat out = grey;
        if (larger > 1) {
            cv::resize(grey, out = cv::Mat(), cv::Size(), larger, larger, cv::INTER_CUBIC);
            scale *= larger;
        }
        // The stairs of bi-level print, other ones after each turn, are smoothed: the engine was taught on grey.
        if (bilevel && marks.letter_height * std::max(1.0, larger) >= kSmoothable) {
            cv::Mat smooth; // `out` may be the pixels of the page
            cv::GaussianBlur(out, smooth, {0, 0}, 1);
            return smooth;
        }
        return out;
    }

    void collect(double scale, cv::Size page, OcrPage& out) {
        const std::unique_ptr<tesseract::ResultIterator> it(api_.GetIterator());
        if (!it) return;
        it->Begin();
        do {
            const std::unique_ptr<char[]> text(it->GetUTF8Text(tesseract::RIL_WORD));
            // A picture comes as a word of one space.
            if (!text || std::string_view(text.get()).find_first_not_of(" \n\t") == std::string_view::npos) continue;
            if (out.blocks.empty() || it->IsAtBeginningOf(tesseract::RIL_PARA) ||
                it->IsAtBeginningOf(tesseract::RIL_BLOCK))
                out.blocks.emplace_back();
            TextBlock& block = out.blocks.back();
            if (block.lines.empty() || it->IsAtBeginningOf(tesseract::RIL_TEXTLINE)) {
                block.lines.emplace_back();
                tesseract::Orientation orientation;
                tesseract::WritingDirection writing;
                tesseract::TextlineOrder order;
                float skew = 0;
                it->Orientation(&orientation, &writing, &order, &skew);
                block.lines.back().vertical = writing == tesseract::WRITING_DIRECTION_TOP_TO_BOTTOM;
            }
            TextLine& line = block.lines.back();
            Word word;
            word.confidence = share(it->Confidence(tesseract::RIL_WORD));
            tesseract::ResultIterator symbol(*it);
            do {
                const std::unique_ptr<char[]> one(symbol.GetUTF8Text(tesseract::RIL_SYMBOL));
                if (!one || !one[0]) continue;
                word.glyphs.push_back({one.get(), box_at(symbol, tesseract::RIL_SYMBOL, scale, page),
                                       share(symbol.Confidence(tesseract::RIL_SYMBOL))});
                word.text += one.get();
                word.box = word.glyphs.size() == 1 ? word.glyphs[0].box : unite(word.box, word.glyphs.back().box);
            } while (!symbol.IsAtFinalElement(tesseract::RIL_WORD, tesseract::RIL_SYMBOL) &&
                     symbol.Next(tesseract::RIL_SYMBOL));
            if (word.text.empty() || !place_word(*it, scale, page, line.vertical, word)) continue;
            // Chinese comes as a word a few characters: they run together unless a space was seen between them.
            line.words.push_back(std::move(word));
        } while (it->Next(tesseract::RIL_WORD));
        for (TextBlock& block : out.blocks) {
            for (TextLine& line : block.lines) {
                join_chinese(line);
                refresh_line(line);
                calibrate(line, Reader::Tesseract);
            }
            std::erase_if(block.lines, [](const TextLine& l) { return l.words.empty(); });
            if (block.lines.empty()) continue;
            block.box = block.lines[0].box;
            for (const TextLine& l : block.lines) block.box = unite(block.box, l.box);
        }
        std::erase_if(out.blocks, [](const TextBlock& b) { return b.lines.empty(); });
    }

    /// Symbols that Tesseract gives no box (of pieces it made up while cutting a blob; they come out at the far corner of
    /// the page) share the box of their word, or of the line. False when nothing says where the word lies: then it was
    /// not read from the page.
    static bool place_word(const tesseract::ResultIterator& it, double scale, cv::Size page, bool vertical,
                           Word& word) {
        const auto empty = [](const Box& b) { return b.width <= 0 || b.height <= 0; };
        if (std::ranges::none_of(word.glyphs, [&](const Glyph& g) { return empty(g.box); })) return true;
        Box whole = box_at(it, tesseract::RIL_WORD, scale, page);
        if (empty(whole)) whole = box_at(it, tesseract::RIL_TEXTLINE, scale, page);
        if (empty(whole)) return false;
        const auto n = static_cast<double>(word.glyphs.size());
        for (std::size_t i = 0; i < word.glyphs.size(); ++i) {
            const double at = static_cast<double>(i) / n;
            word.glyphs[i].box = vertical ? Box{whole.x, whole.y + at * whole.height, whole.width, whole.height / n}
                                          : Box{whole.x + at * whole.width, whole.y, whole.width / n, whole.height};
        }
        word.box = whole;
        return true;
    }

    static void join_chinese(TextLine& line);

    TesseractOptions options_;
    tesseract::TessBaseAPI api_;
};

/// Tesseract cuts Chinese into dictionary words; in one line they are one run of characters.
void TesseractSession::join_chinese(TextLine& line) {
    std::vector<Word> words;
    for (Word& word : line.words) {
        if (!words.empty()) {
            Word& last = words.back();
            const std::u32string a = decode_utf8(last.text), b = decode_utf8(word.text);
            const double gap =
                line.vertical ? word.box.y - last.box.y - last.box.height : word.box.x - last.box.x - last.box.width;
            const double em =
                line.vertical ? std::max(word.box.width, last.box.width) : std::max(word.box.height, last.box.height);
            if (!a.empty() && !b.empty() && is_cjk(a.back()) && is_cjk(b.front()) && gap < 0.9 * em) {
                const auto m = static_cast<double>(last.glyphs.size()), n = static_cast<double>(word.glyphs.size());
                last.confidence = (last.confidence * m + word.confidence * n) / std::max(1.0, m + n);
                last.text += word.text;
                last.box = unite(last.box, word.box);
                for (Glyph& g : word.glyphs) last.glyphs.push_back(std::move(g));
                continue;
            }
        }
        words.push_back(std::move(word));
    }
    line.words = std::move(words);
}

class TesseractLineReader : public LineReader {
  public:
    explicit TesseractLineReader(const TesseractOptions& options) : options_(options) {}

    bool init() {
        omp_set_num_threads(1);
        const char* folder = options_.data_folder.empty() ? nullptr : options_.data_folder.c_str();
        if (api_.Init(folder, options_.languages.c_str(), tesseract::OEM_LSTM_ONLY) != 0) return false;
        api_.SetPageSegMode(tesseract::PSM_SINGLE_LINE);
        api_.SetVariable("debug_file", "/dev/null");
        return true;
    }

    Result<TextLine> read(const cv::Mat& strip, const Limits& limits) override {
        TextLine line;
        if (strip.empty() || strip.cols < 8 || strip.rows < 8) return line;
        if (limits.expired()) return expired_error(limits, "before a line was read again");
        try {
            omp_set_num_threads(1);
            api_.SetImage(strip.data, strip.cols, strip.rows, 1, static_cast<int>(strip.step));
            api_.SetSourceResolution(300);
            tesseract::ETEXT_DESC monitor;
            monitor.cancel = stop_asked;
            monitor.cancel_this = const_cast<Limits*>(&limits);
            const int failed = api_.Recognize(&monitor);
            if (failed == 0) collect_line(strip.size(), line);
            api_.Clear();
        } catch (const std::exception& e) { return fail("read.engine", e.what()); }
        if (limits.expired()) return expired_error(limits, "while a line was read again");
        return line;
    }

  private:
    void collect_line(cv::Size strip, TextLine& line) {
        const std::unique_ptr<tesseract::ResultIterator> it(api_.GetIterator());
        if (!it) return;
        it->Begin();
        do {
            Word word;
            tesseract::ResultIterator symbol(*it);
            do {
                const std::unique_ptr<char[]> one(symbol.GetUTF8Text(tesseract::RIL_SYMBOL));
                if (!one || !one[0] || one[0] == ' ') continue;
                word.glyphs.push_back({one.get(), box_at(symbol, tesseract::RIL_SYMBOL, 1, strip),
                                       share(symbol.Confidence(tesseract::RIL_SYMBOL))});
                word.text += one.get();
                word.confidence += word.glyphs.back().confidence;
                word.box = word.glyphs.size() == 1 ? word.glyphs[0].box : unite(word.box, word.glyphs.back().box);
            } while (!symbol.IsAtFinalElement(tesseract::RIL_WORD, tesseract::RIL_SYMBOL) &&
                     symbol.Next(tesseract::RIL_SYMBOL));
            if (word.glyphs.empty()) continue;
            word.confidence /= static_cast<double>(word.glyphs.size());
            line.words.push_back(std::move(word));
        } while (it->Next(tesseract::RIL_WORD));
        refresh_line(line);
    }

    TesseractOptions options_;
    tesseract::TessBaseAPI api_;
};

/// Where the library looks for its data when no folder is named.
std::vector<fs::path> data_folders(const TesseractOptions& options) {
    if (!options.data_folder.empty()) return {options.data_folder};
    std::vector<fs::path> out;
    if (const char* prefix = std::getenv("TESSDATA_PREFIX")) out.emplace_back(prefix);
    tesseract::TessBaseAPI api;
    (void)api.Init(nullptr, "osd");
    if (const char* path = api.GetDatapath(); path && *path) out.emplace_back(path);
    out.emplace_back("/usr/share/tesseract-ocr/5/tessdata");
    return out;
}

class TesseractEngine : public OcrEngine {
  public:
    TesseractEngine(TesseractOptions options, std::string fingerprint)
        : options_(std::move(options)), name_(fmt::format("tesseract {}", tesseract::TessBaseAPI::Version())),
          fingerprint_(std::move(fingerprint)) {}
    [[nodiscard]] const std::string& name() const override { return name_; }
    [[nodiscard]] const std::string& fingerprint() const override { return fingerprint_; }
    [[nodiscard]] Result<std::unique_ptr<OcrSession>> make_session() const override {
        auto session = std::make_unique<TesseractSession>(options_);
        if (!session->init())
            return fail("missing.language", "Tesseract cannot load the language data", options_.languages);
        return session;
    }

  private:
    TesseractOptions options_;
    std::string name_, fingerprint_;
};

} // namespace

Result<std::unique_ptr<LineReader>> make_tesseract_lines(const TesseractOptions& options) {
    auto reader = std::make_unique<TesseractLineReader>(options);
    if (!reader->init()) return fail("missing.language", "Tesseract cannot load the language data", options.languages);
    return reader;
}

Result<std::unique_ptr<OcrEngine>> open_tesseract(const TesseractOptions& options) {
    const std::vector<std::string> languages = split_languages(options.languages);
    if (languages.empty()) return fail("missing.language", "no language was named; set reading.language");
    const std::vector<fs::path> folders = data_folders(options);
    std::string fingerprint = fmt::format("tesseract={};", tesseract::TessBaseAPI::Version());
    for (const std::string& language : languages) {
        fs::path found;
        for (const fs::path& folder : folders) {
            std::error_code ec;
            const fs::path file = folder / (language + ".traineddata");
            if (found.empty() && fs::is_regular_file(file, ec)) found = file;
        }
        if (found.empty()) {
            std::string package = language;
            std::replace(package.begin(), package.end(), '_', '-');
            return fail(
                "missing.language",
                fmt::format("Tesseract has no data for '{}': apt-get install tesseract-ocr-{}", language, package),
                language + ".traineddata");
        }
        std::ifstream in(found, std::ios::binary);
        Hasher hasher(DigestAlgorithm::Sha256);
        std::vector<char> buffer(1 << 20);
        while (in.read(buffer.data(), static_cast<std::streamsize>(buffer.size())) || in.gcount() > 0)
            hasher.update(std::string_view(buffer.data(), static_cast<std::size_t>(in.gcount())));
        fingerprint += fmt::format("{}=sha256:{};", language, hasher.finish());
    }
    return std::make_unique<TesseractEngine>(options, std::move(fingerprint));
}

} // namespace recto::reading
