#pragma once

/// Mixed raster content (ITU-T T.44) for the compact form of the access PDF: print as a bi-level mask at the page's own
/// resolution, its colour and the paper as small pictures. A page of which it would lose anything stays one picture.
///
/// The mask holds what find_ink (page_ink.h) is sure of, pencil, seals and handwriting included, cut where a mark is half as
/// deep as it gets; pictures and shades are left to the background. What the layers lose is measured on the page composed
/// again, as a viewer draws it: the contrast of every mark of ink, hairlines that are gone, and the colour of everything (CIE 1994).

#include <optional>
#include <string>
#include <vector>

#include "pipeline/core/raster.h"
#include "pipeline/core/result.h"

namespace recto::encode {

/// Print of one kind (black, or coloured as seals are): the mask says where, a small picture in which colour.
struct InkLayer {
    Raster mask;    ///< Bi-level, 0 = ink.
    Raster colours; ///< As a viewer sees them; `colours_jpeg` decoded.
    std::string colours_jpeg;
};

/// The layers of one page. Drawn in this order: `background` over the whole page, then each ink's colours where its mask has
/// ink. Masks of pages under 220 dpi are finer than the page, up to twice.
struct MixedRaster {
    Raster background; ///< As a viewer sees it; `background_jpeg` decoded.
    std::string background_jpeg;
    std::vector<InkLayer> inks; ///< None on an empty page.
};

/// What a viewer's page differs in from the page it was made from.
struct MixedLoss {
    double ink_kept = 1; ///< Share of its contrast to the paper that the mark which lost most kept.
    double gone =
        0; ///< Largest share of the ink of a square of 5 mm that is less than three fifths as deep, hairlines included.
    double colour = 0; ///< Largest mean difference of colour of a square of 2.5 mm, Delta E.
    /// The bounds, found on pages looked at beside their source: docs/FORMATS.md shows pictures on both sides of them.
    static constexpr double kLeastInk = 0.7, kMostGone = 0.1, kMostColour = 7.5;
    [[nodiscard]] bool within() const { return ink_kept >= kLeastInk && gone <= kMostGone && colour <= kMostColour; }
};

struct MixedResult {
    std::optional<MixedRaster>
        layers; ///< Of the last attempt; none for pages that have no layers (bi-level, very small, over 70 million pixels).
    MixedLoss loss; ///< Likewise. Not within its bounds: the page is better kept as one picture.
};

/// What `seen`, another picture of the page of any resolution, differs in from it.
[[nodiscard]] MixedLoss loss_between(const Raster& page, const Raster& seen);

/// `page`: sRGB or grey, no profile. Backgrounds of rising resolution are tried until the loss is within its bounds. Pure function,
/// any thread. At its peak some 15 bytes a pixel beside the page, 52 where the mask is twice as fine.
[[nodiscard]] Result<MixedResult> make_mixed_raster(const Raster& page);

} // namespace recto::encode
