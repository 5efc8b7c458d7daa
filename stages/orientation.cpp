#include "stages/orientation.h"

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <mutex>
#include <numeric>
#include <utility>

#include "stages/reading/ocr_engine.h"
#include "stages/treatment/settings.h"

namespace recto {

namespace {

constexpr const char* kReader = "tiny"; ///< The cheaper network tells the four directions as clearly as the better one.
constexpr double kEnough = 10;          ///< Characters that read well: from about so many the directions are clear.

reading::PpocrOptions reader_options(const std::string& model_folder) {
    reading::PpocrOptions options;
    options.model_folder = model_folder;
    options.recognizer = kReader;
    options.chinese = false; // no list of words: characters are counted, not chosen
    options.clean = false;
    options.keeps_memory = false; // reading needs it more
    return options;
}

/// The networks for all probes of a maker.
class SharedReader {
  public:
    explicit SharedReader(std::string model_folder) : model_folder_(std::move(model_folder)) {}

    treat::Orientation read(const cv::Mat& grey) {
        const std::lock_guard lock(mutex_);
        if (!std::exchange(tried_, true)) open();
        if (!session_) return {};
        Raster raster;
        raster.pixels = grey;
        const auto scores = session_->try_turns(raster, Limits{});
        return scores ? orientation_of(*scores) : treat::Orientation{};
    }

  private:
    void open() {
        auto engine = reading::open_ppocr(reader_options(model_folder_));
        if (!engine) return; // the page stays and is said to be in doubt; reading itself names what is missing
        engine_ = std::move(*engine);
        if (auto session = engine_->make_session()) session_ = std::move(*session);
    }

    std::string model_folder_;
    std::mutex mutex_;
    bool tried_ = false;
    std::unique_ptr<reading::OcrEngine> engine_;
    std::unique_ptr<reading::OcrSession> session_;
};

class Probe final : public treat::OrientationProbe {
  public:
    explicit Probe(std::shared_ptr<SharedReader> reader) : reader_(std::move(reader)) {}

    treat::Orientation probe(const cv::Mat& grey, double dpi) override {
        if (!std::exchange(tried_, true)) tesseract_ = treat::make_tesseract_probe();
        return tesseract_ ? tesseract_->probe(grey, dpi) : treat::Orientation{};
    }
    treat::Orientation read(const cv::Mat& grey) override { return reader_->read(grey); }

  private:
    std::shared_ptr<SharedReader> reader_;
    bool tried_ = false;
    std::unique_ptr<treat::OrientationProbe> tesseract_;
};

bool asks(const Settings& settings) { return settings.get(treat::kOrientSecondOpinion) != "never"; }

} // namespace

ProbeMaker orientation_probes(const Settings& settings, const std::string& model_folder) {
    if (!asks(settings)) return [] { return std::unique_ptr<treat::OrientationProbe>(); };
    return [reader = std::make_shared<SharedReader>(model_folder)]() -> std::unique_ptr<treat::OrientationProbe> {
        return std::make_unique<Probe>(reader);
    };
}

std::string orientation_readers(const Settings& settings, const std::string& model_folder) {
    if (!asks(settings) || !reading::has_ppocr() || model_folder.empty()) return {};
    std::string all;
    for (const std::string& file : reading::ppocr_files(reader_options(model_folder))) {
        std::error_code ec;
        if (!std::filesystem::is_regular_file(std::filesystem::path(model_folder) / file, ec)) return {};
        all += file + ";";
    }
    return all;
}

treat::Orientation orientation_of(const std::array<double, 4>& scores) {
    treat::Orientation o;
    const auto best = std::ranges::max_element(scores);
    const double all = std::accumulate(scores.begin(), scores.end(), 0.0);
    if (*best <= 0) return o;
    double second = 0;
    for (const double& s : scores)
        if (&s != &*best) second = std::max(second, s);
    o.turn_deg = 90 * static_cast<int>(best - scores.begin());
    o.witnesses = static_cast<int>(std::lround(*best));
    o.confidence = (1 - second / *best) * (1 - std::exp(-*best / kEnough));
    for (std::size_t q = 0; q < 4; ++q) o.scores[q] = scores[q] / all;
    return o;
}

} // namespace recto
