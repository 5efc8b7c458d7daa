#include <algorithm>
#include <cmath>

#include <tesseract/baseapi.h>

#include "stages/treatment/orient.h"

namespace recto::treat {
namespace {
class TesseractProbe final : public OrientationProbe {
  public:
    explicit TesseractProbe(const std::string& tessdata) {
        ready_ = api_.Init(tessdata.empty() ? nullptr : tessdata.c_str(), "osd", tesseract::OEM_TESSERACT_ONLY) == 0;
        if (!ready_) return;
        api_.SetPageSegMode(tesseract::PSM_OSD_ONLY);
        api_.SetVariable("debug_file", "/dev/null"); // it reports "too few characters" on stderr otherwise
    }
    ~TesseractProbe() override { api_.End(); }
    [[nodiscard]] bool ready() const { return ready_; }

    Orientation probe(const cv::Mat& grey, double dpi) override {
        Orientation o;
        if (!ready_ || grey.empty()) return o;
        const cv::Mat whole = grey.isContinuous() ? grey : grey.clone();
        api_.SetImage(whole.data, whole.cols, whole.rows, 1, static_cast<int>(whole.step));
        api_.SetSourceResolution(static_cast<int>(std::clamp(dpi, 70.0, 600.0)));
        int degrees = 0;
        float confidence = 0, script_confidence = 0;
        const char* script = nullptr;
        if (api_.DetectOrientationScript(&degrees, &confidence, &script, &script_confidence)) {
            // Tesseract says how far the content is turned clockwise, we say the turn back. Its confidence is a difference of
            // log-likelihoods, and 1 to 2 is where its own users draw the line.
            o.turn_deg = (360 - degrees % 360) % 360;
            o.confidence = 1 - std::exp(-std::max(0.0F, confidence) / 2.2);
            o.scores[o.turn_deg / 90] = 1;
            o.witnesses = 1;
        }
        api_.Clear();
        return o;
    }

  private:
    tesseract::TessBaseAPI api_;
    bool ready_ = false;
};
} // namespace

std::unique_ptr<OrientationProbe> make_tesseract_probe(const std::string& tessdata) {
    auto probe = std::make_unique<TesseractProbe>(tessdata);
    if (!probe->ready()) return nullptr;
    return probe;
}

} // namespace recto::treat
