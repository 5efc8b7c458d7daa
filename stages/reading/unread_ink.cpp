#include "stages/reading/unread_ink.h"

#include <algorithm>
#include <cmath>

#include <opencv2/imgproc.hpp>

#include "stages/reading/boxes.h"
#include "stages/reading/even_contrast.h"

namespace recto::reading {

namespace {

constexpr double kWorkingHeight = 14; ///< Letters are looked at that high.
constexpr double kLongestSide = 2400; ///< Of the working picture.
// In letters' heights:
constexpr double kLeastMark = 0.35, kHighestMark = 6, kWidestMark = 20;
constexpr double kThickestStroke = 0.45, kWidestDash = 1.5;
constexpr double kGapAcross = 1.0, kGapDown = 0.5; ///< Between marks of one group.
constexpr double kLeastGroup = 2.5;                ///< Width or height; with so much ink:
constexpr double kLeastInk = 0.35;                 ///< ... of a letter's square.
constexpr double kLeastGroupHeight = 0.45;
constexpr double kHighestRow = 1.3, kLeastRow = 2, kLeastInkInRow = 0.12; ///< The same of a single row of marks.
constexpr int kLeastMarks = 3;
constexpr double kThin = 0.3;
constexpr double kDensest = 0.4;   ///< Share of a group's marks' boxes that is ink; pictures have more.
constexpr double kExplained = 0.3; ///< Share of a mark's ink, from which on it belongs to what was read.
constexpr int kBlot = 80;          ///< Grey steps below the paper: ink wherever it lies.
constexpr double kFaintest = 0.4;  ///< Of the print's contrast.
constexpr std::size_t kMostGroups = 60;

struct Mark {
    cv::Rect box;
    int ink = 0, explained = 0;
    float thickest = 0; ///< Half of the stroke, pixels.
};

/// A box of the page on the working picture.
cv::Rect scaled(const Box& b, double scale) {
    const cv::Point from(cvFloor(b.x * scale), cvFloor(b.y * scale));
    return {from, cv::Point(cvCeil((b.x + b.width) * scale), cvCeil((b.y + b.height) * scale))};
}

bool is_writing(const Mark& m, double h, cv::Size page) {
    const double width = m.box.width, height = m.box.height;
    if (std::max(width, height) < kLeastMark * h || height > kHighestMark * h || width > kWidestMark * h) return false;
    // A rule; the dashes of a page number are as thin.
    if ((width > 12 * height && width > kWidestDash * h) || height > 12 * width) return false;
    if (m.thickest * 2 > kThickestStroke * std::max(h, height)) return false;
    if (m.box.x <= 0 || m.box.y <= 0 || m.box.br().x >= page.width || m.box.br().y >= page.height) return false;
    return m.explained <= kExplained * m.ink;
}

std::vector<Mark> marks_of(const cv::Mat& dark, const cv::Mat& explained) {
    cv::Mat labels, stats, centres, depth;
    const int n = cv::connectedComponentsWithStats(dark, labels, stats, centres, 8, CV_32S);
    cv::distanceTransform(dark, depth, cv::DIST_L1, 3, CV_8U);
    std::vector<Mark> marks(static_cast<std::size_t>(n));
    for (int i = 1; i < n; ++i) {
        const int* s = stats.ptr<int>(i);
        marks[static_cast<std::size_t>(i)].box = {s[cv::CC_STAT_LEFT], s[cv::CC_STAT_TOP], s[cv::CC_STAT_WIDTH],
                                                  s[cv::CC_STAT_HEIGHT]};
        marks[static_cast<std::size_t>(i)].ink = s[cv::CC_STAT_AREA];
    }
    for (int y = 0; y < dark.rows; ++y) {
        const auto* l = labels.ptr<int>(y);
        const auto* d = depth.ptr<std::uint8_t>(y);
        const auto* e = explained.ptr<std::uint8_t>(y);
        for (int x = 0; x < dark.cols; ++x) {
            if (l[x] == 0) continue;
            Mark& m = marks[static_cast<std::size_t>(l[x])];
            m.explained += e[x] != 0 ? 1 : 0;
            m.thickest = std::max(m.thickest, static_cast<float>(d[x]));
        }
    }
    marks.erase(marks.begin()); // the paper
    return marks;
}

} // namespace

std::vector<Box> find_unread_ink(const cv::Mat& grey, const Writing& writing, const std::vector<Box>& explained) {
    const double text_height = writing.height > 0 ? writing.height : kUsualTextHeight;
    const double scale = std::min({1.0, kWorkingHeight / text_height, kLongestSide / std::max(grey.cols, grey.rows)});
    const double h = text_height * scale;
    const cv::Size size(cvRound(grey.cols * scale), cvRound(grey.rows * scale));
    if (h < 4 || std::min(size.width, size.height) < 4 * h) return {};
    cv::Mat small, dark;
    cv::resize(grey, small, size, 0, 0, cv::INTER_AREA);
    // Reduced strokes are paler, so the least depth goes with the print's contrast only where that is known.
    const double least = writing.contrast > 0 ? std::clamp(kFaintest * writing.contrast, 14.0, 60.0) : 20.0;
    cv::adaptiveThreshold(small, dark, 255, cv::ADAPTIVE_THRESH_MEAN_C, cv::THRESH_BINARY_INV,
                          static_cast<int>(3 * h) | 1, least);
    // Within a blot larger than the neighbourhoods all is alike.
    cv::Mat sample;
    cv::resize(small, sample, {}, 0.125, 0.125, cv::INTER_NEAREST);
    std::vector<std::uint8_t> levels(sample.begin<std::uint8_t>(), sample.end<std::uint8_t>());
    const auto middle = levels.begin() + static_cast<std::ptrdiff_t>(levels.size() / 2);
    std::ranges::nth_element(levels, middle);
    cv::bitwise_or(dark, small < *middle - kBlot, dark);
    cv::morphologyEx(dark, dark, cv::MORPH_CLOSE, cv::Mat::ones(3, 3, CV_8UC1)); // broken strokes
    cv::Mat covered = cv::Mat::zeros(size, CV_8UC1);
    const cv::Rect page({0, 0}, size);
    for (const Box& b : explained) covered(scaled(b, scale) & page).setTo(255);

    std::vector<Mark> marks = marks_of(dark, covered);
    std::erase_if(marks, [&](const Mark& m) { return !is_writing(m, h, size); });
    cv::Mat area = cv::Mat::zeros(size, CV_8UC1), groups;
    const int across = std::max(1, cvRound(kGapAcross * h / 2)), down = std::max(1, cvRound(kGapDown * h / 2));
    for (const Mark& m : marks)
        area(cv::Rect(m.box.x - across, m.box.y - down, m.box.width + 2 * across, m.box.height + 2 * down) & page)
            .setTo(255);
    struct Group {
        cv::Rect box;
        int marks = 0;
        double ink = 0, boxes = 0, widest = 0;
    };
    std::vector<Group> found(static_cast<std::size_t>(cv::connectedComponents(area, groups, 8, CV_32S)));
    for (const Mark& m : marks) {
        const int label = groups.at<int>(m.box.y + m.box.height / 2, m.box.x + m.box.width / 2);
        Group& g = found[static_cast<std::size_t>(label)];
        g.box |= m.box;
        ++g.marks;
        g.ink += m.ink;
        // A stroke by itself fills its box, however thin it is.
        g.boxes += std::max<double>(m.box.width, kThin * h) * std::max<double>(m.box.height, kThin * h);
        g.widest = std::max<double>(g.widest, m.box.width);
    }
    std::vector<Box> out;
    for (const Group& g : found) {
        if (g.marks < kLeastMarks && g.widest < kLeastGroup * h) continue;
        // A page number is small and has little ink, but it stands in a row.
        const bool row = g.marks >= kLeastMarks && g.box.height < kHighestRow * h;
        if (std::max(g.box.width, g.box.height) < (row ? kLeastRow : kLeastGroup) * h ||
            g.box.height < kLeastGroupHeight * h)
            continue;
        if (g.ink < (row ? kLeastInkInRow : kLeastInk) * h * h || g.ink > kDensest * g.boxes * (g.marks < 8 ? 1.6 : 1))
            continue;
        out.push_back({g.box.x / scale, g.box.y / scale, g.box.width / scale, g.box.height / scale});
    }
    std::ranges::sort(out, {}, [](const Box& b) { return std::pair(b.y, b.x); });
    if (out.size() > kMostGroups) out.resize(kMostGroups);
    return out;
}

Box read_part(const TextLine& line, const Box& region) {
    Box out = unite(line.box, region);
    if (line.vertical) out.y = line.box.y, out.height = line.box.height;
    else out.x = line.box.x, out.width = line.box.width;
    return out;
}

std::vector<cv::Rect> windows_over(const std::vector<Box>& places, cv::Size window, double margin, cv::Size page) {
    std::vector<cv::Rect> out;
    window = {std::min(window.width, page.width), std::min(window.height, page.height)};
    const auto starts = [&](double from, double to, int length, int all) {
        from = std::max(0.0, from - margin), to = std::min<double>(all, to + margin);
        const int count = std::max(1, cvCeil((to - from - margin) / (length - margin)));
        std::vector<int> at;
        for (int i = 0; i < count; ++i) {
            const double middle = count == 1 ? (from + to - length) / 2 : from + i * (to - from - length) / (count - 1);
            at.push_back(std::clamp(cvRound(middle), 0, all - length));
        }
        return at;
    };
    for (const Box& p : places) {
        const cv::Rect place(cvFloor(p.x), cvFloor(p.y), cvCeil(p.width), cvCeil(p.height));
        if (std::ranges::any_of(out, [&](const cv::Rect& w) { return (w & place) == place; })) continue;
        for (const int y : starts(p.y, p.y + p.height, window.height, page.height))
            for (const int x : starts(p.x, p.x + p.width, window.width, page.width))
                out.emplace_back(cv::Point(x, y), window);
    }
    return out;
}

} // namespace recto::reading
