#include "stages/reading/reading.h"

#include <optional>
#include <sstream>

#include "stages/reading/page_reader.h"
#include "stages/reading/print.h"
#include "stages/reading/settings.h"
#include "stages/reading/small_print.h"

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
    ppocr.clean = tesseract.clean;
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

class ReadingWorker : public PageWorker {
  public:
    ReadingWorker(std::shared_ptr<const OcrEngine> engine, const Settings& settings, const FetchText& fetch)
        : engine_(std::move(engine)), settings_(settings), fetch_(fetch) {}

    Result<nlohmann::json> run(const PageInput& in) override {
        if (!session_) { RECTO_ASSIGN(session_, engine_->make_session()); }
        const bool known =
            in.page.image.source >= 0 && static_cast<std::size_t>(in.page.image.source) < in.item.sources.size();
        std::optional<PageOrigin> origin;
        if (known)
            origin.emplace(PageOrigin{in.item.sources[static_cast<std::size_t>(in.page.image.source)],
                                      in.page.image.index, in.page.treatment.transform, in.larger});
        const double ink = in.page.treatment.ink_ratio;
        PageReader reader(*session_, *engine_, settings_, fetch_);
        Result<PageReading> read =
            reader.read(in.raster, ink > 0 ? ink : -1, in.page.treatment.blank, origin ? &*origin : nullptr, in.limits);
        if (!read) {
            Error error = std::move(read.error());
            if (error.file.empty() && origin) {
                error.file = origin->source.original_name;
                error.page = in.page.image.index + 1;
            }
            return tl::unexpected(std::move(error));
        }
        return nlohmann::json(*read);
    }

  private:
    std::shared_ptr<const OcrEngine> engine_;
    const Settings& settings_;
    const FetchText& fetch_;
    std::unique_ptr<OcrSession> session_;
};

class ReadingStage : public PageStage {
  public:
    [[nodiscard]] const StageInfo& info() const override {
        static const StageInfo kInfo = [] {
            StageInfo i;
            i.name = "reading";
            i.version = 18;
            i.settings = {&kEngine, &kRecognizer,    &kLanguage,          &kPrecision, &kDetectorSide,
                          &kClean,  &kMinConfidence, &kMinLineConfidence, &kTessdata,  &kTextLayer};
            // A worn page: the colour picture without seals, its reduced copies, a grey one, an evened one and a restored one with theirs.
            i.peak_bytes_per_pixel = 10;
            // A page of small print is made larger first: the same for that picture, and the picture itself.
            i.small_pixels = kMostToEnlarge;
            i.peak_small_bytes = static_cast<std::size_t>(13 * kMostEnlarged);
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
        return std::make_unique<ReadingWorker>(engine_, *context_.settings, context_.source_text);
    }

  private:
    std::shared_ptr<const OcrEngine> engine_;
};

} // namespace

struct TextReader::State {
    std::unique_ptr<OcrEngine> engine;
    std::unique_ptr<OcrSession> session;
    Settings settings;
    FetchText fetch;
};

TextReader::TextReader(std::unique_ptr<State> state) : state_(std::move(state)) {}
TextReader::~TextReader() = default;

Result<std::unique_ptr<TextReader>> TextReader::open(const StageContext& context) {
    auto state = std::make_unique<State>();
    state->settings = *context.settings;
    state->fetch = context.source_text;
    RECTO_ASSIGN(state->engine, open_engine(context));
    RECTO_ASSIGN(state->session, state->engine->make_session());
    return std::unique_ptr<TextReader>(new TextReader(std::move(state)));
}

Result<PageText> TextReader::read(const Raster& raster, const Limits& limits) {
    return read_print(*state_->session, *state_->engine, state_->settings, raster, -1, limits);
}

Result<PageReading> TextReader::read(const Raster& raster, const PageOrigin& origin, const Limits& limits) {
    PageReader reader(*state_->session, *state_->engine, state_->settings, state_->fetch);
    return reader.read(raster, -1, false, &origin, limits);
}

void to_json(nlohmann::json& j, const PageReading& r) {
    j = r.text;
    if (!r.findings.empty()) j["findings"] = r.findings;
}
void from_json(const nlohmann::json& j, PageReading& r) {
    j.get_to(r.text);
    r.findings = j.value("findings", std::vector<Finding>{});
}

std::unique_ptr<PageStage> make_reading_stage() { return std::make_unique<ReadingStage>(); }

} // namespace recto
