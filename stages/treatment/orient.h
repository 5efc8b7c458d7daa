#pragma once

/// Which way up? The cheap test looks at the print itself. Other opinions are asked for only where it is unsure: first the networks
/// that read print, then, of what those cannot read, Tesseract. An upright page must never be turned.

#include <memory>
#include <optional>
#include <string>

#include <opencv2/core.hpp>

namespace recto::treat {

struct Orientation {
    int turn_deg = 0;                ///< Clockwise turn that makes the page upright: 0, 90, 180, 270.
    double confidence = 0;           ///< 0 to 1; >= kSureOrientation means "sure".
    double scores[4] = {0, 0, 0, 0}; ///< Share of the evidence for a turn of 0, 90, 180, 270.
    int witnesses = 0;               ///< Pieces of print that were looked at.
};

inline constexpr double kSureOrientation = 0.4; ///< Enough to turn a page without asking.
inline constexpr double kSureUpright = 0.3;     ///< Enough to leave it as it lies without asking.

/// The cheap test. `ink`: normalised_ink() of the page at about 150 dpi as it lies, limited to the page; `skew_deg`:
/// of the content.
[[nodiscard]] Orientation estimate_orientation(const cv::Mat& ink, double skew_deg);

/// What is done about a page's way up.
struct Turn {
    int turn_deg = 0;      ///< Clockwise.
    double confidence = 0; ///< 0 to 1.
    bool unsure = false;   ///< Left as it is although something speaks for a turn: a person should look.
};

/// Whether the cheap test's word is not enough. To leave a page as it lies asks for less than to turn it.
[[nodiscard]] bool needs_second_opinion(const Orientation& cheap);

/// By what reads, weighed with the cheap test: of Chinese print reading leaves two quarter turns, and the cheap test tells which.
/// Nothing where too little reads to tell.
[[nodiscard]] std::optional<Turn> decide_by_reading(const Orientation& cheap, const Orientation& read);

/// `second`: Tesseract's opinion, confidence 0 where it was not asked or cannot tell. It confirms a turn, and never causes one: on
/// broken print it is sure and wrong. A page that the cheap test holds to be upright stays.
[[nodiscard]] Turn decide_turn(const Orientation& cheap, const Orientation& second);

/// Other opinions, asked on one thread. Owned by a worker.
class OrientationProbe {
  public:
    virtual ~OrientationProbe() = default;
    /// By reading print in the four directions. `scores`: shares of the characters that read well; `witnesses`: as many read well
    /// in the best direction. None where nothing reads or no reader is installed.
    virtual Orientation read(const cv::Mat& /*grey*/) { return {}; }
    /// Tesseract's. `grey` with its resolution, pixels an inch. Confidence 0 when it cannot tell.
    virtual Orientation probe(const cv::Mat& grey, double dpi) = 0;
};

/// Tesseract's orientation and script detection (0.3 to 0.4 s a page); null when its model is missing.
/// `tessdata`: folder of osd.traineddata, empty for Tesseract's own.
[[nodiscard]] std::unique_ptr<OrientationProbe> make_tesseract_probe(const std::string& tessdata = {});

} // namespace recto::treat
