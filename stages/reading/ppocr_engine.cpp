/// PP-OCR (v6) by OpenVINO: the networks that ppocr_page.h reads pages with.

#include "stages/reading/ocr_engine.h"

#include <algorithm>
#include <atomic>
#include <filesystem>
#include <map>
#include <mutex>
#include <shared_mutex>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "pipeline/core/digest.h"
#include "stages/reading/model_file.h"
#include "stages/reading/ppocr_detector.h"
#include "stages/reading/ppocr_page.h"
#include "stages/reading/restore_network.h"
#include "stages/reading/worn_network.h"

#ifdef RECTO_PPOCR
#include <openvino/core/preprocess/pre_post_process.hpp>
#include <openvino/openvino.hpp>
#endif

namespace recto::reading {

namespace {

constexpr const char* kDetector = "ppocrv6_tiny_det.onnx";
constexpr const char* kWords = "chinese_words.txt";
constexpr const char* kPairs = "chinese_pairs.bin";

/// A recognition network: its files are ppocrv6_NAME_rec.onnx and ppocrv6_NAME_dict.txt.
constexpr const char* kTiny = "tiny";
constexpr const char* kSmall = "small";
std::string network_file(std::string_view name) { return fmt::format("ppocrv6_{}_rec.onnx", name); }
std::string dictionary_file(std::string_view name) { return fmt::format("ppocrv6_{}_dict.txt", name); }

std::vector<std::string> networks_of(const PpocrOptions& options) {
    if (options.recognizer != "auto") return {options.recognizer};
    // On Latin print tiny is too often sure and wrong, so that there is nothing to save by asking it first.
    if (!options.chinese) return {kSmall};
    return {kTiny, kSmall};
}

} // namespace

std::vector<std::string> ppocr_files(const PpocrOptions& options) {
    std::vector<std::string> files = {kDetector};
    for (const std::string& network : networks_of(options)) {
        files.push_back(network_file(network));
        files.push_back(dictionary_file(network));
    }
    if (options.chinese) files.insert(files.end(), {kWords, kPairs});
    return files;
}

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
    /// Held while a line is read, and alone while what lines took is given back.
    std::unique_ptr<std::shared_mutex> reads = std::make_unique<std::shared_mutex>();
};

/// All networks compiled; shared by all sessions.
struct Models {
    ov::Core core;
    /// At each three of them some sessions take turns.
    std::vector<std::unique_ptr<DetectorNetwork>> detectors;
    std::vector<std::unique_ptr<RestoreNetwork>> restorers;
    std::vector<std::unique_ptr<WornNetwork>> worn; ///< None where the last recognizer is not the one that learnt.
    std::atomic<std::size_t> sessions = 0;
    std::vector<Recognizer> recognizers; ///< The first reads every line, the second (if any) the doubtful ones again.
    Language language;                   ///< Empty where no text is Chinese.
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

/// The recognizers map 0..255 to -1..1.
std::shared_ptr<ov::Model> as_recognizer(const std::shared_ptr<ov::Model>& model) {
    return with_8bit_input(model, {127.5F, 127.5F, 127.5F}, {127.5F, 127.5F, 127.5F});
}

class PpocrSession : public OcrSession, Networks {
  public:
    PpocrSession(std::shared_ptr<Models> models, const PpocrOptions& options)
        : models_(std::move(models)), options_(options), pages_(*this, options_),
          place_(models_->sessions++ % models_->detectors.size()) {
        for (Recognizer& r : models_->recognizers) recognize_.push_back(r.network.create_infer_request());
    }

    Result<OcrPage> read(const Raster& raster, const Limits& limits) override {
        try {
            return pages_.read(raster, limits);
        } catch (const std::exception& e) { return fail("read.engine", one_line(e.what())); }
    }

    Result<TurnScores> try_turns(const Raster& raster, const Limits& limits) override {
        try {
            auto scores = pages_.try_turns(raster, limits);
            if (!options_.keeps_memory) rest_recognizers();
            return scores;
        } catch (const std::exception& e) { return fail("read.engine", one_line(e.what())); }
    }

  private:
    static ov::Tensor tensor_of(const cv::Mat& rgb) {
        return {ov::element::u8,
                {1, static_cast<std::size_t>(rgb.rows), static_cast<std::size_t>(rgb.cols), 3},
                const_cast<std::uint8_t*>(rgb.data)};
    }

    cv::Mat text_map(const cv::Mat& tile) override { return models_->detectors[place_]->text_map(tile); }
    cv::Mat restored(const cv::Mat& tile) override { return models_->restorers[place_]->restore(tile); }

    /// The network's own until it is asked again.
    ov::Tensor seen_by(std::size_t which, const cv::Mat& strip) {
        ov::InferRequest& request = recognize_[which];
        request.set_input_tensor(tensor_of(strip));
        request.infer();
        return request.get_output_tensor();
    }

    Strip recognize(std::size_t which, const cv::Mat& strip) override {
        const std::shared_lock lock(*models_->recognizers[which].reads);
        const ov::Tensor result = seen_by(which, strip);
        const ov::Shape shape = result.get_shape(); // 1, steps, classes
        const auto steps = static_cast<int>(shape[1]), classes = static_cast<int>(shape[2]);
        return {ctc_decode({result.data<float>(), result.get_size()}, steps, classes), steps};
    }

    [[nodiscard]] bool reads_worn_print() const override { return !models_->worn.empty(); }
    void begin_worn_page() override {
        models_->restorers[place_]->rest();
        models_->detectors[place_]->rest();
        rest_recognizers();
    }
    LineLikelihoods worn_line(const cv::Mat& strip) override { return models_->worn[place_]->read(strip); }
    void end_worn_page() override { models_->worn[place_]->rest(); }

    void rest_recognizers() {
        for (Recognizer& r : models_->recognizers) {
            const std::unique_lock lock(*r.reads);
            r.network.release_memory();
        }
    }

    [[nodiscard]] const Language& language() const override { return models_->language; }
    [[nodiscard]] std::size_t recognizers() const override { return models_->recognizers.size(); }
    [[nodiscard]] const Charset& charset(std::size_t which) const override {
        return models_->recognizers[which].charset;
    }
    [[nodiscard]] Reader reader(std::size_t which) const override {
        return models_->recognizers[which].name == kTiny ? Reader::Tiny : Reader::Small;
    }

    std::shared_ptr<Models> models_;
    PpocrOptions options_;
    PpocrPageReader pages_;
    std::size_t place_; ///< Of its networks among the models'.
    std::vector<ov::InferRequest> recognize_;
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

} // namespace

Result<std::unique_ptr<OcrEngine>> open_ppocr(const PpocrOptions& options) {
    namespace fs = std::filesystem;
    const fs::path folder = options.model_folder;
    const std::vector<std::string> networks = networks_of(options), files = ppocr_files(options);
    std::string fingerprint;
    std::map<std::string, std::string> digests;
    for (const std::string& file : files) {
        RECTO_ASSIGN(const std::string bytes, model_file((folder / file).string()));
        digests[file] = digest_hex(DigestAlgorithm::Sha256, bytes);
        fingerprint += fmt::format("{}=sha256:{};", file, digests[file]);
    }
    auto models = std::make_shared<Models>();
    for (const std::string& network : networks) {
        RECTO_ASSIGN(Charset charset, Charset::load((folder / dictionary_file(network)).string()));
        models->recognizers.push_back({.name = network, .network = {}, .charset = std::move(charset)});
    }
    if (options.chinese) {
        RECTO_ASSIGN(models->language.words, WordList::load((folder / kWords).string()));
        RECTO_ASSIGN(models->language.pairs, WordPairs::load((folder / kPairs).string()));
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
        // The detector's pictures are the largest part of the memory, and its kernels run well on several threads: four
        // workers take turns at one.
        const int detectors = (workers + 3) / 4;
        ov::AnyMap how_detect = how;
        how_detect[ov::num_streams.name()] = ov::streams::Num(1);
        how_detect[ov::inference_num_threads.name()] = (workers + detectors - 1) / detectors;
        // Means and deviations of ImageNet on the 0 to 255 scale, for B, G, R.
        reading = (folder / kDetector).string();
        auto detector =
            with_8bit_input(models->core.read_model(reading), {123.675F, 116.28F, 103.53F}, {58.395F, 57.12F, 57.375F});
        for (int i = 0; i < detectors; ++i) {
            models->detectors.push_back(std::make_unique<DetectorNetwork>(
                models->core, detector, how_detect, cv::Size(kWindowWidth, kWindowHeight), options.keeps_memory));
            models->restorers.push_back(std::make_unique<RestoreNetwork>(models->core, how_detect));
        }
        for (Recognizer& r : models->recognizers) {
            reading = (folder / network_file(r.name)).string();
            auto recognizer = as_recognizer(models->core.read_model(reading));
            const ov::PartialShape output = recognizer->output().get_partial_shape();
            if (output.rank().is_dynamic() || output.size() != 3 || output[2].is_dynamic())
                return fail("read.model", "the recognizer's output is not (lines, steps, classes)", reading);
            RECTO_TRY(r.charset.check(static_cast<int>(output[2].get_length()), reading));
            r.network = models->core.compile_model(recognizer, "CPU", how);
        }
        const auto make_worn = [core = models->core, reading]() mutable {
            auto network = core.read_model(reading);
            learn_worn_print(*network);
            return as_recognizer(network);
        };
        if (options.chinese && has_learnt_worn_print(digests[network_file(networks.back())]))
            for (int i = 0; i < detectors; ++i)
                models->worn.push_back(std::make_unique<WornNetwork>(models->core, make_worn, how_detect));
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
