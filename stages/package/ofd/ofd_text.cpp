#include "stages/package/ofd/ofd_text.h"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <span>

#include <unicode/uchar.h>
#include <unicode/utf8.h>

namespace recto::ofd {
namespace {

constexpr double kAscentShare = 0.88; ///< Of a line's height that lies above the baseline.
constexpr double kLeast = 0.1;        ///< Millimetres; a box without extent gets it.

/// One code point and where it begins along its line, in millimetres from the page's edge.
struct Mark {
    std::string text;
    UChar32 code;
    double at;
};

std::vector<Mark> marks_of(std::string_view utf8) {
    std::vector<Mark> out;
    const auto size = static_cast<std::int32_t>(utf8.size());
    for (std::int32_t i = 0; i < size;) {
        const std::int32_t from = i;
        UChar32 c = 0;
        U8_NEXT(reinterpret_cast<const std::uint8_t*>(utf8.data()), i, size, c);
        out.push_back(
            {std::string(utf8.substr(static_cast<std::size_t>(from), static_cast<std::size_t>(i - from))), c, 0});
    }
    return out;
}

/// Relative advance where nobody measured it; a mark stands on its base.
double advance(UChar32 c) {
    const int type = u_charType(c);
    if (type == U_NON_SPACING_MARK || type == U_ENCLOSING_MARK || c == 0x200D) return 0;
    const int width = u_getIntPropertyValue(c, UCHAR_EAST_ASIAN_WIDTH);
    return width == U_EA_WIDE || width == U_EA_FULLWIDTH ? 1.0 : width == U_EA_AMBIGUOUS ? 0.75 : 0.5;
}

class LineWriter {
  public:
    LineWriter(XmlWriter& xml, Contents& contents, double sx, double sy)
        : xml_(xml), contents_(contents), sx_(sx), sy_(sy) {}

    void write(const TextLine& line) {
        marks_.clear();
        vertical_ = line.vertical;
        std::size_t read = 0; // of the line's text, which says where the spaces are
        for (const Word& word : line.words) {
            if (read < line.text.size() && line.text[read] == ' ' && !marks_.empty()) {
                marks_.push_back({" ", ' ', end_});
                ++read;
            }
            read += word.text.size();
            add(word);
        }
        if (marks_.empty()) return;
        for (std::size_t i = 0; i < marks_.size(); ++i) {
            if (i > 0) marks_[i].at = std::max(marks_[i].at, marks_[i - 1].at);
            marks_[i].at = std::round(marks_[i].at * 1000) / 1000; // the differences add up to the place again
        }
        end_ = std::max(end_, marks_.back().at);
        const std::span<const Mark> all(marks_);
        for (std::size_t from = 0; from < all.size();) {
            std::size_t to = from + 1;
            while (all[from].code <= 0xFFFF && to < all.size() && all[to].code <= 0xFFFF) ++to;
            object(line.box, all.subspan(from, to - from), to < all.size() ? all[to].at : end_);
            from = to;
        }
    }

  private:
    [[nodiscard]] double begin(const Box& b) const { return vertical_ ? b.y * sy_ : b.x * sx_; }
    [[nodiscard]] double behind(const Box& b) const {
        return vertical_ ? (b.y + b.height) * sy_ : (b.x + b.width) * sx_;
    }

    void add(const Word& word) {
        const double from = begin(word.box), to = std::max(from, behind(word.box));
        std::string spelt;
        for (const Glyph& g : word.glyphs) spelt += g.text;
        if (!word.glyphs.empty() && spelt == word.text) {
            for (const Glyph& g : word.glyphs)
                for (Mark& mark : marks_of(clean_xml(g.text))) {
                    mark.at = begin(g.box);
                    marks_.push_back(std::move(mark));
                }
        } else {
            std::vector<Mark> marks = marks_of(clean_xml(word.text));
            double total = 0, at = 0;
            for (const Mark& mark : marks) total += advance(mark.code);
            for (Mark& mark : marks) {
                mark.at = total > 0 ? from + (to - from) * at / total : from;
                at += advance(mark.code);
                marks_.push_back(std::move(mark));
            }
        }
        end_ = to;
    }

    /// Characters of one line, the next of which begins at `end`.
    void object(const Box& box, std::span<const Mark> marks, double end) {
        const double start = marks.front().at, length = std::max(kLeast, end - start);
        const double size = std::max(kLeast, vertical_ ? box.width * sx_ : box.height * sy_);
        const double x = vertical_ ? box.x * sx_ : start, y = vertical_ ? start : box.y * sy_;
        std::string text, deltas;
        for (std::size_t i = 0; i < marks.size(); ++i) {
            text += marks[i].text;
            if (i > 0) deltas += (i > 1 ? " " : "") + millimetres(marks[i].at - marks[i - 1].at);
        }
        xml_.start("ofd:TextObject").attribute("ID", std::to_string(contents_.next_id()));
        xml_.attribute("Boundary", millimetres(x) + " " + millimetres(y) + " " +
                                       millimetres(vertical_ ? size : length) + " " +
                                       millimetres(vertical_ ? length : size));
        xml_.attribute("Font", std::to_string(kFontId)).attribute("Size", millimetres(size));
        if (vertical_) xml_.attribute("ReadDirection", "90").attribute("CharDirection", "0");
        xml_.start("ofd:FillColor").attribute("Value", "0 0 0").attribute("Alpha", "0").end();
        xml_.start("ofd:TextCode").attribute("X", "0").attribute("Y", millimetres(size * kAscentShare));
        if (!deltas.empty()) xml_.attribute(vertical_ ? "DeltaY" : "DeltaX", deltas);
        xml_.text(text).end().end();
    }

    XmlWriter& xml_;
    Contents& contents_;
    const double sx_, sy_; ///< Millimetres a pixel.
    bool vertical_ = false;
    std::vector<Mark> marks_;
    double end_ = 0; ///< Of the last word.
};

} // namespace

void write_text(XmlWriter& xml, const PageText& text, double width_mm, double height_mm, Contents& contents) {
    if (text.width <= 0 || text.height <= 0) return;
    LineWriter writer(xml, contents, width_mm / text.width, height_mm / text.height);
    for (const TextBlock& block : text.blocks)
        for (const TextLine& line : block.lines) writer.write(line);
}

} // namespace recto::ofd
