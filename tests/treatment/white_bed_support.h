#pragma once

/// Scans whose bed is as white as the paper: sheets that show by a line of shadow only, and pages without any bed whose
/// print looks like the edge of a sheet. The truth of the first is exact: sides are drawn by the distance from them.

#include <array>
#include <cstdint>
#include <string>

#include "pipeline/core/raster.h"
#include "pipeline/core/transform.h"

namespace recto::test {

struct WhiteBed {
    Raster raster;
    Quad sheet{}; ///< Corners, as far as they lie in the picture; content's top left clockwise.
    std::array<double, 4>
        shadow; ///< Levels that the shadow of top, right, bottom, left is darker than the bed; 0: none.
    std::array<bool, 4> at_frame; ///< The sheet runs to the picture's frame there.
    double difference = 0;        ///< Level of the paper less that of the bed.
    /// Every side either has a shadow or lies at the frame: the sheet can be found.
    [[nodiscard]] bool whole() const {
        for (std::size_t i = 0; i < 4; ++i)
            if (shadow[i] == 0 && !at_frame[i]) return false;
        return true;
    }
};

/// A sheet of a common size on a white bed, leaning by up to 10 degrees: shadows 5 to 40 levels dark and one to few pixels
/// wide along one to four sides, paper within 8 levels of the bed, grain, JPEG; print up to 8 mm from the sides, at times with
/// frames and tables of its own. 150 to 300 dpi.
[[nodiscard]] WhiteBed draw_white_bed(std::uint64_t seed);

/// What lies beside a sheet for whoever looks at the scan later.
enum class Target {
    Patches, ///< Colour control patches in a row on a white, grey or black card, with names.
    Wedge,   ///< Grey steps in a row, numbered.
    Chart,   ///< Four rows of six patches on a black card.
    Ruler,   ///< White, clear, wooden, of steel, or black; millimetres along one or both edges, figures.
    Scale,   ///< Few patches and a ruler on one card.
};
inline constexpr int kTargets = 5;
[[nodiscard]] std::string to_string(Target kind);

enum class BedKind { White, Grey, Dark };
[[nodiscard]] std::string to_string(BedKind kind);

struct TargetBed : WhiteBed {
    Target target = Target::Patches;
    BedKind bed = BedKind::White;
    std::size_t side = 0; ///< Of the sheet, that the target lies beside.
    double gap_mm = 0;    ///< 0: the target touches the sheet.
    Quad card{};          ///< The target's corners.
};

/// A sheet as in draw_white_bed(), or on a grey or dark bed, and one target that lies about parallel to one of its sides.
/// In colour or grey.
[[nodiscard]] TargetBed draw_target_bed(std::uint64_t seed, BedKind bed);

/// Pages that fill the picture: nothing may be cropped.
enum class EvenPage {
    Frame,       ///< A printed frame, thin to thick, grey to black.
    Hairline,    ///< A frame as thin and as light as a shadow.
    DoubleFrame, ///< A thick line and a thin one within.
    Table,       ///< A grid with few figures.
    LightTable,  ///< The same in light grey.
    Ruled,       ///< Lines to write on, from side to side.
    FramedRuled, ///< Stationery: frame and columns in a light colour.
    Margin,      ///< Ruled paper with a line down its margin, from frame to frame.
    Certificate, ///< An ornate border around a tint.
    Tint,        ///< A box slightly darker than the paper around it.
    Stamp,       ///< A framed stamp and little else.
    Fold,        ///< A soft line across from frame to frame, print on one side of it only.
    CrossFold,   ///< Two of them, crossing; print in one quarter only.
    Picture,     ///< A photograph with light edges on a page.
    Gutter,      ///< A soft dark valley near one side: the next page of a book, empty.
    Empty,       ///< Grain only.
};
inline constexpr int kEvenPages = 16;
[[nodiscard]] std::string to_string(EvenPage kind);

/// A4 at 150 to 300 dpi, leaning by up to 3 degrees.
[[nodiscard]] Raster draw_even_page(EvenPage kind, std::uint64_t seed);
/// The same with a target that lies on the page near one of the picture's sides.
[[nodiscard]] Raster draw_even_page_with_target(EvenPage kind, std::uint64_t seed);

} // namespace recto::test
