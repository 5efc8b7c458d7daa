#pragma once

/// links.csv: the table that links the files of a folder package to the rows of the catalogue (数据挂接). Pure functions, any thread.

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "pipeline/core/result.h"

namespace recto {

inline constexpr std::string_view kLinksFile = "links.csv";

/// What the table tells of the item beside its 档号, in the order of its columns.
struct LinkField {
    std::string_view id, heading;
};
inline constexpr std::array<LinkField, 6> kLinkFields = {{
    {"title", "题名 / title"},
    {"creator", "责任者 / creator"},
    {"date", "日期 / date"},
    {"document_number", "文号 / document number"},
    {"security_level", "密级 / security level"},
    {"retention_period", "保管期限 / retention period"},
}};

/// One file.
struct LinkRow {
    std::string code;    ///< 档号 as the catalogue has it, or the item's provisional name.
    std::string item_id; ///< UUID.
    std::array<std::string, kLinkFields.size()> fields;
    std::string file; ///< Below the folder that the packages lie in, with "/".
    int page = 0;     ///< Of the item, from 1; 0: the file holds all of them.
    std::string page_id, page_class, media_type;
    std::uint64_t size = 0; ///< Bytes.
    std::string sha512;     ///< Lower-case hexadecimal.
};

/// The heading, a record with its line end; rows likewise. The file begins with a byte order mark (kBom), for Excel.
[[nodiscard]] std::string link_heading();
[[nodiscard]] std::string link_row(const LinkRow& row);

/// Whether the bytes begin as such a table does.
[[nodiscard]] bool is_link_table(std::string_view bytes);
/// Errors: those of read_csv; "package.links" where a row lacks cells or its numbers are none.
[[nodiscard]] Result<std::vector<LinkRow>> read_links(std::string_view bytes, const std::string& file);

} // namespace recto
