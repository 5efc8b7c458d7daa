#pragma once

/// One table of everything a person reads, by id, in English and Chinese (messages.def). Looking up is thread-safe.

#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace recto {

enum class Language { English, Chinese };

struct Message {
    std::string_view id;
    std::string_view english; ///< With {} where arguments go, in order.
    std::string_view chinese;
};

/// Null when the table has no such row.
[[nodiscard]] const Message* find_message(std::string_view id);
[[nodiscard]] std::span<const Message> all_messages();

/// The sentence with its arguments filled in; an unknown id gives the id itself followed by the arguments.
[[nodiscard]] std::string format_message(Language language, std::string_view id, std::span<const std::string> args);

/// "中文 / English", for lists that readers of either language get.
[[nodiscard]] std::string in_both_languages(std::string_view id, const std::vector<std::string>& args = {});

/// The language of messages in this process: --ui-lang, else RECTO_LANG, LC_ALL, LC_MESSAGES, LANG (zh* = Chinese).
void set_ui_language(Language language);
[[nodiscard]] Language ui_language();
[[nodiscard]] Language language_from_environment();

/// Sentence in the process's language: tr("run.done", "24", "0"). Arguments are converted by the caller.
template <class... Args> [[nodiscard]] std::string tr(std::string_view id, const Args&... args) {
    const std::string list[] = {std::string(), std::string(args)...};
    return format_message(ui_language(), id, std::span<const std::string>(list).subspan(1));
}

} // namespace recto
