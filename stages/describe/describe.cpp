#include "stages/describe/describe.h"

#include <algorithm>

#include "pipeline/core/classified.h"
#include "pipeline/core/digest.h"
#include "pipeline/core/messages.h"
#include "pipeline/files/codes.h"
#include "pipeline/files/dates.h"
#include "pipeline/files/file_system.h"
#include "stages/describe/extract.h"
#include "stages/describe/lines.h"
#include "stages/describe/validate.h"

namespace recto {

namespace describe {

namespace {

/// Letters and digits only: punctuation, brackets and spaces are where OCR and typists differ.
std::string bare(std::string_view text) {
    std::string out;
    const std::string narrow = fold_width(text);
    for (std::size_t pos = 0; pos < narrow.size();) {
        char32_t c = next_code_point(narrow, pos);
        if (c >= 'A' && c <= 'Z') c += 32;
        const bool letter = (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 0xC0 && c < 0x2000) ||
                            (c >= 0x3400 && c < 0xFE00) || c == 0x3007 || c >= 0x20000;
        if (letter) append_utf8(out, c);
    }
    return out;
}

bool agree(const Field& catalogue, const Field& page, double similar) {
    if (catalogue.id == "date") {
        const auto value = normalise_date(catalogue.as_written);
        return value && dates_agree(*value, page.value);
    }
    const std::string a = bare(catalogue.value), b = bare(page.value);
    if (a == b) return true;
    if (catalogue.id == "document_number") {
        // "第" and the brackets do not distinguish numbers; every digit and character does.
        const auto plain = [](std::string s) {
            for (std::string::size_type at; (at = s.find("第")) != std::string::npos;)
                s.erase(at, std::string_view("第").size());
            return s;
        };
        const auto numbers = find_document_numbers(catalogue.as_written);
        return plain(a) == plain(b) || (!numbers.empty() && plain(bare(numbers[0].value)) == plain(b));
    }
    // A catalogue may give several creators, or a title with the issuing body in front or a note behind.
    if (!a.empty() && !b.empty() && (a.find(b) != std::string::npos || b.find(a) != std::string::npos)) return true;
    return similarity(a, b) >= similar;
}

Finding make_finding(std::string code, Severity severity, std::vector<std::string> args) {
    Finding f;
    f.code = std::move(code);
    f.severity = severity;
    f.args = std::move(args);
    return f;
}

std::string name_of(const std::string& id) {
    const std::string row = "describe.field." + id;
    return format_message(Language::Chinese, row, {}) + " (" + format_message(Language::English, row, {}) + ")";
}

void hold(Item& item, std::string_view reason) {
    if (item.held) return; // the first reason stays
    item.held = true;
    item.held_reason = reason;
}

void attach_catalogue(Item& item, const std::map<std::string, std::string>& row) {
    for (const auto& [id, value] : row) {
        if (id == "reference_code") continue;
        Field f;
        f.id = id;
        f.as_written = value;
        f.value = id == "date" ? normalise_date(value).value_or(value) : value;
        f.source = "catalogue";
        f.confidence = 1;
        item.fields.push_back(std::move(f));
    }
    const auto pages = row.find("page_count");
    if (pages != row.end()) item.expected_pages = parse_page_count(pages->second).value_or(-1);
}

class DescribeStage final : public ItemStage {
  public:
    const StageInfo& info() const override {
        static const StageInfo kInfo{
            "describe",
            3,
            {&kExtract, &kMinConfidence, &kTitleSimilarity, &kHoldMissing, &kHoldSecurity, &kChecks, &kDictionary},
            {"reading"},
            0,
            1 << 20,
            "Catalogue fields and fields read from the text",
            "著录:目录字段与正文提取字段"};
        return kInfo;
    }

    Result<void> open(const StageContext& context) override {
        context_ = context;
        const std::string path = context.settings ? context.settings->get(kDictionary) : std::string();
        if (path.empty()) return {};
        RECTO_ASSIGN(const std::string file, posix_file_system()->read(path));
        dictionary_ = Dictionary(file);
        dictionary_digest_ = digest_hex(DigestAlgorithm::Sha256, file);
        return {};
    }
    [[nodiscard]] std::string data_fingerprint() const override { return dictionary_digest_; }

    Result<void> run(ItemInput& in) const override {
        Item& item = in.item;
        // What an earlier run of this stage put there is made anew; an operator's fields stay.
        std::erase_if(item.fields, [](const Field& f) { return f.source == "catalogue" || f.source == "extracted"; });
        std::erase_if(item.findings, [](const Finding& f) {
            return f.code.rfind("describe.", 0) == 0 || f.code.rfind("reconcile.", 0) == 0;
        });

        static const Settings kDefaults;
        const Settings& settings = context_.settings ? *context_.settings : kDefaults;
        const auto* row = item.reference_code.empty() ? nullptr : in.catalogue.find(item.reference_code);
        if (row) attach_catalogue(item, *row);
        if (settings.get(kExtract)) propose(item, settings);
        count_pages(item, settings);
        check_security(item, settings);
        for (Page& page : item.pages) {
            std::erase_if(page.findings, [](const Finding& f) { return f.code.starts_with("check."); });
            if (!settings.get(kChecks) || page.error) continue;
            const auto found = check_page(page, dictionary_);
            page.findings.insert(page.findings.end(), found.begin(), found.end());
        }
        return {};
    }

  private:
    static void propose(Item& item, const Settings& settings) {
        for (Field& found : extract_fields(item)) {
            if (found.confidence < settings.get(kMinConfidence)) continue;
            const auto known = std::find_if(item.fields.begin(), item.fields.end(), [&](const Field& f) {
                return f.id == found.id && (f.source == "catalogue" || f.source == "operator");
            });
            if (known != item.fields.end() && !agree(*known, found, settings.get(kTitleSimilarity))) {
                Finding f =
                    make_finding("describe.differs", found.confidence >= 0.6 ? Severity::Warning : Severity::Info,
                                 {name_of(found.id), known->as_written, found.as_written, std::to_string(found.page)});
                std::replace(f.args[2].begin(), f.args[2].end(), '\n', ' ');
                item.findings.push_back(std::move(f));
            }
            item.fields.push_back(std::move(found));
        }
    }

    static void count_pages(Item& item, const Settings& settings) {
        if (item.expected_pages < 0) return;
        const int counted = item.counted_pages(), missing = item.expected_pages - counted;
        if (missing == 0) return;
        item.findings.push_back(make_finding(missing > 0 ? "reconcile.missing_pages" : "reconcile.extra_pages",
                                             missing > 0 ? Severity::Error : Severity::Warning,
                                             {item.display_name(), std::to_string(item.expected_pages),
                                              std::to_string(counted), std::to_string(std::abs(missing))}));
        if (missing > 0 && settings.get(kHoldMissing)) hold(item, "reconcile.missing_pages");
    }

    static void check_security(Item& item, const Settings& settings) {
        auto marks = find_security_marks(item);
        if (marks.empty()) return;
        const Field* known = item.field("security_level");
        const std::string listed = known ? known->as_written : std::string();
        // One finding a page, so that a person sees each of them.
        for (const Field& mark : marks) {
            if (security_rank(mark.value) <= security_rank(listed)) continue;
            Finding f = make_finding(std::string(kClassifiedFinding), Severity::Error,
                                     {mark.as_written, listed.empty() ? "-" : listed, std::to_string(mark.page)});
            const auto page =
                std::find_if(item.pages.begin(), item.pages.end(), [&](const Page& p) { return p.order == mark.page; });
            if (page != item.pages.end()) {
                f.place = in_source(*page, mark.place);
                f.has_place = true;
            }
            item.findings.push_back(std::move(f));
            if (settings.get(kHoldSecurity)) hold(item, kClassifiedFinding);
        }
        const auto highest = std::max_element(marks.begin(), marks.end(), [](const Field& a, const Field& b) {
            return security_rank(a.value) < security_rank(b.value);
        });
        item.fields.push_back(std::move(*highest));
    }

    Dictionary dictionary_;
    std::string dictionary_digest_; ///< "" without one.
};

} // namespace
} // namespace describe

std::unique_ptr<ItemStage> make_describe_stage() { return std::make_unique<describe::DescribeStage>(); }

} // namespace recto
