// The work of the tasks on files and images: take a file, treat an image.

#include <algorithm>

#include "pipeline/engine/run_state.h"
#include "pipeline/files/image_out.h"
#include "pipeline/files/names.h"

namespace recto {
namespace {} // namespace

void Run::State::take_file(DeliveryState& d, std::size_t f) {
    TreatedFile& file = d.files[f].file;
    const std::string& path = d.plan.files[f];
    const Timer timer;
    auto taken = guarded("intake", [&] { return hooks.take(path, *journal); });
    add_time("intake", timer.cpu_seconds(), timer.wall_seconds(), false);
    if (taken) {
        file.source = std::move(*taken);
        tell({.what = "file.taken", .file = path, .seconds = timer.wall_seconds()});
    } else {
        // What cannot be read is still a file that was delivered: it is named and, beside readable pages, kept.
        file.error = taken.error();
        if (file.error->file.empty()) file.error->file = path;
        file.source.path = path;
        file.source.original_name = decode_name(file_name(path));
        file.source.original_bytes = file.source.original_name;
        file.source.media_type = "application/octet-stream";
        file.source.extension = "bin";
        if (const auto stat = fs->stat(path)) file.source.size = stat->size;
        if (const auto sum = fs->digest(path, DigestAlgorithm::Sha512)) file.source.sha512 = *sum;
        tell_error("file.failed", *file.error);
    }
    file.source.path = path;
}

std::string Run::State::scan_picture(const std::string& treat_key) const {
    return join_path(paths.work, "scans/" + treat_key.substr(0, 2) + "/" + treat_key + ".jpg");
}

/// For the report's "before": made while the pixels are at hand. A picture that cannot be kept costs the report a picture.
void Run::State::keep_scan_picture(const std::string& treat_key, const Raster& raster) {
    constexpr int kSide = 480; // As large as the previews beside which it is shown.
    const std::string path = scan_picture(treat_key);
    if (const auto jpeg = make_thumbnail(raster, kSide); jpeg && fs->make_folders(parent_path(path)))
        (void)fs->write(path, *jpeg);
}

void Run::State::treat_image(DeliveryState& d, std::size_t f, int index, int worker) {
    TakenFile& taken = d.files[f];
    TreatedFile& file = taken.file;
    const auto i = static_cast<std::size_t>(index);
    const ImageInfo& info = file.source.images[i];
    const std::string key = treatment_key(*stages.treatment, settings, file.source.sha512, index);
    taken.treat_keys[i] = key;
    const std::string_view name = stages.treatment->info().name;
    if (auto record = journal->find(key)) {
        try {
            file.treatments[i] = record->get<ImageTreatment>();
            add_time(name, 0, 0, true);
            return;
        } catch (const std::exception&) {
            journal->forget(key); // a record of another shape: done again
        }
    }
    const auto set_error = [&](Error e) {
        if (e.file.empty()) e.file = file.source.path;
        if (e.page == 0) e.page = index + 1;
        if (e.stage.empty()) e.stage = name;
        tell_error("image.failed", e);
        taken.image_errors[i] = std::move(e);
    };
    const StageInfo& stage = stages.treatment->info();
    const auto lease =
        memory->lease(raster_bytes(info) + stage.peak_fixed_bytes +
                          static_cast<std::size_t>(stage.peak_bytes_per_pixel * info.width * info.height),
                      stop.get_token());
    if (stopping()) return;
    const std::string mark = "treat:" + key;
    const bool suspect = journal->suspects().contains(mark);
    while (!journal->begin(mark, file.source.path))
        if (!wait_for_space()) return;
    {
        const std::lock_guard lock(mutex);
        busy[worker] = {std::chrono::steady_clock::now(), file.source.path};
    }
    const Timer whole;
    Result<ImageTreatment> treated = guarded(name, [&]() -> Result<ImageTreatment> {
        if (suspect && hooks.run_alone) {
            RECTO_ASSIGN(const auto json,
                         hooks.run_alone({{"kind", "treat"}, {"source", file.source}, {"index", index}}));
            return json.get<ImageTreatment>();
        }
        const Timer decoding;
        RECTO_ASSIGN(const Raster raster, hooks.decode(file.source, index));
        add_time("decode", decoding.cpu_seconds(), decoding.wall_seconds(), false);
        keep_scan_picture(key, raster);
        auto& bench = benches[static_cast<std::size_t>(worker)];
        if (!bench.treatment) bench.treatment = stages.treatment->make_worker();
        const Limits bounds = limits();
        const Timer timer;
        auto result = bench.treatment->run({file.source, index, raster, info, bounds});
        add_time(name, timer.cpu_seconds(), timer.wall_seconds(), false);
        return result;
    });
    {
        const std::lock_guard lock(mutex);
        busy.erase(worker);
    }
    if (stopping() && !treated) return; // abandoned, not failed
    if (treated) {
        file.treatments[i] = std::move(*treated);
        tell({.level = RunEvent::Level::Debug,
              .what = "image.treated",
              .file = file.source.path,
              .image = index + 1,
              .seconds = whole.wall_seconds()});
        for (;;) {
            const auto put = journal->put(key, name, file.treatments[i]);
            if (put || !is_full(put.error()) || !wait_for_space()) break;
        }
    } else {
        set_error(treated.error());
    }
    journal->end(mark);
    if (suspect) journal->clear_suspect(mark);
}

} // namespace recto
