#pragma once

/// From a text region to the strip of pixels that the recognizer sees, and from what it says back to a line with boxes
/// for every character. No inference here: pure functions, any thread.

#include <array>
#include <vector>

#include <opencv2/core.hpp>

#include "pipeline/core/page_text.h"
#include "stages/reading/boxes.h"
#include "stages/reading/ctc.h"

namespace recto::reading {

inline constexpr int kStripHeight = 48;

/// Strips are drawn this much narrower than they are high: the recognizer reads condensed characters as well, and its
/// cost goes by width (measured on Chinese A4 pages: CER unchanged down to 0.75).
inline constexpr double kCondense = 0.85;

/// The widths the recognizer ever sees, pixels: few, because OpenVINO keeps memory for every shape.
inline constexpr std::array<int, 12> kStripWidths = {64, 112, 176, 272, 400, 560, 752, 976, 1232, 1552, 1952, 2448};

/// The page at full, half, quarter ... size, so that a strip is cut by one bilinear resampling without aliasing.
/// Levels are made when first asked for. One thread.
class Pyramid {
  public:
    explicit Pyramid(cv::Mat page) : levels_{std::move(page)} {}
    [[nodiscard]] cv::Size size() const { return levels_[0].size(); }
    /// Image reduced by 2^level, at most 4 levels.
    [[nodiscard]] const cv::Mat& level(int level);

  private:
    std::vector<cv::Mat> levels_;
};

/// Where a strip lies: strip pixel (u, v) shows the page at origin + u * along + v * across.
struct StripGeometry {
    Point origin, along, across; ///< Page pixels; `along` and `across` a strip pixel.
    int width = 0;               ///< Strip pixels that show the region.
    int bucket = 0;              ///< Width the network sees, one of kStripWidths; the rest is filled with grey.
    bool vertical = false;       ///< Turned by 90 degrees: u runs down the page.

    [[nodiscard]] Point to_page(double u, double v) const {
        return {origin.x + u * along.x + v * across.x, origin.y + u * along.y + v * across.y};
    }
};

/// A line and how dark its characters are, to tell print from what shines through the paper.
struct ReadLine {
    TextLine line;
    std::vector<float> contrasts; ///< A glyph each, in order over all words: grey steps between stroke and paper.
    int skipped = 0;              ///< Chinese characters with ink of two: places at which one seems to be left out.
};

/// Strips of a region: one, or several side by side when it is longer than the widest bucket. A strip that is a
/// little wider or narrower than a bucket is squeezed or stretched onto it, so that no pixel is computed for nothing.
[[nodiscard]] std::vector<StripGeometry> plan_strips(const Quad& quad, bool vertical);

/// The same places from their other ends.
[[nodiscard]] std::vector<StripGeometry> mirrored(std::vector<StripGeometry> strips);

/// The commonest level of a grey picture, within 4 steps: the paper's, in a picture of a line.
[[nodiscard]] int paper_of(const cv::Mat& grey);

/// Cuts a strip: CV_8UC3, kStripHeight x bucket, in the channel order of the pyramid (grey is repeated).
[[nodiscard]] cv::Mat cut_strip(Pyramid& pyramid, const StripGeometry& geometry);

/// A whole region as one grey picture of its natural width and of `height` rows, for an engine that reads lines.
/// `geometry` is filled with where its pixels lie.
[[nodiscard]] cv::Mat cut_line(Pyramid& pyramid, const Quad& quad, bool vertical, int height, StripGeometry& geometry);

/// Boxes of a line that was read from such a picture, brought to the page.
void to_page(TextLine& line, const StripGeometry& geometry, cv::Size page);

/// A line made of decoded characters: spaces settled, words cut, every character with a box found from the ink of the
/// strip between its neighbours. `step` is the width of a time step in strip pixels. Boxes lie within `page`.
[[nodiscard]] ReadLine build_line(const std::vector<CtcChar>& characters, const Charset& charset, const cv::Mat& strip,
                                  const StripGeometry& geometry, double step, cv::Size page);

/// The next strip of a line.
void append(ReadLine& line, ReadLine part);

/// Text, box and confidence of a line from its words (joined by one space).
void refresh_line(TextLine& line);

} // namespace recto::reading
