#include "tests/treatment/pages_support.h"

#include <cmath>
#include <filesystem>
#include <fstream>
#include <numbers>
#include <random>
#include <sstream>

#include <opencv2/imgproc.hpp>

namespace recto::test {
namespace {
constexpr int kOver = 3; ///< Supersampling: edges are right to a fraction of a pixel.

struct Canvas {
    cv::Mat image;
    double c = 1, s = 0, cx = 0, cy = 0, ox = 0, oy = 0;

    [[nodiscard]] Point place(double x, double y) const {
        const double dx = x - cx, dy = y - cy;
        return {ox + c * dx - s * dy, oy + s * dx + c * dy};
    }
    void polygon(const std::vector<Point>& corners, double level) {
        std::vector<cv::Point> points;
        constexpr int kShift = 6;
        for (const auto& p : corners) {
            const Point q = place(p.x, p.y);
            // OpenCV's coordinates are of pixel centres.
            points.emplace_back(static_cast<int>(std::lround((q.x * kOver - 0.5) * (1 << kShift))),
                                static_cast<int>(std::lround((q.y * kOver - 0.5) * (1 << kShift))));
        }
        cv::fillConvexPoly(image, points.data(), static_cast<int>(points.size()), cv::Scalar(level), cv::LINE_8,
                           kShift);
    }
    void bar(double x, double y, double w, double h, double level) {
        polygon({{x, y}, {x + w, y}, {x + w, y + h}, {x, y + h}}, level);
    }
};
} // namespace

DrawnPage draw_page(const PageSpec& spec) {
    std::mt19937 random(spec.seed);
    const auto uniform = [&](double a, double b) { return std::uniform_real_distribution<double>(a, b)(random); };
    const double radians = spec.angle_deg * std::numbers::pi / 180;
    Canvas canvas;
    canvas.c = std::cos(radians);
    canvas.s = std::sin(radians);
    const double w = spec.width, h = spec.height;
    canvas.cx = w / 2;
    canvas.cy = h / 2;
    const double border = spec.bed ? 60 : 0;
    const double out_w = spec.bed ? std::abs(w * canvas.c) + std::abs(h * canvas.s) + 2 * border : w;
    const double out_h = spec.bed ? std::abs(w * canvas.s) + std::abs(h * canvas.c) + 2 * border : h;
    const int iw = static_cast<int>(out_w), ih = static_cast<int>(out_h);
    canvas.ox = out_w / 2 + (spec.bed ? 0.37 : 0);
    canvas.oy = out_h / 2 - (spec.bed ? 0.21 : 0);
    canvas.image = cv::Mat(ih * kOver, iw * kOver, CV_8UC1, cv::Scalar(spec.bed ? spec.bed_level : spec.paper_level));
    if (spec.bed) canvas.bar(0, 0, w, h, spec.paper_level);

    const bool vertical = spec.script == Script::HanVertical;
    const double margin_x = w * 0.12, margin_y = h * 0.1;
    const double along = (vertical ? h - 2 * margin_y : w - 2 * margin_x),
                 across = (vertical ? w - 2 * margin_x : h - 2 * margin_y);
    const double pitch = across / std::max(1, spec.lines), em = std::min(22.0, pitch * 0.62);
    for (int line = 0; line < spec.lines; ++line) {
        const double base = line * pitch;
        double length = along * spec.fill * (line % 5 == 4 ? uniform(0.3, 0.9) : 1.0);
        for (double t = line % 5 == 0 ? 2 * em : 0; t + em <= length;) {
            if (spec.script == Script::Latin) {
                const int letters = static_cast<int>(uniform(2, 9));
                for (int k = 0; k < letters && t + em <= length; ++k) {
                    // Upright stem, bowl, sometimes an ascender or a descender: the baseline is a sharp common edge.
                    const double x = margin_x + t, y = margin_y + base, body = em * 0.5, top = em * 0.35;
                    const double roll = uniform(0, 1);
                    const double up = roll < 0.25 ? em * 0.3 : 0, down = roll > 0.88 ? em * 0.25 : 0;
                    canvas.bar(x, y + top - up, em * 0.11, body + up + down, spec.ink_level);
                    canvas.bar(x + em * 0.3, y + top, em * 0.09, body, spec.ink_level);
                    if (uniform(0, 1) < 0.6) canvas.bar(x, y + top, em * 0.36, em * 0.08, spec.ink_level);
                    if (uniform(0, 1) < 0.5)
                        canvas.bar(x, y + top + body - em * 0.08, em * 0.36, em * 0.08, spec.ink_level);
                    t += em * 0.55;
                }
                t += em * 0.45;
            } else {
                // A square of strokes: three to six rows and columns of random extent.
                const double x = vertical ? w - margin_x - base - em : margin_x + t,
                             y = vertical ? margin_y + t : margin_y + base;
                const int rows = static_cast<int>(uniform(2, 5)), columns = static_cast<int>(uniform(1, 4));
                for (int r = 0; r < rows; ++r) {
                    const double a = uniform(0, 0.3), b = uniform(0.7, 1.0);
                    canvas.bar(x + a * em, y + (r + uniform(0.1, 0.6)) / rows * em, (b - a) * em, em * 0.07,
                               spec.ink_level);
                }
                for (int r = 0; r < columns; ++r) {
                    const double a = uniform(0, 0.3), b = uniform(0.7, 1.0);
                    canvas.bar(x + (r + uniform(0.2, 0.7)) / columns * em, y + a * em, em * 0.09, (b - a) * em,
                               spec.ink_level);
                }
                t += em * 1.08;
            }
        }
    }
    cv::Mat image;
    cv::resize(canvas.image, image, cv::Size(iw, ih), 0, 0, cv::INTER_AREA);
    cv::GaussianBlur(image, image, {0, 0}, 0.6);
    if (spec.noise > 0) {
        cv::Mat noise(image.size(), CV_16SC1), wide;
        cv::RNG rng(spec.seed);
        rng.fill(noise, cv::RNG::NORMAL, 0, spec.noise);
        image.convertTo(wide, CV_16SC1);
        wide += noise;
        wide.convertTo(image, CV_8UC1);
    }
    DrawnPage page;
    page.raster.pixels = image;
    page.raster.mode = ColourMode::Grey;
    page.raster.dpi = {150, 150, DpiSource::File};
    page.paper = {canvas.place(0, 0), canvas.place(w, 0), canvas.place(w, h), canvas.place(0, h)};
    return page;
}

std::vector<std::vector<std::string>> read_csv(const std::string& path) {
    std::vector<std::vector<std::string>> rows;
    std::ifstream in(path);
    std::string line;
    std::getline(in, line);
    while (std::getline(in, line)) {
        while (!line.empty() && (line.back() == '\r' || line.back() == '\n')) line.pop_back();
        std::vector<std::string> fields;
        std::stringstream parts(line);
        std::string field;
        while (std::getline(parts, field, ',')) fields.push_back(field);
        fields.resize(24);
        rows.push_back(std::move(fields));
    }
    return rows;
}

std::string shared_data(const std::string& name) {
    const std::string path = std::string(RECTO_SHARED_DIR) + "/data/" + name;
    return std::filesystem::exists(path) ? path : std::string();
}

} // namespace recto::test
