/// PP-OCR (v6 tiny) by OpenVINO: detection, strips, recognition. Everything that needs OpenVINO is in this file.

#include "stages/reading/ocr_engine.h"

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <fstream>
#include <mutex>
#include <sstream>

#include <fmt/format.h>
#include <opencv2/imgproc.hpp>

#include "pipeline/core/digest.h"
#include "stages/reading/ctc.h"
#include "stages/reading/ppocr_detect.h"
#include "stages/reading/ppocr_recognize.h"

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
constexpr const char* kRecognizer = "ppocrv6_tiny_rec.onnx";
constexpr const char* kDictionary = "ppocrv6_tiny_dict.txt";

/// OpenVINO's exceptions carry source positions over several lines; a reason is one line.
std::string one_line(std::string_view what) {
    std::string out;
    for (char c : what) out += c == '\n' || c == '\r' || c == '\t' ? ' ' : c;
    if (out.size() > 300) out.resize(300);
    while (!out.empty() && out.back() == ' ') out.pop_back();
    return out;
}

/// Both networks compiled, with the charset; shared by all sessions.
struct Models {
    ov::Core core;
    ov::CompiledModel detector, recognizer;
    Charset charset;
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
        : models_(std::move(models)), options_(options), detect_(models_->detector.create_infer_request()),
          recognize_(models_->recognizer.create_infer_request()) {}

    Result<OcrPage> read(const Raster& raster, const Limits& limits) override {
        try {
            return read_page(raster, limits);
        } catch (const std::exception& e) { return fail("read.engine", one_line(e.what())); }
    }

  private:
    Result<OcrPage> read_page(const Raster& raster, const Limits& limits) {
        OcrPage out;
        if (raster.empty()) return out;
        Pyramid pyramid(raster.pixels);
        RECTO_ASSIGN(std::vector<TextRegion> regions, detect(pyramid, limits));
        // One strip after the other, widest first: the work of a page never depends on other pages or workers.
        struct Job {
            std::size_t region;
            bool vertical;
            std::vector<StripGeometry> strips;
        };
        std::vector<Job> jobs;
        for (std::size_t i = 0; i < regions.size(); ++i) {
            const Quad& q = regions[i].quad;
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
        std::vector<ReadLine> lines(regions.size());
        for (const Job& job : jobs) {
            if (limits.expired()) return expired_error(limits, "while lines were recognised");
            ReadLine line = recognize(pyramid, job.strips);
            ReadLine& kept = lines[job.region];
            if (kept.line.text.empty() || line.line.confidence > kept.line.confidence) kept = std::move(line);
        }
        drop_shine_through(lines);
        TextBlock block;
        for (ReadLine& read : lines)
            if (!read.line.text.empty() && read.line.confidence >= options_.min_line_confidence)
                block.lines.push_back(std::move(read.line));
        out.blocks.push_back(std::move(block));
        return out;
    }

    Result<std::vector<TextRegion>> detect(Pyramid& pyramid, const Limits& limits) {
        if (limits.expired()) return expired_error(limits, "before text was looked for");
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
            side = detector_side(page, estimate_text_height(grey, 1 << level));
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

    ReadLine recognize(Pyramid& pyramid, const std::vector<StripGeometry>& strips) {
        ReadLine out;
        TextLine& line = out.line;
        for (const StripGeometry& g : strips) {
            cv::Mat strip = cut_strip(pyramid, g);
            recognize_.set_input_tensor(ov::Tensor(
                ov::element::u8, {1, static_cast<std::size_t>(kStripHeight), static_cast<std::size_t>(g.bucket), 3},
                strip.data));
            recognize_.infer();
            const ov::Tensor result = recognize_.get_output_tensor();
            const ov::Shape shape = result.get_shape(); // 1, steps, classes
            const auto steps = static_cast<int>(shape[1]), classes = static_cast<int>(shape[2]);
            const std::vector<CtcChar> characters =
                ctc_decode({result.data<float>(), result.get_size()}, steps, classes);
            ReadLine part = build_line(characters, models_->charset, strip, g, static_cast<double>(g.bucket) / steps,
                                       pyramid.size());
            line.vertical = part.line.vertical;
            for (Word& word : part.line.words) line.words.push_back(std::move(word));
            out.contrasts.insert(out.contrasts.end(), part.contrasts.begin(), part.contrasts.end());
        }
        refresh_line(line);
        return out;
    }

    std::shared_ptr<Models> models_;
    PpocrOptions options_;
    ov::InferRequest detect_, recognize_;
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
    std::string fingerprint;
    for (const char* file : {kDetector, kRecognizer, kDictionary}) {
        RECTO_ASSIGN(const std::string bytes, file_bytes(folder / file));
        fingerprint += fmt::format("{}=sha256:{};", file, digest_hex(DigestAlgorithm::Sha256, bytes));
    }
    auto models = std::make_shared<Models>();
    RECTO_ASSIGN(models->charset, Charset::load((folder / kDictionary).string()));
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
        reading = (folder / kRecognizer).string();
        auto recognizer =
            with_8bit_input(models->core.read_model(reading), {127.5F, 127.5F, 127.5F}, {127.5F, 127.5F, 127.5F});
        const ov::PartialShape output = recognizer->output().get_partial_shape();
        if (output.rank().is_dynamic() || output.size() != 3 || output[2].is_dynamic())
            return fail("read.model", "the recognizer's output is not (lines, steps, classes)", reading);
        RECTO_TRY(models->charset.check(static_cast<int>(output[2].get_length()), reading));
        models->recognizer = models->core.compile_model(recognizer, "CPU", how);
    } catch (const std::exception& e) { return fail("read.model", one_line(e.what()), reading); }
    std::string version = ov::get_openvino_version().buildNumber;
    version = version.substr(0, version.find('-'));
    return std::make_unique<PpocrEngine>(
        std::move(models), options, fmt::format("ppocr v6-tiny (openvino {}{})", version, options.bf16 ? ", bf16" : ""),
        fingerprint + "openvino=" + version);
}

#endif

} // namespace recto::reading
