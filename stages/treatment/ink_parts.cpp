#include "stages/treatment/ink_parts.h"

#include <cstdint>
#include <cstring>

namespace recto::treat {
namespace {
/// First column from `x` on that is ink (or is not, where `ink` is false); `width` where there is none.
int next(const std::uint8_t* row, int x, int width, bool ink) {
    if (ink) { // paper is most of a page: eight pixels a step
        std::uint64_t eight = 0;
        for (; x + 8 <= width; x += 8) {
            std::memcpy(&eight, row + x, sizeof eight);
            if (eight != 0) break;
        }
    }
    while (x < width && (row[x] != 0) != ink) ++x;
    return x;
}

/// Root of a piece; the way there is shortened.
int root(std::vector<int>& parents, int i) {
    while (parents[static_cast<std::size_t>(i)] != i) {
        parents[static_cast<std::size_t>(i)] = parents[static_cast<std::size_t>(parents[static_cast<std::size_t>(i)])];
        i = parents[static_cast<std::size_t>(i)];
    }
    return i;
}
} // namespace

InkParts find_ink_parts(const cv::Mat& ink) {
    InkParts out;
    std::vector<int> parents;
    std::size_t above = 0, above_end = 0; // the runs of the row before
    for (int y = 0; y < ink.rows; ++y) {
        const auto* row = ink.ptr<std::uint8_t>(y);
        const std::size_t first = out.runs.size();
        for (int x = next(row, 0, ink.cols, true); x < ink.cols; x = next(row, x, ink.cols, true)) {
            InkRun run{y, x, next(row, x, ink.cols, false), -1};
            while (above < above_end && out.runs[above].end < run.begin) ++above;
            for (std::size_t i = above; i < above_end && out.runs[i].begin <= run.end; ++i) {
                const int other = root(parents, out.runs[i].part);
                if (run.part < 0) run.part = other;
                else if (other < run.part) run.part = parents[static_cast<std::size_t>(run.part)] = other;
                else parents[static_cast<std::size_t>(other)] = run.part;
            }
            if (run.part < 0) {
                run.part = static_cast<int>(parents.size());
                parents.push_back(run.part);
            }
            out.runs.push_back(run);
            x = run.end;
        }
        above = first;
        above_end = out.runs.size();
    }
    // Parents come before their children: one pass numbers the roots and reaches everything.
    std::vector<int> numbers(parents.size());
    for (std::size_t i = 0; i < parents.size(); ++i)
        numbers[i] = parents[i] == static_cast<int>(i) ? static_cast<int>(out.count++)
                                                       : numbers[static_cast<std::size_t>(parents[i])];
    for (InkRun& run : out.runs) run.part = numbers[static_cast<std::size_t>(run.part)];
    return out;
}

} // namespace recto::treat
