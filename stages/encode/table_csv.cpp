#include "stages/encode/table_csv.h"

#include "pipeline/core/running_text.h"
#include "pipeline/files/csv.h"

namespace recto::encode {

std::string table_csv(const TextBlock& block) {
    if (block.kind != BlockKind::Table || block.lines.empty()) return {};
    std::string out;
    for (const auto& row : table_rows(block)) out += csv_row(row);
    return out.empty() ? out : std::string(kBom) + out;
}

} // namespace recto::encode
