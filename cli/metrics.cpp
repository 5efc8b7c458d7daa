#include "cli/metrics.h"

#include <cstdlib>

#include <fmt/format.h>

namespace recto::cli {
namespace {

constexpr std::string_view kLastSuccess = "recto_last_success_timestamp_seconds";

std::string escaped(std::string_view value) {
    std::string out;
    for (const char c : value) {
        if (c == '\\' || c == '"') out += '\\';
        if (c == '\n') out += "\\n";
        else out += c;
    }
    return out;
}

/// Writes families one after another: each once, all its samples together, as the format asks.
class Writer {
  public:
    void family(std::string_view name, std::string_view type, std::string_view help) {
        name_ = name;
        text_ += fmt::format("# HELP {} {}\n# TYPE {} {}\n", name, help, name, type);
    }
    void sample(double value) { text_ += fmt::format("{} {}\n", name_, value); }
    void sample(std::string_view label, std::string_view of, double value, std::string_view suffix = {}) {
        text_ += fmt::format("{}{}{{{}=\"{}\"}} {}\n", name_, suffix, label, escaped(of), value);
    }
    void sample(std::string_view l1, std::string_view v1, std::string_view l2, std::string_view v2, double value) {
        text_ += fmt::format("{}{{{}=\"{}\",{}=\"{}\"}} {}\n", name_, l1, escaped(v1), l2, escaped(v2), value);
    }
    void sample(std::string_view l1, std::string_view v1, std::string_view l2, std::string_view v2, std::string_view l3,
                std::string_view v3, double value) {
        text_ += fmt::format("{}{{{}=\"{}\",{}=\"{}\",{}=\"{}\"}} {}\n", name_, l1, escaped(v1), l2, escaped(v2), l3,
                             escaped(v3), value);
    }
    void plain(std::string_view suffix, double value) { text_ += fmt::format("{}{} {}\n", name_, suffix, value); }
    [[nodiscard]] std::string take() { return std::move(text_); }

  private:
    std::string text_, name_;
};

} // namespace

std::string metrics_text(const MetricsInput& in) {
    const RunStatus& s = in.status;
    Writer w;
    w.family("recto_info", "gauge", "Version and archive; always 1.");
    w.sample("version", in.version, "archive", in.archive, 1);
    w.family("recto_run_active", "gauge", "1 while a run goes on.");
    w.sample(in.active);
    w.family("recto_window_open", "gauge", "1 while work may start.");
    w.sample(in.window_open);
    w.family("recto_run_start_timestamp_seconds", "gauge", "When the last run began.");
    w.sample(in.started);
    if (in.ended) {
        w.family("recto_run_end_timestamp_seconds", "gauge", "When the last run ended.");
        w.sample(*in.ended);
    }
    if (in.exit_code) {
        w.family("recto_run_exit_code", "gauge", "Exit code of the last run.");
        w.sample(*in.exit_code);
    }
    if (in.last_success) {
        w.family(kLastSuccess, "gauge", "When a run last ended with exit code 0 or 1.");
        w.sample(*in.last_success);
    }
    w.family("recto_run_pages", "gauge", "Pages of the run by progress.");
    w.sample("progress", "known", s.pages);
    w.sample("progress", "done", s.pages_done);
    w.sample("progress", "reused", s.pages_reused);
    w.sample("progress", "failed", s.pages_failed);
    w.sample("progress", "left", s.left.pages);
    w.family("recto_run_images", "gauge", "Images of the run by progress.");
    w.sample("progress", "known", s.images);
    w.sample("progress", "treated", s.images_treated);
    w.sample("progress", "left", s.left.images);
    w.family("recto_run_files", "gauge", "Delivered files of the run by progress.");
    w.sample("progress", "known", s.files);
    w.sample("progress", "taken", s.files_taken);
    w.sample("progress", "left", s.left.files);
    w.family("recto_run_page_state", "gauge", "Pages of ended items by what reading found.");
    for (const char* state : {"read", "blank", "not-machine-readable", "error"}) {
        const auto it = s.page_states.find(state);
        w.sample("state", state, it == s.page_states.end() ? 0 : it->second);
    }
    w.family("recto_run_items", "gauge", "Ended items of the run by state.");
    for (const char* state : {"stored", "unchanged", "held", "failed"}) {
        const auto it = s.item_states.find(state);
        w.sample("state", state, it == s.item_states.end() ? 0 : it->second);
    }
    w.family("recto_run_errors", "gauge", "Errors of the run by code.");
    for (const auto& [code, count] : s.errors) w.sample("code", code, count);
    w.family("recto_run_stage_seconds", "gauge", "Seconds spent in a stage, all workers together.");
    for (const auto& t : s.stages) {
        w.sample("stage", t.name, "kind", "cpu", t.cpu_seconds);
        w.sample("stage", t.name, "kind", "wall", t.wall_seconds);
    }
    w.family("recto_run_stage_calls", "gauge", "Times a stage worked, and times its result was there already.");
    for (const auto& t : s.stages) {
        w.sample("stage", t.name, "result", "done", static_cast<double>(t.calls));
        w.sample("stage", t.name, "result", "reused", static_cast<double>(t.cached));
    }
    w.family("recto_run_queue_length", "gauge", "Tasks that wait.");
    for (const auto& q : s.queues) w.sample("queue", q.name, static_cast<double>(q.length));
    w.family("recto_run_queue_oldest_seconds", "gauge", "How long the oldest task of a queue has waited.");
    for (const auto& q : s.queues) w.sample("queue", q.name, q.oldest_seconds);
    w.family("recto_run_page_confidence", "histogram", "Confidence of the pages that were read.");
    std::int64_t sum = 0;
    for (std::size_t i = 0; i < s.confidence.size(); ++i) {
        sum += s.confidence[i];
        w.sample("le", i < kConfidenceBounds.size() ? fmt::format("{}", kConfidenceBounds[i]) : "+Inf",
                 static_cast<double>(sum), "_bucket");
    }
    w.plain("_sum", s.confidence_sum);
    w.plain("_count", static_cast<double>(sum));
    w.family("recto_archive_items", "gauge", "Items in the archive by state.");
    w.sample("state", "stored", in.archive_stored);
    w.sample("state", "held", in.archive_held);
    w.family("recto_archive_pages", "gauge", "Pages in the archive, as counted by the catalogue's rule.");
    w.sample(in.archive_pages);
    w.family("recto_disk_free_bytes", "gauge", "Free space for the archive and for its work folder.");
    for (const auto& d : in.disks) w.sample("folder", d.folder, static_cast<double>(d.free_bytes));
    return w.take();
}

std::string metrics_text(const WatchMetricsInput& in) {
    const station::WatchStatus& s = in.status;
    Writer w;
    w.family("recto_watch_info", "gauge", "Version, archive and hot folder; always 1.");
    w.sample("version", in.version, "archive", in.archive, "folder", in.folder, 1);
    const auto gauge = [&](std::string_view name, double value, std::string_view help) {
        w.family(name, "gauge", help);
        w.sample(value);
    };
    gauge("recto_watch_active", in.active, "1 while the watcher runs.");
    gauge("recto_watch_update_timestamp_seconds", in.now, "When this file was written.");
    gauge("recto_watch_folder_present", s.present, "0 while the hot folder is gone (share disconnected).");
    gauge("recto_watch_window_open", s.may_read, "1 while items may be read.");
    gauge("recto_watch_reading", s.reading, "1 while items are read behind.");
    gauge("recto_watch_files_arriving", static_cast<double>(s.files_arriving), "Files that are not whole yet.");
    gauge("recto_watch_pages_to_look", static_cast<double>(s.pages_to_look), "Pages taken and not looked at yet.");
    w.family("recto_watch_items", "gauge", "Items in the hot folder by state.");
    w.sample("state", "open", s.items_open);
    w.sample("state", "complete", s.items_complete);
    w.sample("state", "stuck", s.items_stuck);
    gauge("recto_watch_oldest_complete_seconds", s.oldest_complete_seconds,
          "Since the last page came of the complete item that waits longest.");
    const auto counter = [&](std::string_view name, std::int64_t value, std::string_view help) {
        w.family(name, "counter", help);
        w.sample(static_cast<double>(value));
    };
    counter("recto_watch_pages_total", s.pages, "Pages looked at.");
    counter("recto_watch_rescan_total", s.rescan, "Pages to be scanned again.");
    counter("recto_watch_refused_total", s.refused, "Files set aside.");
    counter("recto_watch_routed_total", s.routed, "Pages put in their place by a separator sheet.");
    counter("recto_watch_items_stored_total", s.items_stored, "Items stored.");
    counter("recto_watch_reading_failures_total", s.reading_failures, "Readings that failed and are tried again.");
    counter("recto_watch_pages_read_total", s.pages_read, "Pages of the readings behind.");
    w.family("recto_watch_errors_total", "counter", "Errors of the readings behind by code.");
    for (const auto& [code, count] : s.errors) w.sample("code", code, static_cast<double>(count));
    w.family("recto_watch_look_seconds", "histogram", "From a page's arrival to its findings.");
    std::int64_t sum = 0;
    for (std::size_t i = 0; i < s.look.size(); ++i) {
        sum += s.look[i];
        w.sample("le", i < station::kLookBounds.size() ? fmt::format("{}", station::kLookBounds[i]) : "+Inf",
                 static_cast<double>(sum), "_bucket");
    }
    w.plain("_sum", s.look_seconds);
    w.plain("_count", static_cast<double>(sum));
    return w.take();
}

std::optional<double> last_success_in(FileSystem& fs, const std::string& path) {
    const auto stat = fs.stat(path);
    if (!stat || !stat->exists || stat->is_directory) return std::nullopt;
    const auto text = fs.read(path);
    if (!text) return std::nullopt;
    const std::string begin = "\n" + std::string(kLastSuccess) + " ";
    const auto at = text->find(begin);
    if (at == std::string::npos) return std::nullopt;
    const double value = std::strtod(text->c_str() + at + begin.size(), nullptr);
    if (value <= 0) return std::nullopt;
    return value;
}

Result<void> write_metrics(FileSystem& fs, const std::string& path, const MetricsInput& in) {
    return write_atomically(fs, path, metrics_text(in));
}

} // namespace recto::cli
