#define ZX_USE_UTF8 1
#include "stages/treatment/code_reader.h"

#include <algorithm>
#include <cmath>
#include <numbers>

#include <ZXing/ReadBarcode.h>
#include <opencv2/imgproc.hpp>

#include "stages/treatment/matrix_remains.h"

namespace recto::treat {
namespace {
using Formats = ZXing::BarcodeFormats;
using F = ZXing::BarcodeFormat;
// No UPC, EAN or ITF: they are read out of plain ruling and print too easily and carry no 档号.
const Formats kBarFormats = F::Code128 | F::Code39 | F::Code93 | F::PDF417;
const Formats kMatrixFormats = F::QRCode | F::DataMatrix | F::Aztec;

std::string kind_name(F format) {
    switch (format) {
    case F::Code128: return "code128";
    case F::Code39: return "code39";
    case F::Code93: return "code93";
    case F::QRCode: return "qr";
    case F::DataMatrix: return "datamatrix";
    case F::PDF417: return "pdf417";
    case F::Aztec: return "aztec";
    default: return "barcode";
    }
}

CodeReading read_formats(const cv::Mat& grey, Formats formats, bool errors) {
    CodeReading out;
    if (grey.cols < 8 || grey.rows < 1) return out;
    try {
        ZXing::DecodeHints hints;
        hints.setFormats(formats).setTryHarder(true).setTryRotate(true).setTryDownscale(false);
        hints.setMaxNumberOfSymbols(4).setReturnErrors(errors);
        const auto results = ZXing::ReadBarcodes(
            ZXing::ImageView(grey.data, grey.cols, grey.rows, ZXing::ImageFormat::Lum, static_cast<int>(grey.step)),
            hints);
        for (const auto& r : results) {
            if (!r.isValid()) {
                out.damaged = true;
                continue;
            }
            Barcode b;
            b.kind = kind_name(r.format());
            b.value = r.text();
            if (b.value.size() < 2) continue;
            const auto& p = r.position();
            for (std::size_t i = 0; i < 4; ++i)
                b.place[i] = {static_cast<double>(p[static_cast<int>(i)].x),
                              static_cast<double>(p[static_cast<int>(i)].y)};
            out.codes.push_back(std::move(b));
        }
    } catch (const std::exception&) {
        // A library failure on a strange image means that nothing was read.
    }
    return out;
}

/// Direction across the bars, degrees clockwise from the x axis, -90 to 90.
double across(const cv::Mat& grey) {
    double xx = 0, xy = 0, yy = 0;
    const int step = std::max(1, grey.rows / 200);
    for (int y = 0; y + 1 < grey.rows; y += step) {
        const auto *row = grey.ptr<std::uint8_t>(y), *next = grey.ptr<std::uint8_t>(y + 1);
        for (int x = 0; x + 1 < grey.cols; ++x) {
            const int gx = row[x + 1] - row[x], gy = next[x] - row[x];
            xx += gx * gx;
            xy += gx * gy;
            yy += gy * gy;
        }
    }
    return 0.5 * std::atan2(2 * xy, xx - yy) * 180 / std::numbers::pi;
}

/// The place turned so that its bars are upright.
cv::Mat upright(const cv::Mat& grey, double angle) {
    if (std::abs(angle) < 0.3) return grey;
    const double c = std::abs(std::cos(angle * std::numbers::pi / 180)),
                 s = std::abs(std::sin(angle * std::numbers::pi / 180));
    const cv::Size size(static_cast<int>(grey.cols * c + grey.rows * s),
                        static_cast<int>(grey.cols * s + grey.rows * c));
    cv::Mat m = cv::getRotationMatrix2D({grey.cols / 2.0F, grey.rows / 2.0F}, angle, 1), out;
    m.at<double>(0, 2) += (size.width - grey.cols) / 2.0;
    m.at<double>(1, 2) += (size.height - grey.rows) / 2.0;
    cv::warpAffine(grey, out, m, size, cv::INTER_LINEAR, cv::BORDER_REPLICATE);
    return out;
}

/// Mean along the bars in bands of the height: specks, holes and grain vanish, bars stay as sharp as they are.
std::vector<cv::Mat> bands(const cv::Mat& bars, int count) {
    std::vector<cv::Mat> out;
    const int high = bars.rows / count;
    if (high < 4) return out;
    for (int i = 0; i < count; ++i) {
        cv::Mat mean, stretched;
        cv::reduce(bars.rowRange(i * high, (i + 1) * high), mean, 0, cv::REDUCE_AVG, CV_8U);
        cv::normalize(mean, mean, 0, 255, cv::NORM_MINMAX);
        // Three pixels for one: where a bar is a pixel or two wide, its edges lie between pixels.
        cv::resize(mean, stretched, cv::Size(mean.cols * 3, 16), 0, 0, cv::INTER_CUBIC);
        cv::copyMakeBorder(stretched, stretched, 0, 0, 40, 40, cv::BORDER_CONSTANT, cv::Scalar(255));
        out.push_back(stretched);
    }
    return out;
}

std::vector<Barcode> read_bands(const cv::Mat& grey, bool thorough) {
    const cv::Mat bars = upright(grey, across(grey));
    for (const int count : thorough ? std::vector<int>{5, 3, 9} : std::vector<int>{3})
        for (const cv::Mat& band : bands(bars, count)) {
            CodeReading r = read_formats(band, F::Code128 | F::Code39 | F::Code93, false);
            if (!r.codes.empty()) return r.codes;
        }
    return {};
}

/// True when the mean along the bars keeps most of the contrast, as bars do and lines of text do not.
bool run_through(const cv::Mat& grey) {
    cv::Mat mean;
    const cv::Mat bars = upright(grey, across(grey));
    const cv::Mat middle = bars.rowRange(bars.rows * 2 / 5, std::max(bars.rows * 3 / 5, bars.rows * 2 / 5 + 1));
    cv::reduce(middle, mean, 0, cv::REDUCE_AVG, CV_8U);
    cv::Scalar m, along, all;
    cv::meanStdDev(mean, m, along);
    cv::meanStdDev(middle, m, all);
    return along[0] > 0.6 * all[0];
}

/// True when some of the widths are half as much again as others.
bool differ(std::vector<int> widths) {
    if (widths.size() < 7) return false;
    std::sort(widths.begin(), widths.end());
    const double thin = widths[widths.size() / 5], thick = widths[widths.size() * 17 / 20];
    return thick > 1.5 * thin && thick < 15 * thin;
}

/// True when there are many bars, and they or their spaces have more than one width; ruling and hatching have one.
bool widths_differ(const cv::Mat& grey) {
    const auto profiles = bands(upright(grey, across(grey)), 5);
    if (profiles.size() < 3) return false;
    cv::Mat mask;
    cv::threshold(profiles[2], mask, 0, 255, cv::THRESH_BINARY | cv::THRESH_OTSU);
    std::vector<int> bars, spaces;
    const auto* row = mask.ptr<std::uint8_t>(8);
    for (int x = 1, from = 0; x < mask.cols; ++x)
        if (row[x] != row[x - 1]) {
            if (from > 0) (row[x] ? bars : spaces).push_back(x - from);
            from = x;
        }
    return differ(bars) || differ(spaces);
}

cv::Mat smoothed(const cv::Mat& grey, double sigma) {
    cv::Mat soft;
    cv::GaussianBlur(grey, soft, {0, 0}, sigma);
    cv::threshold(soft, soft, 0, 255, cv::THRESH_BINARY | cv::THRESH_OTSU);
    return soft;
}

/// Widths of the five runs around a corner mark of a QR code, dark ones first: 1 1 3 1 1 modules.
bool is_corner_mark(const int* widths) {
    const double module = (widths[0] + widths[1] + widths[2] + widths[3] + widths[4]) / 7.0;
    if (module < 1.5) return false;
    for (int i = 0; i < 5; ++i) {
        const double want = i == 2 ? 3 * module : module;
        if (std::abs(widths[i] - want) > 0.5 * (i == 2 ? 1.6 : 1) * module) return false;
    }
    return true;
}

/// Middle of the mark that a line of `mask` (0 = dark) crosses with its middle run over `at`; -1 when there is none.
double mark_across(const cv::Mat& mask, int row, int at, double& module) {
    const auto* line = mask.ptr<std::uint8_t>(row);
    if (at < 0 || at >= mask.cols || line[at]) return -1;
    int edges[6]; // of the runs, from the left
    edges[2] = edges[3] = at;
    for (int i = 2; i >= 0; --i) {
        int x = i == 2 ? at : edges[i + 1] - 1;
        const bool dark = i != 1;
        while (x >= 0 && (line[x] == 0) == dark) --x;
        edges[i] = x + 1;
    }
    for (int i = 3; i < 6; ++i) {
        int x = i == 3 ? at : edges[i - 1];
        const bool dark = i != 4;
        while (x < mask.cols && (line[x] == 0) == dark) ++x;
        edges[i] = x;
    }
    int widths[5];
    for (int i = 0; i < 5; ++i) widths[i] = edges[i + 1] - edges[i];
    if (!is_corner_mark(widths)) return -1;
    module = (edges[5] - edges[0]) / 7.0;
    return (edges[2] + edges[3]) / 2.0;
}

/// True when two or three corner marks of a QR code are there, at a distance from each other.
bool has_corner_marks(const cv::Mat& grey) {
    cv::Mat soft, mask, columns;
    cv::medianBlur(grey, soft, 3);
    cv::threshold(soft, mask, 0, 255, cv::THRESH_BINARY | cv::THRESH_OTSU);
    cv::transpose(mask, columns);
    std::vector<cv::Point2d> marks;
    for (int y = 1; y < mask.rows; y += 2)
        for (int x = 0; x < mask.cols; ++x) {
            const auto* line = mask.ptr<std::uint8_t>(y);
            if (line[x] || (x > 0 && !line[x - 1])) continue; // once for each dark run
            int end = x;
            while (end < mask.cols && !line[end]) ++end;
            double across = 0, along = 0;
            const double cx = mark_across(mask, y, (x + end) / 2, across);
            if (cx < 0) continue;
            const double cy = mark_across(columns, static_cast<int>(cx), y, along);
            if (cy < 0 || std::max(across, along) > 1.6 * std::min(across, along)) continue;
            if (std::none_of(marks.begin(), marks.end(),
                             [&](const cv::Point2d& m) { return std::hypot(m.x - cx, m.y - cy) < 8 * across; }))
                marks.emplace_back(cx, cy);
        }
    return marks.size() >= 2;
}

cv::Rect grown(const CodePlace& p, const cv::Size& size) {
    const int block = 16 << p.level, margin = 3 * block / 2;
    return cv::Rect(p.place.x - margin, p.place.y - margin, p.place.width + 2 * margin, p.place.height + 2 * margin) &
           cv::Rect(0, 0, size.width, size.height);
}

/// As the place was found: reduced to its level.
cv::Mat as_found(const cv::Mat& work, const CodePlace& place) {
    if (place.level == 0) return work;
    cv::Mat out;
    cv::resize(work, out, {}, 1.0 / (1 << place.level), 1.0 / (1 << place.level), cv::INTER_AREA);
    return out;
}

/// The same place of the source, as stored.
cv::Mat source_crop(const Raster& raster, const Analysis& a, const cv::Rect& r) {
    const Point p = a.work_to_source({static_cast<double>(r.x), static_cast<double>(r.y)}),
                q = a.work_to_source({static_cast<double>(r.br().x), static_cast<double>(r.br().y)});
    const int x = static_cast<int>(std::min(p.x, q.x)), y = static_cast<int>(std::min(p.y, q.y));
    const cv::Rect box = cv::Rect(x, y, static_cast<int>(std::abs(p.x - q.x)), static_cast<int>(std::abs(p.y - q.y))) &
                         cv::Rect(0, 0, raster.width(), raster.height());
    Raster part;
    part.pixels = raster.pixels(box);
    return to_grey(part);
}
} // namespace

CodeReading read_codes(const cv::Mat& grey) { return read_formats(grey, kBarFormats | kMatrixFormats, false); }

CodeReading read_code_at(const Raster& raster, const Analysis& a, const CodePlace& place, bool thorough) {
    const cv::Rect r = grown(place, a.work.size());
    const cv::Mat work = a.work(r);
    const Formats formats = place.matrix ? kMatrixFormats : kBarFormats;
    CodeReading out;
    const auto settled = [&](CodeReading next) {
        out.damaged |= next.damaged;
        out.codes = std::move(next.codes);
        return !out.codes.empty();
    };
    const auto placed = [&] {
        const cv::Rect& p = place.place;
        const double l = p.x, t = p.y, right = p.br().x, b = p.br().y;
        for (Barcode& c : out.codes) c.place = {{{l, t}, {right, t}, {right, b}, {l, b}}};
        out.damaged = false;
        return std::move(out);
    };
    if (!thorough && !place.matrix && !run_through(a.work(place.place & cv::Rect({0, 0}, a.work.size())))) return out;
    // A page of print has places that look like a matrix; reading each costs milliseconds.
    constexpr double kGrid = 0.12;
    if (!thorough && place.matrix && grid_strength(a.work(place.place & cv::Rect({0, 0}, a.work.size()))) < kGrid)
        return out;
    if (settled(read_formats(work, formats, thorough))) return placed();
    if (!place.matrix) {
        out.codes = read_bands(work, thorough);
        if (!out.codes.empty()) return placed();
    }
    cv::Mat full;
    if (a.factor > 1 && r.area() > 0) {
        full = source_crop(raster, a, r);
        if (settled(read_formats(full, formats, thorough))) return placed();
    }
    if (!thorough) return out;
    if (!place.matrix) {
        if (!full.empty()) {
            out.codes = read_bands(full, true);
            if (!out.codes.empty()) return placed();
        }
        if (settled(read_formats(smoothed(work, 1.6), formats, true))) return placed();
        out.damaged |= widths_differ(work);
        return out;
    }
    cv::Mat clean;
    for (const int side : {3, 5}) {
        cv::medianBlur(work, clean, side); // specks
        if (settled(read_formats(clean, formats, true))) return placed();
    }
    for (const double sigma : {0.8, 1.6, 2.4})
        if (settled(read_formats(smoothed(work, sigma * (1 << place.level)), formats, true))) return placed();
    out.damaged |= has_corner_marks(work);
    if (out.damaged) return out;
    out.damaged = has_solid_corner(as_found(work, place));
    return out;
}

} // namespace recto::treat
