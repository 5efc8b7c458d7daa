#include "stages/encode/hocr.h"

#include <cmath>

#include <fmt/format.h>

#include "pipeline/files/xml_writer.h"
#include "stages/encode/formats.h"
#include "stages/encode/page_grid.h"
#include "stages/encode/text_layer.h"

namespace recto::encode {
namespace {

/// Confidence as hOCR gives it: whole per cent.
int hocr_percent(double confidence) { return static_cast<int>(std::lround(std::clamp(confidence, 0.0, 1.0) * 100)); }

std::string hocr_box(const PixelBox& p) { return fmt::format("{} {} {} {}", p.left, p.top, p.right, p.bottom); }

class HocrWriter {
  public:
    HocrWriter() : x_(false) {}

    std::string write(const std::vector<HocrPage>& pages, const std::string& software, const std::string& title) {
        x_.doctype("html", "-//W3C//DTD XHTML 1.0 Transitional//EN",
                   "http://www.w3.org/TR/xhtml1/DTD/xhtml1-transitional.dtd");
        std::string language;
        for (const HocrPage& p : pages)
            if (language.empty()) language = language_tag(p.text->language);
        x_.start("html").attribute("xmlns", "http://www.w3.org/1999/xhtml");
        if (!language.empty()) x_.attribute("xml:lang", language).attribute("lang", language);
        new_line();
        x_.start("head").element("title", title);
        meta("http-equiv", "Content-Type", "text/html; charset=utf-8");
        meta("name", "ocr-system", software);
        meta("name", "ocr-capabilities",
             "ocr_page ocr_carea ocr_par ocr_line ocrx_word ocrx_cinfo ocr_image ocr_separator ocrp_lang ocrp_wconf");
        meta("name", "ocr-number-of-pages", std::to_string(pages.size()));
        x_.end();
        new_line();
        x_.start("body");
        for (const HocrPage& p : pages) page(p);
        new_line();
        x_.end();
        new_line();
        x_.end();
        return x_.finish();
    }

  private:
    void new_line() { x_.text("\n"); }

    void meta(const char* key, const char* name, const std::string& content) {
        new_line();
        x_.start("meta").attribute(key, name).attribute("content", content).end();
    }

    void open(const char* element, const char* kind, const std::string& id, const std::string& title) {
        x_.start(element).attribute("class", kind).attribute("id", id).attribute("title", title);
    }

    void page(const HocrPage& p) {
        const PageGrid grid(*p.text, p.width, p.height);
        // Quotes cannot be escaped inside a property; no name of ours has one.
        std::string name;
        for (const char c : p.image) name += c == '"' ? '\'' : c;
        std::string title =
            fmt::format("image \"{}\"; bbox 0 0 {} {}; ppageno {}", name, p.width, p.height, std::max(0, p.number - 1));
        if (p.dpi_x > 0 && p.dpi_y > 0)
            title += fmt::format("; scan_res {} {}", std::lround(p.dpi_x), std::lround(p.dpi_y));
        if (p.text->state != ReadState::Read) title += fmt::format("; x_state {}", to_string(p.text->state));
        new_line();
        open("div", "ocr_page", fmt::format("page_{}", p.number), title);
        if (const std::string tag = language_tag(p.text->language); !tag.empty())
            x_.attribute("xml:lang", tag).attribute("lang", tag);
        int n = 0;
        for (const TextBlock& b : p.text->blocks) block(b, grid, fmt::format("{}_{}", p.number, ++n));
        new_line();
        x_.end();
    }

    void block(const TextBlock& b, const PageGrid& grid, const std::string& id) {
        std::string title = "bbox " + hocr_box(grid.of(b.box));
        if (b.kind != BlockKind::Text) title += fmt::format("; x_kind {}", to_string(b.kind));
        if (b.role != BlockRole::Body) title += fmt::format("; x_role {}", to_string(b.role));
        new_line();
        if (b.lines.empty()) {
            open("div", b.kind == BlockKind::Rule ? "ocr_separator" : "ocr_image", "block_" + id, title);
            x_.end();
            return;
        }
        open("div", "ocr_carea", "block_" + id, title);
        new_line();
        open("p", "ocr_par", "par_" + id, "bbox " + hocr_box(grid.of(b.box)));
        int n = 0;
        for (const TextLine& l : b.lines) line(l, grid, fmt::format("{}_{}", id, ++n));
        new_line();
        x_.end();
        new_line();
        x_.end();
    }

    void line(const TextLine& l, const PageGrid& grid, const std::string& id) {
        new_line();
        std::string title = "bbox " + hocr_box(grid.of(l.box));
        if (!l.id.empty()) title += "; x_id " + l.id; // As ALTO and corrections call it.
        open("span", "ocr_line", "line_" + id, title);
        if (l.vertical) x_.attribute("style", "writing-mode: vertical-rl");
        const auto spaces = spaces_before(l);
        for (std::size_t w = 0; w < l.words.size(); ++w) {
            if (w > 0 && spaces[w]) x_.text(" ");
            word(l.words[w], grid, fmt::format("{}_{}", id, w + 1));
        }
        x_.end();
    }

    void word(const Word& w, const PageGrid& grid, const std::string& id) {
        std::string title = fmt::format("bbox {}; x_wconf {}", hocr_box(grid.of(w.box)), hocr_percent(w.confidence));
        if (!w.glyphs.empty()) {
            title += "; x_confs";
            for (const Glyph& g : w.glyphs) title += fmt::format(" {}", hocr_percent(g.confidence));
        }
        open("span", "ocrx_word", "word_" + id, title);
        if (w.glyphs.empty()) x_.text(w.text);
        for (const Glyph& g : w.glyphs) {
            x_.start("span").attribute("class", "ocrx_cinfo");
            x_.attribute("title",
                         fmt::format("x_bboxes {}; x_conf {}", hocr_box(grid.of(g.box)), hocr_percent(g.confidence)));
            x_.text(g.text).end();
        }
        x_.end();
    }

    XmlWriter x_;
};

} // namespace

std::string write_hocr(const std::vector<HocrPage>& pages, const std::string& software, const std::string& title) {
    return HocrWriter().write(pages, software, title);
}

} // namespace recto::encode
