#include "stages/verify/ocfl_inventory.h"

#include <algorithm>
#include <cctype>
#include <regex>

#include "pipeline/files/strict_json.h"
#include "stages/verify/checksums.h"

namespace recto::verify {

using nlohmann::json;

std::string lower_ascii(std::string_view text) {
    std::string out(text);
    std::transform(out.begin(), out.end(), out.begin(),
                   [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; });
    return out;
}

int ocfl_version_number(std::string_view name, int* width) {
    if (width != nullptr) *width = 0;
    if (name.size() < 2 || name.size() > 10 || name[0] != 'v') return 0;
    int n = 0;
    for (const char c : name.substr(1)) {
        if (c < '0' || c > '9') return 0;
        n = n * 10 + (c - '0');
    }
    if (n > 0 && name[1] == '0' && width != nullptr) *width = static_cast<int>(name.size()) - 1;
    return n;
}

namespace {

bool is_hex(std::string_view text, std::size_t length) {
    return text.size() == length &&
           std::all_of(text.begin(), text.end(), [](unsigned char c) { return std::isxdigit(c) != 0; });
}

/// A scheme followed by a colon and something: RFC 3986's shape, no more.
bool looks_like_uri(std::string_view text) {
    static const std::regex pattern("[A-Za-z][A-Za-z0-9+.-]*:.+");
    return std::regex_match(text.begin(), text.end(), pattern);
}

bool leap(int year) { return (year % 4 == 0 && year % 100 != 0) || year % 400 == 0; }

/// RFC 3339 with seconds and zone: the value must name an instant that exists.
bool rfc3339_instant(const std::string& text) {
    static const std::regex pattern(
        R"((\d{4})-(\d\d)-(\d\d)[Tt ](\d\d):(\d\d):(\d\d)(\.\d+)?([Zz]|[+-](\d\d):(\d\d)))");
    std::smatch m;
    if (text.size() > 64 || !std::regex_match(text, m, pattern)) return false;
    const auto number = [&](std::size_t i) { return m[i].matched ? std::stoi(m[i].str()) : 0; };
    const int month = number(2), day = number(3);
    if (month < 1 || month > 12) return false;
    static constexpr int kDays[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    const int days = kDays[month - 1] + (month == 2 && leap(number(1)) ? 1 : 0);
    return day >= 1 && day <= days && number(4) <= 23 && number(5) <= 59 && number(6) <= 60 && number(9) <= 23 &&
           number(10) <= 59;
}

struct PathFault {
    bool slash = false, parts = false;
};

PathFault fault_of(std::string_view path) {
    PathFault fault;
    if (path.empty()) {
        fault.parts = true;
        return fault;
    }
    if (path.front() == '/' || path.back() == '/') {
        fault.slash = true;
        while (!path.empty() && path.front() == '/') path.remove_prefix(1);
        while (!path.empty() && path.back() == '/') path.remove_suffix(1);
    }
    if (path.find('\0') != std::string_view::npos) fault.parts = true;
    while (true) {
        const std::size_t slash = path.find('/');
        const std::string_view part = path.substr(0, slash);
        if (part.empty() || part == "." || part == "..") fault.parts = true;
        if (slash == std::string_view::npos) return fault;
        path.remove_prefix(slash + 1);
    }
}

/// A path that is also a folder of another one; "" when there is none.
std::string conflicting(const std::set<std::string>& paths) {
    for (const std::string& path : paths) {
        for (std::size_t slash = path.find('/'); slash != std::string::npos; slash = path.find('/', slash + 1)) {
            const std::string folder = path.substr(0, slash);
            if (paths.contains(folder)) return folder;
        }
    }
    return {};
}

class Checker {
  public:
    Checker(std::string where, Issues& issues) : where_(std::move(where)), issues_(issues) {}

    Inventory run(std::string_view bytes) {
        auto parsed = parse_strict_json(bytes);
        if (!parsed) {
            error("E033", parsed.error().reason);
            return std::move(out_);
        }
        if (!parsed->value.is_object()) {
            error("E033", "not an object");
            return std::move(out_);
        }
        for (const std::string& key : parsed->duplicate_keys) {
            if (key.starts_with("manifest/")) error("E096", key.substr(9));
            else if (key.starts_with("fixity/")) error("E097", key.substr(7));
            else error("E033", key);
        }
        out_.raw = std::move(parsed->value);
        out_.usable = true;
        head_matter();
        manifest();
        versions();
        usage();
        fixity();
        return std::move(out_);
    }

  private:
    template <class... Args> void error(const char* code, const Args&... args) {
        issues_.error(where_, std::string("ocfl.") + code, args...);
    }
    template <class... Args> void warning(const char* code, const Args&... args) {
        issues_.warning(where_, std::string("ocfl.") + code, args...);
    }
    const json* member(const char* name) const {
        const auto at = out_.raw.find(name);
        return at == out_.raw.end() ? nullptr : &*at;
    }

    void head_matter() {
        if (const json* id = member("id"); id == nullptr) {
            error("E036", "id");
        } else if (!id->is_string() || id->get_ref<const std::string&>().empty()) {
            error("E037", "id");
        } else {
            out_.id = id->get<std::string>();
            if (!looks_like_uri(out_.id)) warning("W005", out_.id);
        }
        if (const json* type = member("type"); type == nullptr) {
            error("E036", "type");
        } else {
            const std::string text = type->is_string() ? type->get<std::string>() : type->dump();
            if (text == "https://ocfl.io/1.0/spec/#inventory") out_.minor = 0;
            else if (text != "https://ocfl.io/1.1/spec/#inventory") error("E038", text);
        }
        if (const json* algorithm = member("digestAlgorithm"); algorithm == nullptr) {
            error("E036", "digestAlgorithm");
        } else if (!algorithm->is_string() || (*algorithm != "sha512" && *algorithm != "sha256")) {
            error("E025", algorithm->dump());
            if (algorithm->is_string()) out_.algorithm = algorithm->get<std::string>();
        } else {
            out_.algorithm = algorithm->get<std::string>();
            if (out_.algorithm == "sha256") warning("W004");
        }
        if (const json* folder = member("contentDirectory"); folder != nullptr) {
            if (!folder->is_string() || folder->get_ref<const std::string&>().empty() ||
                folder->get_ref<const std::string&>().find('/') != std::string::npos) {
                error("E017", folder->dump());
            } else if (*folder == "." || *folder == "..") {
                error("E018", folder->dump());
            } else {
                out_.content_folder = folder->get<std::string>();
                out_.sets_content_folder = true;
            }
        }
        const json* head = member("head");
        if (head == nullptr) error("E036", "head");
        else if (!head->is_string()) error("E040", head->dump());
        else out_.head = head->get<std::string>();
    }

    void manifest() {
        const json* block = member("manifest");
        if (block == nullptr) return error("E041", "manifest");
        if (!block->is_object()) return error("E041", "manifest");
        const std::size_t length = checksum_length(out_.algorithm);
        std::set<std::string> all;
        for (const auto& [digest, paths] : block->items()) {
            if (length != 0 && !is_hex(digest, length)) error("E025", digest);
            const std::string key = lower_ascii(digest);
            if (out_.manifest.contains(key)) error("E096", digest);
            std::vector<std::string>& list = out_.manifest[key];
            if (!paths.is_array() || paths.empty()) {
                error("E092", digest);
                continue;
            }
            for (const json& path : paths) {
                if (!path.is_string()) {
                    error("E092", digest);
                    continue;
                }
                const std::string text = path.get<std::string>();
                const PathFault fault = fault_of(text);
                if (fault.slash) error("E100", text);
                if (fault.parts) error("E099", text);
                if (!all.insert(text).second) error("E101", text);
                if (fault.slash || fault.parts) continue;
                const std::size_t slash = text.find('/');
                if (ocfl_version_number(text.substr(0, slash)) == 0 || slash == std::string::npos ||
                    !std::string_view(text).substr(slash + 1).starts_with(out_.content_folder + "/"))
                    error("E042", text);
                list.push_back(text);
                out_.digest_of[text] = key;
            }
        }
        if (const std::string folder = conflicting(all); !folder.empty()) error("E101", folder);
    }

    void versions() {
        const json* block = member("versions");
        if (block == nullptr) return error("E043", "versions");
        if (!block->is_object()) return error("E044", "versions");
        if (block->empty()) return error("E008");
        // Names must be v1, v2, ... all plain or all zero-padded to one width.
        std::map<int, std::string> by_number;
        std::set<int> widths;
        for (const auto& [name, value] : block->items()) {
            int width = 0;
            const int n = ocfl_version_number(name, &width);
            if (n == 0) {
                error("E046", name);
                continue;
            }
            if (!by_number.emplace(n, name).second) error("E012", name);
            widths.insert(width);
        }
        if (widths.size() > 1) { // Mixed widths break all three rules on padding.
            for (const char* code : {"E011", "E012", "E013"}) error(code, by_number.rbegin()->second);
        }
        if (!widths.empty() && *widths.rbegin() > 0) warning("W001", by_number.begin()->second);
        if (!by_number.empty() && by_number.begin()->first != 1) error("E009");
        int expected = by_number.empty() ? 1 : by_number.begin()->first;
        for (const auto& [n, name] : by_number) {
            if (n != expected) error("E010", name);
            expected = n + 1;
            out_.versions.push_back(name);
        }
        if (!out_.head.empty() && (out_.versions.empty() || out_.head != out_.versions.back())) {
            error("E040", out_.head);
        }
        for (const std::string& name : out_.versions) version(name, (*block)[name]);
    }

    void version(const std::string& name, const json& block) {
        if (!block.is_object()) return error("E047", name);
        if (const auto created = block.find("created"); created == block.end()) error("E048", name);
        else if (!created->is_string() || !rfc3339_instant(created->get<std::string>()))
            error("E049", name + ": " + created->dump());
        if (const auto message = block.find("message"); message == block.end()) warning("W007", name + ": message");
        else if (!message->is_string()) error("E094", name);
        if (const auto user = block.find("user"); user == block.end()) {
            warning("W007", name + ": user");
        } else if (!user->is_object() || !user->contains("name") || !(*user)["name"].is_string() ||
                   (*user)["name"].get_ref<const std::string&>().empty()) {
            error("E054", name);
        } else if (!user->contains("address")) {
            warning("W008", name);
        } else if (!(*user)["address"].is_string()) {
            error("E054", name);
        } else if (!looks_like_uri((*user)["address"].get_ref<const std::string&>())) {
            warning("W009", name + ": " + (*user)["address"].get<std::string>());
        }
        const auto state = block.find("state");
        if (state == block.end()) return error("E048", name + ": state");
        if (!state->is_object()) return error("E050", name);
        std::map<std::string, std::string>& files = out_.states[name];
        std::set<std::string> paths;
        const json* manifest = member("manifest");
        for (const auto& [digest, list] : state->items()) {
            const std::string key = lower_ascii(digest);
            // Digests are compared as values; the spelling must be that of the manifest all the same.
            if (!out_.manifest.contains(key)) error("E050", name + ": " + digest);
            else if (manifest != nullptr && manifest->is_object() && !manifest->contains(digest))
                error("E050", name + ": " + digest);
            if (!list.is_array()) {
                error("E051", name + ": " + digest);
                continue;
            }
            for (const json& path : list) {
                if (!path.is_string()) {
                    error("E051", name + ": " + digest);
                    continue;
                }
                const std::string text = path.get<std::string>();
                const PathFault fault = fault_of(text);
                if (fault.slash) error("E053", name + ": " + text);
                if (fault.parts) error("E052", name + ": " + text);
                if (!paths.insert(text).second) error("E095", name + ": " + text);
                files[text] = key;
            }
        }
        if (const std::string folder = conflicting(paths); !folder.empty()) error("E095", name + ": " + folder);
    }

    void usage() {
        std::set<std::string> used;
        for (const auto& [name, files] : out_.states) {
            for (const auto& [path, digest] : files) used.insert(digest);
        }
        for (const auto& [digest, paths] : out_.manifest) {
            if (!used.contains(digest)) error("E107", paths.empty() ? digest : paths.front());
        }
    }

    void fixity() {
        const json* block = member("fixity");
        if (block == nullptr) return;
        if (!block->is_object()) return error("E111");
        for (const auto& [algorithm, digests] : block->items()) {
            if (!digests.is_object()) {
                error("E057", algorithm);
                continue;
            }
            if (!known_checksum(algorithm)) issues_.warning(where_, "fixity_unknown", algorithm);
            std::set<std::string> seen;
            for (const auto& [digest, paths] : digests.items()) {
                const std::size_t length = checksum_length(algorithm);
                if (length != 0 && !is_hex(digest, length)) error("E057", digest);
                const std::string key = lower_ascii(digest);
                if (!seen.insert(key).second) error("E097", digest);
                if (!paths.is_array()) {
                    error("E057", digest);
                    continue;
                }
                for (const json& path : paths) {
                    if (!path.is_string()) {
                        error("E057", digest);
                        continue;
                    }
                    const std::string text = path.get<std::string>();
                    const PathFault fault = fault_of(text);
                    if (fault.slash) error("E100", text);
                    if (fault.parts) error("E099", text);
                    if (fault.slash || fault.parts) continue;
                    if (!out_.digest_of.contains(text)) error("E057", text);
                    else out_.fixity[algorithm][text] = key;
                }
            }
        }
    }

    std::string where_;
    Issues& issues_;
    Inventory out_;
};

} // namespace

Inventory check_inventory(std::string_view bytes, const std::string& where, Issues& issues) {
    return Checker(where, issues).run(bytes);
}

} // namespace recto::verify
