/// PP-OCR (v6) by OpenVINO: detection, strips, recognition by one network or two. Everything that needs OpenVINO is in
/// this file.

#include "stages/reading/ocr_engine.h"

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <fstream>
#include <mutex>
#include <sstream>

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <opencv2/imgproc.hpp>

#include "pipeline/core/digest.h"
#include "stages/reading/calibrate.h"
#include "stages/reading/clean.h"
#include "stages/reading/ctc.h"
#include "stages/reading/even_contrast.h"
#include "stages/reading/marks.h"
#include "stages/reading/ppocr_detect.h"
#include "stages/reading/ppocr_recognize.h"
#include "stages/reading/unicode.h"
#include "stages/reading/vote.h"

#ifdef RECTO_PPOCR
#include <openvino/core/preprocess/pre_post_process.hpp>
#include <openvino/openvino.hpp>
#endif

namespace recto::reading {

tl::unexpected<Error> expired_error(const Limits& limits, std::string where) {
    if (limits.stop.stop_requested()) return fail_retry("read.cancelled", std::move(where));
    return fail_retry("read.time_limit", std::move(where));
}

#ifndef RECTO_PPOCR

bool has_ppocr() { return false; }
Result<std::unique_ptr<OcrEngine>> open_ppocr(const PpocrOptions&) {
    return fail("missing.ppocr",
                "this build has no OpenVINO; configure with -DRECTO_PPOCR=ON, or set reading.engine=tesseract");
}

#else

bool has_ppocr() { return true; }

namespace {

constexpr const char* kDetector = "ppocrv6_tiny_det.onnx";

/// A recognition network: its files are ppocrv6_NAME_rec.onnx and ppocrv6_NAME_dict.txt.
constexpr const char* kTiny = "tiny";
constexpr const char* kSmall = "small";
std::string network_file(std::string_view name) { return fmt::format("ppocrv6_{}_rec.onnx", name); }
std::string dictionary_file(std::string_view name) { return fmt::format("ppocrv6_{}_dict.txt", name); }

/// A line with a character below it is read again by the second network.
constexpr double kDoubtful = 0.75;
/// Share of doubtful characters from which on a page is worn.
constexpr double kWorn = 0.04;
/// Share of characters unknown to the first network from which on the second reads the whole page.
constexpr double kRare = 0.005;
/// A line is faint below this share of the contrast of characters that are surer than kSure.
constexpr float kFaint = 0.62F;
constexpr double kSure = 0.95;
/// Blur that closes broken strokes, as a share of the height of the letters.
constexpr double kSoften = 0.03;
/// Rows of the picture of a line that Tesseract gets: its letters are then some 30 pixels high.
constexpr int kLineHeight = 56;

/// Latin letters are most of its letters.
bool is_latin(const TextLine& line) {
    int latin = 0, other = 0;
    for (const char32_t c : decode_utf8(line.text)) {
        if (is_word_letter(c)) ++latin;
        else if (is_cjk(c)) ++other;
    }
    return latin > 2 * other;
}

/// OpenVINO's exceptions carry source positions over several lines; a reason is one line.
std::string one_line(std::string_view what) {
    std::string out;
    for (char c : what) out += c == '\n' || c == '\r' || c == '\t' ? ' ' : c;
    if (out.size() > 300) out.resize(300);
    while (!out.empty() && out.back() == ' ') out.pop_back();
    return out;
}

struct Recognizer {
    std::string name;
    ov::CompiledModel network;
    Charset charset;
};

/// All networks compiled; shared by all sessions.
struct Models {
    ov::Core core;
    ov::CompiledModel detector;
    std::vector<Recognizer> recognizers; ///< The first reads every line, the second (if any) the doubtful ones again.
};

/// Puts reordering and normalisation into the network, so that it takes 8-bit R, G, B rows as they lie in memory.
/// `mean` and `scale` are for the network's own order B, G, R, on the 0 to 255 scale.
std::shared_ptr<ov::Model> with_8bit_input(std::shared_ptr<ov::Model> model, const std::vector<float>& mean,
                                           const std::vector<float>& scale) {
    ov::preprocess::PrePostProcessor p(model);
    p.input()
        .tensor()
        .set_element_type(ov::element::u8)
        .set_layout("NHWC")
        .set_color_format(ov::preprocess::ColorFormat::RGB);
    p.input().model().set_layout("NCHW");
    p.input()
        .preprocess()
        .convert_element_type(ov::element::f32)
        .convert_color(ov::preprocess::ColorFormat::BGR)
        .mean(mean)
        .scale(scale);
    return p.build();
}

class PpocrSession : public OcrSession {
  public:
    PpocrSession(std::shared_ptr<Models> models, const PpocrOptions& options)
        : models_(std::move(models)), options_(options), detect_(models_->detector.create_infer_request()) {
        for (Recognizer& r : models_->recognizers) recognize_.push_back(r.network.create_infer_request());
    }

    Result<OcrPage> read(const Raster& raster, const Limits& limits) override {
        try {
            return read_page(raster, limits);
        } catch (const std::exception& e) { return fail("read.engine", one_line(e.what())); }
    }

  private:
    /// One picture of the page and what was read from it.
    struct View {
        explicit View(cv::Mat picture) : pyramid(std::move(picture)) {}
        Pyramid pyramid;
        std::vector<TextRegion> regions;
        std::vector<ReadLine> lines; ///< One a region.
        double text_height = 0;      ///< Pixels; 0: not known.

        /// How many characters are right, by their confidences.
        [[nodiscard]] double worth() const {
            double sum = 0;
            for (const ReadLine& l : lines)
                for (const Word& word : l.line.words)
                    for (const Glyph& g : word.glyphs) sum += std::max(0.0, 2 * g.confidence - 1);
            return sum;
        }
    };

    Result<OcrPage> read_page(const Raster& raster, const Limits& limits) {
        OcrPage out;
        if (raster.empty()) return out;
        View view(raster.pixels);
        RECTO_TRY(read_view(view, kCascade, limits));
        if (recognize_.size() > 1 && has_rare_characters(view)) RECTO_TRY(read_view(view, kSecond, limits));
        drop_mirrored(view);
        if (cascade() && is_worn(view)) RECTO_TRY(look_again(raster, view, limits));
        drop_shine_through(view.lines);
        TextBlock block;
        for (ReadLine& read : view.lines) {
            if (read.line.text.empty() || read.line.confidence < options_.min_line_confidence) continue;
            settle_marks(read.line);
            block.lines.push_back(std::move(read.line));
        }
        out.blocks.push_back(std::move(block));
        return out;
    }

    /// More than one network is there to ask, or Tesseract.
    [[nodiscard]] bool cascade() const { return recognize_.size() > 1 || !options_.second_opinion.languages.empty(); }
    [[nodiscard]] std::size_t best_network() const { return recognize_.size() - 1; }

    /// Characters that the first network does not know were found in the lines that the second read: traditional print, of which
    /// the first is sure where it takes a character for its simplified neighbour.
    [[nodiscard]] bool has_rare_characters(const View& view) const {
        std::size_t rare = 0, all = 0;
        for (const ReadLine& l : view.lines)
            for (const Word& word : l.line.words)
                for (const Glyph& g : word.glyphs) rare += !models_->recognizers[0].charset.has(g.text), ++all;
        return rare >= 3 && rare > kRare * static_cast<double>(all);
    }

    /// Lines much fainter than the print of the page that read better in a mirror: the other side of the sheet shines
    /// through. They become empty.
    void drop_mirrored(View& view) {
        std::vector<float> sure;
        for (const ReadLine& l : view.lines) {
            std::size_t i = 0;
            for (const Word& word : l.line.words)
                for (const Glyph& g : word.glyphs)
                    if (const float c = l.contrasts[i++]; g.confidence > kSure) sure.push_back(c);
        }
        if (sure.size() < 20) return;
        const auto middle = sure.begin() + static_cast<std::ptrdiff_t>(sure.size() / 2);
        std::nth_element(sure.begin(), middle, sure.end());
        const float faint = kFaint * *middle;
        for (std::size_t k = 0; k < view.lines.size(); ++k) {
            ReadLine& l = view.lines[k];
            if (l.contrasts.empty()) continue;
            std::vector<float> own = l.contrasts;
            const auto half = own.begin() + static_cast<std::ptrdiff_t>(own.size() / 2);
            std::nth_element(own.begin(), half, own.end());
            if (*half >= faint) continue;
            std::vector<StripGeometry> strips = plan_strips(view.regions[k].quad, l.line.vertical);
            const ReadLine plain = recognize(best_network(), view.pyramid, strips);
            for (StripGeometry& g : strips) { // the same place from its other end
                g.origin = g.to_page(g.width, 0);
                g.along = {-g.along.x, -g.along.y};
            }
            if (recognize(best_network(), view.pyramid, strips).line.confidence > plain.line.confidence) l = {};
        }
    }

    /// Print so worn that much of it was read in doubt.
    static bool is_worn(const View& view) {
        double doubt = 0, all = 0;
        for (const ReadLine& l : view.lines)
            for (const Word& word : l.line.words)
                for (const Glyph& g : word.glyphs) doubt += g.confidence < kDoubtful, ++all;
        return all > 0 ? doubt > kWorn * all : !view.regions.empty();
    }

    /// Reads pictures with evened contrast, keeps the regions of the one that gives most, and lets all pictures vote on
    /// each of its lines.
    Result<void> look_again(const Raster& raster, View& view, const Limits& limits) {
        cv::Mat grey = to_grey(raster);
        if (const auto streaks = find_scanner_streaks(grey); !streaks.empty()) grey = without_streaks(grey, streaks);
        std::vector<View> views;
        views.push_back(std::move(view));
        for (const double soften : {0.0, kSoften}) {
            if (limits.expired()) return expired_error(limits, "while a worn page was looked at again");
            const double height = views[0].text_height;
            views.emplace_back(even_contrast(grey, height, soften * (height > 0 ? height : 50)));
            RECTO_TRY(read_view(views.back(), kSecond, limits));
            drop_mirrored(views.back());
        }
        const auto best = std::ranges::max_element(views, {}, [](const View& v) { return v.worth(); });
        for (std::size_t i = 0; i < best->regions.size(); ++i) {
            if (best->lines[i].line.words.empty()) continue;
            const bool vertical = best->lines[i].line.vertical;
            const std::vector<StripGeometry> strips = plan_strips(best->regions[i].quad, vertical);
            for (View& other : views) {
                if (&other == &*best) continue;
                if (limits.expired()) return expired_error(limits, "while a worn page was looked at again");
                best->lines[i] = vote(std::move(best->lines[i]), recognize(best_network(), other.pyramid, strips)).line;
            }
        }
        View chosen = std::move(*best);
        view = std::move(chosen);
        return {};
    }

    enum Readers { kCascade, kSecond };

    Result<void> read_view(View& view, Readers readers, const Limits& limits) {
        if (view.regions.empty()) { RECTO_ASSIGN(view.regions, detect(view, limits)); }
        // One strip after the other, widest first: the work of a page never depends on other pages or workers.
        struct Job {
            std::size_t region;
            bool vertical;
            std::vector<StripGeometry> strips;
        };
        std::vector<Job> jobs;
        for (std::size_t i = 0; i < view.regions.size(); ++i) {
            const Quad& q = view.regions[i].quad;
            const double w = std::hypot(q[1].x - q[0].x, q[1].y - q[0].y),
                         h = std::hypot(q[3].x - q[0].x, q[3].y - q[0].y);
            if (w < 2 || h < 2) continue;
            const double slimness = h / w;
            // Tall regions are vertical lines; a little tall may also be one narrow character: both are tried.
            if (slimness <= 2.5) jobs.push_back({i, false, plan_strips(q, false)});
            if (slimness > 1.5) jobs.push_back({i, true, plan_strips(q, true)});
        }
        std::stable_sort(jobs.begin(), jobs.end(),
                         [](const Job& a, const Job& b) { return a.strips[0].bucket > b.strips[0].bucket; });
        view.lines.assign(view.regions.size(), {});
        for (const Job& job : jobs) {
            if (limits.expired()) return expired_error(limits, "while lines were recognised");
            ReadLine line;
            if (readers == kSecond) {
                line = recognize(best_network(), view.pyramid, job.strips);
            } else {
                RECTO_ASSIGN(line,
                             read_line(view.pyramid, view.regions[job.region].quad, job.vertical, job.strips, limits));
            }
            ReadLine& kept = view.lines[job.region];
            if (kept.line.text.empty() || line.line.confidence > kept.line.confidence) kept = std::move(line);
        }
        return {};
    }

    Result<std::vector<TextRegion>> detect(View& view, const Limits& limits) {
        if (limits.expired()) return expired_error(limits, "before text was looked for");
        Pyramid& pyramid = view.pyramid;
        const cv::Size page = pyramid.size();
        int side = options_.detector_side;
        if (side <= 0) {
            int level = 0;
            while (level < 4 && (std::max(page.width, page.height) >> level) > 1400) ++level;
            cv::Mat grey = pyramid.level(level);
            if (grey.channels() == 3) {
                cv::Mat single;
                cv::cvtColor(grey, single, cv::COLOR_RGB2GRAY);
                grey = single;
            }
            view.text_height = estimate_text_height(grey, 1 << level);
            side = detector_side(page, view.text_height);
        }
        const DetectionPlan plan = plan_detection(page, side);
        const cv::Size shown(
            std::min(plan.canvas.width, std::max(1, static_cast<int>(std::lround(page.width * plan.scale_x)))),
            std::min(plan.canvas.height, std::max(1, static_cast<int>(std::lround(page.height * plan.scale_y)))));
        int level = 0;
        while (level < 4 && plan.scale_x * (2 << level) <= 1.0) ++level;
        cv::Mat canvas(plan.canvas, CV_8UC3, cv::Scalar::all(255));
        cv::Mat small;
        cv::resize(pyramid.level(level), small, shown, 0, 0, cv::INTER_LINEAR);
        cv::Mat target = canvas(cv::Rect(cv::Point(0, 0), shown));
        if (small.channels() == 1) cv::cvtColor(small, target, cv::COLOR_GRAY2RGB);
        else small.copyTo(target);

        cv::Mat map(plan.canvas, CV_32FC1, cv::Scalar(0));
        for (const cv::Rect& tile : plan.tiles) {
            if (limits.expired()) return expired_error(limits, "while text was looked for");
            const auto h = static_cast<std::size_t>(tile.height), w = static_cast<std::size_t>(tile.width);
            cv::Mat input = canvas(tile);
            if (!input.isContinuous()) input = input.clone();
            detect_.set_input_tensor(ov::Tensor(ov::element::u8, {1, h, w, 3}, input.data));
            detect_.infer();
            const ov::Tensor result = detect_.get_output_tensor();
            const ov::Shape shape = result.get_shape();
            if (shape.size() != 4 || shape[2] != h || shape[3] != w)
                return fail("read.engine", "the detector's map has another size than its input");
            const cv::Mat part(tile.height, tile.width, CV_32FC1, const_cast<float*>(result.data<float>()));
            cv::Mat here = map(tile);
            cv::max(here, part, here); // where tiles overlap, what either saw
        }
        return regions_of_map(map, plan, page, DetectorParameters{});
    }

    static bool is_doubtful(const ReadLine& line) {
        for (const Word& word : line.line.words)
            for (const Glyph& glyph : word.glyphs)
                if (glyph.confidence < kDoubtful) return true;
        return line.line.words.empty();
    }

    /// The cascade of one line: the first network; the second where the first is in doubt; Tesseract where doubt is left and
    /// the line is Latin.
    Result<ReadLine> read_line(Pyramid& pyramid, const Quad& quad, bool vertical,
                               const std::vector<StripGeometry>& strips, const Limits& limits) {
        VotedLine read{recognize(0, pyramid, strips), {}};
        if (recognize_.size() > 1 && is_doubtful(read.line)) {
            if (limits.expired()) return expired_error(limits, "while doubtful lines were read again");
            read = vote(std::move(read.line), recognize(1, pyramid, strips));
        }
        if (options_.second_opinion.languages.empty() || !is_latin(read.line.line)) return std::move(read.line);
        if (!is_doubtful(read.line) && std::ranges::count(read.votes, Vote::Disputed) == 0) return std::move(read.line);
        if (!lines_) { RECTO_ASSIGN(lines_, make_tesseract_lines(options_.second_opinion)); }
        StripGeometry g;
        const cv::Mat strip = cut_line(pyramid, quad, vertical, kLineHeight, g);
        ReadLine third;
        RECTO_ASSIGN(third.line, lines_->read(strip, limits));
        to_page(third.line, g, pyramid.size());
        calibrate(third.line, Reader::Tesseract);
        return vote(std::move(read.line), std::move(third)).line;
    }

    ReadLine recognize(std::size_t which, Pyramid& pyramid, const std::vector<StripGeometry>& strips) {
        ov::InferRequest& request = recognize_[which];
        const Charset& charset = models_->recognizers[which].charset;
        ReadLine out;
        TextLine& line = out.line;
        for (const StripGeometry& g : strips) {
            cv::Mat strip = cut_strip(pyramid, g);
            request.set_input_tensor(ov::Tensor(
                ov::element::u8, {1, static_cast<std::size_t>(kStripHeight), static_cast<std::size_t>(g.bucket), 3},
                strip.data));
            request.infer();
            const ov::Tensor result = request.get_output_tensor();
            const ov::Shape shape = result.get_shape(); // 1, steps, classes
            const auto steps = static_cast<int>(shape[1]), classes = static_cast<int>(shape[2]);
            const std::vector<CtcChar> characters =
                ctc_decode({result.data<float>(), result.get_size()}, steps, classes);
            ReadLine part =
                build_line(characters, charset, strip, g, static_cast<double>(g.bucket) / steps, pyramid.size());
            line.vertical = part.line.vertical;
            for (Word& word : part.line.words) line.words.push_back(std::move(word));
            out.contrasts.insert(out.contrasts.end(), part.contrasts.begin(), part.contrasts.end());
        }
        refresh_line(line);
        calibrate(line, models_->recognizers[which].name == kTiny ? Reader::Tiny : Reader::Small);
        return out;
    }

    std::shared_ptr<Models> models_;
    PpocrOptions options_;
    ov::InferRequest detect_;
    std::vector<ov::InferRequest> recognize_;
    std::unique_ptr<LineReader> lines_; ///< Made when first needed.
};

class PpocrEngine : public OcrEngine {
  public:
    PpocrEngine(std::shared_ptr<Models> models, PpocrOptions options, std::string name, std::string fingerprint)
        : models_(std::move(models)), options_(std::move(options)), name_(std::move(name)),
          fingerprint_(std::move(fingerprint)) {}
    [[nodiscard]] const std::string& name() const override { return name_; }
    [[nodiscard]] const std::string& fingerprint() const override { return fingerprint_; }
    [[nodiscard]] Result<std::unique_ptr<OcrSession>> make_session() const override {
        try {
            return std::make_unique<PpocrSession>(models_, options_);
        } catch (const std::exception& e) { return fail("read.engine", one_line(e.what())); }
    }

  private:
    std::shared_ptr<Models> models_;
    PpocrOptions options_;
    std::string name_, fingerprint_;
};

Result<std::string> file_bytes(const std::filesystem::path& path) {
    std::error_code ec;
    if (!std::filesystem::is_regular_file(path, ec))
        return fail("missing.model", "the model file is missing; scripts/setup fetches it", path.string());
    std::ifstream in(path, std::ios::binary);
    std::stringstream content;
    content << in.rdbuf();
    if (!in) return fail("missing.model", "the model file cannot be read", path.string());
    return content.str();
}

} // namespace

Result<std::unique_ptr<OcrEngine>> open_ppocr(const PpocrOptions& options) {
    namespace fs = std::filesystem;
    const fs::path folder = options.model_folder;
    // On Latin print tiny is too often sure and wrong, so that there is nothing to save by asking it first.
    std::vector<std::string> networks = {kTiny, kSmall};
    if (!options.chinese) networks = {kSmall};
    if (options.recognizer != "auto") networks = {options.recognizer};
    std::vector<std::string> files = {kDetector};
    for (const std::string& network : networks) {
        files.push_back(network_file(network));
        files.push_back(dictionary_file(network));
    }
    std::string fingerprint;
    for (const std::string& file : files) {
        RECTO_ASSIGN(const std::string bytes, file_bytes(folder / file));
        fingerprint += fmt::format("{}=sha256:{};", file, digest_hex(DigestAlgorithm::Sha256, bytes));
    }
    auto models = std::make_shared<Models>();
    for (const std::string& network : networks) {
        RECTO_ASSIGN(Charset charset, Charset::load((folder / dictionary_file(network)).string()));
        models->recognizers.push_back({network, {}, std::move(charset)});
    }
    std::string reading;
    try {
        const int workers = std::max(1, options.workers);
        const ov::AnyMap how = {
            ov::num_streams(ov::streams::Num(workers)),
            ov::inference_num_threads(workers),
            ov::hint::enable_cpu_pinning(false),
            ov::hint::inference_precision(options.bf16 ? ov::element::bf16 : ov::element::f32),
            {"CPU_RUNTIME_CACHE_CAPACITY", "16"},
        };
        // Means and deviations of ImageNet on the 0 to 255 scale, for B, G, R; the recognizer maps 0..255 to -1..1.
        reading = (folder / kDetector).string();
        auto detector =
            with_8bit_input(models->core.read_model(reading), {123.675F, 116.28F, 103.53F}, {58.395F, 57.12F, 57.375F});
        models->detector = models->core.compile_model(detector, "CPU", how);
        for (Recognizer& r : models->recognizers) {
            reading = (folder / network_file(r.name)).string();
            auto recognizer =
                with_8bit_input(models->core.read_model(reading), {127.5F, 127.5F, 127.5F}, {127.5F, 127.5F, 127.5F});
            const ov::PartialShape output = recognizer->output().get_partial_shape();
            if (output.rank().is_dynamic() || output.size() != 3 || output[2].is_dynamic())
                return fail("read.model", "the recognizer's output is not (lines, steps, classes)", reading);
            RECTO_TRY(r.charset.check(static_cast<int>(output[2].get_length()), reading));
            r.network = models->core.compile_model(recognizer, "CPU", how);
        }
    } catch (const std::exception& e) { return fail("read.model", one_line(e.what()), reading); }
    std::string version = ov::get_openvino_version().buildNumber;
    version = version.substr(0, version.find('-'));
    return std::make_unique<PpocrEngine>(std::move(models), options,
                                         fmt::format("ppocr v6-{} (openvino {}{}){}{}", fmt::join(networks, "+"),
                                                     version, options.bf16 ? ", bf16" : "",
                                                     options.second_name.empty() ? "" : ", ", options.second_name),
                                         fingerprint + "openvino=" + version + ";" + options.second_fingerprint);
}

#endif

} // namespace recto::reading
