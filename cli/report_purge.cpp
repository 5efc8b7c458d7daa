#include "cli/report_purge.h"

#include <cstdio>

#include <fmt/format.h>

#include "cli/archive_access.h"
#include "cli/cli.h"

namespace recto::cli {

int purge_reports(const std::string& archive, int days, bool json) {
    auto fs = posix_file_system();
    auto opened = open_archive(archive, nullptr, "recto report --purge");
    if (!opened) return report_error(opened.error());
    const ArchivePaths& paths = (*opened)->paths;
    const auto limit = std::chrono::duration_cast<std::chrono::nanoseconds>(
                           (std::chrono::system_clock::now() - std::chrono::hours(24) * days).time_since_epoch())
                           .count();
    const auto names = fs->list(paths.reports());
    if (!names) return report_error(names.error());
    nlohmann::json removed = nlohmann::json::array();
    std::uint64_t bytes = 0;
    for (const std::string& name : *names) {
        const std::string folder = join_path(paths.reports(), name);
        const auto stat = fs->stat(folder);
        // A folder's time is that of its last new file: the end of the run. Other people's files are left alone.
        if (!stat || !stat->is_directory || stat->is_symlink || stat->mtime_ns > limit) continue;
        const auto has = [&](const char* file) {
            const auto report = fs->stat(join_path(folder, file));
            return report && report->exists;
        };
        if (!has("run.json") && !has("ocr.json")) continue;
        if (const auto files = list_files(*fs, folder))
            for (const auto& file : *files)
                if (const auto size = fs->stat(join_path(folder, file))) bytes += size->size;
        if (auto gone = fs->remove_tree(folder); !gone) return report_error(gone.error());
        const std::string list = join_path(paths.rescan(), name + ".csv");
        if (const auto rescan = fs->stat(list); rescan && rescan->exists)
            if (auto gone = fs->remove(list); !gone) return report_error(gone.error());
        removed.push_back(name);
    }
    if (!removed.empty())
        (void)(*opened)->events->append("reports.purged", {{"reports", removed}, {"older_than_days", days}});
    std::fprintf(
        stderr, "%s\n",
        tr("report.purged", std::to_string(removed.size()), fmt::format("{:.1f}", static_cast<double>(bytes) / 1e6))
            .c_str());
    if (json)
        std::printf("%s\n", nlohmann::json({{"schema", 1}, {"removed", removed}, {"bytes", bytes}}).dump(1).c_str());
    return kDone;
}

} // namespace recto::cli
