#include "stages/reading/roles.h"

#include <algorithm>
#include <cmath>
#include <initializer_list>
#include <string>
#include <string_view>
#include <utility>

#include "stages/reading/line_rows.h"
#include "stages/reading/ppocr_recognize.h"
#include "stages/reading/unicode.h"

namespace recto::reading {

namespace {

/// Without white space, full-width ASCII made narrow.
std::u32string squeezed(std::string_view text) {
    std::u32string out;
    for (char32_t c : decode_utf8(text)) {
        if (c <= ' ' || c == 0x3000 || c == 0xA0) continue;
        out += c >= 0xFF01 && c <= 0xFF5E ? c - 0xFEE0 : c;
    }
    return out;
}

bool one_of(char32_t c, std::u32string_view set) { return set.find(c) != std::u32string_view::npos; }
bool is_digit(char32_t c) { return c >= '0' && c <= '9'; }
bool is_number_sign(char32_t c) { return is_digit(c) || one_of(c, U"〇○零一二三四五六七八九十百元廿卅O"); }

/// Reads a text from the left.
struct TextScanner {
    std::u32string_view rest;
    bool take(char32_t c) {
        if (rest.empty() || rest[0] != c) return false;
        rest.remove_prefix(1);
        return true;
    }
    bool take_any(std::u32string_view set) { return !rest.empty() && one_of(rest[0], set) && take(rest[0]); }
    template <class Test> std::size_t run(Test test, std::size_t most = 99) {
        std::size_t n = 0;
        while (n < rest.size() && n < most && test(rest[n])) ++n;
        rest.remove_prefix(n);
        return n;
    }
};

bool ends_sentence(const std::u32string& t) { return !t.empty() && one_of(t.back(), U"。.;；!！?？,，、:："); }

bool begins_with_mark(const std::u32string& t) {
    if (t.empty()) return false;
    if ((t[0] >= 0x2460 && t[0] <= 0x2473) || one_of(t[0], U"*※†‡")) return true;
    TextScanner r{t};
    if (r.take_any(U"[〔【(")) return r.run(is_digit, 2) > 0 && r.take_any(U"]〕】)");
    if (r.take(U'注'))
        return r.take_any(U":：") || r.run(is_digit, 2) > 0 ||
               (!r.rest.empty() && r.rest[0] >= 0x2460 && r.rest[0] <= 0x2473);
    return false;
}

bool begins_as_caption(const std::u32string& t) {
    TextScanner r{t};
    if (r.take(U'附')) {}
    if (r.take_any(U"图表圖")) return r.run(is_number_sign, 3) > 0 && !r.take_any(U"年月日万亿元");
    for (const std::u32string_view word : {U"Fig.", U"Figure", U"Table", U"Plate"})
        if (r.rest.starts_with(word)) {
            r.rest.remove_prefix(word.size());
            return r.run(is_digit, 3) > 0 || r.run([](char32_t c) { return one_of(c, U"IVXL"); }) > 0;
        }
    return false;
}

/// 密级 and urgency stand at the top as a head does, and are none.
bool is_marking(const std::u32string& t) {
    for (const std::u32string_view word :
         {U"绝密", U"机密", U"秘密", U"内部", U"特急", U"加急", U"平急", U"急件", U"密级"})
        if (t.find(word) != std::u32string::npos) return true;
    return false;
}

/// Ends as the name of who issues official letters does.
bool is_issuer(const std::u32string& t) {
    for (const std::u32string_view end : {U"文件", U"委员会", U"人民政府", U"办公室", U"办公厅", U"政府", U"公司",
                                          U"党委", U"局", U"厅", U"部", U"院", U"会", U"处", U"署"})
        if (t.size() > end.size() + 1 && t.ends_with(end)) return true;
    return false;
}

double type_of(const TextLine& l) { return l.vertical ? l.box.width : l.box.height; }
double type_of(const TextBlock& b) {
    std::vector<double> sizes;
    for (const TextLine& l : b.lines) sizes.push_back(type_of(l));
    return median(std::move(sizes));
}

std::u32string text_of(const TextBlock& b) {
    std::u32string out;
    for (const TextLine& l : b.lines) out += squeezed(l.text);
    return out;
}

bool upright(const TextBlock& b) { return !b.lines.empty() && b.lines[0].vertical; }

/// One page's blocks and what is usual on it.
class RoleFinder {
  public:
    RoleFinder(std::vector<TextBlock>& blocks, int width, int height)
        : blocks_(blocks), width_(width), height_(height) {
        // The usual size of type, by characters: most of a page is body.
        std::vector<double> sizes;
        std::size_t columns = 0, rows = 0;
        for (const TextBlock& b : blocks_)
            for (const TextLine& l : b.lines) {
                const std::size_t n = decode_utf8(l.text).size();
                sizes.insert(sizes.end(), n, type_of(l));
                (l.vertical ? columns : rows) += n;
            }
        em_ = median(std::move(sizes));
        upright_page_ = columns > rows;
    }

    void run() {
        if (em_ <= 0 || width_ <= 0 || height_ <= 0) return;
        edges();
        if (!upright_page_) {
            head();
            close();
            footnotes();
            captions();
            margins();
        }
        put_in_order();
    }

  private:
    [[nodiscard]] bool free(const TextBlock& b) const {
        return b.kind == BlockKind::Text && b.role == BlockRole::Body && !b.lines.empty();
    }
    [[nodiscard]] double share(double y) const { return y / height_; }

    /// Distance to the nearest other text above (or below) within the same width; a large number without any.
    [[nodiscard]] double clear(const TextBlock& b, bool below) const {
        double least = 1e9;
        for (const TextBlock& o : blocks_) {
            if (&o == &b || o.lines.empty()) continue;
            const double gap = below ? o.box.y - bottom_of(b.box) : b.box.y - bottom_of(o.box);
            if (middle_y(o.box) > middle_y(b.box) ? below : !below) least = std::min(least, gap);
        }
        return least;
    }

    /// Page numbers, running heads and feet: single lines at the edges with white between them and the text.
    void edges() {
        for (TextBlock& b : blocks_) {
            if (!free(b) || b.lines.size() != 1 || upright(b)) continue;
            const double y = share(middle_y(b.box));
            const std::u32string text = squeezed(b.lines[0].text);
            const bool top = y < 0.1, foot = y > 0.9;
            // At the top a lone 一 may be a chapter's.
            const bool plain = std::any_of(text.begin(), text.end(), is_digit) || text.find(U'页') != text.npos;
            if ((foot || (top && plain)) && b.box.width < 0.25 * width_ && is_page_number(b.lines[0].text)) {
                b.role = BlockRole::PageNumber;
                continue;
            }
            if (text.size() < 2 || type_of(b) > 1.1 * em_ || is_marking(text) || is_document_number(b.lines[0].text) ||
                is_date_line(b.lines[0].text) || begins_as_caption(text) || begins_with_mark(text))
                continue;
            if (y < 0.075 && clear(b, true) > 1.2 * em_ && clear(b, false) > 1e8 && !ends_sentence(text))
                b.role = BlockRole::Header;
            if (y > 0.935 && clear(b, false) > 1.2 * em_ && clear(b, true) > -0.5 * em_ && !ends_sentence(text))
                b.role = BlockRole::Footer;
        }
    }

    [[nodiscard]] bool centred(const TextBlock& b) const {
        double left = 1e9, right = -1e9; // of the text, whose middle is not always the paper's
        for (const TextBlock& o : blocks_)
            if (!o.lines.empty() && o.role != BlockRole::Header)
                left = std::min(left, o.box.x), right = std::max(right, right_of(o.box));
        return std::abs(middle_x(b.box) - width_ / 2) < 0.06 * width_ ||
               std::abs(middle_x(b.box) - (left + right) / 2) < 0.04 * width_;
    }

    /// Letterhead, number and title: what stands before the first paragraph.
    void head() {
        std::size_t number = blocks_.size();
        for (std::size_t i = 0; i < blocks_.size(); ++i) {
            TextBlock& b = blocks_[i];
            if (!free(b) || share(b.box.y) > 0.5) continue;
            if (b.lines.size() == 1 && is_document_number(b.lines[0].text)) {
                b.role = BlockRole::DocumentNumber;
                number = i;
                break;
            }
        }
        for (std::size_t i = 0; i < blocks_.size(); ++i) {
            TextBlock& b = blocks_[i];
            if (!free(b) || share(b.box.y) > 0.4 || b.lines.size() > 3 || !centred(b)) continue;
            const std::u32string text = text_of(b);
            const bool above_number = number < blocks_.size() && b.box.y < blocks_[number].box.y;
            const bool named = text.ends_with(U"文件") || (above_number && is_issuer(text));
            if (type_of(b) > 1.7 * em_ && text.size() >= 4 && text.size() <= 40 && named) {
                b.role = BlockRole::Letterhead;
                break;
            }
        }
        // The title: larger than the body, in the middle, before any paragraph of it.
        for (TextBlock& b : blocks_) {
            if (!free(b)) continue;
            const std::u32string text = text_of(b);
            if (share(b.box.y) > 0.6 || b.kind != BlockKind::Text) break;
            const bool large = type_of(b) > 1.2 * em_, about = text.starts_with(U"关于") && b.box.width < 0.7 * width_;
            if (b.lines.size() <= 4 && (large || about) && centred(b) && text.size() >= 2 && text.size() <= 120 &&
                !ends_sentence(text) && !is_marking(text) && !is_page_number(b.lines[0].text)) {
                b.role = BlockRole::Title;
                break;
            }
            if (b.lines.size() > 1 || b.box.width > 0.6 * width_) break; // the body has begun
        }
    }

    /// Whether only notes of distribution, feet and numbers come after line `l` of block `i`.
    [[nodiscard]] bool near_end(std::size_t i, std::size_t l) const {
        std::size_t characters = 0;
        for (std::size_t k = l + 1; k < blocks_[i].lines.size(); ++k)
            characters += squeezed(blocks_[i].lines[k].text).size();
        for (std::size_t k = i + 1; k < blocks_.size(); ++k)
            if (blocks_[k].role == BlockRole::Body)
                for (const TextLine& line : blocks_[k].lines) characters += squeezed(line.text).size();
        return characters < 120;
    }

    /// The date at the end on the right, and who signs above it.
    void close() {
        for (std::size_t i = blocks_.size(); i-- > 0;) {
            if (!free(blocks_[i]) || upright(blocks_[i])) continue;
            for (std::size_t l = blocks_[i].lines.size(); l-- > 0;) {
                const TextLine& line = blocks_[i].lines[l];
                if (!is_date_line(line.text) || middle_x(line.box) < 0.52 * width_ || share(line.box.y) < 0.2) continue;
                if (!near_end(i, l)) return;
                if (i == 0 && l == 0) return; // a date alone closes nothing
                i = alone(i, l);
                blocks_[i].role = BlockRole::Date;
                sign(i);
                return;
            }
        }
    }

    void sign(std::size_t date) {
        if (date == 0) return;
        const Box below = blocks_[date].box;
        std::size_t i = date - 1;
        if (!free(blocks_[i]) || upright(blocks_[i])) return;
        const std::size_t last = blocks_[i].lines.size() - 1;
        const TextLine& line = blocks_[i].lines[last];
        const std::u32string text = squeezed(line.text);
        const bool close = below.y - bottom_of(line.box) < 3 * em_ && bottom_of(line.box) < below.y + 0.5 * em_;
        if (!close || text.size() < 2 || text.size() > 25 || ends_sentence(text) || line.box.x < 0.35 * width_ ||
            middle_x(line.box) < 0.5 * width_)
            return;
        i = alone(i, last);
        blocks_[i].role = BlockRole::Signature;
    }

    /// Makes line `l` of block `i` a block of its own; its index.
    std::size_t alone(std::size_t i, std::size_t l) {
        if (blocks_[i].lines.size() == 1) return i;
        TextBlock rest = blocks_[i], own = blocks_[i];
        own.lines.assign(1, blocks_[i].lines[l]);
        rest.lines.assign(blocks_[i].lines.begin() + static_cast<std::ptrdiff_t>(l) + 1, blocks_[i].lines.end());
        blocks_[i].lines.resize(l);
        for (TextBlock* b : {&blocks_[i], &own, &rest}) {
            if (b->lines.empty()) continue;
            b->box = b->lines[0].box;
            for (const TextLine& line : b->lines) b->box = unite(b->box, line.box);
        }
        const auto at = blocks_.begin() + static_cast<std::ptrdiff_t>(i);
        if (!rest.lines.empty()) blocks_.insert(at + 1, std::move(rest));
        if (blocks_[i].lines.empty()) {
            blocks_[i] = std::move(own);
            return i;
        }
        blocks_.insert(blocks_.begin() + static_cast<std::ptrdiff_t>(i) + 1, std::move(own));
        return i + 1;
    }

    /// Small type at the foot of its column, under a rule or with a mark.
    void footnotes() {
        for (TextBlock& b : blocks_) {
            if (!free(b) || share(b.box.y) < 0.5 || type_of(b) > 0.88 * em_) continue;
            const bool under_rule = std::any_of(blocks_.begin(), blocks_.end(), [&](const TextBlock& o) {
                return o.kind == BlockKind::Rule && o.box.width < 0.5 * width_ && overlap_x(o.box, b.box) > 0 &&
                       bottom_of(o.box) < middle_y(b.box) && b.box.y - bottom_of(o.box) < 2 * em_;
            });
            if (!under_rule && !begins_with_mark(squeezed(b.lines[0].text)) && !follows_footnote(b)) continue;
            const bool body_below = std::any_of(blocks_.begin(), blocks_.end(), [&](const TextBlock& o) {
                return free(o) && type_of(o) > 0.88 * em_ && o.box.y > b.box.y && overlap_x(o.box, b.box) > 0;
            });
            if (!body_below) b.role = BlockRole::Footnote;
        }
    }

    [[nodiscard]] bool follows_footnote(const TextBlock& b) const {
        return std::any_of(blocks_.begin(), blocks_.end(), [&](const TextBlock& o) {
            const double gap = b.box.y - bottom_of(o.box);
            return o.role == BlockRole::Footnote && overlap_x(o.box, b.box) > 0 && gap > -em_ && gap < 1.5 * em_ &&
                   std::abs(type_of(o) - type_of(b)) < 0.15 * em_;
        });
    }

    /// "图1 …" beside a picture, "表1 …" beside a table.
    void captions() {
        for (TextBlock& b : blocks_) {
            if (!free(b) || b.lines.size() > 2 || !begins_as_caption(squeezed(b.lines[0].text)) ||
                ends_sentence(text_of(b)))
                continue;
            const bool beside = std::any_of(blocks_.begin(), blocks_.end(), [&](const TextBlock& o) {
                if (o.kind != BlockKind::Picture && o.kind != BlockKind::Table) return false;
                const double gap = std::max(b.box.y - bottom_of(o.box), o.box.y - bottom_of(b.box));
                return gap > -em_ && gap < 2.5 * em_ && overlap_x(o.box, b.box) > 0.5 * b.box.width;
            });
            if (beside) b.role = BlockRole::Caption;
        }
    }

    /// Narrow blocks beside the text, in the margin.
    void margins() {
        std::vector<double> lefts, rights;
        for (const TextBlock& b : blocks_)
            if (b.role == BlockRole::Body)
                for (const TextLine& l : b.lines)
                    if (!l.vertical && l.box.width > 0.35 * width_)
                        lefts.push_back(l.box.x), rights.push_back(right_of(l.box));
        if (lefts.size() < 5) return; // no body to be beside
        const double left = *std::min_element(lefts.begin(), lefts.end()),
                     right = *std::max_element(rights.begin(), rights.end());
        for (TextBlock& b : blocks_) {
            if (!free(b) || b.box.width > 0.15 * width_) continue;
            if (right_of(b.box) < left - 0.5 * em_ || b.box.x > right + 0.5 * em_) b.role = BlockRole::Marginal;
        }
    }

    /// Headers first, feet last, footnotes behind the body of their column.
    void put_in_order() {
        const auto rank = [&](const TextBlock& b) {
            switch (b.role) {
            case BlockRole::Header: return 0;
            case BlockRole::PageNumber: return share(middle_y(b.box)) < 0.5 ? 0 : 2;
            case BlockRole::Footer: return 2;
            default: return 1;
            }
        };
        std::stable_sort(blocks_.begin(), blocks_.end(),
                         [&](const TextBlock& a, const TextBlock& b) { return rank(a) < rank(b); });
        for (std::size_t i = blocks_.size(); i-- > 0;) {
            if (blocks_[i].role != BlockRole::Footnote) continue;
            std::size_t last = i; // of the body that stands above it in its column, but was put behind it
            for (std::size_t k = i + 1; k < blocks_.size(); ++k)
                if (rank(blocks_[k]) == 1 && blocks_[k].role != BlockRole::Footnote &&
                    overlap_x(blocks_[k].box, blocks_[i].box) > 0 && blocks_[k].box.y < blocks_[i].box.y)
                    last = k;
            std::rotate(blocks_.begin() + static_cast<std::ptrdiff_t>(i),
                        blocks_.begin() + static_cast<std::ptrdiff_t>(i) + 1,
                        blocks_.begin() + static_cast<std::ptrdiff_t>(last) + 1);
        }
    }

    std::vector<TextBlock>& blocks_;
    double width_, height_, em_ = 0;
    bool upright_page_ = false;
};

} // namespace

bool is_document_number(std::string_view text) {
    const std::u32string t = squeezed(text);
    if (t.size() < 5 || t.size() > 30) return false;
    TextScanner r{t};
    const auto year = [&] { // with or without brackets
        const bool open = r.take_any(U"〔[(【〈《");
        const std::size_t digits = r.run(is_digit, 4);
        const bool closed = r.take_any(U"〕])】〉》");
        return digits == 4 || (digits == 2 && open && closed);
    };
    const bool first = !is_han(t[0]);
    if (first && !year()) return false;
    const std::size_t name = r.run(is_han, 16); // 国发, 政办字第, ...
    if (name < 1) return false;
    const std::u32string_view before = std::u32string_view(t).substr(0, t.size() - r.rest.size());
    if (!first) {
        if (before.ends_with(U"年") || before.starts_with(U"第")) return false; // "第3号", "一九五六年"
        if (!year()) return false;
        (void)r.run([](char32_t c) { return one_of(c, U"字第年"); }, 2);
    } else if (before.back() == U'年' || before.back() == U'月') {
        return false;
    }
    return r.run(is_digit, 5) > 0 && r.take(U'号') && r.rest.empty();
}

bool is_date_line(std::string_view text) {
    const std::u32string t = squeezed(text);
    TextScanner r{t};
    const std::size_t year = r.run(is_number_sign, 4);
    if (year < 2 || !r.take(U'年')) return false;
    const std::size_t month = r.run(is_number_sign, 3);
    if (month < 1 || !r.take(U'月')) return false;
    if (r.rest.empty()) return true;
    const std::size_t day = r.run(is_number_sign, 3);
    return day >= 1 && r.take_any(U"日号") && r.rest.empty();
}

bool is_page_number(std::string_view text) {
    std::u32string t = squeezed(text);
    if (t.empty() || t.size() > 12) return false;
    // Dashes that were read as the character for one.
    if (t.size() > 2 && t.front() == U'一' && t.back() == U'一' && is_digit(t[1])) t = t.substr(1, t.size() - 2);
    TextScanner r{t};
    const auto dash = [](char32_t c) { return one_of(c, U"-—–―·•.~_|()"); };
    const auto roman = [&] {
        const std::size_t all = r.rest.size();
        if (r.rest.starts_with(U"xl")) r.rest.remove_prefix(2);
        else (void)r.take(U'l'), (void)r.run([](char32_t c) { return c == 'x'; }, 4);
        if (r.rest.starts_with(U"ix") || r.rest.starts_with(U"iv")) r.rest.remove_prefix(2);
        else (void)r.take(U'v'), (void)r.run([](char32_t c) { return c == 'i'; }, 4);
        return r.rest.size() < all;
    };
    const auto number = [&] {
        return r.run(is_digit, 4) > 0 ||
               r.run([](char32_t c) { return one_of(c, U"〇零一二三四五六七八九十百廿卅"); }, 5) > 0 || roman();
    };
    const bool ordinal = r.take(U'第');
    (void)r.run(dash, 2);
    if (!number()) return false;
    if (r.take_any(U"页頁张")) {
        if (r.rest.empty()) return true;
        return r.take(U'共') && number() && r.take_any(U"页頁张") && r.rest.empty();
    }
    if (ordinal) return false; // "第三" begins a chapter
    if (r.take(U'/')) return number() && r.rest.empty();
    (void)r.run(dash, 2);
    return r.rest.empty();
}

void assign_roles(std::vector<TextBlock>& blocks, int width, int height) { RoleFinder(blocks, width, height).run(); }

} // namespace recto::reading
