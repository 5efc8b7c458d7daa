#include "pipeline/core/messages.h"

#include <atomic>
#include <cstdlib>
#include <unordered_map>

namespace recto {
namespace {

#define RECTO_MESSAGE(id, english, chinese) {id, english, chinese},
const Message kMessages[] = {
    {"", "", ""}, // keeps the array valid while the table grows; never looked up
#include "pipeline/core/messages.def"
};
#undef RECTO_MESSAGE

std::atomic<Language> g_language{Language::English};

const std::unordered_map<std::string_view, const Message*>& index() {
    static const auto map = [] {
        std::unordered_map<std::string_view, const Message*> m;
        for (const Message& row : all_messages()) m.emplace(row.id, &row);
        return m;
    }();
    return map;
}

} // namespace

std::span<const Message> all_messages() { return std::span<const Message>(kMessages).subspan(1); }

const Message* find_message(std::string_view id) {
    const auto it = index().find(id);
    return it == index().end() ? nullptr : it->second;
}

std::string format_message(Language language, std::string_view id, std::span<const std::string> args) {
    std::string out;
    const Message* row = find_message(id);
    if (!row) {
        out = id;
        for (const auto& a : args) out += " " + a;
        return out;
    }
    const std::string_view pattern = language == Language::Chinese ? row->chinese : row->english;
    std::size_t next = 0;
    for (std::size_t i = 0; i < pattern.size(); ++i) {
        // {} takes the next argument, {n} the n-th; a missing argument shows nothing rather than failing.
        if (pattern[i] == '{') {
            const std::size_t close = pattern.find('}', i);
            if (close == i + 1) {
                if (next < args.size()) out += args[next];
                ++next;
                i = close;
                continue;
            }
            if (close == i + 2 && pattern[i + 1] >= '0' && pattern[i + 1] <= '9') {
                const auto n = static_cast<std::size_t>(pattern[i + 1] - '0');
                if (n < args.size()) out += args[n];
                i = close;
                continue;
            }
        }
        out += pattern[i];
    }
    return out;
}

std::string in_both_languages(std::string_view id, const std::vector<std::string>& args) {
    return format_message(Language::Chinese, id, args) + " / " + format_message(Language::English, id, args);
}

void set_ui_language(Language language) { g_language = language; }
Language ui_language() { return g_language; }

Language language_from_environment() {
    for (const char* name : {"RECTO_LANG", "LC_ALL", "LC_MESSAGES", "LANG"}) {
        const char* value = std::getenv(name);
        if (value && *value)
            return std::string_view(value).substr(0, 2) == "zh" ? Language::Chinese : Language::English;
    }
    return Language::English;
}

} // namespace recto
