#include "tests/treatment/white_bed_support.h"

#include <algorithm>
#include <cmath>
#include <numbers>
#include <vector>

#include <opencv2/imgproc.hpp>
#include <turbojpeg.h>

namespace recto::test {
namespace {

/// What is left of a grey image when it was a JPEG.
void through_jpeg(cv::Mat& image, int quality) {
    tjhandle in = tjInitCompress(), out = tjInitDecompress();
    unsigned char* bytes = nullptr;
    unsigned long size = 0;
    if (tjCompress2(in, image.data, image.cols, static_cast<int>(image.step), image.rows, TJPF_GRAY, &bytes, &size,
                    TJSAMP_GRAY, quality, 0) == 0)
        tjDecompress2(out, bytes, size, image.data, image.cols, static_cast<int>(image.step), image.rows, TJPF_GRAY, 0);
    tjFree(bytes);
    tjDestroy(in);
    tjDestroy(out);
}

/// A page in millimetres on a picture of levels; the page may lean. Lines and bars get their share of each pixel.
class Paper {
  public:
    Paper(double width_mm, double height_mm, double dpi, double level, std::uint64_t seed)
        : rng_(seed), scale_(dpi / 25.4), image_(static_cast<int>(height_mm * scale_),
                                                 static_cast<int>(width_mm * scale_), CV_32FC1, cv::Scalar(level)) {
        place(width_mm / 2, height_mm / 2, width_mm, height_mm, 0);
    }
    /// From here on coordinates count from the top left of a sheet of that size and place.
    void place(double cx_mm, double cy_mm, double width_mm, double height_mm, double angle_deg) {
        cx_ = cx_mm, cy_ = cy_mm, w_ = width_mm, h_ = height_mm;
        c_ = std::cos(angle_deg * std::numbers::pi / 180), s_ = std::sin(angle_deg * std::numbers::pi / 180);
    }
    [[nodiscard]] Point at(double x, double y) const {
        const double dx = x - w_ / 2, dy = y - h_ / 2;
        return {(cx_ + c_ * dx - s_ * dy) * scale_, (cy_ + s_ * dx + c_ * dy) * scale_};
    }
    double uniform(double a, double b) { return rng_.uniform(a, b); }
    int whole(int a, int b) { return rng_.uniform(a, b + 1); }
    bool chance(double p) { return rng_.uniform(0.0, 1.0) < p; }
    [[nodiscard]] double width() const { return w_; }
    [[nodiscard]] double height() const { return h_; }
    [[nodiscard]] double scale() const { return scale_; }
    [[nodiscard]] cv::Mat& image() { return image_; }

    /// A bar in ink: `level` where it covers a pixel, never lighter than what is there.
    void bar(double x, double y, double w, double h, double level) {
        constexpr int kShift = 5;
        std::array<cv::Point, 4> q;
        const std::array<Point, 4> p{at(x, y), at(x + w, y), at(x + w, y + h), at(x, y + h)};
        cv::Rect box;
        for (std::size_t i = 0; i < 4; ++i) {
            const cv::Rect one(static_cast<int>(p[i].x) - 2, static_cast<int>(p[i].y) - 2, 5, 5);
            box = i == 0 ? one : box | one;
        }
        box &= cv::Rect({0, 0}, image_.size());
        if (box.empty()) return;
        for (std::size_t i = 0; i < 4; ++i)
            q[i] = {static_cast<int>(std::lround((p[i].x - box.x) * 4 * (1 << kShift))),
                    static_cast<int>(std::lround((p[i].y - box.y) * 4 * (1 << kShift)))};
        cv::Mat fine(box.height * 4, box.width * 4, CV_8UC1, cv::Scalar(0)), share;
        cv::fillConvexPoly(fine, q.data(), 4, cv::Scalar(255), cv::LINE_8, kShift);
        cv::resize(fine, share, box.size(), 0, 0, cv::INTER_AREA);
        for (int r = 0; r < box.height; ++r) {
            float* row = image_.ptr<float>(box.y + r) + box.x;
            for (int k = 0; k < box.width; ++k)
                if (const float part = share.at<std::uint8_t>(r, k) / 255.0F; part > 0)
                    row[k] = std::min(row[k], row[k] + part * (static_cast<float>(level) - row[k]));
        }
    }
    void frame(double x, double y, double w, double h, double thick, double level) {
        bar(x, y, w, thick, level), bar(x, y + h - thick, w, thick, level);
        bar(x, y, thick, h, level), bar(x + w - thick, y, thick, h, level);
    }
    /// Lines of words inside a box.
    void words(double x, double y, double w, double h, double level, double fill = 1) {
        const double em = uniform(3, 4.5);
        for (double v = y; v + em < y + h; v += 1.7 * em)
            for (double u = x; u < x + w * (chance(0.2) ? uniform(0.2, 0.9) : 1);) {
                const double length = std::min(uniform(2, 14), x + w - u);
                if (chance(fill) && length > 0.8)
                    for (double k = 0; k < length; k += 0.55 * em) {
                        bar(u + k, v, 0.1 * em, 0.6 * em, level);
                        bar(u + k, v + (chance(0.5) ? 0.52 : 0.25) * em, 0.4 * em, 0.09 * em, level);
                    }
                u += length + 0.5 * em;
            }
    }
    void grid(double x, double y, double w, double h, int columns, int rows, double thick, double level) {
        for (int i = 0; i <= columns; ++i) bar(x + i * w / columns - thick / 2, y, thick, h, level);
        for (int i = 0; i <= rows; ++i) bar(x, y + i * h / rows - thick / 2, w, thick, level);
    }
    /// A soft dark line through (x, y) along `degrees` over the whole picture; `after` times wider on its far side.
    void crease(double x, double y, double degrees, double depth, double width, double after) {
        const Point p = at(x, y);
        const double a = degrees * std::numbers::pi / 180, nx = -std::sin(a), ny = std::cos(a);
        for (int r = 0; r < image_.rows; ++r)
            for (int k = 0; k < image_.cols; ++k) {
                const double d = ((k + 0.5 - p.x) * nx + (r + 0.5 - p.y) * ny) / scale_;
                const double u = d < 0 ? -d / width : d / (width * after);
                if (u < 8) image_.at<float>(r, k) -= static_cast<float>(depth * std::exp(-u));
            }
    }
    /// Lens, grain and JPEG.
    [[nodiscard]] Raster scan(double grain) {
        cv::GaussianBlur(image_, image_, {0, 0}, uniform(0.5, 0.9));
        // Light falls off a little over the bed.
        const double fx = uniform(-3, 3) / image_.cols, fy = uniform(-3, 3) / image_.rows;
        cv::Mat noise(image_.size(), CV_32FC1);
        rng_.fill(noise, cv::RNG::NORMAL, 0, grain);
        image_ += noise;
        for (int r = 0; r < image_.rows; ++r)
            for (int k = 0; k < image_.cols; ++k) image_.at<float>(r, k) += static_cast<float>(fx * k + fy * r);
        Raster out;
        image_.convertTo(out.pixels, CV_8UC1);
        if (chance(0.7)) through_jpeg(out.pixels, whole(70, 95));
        out.mode = ColourMode::Grey;
        out.dpi = {scale_ * 25.4, scale_ * 25.4, DpiSource::File};
        return out;
    }

  private:
    cv::RNG rng_;
    double scale_, cx_ = 0, cy_ = 0, w_ = 0, h_ = 0, c_ = 1, s_ = 0;
    cv::Mat image_;
};

constexpr std::array<std::array<double, 2>, 5> kSizes{{{210, 297}, {148, 210}, {215.9, 279.4}, {184, 260}, {176, 250}}};

void print_sheet(Paper& p) {
    const double w = p.width(), h = p.height(), ink = p.uniform(30, 90), m = p.uniform(8, 22);
    switch (p.whole(0, 4)) {
    case 0: p.words(m, m, w - 2 * m, h - 2 * m, ink); break;
    case 1: p.words(m, m, w - 2 * m, (h - 2 * m) * p.uniform(0.1, 0.5), ink); break;
    case 2:
        p.frame(m, m, w - 2 * m, h - 2 * m, p.uniform(0.1, 1), p.uniform(30, 180));
        p.words(m + 6, m + 8, w - 2 * m - 12, h - 2 * m - 16, ink, 0.8);
        break;
    case 3:
        p.words(m, m, w - 2 * m, 12, ink);
        p.grid(m, m + 16, w - 2 * m, h - 2 * m - 20, p.whole(2, 6), p.whole(5, 25), p.uniform(0.1, 0.4),
               p.uniform(30, 190));
        break;
    default:
        for (double y = m + 10; y < h - m; y += 8) p.bar(m, y, w - 2 * m, 0.2, 170);
        p.words(m, m, w - 2 * m, (h - 2 * m) * 0.6, ink, 0.7);
    }
}

} // namespace

WhiteBed draw_white_bed(std::uint64_t seed) {
    cv::RNG rng(seed * 7919 + 17);
    for (int i = 0; i < 4; ++i) (void)rng.next();
    const auto uniform = [&](double a, double b) { return rng.uniform(a, b); };
    WhiteBed out;
    const auto size = kSizes[static_cast<std::size_t>(rng.uniform(0, 5))];
    const double dpi = std::array<double, 3>{150, 200, 300}[static_cast<std::size_t>(rng.uniform(0, 3))];
    // Sides at the glass's rim lie at the frame, the others have a shadow each; at times one is missing.
    const int frames = rng.uniform(0, 4);
    int first = rng.uniform(0, 4);
    out.at_frame.fill(false);
    for (int i = 0; i < frames; ++i) out.at_frame[static_cast<std::size_t>((first + i) % 4)] = true;
    const double strong = uniform(8, 40);
    for (std::size_t i = 0; i < 4; ++i) out.shadow[i] = out.at_frame[i] ? 0 : std::max(5.0, strong * uniform(0.3, 1.0));
    if (rng.uniform(0.0, 1.0) < 0.2) {
        const std::size_t none = static_cast<std::size_t>(rng.uniform(0, 4));
        if (frames < 3) out.shadow[none] = 0;
    }
    const double angle =
        frames == 0 ? (rng.uniform(0, 3) == 0 ? uniform(-10, 10) : uniform(-2, 2)) : uniform(-0.6, 0.6);
    const double a = std::abs(angle) * std::numbers::pi / 180;
    const double turned_w = size[0] * std::cos(a) + size[1] * std::sin(a),
                 turned_h = size[0] * std::sin(a) + size[1] * std::cos(a);
    // Room of bed beside each side; a side at the frame lies just outside of it, all along.
    std::array<double, 4> room;
    for (std::size_t i = 0; i < 4; ++i)
        room[i] = out.at_frame[i] ? -(i % 2 == 0 ? turned_h - size[1] : turned_w - size[0]) - 0.3 : uniform(4, 60);
    const double bed = uniform(225, 250);
    out.difference = uniform(-8, 8);
    if (rng.uniform(0.0, 1.0) < 0.25) out.difference = 0;
    const double paper = std::min(253.0, bed + out.difference);
    const double width = turned_w + room[1] + room[3], height = turned_h + room[0] + room[2];
    Paper p(width, height, dpi, bed, seed);
    p.place(room[3] + turned_w / 2, room[0] + turned_h / 2, size[0], size[1], angle);
    // Shadow: sharp towards the paper, soft towards the bed.
    std::array<double, 4> reach;
    for (double& r : reach) r = uniform(0.08, 0.5); // mm
    const double c = std::cos(angle * std::numbers::pi / 180), s = std::sin(angle * std::numbers::pi / 180);
    const Point corner = p.at(0, 0);
    for (int y = 0; y < p.image().rows; ++y) {
        float* row = p.image().ptr<float>(y);
        for (int x = 0; x < p.image().cols; ++x) {
            const double dx = (x + 0.5 - corner.x) / p.scale(), dy = (y + 0.5 - corner.y) / p.scale();
            const double u = c * dx + s * dy, v = -s * dx + c * dy;
            const std::array<double, 4> beyond{-v, u - size[0], v - size[1], -u};
            const auto most =
                static_cast<std::size_t>(std::distance(beyond.begin(), std::max_element(beyond.begin(), beyond.end())));
            const double d = beyond[most];
            const double on = std::clamp(0.5 - d * p.scale(), 0.0, 1.0);
            double level = bed;
            if (out.shadow[most] > 0 && d < 12 * reach[most])
                level -= out.shadow[most] * std::exp(-std::max(0.0, d) / reach[most]);
            row[x] = static_cast<float>(on * paper + (1 - on) * level);
        }
    }
    print_sheet(p);
    // The corners that lie in the picture.
    std::array<Point, 4> q{p.at(0, 0), p.at(size[0], 0), p.at(size[0], size[1]), p.at(0, size[1])};
    for (auto& k : q) {
        k.x = std::clamp(k.x, 0.0, static_cast<double>(p.image().cols));
        k.y = std::clamp(k.y, 0.0, static_cast<double>(p.image().rows));
    }
    for (std::size_t i = 0; i < 4; ++i) out.sheet[i] = q[i];
    out.raster = p.scan(uniform(1, 4));
    return out;
}

std::string to_string(EvenPage kind) {
    static constexpr std::array<const char*, kEvenPages> kNames{
        "frame",  "hairline", "double frame", "table", "light table", "ruled",   "framed ruled", "margin",
        "border", "tint",     "stamp",        "fold",  "cross fold",  "picture", "gutter",       "empty"};
    return kNames.at(static_cast<std::size_t>(kind));
}

Raster draw_even_page(EvenPage kind, std::uint64_t seed) {
    cv::RNG rng(seed * 104729 + static_cast<std::uint64_t>(kind));
    const double dpi = std::array<double, 3>{150, 200, 300}[static_cast<std::size_t>(rng.uniform(0, 3))];
    const double w = 210, h = 297;
    Paper p(w, h, dpi, rng.uniform(225.0, 250.0), seed * 31 + static_cast<std::uint64_t>(kind));
    p.place(w / 2, h / 2, w, h, p.uniform(-3, 3));
    const double ink = p.uniform(30, 90), m = p.uniform(6, 30), n = p.chance(0.5) ? m : p.uniform(6, 30);
    const double fw = w - 2 * m, fh = h - 2 * n;
    switch (kind) {
    case EvenPage::Frame:
        p.frame(m, n, fw, fh, p.uniform(0.15, 1.5), p.uniform(30, 160));
        p.words(m + 10, n + 10, fw - 20, (fh - 20) * p.uniform(0.1, 1), ink);
        break;
    case EvenPage::Hairline:
        p.frame(m, n, fw, fh, p.uniform(0.08, 0.25), p.uniform(150, 215));
        p.words(m + 10, n + 10, fw - 20, (fh - 20) * p.uniform(0.1, 1), ink);
        break;
    case EvenPage::DoubleFrame:
        p.frame(m, n, fw, fh, p.uniform(0.4, 1.2), ink);
        p.frame(m + 2, n + 2, fw - 4, fh - 4, 0.15, ink);
        p.words(m + 10, n + 10, fw - 20, (fh - 20) * p.uniform(0.1, 1), ink);
        break;
    case EvenPage::Table:
    case EvenPage::LightTable: {
        const double level = kind == EvenPage::Table ? ink : p.uniform(170, 215);
        const int columns = p.whole(2, 7), rows = p.whole(4, 30);
        p.grid(m, n, fw, fh, columns, rows, p.uniform(0.1, 0.5), level);
        for (int i = 0; i < rows; ++i)
            if (p.chance(0.5)) p.words(m + 2, n + i * fh / rows + 1, fw / columns - 4, 5, ink);
        break;
    }
    case EvenPage::Ruled: {
        const double level = p.uniform(160, 215), pitch = p.uniform(6, 11), x = p.chance(0.5) ? -20 : m;
        for (double y = n; y < h - n; y += pitch) p.bar(x, y, w - 2 * x, p.uniform(0.15, 0.3), level);
        p.words(m, n + 1, fw, fh * p.uniform(0, 0.8), ink, 0.6);
        break;
    }
    case EvenPage::FramedRuled: {
        const double level = p.uniform(150, 205);
        p.grid(m, n, fw, fh, p.whole(6, 14), 1, 0.25, level);
        p.frame(m, n, fw, fh, p.uniform(0.3, 0.8), level);
        if (p.chance(0.5)) p.frame(m - 1.5, n - 1.5, fw + 3, fh + 3, 0.3, level);
        break;
    }
    case EvenPage::Margin: {
        const double level = p.uniform(150, 215), x = p.chance(0.5) ? m : w - m;
        p.bar(x, -20, 0.3, h + 40, level);
        if (p.chance(0.5)) p.bar(x + 1.2, -20, 0.3, h + 40, level);
        for (double y = n; y < h + 10; y += 8) p.bar(-20, y, w + 40, 0.2, p.uniform(190, 220));
        break;
    }
    case EvenPage::Certificate: {
        p.bar(m, n, fw, fh, p.uniform(215, 238));
        p.frame(m, n, fw, fh, 0.4, ink);
        for (double x = m + 2; x < m + fw - 4; x += 4) p.bar(x, n + 1, 2, 4, ink), p.bar(x, n + fh - 5, 2, 4, ink);
        for (double y = n + 2; y < n + fh - 4; y += 4) p.bar(m + 1, y, 4, 2, ink), p.bar(m + fw - 5, y, 4, 2, ink);
        p.frame(m + 6, n + 6, fw - 12, fh - 12, 0.3, ink);
        p.words(m + 30, n + 40, fw - 60, 60, ink);
        break;
    }
    case EvenPage::Tint:
        p.bar(m, n, fw, fh, p.uniform(205, 222));
        p.words(m + 8, n + 8, fw - 16, (fh - 16) * p.uniform(0.2, 1), ink);
        if (p.chance(0.6)) p.words(w / 2 - 6, h - 5.5, 12, 5, ink);
        break;
    case EvenPage::Stamp:
        p.frame(m + 20, n + 30, p.uniform(60, 140), p.uniform(30, 120), p.uniform(0.3, 1), p.uniform(90, 200));
        p.words(m + 28, n + 38, 40, 10, p.uniform(90, 160));
        break;
    case EvenPage::Fold:
        p.crease(w / 2, h * p.uniform(0.35, 0.65), p.uniform(-1, 1), p.uniform(5, 40), p.uniform(0.1, 0.4),
                 p.uniform(0.3, 3));
        p.words(20, 15, w - 40, 60, ink);
        break;
    case EvenPage::CrossFold:
        p.crease(w / 2, h * 0.5, p.uniform(-0.5, 0.5), p.uniform(5, 40), p.uniform(0.1, 0.4), p.uniform(0.3, 3));
        p.crease(w / 2, h * 0.5, 90 + p.uniform(-0.5, 0.5), p.uniform(5, 40), p.uniform(0.1, 0.4), p.uniform(0.3, 3));
        p.words(15, 15, w / 2 - 30, h / 2 - 40, ink);
        break;
    case EvenPage::Picture:
        for (int i = 0; i < 40; ++i) {
            const double level = p.uniform(60, 235), x = p.uniform(0, fw), y = p.uniform(0, fh);
            p.bar(m + x, n + y, p.uniform(0, fw - x), p.uniform(0, fh - y), level);
        }
        p.bar(m, n, fw, fh, p.uniform(200, 235));
        break;
    case EvenPage::Gutter:
        p.crease(p.chance(0.5) ? p.uniform(8, 20) : w - p.uniform(8, 20), h / 2, 90 + p.uniform(-1, 1),
                 p.uniform(20, 90), p.uniform(1, 4), p.uniform(0.5, 2));
        p.words(35, 20, w - 70, h - 40, ink);
        break;
    case EvenPage::Empty: break;
    }
    return p.scan(p.uniform(1, 4));
}

} // namespace recto::test
