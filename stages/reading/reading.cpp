#include "stages/reading/reading.h"

#include <algorithm>
#include <sstream>

#include <fmt/format.h>
#include <opencv2/imgproc.hpp>

#include "stages/reading/clean.h"
#include "stages/reading/layout.h"
#include "stages/reading/ppocr_recognize.h"
#include "stages/reading/roles.h"
#include "stages/reading/rule_lines.h"
#include "stages/reading/seals.h"
#include "stages/reading/settings.h"
#include "stages/reading/table_grid.h"
#include "stages/reading/unicode.h"

namespace recto {

using namespace reading;

namespace {

/// What Tesseract is asked about within a page that ppocr reads: all languages but Chinese.
std::string without_chinese(const std::string& languages) {
    std::string out;
    std::stringstream in(languages);
    for (std::string one; std::getline(in, one, '+');)
        if (!one.empty() && !one.starts_with("chi")) out += (out.empty() ? "" : "+") + one;
    return out;
}

bool reads_chinese(const std::string& languages) { return ("+" + languages).find("+chi") != std::string::npos; }

/// The engine that settings and what is there ask for.
Result<std::unique_ptr<OcrEngine>> open_engine(const StageContext& context) {
    const Settings& s = *context.settings;
    const std::string engine = s.get(kEngine), language = s.get(kLanguage);
    const TesseractOptions tesseract{language, s.get(kTessdata), s.get(kClean) == "auto"};
    PpocrOptions ppocr;
    ppocr.model_folder = context.model_folder;
    ppocr.recognizer = s.get(kRecognizer);
    ppocr.chinese = reads_chinese(language);
    ppocr.workers = context.workers;
    ppocr.bf16 = s.get(kPrecision) == "bf16";
    ppocr.detector_side = static_cast<int>(s.get(kDetectorSide));
    ppocr.min_line_confidence = s.get(kMinLineConfidence);
    if (engine == "ppocr") return open_ppocr(ppocr);
    if (engine == "auto" && (reads_chinese(language) || language == "eng")) {
        ppocr.second_opinion = tesseract;
        ppocr.second_opinion.languages = without_chinese(language);
        if (!ppocr.second_opinion.languages.empty()) {
            if (const auto second = open_tesseract(ppocr.second_opinion)) {
                ppocr.second_name = (*second)->name();
                ppocr.second_fingerprint = (*second)->fingerprint();
            } else {
                ppocr.second_opinion.languages.clear(); // it reads without; the engine's name says so
            }
        }
        Result<std::unique_ptr<OcrEngine>> first = open_ppocr(ppocr);
        // A damaged model is said, not stepped over; only an absent one makes room for the other engine.
        if (first || !std::string_view(first.error().code).starts_with("missing.")) return first;
        Result<std::unique_ptr<OcrEngine>> second = open_tesseract(tesseract);
        if (second) return second;
        return first; // name the better engine's missing part
    }
    return open_tesseract(tesseract);
}

/// Share of dark pixels against the page's own paper, for images that no treatment has looked at.
double ink_share(const Raster& raster) {
    const cv::Mat grey = to_grey(raster);
    cv::Mat small;
    const double factor = std::min(1.0, 800.0 / std::max(grey.cols, grey.rows));
    cv::resize(
        grey, small,
        cv::Size(std::max(1, static_cast<int>(grey.cols * factor)), std::max(1, static_cast<int>(grey.rows * factor))),
        0, 0, cv::INTER_AREA);
    if (small.cols < 16 || small.rows < 16) return 0;
    cv::Mat dark;
    cv::adaptiveThreshold(small, dark, 255, cv::ADAPTIVE_THRESH_MEAN_C, cv::THRESH_BINARY_INV, 31, 30);
    return static_cast<double>(cv::countNonZero(dark)) / static_cast<double>(dark.total());
}

/// Below it there is nothing to read: dust and paper grain.
constexpr double kInkOfBlank = 0.0008;

/// Mean confidence that fewer than 20 characters need.
constexpr double kFewLetters = 0.8;

/// Share of the letters that must be left when the doubtful lines of a page are dropped.
constexpr double kMostLetters = 0.6;

/// Sets the page's confidence, the mean over its letters; their number.
double mean_confidence(PageText& page) {
    double sum = 0, letters = 0;
    for (const TextBlock& block : page.blocks)
        for (const TextLine& line : block.lines) {
            const auto n = static_cast<double>(decode_utf8(line.text).size());
            sum += line.confidence * n;
            letters += n;
        }
    page.confidence = letters > 0 ? sum / letters : 0;
    return letters;
}

/// A handful of letters must be surer than a page of them: engines find single letters in any noise.
double least_confidence(double letters, const Settings& settings) {
    const double usual = settings.get(kMinConfidence);
    return letters < 20 ? std::max(kFewLetters, usual) : usual;
}

bool contains_middle(const Box& outer, const Box& b) {
    const double x = b.x + b.width / 2 - outer.x, y = b.y + b.height / 2 - outer.y;
    return x >= 0 && y >= 0 && x < outer.width && y < outer.height;
}

void drop_lines_below(double confidence, PageText& page) {
    for (TextBlock& block : page.blocks) {
        std::erase_if(block.lines, [&](const TextLine& line) { return line.confidence < confidence; });
        if (block.lines.empty()) continue;
        block.box = block.lines[0].box;
        for (const TextLine& line : block.lines) block.box = unite(block.box, line.box);
    }
    std::erase_if(page.blocks, [](const TextBlock& block) { return block.lines.empty(); });
}

Result<PageText> read_raster(OcrSession& session, const OcrEngine& engine, const Settings& settings,
                             const Raster& raster, double ink, const Limits& limits) {
    PageText page;
    page.width = raster.width();
    page.height = raster.height();
    page.engine = engine.name();
    page.language = settings.get(kLanguage);
    // Text under a red seal (the date, the issuer) is read from the red channel, where the seal is nearly invisible.
    const std::vector<Box> seals = find_seals(raster);
    std::vector<Box> hiding = seals;
    for (const Box& b : find_overlapping_seals(raster)) hiding.push_back(b);
    const bool clean = settings.get(kClean) == "auto";
    Raster shown = clean && !hiding.empty() ? without_seals(raster, hiding) : raster;
    std::vector<TableGrid> tables;
    {
        const cv::Mat grey = to_grey(shown);
        tables = find_tables(grey);
        if (clean && may_have_rules(grey)) {
            const auto rules = find_touching_rules(grey, count_marks(grey).letter_height);
            if (!rules.empty()) shown.pixels = without_rules(shown.pixels, rules);
        }
    }
    RECTO_ASSIGN(OcrPage found, session.read(shown, limits));
    if (found.ordered) {
        page.blocks = std::move(found.blocks);
        place_tables(page.blocks, tables);
    } else {
        std::vector<TextLine> lines;
        for (TextBlock& block : found.blocks)
            for (TextLine& line : block.lines) lines.push_back(std::move(line));
        page.blocks = arrange(std::move(lines), tables);
    }
    assign_roles(page.blocks, page.width, page.height);
    double letters = mean_confidence(page);
    double least = least_confidence(letters, settings);
    if (letters > 0 && page.confidence < least) {
        // Dust read as letters must not take the page's text with it: what is left without such lines may be sure.
        PageText sure = page;
        drop_lines_below(settings.get(kMinLineConfidence), sure);
        const double left = mean_confidence(sure), enough = least_confidence(left, settings);
        if (left >= kMostLetters * letters && sure.confidence >= enough) {
            page = std::move(sure);
            letters = left;
            least = enough;
        }
    }
    if (letters > 0 && page.confidence >= least) {
        for (const Box& seal : seals) page.blocks.push_back({BlockKind::Seal, seal, {}});
        for (const Box& place : found.unread)
            if (std::ranges::none_of(hiding, [&](const Box& seal) { return contains_middle(seal, place); }))
                page.blocks.push_back({BlockKind::Unread, place, {}});
        return page;
    }
    if (ink < 0) ink = ink_share(raster);
    page.state = letters == 0 && ink < kInkOfBlank ? ReadState::Blank : ReadState::NotMachineReadable;
    page.blocks.clear(); // what was guessed is not what the page says
    return page;
}

class ReadingWorker : public PageWorker {
  public:
    ReadingWorker(std::shared_ptr<const OcrEngine> engine, const Settings& settings)
        : engine_(std::move(engine)), settings_(settings) {}

    Result<nlohmann::json> run(const PageInput& in) override {
        if (in.page.treatment.blank) {
            PageText page;
            page.width = in.raster.width();
            page.height = in.raster.height();
            page.engine = engine_->name();
            page.language = settings_.get(kLanguage);
            page.state = ReadState::Blank;
            return nlohmann::json(page);
        }
        if (!session_) { RECTO_ASSIGN(session_, engine_->make_session()); }
        const double ink = in.page.treatment.ink_ratio;
        Result<PageText> page = read_raster(*session_, *engine_, settings_, in.raster, ink > 0 ? ink : -1, in.limits);
        if (!page) {
            Error error = std::move(page.error());
            if (error.file.empty() && in.page.image.source >= 0 &&
                static_cast<std::size_t>(in.page.image.source) < in.item.sources.size()) {
                error.file = in.item.sources[static_cast<std::size_t>(in.page.image.source)].original_name;
                error.page = in.page.image.index + 1;
            }
            return tl::unexpected(std::move(error));
        }
        return nlohmann::json(*page);
    }

  private:
    std::shared_ptr<const OcrEngine> engine_;
    const Settings& settings_;
    std::unique_ptr<OcrSession> session_;
};

class ReadingStage : public PageStage {
  public:
    [[nodiscard]] const StageInfo& info() const override {
        static const StageInfo kInfo = [] {
            StageInfo i;
            i.name = "reading";
            i.version = 7;
            i.settings = {&kEngine, &kRecognizer,    &kLanguage,          &kPrecision, &kDetectorSide,
                          &kClean,  &kMinConfidence, &kMinLineConfidence, &kTessdata};
            // A worn page: the colour picture without seals, its reduced copies, a grey one, and two evened ones with theirs.
            i.peak_bytes_per_pixel = 10;
            i.peak_fixed_bytes = 180U << 20; // one inference of the detector at its largest tile
            i.english = "Reads the text: lines, words and characters with place and confidence, in reading order.";
            i.chinese = "识别文字:行、词、字及其位置和置信度,按阅读顺序。";
            return i;
        }();
        return kInfo;
    }
    Result<void> open(const StageContext& context) override {
        context_ = context;
        RECTO_ASSIGN(engine_, open_engine(context));
        return {};
    }
    [[nodiscard]] std::string data_fingerprint() const override {
        return engine_ ? engine_->name() + ";" + engine_->fingerprint() : std::string();
    }
    [[nodiscard]] std::unique_ptr<PageWorker> make_worker() const override {
        return std::make_unique<ReadingWorker>(engine_, *context_.settings);
    }

  private:
    std::shared_ptr<const OcrEngine> engine_;
};

} // namespace

struct TextReader::State {
    std::unique_ptr<OcrEngine> engine;
    std::unique_ptr<OcrSession> session;
    Settings settings;
};

TextReader::TextReader(std::unique_ptr<State> state) : state_(std::move(state)) {}
TextReader::~TextReader() = default;

Result<std::unique_ptr<TextReader>> TextReader::open(const StageContext& context) {
    auto state = std::make_unique<State>();
    state->settings = *context.settings;
    RECTO_ASSIGN(state->engine, open_engine(context));
    RECTO_ASSIGN(state->session, state->engine->make_session());
    return std::unique_ptr<TextReader>(new TextReader(std::move(state)));
}

Result<PageText> TextReader::read(const Raster& raster, const Limits& limits) {
    return read_raster(*state_->session, *state_->engine, state_->settings, raster, -1, limits);
}

std::unique_ptr<PageStage> make_reading_stage() { return std::make_unique<ReadingStage>(); }

} // namespace recto
