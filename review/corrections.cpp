#include "review/corrections.h"

#include <algorithm>

#include <fmt/format.h>

#include "catalogue/csv.h"

namespace recto {

std::vector<DoubtfulLine> doubtful_lines(const Item& item, double below) {
    std::vector<DoubtfulLine> out;
    for (const Page& page : item.pages)
        for (const TextBlock& block : page.text.blocks)
            for (const TextLine& line : block.lines)
                if (!line.id.empty() && line.confidence < below)
                    out.push_back({page.id.to_string(), line.id, line.text, page.order, line.box, line.confidence});
    std::stable_sort(out.begin(), out.end(),
                     [](const DoubtfulLine& a, const DoubtfulLine& b) { return a.confidence < b.confidence; });
    return out;
}

std::string write_corrections_csv(const Item& item, const std::vector<DoubtfulLine>& lines, bool heading,
                                  const std::string& who) {
    std::string out;
    if (heading) {
        out += catalogue::kBom;
        out += catalogue::csv_row({"件 / item", "页标识 / page id", "行标识 / line id", "原文 / old text",
                                   "改为 / new text", "修改人 / who", "页序 / page order", "置信度 / confidence"});
    }
    const std::string name = item.reference_code.empty() ? item.id.to_string() : item.reference_code;
    for (const DoubtfulLine& line : lines)
        out += catalogue::csv_row({name, line.page_id, line.line_id, line.text, "", who, std::to_string(line.order),
                                   fmt::format("{:.2f}", line.confidence)});
    return out;
}

} // namespace recto
