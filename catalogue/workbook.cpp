#include "catalogue/workbook.h"

#include "pipeline/files/codes.h"
#include "pipeline/files/csv.h"
#include "pipeline/files/names.h"

namespace recto::catalogue {

std::string clean_cell(std::string_view text) { return to_nfc(trim_text(text)); }

Result<Workbook> read_workbook(std::string_view bytes, const std::string& file) {
    if (bytes.starts_with("PK\x03\x04") || bytes.starts_with("PK\x05\x06")) return read_xlsx(bytes, file);
    if (bytes.starts_with("\xD0\xCF\x11\xE0"))
        return fail("catalogue.old_workbook", "an .xls workbook, or one locked by a password", file);
    RECTO_ASSIGN(CsvTable table, read_csv(bytes, file));
    Workbook out;
    out.format = "csv";
    out.encoding = table.encoding;
    Sheet& sheet = out.sheets.emplace_back();
    sheet.rows.reserve(table.rows.size());
    for (CsvRow& row : table.rows) {
        SheetRow& to = sheet.rows.emplace_back();
        to.row = row.row;
        to.problem = std::move(row.problem);
        to.cells.reserve(row.cells.size());
        for (std::string& cell : row.cells) to.cells.push_back({std::move(cell), Cell::Kind::Text});
        row = {};
    }
    return out;
}

} // namespace recto::catalogue
