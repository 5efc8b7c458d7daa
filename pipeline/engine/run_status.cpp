// What a run says of itself while it goes on.

#include "pipeline/engine/run_status.h"

#include <algorithm>

#include "pipeline/engine/run_state.h"

namespace recto {

void Run::State::tell_error(std::string_view what, const Error& error, const Item* item, const Page* page) {
    RunEvent event{.level = RunEvent::Level::Error,
                   .what = what,
                   .file = error.file,
                   .image = error.page,
                   .stage = error.stage,
                   .code = error.code,
                   .reason = error.reason};
    if (item) event.item = item->id.to_string();
    if (item) event.reference_code = item->reference_code;
    if (page) event.page = page->id.to_string();
    tell(event);
}

RunStatus Run::State::status() const {
    RunStatus out;
    {
        const std::lock_guard lock(mutex);
        out = tally;
        out.files = report.files;
        out.images = report.images;
        out.pages_reused = report.pages_reused;
        for (const auto& e : report.errors) ++out.errors[e.code];
        for (const auto& [name, t] : times) out.stages.push_back(t);
    }
    out.files_taken = files_taken;
    out.images_treated = progress.images_treated;
    out.pages = progress.pages_known;
    out.pages_done = progress.pages_done;
    out.pages_failed = progress.pages_failed;
    out.left = {std::max(0, out.files - out.files_taken), std::max(0, out.images - out.images_treated),
                std::max(0, out.pages - out.pages_done), std::max(0, progress.items_known - progress.items_done)};
    constexpr std::array<const char*, 4> kQueues{"treat", "join", "read_permanent", "read"};
    const std::lock_guard lock(pool_mutex);
    if (cpu)
        for (std::size_t q = 0; q < kQueues.size(); ++q) {
            const auto waiting_tasks = cpu->waiting(static_cast<Priority>(q));
            out.queues.push_back({kQueues[q], waiting_tasks.length, waiting_tasks.oldest_seconds});
        }
    if (io) {
        const auto first = io->waiting(Priority::Treat), last = io->waiting(Priority::Join);
        out.queues.push_back(
            {"files", first.length + last.length, std::max(first.oldest_seconds, last.oldest_seconds)});
    }
    return out;
}

} // namespace recto
