#include "stages/verify/four_properties.h"

#include <algorithm>

#include <fmt/format.h>

#include "pipeline/core/clock.h"
#include "pipeline/files/ocfl.h"
#include "pipeline/files/strict_json.h"
#include "pipeline/files/xlsx_out.h"
#include "stages/verify/plain_files.h"

namespace recto::verify {

namespace {

/// What the checks ask for, so that the records of a whole archive may lie in memory: 18,000 volumes are one archive.
nlohmann::json checked_part(const nlohmann::json& item) {
    nlohmann::json out = nlohmann::json::object();
    for (const char* key :
         {"reference_code", "provisional_name", "fields", "counted_pages", "expected_pages", "provenance"})
        if (const auto at = item.find(key); at != item.end()) out[key] = *at;
    const auto pages = item.find("pages");
    out["pages"] = nlohmann::json::array_t(pages == item.end() ? 0 : pages->size());
    if (auto made = out.find("provenance"); made != out.end() && made->is_object()) {
        const nlohmann::json agent = made->value("agent", nlohmann::json(""));
        *made = {{"agent", agent}};
    }
    return out;
}

/// item.json among the item's files, and the name that people know it by.
void read_record(FileSystem& fs, PropertyItem& item) {
    for (const char* path : {"metadata/item.json", "metadata/other/item.json"}) {
        const auto at = item.files.find(path);
        if (at == item.files.end()) continue;
        const auto bytes = fs.read(at->second);
        if (!bytes) return;
        auto parsed = parse_strict_json(*bytes);
        if (!parsed || !parsed->value.is_object()) return; // ZS-05, KY-04
        item.record = checked_part(parsed->value);
        for (const char* key : {"provisional_name", "reference_code"})
            if (const auto name = item.record.find(key); name != item.record.end() && name->is_string())
                if (!name->get_ref<const std::string&>().empty()) item.name = name->get<std::string>();
        return;
    }
}

PropertyItem of_folder(FileSystem& fs, const std::string& name, const std::string& folder) {
    PropertyItem item{name, nullptr, {}};
    Issues known; // recto verify has told them
    for (const auto& [path, size] : plain_files(fs, folder, "unreadable", known))
        item.files.emplace(path, join_path(folder, path));
    read_record(fs, item);
    return item;
}

void of_store(const std::string& root, std::vector<PropertyItem>& items) {
    OcflStore store(posix_file_system(), root);
    const auto paths = store.object_paths();
    const auto fs = posix_file_system();
    for (const std::string& path : paths ? *paths : std::vector<std::string>()) {
        PropertyItem item{path, nullptr, {}};
        if (const auto state = store.state_at(path))
            for (const auto& [logical, digest] : state->files)
                if (const auto file = store.content_path(*state, logical)) item.files.emplace(logical, *file);
        read_record(*fs, item);
        items.push_back(std::move(item));
    }
}

std::vector<PropertyItem> items_of(const std::string& path, Kind kind) {
    const auto fs = posix_file_system();
    std::vector<PropertyItem> items;
    switch (kind) {
    case Kind::Archive: of_store(join_path(path, "storage"), items); break;
    case Kind::OcflRoot: of_store(path, items); break;
    case Kind::OcflObject: {
        OcflStore store(fs, path);
        PropertyItem item{"", nullptr, {}};
        if (const auto state = store.state_at(""))
            for (const auto& [logical, digest] : state->files)
                if (const auto file = store.content_path(*state, logical)) item.files.emplace(logical, *file);
        read_record(*fs, item);
        items.push_back(std::move(item));
        break;
    }
    case Kind::Bag: items.push_back(of_folder(*fs, "", join_path(path, "data"))); break;
    case Kind::Folder:
    case Kind::Handover:
    case Kind::Eark: items.push_back(of_folder(*fs, "", path)); break;
    case Kind::Ofd: items.push_back({"", nullptr, {{path.substr(path.rfind('/') + 1), path}}}); break;
    case Kind::Unknown: break;
    }
    return items;
}

CheckOutcome from_issues(const PropertyRule& rule, const Report& verified) {
    CheckOutcome out;
    out.checked = verified.files;
    for (const Issue& issue : verified.issues)
        if (issue.severity == Severity::Error && rule_takes(rule, issue.code))
            out.reasons.push_back({issue.path, issue.code, issue.args});
    out.verdict = out.reasons.empty() ? Verdict::Passed : Verdict::Failed;
    if (verified.files == 0 && out.reasons.empty()) out.verdict = Verdict::NotChecked;
    return out;
}

std::string sentence(const PropertyReason& reason, Language language) {
    return (reason.place.empty() ? "" : reason.place + (language == Language::Chinese ? ":" : ": ")) +
           reason.message(language);
}

} // namespace

std::string verdict_name(Verdict verdict, Language language) {
    const bool chinese = language == Language::Chinese;
    switch (verdict) {
    case Verdict::Passed: return chinese ? "通过" : "passed";
    case Verdict::Failed: return chinese ? "不通过" : "failed";
    case Verdict::NotChecked: break;
    }
    return chinese ? "未检测" : "not checked";
}

PropertyReport check_four_properties(const std::string& path, const Report& verified,
                                     const std::vector<PropertyRule>& rules, const PropertyOptions& options) {
    PropertyReport report;
    report.path = path;
    report.stage = options.stage;
    const std::vector<PropertyItem> items = items_of(path, verified.kind);
    report.items = items.size();
    for (const PropertyItem& item : items) report.files += item.files.size();
    const bool files = std::ranges::any_of(rules, [](const PropertyRule& r) { return asks_for_files(r.check); });
    const std::vector<FileFacts> facts = files ? look_at_files(items, options.threads) : std::vector<FileFacts>();
    for (const PropertyRule& rule : rules) {
        if (std::ranges::find(rule.stages, options.stage) == rule.stages.end()) continue;
        CheckOutcome outcome;
        if (rule.check == "issues") {
            outcome = from_issues(rule, verified);
        } else if (const PropertyCheck check = find_property_check(rule.check)) {
            try {
                outcome = check({items, rule.with, path, facts, options.scanner});
            } catch (const nlohmann::json::exception& e) { // item.json has something of another type: ZS-05 says where
                outcome.verdict = Verdict::Failed;
                outcome.reasons.push_back({"", "properties.malformed", {e.what()}});
            }
        }
        report.results.push_back({rule, std::move(outcome)});
    }
    return report;
}

Verdict PropertyReport::verdict() const {
    const auto any = [&](Verdict v) {
        return std::ranges::any_of(results, [&](const PropertyResult& r) { return r.outcome.verdict == v; });
    };
    return any(Verdict::Failed) ? Verdict::Failed : any(Verdict::Passed) ? Verdict::Passed : Verdict::NotChecked;
}

nlohmann::json PropertyReport::to_json() const {
    static constexpr const char* kVerdicts[] = {"passed", "failed", "not_checked"};
    nlohmann::json list = nlohmann::json::array();
    for (const auto& [rule, outcome] : results) {
        nlohmann::json reasons = nlohmann::json::array();
        for (const PropertyReason& r : outcome.reasons)
            reasons.push_back({{"place", r.place},
                               {"code", r.code},
                               {"message", r.message(Language::English)},
                               {"message_zh", r.message(Language::Chinese)}});
        list.push_back({{"code", rule.code},
                        {"property", rule.property},
                        {"name", rule.name},
                        {"name_en", rule.name_en},
                        {"verdict", kVerdicts[static_cast<int>(outcome.verdict)]},
                        {"checked", outcome.checked},
                        {"evidence", outcome.evidence},
                        {"reasons", reasons}});
    }
    return {{"path", path},
            {"stage", stage},
            {"method", "DA/T 70-2018"},
            {"verdict", kVerdicts[static_cast<int>(verdict())]},
            {"items", items},
            {"files", files},
            {"rules", list}};
}

std::string PropertyReport::to_text(Language language) const {
    constexpr std::size_t kShown = 20; // of one rule; --json and the workbook have them all
    const bool chinese = language == Language::Chinese;
    std::string out = fmt::format("{}  {}\n", path, stage);
    for (const auto& [rule, outcome] : results) {
        out += fmt::format("  {}  {}  {}  {} ({})\n", rule.code, rule.property, verdict_name(outcome.verdict, language),
                           chinese ? rule.name : rule.name_en, outcome.checked);
        for (std::size_t i = 0; i < std::min(kShown, outcome.reasons.size()); ++i)
            out += "      " + sentence(outcome.reasons[i], language) + "\n";
        if (outcome.reasons.size() > kShown) out += fmt::format("      ... {}\n", outcome.reasons.size() - kShown);
    }
    out += fmt::format("  = {}\n", verdict_name(verdict(), language));
    return out;
}

Result<std::string> property_workbook(const std::vector<PropertyReport>& reports,
                                      std::chrono::system_clock::time_point made) {
    XlsxOut book(made);
    book.sheet("四性检测", {40, 10, 10, 40, 10, 12, 40, 60});
    book.title("四性检测结果(参照 DA/T 70-2018 的方法)", 8);
    using Cell = XlsxOut::Cell;
    const auto texts = [](const std::vector<std::string>& row) { return std::vector<Cell>(row.begin(), row.end()); };
    book.row(texts({"对象", "编号", "性质", "检测项目", "结果", "检测数量", "依据", "原因(第一条)"}),
             XlsxOut::Style::Heading);
    for (const PropertyReport& report : reports)
        for (const auto& [rule, outcome] : report.results) {
            const std::string evidence =
                outcome.evidence.empty() ? rfc3339(made) + " " + report.stage : rfc3339(made) + " " + outcome.evidence;
            book.row({report.path, rule.code, rule.property, rule.name,
                      verdict_name(outcome.verdict, Language::Chinese), static_cast<double>(outcome.checked), evidence,
                      outcome.reasons.empty() ? "" : sentence(outcome.reasons.front(), Language::Chinese)});
        }
    book.sheet("原因", {40, 10, 40, 80});
    book.row(texts({"对象", "编号", "位置", "原因"}), XlsxOut::Style::Heading);
    for (const PropertyReport& report : reports)
        for (const auto& [rule, outcome] : report.results)
            for (const PropertyReason& reason : outcome.reasons) {
                if (book.rows() >= 1'000'000) break; // of 1,048,576 that a sheet holds; --json has them all
                book.row(texts({report.path, rule.code, reason.place, reason.message(Language::Chinese)}));
            }
    return book.finish();
}

} // namespace recto::verify
