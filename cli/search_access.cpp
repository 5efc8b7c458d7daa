#include "cli/search_access.h"

#include "catalogue/search_update.h"
#include "cli/cli.h"
#include "cli/count_progress.h"
#include "cli/store_access.h"

namespace recto::cli {

Result<int> refresh_index(catalogue::Store& store, const ArchivePaths& paths, bool again) {
    RECTO_ASSIGN(auto index, catalogue::SearchIndex::open(store.database()));
    if (again) RECTO_TRY(index->clear());
    else {
        RECTO_ASSIGN(const bool behind, catalogue::index_is_behind(store, *index));
        if (!behind) return 0;
    }
    RECTO_ASSIGN(const auto done,
                 catalogue::update_index(store, *index, archive_parts(paths), show_counts("search.indexing")));
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
