#include "stages/verify/property_rules.h"

#include <algorithm>
#include <array>
#include <set>

#include "pipeline/files/csv.h"
#include "stages/verify/property_checks.h"

namespace recto::verify {

namespace {

constexpr std::array<std::string_view, 4> kProperties{"真实性", "完整性", "可用性", "安全性"};
constexpr std::array<std::string_view, 3> kStages{"归档", "移交接收", "长期保存"};

std::vector<std::string> parts_of(const std::string& text, char by) {
    std::vector<std::string> out;
    std::size_t from = 0;
    while (from <= text.size()) {
        const std::size_t end = std::min(text.find(by, from), text.size());
        if (end > from) out.push_back(text.substr(from, end - from));
        from = end + 1;
    }
    return out;
}

bool matches(std::string_view pattern, std::string_view code) {
    if (pattern.ends_with('*')) return code.starts_with(pattern.substr(0, pattern.size() - 1));
    return pattern == code;
}

} // namespace

Result<std::vector<PropertyRule>> read_property_rules(std::string_view csv, const std::string& file) {
    RECTO_ASSIGN(const CsvTable table, read_csv(csv, file));
    std::vector<PropertyRule> rules;
    std::set<std::string> codes;
    for (std::size_t i = 1; i < table.rows.size(); ++i) { // after the heading
        const CsvRow& row = table.rows[i];
        const auto bad = [&](const std::string& why) { return fail("properties.rules", why, file, row.row); };
        if (row.cells.size() < 6) return bad("six cells or more are wanted");
        PropertyRule rule{
            row.cells[0], row.cells[1], parts_of(row.cells[2], '+'), row.cells[3], row.cells[4], row.cells[5], {}};
        if (row.cells.size() > 6) rule.with = parts_of(row.cells[6], ' ');
        if (rule.code.empty() || !codes.insert(rule.code).second)
            return bad("no code, or one that was there: " + rule.code);
        if (std::ranges::find(kProperties, rule.property) == kProperties.end()) return bad(rule.property);
        for (const std::string& stage : rule.stages)
            if (std::ranges::find(kStages, stage) == kStages.end()) return bad(stage);
        if (rule.check != "issues" && find_property_check(rule.check) == nullptr) return bad(rule.check);
        rules.push_back(std::move(rule));
    }
    if (rules.empty()) return fail("properties.rules", "no rule", file);
    return rules;
}

bool rule_takes(const PropertyRule& rule, std::string_view issue_code) {
    bool takes = false;
    for (const std::string& pattern : rule.with) {
        if (pattern.starts_with('!')) {
            if (matches(std::string_view(pattern).substr(1), issue_code)) return false;
        } else {
            takes |= matches(pattern, issue_code);
        }
    }
    return takes;
}

} // namespace recto::verify
