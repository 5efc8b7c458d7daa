// Recognising a 档号 in names and barcodes.

#include <memory>
#include <mutex>
#include <sstream>

#include <unicode/regex.h>
#include <unicode/unistr.h>

#include "pipeline/files/codes.h"
#include "pipeline/files/names.h"
#include "stages/grouping/grouping.h"

namespace recto::group {

namespace {

using Patterns = std::vector<std::shared_ptr<icu::RegexPattern>>;

/// Compiled once per setting value; a pattern that does not compile matches nothing (check_code_patterns says so beforehand).
std::shared_ptr<const Patterns> compile(const std::string& list) {
    static std::mutex mutex;
    static std::map<std::string, std::shared_ptr<const Patterns>> cache;
    const std::lock_guard lock(mutex);
    auto& slot = cache[list];
    if (slot) return slot;
    auto made = std::make_shared<Patterns>();
    std::istringstream words(list);
    for (std::string word; words >> word;) {
        UErrorCode status = U_ZERO_ERROR;
        UParseError where{};
        std::shared_ptr<icu::RegexPattern> p(
            icu::RegexPattern::compile(icu::UnicodeString::fromUTF8(word), UREGEX_CASE_INSENSITIVE, where, status));
        if (U_SUCCESS(status) && p) made->push_back(std::move(p));
    }
    slot = std::move(made);
    return slot;
}

/// Length of the match at the start of `text` (UTF-16 units), -1 when there is none.
int match_length(const icu::RegexPattern& pattern, const icu::UnicodeString& text, bool whole) {
    UErrorCode status = U_ZERO_ERROR;
    std::unique_ptr<icu::RegexMatcher> m(pattern.matcher(text, status));
    if (U_FAILURE(status) || !m) return -1;
    m->setTimeLimit(200, status); // steps of the engine: a pattern that backtracks without end is given up
    const UBool hit = whole ? m->matches(status) : m->lookingAt(status);
    if (U_FAILURE(status) || !hit) return -1;
    return m->end(status);
}

bool goes_on(UChar32 c) { return c == '-' || c == '/' || c == 0xB7 || c == '.' || u_isalnum(c); }

std::string from_catalogue(std::string_view name, const GroupingOptions& options) {
    if (!options.catalogue || name.empty()) return {};
    const auto* row = options.catalogue->find(name);
    if (!row) return {};
    const auto it = row->find("reference_code");
    return it == row->end() || it->second.empty() ? to_nfc(trim_text(name)) : it->second;
}

} // namespace

std::string recognise_code(std::string_view name, const GroupingOptions& options, bool inside) {
    const std::string trimmed = trim_text(name);
    if (trimmed.empty()) return {};
    const std::string plain = unescape_name(trimmed);
    for (const std::string* spelling : {&plain, &trimmed})
        if (std::string code = from_catalogue(*spelling, options); !code.empty()) return code;

    // Folding drops white space, so a name is cut at its first space before a code inside it is looked for.
    std::string head = plain;
    if (inside)
        if (const auto cut = plain.find_first_of(" \t_"); cut != std::string::npos) {
            head = plain.substr(0, cut);
            if (std::string code = from_catalogue(head, options); !code.empty()) return code;
        }
    const icu::UnicodeString whole = icu::UnicodeString::fromUTF8(fold_code(plain));
    const icu::UnicodeString start = icu::UnicodeString::fromUTF8(fold_code(head));
    for (const auto& pattern : *compile(options.settings->get(kCodePatterns))) {
        for (const icu::UnicodeString* text : {&whole, &start}) {
            int length = match_length(*pattern, *text, true);
            if (length < 0 && inside) {
                length = match_length(*pattern, *text, false);
                // "0025-WS·2012-Y-BGS-0001A": what follows belongs to the code, so this is not one we know.
                if (length >= 0 && length < text->length() && u_isgraph(text->char32At(length)) &&
                    goes_on(text->char32At(length)) && text->char32At(length) < 0x2E80)
                    length = -1;
            }
            if (length <= 0) continue;
            std::string code;
            text->tempSubString(0, length).toUTF8String(code);
            return code;
        }
    }
    return {};
}

std::string code_of_barcode(std::string_view value, const GroupingOptions& options, bool sheet, bool& certain) {
    certain = false;
    const std::string rule = options.settings->get(kBarcodes), text = trim_text(value);
    if (rule == "none" || text.empty()) return {};
    std::string longest;
    std::istringstream prefixes(options.settings->get(kBarcodePrefixes));
    for (std::string p; prefixes >> p;)
        if (text.starts_with(p) && p.size() > longest.size()) longest = p;
    if (!longest.empty()) {
        const auto at = text.find_first_not_of("-_: ", longest.size());
        if (at == std::string::npos) return {};
        const std::string rest = text.substr(at);
        certain = true;
        const std::string known = recognise_code(rest, options, false);
        return known.empty() ? to_nfc(rest) : known;
    }
    std::string code = from_catalogue(unescape_name(text), options);
    if (code.empty()) code = from_catalogue(text, options);
    certain = !code.empty();
    if (code.empty()) code = recognise_code(text, options, false);
    if (code.empty() && sheet && rule == "any") code = to_nfc(text);
    return code;
}

Result<void> check_code_patterns(const std::string& patterns) {
    std::istringstream words(patterns);
    for (std::string word; words >> word;) {
        UErrorCode status = U_ZERO_ERROR;
        UParseError where{};
        const std::unique_ptr<icu::RegexPattern> p(
            icu::RegexPattern::compile(icu::UnicodeString::fromUTF8(word), 0, where, status));
        if (U_FAILURE(status) || !p)
            return fail("config.bad_value",
                        std::string(kCodePatterns.key) + ": '" + word + "' is no regular expression");
    }
    return {};
}

std::vector<const SettingBase*> settings() {
    return {&kCodePatterns, &kBarcodes, &kBarcodePrefixes,   &kPatch,   &kBlankSplits, &kFileNames,
            &kRightToLeft,  &kDuplex,   &kDuplicateDistance, &kClassify};
}

} // namespace recto::group
