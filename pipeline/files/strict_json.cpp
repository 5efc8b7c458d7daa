#include "pipeline/files/strict_json.h"

#include <algorithm>
#include <exception>
#include <set>

namespace recto {

namespace {

/// Deepest nesting of arrays and objects, without parsing: the parser and, more so, the destructor and dump() of deep
/// values would use stack in proportion to it.
int nesting(std::string_view bytes) {
    int depth = 0, deepest = 0;
    bool in_string = false;
    for (std::size_t i = 0; i < bytes.size(); ++i) {
        const char c = bytes[i];
        if (in_string) {
            if (c == '\\') ++i;
            else if (c == '"') in_string = false;
        } else if (c == '"') {
            in_string = true;
        } else if (c == '[' || c == '{') {
            deepest = std::max(deepest, ++depth);
        } else if (c == ']' || c == '}') {
            --depth;
        }
    }
    return deepest;
}

std::string one_line(std::string text) {
    std::replace_if(text.begin(), text.end(), [](char c) { return static_cast<unsigned char>(c) < 0x20; }, ' ');
    return text.substr(0, 300);
}

} // namespace

Result<StrictJson> parse_strict_json(std::string_view bytes, const std::string& file, int max_depth) {
    if (nesting(bytes) > max_depth)
        return fail("json.too_deep", "more than " + std::to_string(max_depth) + " levels of nesting", file);
    using nlohmann::json;
    StrictJson out;
    struct Level {
        std::set<std::string> keys;
        std::string last_key;
    };
    std::vector<Level> levels;
    const auto watch = [&](int, json::parse_event_t event, json& parsed) {
        switch (event) {
        case json::parse_event_t::object_start:
        case json::parse_event_t::array_start: levels.emplace_back(); break;
        case json::parse_event_t::object_end:
        case json::parse_event_t::array_end:
            if (!levels.empty()) levels.pop_back();
            break;
        case json::parse_event_t::key:
            if (!levels.empty() && parsed.is_string()) {
                const std::string& key = parsed.get_ref<const std::string&>();
                if (!levels.back().keys.insert(key).second) {
                    std::string path;
                    for (std::size_t i = 0; i + 1 < levels.size(); ++i) path += levels[i].last_key + "/";
                    out.duplicate_keys.push_back(path + key);
                }
                levels.back().last_key = key;
            }
            break;
        default: break;
        }
        return true;
    };
    try {
        out.value = json::parse(bytes.begin(), bytes.end(), watch);
    } catch (const std::exception& e) { return fail("json.malformed", one_line(e.what()), file); }
    return out;
}

} // namespace recto
