#include <algorithm>
#include <cmath>
#include <set>
#include <string>
#include <utility>

#include <fmt/format.h>

#include "pipeline/core/running_text.h"
#include "pipeline/files/xml_writer.h"
#include "stages/encode/formats.h"
#include "stages/encode/records.h"
#include "stages/encode/text_layer.h"

namespace recto::encode {
namespace {

std::size_t code_points(std::string_view utf8) {
    return static_cast<std::size_t>(std::count_if(utf8.begin(), utf8.end(), [](char c) { return (c & 0xC0) != 0x80; }));
}

/// ALTO has no place for a cell's row and column: a tag says them, counted from 1.
std::string cell_tag(const TableCell& c) {
    std::string id = fmt::format("cell-r{}c{}", c.row + 1, c.column + 1);
    if (c.rows > 1 || c.columns > 1) id += fmt::format("-{}x{}", c.rows, c.columns);
    return id;
}

/// A word divided at a line's end, on the line it begins on and the one it ends on.
struct Divided {
    std::string whole;   ///< Without the hyphen; empty: the word is not divided.
    bool begins = false; ///< The hyphen is on this line.
};

class AltoWriter {
  public:
    AltoWriter(const PageText& text, const AltoPage& page) : text_(text), page_(page) {
        sx_ = text.width > 0 ? static_cast<double>(page.width) / text.width : 1;
        sy_ = text.height > 0 ? static_cast<double>(page.height) / text.height : 1;
    }

    std::string write() {
        x_.start("alto").attribute("xmlns", "http://www.loc.gov/standards/alto/ns-v4#");
        x_.attribute("xmlns:xsi", "http://www.w3.org/2001/XMLSchema-instance");
        x_.attribute("xsi:schemaLocation", "http://www.loc.gov/standards/alto/ns-v4# "
                                           "http://www.loc.gov/standards/alto/v4/alto-4-4.xsd");
        x_.attribute("SCHEMAVERSION", "4.4");
        description();
        tags();
        x_.start("Layout");
        page();
        x_.end().end();
        return x_.finish();
    }

  private:
    void step(const char* id, const char* category, std::string_view what, std::string_view settings,
              std::string_view software) {
        if (what.empty()) return;
        x_.start("Processing").attribute("ID", id).element("processingCategory", category);
        x_.element("processingDateTime", page_.created).element("processingStepDescription", what);
        if (!settings.empty()) x_.element("processingStepSettings", settings);
        x_.start("processingSoftware").element("softwareName", software).end();
        x_.end();
    }

    void description() {
        x_.start("Description").element("MeasurementUnit", "pixel");
        x_.start("sourceImageInformation").element("fileName", page_.image);
        x_.element("fileIdentifier", page_.page_id).element("documentIdentifier", page_.item_id).end();
        step("treatment", "preOperation", page_.treatment, "", page_.software);
        if (!text_.engine.empty())
            step("reading", "contentGeneration", fmt::format("text recognition: {}", to_string(text_.state)),
                 "language: " + text_.language, text_.engine);
        step("encoding", "postOperation", page_.encoding, "", page_.software);
        x_.end();
    }

    /// What the blocks refer to, each tag once.
    void tags() {
        std::set<std::string> roles;
        std::set<std::pair<std::string, std::string>> cells;
        for (const TextBlock& b : text_.blocks) {
            if (b.role != BlockRole::Body) roles.emplace(to_string(b.role));
            for (const TableCell& c : b.cells)
                cells.emplace(cell_tag(c), fmt::format("row={} column={} rows={} columns={}", c.row + 1, c.column + 1,
                                                       c.rows, c.columns));
        }
        if (roles.empty() && cells.empty()) return;
        x_.start("Tags");
        for (const std::string& role : roles)
            x_.start("StructureTag")
                .attribute("ID", "role-" + role)
                .attribute("TYPE", "role")
                .attribute("LABEL", role)
                .end();
        for (const auto& [id, label] : cells)
            x_.start("LayoutTag").attribute("ID", id).attribute("TYPE", "cell").attribute("LABEL", label).end();
        x_.end();
    }

    void role_of(const TextBlock& b) {
        if (b.role != BlockRole::Body) x_.attribute("TAGREFS", fmt::format("role-{}", to_string(b.role)));
    }

    /// Whole pixels that hold the box, inside the image.
    void place(const Box& b) {
        const double x0 = std::clamp(std::floor(b.x * sx_ + 1e-6), 0.0, double(page_.width));
        const double y0 = std::clamp(std::floor(b.y * sy_ + 1e-6), 0.0, double(page_.height));
        const double x1 = std::clamp(std::ceil((b.x + b.width) * sx_ - 1e-6), x0, double(page_.width));
        const double y1 = std::clamp(std::ceil((b.y + b.height) * sy_ - 1e-6), y0, double(page_.height));
        x_.number("HPOS", x0).number("VPOS", y0).number("WIDTH", x1 - x0).number("HEIGHT", y1 - y0);
    }

    void page() {
        x_.start("Page").attribute("ID", fmt::format("page{:04}", page_.order));
        x_.attribute("PAGECLASS", page_.page_class);
        x_.number("PHYSICAL_IMG_NR", page_.order);
        if (!page_.printed_number.empty()) x_.attribute("PRINTED_IMG_NR", page_.printed_number);
        x_.number("WIDTH", page_.width).number("HEIGHT", page_.height);
        if (!text_.engine.empty()) {
            x_.attribute("PROCESSINGREFS", page_.treatment.empty() ? "reading" : "treatment reading");
            if (text_.state == ReadState::Read) x_.number("PC", text_.confidence);
            else x_.attribute("QUALITY_DETAIL", to_string(text_.state));
        }
        if (const std::string tag = language_tag(text_.language); !tag.empty()) x_.attribute("LANG", tag);
        x_.start("PrintSpace").attribute("ID", "space");
        place({0, 0, static_cast<double>(text_.width), static_cast<double>(text_.height)});
        int n = 0;
        for (const TextBlock& b : text_.blocks) block(b, ++n);
        x_.end().end();
    }

    void block(const TextBlock& b, int number) {
        const std::string id = b.id.empty() ? fmt::format("b{}", number) : b.id;
        if (b.lines.empty()) {
            x_.start(b.kind == BlockKind::Rule ? "GraphicalElement" : "Illustration").attribute("ID", id);
            place(b.box);
            if (b.kind != BlockKind::Rule) x_.attribute("TYPE", to_string(b.kind));
            x_.end();
            return;
        }
        const bool composed = b.kind != BlockKind::Text; // A table's or a seal's text keeps what it belongs to.
        if (composed) {
            x_.start("ComposedBlock").attribute("ID", id + "c");
            if (!b.cells.empty()) role_of(b);
            place(b.box);
            x_.attribute("TYPE", to_string(b.kind));
        }
        for (std::size_t c = 0; c < b.cells.size(); ++c) {
            x_.start("TextBlock")
                .attribute("ID", fmt::format("{}c{}", id, c + 1))
                .attribute("TAGREFS", cell_tag(b.cells[c]));
            place(b.cells[c].box);
            lines(b, id, static_cast<int>(c));
            x_.end();
        }
        if (b.cells.empty() || b.lines.back().cell < 0) { // clean_text puts what stands in no cell last
            x_.start("TextBlock").attribute("ID", id);
            if (b.cells.empty()) role_of(b);
            place(b.box);
            lines(b, id, -1);
            x_.end();
        }
        if (composed) x_.end();
    }

    /// The lines of a cell, or (-1) those of none. A line that was stored before keeps its name, also when one above it was
    /// taken out; the others are counted over the block.
    void lines(const TextBlock& b, const std::string& id, int cell) {
        for (std::size_t i = 0; i < b.lines.size(); ++i) {
            const TextLine& l = b.lines[i];
            if (l.cell != cell) continue;
            Divided first, last;
            if (i > 0 && hyphen_joins(b.lines[i - 1], l)) first = divided(b.lines[i - 1], l, false);
            if (i + 1 < b.lines.size() && hyphen_joins(l, b.lines[i + 1])) last = divided(l, b.lines[i + 1], true);
            line(l, l.id.empty() ? fmt::format("{}l{}", id, i + 1) : l.id, first, last);
        }
    }

    static Divided divided(const TextLine& line, const TextLine& next, bool begins) {
        if (line.words.empty() || next.words.empty()) return {};
        TextLine a, b;
        a.text = line.words.back().text;
        b.text = next.words.front().text;
        if (!hyphen_joins(a, b)) return {}; // the engine's word is less than the word
        const TextLine both[] = {a, b};
        return {joined_text(both), begins};
    }

    void line(const TextLine& l, const std::string& id, const Divided& first, const Divided& last) {
        x_.start("TextLine").attribute("ID", id);
        place(l.box);
        x_.attribute("BASEDIRECTION", l.vertical ? "ttb" : "ltr");
        const auto spaces = spaces_before(l);
        for (std::size_t w = 0; w < l.words.size(); ++w) {
            if (w > 0 && spaces[w]) {
                x_.start("SP");
                place(between(l.words[w - 1].box, l.words[w].box, l.vertical));
                x_.end();
            }
            // A String takes part in one substitution: of two, the word that begins here is told.
            const bool ends_line = w + 1 == l.words.size() && !last.whole.empty();
            word(l.words[w], fmt::format("{}s{}", id, w + 1),
                 ends_line ? last
                 : w == 0  ? first
                           : Divided{},
                 l.vertical);
        }
        x_.end();
    }

    static Box between(const Box& a, const Box& b, bool vertical) {
        if (vertical) return {a.x, a.y + a.height, a.width, std::max(0.0, b.y - a.y - a.height)};
        return {a.x + a.width, a.y, std::max(0.0, b.x - a.x - a.width), a.height};
    }

    void word(const Word& w, const std::string& id, const Divided& divided, bool vertical) {
        // The hyphen of a divided word is an element of its own.
        const bool cut = !divided.whole.empty() && divided.begins;
        const auto parts = clusters(w.text);
        const std::size_t shown = cut ? w.text.size() - parts.back().size() : w.text.size();
        const auto n = static_cast<double>(parts.size());
        Box box = w.box, hyphen = w.box;
        if (cut) {
            const double at = w.glyphs.empty() ? (n - 1) / n : -1;
            if (at >= 0) {
                (vertical ? box.height : box.width) *= at;
                hyphen = vertical ? Box{box.x, box.y + box.height, box.width, w.box.height - box.height}
                                  : Box{box.x + box.width, box.y, w.box.width - box.width, box.height};
            } else {
                hyphen = w.glyphs.back().box;
                if (vertical) box.height = std::max(0.0, hyphen.y - box.y);
                else box.width = std::max(0.0, hyphen.x - box.x);
            }
        }
        x_.start("String").attribute("ID", id);
        place(box);
        x_.attribute("CONTENT", std::string_view(w.text).substr(0, shown));
        if (!divided.whole.empty())
            x_.attribute("SUBS_TYPE", cut ? "HypPart1" : "HypPart2").attribute("SUBS_CONTENT", divided.whole);
        x_.number("WC", w.confidence);
        for (const Alternative& a : w.alternatives) // ALTO asks what it is for, and has no place for how sure it is.
            x_.start("ALTERNATIVE")
                .attribute("PURPOSE", fmt::format("other reading; confidence {:.2f}", a.confidence))
                .text(a.text)
                .end();
        // ALTO's Glyph holds one code point; a cluster of several leaves the word without glyphs rather than untrue.
        const bool single =
            std::all_of(w.glyphs.begin(), w.glyphs.end(), [](const Glyph& g) { return code_points(g.text) == 1; });
        const std::size_t last = w.glyphs.size() - (cut && !w.glyphs.empty() ? 1 : 0);
        for (std::size_t i = 0; single && i < last; ++i) glyph(w.glyphs[i]);
        x_.end();
        if (!cut) return;
        x_.start("HYP");
        place(hyphen);
        x_.attribute("CONTENT", parts.back()).end();
    }

    void glyph(const Glyph& g) {
        x_.start("Glyph").attribute("CONTENT", g.text).number("GC", g.confidence);
        place(g.box);
        for (const Alternative& v : g.variants)
            if (code_points(v.text) <= 3) // what the schema allows
                x_.start("Variant").attribute("CONTENT", v.text).number("VC", v.confidence).end();
        x_.end();
    }

    const PageText& text_;
    const AltoPage& page_;
    double sx_ = 1, sy_ = 1;
    XmlWriter x_;
};

} // namespace

std::string write_alto(const PageText& text, const AltoPage& page) { return AltoWriter(text, page).write(); }

} // namespace recto::encode
