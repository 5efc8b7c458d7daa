#include "tests/treatment/white_bed_support.h"

#include <algorithm>
#include <cmath>
#include <numbers>
#include <vector>

#include <opencv2/imgproc.hpp>
#include <turbojpeg.h>

namespace recto::test {
namespace {

/// What is left of an image when it was a JPEG.
void through_jpeg(cv::Mat& image, int quality) {
    const int format = image.channels() == 3 ? TJPF_RGB : TJPF_GRAY,
              sampling = image.channels() == 3 ? TJSAMP_420 : TJSAMP_GRAY;
    tjhandle in = tjInitCompress(), out = tjInitDecompress();
    unsigned char* bytes = nullptr;
    unsigned long size = 0;
    if (tjCompress2(in, image.data, image.cols, static_cast<int>(image.step), image.rows, format, &bytes, &size,
                    sampling, quality, 0) == 0)
        tjDecompress2(out, bytes, size, image.data, image.cols, static_cast<int>(image.step), image.rows, format, 0);
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
        cover(x, y, w, h, [&](int r, int k, float part) {
            float& v = image_.at<float>(r, k);
            v = std::min(v, v + part * (static_cast<float>(level) - v));
            for (cv::Mat* plane : {&green_, &blue_})
                if (!plane->empty()) {
                    float& u = plane->at<float>(r, k);
                    u = std::min(u, u + part * (static_cast<float>(level) - u));
                }
        });
    }
    /// Something opaque.
    void lay(double x, double y, double w, double h, const cv::Vec3d& rgb) {
        cover(x, y, w, h, [&](int r, int k, float part) {
            std::size_t c = 0;
            const double grey = 0.299 * rgb[0] + 0.587 * rgb[1] + 0.114 * rgb[2];
            for (cv::Mat* plane : {&image_, &green_, &blue_}) {
                if (plane->empty()) break;
                float& v = plane->at<float>(r, k);
                v += part * (static_cast<float>(green_.empty() ? grey : rgb[static_cast<int>(c)]) - v);
                ++c;
            }
        });
    }
    void lay(double x, double y, double w, double h, double level) { lay(x, y, w, h, cv::Vec3d(level, level, level)); }
    /// From here on in colour; what was drawn stays grey.
    void in_colour() {
        green_ = image_.clone();
        blue_ = image_.clone();
    }
    /// A shadow around a card: `depth` levels at its rim, `reach` millimetres wide.
    void shade_around(double w, double h, double depth, double reach) {
        for (int r = 0; r < image_.rows; ++r)
            for (int k = 0; k < image_.cols; ++k) {
                const double dx = (k + 0.5) / scale_ - cx_, dy = (r + 0.5) / scale_ - cy_;
                const double u = std::abs(c_ * dx + s_ * dy) - w / 2, v = std::abs(-s_ * dx + c_ * dy) - h / 2;
                const double d = std::max(u, v);
                if (d < -1 || d > 12 * reach) continue;
                const auto dark = static_cast<float>(depth * std::exp(-std::max(0.0, d) / reach));
                for (cv::Mat* plane : {&image_, &green_, &blue_})
                    if (!plane->empty()) plane->at<float>(r, k) -= dark;
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
        const double blur = uniform(0.5, 0.9);
        // Light falls off a little over the bed.
        const double fx = uniform(-3, 3) / image_.cols, fy = uniform(-3, 3) / image_.rows;
        std::vector<cv::Mat> planes;
        for (cv::Mat* plane : {&image_, &green_, &blue_}) {
            if (plane->empty()) continue;
            cv::GaussianBlur(*plane, *plane, {0, 0}, blur);
            cv::Mat noise(plane->size(), CV_32FC1);
            rng_.fill(noise, cv::RNG::NORMAL, 0, grain);
            *plane += noise;
            for (int r = 0; r < plane->rows; ++r)
                for (int k = 0; k < plane->cols; ++k) plane->at<float>(r, k) += static_cast<float>(fx * k + fy * r);
            planes.emplace_back();
            plane->convertTo(planes.back(), CV_8UC1);
        }
        Raster out;
        cv::merge(planes, out.pixels);
        if (chance(0.7)) through_jpeg(out.pixels, whole(70, 95));
        out.mode = planes.size() == 3 ? ColourMode::Colour : ColourMode::Grey;
        out.dpi = {scale_ * 25.4, scale_ * 25.4, DpiSource::File};
        return out;
    }

  private:
    /// Calls `put` with each pixel that the bar covers and its share.
    template <class Put> void cover(double x, double y, double w, double h, const Put& put) {
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
        for (int r = 0; r < box.height; ++r)
            for (int k = 0; k < box.width; ++k)
                if (const float part = share.at<std::uint8_t>(r, k) / 255.0F; part > 0) put(box.y + r, box.x + k, part);
    }

    cv::RNG rng_;
    double scale_, cx_ = 0, cy_ = 0, w_ = 0, h_ = 0, c_ = 1, s_ = 0;
    cv::Mat image_, green_, blue_; ///< The latter two are empty while the page is grey.
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

/// What a bed with its sheet is drawn from; millimetres, levels.
struct BedPlan {
    std::array<double, 2> size{};
    double dpi = 150, angle = 0, bed = 0, paper = 0, turned_w = 0, turned_h = 0;
    std::array<double, 4> shadow{}, room{}, reach{};
    std::array<bool, 4> at_frame{};
    double difference = 0, grain = 0;
    std::uint64_t seed = 0;
};

BedPlan plan_bed(std::uint64_t seed) {
    cv::RNG rng(seed * 7919 + 17);
    for (int i = 0; i < 4; ++i) (void)rng.next();
    const auto uniform = [&](double a, double b) { return rng.uniform(a, b); };
    BedPlan out;
    out.seed = seed;
    out.size = kSizes[static_cast<std::size_t>(rng.uniform(0, 5))];
    out.dpi = std::array<double, 3>{150, 200, 300}[static_cast<std::size_t>(rng.uniform(0, 3))];
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
    out.angle = frames == 0 ? (rng.uniform(0, 3) == 0 ? uniform(-10, 10) : uniform(-2, 2)) : uniform(-0.6, 0.6);
    const double a = std::abs(out.angle) * std::numbers::pi / 180;
    out.turned_w = out.size[0] * std::cos(a) + out.size[1] * std::sin(a);
    out.turned_h = out.size[0] * std::sin(a) + out.size[1] * std::cos(a);
    // Room of bed beside each side; a side at the frame lies just outside of it, all along.
    for (std::size_t i = 0; i < 4; ++i)
        out.room[i] = out.at_frame[i] ? -(i % 2 == 0 ? out.turned_h - out.size[1] : out.turned_w - out.size[0]) - 0.3
                                      : uniform(4, 60);
    out.bed = uniform(225, 250);
    out.difference = uniform(-8, 8);
    if (rng.uniform(0.0, 1.0) < 0.25) out.difference = 0;
    out.paper = std::min(253.0, out.bed + out.difference);
    for (double& r : out.reach) r = uniform(0.08, 0.5);
    out.grain = uniform(1, 4);
    return out;
}

/// The bed, the sheet and its print; afterwards coordinates count from the sheet's corner.
Paper draw_planned(const BedPlan& plan, Quad& sheet) {
    const double width = plan.turned_w + plan.room[1] + plan.room[3],
                 height = plan.turned_h + plan.room[0] + plan.room[2];
    Paper p(width, height, plan.dpi, plan.bed, plan.seed);
    const auto& size = plan.size;
    p.place(plan.room[3] + plan.turned_w / 2, plan.room[0] + plan.turned_h / 2, size[0], size[1], plan.angle);
    // Shadow: sharp towards the paper, soft towards the bed.
    const double c = std::cos(plan.angle * std::numbers::pi / 180), s = std::sin(plan.angle * std::numbers::pi / 180);
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
            double level = plan.bed;
            if (plan.shadow[most] > 0 && d < 12 * plan.reach[most])
                level -= plan.shadow[most] * std::exp(-std::max(0.0, d) / plan.reach[most]);
            row[x] = static_cast<float>(on * plan.paper + (1 - on) * level);
        }
    }
    print_sheet(p);
    // The corners that lie in the picture.
    const std::array<Point, 4> q{p.at(0, 0), p.at(size[0], 0), p.at(size[0], size[1]), p.at(0, size[1])};
    for (std::size_t i = 0; i < 4; ++i)
        sheet[i] = {std::clamp(q[i].x, 0.0, static_cast<double>(p.image().cols)),
                    std::clamp(q[i].y, 0.0, static_cast<double>(p.image().rows))};
    return p;
}

/// Marks along the edge at `y` of a card, towards `into` (1: down, -1: up).
void draw_marks(Paper& p, double length, double y, double into, double level) {
    const double inch = p.chance(0.15) ? 25.4 / 16 : 1;
    for (int i = 0; i * inch < length - 1.5; ++i) {
        const double deep = inch == 1 ? (i % 10 == 0  ? 6
                                         : i % 5 == 0 ? 4.5
                                                      : 3)
                                      : (i % 16 == 0  ? 7
                                         : i % 4 == 0 ? 5
                                                      : 3);
        p.lay(1 + i * inch, into > 0 ? y : y - deep, 0.2, deep, level);
    }
}

/// A figure or a name of `n` letters, about.
void draw_label(Paper& p, double x, double y, double em, int n, double level) {
    for (int i = 0; i < n; ++i) {
        p.lay(x + i * 0.65 * em, y, 0.12 * em, em, level);
        p.lay(x + i * 0.65 * em, y + (p.chance(0.5) ? 0 : 0.45) * em, 0.45 * em, 0.12 * em, level);
    }
}

/// Length and thickness of a target, millimetres.
std::array<double, 2> size_of(Target kind, Paper& p) {
    switch (kind) {
    case Target::Patches: return {p.uniform(120, 200), p.uniform(18, 40)};
    case Target::Wedge: return {p.uniform(100, 200), p.uniform(14, 35)};
    case Target::Chart: return {p.uniform(60, 110), 0}; // thickness follows
    case Target::Ruler: return {p.uniform(110, 215), p.uniform(14, 36)};
    case Target::Scale: return {p.uniform(110, 210), p.uniform(16, 30)};
    }
    return {};
}

/// Draws a target where p.place() has put its card of w by h.
void draw_target(Paper& p, Target kind, double w, double h, double bed) {
    static const std::array<cv::Vec3d, 9> kColours{{{60, 80, 170},
                                                    {90, 180, 215},
                                                    {70, 150, 80},
                                                    {240, 215, 60},
                                                    {190, 50, 50},
                                                    {190, 80, 140},
                                                    {240, 240, 240},
                                                    {110, 85, 75},
                                                    {40, 38, 38}}};
    const auto card = [&](double level) {
        if (p.chance(0.7)) p.shade_around(w, h, p.uniform(5, 40), p.uniform(0.1, 0.6));
        p.lay(0, 0, w, h, level);
    };
    switch (kind) {
    case Target::Patches: {
        const int n = p.chance(0.3) ? 18 : 9;
        const double level = p.chance(0.5)   ? p.uniform(225, 248)
                             : p.chance(0.5) ? p.uniform(120, 180)
                                             : 30,
                     label = p.chance(0.7) ? p.uniform(3, 7) : 0, rim = p.chance(0.5) ? 0 : p.uniform(1, 4);
        const double each = (w - 2 * rim) / n, apart = p.chance(0.4) ? p.uniform(0.5, 2) : 0;
        card(level);
        for (int i = 0; i < n; ++i) {
            const cv::Vec3d paler(230, 230, 230), colour = kColours[static_cast<std::size_t>(i % 9)];
            p.lay(rim + i * each, rim + label, each - apart, h - 2 * rim - label,
                  i < 9 ? colour : (colour + paler) / 2);
            if (label > 0) draw_label(p, rim + (i + 0.1) * each, rim + 0.8, label - 1.8, 5, level < 60 ? 230 : 25);
        }
        break;
    }
    case Target::Wedge: {
        const int n = p.whole(8, 21);
        const double level = p.chance(0.7) ? p.uniform(225, 248) : 30, label = p.chance(0.7) ? p.uniform(3, 5) : 0;
        const double each = w / n;
        card(level);
        for (int i = 0; i < n; ++i) {
            // Steps of equal density.
            p.lay(i * each, label, each, h - label, std::max(8.0, 245 * std::pow(10.0, -1.8 * i / (n - 1) / 1.4)));
            if (label > 0) draw_label(p, (i + 0.3) * each, 0.6, label - 1.4, i < 9 ? 1 : 2, level < 60 ? 230 : 25);
        }
        break;
    }
    case Target::Chart: {
        card(25);
        const double each = w / 6.4, gap = 0.1 * each;
        for (int r = 0; r < 4; ++r)
            for (int i = 0; i < 6; ++i) {
                const double grey = 245 * std::pow(0.62, i);
                p.lay((i + 0.25) * each + gap / 2, (r + 0.2) * each + gap / 2, each - gap, each - gap,
                      r == 3 ? cv::Vec3d(grey, grey, grey)
                             : cv::Vec3d(p.uniform(40, 230), p.uniform(40, 230), p.uniform(40, 230)));
            }
        break;
    }
    case Target::Ruler: {
        const int stuff = p.whole(0, 4);
        const double level = stuff == 0   ? p.uniform(232, 250)
                             : stuff == 1 ? bed - p.uniform(0, 6)
                             : stuff == 2 ? p.uniform(165, 205)
                             : stuff == 3 ? p.uniform(140, 190)
                                          : p.uniform(20, 45);
        const double ink = level < 90 ? 230 : p.uniform(15, 60);
        card(level);
        draw_marks(p, w, 0, 1, ink);
        if (p.chance(0.5)) draw_marks(p, w, h, -1, ink);
        for (int i = 1; i * 10 < w - 6; ++i) draw_label(p, i * 10, 7.5, 2.6, i < 10 ? 1 : 2, ink);
        break;
    }
    case Target::Scale: {
        const double level = p.uniform(225, 248);
        card(level);
        draw_marks(p, w, 0, 1, 25);
        for (int i = 1; i * 10 < w - 6; ++i) draw_label(p, i * 10, 6.6, 2, i < 10 ? 1 : 2, 25);
        const int n = p.whole(6, 14);
        const bool grey = p.chance(0.5);
        const double each = w * 0.9 / n;
        for (int i = 0; i < n; ++i) {
            const double v = 240 * std::pow(0.04, static_cast<double>(i) / (n - 1));
            p.lay(0.05 * w + i * each, 9.5, each, h - 11,
                  grey ? cv::Vec3d(v, v, v) : kColours[static_cast<std::size_t>(i % 9)]);
        }
        break;
    }
    }
}
} // namespace

WhiteBed draw_white_bed(std::uint64_t seed) {
    const BedPlan plan = plan_bed(seed);
    WhiteBed out;
    out.shadow = plan.shadow;
    out.at_frame = plan.at_frame;
    out.difference = plan.difference;
    Paper p = draw_planned(plan, out.sheet);
    out.raster = p.scan(plan.grain);
    return out;
}

std::string to_string(Target kind) {
    static constexpr std::array<const char*, kTargets> kNames{"patches", "wedge", "chart", "ruler", "scale"};
    return kNames.at(static_cast<std::size_t>(kind));
}

std::string to_string(BedKind kind) {
    return kind == BedKind::White ? "white" : kind == BedKind::Grey ? "grey" : "dark";
}

TargetBed draw_target_bed(std::uint64_t seed, BedKind bed) {
    BedPlan plan = plan_bed(seed);
    cv::RNG rng(seed * 6007 + 5);
    for (int i = 0; i < 4; ++i) (void)rng.next();
    TargetBed out;
    out.bed = bed;
    out.target = static_cast<Target>(seed % kTargets);
    // Beside a side with bed; where all but the sheet's foot lie at the frame there is one still.
    do out.side = static_cast<std::size_t>(rng.uniform(0, 4));
    while (plan.at_frame[out.side]);
    if (bed != BedKind::White) {
        plan.bed = bed == BedKind::Grey ? rng.uniform(110.0, 170.0) : rng.uniform(8.0, 60.0);
        plan.shadow.fill(0);
    } else if (plan.shadow[out.side] == 0) {
        plan.shadow[out.side] = 12;
    }
    out.gap_mm = rng.uniform(0.0, 1.0) < 0.2 ? 0 : rng.uniform(2.0, 25.0);
    const bool colour = rng.uniform(0.0, 1.0) < 0.7;
    Paper sizes(10, 10, 25, 0, seed * 3 + 1);
    std::array<double, 2> card = size_of(out.target, sizes);
    if (out.target == Target::Chart) card[1] = card[0] / 6.4 * 4.4;
    const double rim = rng.uniform(2.0, 20.0), off = rng.uniform(-0.5, 0.5), turn = rng.uniform(-1.5, 1.5);
    const double lean = out.gap_mm == 0 ? 0 : turn;
    plan.room[out.side] =
        std::max(plan.room[out.side],
                 out.gap_mm + card[1] + rim + 0.5 * card[0] * std::abs(std::sin(lean * std::numbers::pi / 180)));
    out.shadow = plan.shadow;
    out.at_frame = plan.at_frame;
    out.difference = plan.difference;
    Paper p = draw_planned(plan, out.sheet);
    // Its middle in the sheet's own directions, then its own place.
    const double w = plan.size[0], h = plan.size[1],
                 away = out.gap_mm + card[1] / 2 + 0.5 * card[0] * std::abs(std::sin(lean * std::numbers::pi / 180));
    const bool upright = out.side % 2 == 1;
    const double slack = std::max(0.0, (upright ? h : w) - card[0]) * off;
    const Point middle = out.side == 0   ? p.at(w / 2 + slack, -away)
                         : out.side == 1 ? p.at(w + away, h / 2 + slack)
                         : out.side == 2 ? p.at(w / 2 + slack, h + away)
                                         : p.at(-away, h / 2 + slack);
    if (colour) p.in_colour();
    p.place(middle.x / p.scale(), middle.y / p.scale(), card[0], card[1], plan.angle + lean + (upright ? 90 : 0));
    out.card = {p.at(0, 0), p.at(card[0], 0), p.at(card[0], card[1]), p.at(0, card[1])};
    draw_target(p, out.target, card[0], card[1], plan.bed);
    out.raster = p.scan(plan.grain);
    return out;
}

std::string to_string(EvenPage kind) {
    static constexpr std::array<const char*, kEvenPages> kNames{
        "frame",  "hairline", "double frame", "table", "light table", "ruled",   "framed ruled", "margin",
        "border", "tint",     "stamp",        "fold",  "cross fold",  "picture", "gutter",       "empty"};
    return kNames.at(static_cast<std::size_t>(kind));
}

namespace {
Paper draw_even(EvenPage kind, std::uint64_t seed) {
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
    return p;
}
} // namespace

Raster draw_even_page(EvenPage kind, std::uint64_t seed) {
    Paper p = draw_even(kind, seed);
    return p.scan(p.uniform(1, 4));
}

Raster draw_even_page_with_target(EvenPage kind, std::uint64_t seed) {
    Paper p = draw_even(kind, seed);
    const auto target = static_cast<Target>(p.whole(0, kTargets - 1));
    std::array<double, 2> card = size_of(target, p);
    if (target == Target::Chart) card[1] = card[0] / 6.4 * 4.4;
    if (p.chance(0.7)) p.in_colour();
    const double w = 210, h = 297, in = card[1] / 2 + p.uniform(1, 6);
    const bool upright = p.chance(0.5), first = p.chance(0.5);
    const double slack = std::max(0.0, (upright ? h : w) - card[0]) * p.uniform(-0.5, 0.5);
    p.place(upright ? (first ? in : w - in) : w / 2 + slack,
            upright ? h / 2 + slack
            : first ? in
                    : h - in,
            card[0], card[1], (upright ? 90 : 0) + p.uniform(-1, 1));
    draw_target(p, target, card[0], card[1], 240);
    return p.scan(p.uniform(1, 4));
}

} // namespace recto::test
