#include "stages/verify/report.h"

#include <algorithm>
#include <tuple>
#include <utility>

#include <nlohmann/json.hpp>

namespace recto::verify {

namespace {

constexpr std::size_t kMaxArgument = 400; ///< Bytes: file contents must not flood a report.

/// Names from damaged packages can hold anything: cut, and control characters and bad UTF-8 made visible.
std::string printable(std::string_view text) {
    std::string out;
    for (std::size_t i = 0; i < text.size() && out.size() < kMaxArgument;) {
        const auto c = static_cast<unsigned char>(text[i]);
        std::size_t length = c < 0x80                ? 1
                             : c >= 0xC2 && c < 0xE0 ? 2
                             : c >= 0xE0 && c < 0xF0 ? 3
                             : c >= 0xF0 && c < 0xF5 ? 4
                                                     : 0;
        bool whole = length > 0 && i + length <= text.size() && (c >= 0x20 && c != 0x7F);
        for (std::size_t k = 1; whole && k < length; ++k)
            whole = (static_cast<unsigned char>(text[i + k]) & 0xC0) == 0x80;
        if (whole && c == 0xED && static_cast<unsigned char>(text[i + 1]) >= 0xA0) whole = false; // surrogates
        if (whole && c == 0xE0 && static_cast<unsigned char>(text[i + 1]) < 0xA0) whole = false;  // overlong
        if (whole && c == 0xF0 && static_cast<unsigned char>(text[i + 1]) < 0x90) whole = false;
        if (whole && c == 0xF4 && static_cast<unsigned char>(text[i + 1]) >= 0x90) whole = false;
        if (whole) {
            out += text.substr(i, length);
            i += length;
        } else {
            constexpr std::string_view hex = "0123456789ABCDEF";
            out += '%';
            out += hex[c >> 4];
            out += hex[c & 15];
            ++i;
        }
    }
    return out;
}

} // namespace

std::string Issue::message(Language language) const { return format_message(language, "verify." + code, args); }

std::string_view to_string(Kind kind) {
    switch (kind) {
    case Kind::Archive: return "archive";
    case Kind::OcflRoot: return "ocfl-root";
    case Kind::OcflObject: return "ocfl-object";
    case Kind::Bag: return "bag";
    case Kind::Folder: return "folder";
    case Kind::Handover: return "handover";
    case Kind::Eark: return "eark";
    case Kind::Ofd: return "ofd";
    case Kind::Unknown: break;
    }
    return "unknown";
}

std::size_t Report::errors() const {
    return static_cast<std::size_t>(
        std::count_if(issues.begin(), issues.end(), [](const Issue& i) { return i.severity == Severity::Error; }));
}

std::size_t Report::warnings() const {
    return static_cast<std::size_t>(
        std::count_if(issues.begin(), issues.end(), [](const Issue& i) { return i.severity == Severity::Warning; }));
}

int Report::exit_code() const {
    for (const Issue& issue : issues) {
        if (issue.code == "no_input") return 66;
        if (issue.code == "unknown_kind") return 65;
    }
    return good() ? 0 : 1;
}

int exit_code(const std::vector<Report>& reports) {
    int code = 0;
    bool verified = false;
    for (const Report& report : reports) {
        verified = verified || report.kind != Kind::Unknown;
        code = std::max(code, report.exit_code());
    }
    return code > 1 && verified ? 1 : code;
}

nlohmann::json Report::to_json() const {
    nlohmann::json list = nlohmann::json::array();
    for (const Issue& issue : issues) {
        list.push_back({{"path", issue.path},
                        {"code", issue.code},
                        {"severity", recto::to_string(issue.severity)},
                        {"message", issue.message(Language::English)},
                        {"message_zh", issue.message(Language::Chinese)}});
    }
    return {{"schema", 1},
            {"path", printable(path)},
            {"kind", to_string(kind)},
            {"good", good()},
            {"counts",
             {{"errors", errors()},
              {"warnings", warnings()},
              {"objects", objects},
              {"files", files},
              {"bytes", bytes},
              {"images", images},
              {"xml_files", xml_files},
              {"pages", pages}}},
            {"issues", list}};
}

std::string Report::to_text(Language language) const {
    std::string out;
    for (const Issue& issue : issues) {
        const std::string severity = "verify.severity." + std::string(recto::to_string(issue.severity));
        out += format_message(language, severity, {}) + " " + (issue.path.empty() ? printable(path) : issue.path) +
               ": " + issue.message(language) + " (" + issue.code + ")\n";
    }
    const std::string args[] = {printable(path),       std::to_string(objects),  std::to_string(files),
                                std::to_string(bytes), std::to_string(errors()), std::to_string(warnings())};
    out += format_message(language, good() ? "verify.summary_good" : "verify.summary_bad", args) + "\n";
    return out;
}

void Issues::add(Issue issue) {
    issue.path = printable(issue.path);
    for (std::string& argument : issue.args) argument = printable(argument);
    const std::lock_guard lock(mutex_);
    list_.push_back(std::move(issue));
}

std::vector<Issue> Issues::take_sorted() {
    const std::lock_guard lock(mutex_);
    const auto key = [](const Issue& i) { return std::tie(i.path, i.code, i.args); };
    std::sort(list_.begin(), list_.end(), [&](const Issue& a, const Issue& b) { return key(a) < key(b); });
    list_.erase(
        std::unique(list_.begin(), list_.end(), [&](const Issue& a, const Issue& b) { return key(a) == key(b); }),
        list_.end());
    return std::exchange(list_, {});
}

} // namespace recto::verify
