// recto doctor: the machine without any archive.

#include <algorithm>
#include <clocale>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <fstream>
#include <set>

#include <langinfo.h>
#include <sys/resource.h>
#include <sys/timex.h>
#include <unistd.h>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "cli/cli.h"
#include "cli/doctor.h"
#include "pipeline/core/clock.h"
#include "stages/reading/ocr_engine.h"
#include "stages/reading/settings.h"

namespace recto::cli {
namespace {

using State = Check::State;
constexpr std::int64_t kEarliest =
    1'767'225'600;                              ///< 2026-01-01: no clock of a machine with this program stands before.
constexpr std::int64_t kLatest = 4'102'444'800; ///< 2100-01-01.
constexpr double kBytesPerWorker = 600e6;       ///< What a worker needs for A4 in colour at 300 dpi, roughly.

std::vector<std::string> split(const std::string& text, char at) {
    std::vector<std::string> out;
    std::string word;
    for (const char c : text + at) {
        if (c != at) {
            word += c;
            continue;
        }
        if (!word.empty()) out.push_back(word);
        word.clear();
    }
    return out;
}

bool exists(FileSystem& fs, const std::string& path) {
    const auto stat = fs.stat(path);
    return stat && stat->exists;
}

bool in_any(FileSystem& fs, const std::vector<std::string>& folders, const std::string& name) {
    return std::any_of(folders.begin(), folders.end(), [&](const auto& f) { return exists(fs, join_path(f, name)); });
}

std::string reinstall(const MachineFacts& facts) { return facts.packaged ? "dpkg -i recto_*.deb" : "scripts/setup"; }

void check_models(FileSystem& fs, const MachineFacts& facts, Checks& out) {
    if (!facts.ppocr) {
        out.push_back({"models", State::Note, "doctor.no_ppocr", {}, ""});
        return;
    }
    const std::string list = join_path(facts.model_folder, "MODELS.json");
    const auto text = fs.read(list);
    const auto json = nlohmann::json::parse(text ? *text : std::string(), nullptr, false);
    if (!json.is_object() || !json.contains("models") || !json["models"].is_array() || json["models"].empty()) {
        out.push_back({"models", State::Missing, "doctor.models_missing", {list}, reinstall(facts)});
        return;
    }
    int good = 0;
    for (const auto& model : json["models"]) {
        const std::string path = join_path(facts.model_folder, model.value("name", "?"));
        if (!exists(fs, path)) {
            out.push_back({"models", State::Missing, "doctor.models_missing", {path}, reinstall(facts)});
            continue;
        }
        const auto digest = fs.digest(path, DigestAlgorithm::Sha256);
        if (digest && *digest == model.value("sha256", "")) ++good;
        else out.push_back({"models", State::Missing, "doctor.models_damaged", {path}, reinstall(facts)});
    }
    if (good == static_cast<int>(json["models"].size()))
        out.push_back({"models", State::Good, "doctor.models_good", {std::to_string(good), facts.model_folder}, ""});
}

/// Of the libraries this very process has loaded: the CPU plugin lies beside OpenVINO, and there is one libtbb.
void check_libraries(FileSystem& fs, const MachineFacts& facts, Checks& out) {
    const auto maps = fs.read("/proc/self/maps");
    if (!maps) return;
    std::set<std::string> openvino, tbb;
    for (const auto& line : split(*maps, '\n')) {
        const auto slash = line.find('/');
        if (slash == std::string::npos) continue;
        const std::string path = line.substr(slash), name = file_name(path);
        if (name.starts_with("libopenvino.so")) openvino.insert(parent_path(path));
        if (name.starts_with("libtbb.so")) tbb.insert(path);
    }
    if (tbb.size() > 1)
        out.push_back({"libraries",
                       State::Error,
                       "doctor.two_tbb",
                       {fmt::format("{}", fmt::join(tbb, ", "))},
                       "unset LD_LIBRARY_PATH LD_PRELOAD"});
    for (const auto& folder : openvino) {
        const std::string plugin = join_path(folder, "libopenvino_intel_cpu_plugin.so");
        if (exists(fs, plugin)) out.push_back({"libraries", State::Good, "doctor.openvino_good", {folder}, ""});
        else out.push_back({"libraries", State::Missing, "doctor.openvino_plugin", {plugin}, reinstall(facts)});
    }
}

void check_programs(FileSystem& fs, const MachineFacts& facts, Checks& out) {
    std::vector<std::string> absent;
    for (const char* program : {"pdftoppm", "pdftotext"})
        if (!in_any(fs, facts.path, program)) absent.emplace_back(program);
    if (absent.empty()) out.push_back({"programs", State::Good, "doctor.programs_good", {}, ""});
    else
        out.push_back({"programs",
                       State::Missing,
                       "doctor.programs_missing",
                       {fmt::format("{}", fmt::join(absent, ", "))},
                       "apt-get install poppler-utils"});
}

void check_languages(FileSystem& fs, const MachineFacts& facts, const Settings& settings, Checks& out) {
    std::vector<std::string> wanted = split(settings.get(reading::kLanguage), '+'), found;
    wanted.emplace_back("osd");
    for (const auto& language : wanted) {
        if (in_any(fs, facts.tessdata, language + ".traineddata")) {
            found.push_back(language);
            continue;
        }
        std::string package = language;
        std::replace(package.begin(), package.end(), '_', '-');
        out.push_back({"tesseract",
                       State::Missing,
                       "doctor.language_missing",
                       {language},
                       "apt-get install tesseract-ocr-" + package});
    }
    if (found.size() == wanted.size())
        out.push_back(
            {"tesseract", State::Good, "doctor.languages_good", {fmt::format("{}", fmt::join(found, ", "))}, ""});
}

void check_fonts(FileSystem& fs, const MachineFacts& facts, Checks& out) {
    for (const auto& folder : facts.font_folders) {
        const auto files = list_files(fs, folder);
        if (!files) continue;
        for (const auto& file : *files)
            for (const std::string_view name : {"CJK", "SourceHan", "wqy", "gbsn00lp", "gkai00mp", "uming", "ukai",
                                                "DroidSansFallback", "simsun", "SimSun"})
                if (file.find(name) != std::string::npos) {
                    out.push_back({"fonts", State::Good, "doctor.fonts_good", {file_name(file)}, ""});
                    return;
                }
    }
    out.push_back({"fonts", State::Note, "doctor.fonts_missing", {}, "apt-get install fonts-noto-cjk"});
}

void check_clock(FileSystem& fs, const MachineFacts& facts, Checks& out) {
    const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(facts.now.time_since_epoch()).count();
    const std::string now = rfc3339(facts.now);
    if (seconds < kEarliest || seconds > kLatest)
        out.push_back(
            {"clock", State::Error, "doctor.clock_wrong", {now}, "timedatectl set-time 'YYYY-MM-DD HH:MM:SS'"});
    else if (!facts.clock_synchronised)
        out.push_back({"clock", State::Note, "doctor.clock_not_synchronised", {now}, "timedatectl set-ntp true"});
    else out.push_back({"clock", State::Good, "doctor.clock_good", {now}, ""});
    // A zone that is not there silently means UTC, and every window would be hours off.
    const std::string zone = facts.time_zone.starts_with(":") ? facts.time_zone.substr(1) : facts.time_zone;
    const bool named = zone.find('/') != std::string::npos && zone.find(',') == std::string::npos;
    if (named && !exists(fs, zone[0] == '/' ? zone : join_path("/usr/share/zoneinfo", zone)))
        out.push_back({"time-zone",
                       State::Error,
                       "doctor.zone_missing",
                       {zone},
                       exists(fs, "/usr/share/zoneinfo/Asia/Shanghai") ? "unset TZ" : "apt-get install tzdata"});
    else if (zone.empty() && !exists(fs, "/etc/localtime"))
        out.push_back({"time-zone", State::Note, "doctor.zone_unset", {}, "timedatectl set-timezone Asia/Shanghai"});
}

void check_package(const MachineFacts& facts, Checks& out) {
    if (!facts.changed_files.empty())
        out.push_back({"package",
                       State::Error,
                       "doctor.package_changed",
                       {fmt::format("{}", fmt::join(facts.changed_files, ", "))},
                       reinstall(facts)});
    if (!facts.unfinished_packages.empty())
        out.push_back({"package",
                       State::Warning,
                       "doctor.package_unfinished",
                       {facts.unfinished_packages},
                       "dpkg --configure -a"});
    if (facts.packaged && facts.changed_files.empty() && facts.unfinished_packages.empty())
        out.push_back({"package", State::Good, "doctor.package_good", {}, ""});
}

/// Standard output of a command of ours, without words from outside.
std::string output_of(const char* command) {
    std::string out;
    FILE* pipe = popen(command, "re");
    if (!pipe) return out;
    char buffer[4096];
    for (std::size_t n; (n = fread(buffer, 1, sizeof buffer, pipe)) > 0;) out.append(buffer, n);
    pclose(pipe);
    return out;
}

void check_limits(const MachineFacts& facts, const Settings&, Checks& out) {
    const MachineLimits& l = facts.limits;
    const std::string memory = fmt::format("{:.1f} GiB", static_cast<double>(l.memory) / (1 << 30));
    out.push_back({"limits",
                   State::Good,
                   "doctor.limits",
                   {fmt::format("{:g}", l.cpus), l.cpu_source.empty() ? "" : " (" + l.cpu_source + ")", memory,
                    l.memory_source.empty() ? "" : " (" + l.memory_source + ")"},
                   ""});
    if (static_cast<double>(l.memory) / l.workers() < kBytesPerWorker) {
        const int fit = std::max(1, static_cast<int>(static_cast<double>(l.memory) / kBytesPerWorker));
        out.push_back({"memory",
                       State::Warning,
                       "doctor.little_memory",
                       {std::to_string(l.workers()), memory},
                       "recto run -j " + std::to_string(fit) + " ..."});
    }
    if (facts.open_files < 1024)
        out.push_back(
            {"open-files", State::Warning, "doctor.open_files", {std::to_string(facts.open_files)}, "ulimit -n 4096"});
    if (facts.cpu_seconds != UINT64_MAX)
        out.push_back({"time-limit",
                       State::Warning,
                       "doctor.cpu_time",
                       {std::to_string(facts.cpu_seconds)},
                       "ulimit -t unlimited"});
}

} // namespace

std::vector<std::string> changed_files(const std::string& dpkg_verify) {
    std::vector<std::string> out;
    for (const auto& line : split(dpkg_verify, '\n')) { // "??5??????   /path", "missing   c /path"
        const auto path = line.find('/');
        if (path == std::string::npos || path < 2 || line.substr(path - 2, 2) == "c ") continue;
        const std::string name = line.substr(path);
        if (name.starts_with("/usr/share/man/") || name.starts_with("/usr/share/doc/")) continue; // left out by many
        out.push_back(name);
    }
    return out;
}

MachineFacts machine_facts() {
    MachineFacts f;
    const std::string program = program_path();
    f.packaged = program.starts_with("/usr/");
    if (f.packaged) {
        f.changed_files = changed_files(output_of("dpkg --verify recto 2>/dev/null"));
        const std::string audit = output_of("dpkg --audit 2>/dev/null");
        f.unfinished_packages = audit.substr(0, audit.find('\n'));
    }
    f.model_folder = model_folder();
    f.schema_folder = schema_folder();
    f.ppocr = reading::has_ppocr();
    const auto variable = [](const char* name) {
        const char* value = std::getenv(name);
        return std::string(value ? value : "");
    };
    f.path = split(variable("PATH"), ':');
    if (const auto prefix = variable("TESSDATA_PREFIX"); !prefix.empty())
        f.tessdata = {prefix, join_path(prefix, "tessdata")};
    f.tessdata.emplace_back("/usr/share/tesseract-ocr/5/tessdata");
    f.font_folders = {"/usr/share/fonts", "/usr/local/share/fonts"};
    // The locale that the environment asks for, without changing this process's.
    if (const locale_t locale = newlocale(LC_CTYPE_MASK, "", nullptr)) {
        f.codeset = nl_langinfo_l(CODESET, locale);
        freelocale(locale);
    }
    f.time_zone = variable("TZ");
    f.now = std::chrono::system_clock::now();
    timex state{};
    f.clock_synchronised = adjtimex(&state) >= 0 && (state.status & STA_UNSYNC) == 0;
    f.limits = machine_limits();
    const auto limit = [](int what) {
        rlimit value{};
        return getrlimit(static_cast<__rlimit_resource>(what), &value) != 0 || value.rlim_cur == RLIM_INFINITY
                   ? UINT64_MAX
                   : static_cast<std::uint64_t>(value.rlim_cur);
    };
    f.open_files = limit(RLIMIT_NOFILE);
    f.cpu_seconds = limit(RLIMIT_CPU);
    return f;
}

Checks check_machine(FileSystem& fs, const MachineFacts& facts, const Settings& settings) {
    Checks out;
    out.push_back({"version", State::Good, "doctor.version", {agent(), program_path()}, ""});
    check_package(facts, out);
    check_models(fs, facts, out);
    check_libraries(fs, facts, out);
    check_languages(fs, facts, settings, out);
    check_programs(fs, facts, out);
    if (!exists(fs, join_path(facts.schema_folder, "mets.xsd")))
        out.push_back({"schemas", State::Note, "doctor.schemas_missing", {facts.schema_folder}, reinstall(facts)});
    check_fonts(fs, facts, out);
    if (facts.codeset != "UTF-8")
        out.push_back({"locale", State::Warning, "doctor.locale", {facts.codeset}, "export LC_ALL=C.UTF-8"});
    check_clock(fs, facts, out);
    check_limits(facts, settings, out);
    return out;
}

} // namespace recto::cli
