#include "stages/verify/property_checks.h"

#include <algorithm>
#include <array>
#include <chrono>
#include <set>

#include "pipeline/files/child_process.h"
#include "pipeline/files/codes.h"
#include "pipeline/files/dates.h"
#include "pipeline/files/item_fields.h"
#include "stages/verify/each_index.h"
#include "stages/verify/ofd_zip.h"

namespace recto::verify {

namespace {

using Json = nlohmann::json;

std::string value_of(const Json& record, std::string_view id) {
    return id == "reference_code" ? record.value("reference_code", "") : item_field(record, id);
}

std::size_t characters(const std::string& text) {
    return static_cast<std::size_t>(std::ranges::count_if(text, [](char c) { return (c & 0xC0) != 0x80; }));
}

/// One of the forms: date, number, length=N, or a list of values in which "*年" means what ends so.
bool has_form(const std::string& value, const std::string& form) {
    if (form == "date") return normalise_date(value).has_value() || value.find('~') != std::string::npos;
    if (form == "number") return parse_page_count(value).has_value();
    if (form.starts_with("length=")) return characters(value) <= std::stoul(form.substr(7));
    for (std::size_t from = 0; from <= form.size();) {
        const std::size_t end = std::min(form.find('|', from), form.size());
        const std::string_view one = std::string_view(form).substr(from, end - from);
        if (one.starts_with('*') ? value.ends_with(one.substr(1)) : value == one) return true;
        from = end + 1;
    }
    return false;
}

/// For checks that need the data of items; packages without them are not checked.
template <class F> CheckOutcome each_record(const CheckInput& in, F look) {
    CheckOutcome out;
    for (const PropertyItem& item : in.items) {
        if (item.record.is_null()) continue;
        ++out.checked;
        look(item, out);
    }
    if (out.checked == 0) {
        out.verdict = Verdict::NotChecked;
        out.reasons.push_back({"", "properties.no_record", {}});
    } else if (!out.reasons.empty()) {
        out.verdict = Verdict::Failed;
    }
    return out;
}

CheckOutcome check_values(const CheckInput& in) {
    return each_record(in, [&](const PropertyItem& item, CheckOutcome& out) {
        for (const std::string& rule : in.with) {
            const std::size_t colon = rule.find(':');
            if (colon == std::string::npos) continue;
            const std::string id = rule.substr(0, colon), value = value_of(item.record, id);
            if (!value.empty() && !has_form(value, rule.substr(colon + 1)))
                out.reasons.push_back({item.name, "properties.value", {id, value, rule.substr(colon + 1)}});
        }
    });
}

CheckOutcome check_required(const CheckInput& in) {
    return each_record(in, [&](const PropertyItem& item, CheckOutcome& out) {
        for (const std::string& id : in.with)
            if (value_of(item.record, id).empty()) out.reasons.push_back({item.name, "properties.lacks", {id}});
    });
}

/// 档号 that occur twice, and numbers that are missing between the least and the greatest of those with one beginning.
CheckOutcome check_serials(const CheckInput& in) {
    std::map<std::string, std::string> seen;
    std::map<std::string, std::set<long>> numbers;
    CheckOutcome out = each_record(in, [&](const PropertyItem& item, CheckOutcome& o) {
        const std::string code = fold_code(item.record.value("reference_code", ""));
        if (code.empty()) return;
        if (!seen.emplace(code, item.name).second) o.reasons.push_back({item.name, "properties.twice", {}});
        std::size_t digits = code.size();
        while (digits > 0 && code[digits - 1] >= '0' && code[digits - 1] <= '9') --digits;
        if (digits < code.size() && code.size() - digits < 10)
            numbers[code.substr(0, digits)].insert(std::stol(code.substr(digits)));
    });
    for (const auto& [beginning, there] : numbers) {
        long before = *there.begin();
        for (const long number : there) {
            if (number > before + 1)
                out.reasons.push_back({beginning, "properties.gap", {std::to_string(before), std::to_string(number)}});
            before = number;
        }
    }
    if (!out.reasons.empty() && out.checked > 0) out.verdict = Verdict::Failed;
    return out;
}

CheckOutcome check_pages(const CheckInput& in) {
    return each_record(in, [&](const PropertyItem& item, CheckOutcome& out) {
        const Json expected = item.record.value("expected_pages", Json());
        const int counted = item.record.value("counted_pages", 0);
        if (expected.is_number_integer() && expected.get<int>() > 0 && expected.get<int>() != counted)
            out.reasons.push_back(
                {item.name, "properties.pages", {std::to_string(expected.get<int>()), std::to_string(counted)}});
    });
}

CheckOutcome check_content(const CheckInput& in) {
    return each_record(in, [&](const PropertyItem& item, CheckOutcome& out) {
        const auto has = [&](std::string_view folder) {
            return std::ranges::any_of(item.files, [&](const auto& file) { return file.first.starts_with(folder); });
        };
        if (item.record.value("pages", Json::array()).empty())
            out.reasons.push_back({item.name, "properties.no_pages", {}});
        if (!has("master/") && !has("representations/master/"))
            out.reasons.push_back({item.name, "properties.no_file", {"master/"}});
        if (!has("access/") && !has("representations/access/"))
            out.reasons.push_back({item.name, "properties.no_file", {"access/"}});
    });
}

CheckOutcome check_provenance(const CheckInput& in) {
    return each_record(in, [&](const PropertyItem& item, CheckOutcome& out) {
        const bool premis =
            std::ranges::any_of(item.files, [](const auto& f) { return f.first.ends_with("premis.xml"); });
        if (!premis) out.reasons.push_back({item.name, "properties.no_file", {"premis.xml"}});
        const Json made = item.record.value("provenance", Json::object());
        if (!made.is_object() || made.value("agent", "").empty())
            out.reasons.push_back({item.name, "properties.lacks", {"provenance"}});
    });
}

CheckOutcome each_file(const CheckInput& in,
                       const std::function<void(const FileFacts& file, std::vector<PropertyReason>& reasons)>& judge) {
    CheckOutcome out;
    out.checked = in.files.size();
    for (const FileFacts& file : in.files) judge(file, out.reasons);
    if (in.files.empty()) out.verdict = Verdict::NotChecked;
    else if (!out.reasons.empty()) out.verdict = Verdict::Failed;
    return out;
}

CheckOutcome check_formats(const CheckInput& in) {
    return each_file(in, [&](const FileFacts& file, std::vector<PropertyReason>& reasons) {
        if (std::ranges::find(in.with, file.ending) == in.with.end())
            reasons.push_back({file.place, "properties.format", {file.ending}});
        else if (!file.kind) reasons.push_back({file.place, "unreadable", {file.kind.error().reason}});
        else if (!ending_fits(file.ending, *file.kind))
            reasons.push_back(
                {file.place, "properties.other_content", {file.ending, std::string(to_string(*file.kind))}});
    });
}

/// What cannot be looked into is never said to be free of anything.
CheckOutcome check_hidden(const CheckInput& in, bool encryption) {
    return each_file(in, [&](const FileFacts& file, std::vector<PropertyReason>& reasons) {
        if (!file.kind) reasons.push_back({file.place, "unreadable", {file.kind.error().reason}});
        else if (!file.hidden) reasons.push_back({file.place, "pdf.damaged", {file.hidden.error().reason}});
        else if (encryption ? file.hidden->encrypted : file.hidden->locked)
            reasons.push_back({file.place, "properties.encrypted", {}});
        if (encryption || !file.kind) return;
        if (*file.kind == FileKind::Program) reasons.push_back({file.place, "properties.program", {}});
        if (!file.hidden) return;
        for (const std::string& what : file.hidden->active)
            reasons.push_back({file.place, "properties.active", {what}});
    });
}

CheckOutcome check_encryption(const CheckInput& in) { return check_hidden(in, true); }
CheckOutcome check_active(const CheckInput& in) { return check_hidden(in, false); }

/// Scans carry no signature, but PDFs may be taken in that do.
CheckOutcome check_signatures(const CheckInput& in) {
    CheckOutcome out;
    bool failed = false;
    for (const FileFacts& file : in.files) {
        if (!file.hidden) continue; // AQ-03 says so
        // A second signature adds to the file, and vouches for all of it.
        const bool vouched = std::ranges::any_of(
            file.hidden->signatures, [](const PdfSignature& s) { return s.state == PdfSignature::State::Intact; });
        for (const PdfSignature& one : file.hidden->signatures) {
            ++out.checked;
            if (!one.signer.empty()) out.evidence += (out.evidence.empty() ? "" : ", ") + one.signer;
            switch (one.state) {
            case PdfSignature::State::Intact: continue;
            case PdfSignature::State::Extended:
                if (!vouched) out.reasons.push_back({file.place, "properties.extended", {}});
                continue;
            case PdfSignature::State::Unchecked:
                out.reasons.push_back({file.place, "properties.signature_kind", {one.reason}});
                continue;
            case PdfSignature::State::Broken: break;
            }
            failed = true;
            out.reasons.push_back({file.place, "properties.signature", {one.reason}});
        }
    }
    if (out.checked == 0) out.reasons.push_back({"", "properties.unsigned", {}});
    if (failed) out.verdict = Verdict::Failed;
    else if (!out.reasons.empty()) out.verdict = Verdict::NotChecked;
    return out;
}

/// clamdscan or clamscan: 0 clean, 1 found, anything else was no scan.
CheckOutcome check_virus(const CheckInput& in) {
    CheckOutcome out;
    out.verdict = Verdict::NotChecked;
    if (in.scanner.words.empty()) {
        out.reasons.push_back({"", "properties.no_scanner", {}});
        return out;
    }
    std::vector<std::string> words = in.scanner.words;
    words.push_back(path_argument(in.path));
    const ProgramOutput said = run_program(words, ChildProcess::Clock::now() + std::chrono::hours(12), 16 << 20);
    out.evidence = in.scanner.words.front();
    if (said.end != ProgramOutput::End::Done || (said.status != 0 && said.status != 1)) {
        out.reasons.push_back({"",
                               said.status == 127 ? "properties.no_scanner" : "properties.scan_failed",
                               {said.errors.substr(0, 200)}});
        return out;
    }
    for (const PropertyItem& item : in.items) out.checked += item.files.size();
    bool found = false, passed_over = false;
    for (std::size_t from = 0; said.status == 1 && from < said.output.size();) {
        const std::size_t end = std::min(said.output.find('\n', from), said.output.size());
        const std::string line = said.output.substr(from, end - from);
        from = end + 1;
        if (!line.ends_with(" FOUND")) continue;
        // ClamAV's way to say that something was too large or took too long.
        const bool limit = line.find("Heuristics.Limits.Exceeded") != std::string::npos;
        (limit ? passed_over : found) = true;
        out.reasons.push_back({"", limit ? "properties.not_scanned" : "properties.virus", {line}});
    }
    if (found || (said.status == 1 && !passed_over)) out.verdict = Verdict::Failed;
    else if (passed_over) out.verdict = Verdict::NotChecked;
    else if (in.scanner.tells_limits) out.verdict = Verdict::Passed;
    else out.reasons.push_back({"", "properties.limits_silent", {in.scanner.words.front()}});
    return out;
}

CheckOutcome check_none(const CheckInput& in) {
    CheckOutcome out;
    out.verdict = Verdict::NotChecked;
    std::string why;
    for (const std::string& word : in.with) why += (why.empty() ? "" : " ") + word;
    out.reasons.push_back({"", "properties.none", {why}});
    return out;
}

} // namespace

namespace {
/// By GB/T 33190 their list may have any name; every writer at hand gives it this one.
bool has_ofd_signatures(const std::string& file) {
    const auto zip = OfdZip::open(*posix_file_system(), file, true);
    return zip &&
           std::ranges::any_of((*zip)->entries(), [](const auto& e) { return e.first.ends_with("Signatures.xml"); });
}
} // namespace

std::vector<FileFacts> look_at_files(const std::vector<PropertyItem>& items, int threads) {
    std::vector<FileFacts> out;
    std::vector<const std::string*> files;
    for (const PropertyItem& item : items)
        for (const auto& [path, file] : item.files) {
            out.push_back(
                {item.name.empty() ? path : item.name + "/" + path, ending_of(path), FileKind::Empty, HiddenInPdf{}});
            files.push_back(&file);
        }
    for_each_index(out.size(), threads, [&](std::size_t i) {
        out[i].kind = kind_of_content(*files[i]);
        if (out[i].kind && *out[i].kind == FileKind::Pdf) out[i].hidden = hidden_in_pdf(*files[i]);
        else if (out[i].ending == "ofd" && out[i].kind && has_ofd_signatures(*files[i]))
            out[i].hidden->signatures.push_back({PdfSignature::State::Unchecked, "", "OFD"});
    });
    return out;
}

bool asks_for_files(std::string_view check) {
    return check == "formats" || check == "encryption" || check == "active" || check == "signatures";
}

std::string PropertyReason::message(Language language) const {
    const Issue issue{place, code, Severity::Error, args};
    return issue.message(language);
}

PropertyCheck find_property_check(std::string_view name) {
    static constexpr std::array<std::pair<std::string_view, PropertyCheck>, 12> kChecks{{
        {"values", check_values},
        {"required", check_required},
        {"serials", check_serials},
        {"pages", check_pages},
        {"content", check_content},
        {"provenance", check_provenance},
        {"formats", check_formats},
        {"encryption", check_encryption},
        {"active", check_active},
        {"signatures", check_signatures},
        {"virus", check_virus},
        {"none", check_none},
    }};
    for (const auto& [known, check] : kChecks)
        if (known == name) return check;
    return nullptr;
}

} // namespace recto::verify
