#include "cli/summary.h"

#include <algorithm>
#include <cstdio>
#include <ctime>
#include <memory>
#include <optional>

#include <fmt/format.h>

#include "cli/archive_access.h"
#include "cli/cli.h"
#include "pipeline/core/clock.h"
#include "pipeline/core/messages.h"
#include "pipeline/engine/progress.h"

namespace recto::cli {
namespace {

using TimePoint = std::chrono::system_clock::time_point;

/// "2026-11-22T17:15:00+08:00" or "...Z".
std::optional<TimePoint> parse_time(const std::string& text) {
    std::tm t{};
    const char* rest = strptime(text.c_str(), "%Y-%m-%dT%H:%M:%S", &t);
    if (!rest) return std::nullopt;
    int hours = 0, minutes = 0;
    char sign = '+';
    if (*rest != 'Z' && std::sscanf(rest, "%c%2d:%2d", &sign, &hours, &minutes) != 3) return std::nullopt;
    const auto offset = std::chrono::minutes((sign == '-' ? -1 : 1) * (hours * 60 + minutes));
    return std::chrono::system_clock::from_time_t(timegm(&t)) - offset;
}

/// "20261122-201500" or "...-2", the name of a report's folder, in local time.
std::optional<TimePoint> time_of_name(const std::string& name) {
    std::tm t{};
    if (!strptime(name.c_str(), "%Y%m%d-%H%M%S", &t)) return std::nullopt;
    t.tm_isdst = -1;
    return std::chrono::system_clock::from_time_t(mktime(&t));
}

void read_run(const nlohmann::json& j, RunDigest& run, Summary& out, std::map<std::string, std::string>& reasons) {
    run.started = j.value("started", "");
    run.ended = j.value("ended", "");
    run.stopped = j.value("stopped", "");
    run.exit_code = j.value("exit_code", 0);
    run.pages = j.value("pages", 0);
    run.pages_reused = j.value("pages_reused", 0);
    run.pages_failed = j.value("pages_failed", 0);
    run.wall_seconds = j.value("wall_seconds", 0.0);
    if (const auto left = j.find("left"); left != j.end() && left->is_object()) {
        run.left_files = left->value("files", 0);
        run.left_images = left->value("images", 0);
        run.left_pages = left->value("pages", 0);
        run.left_items = left->value("items", 0);
    }
    for (const auto& e : j.value("errors", nlohmann::json::array())) ++out.errors[e.value("code", "")];
    for (const auto& i : j.value("items", nlohmann::json::array())) {
        const std::string state = i.value("state", "");
        run.stored += state == "stored";
        run.unchanged += state == "unchanged";
        run.held += state == "held";
        run.failed += state == "failed";
        if (state == "held") reasons[i.value("id", "")] = i.value("reason", "");
        for (const auto& p : i.value("pages", nlohmann::json::array()))
            for (const auto& f : p.value("findings", nlohmann::json::array()))
                if (f.value("severity", "") == "rescan") {
                    ++run.rescan;
                    break;
                }
    }
}

std::string gib(std::uint64_t bytes) { return fmt::format("{:.1f} GiB", static_cast<double>(bytes) / (1 << 30)); }

} // namespace

int Summary::worked() const {
    int n = 0;
    for (const auto& r : runs) n += std::max(0, r.pages - r.pages_reused - r.left_pages);
    return n;
}

double Summary::pages_per_minute() const {
    double pages_worked = 0, seconds = 0;
    for (const auto& r : runs) {
        if (r.pages <= r.pages_reused) continue; // a run that found everything done says nothing of speed
        pages_worked += r.pages - r.pages_reused - r.left_pages;
        seconds += r.wall_seconds;
    }
    return seconds > 0 ? 60 * std::max(0.0, pages_worked) / seconds : 0;
}

Result<Summary> summarise(FileSystem& fs, const ArchivePaths& paths, const std::string& title, TimePoint now, int hours,
                          bool last) {
    Summary out;
    out.archive = paths.root;
    out.title = title;
    out.now = rfc3339(now);
    const TimePoint since = now - std::chrono::hours(hours);
    if (!last) out.since = rfc3339(since);

    std::vector<std::string> names;
    if (auto listed = fs.list(paths.reports())) names = std::move(*listed);
    std::erase_if(names, [](const std::string& n) { return !time_of_name(n); });
    std::sort(names.begin(), names.end());
    if (last && names.size() > 1) names.erase(names.begin(), names.end() - 1);
    std::map<std::string, std::string> reasons;
    for (const auto& name : names) {
        RunDigest run;
        run.run = name;
        const auto text = fs.read(join_path(join_path(paths.reports(), name), "run.json"));
        const auto json = nlohmann::json::parse(text ? *text : std::string(), nullptr, false);
        const TimePoint ended =
            parse_time(json.is_object() ? json.value("ended", "") : "").value_or(*time_of_name(name));
        if (!last && ended < since) continue;
        run.readable = json.is_object();
        try {
            if (run.readable) read_run(json, run, out, reasons);
        } catch (const nlohmann::json::exception&) {
            run.readable = false; // of another shape: said, not guessed
        }
        out.runs.push_back(std::move(run));
    }
    RECTO_ASSIGN(const auto index, read_index(fs, paths));
    out.items = index.size();
    for (const auto& row : index) {
        out.pages += row.pages;
        if (row.state == "held") out.held.push_back({row.reference_code, reasons[row.id]});
    }
    if (const auto free = fs.free_bytes(paths.root)) out.free_archive = *free;
    if (const auto free = fs.free_bytes(paths.work)) out.free_work = *free;
    const auto a = fs.stat(paths.root), w = fs.stat(paths.work);
    out.same_disk = a && w && a->device == w->device;
    return out;
}

nlohmann::json to_json(const Summary& s) {
    nlohmann::json j = {{"schema", 1},
                        {"archive", s.archive},
                        {"title", s.title},
                        {"now", s.now},
                        {"since", s.since},
                        {"pages_worked", s.worked()},
                        {"pages_per_minute", s.pages_per_minute()},
                        {"errors", s.errors},
                        {"items", s.items},
                        {"pages", s.pages},
                        {"free_bytes", {{"archive", s.free_archive}, {"work", s.free_work}}},
                        {"in_use_by", s.in_use_by}};
    j["runs"] = nlohmann::json::array();
    for (const auto& r : s.runs)
        j["runs"].push_back(
            {{"run", r.run},
             {"readable", r.readable},
             {"started", r.started},
             {"ended", r.ended},
             {"stopped", r.stopped},
             {"exit_code", r.exit_code},
             {"pages", r.pages},
             {"pages_reused", r.pages_reused},
             {"pages_failed", r.pages_failed},
             {"pages_to_scan_again", r.rescan},
             {"items", {{"stored", r.stored}, {"unchanged", r.unchanged}, {"held", r.held}, {"failed", r.failed}}},
             {"left",
              {{"files", r.left_files}, {"images", r.left_images}, {"pages", r.left_pages}, {"items", r.left_items}}},
             {"wall_seconds", r.wall_seconds}});
    j["held"] = nlohmann::json::array();
    for (const auto& h : s.held) j["held"].push_back({{"reference_code", h.reference_code}, {"reason", h.reason}});
    return j;
}

std::string to_text(const Summary& s) {
    std::string out = tr("summary.head", s.title, s.archive, s.now) + "\n";
    if (s.runs.empty()) out += tr("summary.none", s.since) + "\n";
    for (const auto& r : s.runs) {
        if (!r.readable) {
            out += "  " + tr("summary.run_unknown", r.run) + "\n";
            continue;
        }
        out += "  " +
               tr("summary.run", r.started, r.ended, std::to_string(r.pages), std::to_string(r.pages_reused),
                  std::to_string(r.pages_failed), duration_text(r.wall_seconds), std::to_string(r.stored),
                  std::to_string(r.unchanged), std::to_string(r.held), std::to_string(r.failed)) +
               "\n";
        if (!r.stopped.empty())
            out += "    " +
                   tr("summary.stopped." + r.stopped, std::to_string(r.left_files), std::to_string(r.left_images),
                      std::to_string(r.left_pages), std::to_string(r.left_items)) +
                   "\n";
        if (r.rescan > 0) out += "    " + tr("summary.rescan", std::to_string(r.rescan), r.run) + "\n";
    }
    if (s.worked() > 0)
        out += tr("summary.rate", std::to_string(s.worked()), fmt::format("{:.1f}", s.pages_per_minute())) + "\n";
    if (!s.errors.empty()) {
        out += tr("summary.errors") + "\n";
        std::vector<std::pair<std::string, int>> sorted(s.errors.begin(), s.errors.end());
        std::stable_sort(sorted.begin(), sorted.end(),
                         [](const auto& a, const auto& b) { return a.second > b.second; });
        for (const auto& [code, count] : sorted) {
            const Message* m = find_message(code);
            std::string sentence =
                m ? std::string(ui_language() == Language::Chinese ? m->chinese : m->english) : std::string();
            // The reason differs from file to file: it stands in the report.
            for (const std::string_view hole : {"({})", "({})", "{}"})
                if (const auto at = sentence.find(hole); at != std::string::npos) sentence.erase(at, hole.size());
            out += fmt::format("  {:5}  {}  {}\n", count, code, sentence);
        }
    }
    out +=
        tr("summary.archive", std::to_string(s.items), std::to_string(s.pages), std::to_string(s.held.size())) + "\n";
    constexpr std::size_t kShown = 50;
    for (std::size_t i = 0; i < s.held.size() && i < kShown; ++i) {
        const auto& [code, reason] = s.held[i];
        // Most reasons begin with the code themselves.
        const std::string line = reason.starts_with(code)
                                     ? tr("cli.status.held", reason)
                                     : tr("summary.held", code, reason.empty() ? tr("summary.reason_earlier") : reason);
        out += "  " + line + "\n";
    }
    if (s.held.size() > kShown) out += "  " + tr("summary.more", std::to_string(s.held.size() - kShown)) + "\n";
    out += (s.same_disk ? tr("summary.disk", gib(s.free_archive))
                        : tr("summary.disks", gib(s.free_archive), gib(s.free_work))) +
           "\n";
    if (!s.in_use_by.empty()) out += tr("run.locked", s.in_use_by) + "\n";
    return out;
}

std::string to_mail(const Summary& s, const std::string& address) {
    const std::string subject =
        tr("summary.subject", s.title, std::to_string(s.worked()), std::to_string(s.held.size()));
    // RFC 2047 allows 75 characters a word: 42 bytes in base64, cut between characters.
    std::string encoded;
    for (std::size_t at = 0; at < subject.size();) {
        std::size_t end = std::min(at + 39, subject.size());
        while (end < subject.size() && (static_cast<unsigned char>(subject[end]) & 0xC0) == 0x80) --end;
        static constexpr std::string_view kAlphabet =
            "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
        std::string word;
        for (std::size_t i = at; i < end; i += 3) {
            const auto byte = [&](std::size_t k) {
                return i + k < end ? static_cast<unsigned>(static_cast<unsigned char>(subject[i + k])) : 0U;
            };
            const unsigned three = byte(0) << 16 | byte(1) << 8 | byte(2);
            for (std::size_t k = 0; k < 4; ++k) word += k <= end - i ? kAlphabet[three >> (18 - 6 * k) & 63] : '=';
        }
        encoded += (encoded.empty() ? "" : "\r\n ") + std::string("=?UTF-8?B?") + word + "?=";
        at = end;
    }
    std::string body = to_text(s), lines;
    for (const char c : body) lines += c == '\n' ? std::string("\r\n") : std::string(1, c);
    return fmt::format("To: {}\r\nSubject: {}\r\nMIME-Version: 1.0\r\nContent-Type: text/plain; charset=utf-8\r\n"
                       "Content-Transfer-Encoding: 8bit\r\nAuto-Submitted: auto-generated\r\n\r\n{}",
                       address, encoded, lines);
}

void add_summary(CLI::App& app, Action& action) {
    auto* command = app.add_subcommand("summary", tr("cli.summary"));
    struct A {
        std::string archive, mail;
        int hours = 24;
        bool json = false, last = false;
    };
    auto a = std::make_shared<A>();
    command->add_option("ARCHIVE", a->archive, tr("cli.opt.archive"))->required();
    command->add_option("--hours", a->hours, tr("cli.summary.hours"))
        ->check(CLI::Range(1, 100000))
        ->capture_default_str();
    command->add_flag("--last", a->last, tr("cli.summary.last"));
    command->add_option("--mail", a->mail, tr("cli.summary.mail"));
    command->add_flag("--json", a->json, tr("cli.opt.json"));
    command->callback([&action, a] {
        action = [a]() -> int {
            const auto config = look_at_archive(a->archive);
            if (!config) return report_error(config.error());
            auto fs = posix_file_system();
            ArchivePaths paths(a->archive);
            if (!config->work.empty())
                paths.work = config->work[0] == '/' ? config->work : join_path(a->archive, config->work);
            auto summary = summarise(*fs, paths, config->name.empty() ? config->code : config->name,
                                     default_clock()->now(), a->hours, a->last);
            if (!summary) return report_error(summary.error());
            summary->in_use_by = lock_holder(*fs, paths.lock());
            if (!a->mail.empty()) std::fputs(to_mail(*summary, a->mail).c_str(), stdout);
            else if (a->json)
                std::printf("%s\n",
                            to_json(*summary).dump(1, ' ', false, nlohmann::json::error_handler_t::replace).c_str());
            else std::fputs(to_text(*summary).c_str(), stdout);
            return kDone;
        };
    });
}

} // namespace recto::cli
