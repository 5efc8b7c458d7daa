#include "catalogue/snippet.h"

#include <algorithm>
#include <set>

#include "pipeline/files/codes.h"

namespace recto::catalogue {

namespace {

std::size_t columns_of(char32_t c) {
    return (c >= 0x1100 && c < 0x1160) || (c >= 0x2E80 && c < 0xFE00 && c != 0x303F) || (c >= 0xFE30 && c < 0xFE70) ||
                   (c >= 0xFF00 && c < 0xFF61) || c >= 0x20000
               ? 2
               : 1;
}

bool wide_at_end(std::string_view s) {
    std::size_t pos = s.size();
    while (pos > 0 && (static_cast<unsigned char>(s[pos - 1]) & 0xC0) == 0x80) --pos;
    if (pos == 0) return false;
    --pos;
    return columns_of(next_code_point(s, pos)) == 2;
}
bool wide_at_start(std::string_view s) {
    std::size_t pos = 0;
    return !s.empty() && columns_of(next_code_point(s, pos)) == 2;
}

void add_matches(const std::vector<Token>& text, const std::vector<const QueryNode*>& terms,
                 std::vector<TextMatch>& out) {
    for (std::size_t k = 0; k < terms.size(); ++k) {
        if (terms[k]->field > SearchField::Text) continue;
        for (const std::size_t first : find_tokens(text, terms[k]->tokens, terms[k]->prefix)) {
            TextMatch m;
            m.term = static_cast<int>(k);
            for (std::size_t i = first; i < first + terms[k]->tokens.size(); ++i) {
                const Token& t = text[i];
                if (t.kind == TokenKind::Gap) continue;
                std::vector<TextSpan> spans{t.at};
                spans.insert(spans.end(), t.more.begin(), t.more.end());
                for (const TextSpan& s : spans) {
                    if (!m.spans.empty() && m.spans.back().line == s.line)
                        m.spans.back().end = std::max(m.spans.back().end, s.end);
                    else m.spans.push_back(s);
                }
            }
            out.push_back(std::move(m));
        }
    }
}

} // namespace

std::vector<TextMatch> find_matches(const TextBlocks& blocks, const QueryNode& root) {
    const CutText cut = cut_text(blocks);
    const auto terms = positive_terms(root);
    std::vector<TextMatch> out;
    add_matches(cut.tokens, terms, out);
    add_matches(cut.parts, terms, out);
    std::stable_sort(out.begin(), out.end(), [](const TextMatch& a, const TextMatch& b) {
        return std::pair(a.spans[0].line, a.spans[0].begin) < std::pair(b.spans[0].line, b.spans[0].begin);
    });
    return out;
}

Snippet make_snippet(const TextBlocks& blocks, const std::vector<TextMatch>& matches, std::size_t width) {
    // All lines as one text, and where each of them begins in it.
    std::string all;
    std::vector<std::size_t> starts;
    for (const auto& block : blocks)
        for (const std::string_view line : block) {
            const bool joins = all.empty() || (wide_at_end(all) && wide_at_start(line)) || all.ends_with('-');
            if (!joins) all += ' ';
            starts.push_back(all.size());
            all += line;
        }
    struct Piece {
        std::size_t begin, end;
        int term;
    };
    std::vector<Piece> pieces;
    for (const TextMatch& m : matches)
        for (const TextSpan& s : m.spans) {
            const std::size_t start = starts.at(static_cast<std::size_t>(s.line));
            std::size_t begin = start + s.begin;
            // The hyphen or space at the end of the line that a match runs over belongs to it.
            if (&s != &m.spans.front() && begin - pieces.back().end <= 2) begin = pieces.back().end;
            pieces.push_back({begin, start + s.end, m.term});
        }
    // Where each column is, so that windows can be measured.
    std::vector<std::size_t> byte_of, column_of(all.size() + 1, 0);
    std::size_t column = 0;
    for (std::size_t pos = 0; pos < all.size();) {
        const std::size_t begin = pos;
        const std::size_t n = columns_of(next_code_point(all, pos));
        for (std::size_t b = begin; b < pos; ++b) column_of[b] = column;
        byte_of.insert(byte_of.end(), n, begin);
        column += n;
    }
    column_of[all.size()] = column;
    byte_of.push_back(all.size());
    std::size_t from = 0, best = 0;
    for (const Piece& p : pieces) {
        const std::size_t begin = column_of[p.begin], left = begin > width / 3 ? begin - width / 3 : 0;
        std::set<int> terms;
        std::size_t count = 0;
        for (const Piece& q : pieces)
            if (column_of[q.begin] >= left && column_of[q.end] <= left + width) terms.insert(q.term), ++count;
        const std::size_t value = terms.size() * 1000 + std::min<std::size_t>(count, 999);
        if (value > best) best = value, from = left;
    }
    // Near the end the window moves back, so that it is full.
    if (from + width > column) from = column > width ? column - width : 0;
    const std::size_t first = byte_of[std::min(from, column)], last = byte_of[std::min(from + width, column)];
    Snippet out;
    out.text = all.substr(first, last - first);
    out.more_before = first > 0;
    out.more_after = last < all.size();
    std::sort(pieces.begin(), pieces.end(), [](const Piece& a, const Piece& b) { return a.begin < b.begin; });
    for (const Piece& p : pieces) {
        const std::size_t a = std::max(p.begin, first), b = std::min(p.end, last);
        if (a >= b) continue;
        if (!out.marks.empty() && a - first <= out.marks.back().second)
            out.marks.back().second = std::max(out.marks.back().second, b - first);
        else out.marks.emplace_back(a - first, b - first);
    }
    return out;
}

} // namespace recto::catalogue
