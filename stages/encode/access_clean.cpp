#include "stages/encode/access_clean.h"

#include <algorithm>
#include <cmath>

#include <opencv2/imgproc.hpp>

#include "stages/encode/outside_paper.h"
#include "stages/encode/page_ink.h"

namespace recto::encode {
namespace {

constexpr double kMostLightColour = 1.6,
                 kMostLightGrey = 1.25;                    ///< A grey scan does not tell a shadow from browned paper.
constexpr double kMostPaperGain = 1.35, kWhitePaper = 244; ///< Of the brightest channel; never pure white.
constexpr double kFade = 0.6;
constexpr int kCurve = 128; ///< Places along rows and columns at which the light is taken.

float median_of(std::vector<float>& v) {
    const auto mid = v.begin() + static_cast<std::ptrdiff_t>(v.size() / 2);
    std::nth_element(v.begin(), mid, v.end());
    return *mid;
}

/// Medians of each row of `paper` (CV_32F, 0 = no paper there), as far as there is paper in a third of it.
std::vector<float> row_medians(const cv::Mat& paper) {
    std::vector<float> out(static_cast<std::size_t>(paper.rows), 0);
    std::vector<float> values;
    for (int y = 0; y < paper.rows; ++y) {
        values.clear();
        for (int x = 0; x < paper.cols; ++x)
            if (const float v = paper.at<float>(y, x); v > 0) values.push_back(v);
        if (values.size() * 3 >= static_cast<std::size_t>(paper.cols))
            out[static_cast<std::size_t>(y)] = median_of(values);
    }
    return out;
}

/// Gaps get their neighbour's value; then a blur, so that light changes slowly.
void fill_and_smooth(std::vector<float>& v) {
    float last = 0;
    for (float& x : v) x = last = x > 0 ? x : last;
    last = 0;
    for (auto it = v.rbegin(); it != v.rend(); ++it) *it = last = *it > 0 ? *it : last;
    if (last <= 0) std::ranges::fill(v, 1.0F);
    cv::Mat row(1, static_cast<int>(v.size()), CV_32F, v.data()), smooth;
    cv::GaussianBlur(row, smooth, {0, 0}, 2, 0, cv::BORDER_REPLICATE);
    std::copy(smooth.begin<float>(), smooth.end<float>(), v.begin());
}

/// How far the hue along the curve is from the page's usual one: shares of red and blue, each a curve of medians.
std::vector<float> hue_trust(const cv::Mat& hue) {
    std::vector<float> medians = row_medians(hue);
    fill_and_smooth(medians);
    std::vector<float> sorted = medians;
    const float usual = median_of(sorted);
    // Two parts in a hundred of another hue is the scanner's lamp; six is paper of another age.
    for (float& m : medians) m = std::clamp((0.06F - std::abs(m / usual - 1)) / 0.04F, 0.0F, 1.0F);
    return medians;
}

/// The factors, of at least 1, by which the page is brightened.
struct Light {
    cv::Mat gain; ///< kCurve x kCurve, CV_32F.
    double most = 1;
};

Light light_of(const Raster& page, const PageLook& look) {
    cv::Mat small, paper;
    cv::resize(look.paper, small, {kCurve, kCurve}, 0, 0, cv::INTER_AREA);
    small.convertTo(paper, CV_32F);
    std::vector<float> all(paper.begin<float>(), paper.end<float>());
    auto high = all.begin() + static_cast<std::ptrdiff_t>(all.size() * 4 / 5);
    std::nth_element(all.begin(), high, all.end());
    Light out;
    // Where light is no product of the two curves, the paper must not be driven into white: faint marks would go with it.
    cv::GaussianBlur(paper, out.gain, {0, 0}, 2, 2, cv::BORDER_REPLICATE);
    for (auto it = out.gain.begin<float>(); it != out.gain.end<float>(); ++it)
        *it = std::max(1.0F, std::min(*high, 250.0F) / std::max(1.0F, *it));
    paper.setTo(0, paper < *high * 0.5F); // the bed, pictures
    std::vector<float> rows = row_medians(paper);
    fill_and_smooth(rows);
    cv::Mat rest = paper.clone();
    for (int y = 0; y < kCurve; ++y) rest.row(y) /= std::max(1.0F, rows[static_cast<std::size_t>(y)]);
    std::vector<float> columns = row_medians(cv::Mat(rest.t()));
    fill_and_smooth(columns);
    const auto gains = [](std::vector<float>& v, double limit) {
        std::vector<float> sorted = v;
        auto at = sorted.begin() + static_cast<std::ptrdiff_t>(sorted.size() * 3 / 4);
        std::nth_element(sorted.begin(), at, sorted.end());
        for (float& x : v) x = std::clamp(*at / std::max(1e-3F, x), 1.0F, static_cast<float>(limit));
    };
    const bool colour = page.pixels.channels() == 3;
    const double limit = std::sqrt(colour ? kMostLightColour : kMostLightGrey) * 1.1;
    gains(rows, limit);
    gains(columns, limit);
    if (colour) {
        cv::Mat tiny, hue(kCurve, kCurve, CV_32F);
        cv::Mat bright = page.pixels.clone();
        bright.setTo(cv::Scalar::all(0), look.depth > 10);
        cv::resize(bright, tiny, {kCurve, kCurve}, 0, 0, cv::INTER_AREA);
        for (int y = 0; y < kCurve; ++y)
            for (int x = 0; x < kCurve; ++x) {
                const cv::Vec3b v = tiny.at<cv::Vec3b>(y, x);
                hue.at<float>(y, x) =
                    paper.at<float>(y, x) > 0 && v[2] > 8 ? static_cast<float>(v[0]) / static_cast<float>(v[2]) : 0;
            }
        const auto down = hue_trust(hue), across = hue_trust(cv::Mat(hue.t()));
        for (std::size_t i = 0; i < kCurve; ++i) {
            rows[i] = 1 + (rows[i] - 1) * down[i];
            columns[i] = 1 + (columns[i] - 1) * across[i];
        }
    }
    for (int y = 0; y < kCurve; ++y)
        for (int x = 0; x < kCurve; ++x) {
            float& most = out.gain.at<float>(y, x);
            most = std::min(most, rows[static_cast<std::size_t>(y)] * columns[static_cast<std::size_t>(x)]);
            out.most = std::max(out.most, static_cast<double>(most));
        }
    cv::GaussianBlur(out.gain, out.gain, {0, 0}, 1, 1, cv::BORDER_REPLICATE);
    return out;
}

/// The paper's colour: of what bears nothing, the value by channel that `share` of the pixels do not exceed.
cv::Scalar paper_colour(const cv::Mat& image, const PageLook& look, const cv::Mat& outside, double share = 0.5) {
    cv::Scalar out;
    for (int c = 0; c < image.channels(); ++c) {
        int bins[256] = {}, count = 0, v = 0;
        for (int y = 0; y < image.rows; y += 3)
            for (int x = 0; x < image.cols; x += 3) {
                if (look.depth.at<std::uint8_t>(y, x) > 10) continue;
                if (!outside.empty() && outside.at<std::uint8_t>(y, x) != 0) continue;
                ++bins[image.ptr<std::uint8_t>(y)[x * image.channels() + c]], ++count;
            }
        for (int seen = bins[0]; v < 255 && seen < share * count; seen += bins[++v]) {}
        out[c] = v;
    }
    return out;
}

/// Everything that is drawn: brightened, and, where `through` is set, faded towards the paper.
cv::Mat draw(const cv::Mat& in, const PageLook& look, const Light& light, double gain, const cv::Mat& through) {
    cv::Mat soft;
    if (!through.empty()) cv::boxFilter(through, soft, -1, {3, 3});
    cv::Mat brighter; // a row at a time: a map of the whole page would be four bytes a pixel
    const int channels = in.channels();
    cv::Mat out(in.size(), in.type());
    for (int y = 0; y < in.rows; ++y) {
        const auto* i = in.ptr<std::uint8_t>(y);
        const auto* d = look.depth.ptr<std::uint8_t>(y);
        const auto* t = soft.empty() ? nullptr : soft.ptr<std::uint8_t>(y);
        auto* o = out.ptr<std::uint8_t>(y);
        const double at = std::clamp((y + 0.5) * kCurve / in.rows - 0.5, 0.0, kCurve - 1.0);
        const int above = std::min(kCurve - 2, static_cast<int>(at));
        const cv::Mat between = light.gain.row(above) * (1 - (at - above)) + light.gain.row(above + 1) * (at - above);
        cv::resize(between, brighter, {in.cols, 1}, 0, 0, cv::INTER_LINEAR);
        const auto* g = brighter.ptr<float>();
        for (int x = 0; x < in.cols; ++x) {
            float factor = static_cast<float>(gain) * g[x];
            if (t != nullptr && t[x] != 0) // depth is of 250: undo a part of it
                factor *= 1 + static_cast<float>(kFade) * static_cast<float>(t[x]) / 255 * static_cast<float>(d[x]) /
                                  static_cast<float>(std::max(100, 250 - d[x]));
            for (int c = 0; c < channels; ++c)
                o[x * channels + c] = cv::saturate_cast<std::uint8_t>(static_cast<float>(i[x * channels + c]) * factor);
        }
    }
    return out;
}

double rounded(double v) { return std::round(v * 1000) / 1000; }

} // namespace

AccessClean parse_access_clean(std::string_view name) {
    return name == "light" ? AccessClean::Light : name == "paper" ? AccessClean::Paper : AccessClean::Off;
}

KnownMarks known_marks(const PageTreatment& treatment, const std::vector<Finding>& findings, int width, int height) {
    KnownMarks out;
    const Transform& t = treatment.transform;
    const double sx = t.width() > 0 ? static_cast<double>(width) / t.width() : 1;
    const double sy = t.height() > 0 ? static_cast<double>(height) / t.height() : 1;
    const auto place = [&](double x, double y) {
        const Point p = t.width() > 0 ? t.apply({x, y}) : Point{x, y};
        return Point{p.x * sx, p.y * sy};
    };
    for (const Finding& f : findings)
        if (const Box& b = f.place; f.code == "treat.streak" && f.has_place)
            out.streaks.push_back({place(b.x, b.y), place(b.x + b.width, b.y), place(b.x + b.width, b.y + b.height),
                                   place(b.x, b.y + b.height)});
    out.has_paper = treatment.has_quad;
    if (treatment.has_quad)
        for (std::size_t i = 0; i < 4; ++i) out.paper[i] = place(treatment.quad[i].x, treatment.quad[i].y);
    return out;
}

AccessCleaning clean_for_people(const Raster& page, AccessClean level, const KnownMarks& known) {
    AccessCleaning out;
    out.image = page;
    if (level == AccessClean::Off || page.mode == ColourMode::Bilevel || page.empty()) return out;
    if (std::min(page.width(), page.height()) < 200) return out;
    const double dpi = page.dpi.x > 0 ? page.dpi.x : 200;
    const PageLook look = look_at(page);
    const Ink ink = find_ink(look);
    const Light light = light_of(page, look);
    double gain = 1;
    cv::Mat through, painted, marked;
    OutsidePaper outside;
    if (level == AccessClean::Paper) {
        outside = find_outside(to_grey(page), dpi, known);
        through = find_show_through(look, ink);
        const cv::Scalar paper = paper_colour(page.pixels, look, outside.mask);
        const cv::Scalar high = paper_colour(page.pixels, look, outside.mask, 0.98);
        const auto brightest = [](const cv::Scalar& v) { return std::max({1.0, v[0], v[1], v[2]}); };
        // The paper comes near white, and what of it is brightest does not pass it.
        gain = std::clamp(std::min(kWhitePaper / brightest(paper), 253 / brightest(high)), 1.0, kMostPaperGain);
    }
    Raster made = page;
    made.pixels = draw(page.pixels, look, light, gain, through);
    if (level == AccessClean::Paper) {
        if (!known.streaks.empty()) painted = paint_streaks(made.pixels, to_grey(made).clone(), dpi, known.streaks);
        if (!outside.mask.empty()) made.pixels.setTo(paper_colour(made.pixels, look, outside.mask), outside.mask);
        marked = painted.empty() ? outside.mask : outside.mask.empty() ? painted : cv::Mat(painted | outside.mask);
    }
    const bool did = light.most > 1.01 || gain > 1.01 || !through.empty() || !marked.empty();
    if (!did) return out;
    out.ink_kept = ink_kept(ink, look_at(made), marked);
    out.vetoed = out.ink_kept < 1 - kMostInkLost;
    out.done = !out.vetoed;
    out.record = {
        {"level", level == AccessClean::Light ? "light" : "paper"},
        {"light_gain", rounded(light.most)},
        {"paper_gain", rounded(gain)},
        {"faded", through.empty() ? 0 : rounded(cv::countNonZero(through) / static_cast<double>(through.total()))},
        {"border", rounded(outside.border)},
        {"holes", outside.holes},
        {"streaks", painted.empty() ? 0 : static_cast<int>(known.streaks.size())},
        {"ink_kept", rounded(out.ink_kept)},
        {"vetoed", out.vetoed}};
    if (out.done) out.image = std::move(made);
    return out;
}

} // namespace recto::encode
