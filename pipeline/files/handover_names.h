#pragma once

/// Names on a carrier of a handover (电子档案移交与接收办法, annex 2): of its writer and of its verifier.

#include <string_view>

namespace recto {

inline constexpr std::string_view kHandoverRecords = "电子档案", kHandoverOther = "其他",
                                  kHandoverNotes = "说明文件.TXT", kHandoverItems = "文件目录.XML",
                                  kHandoverVolumes = "案卷目录.XML",
                                  kHandoverRegister = "电子档案移交与接收登记表.xlsx", kHandoverDigests = "摘要表.xlsx";
/// The list of digests in kHandoverOther: this, the algorithm's name, ".txt".
inline constexpr std::string_view kHandoverListBegin = "digests-", kHandoverListEnd = ".txt";

} // namespace recto
