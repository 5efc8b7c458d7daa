#pragma once

/// The four properties (四性检测: 真实性, 完整性, 可用性, 安全性), by the method of DA/T 70-2018: rules as a table that an archivist reads
/// and changes. The rules that come with the program: config/four_properties.csv.

#include <string>
#include <string_view>
#include <vector>

#include "pipeline/core/result.h"

namespace recto::verify {

struct PropertyRule {
    std::string code;                ///< "ZS-01": ours; the standard's own numbers are written for electronic records.
    std::string property;            ///< "真实性", "完整性", "可用性" or "安全性".
    std::vector<std::string> stages; ///< "归档", "移交接收", "长期保存".
    std::string name, name_en;
    std::string check;             ///< "issues" (what recto verify finds), or one of property_checks().
    std::vector<std::string> with; ///< Of "issues": codes, "*" for the rest of one, "!" for what is not meant.
};

/// Errors: those of read_csv; "properties.rules" (page: the row) when a row lacks cells, names no such property, stage or check.
[[nodiscard]] Result<std::vector<PropertyRule>> read_property_rules(std::string_view csv, const std::string& file);

/// Whether the rule is about a verifier's issue of this code.
[[nodiscard]] bool rule_takes(const PropertyRule& rule, std::string_view issue_code);

} // namespace recto::verify
