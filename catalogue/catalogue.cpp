#include "catalogue/catalogue.h"

#include <algorithm>
#include <set>

#include "catalogue/csv.h"
#include "pipeline/files/codes.h"
#include "pipeline/files/names.h"

namespace recto::catalogue {

namespace {

constexpr std::size_t kHeadingSearch = 10; // Lists have a title and a line of dates above their headings.

std::string clean(std::string_view value) { return to_nfc(trim_text(value)); }

/// Excel turns "1-5" into a date and long numbers into powers of ten when a sheet is opened and saved.
bool is_mangled(std::string_view code) {
    const auto digits = [&](std::size_t& i) {
        const std::size_t from = i;
        while (i < code.size() && code[i] >= '0' && code[i] <= '9') ++i;
        return i - from;
    };
    std::size_t i = 0;
    if (digits(i) == 0) return false;
    const std::string_view rest = code.substr(i);
    static constexpr std::string_view kMonths[] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                                   "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
    if (rest.size() >= 4 && rest[0] == '-')
        for (const auto month : kMonths)
            if (rest.substr(1, 3) == month) return true;
    if (rest.rfind("月", 0) == 0) return code.size() >= 3 && code.substr(code.size() - 3) == "日";
    if (i < code.size() && code[i] == '.') {
        ++i;
        if (digits(i) == 0) return false;
    }
    return i + 1 < code.size() && code[i] == 'E' && code[i + 1] == '+';
}

/// The setting's heading=id pairs, over the built-in table.
Result<std::map<std::string, std::string>> further_headings(const Settings& settings) {
    std::map<std::string, std::string> out;
    const std::string text = settings.get(kColumns);
    for (std::size_t from = 0; from < text.size();) {
        const std::size_t to = std::min(text.find(';', from), text.size());
        const std::string pair = trim_text(std::string_view(text).substr(from, to - from));
        from = to + 1;
        if (pair.empty()) continue;
        const auto eq = pair.rfind('=');
        if (eq == std::string::npos || eq == 0 || eq + 1 == pair.size())
            return fail("catalogue.bad_columns", "'" + pair + "' is not heading=id", std::string(kColumns.key));
        out[clean(pair.substr(0, eq))] = clean(pair.substr(eq + 1));
    }
    return out;
}

} // namespace

std::vector<const SettingBase*> settings() { return {&kColumns}; }

Finding Remark::finding() const {
    Finding f;
    f.code = code;
    f.severity = refused ? Severity::Error : Severity::Warning;
    f.args = {std::to_string(row), column};
    f.args.insert(f.args.end(), args.begin(), args.end());
    return f;
}

Result<Catalogue> Catalogue::from_csv(std::string_view bytes, const std::string& file, const Settings& settings) {
    RECTO_ASSIGN(CsvTable table, read_csv(bytes, file));
    RECTO_ASSIGN(const auto further, further_headings(settings));
    const auto id_of = [&](const std::string& heading) {
        const auto it = further.find(heading);
        return it != further.end() ? it->second : field_of_heading(heading);
    };

    Catalogue out;
    // The heading row is the first with a 档号 column; what lies above is the list's title.
    std::size_t first = table.rows.size();
    std::string best;
    for (std::size_t r = 0; r < std::min(table.rows.size(), kHeadingSearch) && first == table.rows.size(); ++r) {
        for (const std::string& cell : table.rows[r].cells) {
            if (id_of(clean(cell)) == "reference_code") first = r;
        }
        if (r == 0)
            for (const std::string& cell : table.rows[r].cells) best += (best.empty() ? "" : ", ") + clean(cell);
    }
    if (first == table.rows.size())
        return fail("catalogue.no_code_column", "no heading 档号, reference_code or DH; the first row reads: " + best,
                    file);

    std::set<std::string> used;
    for (const std::string& cell : table.rows[first].cells) {
        const std::string heading = clean(cell);
        std::string id = id_of(heading);
        if (!id.empty() && !used.insert(id).second) {
            out.remarks_.push_back({table.rows[first].row, heading, "catalogue.double_column", {id}, false});
            id.clear();
        }
        out.columns_.emplace_back(heading, id.empty() ? heading : id);
    }

    for (std::size_t r = first + 1; r < table.rows.size(); ++r) {
        const CsvRow& row = table.rows[r];
        const auto refuse = [&](std::string column, std::string_view code, std::vector<std::string> args) {
            out.remarks_.push_back({row.row, std::move(column), std::string(code), std::move(args), true});
        };
        if (!row.problem.empty()) {
            refuse("", row.problem, {});
            continue;
        }
        Entry entry;
        entry.row = row.row;
        std::string code_column, surplus;
        for (std::size_t c = 0; c < row.cells.size(); ++c) {
            std::string value = clean(row.cells[c]);
            if (c >= out.columns_.size()) {
                if (!value.empty() && surplus.empty()) surplus = value;
                continue;
            }
            const auto& [heading, id] = out.columns_[c];
            if (id == "reference_code") code_column = heading;
            if (value.empty()) continue;
            // A column without heading keeps its values under its letter-less number.
            entry.fields[id.empty() ? "column " + std::to_string(c + 1) : id] = std::move(value);
        }
        if (!surplus.empty()) {
            // One cell too many means that a separator stood in a text: all cells behind it are shifted.
            refuse("", "catalogue.too_many_cells", {surplus});
            continue;
        }
        const auto code = entry.fields.find("reference_code");
        if (code == entry.fields.end()) {
            // A heading repeated on each printed page of the list is no row.
            refuse(code_column, "catalogue.no_code", {});
            continue;
        }
        if (id_of(code->second) == "reference_code") {
            refuse(code_column, "catalogue.repeated_heading", {});
            continue;
        }
        if (is_mangled(code->second)) {
            refuse(code_column, "catalogue.mangled_code", {code->second});
            continue;
        }
        entry.code = code->second;
        const auto same = out.exact_.find(entry.code);
        const std::string folded = fold_code(entry.code);
        const auto like = out.folded_.find(folded);
        if (same != out.exact_.end() || like != out.folded_.end()) {
            const std::size_t at = same != out.exact_.end() ? same->second : like->second;
            refuse(code_column, "catalogue.duplicate", {entry.code, std::to_string(out.entries_[at].row)});
            continue;
        }
        if (const auto pages = entry.fields.find("page_count");
            pages != entry.fields.end() && !parse_page_count(pages->second))
            out.remarks_.push_back({row.row, "页数", "catalogue.bad_page_count", {pages->second}, false});
        out.exact_[entry.code] = out.entries_.size();
        out.folded_[folded] = out.entries_.size();
        out.entries_.push_back(std::move(entry));
    }
    return out;
}

Result<Catalogue> Catalogue::load(const std::string& path, FileSystem& fs, const Settings& settings) {
    RECTO_ASSIGN(const std::string bytes, fs.read(path));
    return from_csv(bytes, path, settings);
}

const Entry* Catalogue::entry(std::string_view reference_code) const {
    const std::string code = clean(reference_code);
    if (code.empty()) return nullptr;
    if (const auto it = exact_.find(code); it != exact_.end()) return &entries_[it->second];
    const auto it = folded_.find(fold_code(code));
    return it == folded_.end() ? nullptr : &entries_[it->second];
}

const std::map<std::string, std::string>* Catalogue::find(std::string_view reference_code) const {
    const Entry* e = entry(reference_code);
    return e ? &e->fields : nullptr;
}

} // namespace recto::catalogue
