// The four properties: rules as a table, and each check on an item that meets it and one that does not.

#include "stages/verify/four_properties.h"

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>

#include <gmock/gmock.h>
#define POINTERHOLDER_TRANSITION 4 // qpdf wants to know which pointers are meant
#include <qpdf/QPDF.hh>
#include <qpdf/QPDFWriter.hh>

#include "stages/verify/file_kind.h"
#include "stages/verify/verify.h"
#include "tests/verify/small_pdf.h"

namespace recto::verify {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

std::string rules_text() {
    std::ifstream file(std::string(RECTO_SOURCE_DIR) + "/config/four_properties.csv", std::ios::binary);
    std::ostringstream out;
    out << file.rdbuf();
    return out.str();
}

std::string pdf_with(const std::string& catalogue, const std::string& more = "") {
    return small_pdf({"<< /Type /Catalog /Pages 2 0 R " + catalogue + " >>", "<< /Type /Pages /Kids [] /Count 0 >>",
                      "<< " + more + " >>"});
}

class FourPropertiesTest : public ::testing::Test {
  protected:
    void SetUp() override {
        std::string pattern = (std::filesystem::temp_directory_path() / "recto-four-XXXXXX").string();
        ASSERT_NE(::mkdtemp(pattern.data()), nullptr);
        folder_ = pattern;
        rules_ = read_property_rules(rules_text(), "four_properties.csv").value();
    }
    void TearDown() override { std::filesystem::remove_all(folder_); }

    std::string put(const std::string& path, const std::string& bytes) {
        const std::filesystem::path file = folder_ + "/" + path;
        std::filesystem::create_directories(file.parent_path());
        std::ofstream(file, std::ios::binary) << bytes;
        return file.string();
    }

    static nlohmann::json record(const std::string& code) {
        const auto field = [](const char* id, const char* value) {
            return nlohmann::json{{"id", id}, {"source", "catalogue"}, {"value", value}};
        };
        return {{"reference_code", code},
                {"counted_pages", 2},
                {"expected_pages", 2},
                {"pages", {{{"order", 1}}, {{"order", 2}}}},
                {"provenance", {{"agent", "recto"}}},
                {"fields",
                 {field("title", "关于通知"), field("date", "2012-03-06"), field("creator", "办公室"),
                  field("retention_period", "30年"), field("security_level", "秘密")}}};
    }
    PropertyItem item(const std::string& code) {
        PropertyItem out{code, record(code), {}};
        out.files["master/0001.tif"] = put(code + "/1.tif", std::string("II*\0 scan", 9));
        out.files["access/a.pdf"] = put(code + "/a.pdf", pdf_with(""));
        out.files["metadata/premis.xml"] = put(code + "/p.xml", "<?xml version=\"1.0\"?><premis/>");
        out.files["text/a.txt"] = put(code + "/a.txt", "正文");
        return out;
    }

    /// Outcome of the rule with this check on the items.
    CheckOutcome outcome(const std::string& check, const std::vector<PropertyItem>& items) {
        for (const PropertyRule& rule : rules_)
            if (rule.check == check)
                return find_property_check(check)({items, rule.with, folder_, look_at_files(items, 2), scanner_});
        ADD_FAILURE() << check;
        return {};
    }
    std::vector<std::string> codes(const std::string& check, const std::vector<PropertyItem>& items) {
        std::vector<std::string> out;
        const CheckOutcome found = outcome(check, items);
        EXPECT_EQ(found.verdict, found.reasons.empty() ? Verdict::Passed : Verdict::Failed) << check;
        for (const PropertyReason& r : found.reasons) {
            out.push_back(r.code.substr(r.code.find('.') + 1));
            EXPECT_NE(r.message(Language::Chinese), r.message(Language::English)) << r.code;
        }
        return out;
    }

    std::string why_not_checked(const std::string& check, const std::vector<PropertyItem>& items) {
        const CheckOutcome found = outcome(check, items);
        EXPECT_EQ(found.verdict, Verdict::NotChecked) << check;
        return found.reasons.size() == 1 ? found.reasons[0].code : "";
    }

    std::string folder_;
    std::vector<PropertyRule> rules_;
    VirusScanner scanner_;
};

TEST_F(FourPropertiesTest, RulesAreOfAllPropertiesAndStagesAndNameOnlyWhatThereIs) {
    std::set<std::string> properties, stages;
    for (const PropertyRule& rule : rules_) {
        properties.insert(rule.property);
        stages.insert(rule.stages.begin(), rule.stages.end());
        if (rule.check != "issues") continue;
        for (const std::string& pattern : rule.with) { // a code that nothing has is a slip
            const std::string plain = pattern.substr(pattern.starts_with('!') ? 1 : 0);
            if (plain.ends_with('*') || find_message("verify." + plain) != nullptr) continue;
            ADD_FAILURE() << rule.code << " names " << pattern;
        }
    }
    EXPECT_THAT(properties, testing::SizeIs(4));
    EXPECT_THAT(stages, testing::SizeIs(3));
    EXPECT_FALSE(rule_takes(rules_[4], "ocfl.E092"));
    EXPECT_TRUE(rule_takes(rules_[4], "ocfl.E040"));
}

TEST_F(FourPropertiesTest, EveryErrorOfTheVerifierBelongsToARule) {
    std::ifstream table(std::string(RECTO_SOURCE_DIR) + "/pipeline/core/messages.def");
    for (std::string line; std::getline(table, line);) {
        if (!line.starts_with("RECTO_MESSAGE(\"verify.")) continue;
        const std::string code = line.substr(22, line.find('"', 22) - 22);
        const bool not_an_error = code.starts_with("properties.") || code.starts_with("severity.") ||
                                  code.starts_with("summary") || code.starts_with("ocfl.W") ||
                                  code.ends_with("not_checked") || code == "no_input" || code == "store_unfinished" ||
                                  code == "fixity_unknown" || code == "item.foreign" || code == "image.known_damage" ||
                                  code == "bag.algorithm" || code == "bag.md5sum" || code == "bag.relative" ||
                                  code == "bag.case" || code == "bag.normalization" || code == "bag.system_file" ||
                                  code == "mets.algorithm" || code == "xml.unknown" || code == "xml.schema_bad";
        const bool taken = std::ranges::any_of(
            rules_, [&](const PropertyRule& r) { return r.check == "issues" && rule_takes(r, code); });
        EXPECT_TRUE(taken || not_an_error) << code;
    }
}

TEST_F(FourPropertiesTest, ABadTableIsToldByItsRow) {
    const std::string head = "code,property,stages,name,name_en,check,with\r\n";
    const auto error = [&](const std::string& row) {
        const auto rules = read_property_rules(head + row + "\r\n", "my.csv");
        return rules ? std::string("good") : rules.error().code + " " + std::to_string(rules.error().page);
    };
    EXPECT_EQ(error("A,真实性,归档,n,n,issues,ocfl.*"), "good");
    EXPECT_EQ(error("A,真的,归档,n,n,issues,ocfl.*"), "properties.rules 2");
    EXPECT_EQ(error("A,真实性,某环节,n,n,issues,ocfl.*"), "properties.rules 2");
    EXPECT_EQ(error("A,真实性,归档,n,n,magic,"), "properties.rules 2");
    EXPECT_EQ(error("A,真实性,归档,n"), "properties.rules 2");
    EXPECT_EQ(error("A,真实性,归档,n,n,none,\r\nA,真实性,归档,n,n,none,"), "properties.rules 3");
}

TEST_F(FourPropertiesTest, DescriptionIsLookedAt) {
    const PropertyItem good = item("0025-WS·2012-Y-BGS-0001");
    for (const char* check :
         {"values", "required", "serials", "pages", "content", "provenance", "formats", "encryption", "active"})
        EXPECT_THAT(codes(check, {good}), IsEmpty()) << check;
    PropertyItem bad = good;
    bad.record["fields"][0]["value"] = "";
    bad.record["fields"][1]["value"] = "二月三十";
    bad.record["fields"][3]["value"] = "很久";
    EXPECT_THAT(codes("values", {bad}), ElementsAre("value", "value"));
    EXPECT_THAT(codes("required", {bad}), ElementsAre("lacks"));
    bad.record["expected_pages"] = 3;
    EXPECT_THAT(codes("pages", {bad}), ElementsAre("pages"));
    bad.record["pages"].clear();
    bad.files.erase("access/a.pdf");
    EXPECT_THAT(codes("content", {bad}), ElementsAre("no_pages", "no_file"));
    bad.record.erase("provenance");
    EXPECT_THAT(codes("provenance", {bad}), ElementsAre("lacks"));
    EXPECT_THAT(codes("serials", {good, item("0025-WS·2012-Y-BGS-0003"), good, item("0025-WS·2012-Y-BGS-0004")}),
                ElementsAre("twice", "gap"));
    EXPECT_EQ(why_not_checked("required", {PropertyItem{"x", nullptr, {}}}), "properties.no_record");
    EXPECT_EQ(why_not_checked("signatures", {good}), "properties.unsigned");
    const CheckOutcome none = find_property_check("none")({{good}, {"why"}, folder_, {}, scanner_});
    EXPECT_EQ(none.verdict, Verdict::NotChecked);
    EXPECT_EQ(none.reasons.at(0).code, "properties.none");
}

TEST_F(FourPropertiesTest, FilesAreWhatTheySayAndHideNothing) {
    PropertyItem bad = item("a-1");
    bad.files["access/b.pdf"] = put("b.pdf", "not a PDF");
    bad.files["master/0002.tif"] = put("2.tif", "\xFF\xD8\xFF jpeg");
    bad.files["master/run.exe"] = put("run.exe", std::string("MZ\0\0", 4));
    EXPECT_THAT(codes("formats", {bad}), testing::UnorderedElementsAre("other_content", "other_content", "format"));
    EXPECT_THAT(codes("active", {bad}), ElementsAre("program"));
    PropertyItem script = item("a-2");
    script.files["text/a.txt"] = put("s.txt", "#!/bin/sh\nrm -rf /\n");
    script.files["access/a.pdf"] = put("js.pdf", pdf_with("/OpenAction 3 0 R", "/S /JavaScript /JS (app.alert(1))"));
    script.files["access/c.pdf"] = put("c.pdf", pdf_with("/Names << /EmbeddedFiles 3 0 R >>", "/Names []"));
    script.files["access/d.pdf"] = put("d.pdf", pdf_with("/OpenAction 3 0 R", "/S /Launch /F (x)"));
    EXPECT_THAT(codes("active", {script}), testing::UnorderedElementsAre("program", "active", "active", "active"));
    EXPECT_EQ(hidden_in_pdf(put("good.pdf", pdf_with("")))->active, std::vector<std::string>{});
    EXPECT_EQ(hidden_in_pdf(put("none.pdf", "x")).error().code, "pdf.damaged");
    // Neither check says "passed" of what cannot be looked into.
    PropertyItem broken = item("a-3");
    broken.files["master/0002.pdf"] = put("broken.pdf", "%PDF-1.7\nnothing");
    EXPECT_THAT(codes("encryption", {broken}), ElementsAre("damaged"));
    EXPECT_THAT(codes("active", {broken}), ElementsAre("damaged"));
    EXPECT_THAT(codes("formats", {broken}), IsEmpty());
}

TEST_F(FourPropertiesTest, EncryptionIsFoundWithAndWithoutAPassword) {
    const auto encrypted = [&](const std::string& name, const char* password) {
        QPDF pdf;
        pdf.emptyPDF();
        const std::string path = put(name, "");
        QPDFWriter writer(pdf, path.c_str());
        writer.setR6EncryptionParameters(password, "owner", true, true, true, true, true, true, qpdf_r3p_full, true);
        writer.write();
        return path;
    };
    PropertyItem open = item("a-1"), locked = item("a-2");
    open.files["access/a.pdf"] = encrypted("open.pdf", "");
    locked.files["access/a.pdf"] = encrypted("locked.pdf", "secret");
    EXPECT_THAT(codes("encryption", {open, locked}), ElementsAre("encrypted", "encrypted"));
    EXPECT_THAT(codes("active", {open}), IsEmpty());
    EXPECT_THAT(codes("active", {locked}), ElementsAre("encrypted")) << "what it hides cannot be seen";
}

TEST_F(FourPropertiesTest, ARecordWithValuesOfOtherTypesFails) {
    for (const char* record : {R"({"reference_code": 7})", R"({"fields": 7})", R"({"provenance": {"agent": 7}})",
                               R"({"fields": [{"id": "title"}]})", R"({"pages": 7, "counted_pages": "two"})"}) {
        put("bag/bagit.txt", "BagIt-Version: 1.0\nTag-File-Character-Encoding: UTF-8\n");
        put("bag/data/metadata/item.json", record);
        const PropertyReport report =
            check_four_properties(folder_ + "/bag", verify_path(folder_ + "/bag"), rules_, {});
        EXPECT_EQ(report.verdict(), Verdict::Failed);
        bool told = false;
        for (const PropertyResult& r : report.results)
            for (const PropertyReason& reason : r.outcome.reasons) told |= reason.code == "properties.malformed";
        EXPECT_TRUE(told) << record << "\n" << report.to_text(Language::English);
    }
}

TEST_F(FourPropertiesTest, AVirusIsNeverPassedUnseen) {
    EXPECT_EQ(why_not_checked("virus", {item("a-1")}), "properties.no_scanner");
    scanner_ = {{put("none", "")}};
    EXPECT_EQ(outcome("virus", {item("a-1")}).verdict, Verdict::NotChecked) << "cannot be run";
    const auto program = [&](const std::string& text) {
        const std::string path = put("scanner", "#!/bin/sh\n" + text + "\n");
        std::filesystem::permissions(path, std::filesystem::perms::owner_all);
        scanner_ = {{path}};
    };
    program("exit 0");
    EXPECT_EQ(outcome("virus", {item("a-1")}).verdict, Verdict::Passed);
    program("echo \"$1/x: Eicar-Signature FOUND\"; exit 1");
    const CheckOutcome found = outcome("virus", {item("a-1")});
    EXPECT_EQ(found.verdict, Verdict::Failed);
    EXPECT_THAT(found.reasons.at(0).message(Language::English), HasSubstr("Eicar"));
    program("echo \"$1/x: Heuristics.Limits.Exceeded.MaxFileSize FOUND\"; exit 1");
    EXPECT_EQ(why_not_checked("virus", {item("a-1")}), "properties.not_scanned") << "too large to be looked at";
    program("echo \"$1/x: Heuristics.Limits.Exceeded.MaxFileSize FOUND\"; echo \"$1/y: Eicar FOUND\"; exit 1");
    EXPECT_EQ(outcome("virus", {item("a-1")}).verdict, Verdict::Failed);
    program("exit 0");
    scanner_.tells_limits = false;
    EXPECT_EQ(why_not_checked("virus", {item("a-1")}), "properties.limits_silent");
    program("echo 'no service' >&2; exit 2");
    EXPECT_EQ(why_not_checked("virus", {item("a-1")}), "properties.scan_failed");
}

TEST_F(FourPropertiesTest, APackageIsJudgedByTheVerifiersIssuesAndTheChecks) {
    put("bag/bagit.txt", "BagIt-Version: 1.0\nTag-File-Character-Encoding: UTF-8\n");
    put("bag/data/a.txt", "text");
    put("bag/manifest-sha512.txt", std::string(128, '0') + "  data/a.txt\n");
    const Report verified = verify_path(folder_ + "/bag");
    PropertyOptions options;
    const PropertyReport report = check_four_properties(folder_ + "/bag", verified, rules_, options);
    EXPECT_EQ(report.verdict(), Verdict::Failed);
    std::map<std::string, Verdict> verdicts;
    for (const PropertyResult& r : report.results) verdicts[r.rule.code] = r.outcome.verdict;
    EXPECT_EQ(verdicts.at("ZS-01"), Verdict::Failed);
    EXPECT_EQ(verdicts.at("ZS-05"), Verdict::Passed);
    EXPECT_EQ(verdicts.at("ZS-06"), Verdict::NotChecked);
    EXPECT_EQ(verdicts.at("WZ-01"), Verdict::NotChecked);
    EXPECT_EQ(verdicts.at("AQ-01"), Verdict::NotChecked);
    EXPECT_EQ(verdicts.at("AQ-02"), Verdict::Passed);
    const nlohmann::json json = report.to_json();
    EXPECT_EQ(json["verdict"], "failed");
    EXPECT_EQ(json["rules"][0]["reasons"][0]["place"], "data/a.txt");
    EXPECT_THAT(report.to_text(Language::Chinese), HasSubstr("ZS-01  真实性  不通过"));
    const auto book = property_workbook({report}, {});
    ASSERT_TRUE(book);
    EXPECT_TRUE(book->starts_with("PK"));
    options.stage = "长期保存";
    EXPECT_LT(check_four_properties(folder_ + "/bag", verified, rules_, options).results.size(), report.results.size());
}

} // namespace
} // namespace recto::verify
