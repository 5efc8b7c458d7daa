#pragma once

/// The four properties (四性检测) of an archive, an item or a package, by the method of DA/T 70-2018: each rule of a stage with its
/// verdict, what was looked at, and why. DA/T 70 is written for electronic records; for scans say "by its method".

#include <chrono>
#include <string>
#include <vector>

#include <nlohmann/json_fwd.hpp>

#include "stages/verify/property_checks.h"
#include "stages/verify/property_rules.h"
#include "stages/verify/report.h"

namespace recto::verify {

struct PropertyResult {
    PropertyRule rule;
    CheckOutcome outcome;
};

struct PropertyReport {
    std::string path, stage;
    std::uint64_t items = 0, files = 0;
    std::vector<PropertyResult> results;

    /// Failed when a rule is; what was not checked is told and neither passes nor fails.
    [[nodiscard]] Verdict verdict() const;
    [[nodiscard]] nlohmann::json to_json() const; ///< docs/FORMATS.md
    [[nodiscard]] std::string to_text(Language language) const;
};

struct PropertyOptions {
    std::string stage = "移交接收";
    int threads = 0; ///< 0: as many as the machine has, at most 8.
    VirusScanner scanner;
};

/// `verified`: what verify_path found there. Real files only.
[[nodiscard]] PropertyReport check_four_properties(const std::string& path, const Report& verified,
                                                   const std::vector<PropertyRule>& rules,
                                                   const PropertyOptions& options);

/// A sheet of results and a sheet of reasons, for archivists. Error: io.write.
[[nodiscard]] Result<std::string> property_workbook(const std::vector<PropertyReport>& reports,
                                                    std::chrono::system_clock::time_point made);

/// "通过 / passed" by language: 通过, 不通过, 未检测.
[[nodiscard]] std::string verdict_name(Verdict verdict, Language language);

} // namespace recto::verify
