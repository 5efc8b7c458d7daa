#include "catalogue/mapping.h"

#include <algorithm>
#include <set>

#include "pipeline/core/digest.h"
#include "pipeline/files/codes.h"
#include "pipeline/files/names.h"

namespace recto::catalogue {

namespace {

constexpr std::size_t kHeadingSearch = 20; // Lists have a title and lines of dates above their headings.

std::string cell(const Sheet& sheet, std::size_t row, std::size_t column) {
    const auto& cells = sheet.rows[row].cells;
    return column < cells.size() ? clean_cell(cells[column].text) : std::string();
}

/// The heading row's text at a column; a heading merged over several columns belongs to each of them.
std::string group_heading(const Sheet& sheet, std::size_t row, std::size_t column) {
    if (auto own = cell(sheet, row, column); !own.empty()) return own;
    const int number = sheet.rows[row].row;
    for (const Merge& m : sheet.merges)
        if (number >= m.first_row && number <= m.last_row && static_cast<int>(column) >= m.first_column &&
            static_cast<int>(column) <= m.last_column && m.first_column >= 0)
            return cell(sheet, row, static_cast<std::size_t>(m.first_column));
    return {};
}

struct Named {
    std::string id, by;
};

class Namer {
  public:
    explicit Namer(const MappingOptions& options) : options_(options) {}
    const HeadingMap* saved = nullptr;

    [[nodiscard]] Named operator()(const std::string& heading) const {
        if (heading.empty()) return {"", "unknown"};
        if (const auto it = options_.given.find(heading); it != options_.given.end())
            return {it->second, it->second.empty() ? "left-out" : "given"};
        if (saved)
            if (const auto it = saved->find(heading); it != saved->end())
                return {it->second, it->second.empty() ? "left-out" : "saved"};
        const std::string id = field_of_heading(heading);
        return {id, id.empty() ? "unknown" : "known"};
    }

  private:
    const MappingOptions& options_;
};

std::size_t width_of(const Sheet& sheet, std::size_t from, std::size_t rows) {
    std::size_t width = 0;
    for (std::size_t r = from; r < std::min(from + rows, sheet.rows.size()); ++r)
        width = std::max(width, sheet.rows[r].cells.size());
    return width;
}

/// Headings of a place: of one row, or of two, the lower row refining the upper.
std::vector<std::string> headings_at(const Sheet& sheet, std::size_t first, std::size_t rows, const Namer& name) {
    std::vector<std::string> out;
    for (std::size_t c = 0; c < width_of(sheet, first, rows); ++c) {
        std::string upper = cell(sheet, first, c);
        if (rows == 1) {
            out.push_back(std::move(upper));
            continue;
        }
        upper = group_heading(sheet, first, c);
        const std::string lower = cell(sheet, first + 1, c);
        if (lower.empty() || lower == upper) out.push_back(upper);
        else if (upper.empty()) out.push_back(lower);
        else {
            // "起止日期 / 起" is one name; "文件 / 题名" is a group and a name.
            const std::string both = upper + " " + lower;
            out.push_back(!name(both).id.empty() ? both : !name(lower).id.empty() ? lower : both);
        }
    }
    return out;
}

int known(const std::vector<std::string>& headings, const Namer& name) {
    std::set<std::string> ids;
    for (const auto& h : headings)
        if (auto n = name(h); !n.id.empty()) ids.insert(n.id);
    return static_cast<int>(ids.size());
}

bool has(const std::vector<std::string>& headings, const Namer& name, std::string_view id) {
    return std::any_of(headings.begin(), headings.end(), [&](const std::string& h) { return name(h).id == id; });
}

/// The 档号, or all that it is put together from.
bool has_code(const std::vector<std::string>& headings, const Namer& name, const CodePattern& pattern) {
    if (has(headings, name, "reference_code")) return true;
    return !pattern.parts.empty() && std::all_of(pattern.parts.begin(), pattern.parts.end(), [&](const auto& part) {
        return part.field.empty() || has(headings, name, part.field);
    });
}

/// A second row of headings has no 档号 of its own: nothing, or the heading merged down.
bool may_be_second(const Sheet& sheet, std::size_t first, const Namer& name) {
    if (first + 1 >= sheet.rows.size() || sheet.rows[first + 1].row != sheet.rows[first].row + 1) return false;
    // A title above the headings is no part of them, and neither is a row that names nothing.
    if (known(headings_at(sheet, first, 1, name), name) == 0) return false;
    const auto both = headings_at(sheet, first, 2, name);
    for (std::size_t c = 0; c < both.size(); ++c) {
        const std::string lower = cell(sheet, first + 1, c);
        if (name(both[c]).id == "reference_code" && !lower.empty() && name(lower).id != "reference_code") return false;
    }
    const auto one = headings_at(sheet, first, 1, name);
    if (known(both, name) > known(one, name)) return true;
    // The upper row's headings merged down over the whole of the lower.
    bool any = false;
    for (std::size_t c = 0; c < both.size(); ++c) {
        const std::string upper = cell(sheet, first, c), lower = cell(sheet, first + 1, c);
        if (lower.empty()) continue;
        if (lower != upper) return false;
        any = true;
    }
    return any;
}

std::string guess_level(const SheetMapping& m) {
    const auto has = [&](std::string_view id) { return m.column(id) >= 0; };
    // A list of volumes counts what is in each volume; its rows have no document of their own.
    if (has("item_number") || has("document_number") || has("page_number")) return "item";
    return has("item_count") || (has("volume_title") && !has("title")) ||
                   (has("volume_number") && !has("date") && !has("creator"))
               ? "volume"
               : "item";
}

} // namespace

int SheetMapping::column(std::string_view id) const {
    for (std::size_t c = 0; c < columns.size(); ++c)
        if (columns[c].id == id && columns[c].by != "double") return static_cast<int>(c);
    return -1;
}

Result<HeadingMap> parse_heading_map(std::string_view text) {
    HeadingMap out;
    for (std::size_t from = 0; from < text.size();) {
        const std::size_t to = std::min(text.find(';', from), text.size());
        const std::string pair = trim_text(text.substr(from, to - from));
        from = to + 1;
        if (pair.empty()) continue;
        const auto eq = pair.rfind('=');
        if (eq == std::string::npos || eq == 0)
            return fail("catalogue.bad_columns", "'" + pair + "' is not heading=id");
        out[clean_cell(pair.substr(0, eq))] = clean_cell(pair.substr(eq + 1));
    }
    return out;
}

Result<CodePattern> CodePattern::parse(std::string_view text) {
    CodePattern out;
    const auto bad = [&](const std::string& why) {
        return fail("catalogue.bad_pattern", why + ": " + std::string(text));
    };
    const auto fields = known_fields();
    for (std::size_t at = 0; at < text.size();) {
        if (text[at] != '{') {
            const std::size_t to = std::min(text.find('{', at), text.size());
            if (text.substr(at, to - at).find('}') != std::string_view::npos) return bad("a '}' without its '{'");
            out.parts.push_back({std::string(text.substr(at, to - at)), {}, 0});
            at = to;
            continue;
        }
        const std::size_t to = text.find('}', at);
        if (to == std::string_view::npos) return bad("a '{' without its '}'");
        Part part;
        part.field = trim_text(text.substr(at + 1, to - at - 1));
        if (const auto colon = part.field.find(':'); colon != std::string::npos) {
            const std::string width = part.field.substr(colon + 1);
            if (width.size() != 1 || width[0] < '1' || width[0] > '9') return bad("a width is a digit from 1 to 9");
            part.width = static_cast<std::size_t>(width[0] - '0');
            part.field.resize(colon);
        }
        if (part.field == "reference_code" || std::find(fields.begin(), fields.end(), part.field) == fields.end())
            return bad("no field \"" + part.field + "\"");
        out.parts.push_back(std::move(part));
        at = to + 1;
    }
    return out;
}

std::optional<std::string> CodePattern::code(const std::map<std::string, std::string>& fields,
                                             std::string& missing) const {
    std::string out;
    for (const Part& part : parts) {
        if (part.field.empty()) {
            out += part.text;
            continue;
        }
        const auto it = fields.find(part.field);
        if (it == fields.end() || it->second.empty()) {
            missing = part.field;
            return std::nullopt;
        }
        const std::string value = fold_width(it->second);
        const bool number = std::all_of(value.begin(), value.end(), [](char c) { return c >= '0' && c <= '9'; });
        if (number && value.size() < part.width) out.append(part.width - value.size(), '0');
        out += value;
    }
    return out;
}

std::optional<SheetMapping> map_sheet(const Sheet& sheet, const MappingOptions& options) {
    Namer name(options);
    SheetMapping m;
    const CodePattern pattern = CodePattern::parse(options.compose).value_or(CodePattern{});
    std::optional<HeadingMap> saved;
    const auto signature_of = [](const std::vector<std::string>& headings) {
        std::string all;
        for (const auto& h : headings) all += h + '\x1F';
        return digest_hex(DigestAlgorithm::Sha256, all);
    };
    bool found = false;
    for (std::size_t r = 0; r < std::min(sheet.rows.size(), kHeadingSearch) && !found; ++r) {
        // A form that was mapped before is known by its headings, whatever they are called.
        for (const std::size_t rows : {std::size_t{1}, std::size_t{2}}) {
            if (found || r + rows > sheet.rows.size() || !options.saved) continue;
            name.saved = nullptr;
            const std::string signature = signature_of(headings_at(sheet, r, rows, name));
            if (auto known_form = options.saved(signature); known_form) {
                saved = std::move(known_form);
                name.saved = &*saved;
                m.heading = r;
                m.heading_rows = rows;
                found = true;
            }
        }
        if (found) break;
        const std::size_t rows = may_be_second(sheet, r, name) ? 2 : 1;
        const auto headings = headings_at(sheet, r, rows, name);
        if (!has_code(headings, name, pattern)) continue;
        // A sentence above the table may name the 档号 by itself; a heading row has company, or is the whole table.
        const auto filled = std::count_if(headings.begin(), headings.end(), [](auto& h) { return !h.empty(); });
        if (filled == 1 && r + 1 < sheet.rows.size() && width_of(sheet, r + 1, 1) > 1 &&
            has_code(headings_at(sheet, r + 1, 1, name), name, pattern))
            continue;
        m.heading = r;
        m.heading_rows = rows;
        found = true;
    }
    if (!found) return std::nullopt;
    const HeadingMap* map = name.saved;
    name.saved = nullptr;
    const auto headings = headings_at(sheet, m.heading, m.heading_rows, name);
    m.signature = signature_of(headings);
    name.saved = map;
    std::set<std::string> used;
    for (const std::string& heading : headings) {
        const Named n = name(heading);
        Column column{heading, n.id, n.by};
        if (!n.id.empty() && !used.insert(n.id).second) column.by = "double";
        if (column.by == "double" || column.by == "unknown") column.id = heading;
        m.columns.push_back(std::move(column));
    }
    if (m.column("reference_code") < 0) m.compose = options.compose;
    m.level = options.level.empty() ? guess_level(m) : options.level;
    return m;
}

} // namespace recto::catalogue
