#include "cli/cli.h"

#include <cstdio>
#include <cstdlib>
#include <filesystem>

#include <unistd.h>

#include <opencv2/core.hpp>

#include "cli/alone.h"
#include "cli/manual.h"
#include "config/config.h"
#include "pipeline/core/memory.h"
#include "pipeline/files/decode.h"
#include "pipeline/files/file_system.h"
#include "stages/reading/settings.h"

namespace recto::cli {
namespace {

std::string folder_of_data(const char* variable, const std::string& name) {
    if (const char* value = std::getenv(variable)) return value;
    const auto beside = std::filesystem::path(program_path()).parent_path().parent_path() / "share" / "recto" / name;
    std::error_code error;
    if (std::filesystem::exists(beside, error)) return beside.string();
    return std::string(RECTO_DEPS_DIR) + "/" + name;
}

/// --ui-lang is wanted before the options are declared, because their descriptions are in that language.
void choose_language(int argc, char** argv) {
    set_ui_language(language_from_environment());
    for (int i = 1; i < argc; ++i) {
        const std::string_view arg = argv[i];
        std::string_view value;
        if (arg == "--ui-lang" && i + 1 < argc) value = argv[i + 1];
        else if (arg.starts_with("--ui-lang=")) value = arg.substr(10);
        if (!value.empty()) set_ui_language(value.starts_with("zh") ? Language::Chinese : Language::English);
    }
}

} // namespace

std::string program_path() {
    std::error_code error;
    const auto path = std::filesystem::read_symlink("/proc/self/exe", error);
    if (error) return "recto";
    // Replaced by an upgrade while it runs: what has its name now serves its children.
    std::string name = path.string();
    if (constexpr std::string_view kGone = " (deleted)"; name.ends_with(kGone)) name.resize(name.size() - kGone.size());
    return name;
}
std::string agent() { return "recto " RECTO_VERSION; }
std::string model_folder() { return folder_of_data("RECTO_MODELS", "models"); }
std::string schema_folder() { return folder_of_data("RECTO_SCHEMAS", "schemas"); }

int exit_code_of(const Error& e) {
    const std::string_view code = e.code;
    if (code.starts_with("missing.")) return kMissing;
    if (code == "fixity.share" || code == "fixity.same_copy") return kUsage;
    if (code.starts_with("search.") || code == "by_hand.nothing") return kUsage; // a query that cannot be understood
    if (code == "store.network_file_system") return kBadConfig;
    if (code.starts_with("config.") || code.ends_with("_newer") || code.ends_with(".newer_format")) return kBadConfig;
    if (code == "run.locked" || code == "io.no_space") return kTryAgain;
    if (code == "amend.no_item" || code == "intake.not_found" || code == "io.not_found" ||
        code == "catalogue.not_found" || code == "verify.not_found" || code == "fixity.no_copy")
        return kNoInput;
    if (code == "io.exists" || code == "package.exists" || code == "init.exists") return kCannotCreate;
    if (code.starts_with("io.") || code == "run.journal") return kIo;
    if (code.starts_with("decode.") || code.starts_with("read.") || code.starts_with("store.") ||
        code.starts_with("catalogue.") || code.starts_with("package.") || code.starts_with("intake.") ||
        code.starts_with("encode.") || code.starts_with("verify.") || code.starts_with("amend.") ||
        code.starts_with("correct.") || code == "by_hand.columns")
        return kBadData;
    return kInternal;
}

int report_error(const Error& e) {
    const std::string args[] = {e.reason, e.file};
    std::string line = "recto: ";
    if (!e.file.empty()) line += e.file + (e.page > 0 ? " #" + std::to_string(e.page) : "") + ": ";
    if (find_message(e.code)) {
        const std::string sentence = format_message(ui_language(), e.code, args);
        line += sentence;
        if (!e.reason.empty() && sentence.find(e.reason) == std::string::npos) line += " (" + e.reason + ")";
    } else {
        line += e.reason;
    }
    line += " [" + e.code + "]";
    std::fprintf(stderr, "%s\n", line.c_str());
    return exit_code_of(e);
}

void SettingsOptions::add_to(CLI::App& app) {
    app.add_option("--profile", profile, tr("cli.opt.profile"));
    app.add_option("--set", sets, tr("cli.opt.set"))
        ->type_name("KEY=VALUE")
        ->expected(1)
        ->multi_option_policy(CLI::MultiOptionPolicy::TakeAll);
    app.add_option("--lang", language, tr("cli.opt.lang"));
}

Result<Settings> SettingsOptions::load() const {
    RECTO_ASSIGN(Settings settings, load_settings(profile, sets, *posix_file_system()));
    if (!language.empty()) {
        RECTO_ASSIGN(auto value, reading::kLanguage.parse(language));
        settings.set(reading::kLanguage, std::move(value));
    }
    return settings;
}

int main(int argc, char** argv) {
    set_up_memory();
    cv::setNumThreads(1);
    // Children of the decoder and for suspects; not for people, so not among the commands.
    if (argc == 2 && std::string_view(argv[1]) == "_worker") return decode_worker_main(3);
    if (argc == 4 && std::string_view(argv[1]) == "_alone") return alone_main(argv[2], argv[3]);

    choose_language(argc, argv);
    CLI::App app(tr("cli.about"), "recto");
    app.set_help_flag("-h,--help", tr("cli.opt.help")); // before the commands, which inherit it
    app.set_version_flag("--version", agent(), tr("cli.opt.version"));
    app.require_subcommand(1);
    app.fallthrough();
    std::string ui_lang;
    app.add_option("--ui-lang", ui_lang, tr("cli.opt.ui_lang"))->check(CLI::IsMember({"en", "zh"}));
    app.footer(tr("cli.examples"));

    Action action;
    add_init(app, action);
    add_run(app, action);
    add_text(app, action);
    add_inspect(app, action);
    add_clean(app, action);
    add_package(app, action);
    add_verify(app, action);
    add_fixity(app, action);
    add_status(app, action);
    add_config(app, action);
    add_search(app, action);
    add_catalogue(app, action);
    add_report(app, action);
    add_replace(app, action);
    add_insert(app, action);
    add_release(app, action);
    add_correct(app, action);
    add_treat(app, action);
    add_ocr(app, action);
    add_watch(app, action);
    add_separator(app, action);
    add_summary(app, action);
    add_doctor(app, action);
    // For packagers, so not among the commands: `recto _manual FOLDER`.
    if (argc == 3 && std::string_view(argv[1]) == "_manual") return manual_main(app, argv[2]);
    // "-防汛" excludes a word in a search; no option begins with a Chinese character.
    std::vector<std::string> words(argv, argv + argc);
    std::vector<const char*> arguments;
    for (std::string& word : words) {
        if (word.size() > 1 && word[0] == '-' && static_cast<unsigned char>(word[1]) >= 0x80)
            word = "－" + word.substr(1);
        arguments.push_back(word.c_str());
    }
    try {
        app.parse(argc, arguments.data());
    } catch (const CLI::CallForHelp& e) { return app.exit(e); } catch (const CLI::CallForAllHelp& e) {
        return app.exit(e);
    } catch (const CLI::CallForVersion& e) { return app.exit(e); } catch (const CLI::ParseError& e) {
        (void)app.exit(e);
        return kUsage;
    }
    try {
        return action ? action() : kUsage;
    } catch (const std::exception& e) { return report_error(Error{"cli.internal", e.what(), {}, 0, {}, false}); }
}

} // namespace recto::cli
