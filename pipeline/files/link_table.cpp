#include "pipeline/files/link_table.h"

#include <charconv>

#include "pipeline/files/csv.h"

namespace recto {

namespace {

/// Columns behind the fields.
enum Column : std::size_t {
    kFile = kLinkFields.size() + 1,
    kPage,
    kPageClass,
    kMediaType,
    kSize,
    kSha512,
    kItem,
    kPageId,
    kColumns
};

template <class T> bool number(std::string_view text, T& value) {
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    return error == std::errc() && end == text.data() + text.size();
}

} // namespace

std::string link_heading() {
    std::vector<std::string> cells(kColumns);
    cells[0] = "档号 / reference code";
    for (std::size_t i = 0; i < kLinkFields.size(); ++i) cells[i + 1] = kLinkFields[i].heading;
    cells[kFile] = "文件 / file";
    cells[kPage] = "页序 / page";
    cells[kPageClass] = "页类 / page class";
    cells[kMediaType] = "类型 / media type";
    cells[kSize] = "字节 / bytes";
    cells[kSha512] = "摘要 / SHA-512";
    cells[kItem] = "件标识 / item id";
    cells[kPageId] = "页标识 / page id";
    return csv_row(cells);
}

std::string link_row(const LinkRow& row) {
    std::vector<std::string> cells(kColumns);
    cells[0] = row.code;
    for (std::size_t i = 0; i < kLinkFields.size(); ++i) cells[i + 1] = row.fields[i];
    cells[kFile] = row.file;
    cells[kPage] = row.page > 0 ? std::to_string(row.page) : "";
    cells[kPageClass] = row.page_class;
    cells[kMediaType] = row.media_type;
    cells[kSize] = std::to_string(row.size);
    cells[kSha512] = row.sha512;
    cells[kItem] = row.item_id;
    cells[kPageId] = row.page_id;
    return csv_row(cells);
}

bool is_link_table(std::string_view bytes) {
    if (bytes.starts_with(kBom)) bytes.remove_prefix(kBom.size());
    return bytes.starts_with(link_heading());
}

Result<std::vector<LinkRow>> read_links(std::string_view bytes, const std::string& file) {
    RECTO_ASSIGN(const CsvTable table, read_csv(bytes, file));
    std::vector<LinkRow> out;
    for (const CsvRow& record : table.rows) {
        if (&record == &table.rows.front()) continue;
        LinkRow row;
        const auto& cells = record.cells;
        if (!record.problem.empty() || cells.size() < kColumns || !number(cells[kSize], row.size) ||
            (!cells[kPage].empty() && !number(cells[kPage], row.page)))
            return fail("package.links", "row " + std::to_string(record.row), file);
        row.code = cells[0];
        for (std::size_t i = 0; i < kLinkFields.size(); ++i) row.fields[i] = cells[i + 1];
        row.file = cells[kFile];
        row.page_class = cells[kPageClass];
        row.media_type = cells[kMediaType];
        row.sha512 = cells[kSha512];
        row.item_id = cells[kItem];
        row.page_id = cells[kPageId];
        out.push_back(std::move(row));
    }
    return out;
}

} // namespace recto
