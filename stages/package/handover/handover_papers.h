#pragma once

/// The papers of a handover (电子档案移交与接收办法, annexes 1 and 2): what each carrier says of itself. Pure functions.

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "pipeline/core/digest.h"
#include "pipeline/core/result.h"
#include "pipeline/files/handover_names.h"

namespace recto {

/// A file on a carrier.
struct HandoverFile {
    std::string path; ///< Below the carrier's folder.
    std::uint64_t bytes = 0;
    std::string digest;
};

/// A row of the catalogue of a carrier (文件目录).
struct HandoverItem {
    std::size_t number = 0;                                               ///< 顺序号, from 1, through all carriers.
    std::string code, volume, creator, title, date, security, name, note; ///< `name`: 电子档案名称, below the carrier.
};

/// What is the same on all carriers of a handover.
struct HandoverJob {
    std::string name, description, sender, receiver, carrier_type, fonds, agent;
    std::string rule;       ///< The edition of the rule that is followed, as the papers name it.
    std::string charset;    ///< Of the text and XML files.
    bool by_volume = false; ///< 案卷目录.XML instead of 文件目录.XML.
    DigestAlgorithm algorithm = DigestAlgorithm::Sha256;
    std::chrono::system_clock::time_point made;
    std::size_t carriers = 0, items = 0;
    std::uint64_t files = 0, bytes = 0; ///< Of the records, without these papers.
};

/// One of the carriers (载体).
struct HandoverCarrier {
    std::size_t number = 0; ///< From 1.
    std::vector<HandoverItem> items;
    std::vector<HandoverFile> files; ///< Of the records, in the order of the items.
};

/// "<name>-001": also the carrier's folder.
[[nodiscard]] std::string carrier_name(const HandoverJob& job, std::size_t number);
/// 说明文件.TXT in the job's character set; error "text.charset".
[[nodiscard]] Result<std::string> handover_notes(const HandoverJob& job, const HandoverCarrier& carrier);
/// 文件目录.XML or 案卷目录.XML; error "text.charset".
[[nodiscard]] Result<std::string> handover_catalogue(const HandoverJob& job, const HandoverCarrier& carrier);
/// 登记表, to be filled in and signed. Error: io.write.
[[nodiscard]] Result<std::string> handover_register(const HandoverJob& job);
/// The digests of a carrier's files as a workbook, and as lines that sha256sum and its like check. Error: io.write.
[[nodiscard]] Result<std::string> handover_digests(const HandoverJob& job, const HandoverCarrier& carrier,
                                                   const std::vector<HandoverFile>& files);
[[nodiscard]] std::string handover_digest_lines(const std::vector<HandoverFile>& files);
/// "digests-sha256.txt"
[[nodiscard]] std::string handover_digest_file(DigestAlgorithm algorithm);

} // namespace recto
