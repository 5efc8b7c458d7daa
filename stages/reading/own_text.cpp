#include "stages/reading/own_text.h"

#include <algorithm>
#include <cmath>
#include <string>
#include <tuple>

#include <opencv2/imgproc.hpp>

#include "pipeline/files/codes.h"
#include "stages/reading/ppocr_recognize.h"
#include "stages/reading/unicode.h"

namespace recto::reading {

namespace {

/// Grey levels between the lightest and the darkest pixel of a word that is printed: thin light type on white has 60.
constexpr int kPrintContrast = 40;
/// Share of the marks that may lie outside the words: rules' ends, seals, ornaments.
constexpr double kMarksOutside = 0.04;
/// Longest side of the picture in which marks are counted, pixels: letters of six points are eight high.
constexpr double kMarksWork = 2000;
/// Below this likeness a line of the layer is another than the one that was read.
constexpr double kSameLine = 0.5;
/// Code points of running text that are compared where places do not agree; time grows with the square.
constexpr std::size_t kCompared = 2000;

Box cut_to(const Box& b, double width, double height) {
    const double x = std::clamp(b.x, 0.0, width), y = std::clamp(b.y, 0.0, height);
    return {x, y, std::clamp(b.x + b.width, x, width) - x, std::clamp(b.y + b.height, y, height) - y};
}

Box map_to_page(const Box& b, const Transform& t) {
    return bounds({t.apply({b.x, b.y}), t.apply({right_of(b), b.y}), t.apply({right_of(b), bottom_of(b)}),
                   t.apply({b.x, bottom_of(b)})});
}

/// No character (U+FFFD, private use, not assigned to anything), or one of a script whose order a layer does not tell.
bool is_garbled(char32_t c) {
    const bool none = c == 0xFFFD || c == kBadUtf8 || (c >= 0xE000 && c < 0xF900) || c >= 0xF0000 || c < 0x20;
    const bool right_to_left = (c >= 0x590 && c < 0x900) || (c >= 0xFB1D && c < 0xFE00) || (c >= 0xFE70 && c < 0xFEFF);
    return none || right_to_left;
}

int characters_of(const std::string& text) {
    int n = 0;
    for (const char32_t c : decode_utf8(text)) n += c > ' ' && c != 0x3000 ? 1 : 0;
    return n;
}

/// Text and box of a line from its words, which are in order; no space between Chinese characters.
void compose(TextLine& line, double confidence) {
    line.text.clear();
    line.box = {};
    line.confidence = confidence;
    char32_t last = 0;
    for (Word& word : line.words) {
        const std::u32string letters = decode_utf8(word.text);
        if (letters.empty()) continue;
        if (!line.text.empty() && !(is_cjk(last) && is_cjk(letters.front()))) line.text += ' ';
        line.box = line.text.empty() ? word.box : unite(line.box, word.box);
        line.text += word.text;
        last = letters.back();
        word.confidence = confidence;
    }
}

/// Whether a word goes on in the next. pdftotext ends one also where the type or, in a line that leans, the height changes;
/// between two words it sees a tenth of an em at least, and fonts are a little higher than that.
bool goes_on(const Word& a, const Word& b) {
    const auto gap = [](double p, double p_size, double q, double q_size) {
        return std::max(q - p - p_size, p - q - q_size);
    };
    const double apart =
        std::max(gap(a.box.x, a.box.width, b.box.x, b.box.width), gap(a.box.y, a.box.height, b.box.y, b.box.height));
    const double size = std::max(std::min(a.box.width, a.box.height), std::min(b.box.width, b.box.height));
    return apart < 0.08 * size;
}

/// Whether `b` begins where `a` ends, level with it: pdftotext has cut one line in two, as it does where lines lean.
bool level_with(const Word& a, const Word& b) {
    const double shared = std::min(a.box.y + a.box.height, b.box.y + b.box.height) - std::max(a.box.y, b.box.y);
    const double height = std::min(a.box.height, b.box.height);
    return std::abs(b.box.x - a.box.x - a.box.width) < 0.08 * height && shared > 0.7 * height;
}

/// Appends a word, to the last one where that goes on in it. Chinese words stay apart: no space stands between them anyway.
void append(std::vector<Word>& words, const Word& word) {
    const std::u32string after = decode_utf8(word.text);
    const std::u32string before = words.empty() ? U"" : decode_utf8(words.back().text);
    if (before.empty() || after.empty() || is_cjk(before.back()) || is_cjk(after.front()) ||
        !goes_on(words.back(), word)) {
        words.push_back(word);
        return;
    }
    words.back().text += word.text;
    words.back().box = unite(words.back().box, word.box);
}

/// Puts lines together again that were cut within a word.
void join_cut_lines(std::vector<TextLine>& lines) {
    constexpr std::size_t kMostLines = 2000; // Time grows with the square; so many lines are no page of text.
    if (lines.size() > kMostLines) return;
    for (std::size_t i = 0; i < lines.size(); ++i)
        for (std::size_t k = 0; k < lines.size(); ++k) {
            if (k == i || !level_with(lines[i].words.back(), lines[k].words.front())) continue;
            for (const Word& word : lines[k].words) append(lines[i].words, word);
            lines.erase(lines.begin() + static_cast<std::ptrdiff_t>(k));
            if (k < i) --i;
            k = std::size_t(-1); // The longer line may go on again.
        }
}

/// Chinese written downwards: a tall line whose words follow each other from the top.
bool goes_down(const TextLine& line) {
    int cjk = 0, all = 0;
    for (const char32_t c : decode_utf8(line.text)) {
        cjk += is_cjk(c) ? 1 : 0;
        all += c > ' ' ? 1 : 0;
    }
    return all >= 2 && 2 * cjk > all && line.box.height > 1.5 * line.box.width &&
           line.words.front().box.y <= line.words.back().box.y;
}

/// Rows (or columns) with print, of `across` pixels each: the run of `profile` at its middle and those around it, up to a rule
/// or to what comes in over an edge, as a neighbour does: fonts may say that they are two lines high.
std::pair<int, int> own_run(const std::vector<int>& profile, int across) {
    struct Run {
        int from, to, sum;
    };
    std::vector<Run> runs;
    const int n = static_cast<int>(profile.size());
    for (int i = 0; i < n; ++i) {
        const int v = profile[static_cast<std::size_t>(i)];
        if (v == 0) continue;
        if (runs.empty() || runs.back().to != i) runs.push_back({i, i, 0});
        runs.back().to = i + 1;
        runs.back().sum += v;
    }
    if (runs.empty()) return {0, 0};
    const auto foreign = [&](const Run& r) {
        return r.from == 0 || r.to == n || r.sum > 0.97 * across * (r.to - r.from);
    };
    int tallest = 0;
    for (const Run& r : runs) tallest = std::max(tallest, r.to - r.from);
    const auto main = std::ranges::min_element(runs, {}, [&](const Run& r) {
        // Dots and accents are not what a word is about.
        const int from_middle = std::max({0, r.from - n / 2, n / 2 - r.to + 1});
        return std::pair(4 * (r.to - r.from) < tallest, from_middle);
    });
    auto first = main, last = main;
    while (first != runs.begin() && !foreign(*(first - 1))) --first;
    while (last + 1 != runs.end() && !foreign(*(last + 1))) ++last;
    return {first->from, last->to};
}

/// The box of the print in a word's place; false where there is none.
bool find_print(const cv::Mat& grey, Box& box, bool vertical) {
    // Fonts lie about their height, seldom by more than a tenth.
    const double more_x = vertical ? 0.08 * box.width : 1, more_y = vertical ? 1 : 0.08 * box.height;
    const Box wide =
        cut_to({box.x - more_x, box.y - more_y, box.width + 2 * more_x, box.height + 2 * more_y}, grey.cols, grey.rows);
    const cv::Rect part(
        cv::Point(static_cast<int>(wide.x), static_cast<int>(wide.y)),
        cv::Point(static_cast<int>(std::ceil(wide.x + wide.width)), static_cast<int>(std::ceil(wide.y + wide.height))));
    const cv::Rect at = part & cv::Rect(0, 0, grey.cols, grey.rows);
    if (at.width < 2 || at.height < 2) return false;
    const cv::Mat place = grey(at);
    double low = 0, high = 0;
    cv::minMaxLoc(place, &low, &high);
    if (high - low < kPrintContrast) return false;
    cv::Mat dark;
    cv::threshold(place, dark, (low + high) / 2, 1, cv::THRESH_BINARY_INV);
    if (2 * cv::countNonZero(dark) > static_cast<int>(dark.total())) dark = 1 - dark; // light print on dark
    const auto profile = [](const cv::Mat& m, int dimension) {
        cv::Mat sums;
        cv::reduce(m, sums, dimension, cv::REDUCE_SUM, CV_32S);
        return std::vector<int>(sums.begin<int>(), sums.end<int>());
    };
    const auto [top, bottom] = own_run(profile(dark, 1), dark.cols);
    const std::vector<int> columns = profile(dark.rowRange(top, bottom), 0);
    int left = 0, right = static_cast<int>(columns.size());
    if (vertical) {
        std::tie(left, right) = own_run(columns, bottom - top);
    } else {
        while (left < right && columns[static_cast<std::size_t>(left)] == 0) ++left;
        while (right > left && columns[static_cast<std::size_t>(right) - 1] == 0) --right;
    }
    if (right <= left || bottom <= top) return false;
    box = {static_cast<double>(at.x + left), static_cast<double>(at.y + top), static_cast<double>(right - left),
           static_cast<double>(bottom - top)};
    return true;
}

std::string for_comparing(const std::string& text) {
    std::string out;
    const std::string narrow = fold_width(text);
    for (std::size_t pos = 0; pos < narrow.size();)
        if (const char32_t c = next_code_point(narrow, pos); c > ' ' && c != 0xA0) append_utf8(out, c);
    return out;
}

/// Which words of the layer lie on which line that was read.
struct Assigned {
    std::vector<TextLine*> read;           ///< The lines.
    std::vector<std::vector<Word>> words;  ///< For each of them, in the direction of the line.
    std::vector<std::vector<Word>> unread; ///< For each line of the layer, its words that lie on none.
};

Assigned assign(const OwnText& own, std::vector<TextBlock>& blocks) {
    Assigned out;
    for (TextBlock& block : blocks)
        for (TextLine& line : block.lines) out.read.push_back(&line);
    out.words.resize(out.read.size());
    out.unread.resize(own.lines.size());
    for (std::size_t l = 0; l < own.lines.size(); ++l)
        for (const Word& word : own.lines[l].words) {
            const double area = word.box.width * word.box.height;
            std::size_t best = out.read.size();
            double most = 0.3 * area;
            for (std::size_t i = 0; i < out.read.size(); ++i) {
                const Box& line = out.read[i]->box;
                // A line that holds the middle comes before one that only touches the word.
                const double share = shared_area(word.box, line) + (holds_middle(line, word.box) ? area : 0);
                if (share > most) {
                    most = share;
                    best = i;
                }
            }
            (best < out.read.size() ? out.words[best] : out.unread[l]).push_back(word);
        }
    for (std::size_t i = 0; i < out.read.size(); ++i) {
        const bool vertical = out.read[i]->vertical;
        std::ranges::stable_sort(out.words[i], {},
                                 [&](const Word& w) { return vertical ? middle_y(w.box) : middle_x(w.box); });
    }
    return out;
}

std::string text_of_words(const std::vector<Word>& words) {
    std::string out;
    for (const Word& word : words) out += word.text;
    return out;
}

std::string running_text(const std::vector<TextLine>& lines) {
    std::string out;
    for (const TextLine& line : lines) out += for_comparing(line.text);
    return out;
}

} // namespace

OwnText own_text_on(const SourceText& text, const Transform& source_to_page) {
    OwnText own;
    const double width = source_to_page.width(), height = source_to_page.height();
    int garbled = 0;
    for (const auto& words : text.lines) {
        TextLine line;
        for (const SourceWord& word : words) {
            const Box box = map_to_page(word.box, source_to_page);
            if (!holds_middle({0, 0, width, height}, box)) continue;
            append(line.words, {word.text, cut_to(box, width, height), 0, {}, {}});
            own.characters += characters_of(word.text);
            for (const char32_t c : decode_utf8(word.text)) garbled += is_garbled(c) ? 1 : 0;
        }
        if (!line.words.empty()) own.lines.push_back(std::move(line));
    }
    join_cut_lines(own.lines);
    for (TextLine& line : own.lines) {
        compose(line, 0);
        line.vertical = goes_down(line);
    }
    own.garbled = own.characters > 0 ? static_cast<double>(garbled) / own.characters : 0;
    return own;
}

void settle_on_print(OwnText& own, const cv::Mat& grey) {
    int printed = 0;
    for (TextLine& line : own.lines) {
        std::erase_if(line.words, [&](Word& word) {
            if (!find_print(grey, word.box, line.vertical)) return true;
            printed += characters_of(word.text);
            return false;
        });
        compose(line, 0);
    }
    std::erase_if(own.lines, [](const TextLine& line) { return line.words.empty(); });
    own.on_print = own.characters > 0 ? static_cast<double>(printed) / own.characters : 0;
}

bool covers_print(const OwnText& own, const cv::Mat& grey) {
    std::vector<double> heights;
    for (const TextLine& line : own.lines) heights.push_back(line.vertical ? line.box.width : line.box.height);
    if (heights.empty()) return false;
    const double factor = std::min(1.0, kMarksWork / std::max(grey.cols, grey.rows));
    cv::Mat small, dark, labels, stats, centres;
    cv::resize(grey, small, cv::Size(), factor, factor, cv::INTER_AREA);
    cv::threshold(small, dark, 0, 255, cv::THRESH_BINARY_INV | cv::THRESH_OTSU);
    cv::Mat words(small.size(), CV_8UC1, cv::Scalar(0));
    for (const TextLine& line : own.lines)
        for (const Word& word : line.words) {
            const double more = 2 + 0.15 * std::min(word.box.width, word.box.height);
            const cv::Rect2d r((word.box.x - more) * factor, (word.box.y - more) * factor,
                               (word.box.width + 2 * more) * factor, (word.box.height + 2 * more) * factor);
            words(cv::Rect(r) & cv::Rect(0, 0, words.cols, words.rows)) = 1;
        }
    const auto middle = heights.begin() + static_cast<std::ptrdiff_t>(heights.size() / 2);
    std::nth_element(heights.begin(), middle, heights.end());
    const double height = *middle * factor;
    const int count = cv::connectedComponentsWithStats(dark, labels, stats, centres, 8, CV_32S);
    int inside = 0, outside = 0;
    for (int i = 1; i < count; ++i) {
        const int* s = stats.ptr<int>(i);
        const int w = s[cv::CC_STAT_WIDTH], h = s[cv::CC_STAT_HEIGHT];
        if (h < 0.35 * height || h > 3 * height || w > 6 * height || w < 2) continue;
        const cv::Point at(s[cv::CC_STAT_LEFT] + w / 2, s[cv::CC_STAT_TOP] + h / 2);
        ++(words.at<std::uint8_t>(at) != 0 ? inside : outside);
    }
    return inside > 0 && outside <= std::max(3.0, kMarksOutside * (inside + outside));
}

std::vector<const TextLine*> sample_of(const OwnText& own) {
    constexpr std::size_t kParts = 4;
    std::vector<const TextLine*> lines;
    for (const TextLine& line : own.lines) lines.push_back(&line);
    std::ranges::stable_sort(lines, {}, [](const TextLine* l) { return middle_y(l->box); });
    std::vector<const TextLine*> out;
    for (std::size_t part = 0; part < kParts; ++part) {
        const TextLine* longest = nullptr;
        for (std::size_t i = part * lines.size() / kParts; i < (part + 1) * lines.size() / kParts; ++i)
            if (!longest || lines[i]->text.size() > longest->text.size()) longest = lines[i];
        if (longest) out.push_back(longest);
    }
    return out;
}

double line_likeness(const std::string& a, const std::string& b) {
    return similarity(for_comparing(a), for_comparing(b));
}

Agreement agreement_of(const OwnText& own, const std::vector<TextBlock>& read) {
    std::vector<TextBlock> blocks = read;
    const Assigned assigned = assign(own, blocks);
    double same = 0, all = 0;
    std::vector<TextLine> lines;
    for (std::size_t i = 0; i < assigned.read.size(); ++i) {
        const std::string here = text_of_words(assigned.words[i]);
        const std::string& there = assigned.read[i]->text;
        const double n = std::max(characters_of(here), characters_of(there));
        all += n;
        if (!here.empty()) same += n * line_likeness(here, there);
        lines.push_back(*assigned.read[i]);
    }
    for (const auto& words : assigned.unread) all += characters_of(text_of_words(words));
    Agreement out;
    out.by_place = out.likeness = all > 0 ? same / all : 0;
    if (out.by_place < kSameText)
        out.likeness = std::max(out.by_place, similarity(running_text(own.lines), running_text(lines), kCompared));
    return out;
}

void put_own_words(const OwnText& own, std::vector<TextBlock>& read, double unread) {
    Assigned assigned = assign(own, read);
    std::vector<const TextLine*> twice; // Lines whose text stands in a word that lies mostly on another line.
    for (std::size_t i = 0; i < assigned.read.size(); ++i) {
        TextLine& line = *assigned.read[i];
        std::vector<Word>& words = assigned.words[i];
        if (words.empty()) {
            double covered = 0;
            for (const TextLine& layer : own.lines)
                for (const Word& word : layer.words) covered += shared_area(word.box, line.box);
            if (covered > 0.5 * line.box.width * line.box.height) twice.push_back(&line);
            continue;
        }
        const double likeness = line_likeness(text_of_words(words), line.text);
        if (likeness < kSameLine) continue;
        line.words = std::move(words);
        compose(line, likeness);
    }
    std::vector<TextLine> more;
    for (std::size_t l = 0; l < own.lines.size(); ++l) {
        if (assigned.unread[l].empty()) continue;
        TextLine line;
        line.words = std::move(assigned.unread[l]);
        line.vertical = own.lines[l].vertical;
        compose(line, unread);
        more.push_back(std::move(line));
    }
    for (TextBlock& block : read) {
        std::erase_if(block.lines,
                      [&](const TextLine& line) { return std::ranges::find(twice, &line) != twice.end(); });
        if (block.lines.empty()) continue;
        if (block.cells.empty()) block.box = block.lines.front().box;
        for (const TextLine& line : block.lines) block.box = unite(block.box, line.box);
    }
    std::erase_if(read, [](const TextBlock& b) { return b.lines.empty() && b.kind == BlockKind::Text; });
    for (TextLine& line : more) {
        const auto at = std::ranges::find_if(read, [&](const TextBlock& b) { return b.box.y > middle_y(line.box); });
        TextBlock block;
        block.box = line.box;
        block.lines.push_back(std::move(line));
        read.insert(at, std::move(block));
    }
}

} // namespace recto::reading
