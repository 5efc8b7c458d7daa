#include "review/corrections.h"

#include <fmt/format.h>

#include "pipeline/files/csv.h"

namespace recto {

std::string corrections_csv(const std::vector<CorrectionLine>& lines, const std::string& who) {
    std::string out(kBom);
    out += csv_row({"件 / item", "页标识 / page id", "行标识 / line id", "原文 / old text", "改为 / new text",
                    "修改人 / who", "页序 / page order", "置信度 / confidence"});
    for (const CorrectionLine& line : lines)
        out += csv_row({line.item, line.page_id, line.line_id, line.old_text, "", who, std::to_string(line.order),
                        fmt::format("{:.2f}", line.confidence)});
    return out;
}

} // namespace recto
