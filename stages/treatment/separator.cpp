#define ZX_USE_UTF8 1
#include "stages/treatment/separator.h"

#include <algorithm>
#include <cmath>

#include <ZXing/ReadBarcode.h>
#include <opencv2/imgproc.hpp>

namespace recto::treat {
namespace {
constexpr int kBlock = 16; // work pixels, 2.7 mm at 150 dpi

/// What in the image may be a barcode, told from blocks of gradients: bars have them in one direction only, the modules
/// of a matrix code fill a square about half. Reading barcodes costs as much as all other treatment; most pages have none.
struct Likely {
    int bars = 0;         ///< Blocks in the largest group that looks like bars.
    int matrix = 0;       ///< Blocks in the largest group that looks like modules.
    double elsewhere = 0; ///< Share of the other blocks that hold print.
};

int largest_group(const cv::Mat& mask, int least_width, int least_height, bool square, cv::Mat* members) {
    cv::Mat joined, labels, stats, centroids;
    cv::morphologyEx(mask, joined, cv::MORPH_CLOSE, cv::getStructuringElement(cv::MORPH_RECT, {3, 3}));
    const int n = cv::connectedComponentsWithStats(joined, labels, stats, centroids, 8, CV_32S);
    int best = 0;
    for (int i = 1; i < n; ++i) {
        const int w = stats.at<int>(i, cv::CC_STAT_WIDTH), h = stats.at<int>(i, cv::CC_STAT_HEIGHT);
        const int area = stats.at<int>(i, cv::CC_STAT_AREA);
        if (std::max(w, h) < least_width || std::min(w, h) < least_height || area < w * h / 3) continue;
        if (square && (area < 0.62 * w * h || 3 * std::min(w, h) < 2 * std::max(w, h))) continue;
        best = std::max(best, area);
        if (members) members->setTo(255, labels == i);
    }
    return best;
}

Likely look(const cv::Mat& work) {
    Likely result;
    const int bw = work.cols / kBlock, bh = work.rows / kBlock;
    if (bw < 4 || bh < 4) {
        result.bars = result.matrix = 1; // too small an image to tell; reading it is cheap
        return result;
    }
    cv::Mat bars(bh, bw, CV_8UC1, cv::Scalar(0)), matrix = bars.clone(), print = bars.clone();
    for (int by = 0; by < bh; ++by) {
        for (int bx = 0; bx < bw; ++bx) {
            // Structure tensor of the block: bars, however turned, have gradients along one axis only, and several of
            // them; a rule has two, print has them along all axes.
            double xx = 0, xy = 0, yy = 0, sum = 0;
            int dark = 0, n = 0, rows = 0, least = 255, most = 0;
            // Every other row on the whole, but of both parities: modules of a whole number of pixels have their edges
            // at one of them only.
            for (int k = 0; k < kBlock / 2; ++k) {
                const int y = by * kBlock + 2 * k + k % 2;
                if (y + 1 >= work.rows) break;
                ++rows;
                const auto* row = work.ptr<std::uint8_t>(y) + bx * kBlock;
                const auto* next = work.ptr<std::uint8_t>(y + 1) + bx * kBlock;
                const int last = std::min(kBlock, work.cols - bx * kBlock - 1);
                int line_xx = 0, line_xy = 0, line_yy = 0, line_sum = 0;
                for (int x = 0; x < last; ++x) {
                    const int gx = row[x + 1] - row[x], gy = next[x] - row[x];
                    line_xx += gx * gx;
                    line_xy += gx * gy;
                    line_yy += gy * gy;
                    line_sum += std::max(std::abs(gx), std::abs(gy));
                    least = std::min<int>(least, row[x]);
                    most = std::max<int>(most, row[x]);
                    dark += row[x] < 128;
                }
                xx += line_xx;
                xy += line_xy;
                yy += line_yy;
                sum += line_sum;
                n += last;
            }
            if (n == 0) continue;
            const double mean = sum / n, fill = static_cast<double>(dark) / n;
            const double coherence = std::hypot(xx - yy, 2 * xy) / std::max(1.0, xx + yy);
            const double transitions = sum / std::max(1, rows) / std::max(32, most - least);
            if (most - least > 60 && coherence > 0.8 && transitions > 2.8) bars.at<std::uint8_t>(by, bx) = 255;
            if (mean > 12 && fill > 0.3 && fill < 0.7 && coherence < 0.75) matrix.at<std::uint8_t>(by, bx) = 255;
            if (mean > 5) print.at<std::uint8_t>(by, bx) = 255;
        }
    }
    cv::Mat members(bh, bw, CV_8UC1, cv::Scalar(0));
    result.bars = largest_group(bars, 5, 2, false, &members);
    result.matrix = largest_group(matrix, 3, 3, true, &members);
    // Human-readable text and a frame around the code belong to it.
    cv::dilate(members, members, cv::getStructuringElement(cv::MORPH_RECT, {5, 5}));
    print.setTo(0, members);
    result.elsewhere = static_cast<double>(cv::countNonZero(print)) / (bw * bh);
    return result;
}

std::string kind_name(ZXing::BarcodeFormat format) {
    using F = ZXing::BarcodeFormat;
    switch (format) {
    case F::Code128: return "code128";
    case F::Code39: return "code39";
    case F::Code93: return "code93";
    case F::Codabar: return "codabar";
    case F::ITF: return "itf";
    case F::QRCode: return "qr";
    case F::MicroQRCode: return "micro-qr";
    case F::DataMatrix: return "datamatrix";
    case F::PDF417: return "pdf417";
    case F::Aztec: return "aztec";
    case F::EAN8: return "ean8";
    case F::EAN13: return "ean13";
    case F::UPCA: return "upca";
    case F::UPCE: return "upce";
    default: return "barcode";
    }
}

std::string upper_without_spaces(const std::string& text) {
    std::string out;
    for (const char c : text)
        if (c != ' ' && c != '-' && c != '_') out += static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
    return out;
}

/// Codes in `grey`; places are multiplied by `scale` to give work pixels.
void read_codes(const cv::Mat& grey, double scale, bool harder, std::vector<Barcode>& out) {
    try {
        ZXing::DecodeHints hints;
        using F = ZXing::BarcodeFormat;
        // No UPC, EAN or ITF: they are read out of plain ruling and print too easily and carry no 档号.
        hints.setFormats(F::Code128 | F::Code39 | F::Code93 | F::QRCode | F::DataMatrix | F::PDF417 | F::Aztec);
        hints.setTryHarder(harder).setTryRotate(true).setTryDownscale(false).setMaxNumberOfSymbols(8);
        const cv::Mat whole = grey;
        const auto results = ZXing::ReadBarcodes(
            ZXing::ImageView(whole.data, whole.cols, whole.rows, ZXing::ImageFormat::Lum, static_cast<int>(whole.step)),
            hints);
        for (const auto& r : results) {
            if (!r.isValid()) continue;
            Barcode b;
            b.kind = kind_name(r.format());
            b.value = r.text();
            if (b.value.size() < 2) continue;
            const auto& p = r.position();
            for (std::size_t i = 0; i < 4; ++i) b.place[i] = {p[i].x * scale, p[i].y * scale};
            out.push_back(std::move(b));
        }
    } catch (const std::exception&) {
        // A library failure on a strange image means that nothing was read.
    }
}
} // namespace

bool looks_like_reference_code(const std::string& value) {
    if (value.size() < 4 || value.size() > 120) return false;
    int digits = 0, joints = 0;
    for (std::size_t i = 0; i < value.size(); ++i) {
        const auto c = static_cast<unsigned char>(value[i]);
        if (std::isdigit(c)) ++digits;
        else if (c == '-' || c == '.' || c == '/' || c == '*' || c == '_') ++joints;
        else if (c == 0xC2 && i + 1 < value.size() && static_cast<unsigned char>(value[i + 1]) == 0xB7)
            ++joints; // middle dot
        else if (std::isspace(c) || c == ':' || c == '?' || c == '=' || c == '&' || c < 0x20) return false;
    }
    return digits >= 2 && joints >= 2;
}

SeparatorSearch find_separator(const Raster& raster, const Analysis& a, double work_dpi) {
    SeparatorSearch s;
    const Likely likely = look(a.work);
    const bool bars = likely.bars >= 8, matrix = likely.matrix >= 9;
    if (bars || matrix || likely.bars == 1) {
        read_codes(a.work, 1, true, s.codes);
        // At full resolution only when the sheet promises one and the reduced image did not give it.
        if (s.codes.empty() && a.factor > 1 && (likely.bars >= 12 || likely.elsewhere < 0.12))
            read_codes(to_grey(raster), 1.0 / a.factor, true, s.codes);
        if (s.codes.empty() && likely.bars >= 8) {
            // Fuzzy prints: bars eaten by bad toner close again under a blur along any direction.
            cv::Mat soft;
            cv::GaussianBlur(a.work, soft, {0, 0}, 1.6);
            cv::threshold(soft, soft, 0, 255, cv::THRESH_BINARY | cv::THRESH_OTSU);
            read_codes(soft, 1, true, s.codes);
        }
    }
    std::vector<Barcode> patches = find_patch_codes(a.small, work_dpi / 2);
    s.codes.insert(s.codes.end(), patches.begin(), patches.end());

    const bool sparse = likely.elsewhere < 0.12;
    for (const Barcode& b : s.codes) {
        const std::string plain = upper_without_spaces(b.value);
        if (plain == "PATCHT") {
            s.separator = {"patch-t", ""};
            return s;
        }
    }
    for (const Barcode& b : s.codes) {
        if (b.value.empty()) continue;
        if (sparse || looks_like_reference_code(b.value)) {
            s.separator = {b.kind, b.value};
            return s;
        }
    }
    for (const Barcode& b : s.codes) {
        if (b.kind == "patch-t" || b.kind == "patch-2" || b.kind == "patch-3") {
            s.separator = {b.kind, ""};
            return s;
        }
    }
    s.unreadable = s.codes.empty() && sparse && likely.bars >= 24;
    return s;
}

} // namespace recto::treat
