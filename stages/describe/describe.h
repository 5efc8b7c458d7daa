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

inline const Setting<bool> kChecks{"describe.checks", true,
                                   "Check dates, 发文字号, identity numbers, credit codes, card numbers, sums, "
                                   "telephone numbers and postcodes that the text "
                                   "has; what cannot be is a finding, the text stays.",
                                   "校验正文中的日期、发文字号、身份证号、统一社会信用代码、银行卡号、金额、电话和邮编;"
                                   "不可能成立的列为发现,不改动文字。"};
inline const Setting<std::string> kDictionary{
    "describe.dictionary", "",
    "UTF-8 file with a name of units, places or persons a line: what differs from a name in one uncertain character is "
    "a "
    "finding with the name as proposal. Empty: none.",
    "UTF-8 文件,每行一个机构名、地名或人名:与某名称仅差一个不确定的字时,列为发现并建议该名称。留空则不用。"};

} // namespace describe
} // namespace recto
