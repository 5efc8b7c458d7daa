#include "tests/treatment/codes_support.h"

#include <algorithm>
#include <cmath>
#include <memory>
#include <stdexcept>

#include <opencv2/imgproc.hpp>
#include <zint.h>

namespace recto::test {
namespace {
constexpr double kDpi = 300; ///< Of the drawing; other resolutions are scaled from it.

int px(double mm) { return static_cast<int>(std::lround(mm / 25.4 * kDpi)); }

/// Modules of the symbol, 0 = dark, one pixel each.
cv::Mat modules_of(const std::string& kind, const std::string& value) {
    const std::unique_ptr<zint_symbol, decltype(&ZBarcode_Delete)> symbol(ZBarcode_Create(), &ZBarcode_Delete);
    symbol->symbology = kind == "code128"  ? BARCODE_CODE128
                        : kind == "code39" ? BARCODE_CODE39
                        : kind == "qr"     ? BARCODE_QRCODE
                                           : BARCODE_DATAMATRIX;
    symbol->input_mode = kind == "qr" ? UNICODE_MODE : DATA_MODE;
    if (kind == "datamatrix") symbol->option_3 = DM_SQUARE;
    if (ZBarcode_Encode(symbol.get(), reinterpret_cast<const unsigned char*>(value.data()),
                        static_cast<int>(value.size())) >= ZINT_ERROR)
        throw std::runtime_error(symbol->errtxt);
    cv::Mat out(symbol->rows, symbol->width, CV_8UC1, cv::Scalar(255));
    for (int y = 0; y < symbol->rows; ++y)
        for (int x = 0; x < symbol->width; ++x)
            if ((symbol->encoded_data[y][x >> 3] >> (x & 7)) & 1) out.at<std::uint8_t>(y, x) = 0;
    return out;
}

void text(cv::Mat& sheet, int lines, cv::RNG& rng) {
    const int left = px(25), right = sheet.cols - px(25);
    for (int i = 0; i < lines; ++i) {
        const int y = px(20 + 6.3 * i);
        for (int x = left; x < right - px(4); x += px(3.2)) {
            if (rng.uniform(0, 7) == 0) continue;
            for (int stroke = 0; stroke < 5; ++stroke) {
                const cv::Point a(x + rng.uniform(0, px(2.4)), y + rng.uniform(0, px(3)));
                const cv::Point b = stroke % 2 ? cv::Point(a.x, y + rng.uniform(0, px(3)))
                                               : cv::Point(x + rng.uniform(0, px(2.4)), a.y);
                cv::line(sheet, a, b, cv::Scalar(0), px(0.3));
            }
        }
    }
}

void patch(cv::Mat& sheet) {
    int y = px(60);
    for (const double inches : {0.08, 0.2, 0.08, 0.2}) {
        const int bar = static_cast<int>(std::lround(inches * kDpi));
        cv::rectangle(sheet, cv::Rect(px(35), y, sheet.cols - px(70), bar), cv::Scalar(0), cv::FILLED);
        y += bar + static_cast<int>(std::lround(0.08 * kDpi));
    }
}

void specks(cv::Mat& sheet, double share, double size, cv::RNG& rng) {
    const int count = static_cast<int>(share * sheet.cols * sheet.rows / (size * size));
    const int side = std::max(1, static_cast<int>(std::lround(size)));
    for (int i = 0; i < count; ++i)
        cv::rectangle(sheet, cv::Rect(rng.uniform(0, sheet.cols - side), rng.uniform(0, sheet.rows - side), side, side),
                      cv::Scalar(rng.uniform(0, 2) ? 0 : 255), cv::FILLED);
}
/// A code that was torn at a corner or an edge, wiped while wet, or written over with a thick pen.
void hurt(cv::Mat code, const SheetSpec& spec, int module) {
    cv::RNG rng(spec.seed + 1000);
    const int w = code.cols, h = code.rows;
    if (spec.damage == "torn") {
        // A line across the code, towards one of its corners or edges; what lies behind it is paper.
        const double angle = rng.uniform(0.0, 2 * CV_PI), c = std::cos(angle), s = std::sin(angle);
        std::vector<double> along;
        for (int y = 0; y < h; y += 4)
            for (int x = 0; x < w; x += 4) along.push_back(c * x + s * y);
        std::sort(along.begin(), along.end());
        const double limit =
            along[static_cast<std::size_t>((1 - spec.damaged) * static_cast<double>(along.size() - 1))];
        for (int y = 0; y < h; ++y)
            for (int x = 0; x < w; ++x)
                if (c * x + s * y + 0.3 * module * std::sin(x * 0.2 + y * 0.13) > limit)
                    code.at<std::uint8_t>(y, x) = 255;
    } else if (spec.damage == "smeared") {
        const int wide = static_cast<int>(w * std::sqrt(spec.damaged)),
                  high = static_cast<int>(h * std::sqrt(spec.damaged));
        cv::Mat part = code(cv::Rect(rng.uniform(0, w - wide + 1), rng.uniform(0, h - high + 1), wide, high));
        cv::Mat wiped;
        cv::blur(part, wiped, {7 * module, 2 * module});
        wiped.copyTo(part);
    } else if (spec.damage == "overwritten") {
        const int pen = 2 * module;
        for (double covered = 0; covered < spec.damaged * w * h;) {
            const cv::Point a(rng.uniform(0, w), rng.uniform(0, h)), b(rng.uniform(0, w), rng.uniform(0, h));
            cv::line(code, a, b, cv::Scalar(0), pen);
            covered += pen * std::hypot(a.x - b.x, a.y - b.y);
        }
    }
}
} // namespace

Raster draw_sheet(const SheetSpec& spec) {
    cv::RNG rng(spec.seed);
    cv::Mat sheet(px(297), px(210), CV_8UC1, cv::Scalar(255));
    text(sheet, spec.text_lines, rng);
    if (spec.kind == "patch-t") {
        patch(sheet);
    } else {
        cv::Mat code = modules_of(spec.kind, spec.value);
        const bool bars = code.rows == 1;
        const double module = spec.module_mm > 0 ? spec.module_mm : bars ? 0.5 : 1;
        const int step = std::max(1, px(module));
        const int high = !bars ? step * code.rows : spec.sticker ? px(9) : px(25);
        cv::resize(code, code, cv::Size(step * code.cols, high), 0, 0, cv::INTER_NEAREST);
        const int quiet = 4 * step;
        const cv::Point at = spec.sticker ? cv::Point(sheet.cols - code.cols - px(12), px(8))
                                          : cv::Point((sheet.cols - code.cols) / 2, px(25 + 6.3 * spec.text_lines));
        sheet(cv::Rect(at.x - quiet, at.y - quiet, code.cols + 2 * quiet, code.rows + 2 * quiet) &
              cv::Rect(0, 0, sheet.cols, sheet.rows))
            .setTo(255);
        if (!spec.damage.empty()) hurt(code, spec, step);
        code.copyTo(sheet(cv::Rect(at, code.size())));
    }
    if (spec.speckle > 0) specks(sheet, spec.speckle, px(0.17), rng);
    for (int i = 0; i < spec.quarters; ++i) cv::rotate(sheet, sheet, cv::ROTATE_90_CLOCKWISE);
    if (spec.skew_deg != 0) {
        const cv::Point2f centre(static_cast<float>(sheet.cols) / 2, static_cast<float>(sheet.rows) / 2);
        cv::warpAffine(sheet, sheet, cv::getRotationMatrix2D(centre, -spec.skew_deg, 1), sheet.size(), cv::INTER_LINEAR,
                       cv::BORDER_CONSTANT, cv::Scalar(255));
    }
    if (spec.blur_mm > 0) cv::GaussianBlur(sheet, sheet, {0, 0}, spec.blur_mm / 25.4 * kDpi);
    if (spec.dpi != kDpi)
        cv::resize(sheet, sheet, {}, spec.dpi / kDpi, spec.dpi / kDpi,
                   spec.dpi < kDpi ? cv::INTER_AREA : cv::INTER_CUBIC);
    sheet.convertTo(sheet, CV_8UC1, (spec.paper - spec.ink) / 255.0, spec.ink);
    cv::Mat grain(sheet.size(), CV_16SC1);
    rng.fill(grain, cv::RNG::NORMAL, 0, spec.noise);
    cv::add(sheet, grain, sheet, cv::noArray(), CV_8UC1);
    Raster out;
    out.pixels = sheet;
    out.dpi = {spec.dpi, spec.dpi, DpiSource::File};
    return out;
}

} // namespace recto::test
