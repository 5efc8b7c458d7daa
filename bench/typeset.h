#pragma once

/// Sets blocks of Chinese and Latin type from fonts and degrades them as prints and scans do: what the classifier of
/// orientation is trained on and judged by. Everything follows from the seed.

#include <cstdint>
#include <string>
#include <vector>

#include <ft2build.h>
#include FT_FREETYPE_H

#include <opencv2/core.hpp>

namespace recto::bench {

enum class Kind { Latin, Figures, HanLines, HanColumns, Woodblock, Receipt };
inline constexpr int kKinds = 6;
[[nodiscard]] const char* name(Kind kind);

struct Block {
    cv::Mat ink; ///< CV_8UC1, 0 = paper; upright but for a skew of some 2 degrees.
    Kind kind = Kind::Latin;
};

class Typesetter {
  public:
    /// Fonts with Han characters set Chinese; all others, and those when chance has it, Latin.
    explicit Typesetter(const std::vector<std::string>& fonts);
    ~Typesetter();
    Typesetter(const Typesetter&) = delete;
    Typesetter& operator=(const Typesetter&) = delete;

    [[nodiscard]] bool empty() const { return latin_.empty() || han_.empty(); }
    /// `side`: about the size of the block, pixels.
    [[nodiscard]] Block set(std::uint32_t seed, int side);
    /// A receipt (bench/receipt.h): none of them is trained on, they only judge.
    [[nodiscard]] Block set_receipt(std::uint32_t seed, int side);

  private:
    FT_Library library_ = nullptr;
    std::vector<FT_Face> faces_, latin_, han_;
    std::vector<char32_t> simplified_, traditional_;
};

} // namespace recto::bench
