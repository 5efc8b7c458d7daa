#include "catalogue/catalogue.h"

#include <algorithm>

#include "pipeline/files/codes.h"
#include "pipeline/files/csv.h"
#include "pipeline/files/names.h"

namespace recto::catalogue {

namespace {} // namespace

std::vector<const SettingBase*> settings() { return {&kColumns, &kCompose, &kRequired}; }

Result<Catalogue> Catalogue::from_csv(std::string_view bytes, const std::string& file, const Settings& settings) {
    if (bytes.starts_with("PK\x03\x04") || bytes.starts_with("\xD0\xCF\x11\xE0"))
        return fail("catalogue.not_csv", "this is a workbook", file);
    return from_bytes(bytes, file, settings);
}

Result<Catalogue> Catalogue::from_bytes(std::string_view bytes, const std::string& file, const Settings& settings) {
    RECTO_ASSIGN(const Workbook book, read_workbook(bytes, file));
    return from_workbook(book, file, settings);
}

Result<Catalogue> Catalogue::from_workbook(const Workbook& book, const std::string& file, const Settings& settings) {
    MappingOptions options;
    {
        auto given = parse_heading_map(settings.get(kColumns));
        if (!given) return fail(given.error().code, given.error().reason, std::string(kColumns.key));
        options.given = std::move(*given);
        const auto pattern = CodePattern::parse(settings.get(kCompose));
        if (!pattern) return fail(pattern.error().code, pattern.error().reason, std::string(kCompose.key));
        options.compose = settings.get(kCompose);
    }
    Catalogue out;
    bool found = false;
    for (const Sheet& sheet : book.sheets) {
        const auto mapping = map_sheet(sheet, options);
        if (!mapping) continue;
        found = true;
        for (const Column& column : mapping->columns) {
            out.columns_.emplace_back(column.heading, column.id);
            if (column.by == "double")
                out.remarks_.push_back({sheet.rows[mapping->heading].row,
                                        column.heading,
                                        "catalogue.double_column",
                                        {field_of_heading(column.heading)},
                                        false,
                                        sheet.name});
        }
        read_rows(sheet, *mapping, settings, [&](ReadRow&& row) { out.add(std::move(row)); });
    }
    if (!found) return no_code_column(book, file);
    return out;
}

tl::unexpected<Error> no_code_column(const Workbook& book, const std::string& file) {
    std::string first;
    for (const Sheet& sheet : book.sheets) {
        if (sheet.rows.empty()) continue;
        for (const Cell& cell : sheet.rows[0].cells) first += (first.empty() ? "" : ", ") + clean_cell(cell.text);
        break;
    }
    if (first.size() > 300) first = first.substr(0, first.find_last_of(' ', 300)) + " …";
    return fail("catalogue.no_code_column", "no heading 档号, reference_code or DH; the first row reads: " + first,
                file);
}

void Catalogue::add(ReadRow&& row) {
    if (!row.refused) {
        const std::string folded = fold_code(row.entry.code);
        const auto like = folded_.find(folded);
        if (like == folded_.end()) {
            exact_[row.entry.code] = entries_.size();
            folded_[folded] = entries_.size();
            entries_.push_back(std::move(row.entry));
        } else {
            row.remarks.push_back(merge_remark(row.entry, entries_[like->second]));
        }
    }
    for (Remark& remark : row.remarks) remarks_.push_back(std::move(remark));
}

Remark merge_remark(const Entry& later, Entry& earlier) {
    const std::string place =
        std::to_string(earlier.row) + (earlier.sheet.empty() ? std::string() : " (" + earlier.sheet + ")");
    const auto differs = merge_fields(earlier.fields, later.fields);
    if (!differs) return {later.row, "", "catalogue.merged", {later.code, place}, false, later.sheet};
    return {later.row,
            heading_of_field(*differs),
            "catalogue.duplicate",
            {later.code, place, later.fields.at(*differs), earlier.fields.at(*differs)},
            true,
            later.sheet};
}

Catalogue Catalogue::from_entries(std::vector<Entry> entries) {
    Catalogue out;
    out.entries_ = std::move(entries);
    for (std::size_t i = 0; i < out.entries_.size(); ++i) {
        out.exact_.emplace(out.entries_[i].code, i);
        out.folded_.emplace(fold_code(out.entries_[i].code), i);
    }
    return out;
}

Result<Catalogue> Catalogue::load(const std::string& path, FileSystem& fs, const Settings& settings) {
    RECTO_ASSIGN(const std::string bytes, fs.read(path));
    return from_bytes(bytes, path, settings);
}

const Entry* Catalogue::entry(std::string_view reference_code) const {
    const std::string code = clean_cell(reference_code);
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
