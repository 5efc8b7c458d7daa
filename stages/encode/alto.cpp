#include <algorithm>
#include <cmath>

#include <fmt/format.h>

#include "stages/encode/formats.h"
#include "stages/encode/records.h"
#include "stages/encode/text_layer.h"
#include "stages/encode/xml_writer.h"

namespace recto::encode {
namespace {

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
            place(b.box);
            x_.attribute("TYPE", to_string(b.kind));
        }
        x_.start("TextBlock").attribute("ID", id);
        place(b.box);
        int n = 0;
        for (const TextLine& l : b.lines) {
            ++n; // A line that was stored before keeps its name, also when one above it was taken out.
            line(l, l.id.empty() ? fmt::format("{}l{}", id, n) : l.id);
        }
        x_.end();
        if (composed) x_.end();
    }

    void line(const TextLine& l, const std::string& id) {
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
            word(l.words[w], fmt::format("{}s{}", id, w + 1));
        }
        x_.end();
    }

    static Box between(const Box& a, const Box& b, bool vertical) {
        if (vertical) return {a.x, a.y + a.height, a.width, std::max(0.0, b.y - a.y - a.height)};
        return {a.x + a.width, a.y, std::max(0.0, b.x - a.x - a.width), a.height};
    }

    void word(const Word& w, const std::string& id) {
        x_.start("String").attribute("ID", id);
        place(w.box);
        x_.attribute("CONTENT", w.text).number("WC", w.confidence);
        // ALTO's Glyph holds one code point; a cluster of several leaves the word without glyphs rather than untrue.
        const bool single = std::all_of(w.glyphs.begin(), w.glyphs.end(), [](const Glyph& g) {
            return std::count_if(g.text.begin(), g.text.end(), [](char c) { return (c & 0xC0) != 0x80; }) == 1;
        });
        if (single)
            for (const Glyph& g : w.glyphs) {
                x_.start("Glyph").attribute("CONTENT", g.text).number("GC", g.confidence);
                place(g.box);
                x_.end();
            }
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
