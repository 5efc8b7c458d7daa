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
class TreatmentWorker final : public ImageWorker {
  public:
    TreatmentWorker(const treat::Options& options, std::unique_ptr<treat::OrientationProbe> probe)
        : options_(options), probe_(std::move(probe)) {}

    Result<ImageTreatment> run(const ImageInput& in) override {
        if (in.raster.empty() || in.raster.width() < 1 || in.raster.height() < 1)
            return fail("treat.failed", "the image is empty", in.source.path, in.index + 1);
        if (in.limits.expired())
            return fail_retry("treat.time_limit", "time limit before treatment", in.source.path, in.index + 1);
        try {
            return treat::treat_image(in.raster, in.info, options_, probe_.get());
        } catch (const std::exception& e) { return fail("treat.failed", e.what(), in.source.path, in.index + 1); }
    }

  private:
    treat::Options options_;
    std::unique_ptr<treat::OrientationProbe> probe_;
};

class TreatmentStage final : public ImageStage {
  public:
    explicit TreatmentStage(std::function<OrientationHelp(const StageContext&)> help) : asked_(std::move(help)) {}

    [[nodiscard]] const StageInfo& info() const override {
        static const StageInfo kInfo = [] {
            StageInfo i;
            i.name = "treatment";
            i.version = 9;
            i.settings = {&treat::kOrient,     &treat::kOrientSecondOpinion,
                          &treat::kSplit,      &treat::kDeskew,
                          &treat::kMaxSkew,    &treat::kMinSkew,
                          &treat::kCrop,       &treat::kCropMargin,
                          &treat::kTargets,    &treat::kSeparators,
                          &treat::kMinDpi,     &treat::kMinSharpness,
                          &treat::kMinContrast};
            // Work images of a quarter of the pixels each (grey, ink, labels), profiles and the full-size grey of a
            // separator sheet; Tesseract's orientation model besides, and the reader, which serves one page at a time.
            i.peak_bytes_per_pixel = 4.0;
            i.peak_fixed_bytes = std::size_t{128} << 20;
            i.english = "Orientation, split, skew, paper edge, blank pages, quality, separator sheets";
            i.chinese = "方向、拆页、纠斜、纸边、空白页、质量、分隔页";
            return i;
        }();
        return kInfo;
    }
    Result<void> open(const StageContext& context) override {
        context_ = context;
        if (asked_) help_ = asked_(context);
        return {};
    }
    [[nodiscard]] std::string data_fingerprint() const override { return help_.readers; }
    [[nodiscard]] std::unique_ptr<ImageWorker> make_worker() const override {
        static const Settings kDefaults;
        const Settings& s = context_.settings ? *context_.settings : kDefaults;
        return std::make_unique<TreatmentWorker>(treat::Options::from_settings(s),
                                                 help_.make_probe ? help_.make_probe() : nullptr);
    }

  private:
    std::function<OrientationHelp(const StageContext&)> asked_;
    OrientationHelp help_;
};
} // namespace

std::unique_ptr<ImageStage> make_treatment_stage(std::function<OrientationHelp(const StageContext&)> help) {
    return std::make_unique<TreatmentStage>(std::move(help));
}

} // namespace recto
