#include "cli/item_report.h"

#include <algorithm>

#include <fmt/format.h>
#include <sys/stat.h>

#include "amend/amend.h"
#include "cli/archive_access.h"
#include "cli/cli.h"
#include "pipeline/core/clock.h"
#include "pipeline/files/decode.h"
#include "pipeline/files/image_out.h"
#include "review/report.h"
#include "stages/registry.h"

namespace recto::cli {
namespace {

constexpr int kSide = 480; ///< Of the pictures, pixels, as in the report of a run.

/// Makes the report's view of stored items. Not thread-safe.
class Maker {
  public:
    Maker(OcflStore& store, std::string work, const Settings& settings)
        : fs_(posix_file_system()), store_(store), work_(std::move(work)), decoder_(program_path(), 1),
          context_{&settings, 1, {}}, stages_(make_stages()) {}

    Result<void> open() {
        for (auto& stage : stages_.pages)
            if (stage->info().work_only) {
                RECTO_TRY(stage->open(context_));
                workers_[std::string(stage->info().name)] = stage->make_worker();
            }
        return {};
    }

    Result<ItemReport> item(const std::string& id) {
        RECTO_ASSIGN(amend::StoredItem stored, amend::load_item(*fs_, store_, id));
        const Item& item = stored.item;
        ItemReport out;
        out.id = id;
        out.reference_code = item.reference_code;
        out.name = item.display_name();
        if (const Field* title = item.field("title")) out.title = title->as_written;
        out.state = item.held ? "held" : "stored";
        out.reason = item.held_reason;
        out.object_path = stored.state.path;
        out.version = "v" + std::to_string(stored.state.head);
        out.expected_pages = item.expected_pages;
        out.counted_pages = item.counted_pages();
        out.findings = item.findings;
        for (const Page& page : item.pages) out.pages.push_back(page_report(stored, page));
        return out;
    }

  private:
    PageReport page_report(const amend::StoredItem& stored, const Page& page) {
        const auto source = static_cast<std::size_t>(page.image.source);
        PageReport row = recto::page_report(stored.item, page);
        // A picture that cannot be made costs the report a picture, nothing else.
        row.scan_picture = scan_picture(stored, master_logical_path(stored.item, source), page);
        work_on(stored, page, row);
        return row;
    }

    std::string scan_picture(const amend::StoredItem& stored, const std::string& logical, const Page& page) {
        const auto path = store_.content_path(stored.state, logical);
        if (!path) return {};
        const auto raster = decoder_.decode(*path, page.image.index);
        if (!raster) return {};
        const auto jpeg = make_thumbnail(*raster, kSide);
        std::string picture = join_path(work_, page.id.to_string() + "-scan.jpg");
        if (!jpeg || !fs_->write(picture, *jpeg)) return {};
        return picture;
    }

    /// The stages that work for reports, on the stored image of the page and its stored words.
    void work_on(const amend::StoredItem& stored, const Page& page, PageReport& row) {
        const std::string beginning = fmt::format("preservation/{:04}.", page.order);
        const auto file = stored.state.files.lower_bound(beginning);
        if (file == stored.state.files.end() || !file->first.starts_with(beginning)) return;
        const auto path = store_.content_path(stored.state, file->first);
        if (!path) return;
        const auto raster = decoder_.decode(*path, 0);
        if (!raster) return;
        std::map<std::string, nlohmann::json> results{{"reading", page.text}};
        const Limits limits;
        for (auto& [name, worker] : workers_) {
            const std::string folder = join_path(work_, page.id.to_string() + "-" + name);
            if (!fs_->make_folders(folder)) continue;
            if (auto result = worker->run({stored.item, page, *raster, folder, results, limits}))
                row.work_results[name] = std::move(*result);
        }
    }

    std::shared_ptr<FileSystem> fs_;
    OcflStore& store_;
    std::string work_;
    Decoder decoder_;
    StageContext context_;
    StageList stages_;
    std::map<std::string, std::unique_ptr<PageWorker>> workers_;
};

} // namespace

Result<std::string> write_item_report(const std::string& archive, const std::vector<std::string>& items,
                                      const std::string& folder, const Settings& settings) {
    const auto fs = posix_file_system();
    RECTO_ASSIGN(const ArchiveConfig config, look_at_archive(archive));
    const ArchivePaths paths(archive);
    OcflStore store(fs, paths.storage());
    RECTO_TRY(store.open());
    RECTO_ASSIGN(const auto index, read_index(*fs, paths));
    std::vector<std::string> wanted;
    for (const std::string& name : items) {
        const auto row =
            std::ranges::find_if(index, [&](const IndexRow& r) { return r.id == name || r.reference_code == name; });
        if (row == index.end()) return fail("amend.no_item", name, archive);
        wanted.push_back(row->id);
    }
    if (items.empty())
        for (const IndexRow& row : index) wanted.push_back(row.id);

    RECTO_TRY(fs->make_folders(folder));
    (void)::chmod(folder.c_str(), 0750); // names and texts of records: not for everybody
    const std::string work = join_path(folder, ".pictures");
    RECTO_TRY(fs->remove_tree(work));
    RECTO_TRY(fs->make_folders(work));
    Maker maker(store, work, settings);
    RECTO_TRY(maker.open());
    RunReport run;
    run.run_id = "report";
    run.started = run.ended = rfc3339(default_clock()->now());
    for (const std::string& id : wanted) {
        RECTO_ASSIGN(ItemReport item, maker.item(id));
        run.pages += static_cast<int>(item.pages.size());
        run.items.push_back(std::move(item));
    }
    auto written = write_report(*fs, folder, run, {archive, config.name.empty() ? config.code : config.name, {}, {}});
    (void)fs->remove_tree(work);
    return written;
}

} // namespace recto::cli
