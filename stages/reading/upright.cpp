#include "stages/reading/upright.h"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <tuple>

#include <opencv2/imgproc.hpp>

#include "stages/reading/column_parts.h"

namespace recto::reading {

namespace {

constexpr int kLetterRows = 38; ///< Of the strip: the height of a character with the space to the next.
constexpr int kInkDepth = 40;   ///< Grey steps.
constexpr double kWidest = 1.3; ///< Width of characters, of the usual distance.
/// Of the width of most characters, and of the usual distance: what is wider and flatter at an end is no 一.
constexpr double kFrameWidth = 1.2, kFrameHeight = 0.25;
constexpr double kLean = 3; ///< Rows from one end to the other from which a column is set straight.

/// How deep each pixel of ink is; 0 for paper.
cv::Mat ink_of(const cv::Mat& picture, int paper) {
    cv::Mat out;
    cv::absdiff(picture, cv::Scalar::all(paper), out);
    cv::threshold(out, out, kInkDepth, 255, cv::THRESH_TOZERO);
    return out;
}

/// Rows by which the ink comes down from the first to the last column: the line through the middles of its characters.
double lean_of(const cv::Mat& ink) {
    double n = 0, sx = 0, sy = 0, sxx = 0, sxy = 0;
    for (int x = 0; x < ink.cols; ++x)
        for (int y = 0; y < ink.rows; ++y) {
            const double w = ink.at<std::uint8_t>(y, x);
            n += w, sx += w * x, sy += w * y, sxx += w * x * x, sxy += w * x * y;
        }
    const double spread = n * sxx - sx * sx;
    // A few characters say nothing of a line's lean.
    return spread <= 0 || ink.cols < 6 * ink.rows ? 0 : (n * sxy - sx * sy) / spread * ink.cols;
}

/// The picture of the column, rows running across it from the right, set straight where the detector's quad is not.
cv::Mat cut_column(Pyramid& pyramid, const Quad& quad, StripGeometry& geometry) {
    cv::Mat column = cut_line(pyramid, quad, true, kStripHeight, geometry);
    const double lean = lean_of(ink_of(column, paper_of(column)));
    if (std::abs(lean) < kLean || std::abs(lean) > kStripHeight) return column;
    Quad straight = quad;
    const Point half{geometry.across.x * lean / 2, geometry.across.y * lean / 2};
    for (const int at : {0, 1}) straight[at] = {quad[at].x - half.x, quad[at].y - half.y};
    for (const int at : {2, 3}) straight[at] = {quad[at].x + half.x, quad[at].y + half.y};
    return cut_line(pyramid, straight, true, kStripHeight, geometry);
}

/// Takes out lines that cross the whole picture and end outside of it: the frame below the last character, which would be read as
/// 一. A character's stroke ends within.
void erase_rules(cv::Mat& column, cv::Mat& ink, int paper) {
    std::vector<bool> crossed(static_cast<std::size_t>(ink.cols));
    for (int x = 0; x < ink.cols; ++x) {
        const cv::Mat across = ink.col(x);
        crossed[static_cast<std::size_t>(x)] = 10 * cv::countNonZero(across) > 9 * ink.rows &&
                                               across.at<std::uint8_t>(0) != 0 &&
                                               across.at<std::uint8_t>(ink.rows - 1) != 0;
    }
    for (int x = 0; x < ink.cols; ++x) {
        // Its edges are fainter, or end sooner where it leans.
        bool near = false;
        for (int k = std::max(0, x - 2); k <= std::min(ink.cols - 1, x + 2); ++k)
            near |= crossed[static_cast<std::size_t>(k)];
        if (near) ink.col(x).setTo(0), column.col(x).setTo(paper);
    }
}

/// Takes out the frame of a page above the first and below the last character, which would be read as 一: flat, and wider than the
/// characters are.
void drop_frame(ColumnParts& parts, const cv::Mat& ink, int usual) {
    std::vector<cv::Rect> boxes;
    std::vector<int> widths;
    for (const auto& [from, to] : parts) {
        boxes.push_back(cv::boundingRect(ink.colRange(from, to)));
        widths.push_back(boxes.back().height); // the picture lies on its side
    }
    std::ranges::nth_element(widths, widths.begin() + static_cast<std::ptrdiff_t>(widths.size() / 2));
    const double wide = kFrameWidth * widths[widths.size() / 2];
    const auto is_frame = [&](const cv::Rect& box) { return box.height > wide && box.width < kFrameHeight * usual; };
    if (parts.size() > 3 && is_frame(boxes.back())) parts.pop_back();
    if (parts.size() > 3 && is_frame(boxes.front())) parts.erase(parts.begin());
}

/// A mark of a column as a level line has it.
enum class ColumnMark : std::uint8_t {
    None,   ///< A character, or what stands in the middle of its place.
    Corner, ///< A comma or stop, in the upper right corner of its place; level print has it in the lower left one.
    Turned, ///< A bracket or colon that lies on its side.
};

/// `cell`: ink of a part of the column, `em` the width of characters, pixels. `box`: what of it has ink.
ColumnMark mark_in(const cv::Mat& cell, const cv::Rect& box, double em) {
    if (box.width > 0.62 * em) return ColumnMark::None;
    const double middle = box.y + box.height / 2.0;
    if (box.height < 0.45 * em)
        return box.width < 0.6 * em && middle < 0.45 * cell.rows ? ColumnMark::Corner : ColumnMark::None;
    if (box.width > 0.45 * em) return ColumnMark::None;
    // Both ends of a bracket are on one side of its middle; 一 and dashes are level.
    const auto place_of = [&](int from, int to) {
        double sum = 0, all = 0;
        for (int y = from; y < to; ++y)
            for (int x = box.x; x < box.x + box.width; ++x) {
                const double w = cell.at<std::uint8_t>(y, x);
                sum += w * x, all += w;
            }
        return all > 0 ? sum / all : -1;
    };
    const int end = std::max(1, box.height / 7), bottom = box.y + box.height;
    const double first = place_of(box.y, box.y + end), last = place_of(bottom - end, bottom),
                 between = place_of(box.y + 2 * box.height / 5, bottom - 2 * box.height / 5);
    if (between < 0)
        return first >= 0 && last >= 0 && std::abs(first - last) < 0.1 * em ? ColumnMark::Turned : ColumnMark::None;
    const double one = first - between, other = last - between;
    return std::min(std::abs(one), std::abs(other)) > 0.08 * em && (one > 0) == (other > 0) ? ColumnMark::Turned
                                                                                            : ColumnMark::None;
}

/// Draws `picture`, a part of the column, into its place of the strip, upright.
void set_cell(const cv::Mat& picture, const cv::Mat& ink, double em, double scale, cv::Mat place) {
    const cv::Rect box = cv::boundingRect(ink);
    const ColumnMark mark = box.empty() ? ColumnMark::None : mark_in(ink, box, em);
    cv::Mat cell;
    if (mark == ColumnMark::None) {
        cv::rotate(picture, cell, cv::ROTATE_90_CLOCKWISE);
        const int height = std::clamp(cvRound(picture.cols * scale), 1, place.rows);
        cv::resize(cell, cell, {place.cols, height}, 0, 0, cv::INTER_AREA);
        cv::cvtColor(cell, cell, cv::COLOR_GRAY2RGB);
        cell.copyTo(place(cv::Rect(0, (place.rows - height) / 2, place.cols, height)));
        return;
    }
    const cv::Rect around =
        cv::Rect(box.x - 1, box.y - 1, box.width + 2, box.height + 2) & cv::Rect({0, 0}, picture.size());
    cell = picture(around).clone();
    if (mark == ColumnMark::Corner) cv::rotate(cell, cell, cv::ROTATE_90_CLOCKWISE);
    const cv::Size size(std::clamp(cvRound(cell.cols * scale * kCondense), 1, place.cols),
                        std::clamp(cvRound(cell.rows * scale), 1, place.rows));
    cv::resize(cell, cell, size, 0, 0, cv::INTER_AREA);
    cv::cvtColor(cell, cell, cv::COLOR_GRAY2RGB);
    int x = place.cols / 8, y = (place.rows - size.height) / 2;
    if (mark == ColumnMark::Corner)
        y = std::min(place.rows - size.height,
                     cvRound((place.rows + kLetterRows) / 2.0 - 0.06 * kLetterRows) - size.height);
    else if (box.x + box.width / 2.0 > picture.cols / 2.0)
        x = place.cols - size.width - place.cols / 8; // an opening bracket
    cell.copyTo(place(cv::Rect(std::clamp(x, 0, place.cols - size.width), std::max(0, y), size.width, size.height)));
}

/// The `rows` rows between `top` and `bottom` with the most ink: what stands beside a column is left out.
std::pair<int, int> fullest_rows(const std::vector<float>& across, int top, int bottom, int rows) {
    std::vector<float> sums(across.size() + 1, 0);
    std::partial_sum(across.begin(), across.end(), sums.begin() + 1);
    const auto held = [&](int at) {
        return sums[static_cast<std::size_t>(at + rows)] - sums[static_cast<std::size_t>(at)];
    };
    int best = top;
    for (int at = top; at + rows <= bottom; ++at)
        if (held(at) > held(best)) best = at;
    return {best, best + rows};
}

} // namespace

std::optional<UprightLine> set_upright(Pyramid& pyramid, const Quad& quad) {
    UprightLine out;
    cv::Mat column = cut_column(pyramid, quad, out.column);
    const int background = paper_of(column);
    cv::Mat ink = ink_of(column, background);
    erase_rules(column, ink, background);
    std::vector<float> down(static_cast<std::size_t>(column.cols), 0), across(static_cast<std::size_t>(column.rows), 0);
    for (int y = 0; y < column.rows; ++y)
        for (int x = 0; x < column.cols; ++x) {
            down[static_cast<std::size_t>(x)] += ink.at<std::uint8_t>(y, x);
            across[static_cast<std::size_t>(y)] += ink.at<std::uint8_t>(y, x);
        }
    const float most = *std::ranges::max_element(across);
    if (most <= 0) return std::nullopt;
    int top = 0, bottom = column.rows;
    while (across[static_cast<std::size_t>(top)] < 0.05F * most) ++top;
    while (across[static_cast<std::size_t>(bottom - 1)] < 0.05F * most) --bottom;
    auto parts = part_column(down, bottom - top);
    if (parts.empty()) return std::nullopt;
    const int usual = usual_length(parts);
    drop_frame(parts, ink, usual);
    if (bottom - top > kWidest * usual) std::tie(top, bottom) = fullest_rows(across, top, bottom, cvRound(1.1 * usual));
    const double em = std::max(usual, bottom - top);
    const double scale = kLetterRows / em;

    const cv::Rect rows(0, std::max(0, top - 2), column.cols, std::min(column.rows, bottom + 2) - std::max(0, top - 2));
    const int advance = std::max(1, cvRound(rows.height * scale * kCondense));
    out.top = top, out.bottom = bottom;
    const int margin = advance / 2;
    out.width = advance * static_cast<int>(parts.size()) + 2 * margin;
    const auto bucket = std::ranges::find_if(kStripWidths, [&](int w) { return w >= out.width; });
    if (bucket == kStripWidths.end()) return std::nullopt;
    out.strip = cv::Mat(kStripHeight, *bucket, CV_8UC3, cv::Scalar::all(128));
    out.strip(cv::Rect(0, 0, out.width, kStripHeight)).setTo(cv::Scalar::all(background));
    int left = margin;
    for (const auto& [from, to] : parts) {
        const cv::Rect part(from, rows.y, to - from, rows.height);
        set_cell(column(part), ink(part), em, scale, out.strip(cv::Rect(left, 0, advance, kStripHeight)));
        int first = from, last = to; // what has ink
        while (first < last - 1 && down[static_cast<std::size_t>(first)] <= 0) ++first;
        while (last > first + 1 && down[static_cast<std::size_t>(last - 1)] <= 0) --last;
        out.cells.push_back({static_cast<double>(first), static_cast<double>(last), left, advance});
        left += advance;
    }
    return out;
}

void to_page(TextLine& line, const UprightLine& upright, cv::Size page) {
    // In the picture of the column: a glyph has the whole of each cell that is mostly its own, else the middle's.
    const auto cell_at = [&](double x) -> const UprightCell& {
        const auto at = static_cast<std::size_t>(std::max(0.0, (x - upright.cells[0].left) / upright.cells[0].width));
        return upright.cells[std::min(upright.cells.size() - 1, at)];
    };
    const auto placed = [&](const Box& b) {
        const double third = upright.cells[0].width / 3.0, middle = b.x + b.width / 2;
        const UprightCell &first = cell_at(std::min(middle, b.x + third)),
                          &last = cell_at(std::max(middle, b.x + b.width - third));
        return Box{first.from, upright.top, std::max(1.0, last.to - first.from), upright.bottom - upright.top};
    };
    for (Word& word : line.words) {
        for (Glyph& glyph : word.glyphs) glyph.box = placed(glyph.box);
        word.box = placed(word.box);
    }
    reading::to_page(line, upright.column, page);
}

} // namespace recto::reading
