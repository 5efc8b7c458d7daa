#include "review/treatments.h"

#include <algorithm>

#include <fmt/format.h>

#include "pipeline/core/messages.h"
#include "pipeline/files/csv.h"

namespace recto {

std::string treatments_csv(const RunReport& run, const std::vector<Outlier>& odd) {
    std::string out(kBom);
    out += csv_row({"件 / item", "页标识 / page id", "设定转向 / set turn", "设定角度 / set angle",
                    "设定四角 / set corners", "设定拆页 / set split", "保持原样 / set keep", "修改人 / who",
                    "页序 / page order", "已转 / turned", "倾斜 / skew", "发现 / findings", "文件 / file",
                    "图像 / image"});
    for (const ItemReport& item : run.items)
        for (const PageReport& page : item.pages) {
            const bool unlike = std::ranges::any_of(odd, [&](const Outlier& o) { return o.page == &page; });
            const bool said = std::ranges::any_of(page.findings, [](const Finding& f) {
                return f.severity >= Severity::Warning || f.code.starts_with("treat.");
            });
            if (!page.error_code.empty() || (!unlike && !said)) continue;
            std::string findings;
            for (const Finding& f : page.findings)
                findings +=
                    (findings.empty() ? "" : " ") + (ui_language() == Language::Chinese ? f.chinese() : f.english());
            out += csv_row({item.reference_code.empty() ? item.id : item.reference_code, page.id, "", "", "", "", "",
                            "", std::to_string(page.order), std::to_string(page.orientation_deg),
                            fmt::format("{:.2f}", page.skew_deg), findings, page.source, std::to_string(page.image)});
        }
    return out;
}

} // namespace recto
