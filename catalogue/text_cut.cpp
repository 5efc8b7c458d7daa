#include "catalogue/text_cut.h"

#include <algorithm>
#include <array>
#include <optional>

#include <unicode/normalizer2.h>
#include <unicode/uchar.h>
#include <unicode/uscript.h>

#include "pipeline/core/simplified.h"
#include "pipeline/files/codes.h"

namespace recto::catalogue {

namespace {

constexpr std::string_view kGap = "¦";
constexpr std::size_t kLongestWord = 120; // bytes; longer ones are cut alike in text and query

// ---- folding ---------------------------------------------------------------------------------------------------------

bool plain_han(char32_t c) {
    return (c >= 0x4E00 && c <= 0x9FFF) || (c >= 0x3400 && c <= 0x4DBF) || (c >= 0x20000 && c <= 0x2F7FF) ||
           (c >= 0x30000 && c <= 0x3FFFD);
}

/// A folded character with the bytes it comes from.
struct Piece {
    char32_t c;
    std::size_t begin, end;
    bool lower; ///< The text has it as a small letter.
};

const icu::Normalizer2& nfkc_casefold() {
    static const icu::Normalizer2* kInstance = [] {
        UErrorCode status = U_ZERO_ERROR;
        return icu::Normalizer2::getNFKCCasefoldInstance(status);
    }();
    return *kInstance;
}
const icu::Normalizer2& nfd() {
    static const icu::Normalizer2* kInstance = [] {
        UErrorCode status = U_ZERO_ERROR;
        return icu::Normalizer2::getNFDInstance(status);
    }();
    return *kInstance;
}

bool is_mark(char32_t c) { return (U_GET_GC_MASK(static_cast<UChar32>(c)) & U_GC_M_MASK) != 0; }

bool has_accents(char32_t c) {
    UErrorCode status = U_ZERO_ERROR;
    const UScriptCode script = uscript_getScript(static_cast<UChar32>(c), &status);
    return script == USCRIPT_LATIN || script == USCRIPT_GREEK;
}

/// Letters whose stroke or ligature is no combining mark.
std::u32string_view unaccented(char32_t c) {
    switch (c) {
    case U'ø': return U"o";
    case U'đ': return U"d";
    case U'ð': return U"d";
    case U'ł': return U"l";
    case U'ħ': return U"h";
    case U'ı': return U"i";
    case U'æ': return U"ae";
    case U'œ': return U"oe";
    case U'þ': return U"th";
    default: return {};
    }
}

void push_folded(char32_t c, std::size_t begin, std::size_t end, bool lower, std::vector<Piece>& out) {
    if (plain_han(c)) {
        out.push_back({simplified(c), begin, end, false});
        return;
    }
    if (c == 0x25CB || c == 0x25EF) c = 0x3007; // the zero of 二○一二 as typists have it
    if (c >= 0xAA && has_accents(c)) {
        if (const auto letters = unaccented(c); !letters.empty()) {
            for (const char32_t l : letters) out.push_back({l, begin, end, lower});
            return;
        }
        icu::UnicodeString whole;
        if (nfd().getDecomposition(static_cast<UChar32>(c), whole)) c = static_cast<char32_t>(whole.char32At(0));
    } else if (c >= 0x300 && is_mark(c) && !out.empty() && has_accents(out.back().c)) {
        out.back().end = end; // an accent that composes with nothing
        return;
    }
    out.push_back({c, begin, end, lower});
}

/// Characters that normalising leaves alone (but for our own table) unless a mark follows.
bool simple(char32_t c) { return c < 0xA0 || plain_han(c) || (c >= 0x3001 && c <= 0x3020); }

void fold_line(std::string_view line, std::vector<Piece>& out) {
    out.clear();
    for (std::size_t pos = 0; pos < line.size();) {
        const std::size_t begin = pos;
        const char32_t c = next_code_point(line, pos);
        std::size_t after = pos;
        const auto starts = [&](char32_t n) {
            return simple(n) || nfkc_casefold().hasBoundaryBefore(static_cast<UChar32>(n));
        };
        bool alone = true;
        while (after < line.size()) { // what belongs to this character
            std::size_t next = after;
            if (starts(next_code_point(line, next))) break;
            alone = false;
            after = next;
        }
        if (alone && simple(c)) {
            const bool upper = c >= 'A' && c <= 'Z';
            push_folded(upper ? c + 32 : c, begin, pos, c >= 'a' && c <= 'z', out);
            continue;
        }
        pos = after;
        const bool lower = u_islower(static_cast<UChar32>(c)) != 0;
        if (c >= 0xDC80 && c <= 0xDCFF) { // a byte that is no text
            out.push_back({0xFFFD, begin, pos, false});
            continue;
        }
        UErrorCode status = U_ZERO_ERROR;
        const auto bytes = line.substr(begin, pos - begin);
        const icu::UnicodeString folded = nfkc_casefold().normalize(
            icu::UnicodeString::fromUTF8({bytes.data(), static_cast<std::int32_t>(bytes.size())}), status);
        if (U_FAILURE(status) != 0) continue;
        for (std::int32_t i = 0; i < folded.length(); i = folded.moveIndex32(i, 1))
            push_folded(static_cast<char32_t>(folded.char32At(i)), begin, pos, lower, out);
    }
}

// ---- classes ---------------------------------------------------------------------------------------------------------

enum class Class : std::uint8_t { Space, Punctuation, Char, Letter, Digit };

bool without_spaces(UScriptCode script) {
    switch (script) {
    case USCRIPT_HAN:
    case USCRIPT_HIRAGANA:
    case USCRIPT_KATAKANA:
    case USCRIPT_KATAKANA_OR_HIRAGANA:
    case USCRIPT_BOPOMOFO:
    case USCRIPT_HANGUL:
    case USCRIPT_YI:
    case USCRIPT_THAI:
    case USCRIPT_LAO:
    case USCRIPT_KHMER:
    case USCRIPT_MYANMAR:
    case USCRIPT_TANGUT:
    case USCRIPT_KHITAN_SMALL_SCRIPT:
    case USCRIPT_NUSHU: return true;
    default: return false;
    }
}

Class class_of(char32_t c) {
    if (c < 0x80) {
        if (c >= '0' && c <= '9') return Class::Digit;
        if (c >= 'a' && c <= 'z') return Class::Letter;
        return c <= ' ' || c == 0x7F ? Class::Space : Class::Punctuation;
    }
    if (plain_han(c)) return Class::Char; // also those that this ICU does not know yet
    const auto u = static_cast<UChar32>(c);
    const std::uint32_t category = U_GET_GC_MASK(u);
    if ((category & (U_GC_Z_MASK | U_GC_CC_MASK)) != 0) return Class::Space;
    if ((category & U_GC_CO_MASK) != 0) return Class::Char; // a character of the user's own
    if ((category & (U_GC_L_MASK | U_GC_N_MASK | U_GC_M_MASK)) == 0) return Class::Punctuation;
    if (c == 0x3005 || c == 0x3007 || c == 0x30FC || c == 0x303B) return Class::Char; // 々 〇 ー 〻
    UErrorCode status = U_ZERO_ERROR;
    if (without_spaces(uscript_getScript(u, &status))) return Class::Char;
    return (category & U_GC_N_MASK) != 0 ? Class::Digit : Class::Letter;
}

bool is_hyphen(char32_t c) { return c == '-' || c == 0x2010 || c == 0x2011; }

// ---- cutting ---------------------------------------------------------------------------------------------------------

class Cutter {
  public:
    void block(const std::vector<std::string_view>& lines) {
        end_word();
        hard_gap_ = true;
        for (std::size_t i = 0; i < lines.size(); ++i, ++line_) {
            fold_line(lines[i], pieces_);
            feed();
            bool joins = false;
            if (hyphen_at_end_ && i + 1 < lines.size()) {
                fold_line(lines[i + 1], next_);
                const auto first = std::find_if(next_.begin(), next_.end(),
                                                [](const Piece& p) { return class_of(p.c) != Class::Space; });
                joins = first != next_.end() && class_of(first->c) == Class::Letter && first->lower;
            }
            if (joins) {
                keep_part();
                joined_ = true;
            } else {
                end_word();
                if (hyphen_at_end_) punctuation_ = true;
            }
            hyphen_at_end_ = false;
        }
    }
    CutText finish() {
        end_word();
        return std::move(out_);
    }

  private:
    void feed() {
        // A hyphen that ends the line behind at least two letters may only be there for the line's sake.
        std::size_t last = pieces_.size();
        while (last > 0 && class_of(pieces_[last - 1].c) == Class::Space) --last;
        hyphen_at_end_ = last >= 3 && is_hyphen(pieces_[last - 1].c) &&
                         class_of(pieces_[last - 2].c) == Class::Letter &&
                         class_of(pieces_[last - 3].c) == Class::Letter;
        const std::size_t end = hyphen_at_end_ ? last - 1 : pieces_.size();
        for (std::size_t i = 0; i < end; ++i) {
            const Piece& p = pieces_[i];
            switch (class_of(p.c)) {
            case Class::Space:
                if (!joined_) end_word(); // the indent of the line that a word goes on in
                break;
            case Class::Punctuation:
                end_word();
                punctuation_ = true;
                break;
            case Class::Char: {
                end_word();
                Token t{TokenKind::Char, {}, {line_, p.begin, p.end}, {}};
                append_utf8(t.text, p.c);
                add(std::move(t), false);
                break;
            }
            case Class::Letter: letters_ = true; [[fallthrough]];
            case Class::Digit: to_word(p); break;
            }
        }
    }

    void to_word(const Piece& p) {
        if (!word_) {
            word_ = Token{TokenKind::Word, {}, {line_, p.begin, p.end}, {}};
        } else if (joined_) {
            word_->more.push_back({line_, p.begin, p.end});
        } else {
            TextSpan& span = word_->more.empty() ? word_->at : word_->more.back();
            span.end = p.end;
        }
        joined_ = false;
        append_utf8(word_->text, p.c);
    }

    /// The piece of the open word that stands in this line.
    void keep_part() {
        if (!word_) return;
        Token part{
            TokenKind::Word, word_->text.substr(part_from_), word_->more.empty() ? word_->at : word_->more.back(), {}};
        if (part_from_ == 0 && !out_.parts.empty()) out_.parts.push_back({TokenKind::Gap, std::string(kGap), {}, {}});
        part_from_ = word_->text.size();
        out_.parts.push_back(std::move(part));
    }

    void end_word() {
        joined_ = false;
        if (!word_) return;
        if (part_from_ > 0) keep_part();
        part_from_ = 0;
        Token t = std::move(*word_);
        word_.reset();
        if (t.text.size() > kLongestWord) {
            std::size_t end = kLongestWord;
            while ((static_cast<unsigned char>(t.text[end]) & 0xC0) == 0x80) --end;
            t.text.resize(end);
        }
        add(std::move(t), letters_);
        letters_ = false;
    }

    void add(Token t, bool letters) {
        // Punctuation seen before this token; between words of letters it says little.
        const bool gap = hard_gap_ || (punctuation_ && !(letters && last_letters_));
        if (gap && !out_.tokens.empty()) out_.tokens.push_back({TokenKind::Gap, std::string(kGap), {}, {}});
        hard_gap_ = punctuation_ = false;
        last_letters_ = letters;
        out_.tokens.push_back(std::move(t));
    }

    CutText out_;
    std::vector<Piece> pieces_, next_;
    std::optional<Token> word_;
    std::size_t part_from_ = 0;
    int line_ = 0;
    bool letters_ = false, last_letters_ = false, punctuation_ = false, hard_gap_ = false;
    bool hyphen_at_end_ = false, joined_ = false;
};

} // namespace

CutText cut_text(const TextBlocks& blocks) {
    Cutter cutter;
    for (const auto& block : blocks) cutter.block(block);
    return cutter.finish();
}

CutText cut_text(std::string_view text) { return cut_text(blocks_of(text)); }

TextBlocks blocks_of(std::string_view plain) {
    TextBlocks out;
    bool open = false;
    for (std::size_t at = 0; at < plain.size();) {
        // A tab parts the cells of a row, and the page's own lines are those of its cells.
        const std::size_t end = std::min(plain.find_first_of("\n\t", at), plain.size());
        const std::string_view line = plain.substr(at, end - at);
        at = end + 1;
        if (line.empty()) {
            open = false;
            continue;
        }
        if (!open) out.emplace_back();
        open = true;
        out.back().push_back(line);
    }
    return out;
}

std::string join_tokens(const std::vector<Token>& tokens) {
    std::string out;
    for (const Token& t : tokens) {
        if (t.kind == TokenKind::Word) out += ' ';
        out += t.text;
        if (t.kind == TokenKind::Word) out += ' ';
    }
    return out;
}

std::string joined_tokens(std::string_view text) { return join_tokens(cut_text(text).tokens); }

std::vector<Token> split_tokens(std::string_view joined) {
    std::vector<Token> out;
    for (std::size_t pos = 0; pos < joined.size();) {
        if (joined[pos] == ' ') {
            const std::size_t end = std::min(joined.find(' ', pos + 1), joined.size());
            out.push_back({TokenKind::Word, std::string(joined.substr(pos + 1, end - pos - 1)), {}, {}});
            pos = end + 1;
            continue;
        }
        const std::size_t begin = pos;
        (void)next_code_point(joined, pos);
        const auto text = joined.substr(begin, pos - begin);
        out.push_back({text == kGap ? TokenKind::Gap : TokenKind::Char, std::string(text), {}, {}});
    }
    return out;
}

std::string unigrams(const std::vector<Token>& tokens) {
    std::string out;
    for (const Token& t : tokens) {
        if (!out.empty()) out += ' ';
        out += t.text;
    }
    return out;
}

std::vector<std::string> bigrams(const std::vector<Token>& tokens) {
    std::vector<std::string> out;
    for (std::size_t i = 0; i < tokens.size(); ++i) {
        if (tokens[i].kind == TokenKind::Gap) continue;
        const bool pair =
            tokens[i].kind == TokenKind::Char && i + 1 < tokens.size() && tokens[i + 1].kind == TokenKind::Char;
        out.push_back(pair ? tokens[i].text + tokens[i + 1].text : tokens[i].text);
    }
    std::sort(out.begin(), out.end());
    out.erase(std::unique(out.begin(), out.end()), out.end());
    return out;
}

std::vector<std::size_t> find_tokens(const std::vector<Token>& text, const std::vector<Token>& wanted, bool prefix) {
    std::vector<std::size_t> out;
    const std::size_t n = wanted.size();
    if (n == 0) return out;
    for (std::size_t i = 0; i + n <= text.size();) {
        std::size_t k = 0;
        for (; k < n; ++k) {
            const Token &a = text[i + k], &b = wanted[k];
            if (a.kind != b.kind) break;
            if (k + 1 == n && prefix ? !a.text.starts_with(b.text) : a.text != b.text) break;
        }
        if (k == n) out.push_back(i);
        i += k == n ? n : 1;
    }
    return out;
}

} // namespace recto::catalogue
