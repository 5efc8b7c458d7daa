#include "cli/search_access.h"

#include <chrono>
#include <cstdio>

#include <fmt/format.h>
#include <unistd.h>

#include "catalogue/search_update.h"
#include "cli/cli.h"
#include "cli/store_access.h"
#include "pipeline/engine/progress.h"

namespace recto::cli {

namespace {

catalogue::RebuildProgress show_indexing() {
    const auto start = std::chrono::steady_clock::now();
    return [start, last = start, drawn = false](std::int64_t done, std::int64_t of) mutable {
        const auto now = std::chrono::steady_clock::now();
        const double seconds = std::chrono::duration<double>(now - start).count();
        if (done == of && drawn) std::fprintf(stderr, "\n");
        if (done == of || done == 0 || seconds < 2 || now - last < std::chrono::milliseconds(500) || isatty(2) == 0)
            return;
        last = now;
        drawn = true;
        const double rate = static_cast<double>(done) / seconds;
        std::fprintf(stderr, "\r%s\033[K",
                     tr("search.indexing", std::to_string(done), std::to_string(of), fmt::format("{:.0f}", rate),
                        duration_text(static_cast<double>(of - done) / rate))
                         .c_str());
    };
}

} // namespace

Result<int> refresh_index(catalogue::Store& store, const ArchivePaths& paths, bool again) {
    RECTO_ASSIGN(auto index, catalogue::SearchIndex::open(store.database()));
    if (again) RECTO_TRY(index->clear());
    else {
        RECTO_ASSIGN(const bool behind, catalogue::index_is_behind(store, *index));
        if (!behind) return 0;
    }
    RECTO_ASSIGN(const auto done, catalogue::update_index(store, *index, archive_parts(paths), show_indexing()));
    for (const Error& e : done.problems) (void)report_error(e);
    return static_cast<int>(done.problems.size());
}

Result<OpenIndex> open_index(const std::string& archive) {
    OpenIndex out;
    RECTO_ASSIGN(out.store, read_store(archive));
    RECTO_ASSIGN(out.index, catalogue::SearchIndex::open(out.store->database()));
    RECTO_ASSIGN(out.behind, catalogue::index_is_behind(*out.store, *out.index));
    if (!out.behind) return out;
    const ArchivePaths paths(archive);
    const auto lock = ArchiveLock::acquire(paths.lock(), "recto search");
    if (!lock) return out;
    RECTO_ASSIGN(const int problems, refresh_index(*out.store, paths));
    out.behind = problems > 0;
    return out;
}

} // namespace recto::cli
