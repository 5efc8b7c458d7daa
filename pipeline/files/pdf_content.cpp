// What a PDF page shows (ISO 32000-2, 8 and 9): enough of the content stream to know whether one scan makes up the page.

#include <algorithm>
#include <array>
#include <cmath>
#include <map>
#include <utility>

#include "pipeline/files/pdf_page.h"

namespace recto::files {
namespace {

constexpr int kMaxDepth = 12;            ///< Of forms within forms.
constexpr int kMaxOperators = 3'000'000; ///< Beyond this the page is no scan.

double number(QPDFObjectHandle o, double fallback = 0) { return o.isNumber() ? o.getNumericValue() : fallback; }

bool read_matrix(QPDFObjectHandle array, PdfMatrix& m) {
    if (!array.isArray() || array.getArrayNItems() != 6) return false;
    std::array<double, 6> v{};
    for (int i = 0; i < 6; ++i) v[static_cast<std::size_t>(i)] = number(array.getArrayItem(i));
    m = {v[0], v[1], v[2], v[3], v[4], v[5]};
    return true;
}

std::optional<PdfBox> read_box(QPDFObjectHandle array) {
    if (!array.isRectangle()) return std::nullopt;
    const auto r = array.getArrayAsRectangle();
    PdfBox b{std::min(r.llx, r.urx), std::min(r.lly, r.ury), std::max(r.llx, r.urx), std::max(r.lly, r.ury)};
    if (!(b.area() > 0)) return std::nullopt;
    return b;
}

/// Box around `b` mapped by `m`.
PdfBox map_box(const PdfMatrix& m, const PdfBox& b) {
    PdfBox out{1e30, 1e30, -1e30, -1e30};
    for (int i = 0; i < 4; ++i) {
        const double x = i % 2 != 0 ? b.x1 : b.x0, y = i / 2 != 0 ? b.y1 : b.y0;
        const double u = m.a * x + m.c * y + m.e, v = m.b * x + m.d * y + m.f;
        out = {std::min(out.x0, u), std::min(out.y0, v), std::max(out.x1, u), std::max(out.y1, v)};
    }
    return out;
}

struct State {
    PdfMatrix ctm;
    PdfBox clip{-1e30, -1e30, 1e30, 1e30};
    bool odd_clip = false;            ///< Clipped by something that is no upright rectangle.
    bool see_through = false;         ///< Soft mask, opacity below 1 or a blend mode.
    bool white = false, black = true; ///< Fill colour.
    int text_mode = 0;
};

struct Interpreter {
    Interpreter(PageContent& content, const QPDFObjectHandle& page_resources)
        : page(content), resources(page_resources) {}

    PageContent& page;
    std::vector<State> saved;
    State now;
    QPDFObjectHandle resources;
    int depth = 0, operators = 0;
    bool others = false; ///< Something besides the scan can be seen.
    double largest = 0;  ///< Area of the largest image so far.
    bool gave_up = false;

    // The current path: its corners while it may still be a rectangle.
    std::vector<std::pair<double, double>> points;
    bool path = false, curved = false, clip_next = false;

    std::vector<bool> layers; ///< Open marked contents: optional content or not.

    void see(bool image, bool one_bit = false) {
        others = true;
        if (!image) page.only_images = false;
        if (!one_bit) page.one_bit = false;
    }

    void paint_path(bool fill, bool stroke) {
        // White laid on an empty page shows nothing.
        const bool shows = path && (stroke || (fill && !(now.white && !page.scan && !others)));
        if (shows) see(false);
        end_path();
    }

    void end_path() {
        if (clip_next && path) {
            PdfBox b{1e30, 1e30, -1e30, -1e30};
            for (const auto& [x, y] : points)
                b = {std::min(b.x0, x), std::min(b.y0, y), std::max(b.x1, x), std::max(b.y1, y)};
            bool upright = !curved && (points.size() == 4 || points.size() == 5);
            const double slack = 1e-3 * std::max(b.width(), b.height());
            for (const auto& [x, y] : points)
                upright &= (std::abs(x - b.x0) <= slack || std::abs(x - b.x1) <= slack) &&
                           (std::abs(y - b.y0) <= slack || std::abs(y - b.y1) <= slack);
            if (upright) now.clip = now.clip.cut(b);
            else now.odd_clip = true;
        }
        points.clear();
        path = curved = clip_next = false;
    }

    void add_point(double x, double y) {
        path = true;
        if (points.size() < 8)
            points.emplace_back(now.ctm.a * x + now.ctm.c * y + now.ctm.e, now.ctm.b * x + now.ctm.d * y + now.ctm.f);
    }

    void draw_image(QPDFObjectHandle image) {
        QPDFObjectHandle dict = image.getDict();
        const auto key = [&](const char* name) { return dict.getKey(name); };
        const double width = number(key("/Width")), height = number(key("/Height"));
        const PdfBox all = map_box(now.ctm, {0, 0, 1, 1});
        const PdfBox shown = all.cut(now.clip).cut(page.box);
        if (shown.area() <= 0) return; // Outside the page or clipped away.
        const bool stencil = key("/ImageMask").isBool() && key("/ImageMask").getBoolValue();
        const bool one_bit = stencil || number(key("/BitsPerComponent"), 8) == 1 || is_jbig2(key("/Filter"));
        if (const double across = std::hypot(now.ctm.a, now.ctm.b) * page.user_unit; across > 0) {
            // In mixed raster content the shapes are in masks finer than the colours they cut, in layers of one size.
            double finest = width;
            for (const char* mask : {"/Mask", "/SMask"})
                if (key(mask).isStream()) finest = std::max(finest, number(key(mask).getDict().getKey("/Width")));
            const double dpi = finest * 72 / across;
            if (shown.area() > 1.001 * largest) page.image_dpi = dpi;
            else if (shown.area() > 0.999 * largest) page.image_dpi = std::max(page.image_dpi, dpi);
            largest = std::max(largest, shown.area());
        }
        const bool masked =
            stencil || key("/SMask").isStream() || !key("/Mask").isNull() || number(key("/SMaskInData")) != 0;
        const bool optional = !key("/OC").isNull() || std::find(layers.begin(), layers.end(), true) != layers.end();
        // Black through a stencil on an empty page is a bi-level scan by another name.
        const bool scan_stencil = stencil && now.black && !others && !page.scan && key("/SMask").isNull();
        const bool plain =
            (!masked || scan_stencil) && !now.see_through && !now.odd_clip && !optional && width >= 1 && height >= 1;
        const double share = shown.area() / page.box.area();
        // A page of a scan: most of the page is the image, and most of the image is on the page.
        const bool fills = share >= 0.72 && shown.width() >= 0.85 * page.box.width() &&
                           shown.height() >= 0.85 * page.box.height() && shown.area() >= 0.9 * all.area();
        if (!plain || !fills) {
            see(true, one_bit);
            return;
        }
        if (share >= 0.99 && !stencil) { // What lies below cannot be seen any more.
            others = false;
            page.only_images = true;
            page.one_bit = one_bit;
            page.hides_text |= std::exchange(page.shows_text, false);
        } else if (page.scan || others) {
            see(true, one_bit);
        }
        if (!one_bit) page.one_bit = false;
        page.scan = image;
        page.placed = now.ctm;
    }

    static bool is_jbig2(QPDFObjectHandle filter) {
        if (filter.isName()) return filter.getName() == "/JBIG2Decode";
        if (!filter.isArray() || filter.getArrayNItems() == 0) return false;
        QPDFObjectHandle last = filter.getArrayItem(filter.getArrayNItems() - 1);
        return last.isName() && last.getName() == "/JBIG2Decode";
    }

    void apply_graphics_state(QPDFObjectHandle gs) {
        if (!gs.isDictionary()) return;
        if (gs.hasKey("/SMask") || gs.hasKey("/ca") || gs.hasKey("/BM")) {
            QPDFObjectHandle mask = gs.getKey("/SMask"), mode = gs.getKey("/BM");
            if (mode.isArray() && mode.getArrayNItems() > 0) mode = mode.getArrayItem(0);
            const bool plain_mode =
                mode.isNull() || (mode.isName() && (mode.getName() == "/Normal" || mode.getName() == "/Compatible"));
            now.see_through = mask.isDictionary() || number(gs.getKey("/ca"), 1) < 0.999 || !plain_mode;
        }
    }

    void draw_form(QPDFObjectHandle form);
    void run(QPDFObjectHandle stream_or_page, bool is_page);
    void execute(const std::string& op, std::vector<QPDFObjectHandle>& args);
};

class Callbacks final : public QPDFObjectHandle::ParserCallbacks {
  public:
    explicit Callbacks(Interpreter& interpreter) : in_(interpreter) {}
    void handleObject(QPDFObjectHandle object, std::size_t, std::size_t) override {
        if (object.isInlineImage()) {
            in_.see(true); // Small by nature, never a page's scan.
        } else if (object.isOperator()) {
            if (++in_.operators > kMaxOperators) {
                in_.gave_up = true;
                terminateParsing();
            }
            in_.execute(object.getOperatorValue(), args_);
            args_.clear();
        } else if (args_.size() < 64) {
            args_.push_back(object);
        }
    }
    void handleEOF() override {}

  private:
    Interpreter& in_;
    std::vector<QPDFObjectHandle> args_;
};

void Interpreter::draw_form(QPDFObjectHandle form) {
    if (depth >= kMaxDepth) {
        see(false);
        return;
    }
    QPDFObjectHandle dict = form.getDict();
    if (!dict.getKey("/OC").isNull()) {
        see(false);
        return;
    }
    const State before = now;
    const std::vector<State> stack = std::exchange(saved, {});
    const QPDFObjectHandle outer = resources;
    const std::vector<bool> open = layers;
    PdfMatrix m;
    if (read_matrix(dict.getKey("/Matrix"), m)) now.ctm = m.before(now.ctm);
    if (const auto box = read_box(dict.getKey("/BBox"))) now.clip = now.clip.cut(map_box(now.ctm, *box));
    if (dict.getKey("/Resources").isDictionary()) resources = dict.getKey("/Resources");
    ++depth;
    run(form, false);
    --depth;
    resources = outer;
    saved = stack;
    now = before;
    layers = open;
    points.clear();
    path = curved = clip_next = false;
}

void Interpreter::run(QPDFObjectHandle o, bool is_page) {
    Callbacks callbacks(*this);
    if (is_page) QPDFPageObjectHelper(o).parseContents(&callbacks);
    else o.parseAsContents(&callbacks);
}

void Interpreter::execute(const std::string& op, std::vector<QPDFObjectHandle>& args) {
    const auto arg = [&](std::size_t i) { return i < args.size() ? number(args[i]) : 0.0; };
    const auto resource = [&](const char* kind) -> QPDFObjectHandle {
        if (args.empty() || !args.back().isName() || !resources.isDictionary()) return QPDFObjectHandle::newNull();
        QPDFObjectHandle group = resources.getKey(kind);
        return group.isDictionary() ? group.getKey(args.back().getName()) : QPDFObjectHandle::newNull();
    };
    enum Op {
        Save,
        Restore,
        Matrix,
        Draw,
        Move,
        Line,
        Curve,
        Rect,
        Close,
        Fill,
        Stroke,
        FillStroke,
        NoPaint,
        Clip,
        Grey,
        Rgb,
        Cmyk,
        OtherColour,
        Mode,
        Show,
        Shade,
        Gs,
        Begin,
        BeginPlain,
        End
    };
    static const std::map<std::string, Op> kOps{
        {"q", Save},    {"Q", Restore},      {"cm", Matrix},      {"Do", Draw},         {"m", Move},
        {"l", Line},    {"c", Curve},        {"v", Curve},        {"y", Curve},         {"re", Rect},
        {"h", Close},   {"f", Fill},         {"F", Fill},         {"f*", Fill},         {"S", Stroke},
        {"s", Stroke},  {"B", FillStroke},   {"B*", FillStroke},  {"b", FillStroke},    {"b*", FillStroke},
        {"n", NoPaint}, {"W", Clip},         {"W*", Clip},        {"g", Grey},          {"rg", Rgb},
        {"k", Cmyk},    {"cs", OtherColour}, {"sc", OtherColour}, {"scn", OtherColour}, {"Tr", Mode},
        {"Tj", Show},   {"TJ", Show},        {"'", Show},         {"\"", Show},         {"sh", Shade},
        {"gs", Gs},     {"BDC", Begin},      {"BMC", BeginPlain}, {"EMC", End}};
    const auto it = kOps.find(op);
    if (it == kOps.end()) return;
    switch (it->second) {
    case Save:
        if (saved.size() < 10'000) saved.push_back(now);
        break;
    case Restore:
        if (!saved.empty()) {
            now = saved.back();
            saved.pop_back();
        }
        break;
    case Matrix: now.ctm = PdfMatrix{arg(0), arg(1), arg(2), arg(3), arg(4), arg(5)}.before(now.ctm); break;
    case Draw: {
        QPDFObjectHandle object = resource("/XObject");
        if (!object.isStream()) break;
        QPDFObjectHandle subtype = object.getDict().getKey("/Subtype");
        if (subtype.isName() && subtype.getName() == "/Image") draw_image(object);
        else if (subtype.isName() && subtype.getName() == "/Form") draw_form(object);
        else see(false);
        break;
    }
    case Move:
    case Line: add_point(arg(0), arg(1)); break;
    case Curve: path = curved = true; break;
    case Rect:
        curved |= path; // More than one figure is no rectangle.
        add_point(arg(0), arg(1));
        add_point(arg(0) + arg(2), arg(1));
        add_point(arg(0) + arg(2), arg(1) + arg(3));
        add_point(arg(0), arg(1) + arg(3));
        break;
    case Close: break;
    case Fill: paint_path(true, false); break;
    case Stroke: paint_path(false, true); break;
    case FillStroke: paint_path(true, true); break;
    case NoPaint: end_path(); break;
    case Clip: clip_next = true; break;
    case Grey:
        now.white = arg(0) >= 0.999;
        now.black = arg(0) <= 0.001;
        break;
    case Rgb:
        now.white = arg(0) >= 0.999 && arg(1) >= 0.999 && arg(2) >= 0.999;
        now.black = arg(0) + arg(1) + arg(2) <= 0.001;
        break;
    case Cmyk:
        now.white = args.size() == 4 && arg(0) + arg(1) + arg(2) + arg(3) <= 0.001;
        now.black = arg(3) >= 0.999;
        break;
    case OtherColour: now.white = now.black = false; break;
    case Mode: now.text_mode = static_cast<int>(arg(0)); break;
    case Show: // Mode 3 is the invisible text of an OCR layer; 4 to 7 also clip.
        if (now.text_mode >= 4) now.odd_clip = true;
        if (now.text_mode == 3 || now.text_mode == 7) {
            page.hides_text = true;
        } else {
            page.shows_text = true;
            see(false);
        }
        break;
    case Shade: see(false); break;
    case Gs: apply_graphics_state(resource("/ExtGState")); break;
    case Begin: layers.push_back(!args.empty() && args.front().isName() && args.front().getName() == "/OC"); break;
    case BeginPlain: layers.push_back(false); break;
    case End:
        if (!layers.empty()) layers.pop_back();
        break;
    }
}

/// Stamps, notes and filled forms are painted over the page.
bool has_visible_annotations(QPDFObjectHandle page) {
    QPDFObjectHandle annotations = page.getKey("/Annots");
    if (!annotations.isArray()) return false;
    for (int i = 0; i < annotations.getArrayNItems(); ++i) {
        QPDFObjectHandle a = annotations.getArrayItem(i);
        if (!a.isDictionary()) continue;
        QPDFObjectHandle subtype = a.getKey("/Subtype"), flags = a.getKey("/F");
        const std::string kind = subtype.isName() ? subtype.getName() : std::string();
        if (kind == "/Link" || kind == "/Popup") continue;
        if (flags.isInteger() && (flags.getIntValue() & (2 | 32)) != 0) continue; // Hidden, NoView.
        if (a.getKey("/AP").isDictionary()) return true;
    }
    return false;
}

} // namespace

PdfMatrix PdfMatrix::before(const PdfMatrix& n) const {
    return {a * n.a + b * n.c, a * n.b + b * n.d,       c * n.a + d * n.c,
            c * n.b + d * n.d, e * n.a + f * n.c + n.e, e * n.b + f * n.d + n.f};
}

PdfBox PdfBox::cut(const PdfBox& o) const {
    return {std::max(x0, o.x0), std::max(y0, o.y0), std::min(x1, o.x1), std::min(y1, o.y1)};
}

PageContent examine_page(QPDF&, QPDFPageObjectHelper helper) {
    PageContent content;
    QPDFObjectHandle page = helper.getObjectHandle();
    content.box = read_box(helper.getAttribute("/MediaBox", false)).value_or(PdfBox{0, 0, 612, 792});
    if (const auto crop = read_box(helper.getAttribute("/CropBox", false)))
        if (crop->cut(content.box).area() > 0) content.box = crop->cut(content.box);
    QPDFObjectHandle rotate = helper.getAttribute("/Rotate", false);
    if (rotate.isInteger()) content.rotate = static_cast<int>(((rotate.getIntValue() % 360) + 360) % 360 / 90 * 90);
    const double unit = number(page.getKey("/UserUnit"), 1);
    content.user_unit = unit >= 0.01 && unit <= 1000 ? unit : 1;

    Interpreter interpreter(content, helper.getAttribute("/Resources", false));
    interpreter.run(page, true);
    if (interpreter.others || interpreter.gave_up || has_visible_annotations(page)) {
        content.scan.reset();
        if (interpreter.gave_up || has_visible_annotations(page)) content.only_images = false;
    }
    if (interpreter.largest <= 0) content.one_bit = false;
    return content;
}

} // namespace recto::files
