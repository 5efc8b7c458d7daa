// recto verify: what is stored and what leaves, and the four properties of it.

#include <cstdio>
#include <memory>

#include <four_properties.inc>

#include "cli/archive_access.h"
#include "cli/cli.h"
#include "pipeline/files/child_process.h"
#include "pipeline/files/decode.h"
#include "stages/verify/four_properties.h"
#include "stages/verify/verify.h"

namespace recto::cli {
namespace {

struct VerifyArguments {
    std::vector<std::string> paths;
    std::string schemas, stage = "移交接收", rules, workbook;
    bool json = false, four_properties = false, print_rules = false;
};

/// clamdscan, whose service has its signatures loaded, else clamscan, which loads them itself; none: viruses are not looked for.
/// By itself ClamAV says nothing of what it passes over for being large, as masters are: clamscan is told to, clamd by its own
/// configuration.
recto::verify::VirusScanner virus_scanner() {
    const auto said = [](const std::vector<std::string>& words) {
        const ProgramOutput out = run_program(words, ChildProcess::Clock::now() + std::chrono::seconds(30), 1 << 20);
        return out.status == 0 ? out.output : std::string();
    };
    const bool service = !said({"clamdscan", "--version"}).empty();
    const std::vector<std::string> by_service = {"clamdscan", "--fdpass", "--multiscan", "--no-summary", "--infected"};
    if (service && said({"clamconf", "-n"}).find("AlertExceedsMax = \"yes\"") != std::string::npos) return {by_service};
    if (!said({"clamscan", "--version"}).empty())
        return {{"clamscan", "--recursive", "--no-summary", "--infected", "--alert-exceeds-max=yes",
                 "--max-filesize=2047M", "--max-scansize=2047M", "--max-scantime=3600000"}};
    if (service) return {by_service, false};
    return {};
}

std::string stage_name(const std::string& given) {
    if (given == "archiving") return "归档";
    if (given == "handover") return "移交接收";
    if (given == "preservation") return "长期保存";
    return given == "归档" || given == "移交接收" || given == "长期保存" ? given : "";
}

/// Exit code 1 when a property is not met.
int four_properties(const VerifyArguments& a, const std::vector<recto::verify::Report>& reports) {
    auto fs = posix_file_system();
    std::string table = kFourProperties;
    if (!a.rules.empty()) {
        auto given = fs->read(a.rules);
        if (!given) return report_error(given.error());
        table = std::move(*given);
    }
    const auto rules = recto::verify::read_property_rules(table, a.rules.empty() ? "four_properties.csv" : a.rules);
    if (!rules) return report_error(rules.error());
    recto::verify::PropertyOptions options;
    options.stage = stage_name(a.stage);
    options.scanner = virus_scanner();
    std::vector<recto::verify::PropertyReport> results;
    nlohmann::json list = nlohmann::json::array();
    int code = kDone;
    for (const auto& verified : reports) {
        results.push_back(recto::verify::check_four_properties(verified.path, verified, *rules, options));
        if (results.back().verdict() != recto::verify::Verdict::Passed) code = kSomeFailed;
        if (a.json) list.push_back(results.back().to_json());
        else std::printf("%s", results.back().to_text(ui_language()).c_str());
    }
    if (a.json)
        std::printf("%s\n", nlohmann::json{{"schema", 1}, {"reports", list}}
                                .dump(1, ' ', false, nlohmann::json::error_handler_t::replace)
                                .c_str());
    if (!a.workbook.empty()) {
        const auto book = recto::verify::property_workbook(results, default_clock()->now());
        if (!book) return report_error(book.error());
        if (auto written = fs->write(a.workbook, *book); !written) return report_error(written.error());
    }
    return code;
}

int verify(const VerifyArguments& a) {
    if (a.print_rules) {
        std::printf("%s", kFourProperties);
        return kDone;
    }
    if (a.paths.empty()) {
        std::fprintf(stderr, "recto: %s\n", tr("cli.verify.no_path").c_str());
        return kUsage;
    }
    if (a.four_properties && stage_name(a.stage).empty()) {
        std::fprintf(stderr, "recto: %s\n", tr("properties.stage", a.stage).c_str());
        return kUsage;
    }
    Decoder decoder(program_path(), 2);
    recto::verify::Options options;
    options.decode = [&](const std::string& path, int index) { return decoder.decode(path, index); };
    options.check_pdf = [&](const std::string& path) { return decoder.check_pdf(path); };
    options.schema_folder = a.schemas;
    options.default_schema_folder = schema_folder();
    std::vector<recto::verify::Report> reports;
    for (const auto& path : a.paths) {
        reports.push_back(recto::verify::verify_path(path, options));
        if (!a.json && !a.four_properties) std::printf("%s", reports.back().to_text(ui_language()).c_str());
    }
    if (a.json && !a.four_properties) {
        nlohmann::json list = nlohmann::json::array();
        for (const auto& r : reports) list.push_back(r.to_json());
        std::printf("%s\n", nlohmann::json{{"schema", 1}, {"reports", list}}
                                .dump(1, ' ', false, nlohmann::json::error_handler_t::replace)
                                .c_str());
    }
    // Fixity is an event of the archive; a locked archive is verified all the same, it is only not written down.
    for (const auto& r : reports) {
        if (r.kind != recto::verify::Kind::Archive) continue;
        if (auto archive = open_archive(r.path, nullptr, "recto verify"))
            (void)(*archive)->events->append(
                "fixity", {{"objects", r.objects}, {"files", r.files}, {"errors", r.errors()}, {"agent", agent()}});
    }
    const int code = recto::verify::exit_code(reports);
    return a.four_properties && code <= kSomeFailed ? four_properties(a, reports) : code;
}

} // namespace

void add_verify(CLI::App& app, Action& action) {
    auto* command = app.add_subcommand("verify", tr("cli.verify"));
    auto a = std::make_shared<VerifyArguments>();
    command->add_option("PATH", a->paths, tr("cli.verify.path"));
    command->add_option("--schemas", a->schemas, tr("cli.verify.schemas"));
    auto* four = command->add_flag("--four-properties", a->four_properties, tr("cli.verify.four_properties"));
    command->add_option("--stage", a->stage, tr("cli.verify.stage"))->capture_default_str()->needs(four);
    command->add_option("--rules", a->rules, tr("cli.verify.rules"))->needs(four);
    command->add_flag("--print-rules", a->print_rules, tr("cli.verify.print_rules"));
    command->add_option("--xlsx", a->workbook, tr("cli.verify.xlsx"))->needs(four);
    command->add_flag("--json", a->json, tr("cli.opt.json"));
    command->callback([&action, a] { action = [a] { return verify(*a); }; });
}

} // namespace recto::cli
