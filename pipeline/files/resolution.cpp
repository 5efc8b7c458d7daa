// Resolution that is missing or not credible, inferred from the sizes paper has.

#include <algorithm>
#include <array>
#include <cmath>

#include <fmt/format.h>

#include "pipeline/files/decode_internal.h"

namespace recto::files {
namespace {

struct Paper {
    double short_mm, long_mm;
    double penalty; ///< Rarer sheets must fit better; in units of relative error.
};

// ISO 216 A and B, the Chinese 开 sizes, JIS B5, US sizes, and the glass of an A4 flatbed.
constexpr std::array kPapers{
    Paper{210, 297, 0.000}, Paper{297, 420, 0.006}, Paper{148, 210, 0.012},     Paper{184, 260, 0.010},
    Paper{195, 270, 0.014}, Paper{182, 257, 0.012}, Paper{176, 250, 0.016},     Paper{260, 370, 0.014},
    Paper{270, 390, 0.016}, Paper{216, 297, 0.008}, Paper{215.9, 279.4, 0.010}, Paper{215.9, 355.6, 0.016},
    Paper{257, 364, 0.018}, Paper{250, 353, 0.020}, Paper{130, 184, 0.018},     Paper{420, 594, 0.016},
    Paper{594, 841, 0.020}, Paper{105, 148, 0.020},
};

struct Usual {
    double dpi, penalty;
};
constexpr std::array kUsual{Usual{300, 0.000}, Usual{200, 0.004}, Usual{600, 0.004}, Usual{400, 0.008},
                            Usual{150, 0.008}, Usual{240, 0.012}, Usual{100, 0.016}};

constexpr double kTolerance = 0.04; ///< Of each side: what cropping and a scanner's margin change.

bool credible(double dpi) { return std::isfinite(dpi) && dpi >= 20 && dpi <= 4800; }

/// 72 and 96 are what programs write when they know nothing. They are believed unless the sheet would be larger than A3
/// and a usual resolution explains the pixels.
bool is_placeholder(double dpi) { return std::abs(dpi - 72) < 0.6 || std::abs(dpi - 96) < 0.6; }

/// 0 when nothing fits.
double infer(double short_px, double long_px) {
    double best = 1, dpi = 0;
    for (const Usual& usual : kUsual)
        for (const Paper& paper : kPapers) {
            const double scale = usual.dpi / 25.4;
            const double error = std::max(std::abs(short_px / (paper.short_mm * scale) - 1),
                                          std::abs(long_px / (paper.long_mm * scale) - 1));
            const double score = error + usual.penalty + paper.penalty;
            if (error <= kTolerance && score < best) {
                best = score;
                dpi = usual.dpi;
            }
        }
    if (dpi > 0) return dpi;
    // No sheet fits; a picture with the proportions of a page is taken as a cropped A4.
    const double ratio = long_px / short_px;
    if (ratio < 1.25 || ratio > 1.6) return 0;
    double nearest = std::log(1.2);
    for (const Usual& usual : kUsual) {
        const double distance = std::abs(std::log(long_px / (297 * usual.dpi / 25.4)));
        if (distance < nearest) {
            nearest = distance;
            dpi = usual.dpi;
        }
    }
    return dpi;
}

std::string text(double dpi) { return fmt::format("{:.6g}", dpi); }

} // namespace

Resolution resolve_dpi(int width, int height, double x, double y) {
    Resolution result;
    const double inferred = infer(std::min(width, height), std::max(width, height));
    bool good_x = credible(x), good_y = credible(y);
    const bool declared = (std::isfinite(x) && x > 0) || (std::isfinite(y) && y > 0);
    if (good_x && good_y && is_placeholder(x) && is_placeholder(y) && inferred > 0 &&
        std::max(width / x, height / y) * 25.4 > 430)
        good_x = good_y = false;
    if (good_x || good_y) {
        result.dpi = {good_x ? x : y, good_y ? y : x, DpiSource::File};
        if (std::abs(result.dpi.x - result.dpi.y) > 0.01 * std::max(result.dpi.x, result.dpi.y))
            result.findings.push_back(
                remark("decode.dpi_uneven", Severity::Info, {text(result.dpi.x), text(result.dpi.y)}));
        return result;
    }
    const double dpi = inferred > 0 ? inferred : 300;
    result.dpi = {dpi, dpi, inferred > 0 ? DpiSource::Inferred : DpiSource::Assumed};
    const std::string was = declared ? text(std::isfinite(x) && x > 0 ? x : y) : std::string();
    const char* code = inferred > 0 ? (declared ? "decode.dpi_replaced" : "decode.dpi_inferred")
                                    : (declared ? "decode.dpi_not_credible" : "decode.dpi_assumed");
    std::vector<std::string> args{text(dpi)};
    if (declared) args.push_back(was);
    result.findings.push_back(remark(code, inferred > 0 ? Severity::Info : Severity::Warning, std::move(args)));
    return result;
}

} // namespace recto::files
