// Treatment as a stage: settings, a worker a thread, limits.

#include <exception>

#include "stages/treatment/orient.h"
#include "stages/treatment/settings.h"
#include "stages/treatment/treatment.h"

namespace recto {

namespace treat {

Options Options::from_settings(const Settings& s) {
    Options o;
    o.orient = s.get(kOrient);
    o.second_opinion_always = s.get(kOrientSecondOpinion) == "always";
    o.split = s.get(kSplit);
    o.deskew = s.get(kDeskew);
    o.max_skew_deg = s.get(kMaxSkew);
    o.min_skew_deg = s.get(kMinSkew);
    o.crop = s.get(kCrop);
    o.crop_margin_mm = s.get(kCropMargin);
    o.keep_targets = s.get(kTargets) == "keep";
    o.separators = s.get(kSeparators);
    o.min_dpi = s.get(kMinDpi);
    o.min_sharpness = s.get(kMinSharpness);
    o.min_contrast = s.get(kMinContrast);
    return o;
}

} // namespace treat

namespace {
/// Asks for Tesseract's model only when the first unsure page comes by: most workers never need it.
class LazyProbe final : public treat::OrientationProbe {
  public:
    treat::Orientation probe(const cv::Mat& grey, double dpi) override {
        if (!tried_) {
            tried_ = true;
            inner_ = treat::make_tesseract_probe();
        }
        return inner_ ? inner_->probe(grey, dpi) : treat::Orientation{};
    }

  private:
    bool tried_ = false;
    std::unique_ptr<treat::OrientationProbe> inner_;
};

class TreatmentWorker final : public ImageWorker {
  public:
    TreatmentWorker(const treat::Options& options, bool ask) : options_(options), ask_(ask) {}

    Result<ImageTreatment> run(const ImageInput& in) override {
        if (in.raster.empty() || in.raster.width() < 1 || in.raster.height() < 1)
            return fail("treat.failed", "the image is empty", in.source.path, in.index + 1);
        if (in.limits.expired())
            return fail_retry("treat.time_limit", "time limit before treatment", in.source.path, in.index + 1);
        try {
            return treat::treat_image(in.raster, in.info, options_, ask_ ? &probe_ : nullptr);
        } catch (const std::exception& e) { return fail("treat.failed", e.what(), in.source.path, in.index + 1); }
    }

  private:
    treat::Options options_;
    bool ask_;
    LazyProbe probe_;
};

class TreatmentStage final : public ImageStage {
  public:
    [[nodiscard]] const StageInfo& info() const override {
        static const StageInfo kInfo = [] {
            StageInfo i;
            i.name = "treatment";
            i.version = 7;
            i.settings = {&treat::kOrient,     &treat::kOrientSecondOpinion,
                          &treat::kSplit,      &treat::kDeskew,
                          &treat::kMaxSkew,    &treat::kMinSkew,
                          &treat::kCrop,       &treat::kCropMargin,
                          &treat::kTargets,    &treat::kSeparators,
                          &treat::kMinDpi,     &treat::kMinSharpness,
                          &treat::kMinContrast};
            // Work images of a quarter of the pixels each (grey, ink, labels), profiles and the full-size grey of a
            // separator sheet; Tesseract's orientation model besides.
            i.peak_bytes_per_pixel = 4.0;
            i.peak_fixed_bytes = std::size_t{48} << 20;
            i.english = "Orientation, split, skew, paper edge, blank pages, quality, separator sheets";
            i.chinese = "方向、拆页、纠斜、纸边、空白页、质量、分隔页";
            return i;
        }();
        return kInfo;
    }
    [[nodiscard]] std::unique_ptr<ImageWorker> make_worker() const override {
        static const Settings kDefaults;
        const Settings& s = context_.settings ? *context_.settings : kDefaults;
        return std::make_unique<TreatmentWorker>(treat::Options::from_settings(s),
                                                 s.get(treat::kOrientSecondOpinion) != "never");
    }
};
} // namespace

std::unique_ptr<ImageStage> make_treatment_stage() { return std::make_unique<TreatmentStage>(); }

} // namespace recto
