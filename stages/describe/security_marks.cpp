// 密级 marks, told from the word in running text.

#include <algorithm>
#include <memory>

#include <unicode/regex.h>
#include <unicode/unistr.h>

#include "stages/describe/extract.h"
#include "stages/describe/lines.h"

namespace recto::describe {

int security_rank(std::string_view text) {
    for (const std::string_view word : {"绝密", "絕密"})
        if (text.find(word) != std::string_view::npos) return 3;
    for (const std::string_view word : {"机密", "機密"})
        if (text.find(word) != std::string_view::npos) return 2;
    for (const std::string_view word : {"秘密", "祕密"})
        if (text.find(word) != std::string_view::npos) return 1;
    return 0;
}

namespace {

constexpr std::string_view kLevels[] = {"", "秘密", "机密", "绝密"};

/// The whole of a line that is a mark: copy number, label, level, ★ and term, urgency. Groups: 1 label, 2 level.
const icu::RegexPattern& mark_pattern() {
    static const std::unique_ptr<icu::RegexPattern> kPattern = [] {
        UErrorCode status = U_ZERO_ERROR;
        UParseError where;
        return std::unique_ptr<icu::RegexPattern>(icu::RegexPattern::compile(
            icu::UnicodeString::fromUTF8("(?:(?:No\\.?|№|份号:?)?\\d{3,8}号?)?"
                                         "[\\[\\(【〔★☆*●]*"
                                         "((?:密级|密級|秘密等级|秘密等級)(?:和保密期限|及保密期限)?:?)?"
                                         "[\\[\\(【〔★☆*]*"
                                         "(绝密|絕密|机密|機密|秘密|祕密)"
                                         "(?:[级級件])?[\\]\\)】〕]*"
                                         "(?:[★☆*※·.☒]*(?:长期|長期|\\d{1,3}(?:年|个月|個月|月|天|日)|"
                                         "[一二三四五六七八九十]{1,3}(?:年|个月|個月|月)|启封前|解密前|公布前))?"
                                         "[★☆*]*(?:特急|加急|急件|平急|特提|限时.{0,6})?[\\]\\)】〕★☆*]*"),
            0, where, status));
    }();
    return *kPattern;
}

struct Mark {
    bool labelled = false;
    int rank = 0;
};

std::optional<Mark> mark_of(const std::string& squeezed) {
    if (security_rank(squeezed) == 0) return std::nullopt;
    UErrorCode status = U_ZERO_ERROR;
    const icu::UnicodeString text = icu::UnicodeString::fromUTF8(squeezed);
    const std::unique_ptr<icu::RegexMatcher> m(mark_pattern().matcher(text, status));
    if (U_FAILURE(status) || !m || !m->matches(status)) return std::nullopt;
    std::string level;
    m->group(2, status).toUTF8String(level);
    return Mark{m->start(1, status) >= 0, security_rank(level)};
}

} // namespace

std::vector<Field> find_security_marks(const Item& item) {
    std::vector<Field> out;
    for (const Page& page : item.pages) {
        if (page.error) continue;
        const auto lines = lines_of(page, true);
        // A form (the cover of a volume, a list of its contents) has the label in one cell and the level in another.
        const bool form = std::any_of(lines.begin(), lines.end(), [](const Line& l) {
            return l.squeezed == "密级" || l.squeezed == "密级:" || l.squeezed == "密級" || l.squeezed == "密級:";
        });
        std::optional<Field> best;
        int rank = 0;
        for (const Line& line : lines) {
            const auto mark = mark_of(line.squeezed);
            if (!mark || mark->rank <= rank) continue;
            const bool stands_there = line.top <= 0.4 && !line.table;
            if (!mark->labelled && !form && !stands_there && !line.stamp) continue;
            rank = mark->rank;
            best = make_field("security_level", line, line.from[0], line.text.size(), std::string(kLevels[mark->rank]),
                              0.9);
        }
        if (best) out.push_back(std::move(*best));
    }
    return out;
}

} // namespace recto::describe
