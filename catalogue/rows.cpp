#include "catalogue/rows.h"

#include <algorithm>
#include <chrono>

#include <fmt/format.h>

#include "pipeline/files/codes.h"
#include "pipeline/files/dates.h"
#include "pipeline/files/names.h"

namespace recto::catalogue {

namespace {

bool all_digits(std::string_view s) {
    return !s.empty() && std::all_of(s.begin(), s.end(), [](char c) { return c >= '0' && c <= '9'; });
}

/// Excel turns "1-5" into a date and long numbers into powers of ten when a sheet is opened and saved.
bool is_mangled(std::string_view code) {
    const auto digits = [&](std::size_t& i) {
        const std::size_t from = i;
        while (i < code.size() && code[i] >= '0' && code[i] <= '9') ++i;
        return i - from;
    };
    static constexpr std::string_view kMonths[] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                                   "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
    for (const auto month : kMonths) // "Jan-05"
        if (code.size() >= 5 && code.size() <= 8 && code.starts_with(month) && code[3] == '-' &&
            all_digits(code.substr(4)))
            return true;
    std::size_t i = 0;
    if (digits(i) == 0) return false;
    const std::string_view rest = code.substr(i);
    if (rest.size() >= 4 && rest[0] == '-')
        for (const auto month : kMonths)
            if (rest.substr(1, 3) == month) return true;
    if (rest.starts_with("月")) return code.ends_with("日");
    if (rest.starts_with("年")) return code.ends_with("日") || code.ends_with("月");
    if (i < code.size() && code[i] == '.') {
        ++i;
        if (digits(i) == 0) return false;
    }
    return i + 1 < code.size() && code[i] == 'E' && code[i + 1] == '+';
}

/// The day number of a spreadsheet, for years that documents have.
std::optional<std::string> serial_day(std::string_view digits) {
    if (digits.size() != 5 || !all_digits(digits)) return std::nullopt;
    const int n = std::stoi(std::string(digits));
    if (n < 10000 || n > 73050) return std::nullopt; // 1927 to 2099
    using namespace std::chrono;
    const year_month_day d(sys_days(year(1899) / 12 / 30) + days(n));
    return fmt::format("{:04}-{:02}-{:02}", static_cast<int>(d.year()), static_cast<unsigned>(d.month()),
                       static_cast<unsigned>(d.day()));
}

/// Most 档号 of a column have letters or separators: then a bare five-digit number among them was a date once.
bool codes_have_parts(const Sheet& sheet, const SheetMapping& mapping, int column) {
    std::size_t parts = 0, bare = 0;
    const std::size_t first = mapping.heading + mapping.heading_rows;
    for (std::size_t r = first; r < sheet.rows.size() && parts + bare < 2000; ++r) {
        const auto& cells = sheet.rows[r].cells;
        if (static_cast<std::size_t>(column) >= cells.size()) continue;
        const std::string code = trim_text(cells[static_cast<std::size_t>(column)].text);
        if (code.empty()) continue;
        ++(all_digits(code) ? bare : parts);
    }
    return parts > bare;
}

std::vector<std::string> required_fields(const Settings& settings) {
    std::vector<std::string> out;
    const std::string text = settings.get(kRequired);
    for (std::size_t from = 0; from <= text.size();) {
        const std::size_t to = std::min(text.find(',', from), text.size());
        if (std::string id = trim_text(std::string_view(text).substr(from, to - from)); !id.empty())
            out.push_back(std::move(id));
        from = to + 1;
    }
    return out;
}

/// How values are compared: width and white space do not make a contradiction.
std::string comparable(const std::string& id, const std::string& value) {
    if (id == "reference_code" || id == "volume_code") return fold_code(value);
    if (id == "date")
        if (auto edtf = edtf_of(value)) return *edtf;
    if (id == "retention_period") return retention_of(value);
    if (id == "page_count")
        if (const auto n = parse_page_count(value)) return std::to_string(*n);
    std::string out;
    const std::string narrow = fold_width(value);
    for (std::size_t pos = 0; pos < narrow.size();) {
        const char32_t c = next_code_point(narrow, pos);
        if (c > ' ' && c != 0xA0 && c != 0x3000) append_utf8(out, c);
    }
    return out;
}

} // namespace

Finding Remark::finding() const {
    Finding f;
    f.code = code;
    f.severity = refused ? Severity::Error : Severity::Warning;
    f.args = {std::to_string(row), column};
    f.args.insert(f.args.end(), args.begin(), args.end());
    return f;
}

std::optional<std::string> edtf_of(std::string_view value, bool* impossible) {
    std::string text = fold_width(trim_text(value));
    if (impossible) *impossible = false;
    // A time of day is a spreadsheet's doing: "2023-03-17 00:00:00", "2023/3/17 0:00".
    if (const auto space = text.find_first_of(" T");
        space != std::string::npos && space >= 8 && text.find(':', space) != std::string::npos)
        text.erase(space);
    const auto refuse = [&]() -> std::optional<std::string> {
        if (impossible) *impossible = true;
        return std::nullopt;
    };
    if (auto serial = serial_day(text)) return serial;
    if (auto one = normalise_date(text)) return one->ends_with('?') ? refuse() : one;
    // A span, as lists of volumes have it.
    for (const std::string_view sign : {"至", "~", "～", "—", "－", "/", "-"}) {
        for (std::size_t at = text.find(sign); at != std::string::npos; at = text.find(sign, at + sign.size())) {
            const auto from = normalise_date(std::string_view(text).substr(0, at));
            const auto to = normalise_date(std::string_view(text).substr(at + sign.size()));
            if (!from || !to || from->size() < 4 || to->size() < 4) continue;
            if (from->ends_with('?') || to->ends_with('?') || *to < from->substr(0, to->size())) return refuse();
            return *from + "/" + *to;
        }
    }
    const auto digits = std::count_if(text.begin(), text.end(), [](char c) { return c >= '0' && c <= '9'; });
    return digits > 0 ? refuse() : std::nullopt;
}

std::string retention_of(std::string_view value) {
    const std::string text = fold_code(value);
    if (text.empty()) return {};
    if (text == "Y" || text.find("永久") != std::string::npos) return "永久";
    std::string digits;
    for (const char c : text)
        if (c >= '0' && c <= '9') digits += c;
    if (!digits.empty() && digits.size() <= 3) return digits + "年";
    if (text.find("三十年") != std::string::npos) return "30年";
    if (text.find("十年") != std::string::npos) return "10年";
    if (text.find("长期") != std::string::npos || text == "C") return "长期";
    if (text.find("短期") != std::string::npos || text == "D") return "短期";
    return trim_text(value);
}

Grouping grouping_of(const Entry& entry) {
    const auto field = [&](std::string_view id) {
        const auto it = entry.fields.find(std::string(id));
        return it == entry.fields.end() ? std::string() : it->second;
    };
    Grouping g;
    g.fonds = field("fonds_code");
    g.retention = retention_of(field("retention_period"));
    const std::string year = fold_width(field("year"));
    for (std::size_t i = 0; i + 4 <= year.size() && g.year.empty(); ++i)
        if (all_digits(std::string_view(year).substr(i, 4))) g.year = year.substr(i, 4);
    if (g.year.empty())
        if (const auto edtf = edtf_of(field("date"))) g.year = edtf->substr(0, 4);

    // 全宗号-门类·年度-保管期限-机构-件号
    const std::string code = fold_code(entry.code);
    std::vector<std::string> parts;
    for (std::size_t from = 0; from <= code.size();) {
        const std::size_t to = std::min(code.find('-', from), code.size());
        parts.push_back(code.substr(from, to - from));
        from = to + 1;
    }
    if (parts.size() >= 3) {
        if (g.fonds.empty()) g.fonds = parts[0];
        const auto dot = parts[1].find("·");
        if (dot != std::string::npos) {
            const std::string after = parts[1].substr(dot + std::string_view("·").size());
            if (g.year.empty() && after.size() == 4 && all_digits(after)) g.year = after;
            const std::string& r = parts[2];
            if (g.retention.empty() && (r == "Y" || (r.size() > 1 && r[0] == 'D' && all_digits(r.substr(1)))))
                g.retention = retention_of(r);
        }
    }
    if (entry.level == "volume") {
        g.volume = entry.code;
    } else if (g.volume = field("volume_code"); g.volume.empty()) {
        if (const std::string number = field("volume_number"); !number.empty()) {
            const std::string list = field("list_number");
            g.volume = g.fonds + (g.fonds.empty() ? "" : "-") + list + (list.empty() ? "" : "-") + number;
        }
    }
    return g;
}

std::optional<std::string> merge_fields(Fields& into, const Fields& from) {
    for (const auto& [id, value] : from) {
        // A running number says where the row stands in its list; remarks add up.
        if (id == "serial" || id == "remarks" || value.empty()) continue;
        const auto it = into.find(id);
        if (it != into.end() && !it->second.empty() && comparable(id, it->second) != comparable(id, value)) return id;
    }
    for (const auto& [id, value] : from) {
        std::string& target = into[id];
        if (target.empty()) target = value;
        else if (id == "remarks" && target.find(value) == std::string::npos) target += "; " + value;
    }
    return std::nullopt;
}

void read_rows(const Sheet& sheet, const SheetMapping& mapping, const Settings& settings,
               const std::function<void(ReadRow&&)>& sink) {
    const auto required = required_fields(settings);
    const int code_at = mapping.column("reference_code"), date_at = mapping.column("date"),
              pages_at = mapping.column("page_count");
    const CodePattern pattern = CodePattern::parse(mapping.compose).value_or(CodePattern{});
    const bool parted = code_at >= 0 && codes_have_parts(sheet, mapping, code_at);
    const auto heading = [&](int column) {
        return column >= 0 ? mapping.columns[static_cast<std::size_t>(column)].heading : std::string();
    };
    for (std::size_t r = mapping.heading + mapping.heading_rows; r < sheet.rows.size(); ++r) {
        const SheetRow& row = sheet.rows[r];
        ReadRow out;
        Entry& entry = out.entry;
        entry.row = row.row;
        entry.sheet = sheet.name;
        entry.level = mapping.level;
        const auto say = [&](std::string column, std::string_view code, std::vector<std::string> args, bool refused) {
            out.remarks.push_back(
                {row.row, std::move(column), std::string(code), std::move(args), refused, sheet.name});
            out.refused |= refused;
        };
        if (!row.problem.empty()) {
            for (std::size_t c = 0; c < row.cells.size(); ++c)
                if (std::string v = clean_cell(row.cells[c].text); !v.empty())
                    entry.fields["column " + std::to_string(c + 1)] = std::move(v);
            say("", row.problem, {}, true);
            sink(std::move(out));
            continue;
        }
        std::string surplus;
        for (std::size_t c = 0; c < row.cells.size(); ++c) {
            std::string value = clean_cell(row.cells[c].text);
            if (value.empty()) continue;
            if (c >= mapping.columns.size()) {
                if (surplus.empty()) surplus = value;
                continue;
            }
            const Column& column = mapping.columns[c];
            if (column.by == "left-out") continue;
            if (row.cells[c].kind == Cell::Kind::Error)
                say(column.heading, "catalogue.cell_error", {value}, column.id == "reference_code");
            // A column without heading keeps its values under its number.
            entry.fields[column.id.empty() ? "column " + std::to_string(c + 1) : column.id] = std::move(value);
        }
        std::string wanting; // the column that a 档号 put together lacks
        if (!pattern.parts.empty())
            if (auto composed = pattern.code(entry.fields, wanting))
                entry.fields["reference_code"] = std::move(*composed);
        const auto code = entry.fields.find("reference_code");
        if (code != entry.fields.end()) entry.code = code->second;
        if (!entry.code.empty() && code_at >= 0 && entry.code == heading(code_at)) {
            // A heading repeated on each printed page of the list is no row.
            say(heading(code_at), "catalogue.repeated_heading", {}, true);
        } else if (!surplus.empty()) {
            // One cell too many means that a separator stood in a text: all cells behind it are shifted.
            say("", "catalogue.too_many_cells", {surplus}, true);
        } else {
            for (const std::string& id : required) {
                if (entry.fields.contains(id)) continue;
                if (id == "reference_code")
                    say(heading(wanting.empty() ? code_at : mapping.column(wanting)), "catalogue.no_code", {}, true);
                else say(heading(mapping.column(id)), "catalogue.missing_field", {id}, true);
            }
            if (!entry.code.empty() && code_at >= 0) {
                const auto at = static_cast<std::size_t>(code_at);
                const bool was_date = row.cells[at].kind == Cell::Kind::Date;
                if (was_date || is_mangled(entry.code) || (parted && serial_day(entry.code)))
                    say(heading(code_at), "catalogue.mangled_code", {entry.code}, true);
            }
            if (const auto date = entry.fields.find("date"); date != entry.fields.end()) {
                bool impossible = false;
                const auto edtf = edtf_of(date->second, &impossible);
                if (impossible) say(heading(date_at), "catalogue.impossible_date", {date->second}, true);
                else if (!edtf) say(heading(date_at), "catalogue.no_date", {date->second}, false);
                else if (serial_day(fold_width(date->second)))
                    say(heading(date_at), "catalogue.serial_date", {date->second, *edtf}, false);
            }
            if (const auto pages = entry.fields.find("page_count");
                pages != entry.fields.end() && !parse_page_count(pages->second))
                say(heading(pages_at), "catalogue.bad_page_count", {pages->second}, false);
        }
        sink(std::move(out));
    }
}

} // namespace recto::catalogue
