#pragma once

/// Item stage "describe": the catalogue's fields go onto the item, fields read from the text stand beside them, and
/// where the two disagree a person is told. Also the item's side of reconciliation: page count and 密级.

#include <memory>

#include "pipeline/core/settings.h"
#include "pipeline/core/stage.h"

namespace recto {

/// Immutable after open(); run() may be called from any thread, one item at a time each.
[[nodiscard]] std::unique_ptr<ItemStage> make_describe_stage();

namespace describe {

inline const Setting<bool> kExtract{"describe.extract", true, "Propose 文号, 题名, 日期 and 责任者 from the text.",
                                    "由正文提出文号、题名、日期和责任者。"};
inline const Setting<double> kMinConfidence{"describe.min_confidence",
                                            0.30,
                                            {0.0, 1.0},
                                            "Fields read with less confidence are not proposed.",
                                            "低于此置信度的字段不提出。"};
inline const Setting<double> kTitleSimilarity{
    "describe.similarity",
    0.85,
    {0.0, 1.0},
    "Titles and creators at least this alike (1 = equal) agree with the catalogue; less is reported.",
    "题名、责任者与目录的相似度达到此值(1 为相同)即视为一致,否则报告。"};
inline const Setting<bool> kHoldMissing{"describe.hold_missing_pages", true,
                                        "Hold an item that has fewer pages than the catalogue says.",
                                        "页数少于目录的件予以暂扣。"};
inline const Setting<bool> kHoldSecurity{
    "describe.hold_security", true,
    "Hold an item that bears a 密级 (绝密, 机密, 秘密) that the catalogue does not have.",
    "页面有密级(绝密、机密、秘密)而目录未著录的件予以暂扣。"};

} // namespace describe
} // namespace recto
