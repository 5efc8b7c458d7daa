// Print of the sheet's other side, told by reading it in a mirror.

#include <algorithm>

#include "stages/reading/boxes.h"
#include "stages/reading/ppocr_page.h"
#include "stages/reading/shine_through.h"

namespace recto::reading {
namespace {

/// A doubtful line with less than this share of the print's contrast may shine through.
constexpr float kFaintDoubtful = 0.85F;
constexpr double kElsewhere = 0.5;    ///< Share of a line's box within another line.
constexpr double kSureInMirror = 0.9; ///< Confidence of a line in a mirror, of one that has less,
constexpr double kSurer = 0.1;        ///< and by how much it is more than as it lies.

/// Whether most of `part`, of line `own`, belongs to another line that was read at least as well.
bool is_read_elsewhere(const std::vector<ReadLine>& lines, std::size_t own, const Box& part, double confidence) {
    for (std::size_t i = 0; i < lines.size(); ++i) {
        const TextLine& other = lines[i].line;
        if (i == own || other.text.empty() || other.confidence < confidence) continue;
        if (share_within(part, other.box) > kElsewhere) return true;
    }
    return false;
}

} // namespace

/// Beside the print of a line, in one region with it, the other side may go on. Of a sheet that is known to shine through ends of a
/// few letters are asked about, too.
Result<void> PpocrPageReader::drop_mirrored_ends(PageView& view, std::size_t i, float faint, const Limits& limits) {
    ReadLine& line = view.lines[i];
    std::vector<FaintEnd> ends = faint_ends(line, view.regions[i].quad, faint);
    std::ranges::reverse(ends); // the numbers of those before stay
    for (const FaintEnd& end : ends) {
        const bool few = end.letters <= kMostAlike;
        if (few && !view.shines()) continue;
        if (limits.expired()) return expired_error(limits, "while faint ends of lines were looked at in a mirror");
        const std::vector<StripGeometry> strips = plan_strips(end.quad, line.line.vertical);
        double plain = recognize(best(), view.pyramid, strips).line.confidence;
        if (few) plain = std::max(plain, kSureInMirror);
        if (recognize(best(), view.pyramid, mirrored(strips)).line.confidence <= plain) continue;
        ++view.mirrored;
        drop_characters(line, end.from, end.to);
    }
    return {};
}

/// Lines much fainter than the print of the page that read better in a mirror: the other side of the sheet shines through.
/// They become empty.
Result<void> PpocrPageReader::drop_mirrored(PageView& view, const Limits& limits) {
    const float print = contrast_of_print(view.lines);
    for (std::size_t i = 0; i < view.lines.size(); ++i) {
        ReadLine& line = view.lines[i];
        if (line.contrasts.empty()) continue;
        const float faint = print * (line.line.confidence < kDoubtful ? kFaintDoubtful : kFaintPrint);
        std::vector<float> own = line.contrasts;
        const auto middle = own.begin() + static_cast<std::ptrdiff_t>(own.size() / 2);
        std::nth_element(own.begin(), middle, own.end());
        if (*middle >= faint) {
            RECTO_TRY(drop_mirrored_ends(view, i, print * kFaintPrint, limits));
            continue;
        }
        if (limits.expired()) return expired_error(limits, "while faint lines were looked at in a mirror");
        // What was voted on is surer than one reading; both sides are asked the same reader.
        const std::vector<StripGeometry> strips = plan_strips(view.regions[i].quad, line.line.vertical);
        const double plain = recognize(best(), view.pyramid, strips).line.confidence;
        if (recognize(best(), view.pyramid, mirrored(strips)).line.confidence <= plain) continue;
        ++view.mirrored;
        // Print may stand before or behind it in the same region: what is dark is read by itself.
        keep_dark(line, faint);
        const std::optional<Quad> dark = dark_part(view.pyramid, view.regions[i].quad, line.line.vertical, faint);
        if (!dark) continue;
        if (is_read_elsewhere(view.lines, i, bounds(*dark), 0)) {
            line = ReadLine{};
            continue;
        }
        ReadLine print_only = recognize_at(best(), view.pyramid, *dark, line.line.vertical);
        if (print_only.line.confidence < kDoubtful || print_only.contrasts.size() < line.contrasts.size()) continue;
        line = std::move(print_only);
        view.regions[i].quad = *dark;
    }
    if (!view.shines()) return {};
    for (std::size_t i = 0; i < view.lines.size(); ++i) {
        ReadLine& line = view.lines[i];
        if (line.contrasts.empty()) continue;
        // A region of the other side's print may have given nothing but the print that crosses it.
        if (is_read_elsewhere(view.lines, i, line.line.box, line.line.confidence)) {
            line = ReadLine{};
            continue;
        }
        RECTO_TRY(drop_mirrored_ends(view, i, print * kFaintPrint, limits));
        // The edges of stains make the other side as dark as print.
        if (line.line.confidence >= kSureInMirror) continue;
        if (limits.expired()) return expired_error(limits, "while doubtful lines were looked at in a mirror");
        const auto mirror = mirrored(plan_strips(view.regions[i].quad, line.line.vertical));
        const double seen = recognize(best(), view.pyramid, mirror).line.confidence;
        if (seen > std::max(kSureInMirror, line.line.confidence + kSurer)) line = ReadLine{};
    }
    return {};
}

} // namespace recto::reading
