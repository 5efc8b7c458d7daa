#pragma once

/// The columns of a file with values set by hand, and its rows: of stored pages (`recto treat`) by item and page id, of a
/// delivery (`recto run --treatments`) by file and image.

#include <string>
#include <vector>

#include "amend/amend.h"
#include "cli/row_file.h"

namespace recto::cli {

enum { kTreatedPage, kTurn, kAngle, kCorners, kSplit, kKeep, kTreatedBy, kTreatedItem };

inline std::vector<RowColumn> treatment_columns() {
    return {{"page", {"page id", "page_id", "页标识"}, true},
            {"turn", {"set turn", "set_turn", "设定转向"}},
            {"angle", {"set angle", "set_angle", "设定角度"}},
            {"corners", {"set corners", "set_corners", "设定四角"}},
            {"split", {"set split", "set_split", "设定拆页"}},
            {"keep", {"set keep", "set_keep", "保持原样"}},
            {"who", {"who", "修改人"}},
            {"item", {"item", "件", "档号"}, true}};
}

/// The same for a delivery: kTreatedPage is the image, kTreatedItem the file.
inline std::vector<RowColumn> given_columns() {
    auto columns = treatment_columns();
    columns[kTreatedPage] = {"image", {"image", "图像"}};
    columns[kTreatedItem] = {"file", {"file", "文件"}, true};
    return columns;
}

inline amend::TreatRow treatment_of(const CsvRow& row, const std::vector<RowColumn>& c) {
    amend::TreatRow out;
    out.row = row.row;
    out.page = cell_of(row, c[kTreatedPage]);
    out.words = {cell_of(row, c[kTurn]), cell_of(row, c[kAngle]), cell_of(row, c[kCorners]), cell_of(row, c[kSplit]),
                 cell_of(row, c[kKeep])};
    out.automatic = out.words.keep == "auto" || out.words.keep == "自动";
    if (out.automatic) out.words.keep.clear();
    out.who = cell_of(row, c[kTreatedBy]);
    return out;
}

inline bool any_value(const CsvRow& row, const std::vector<RowColumn>& c) {
    for (const int column : {kTurn, kAngle, kCorners, kSplit, kKeep})
        if (!cell_of(row, c[static_cast<std::size_t>(column)]).empty()) return true;
    return false;
}

} // namespace recto::cli
