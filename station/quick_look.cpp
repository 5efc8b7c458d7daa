#include "station/quick_look.h"

#include "pipeline/engine/run.h"

#ifdef _OPENMP
#include <omp.h>
#endif

namespace recto::station {

QuickLook::QuickLook(std::shared_ptr<FileSystem> fs, Decoder& decoder, std::unique_ptr<Journal> records, Take take,
                     int threads)
    : fs_(std::move(fs)), decoder_(decoder), records_(std::move(records)), take_(std::move(take)) {
    for (int t = 0; t < threads; ++t)
        threads_.emplace_back([this](std::stop_token stop) {
#ifdef _OPENMP
            omp_set_num_threads(1);
#endif
            work(stop);
        });
}

QuickLook::~QuickLook() {
    for (auto& t : threads_) t.request_stop();
    ready_.notify_all();
    threads_.clear();
}

void QuickLook::submit(LookRequest request) {
    {
        const std::lock_guard lock(mutex_);
        queue_.push_back(std::move(request));
        ++under_way_;
    }
    ready_.notify_one();
}

std::vector<LookResult> QuickLook::results() {
    const std::lock_guard lock(mutex_);
    under_way_ -= results_.size();
    return std::move(results_);
}

std::size_t QuickLook::under_way() {
    const std::lock_guard lock(mutex_);
    return under_way_;
}

void QuickLook::work(std::stop_token stop) {
    for (;;) {
        LookRequest request;
        {
            std::unique_lock lock(mutex_);
            if (!ready_.wait(lock, stop, [&] { return !queue_.empty(); })) return;
            if (stop.stop_requested()) return;
            request = std::move(queue_.front());
            queue_.pop_front();
        }
        LookResult result;
        try {
            result = look(request);
        } catch (const std::exception& e) {
            result.request = request;
            result.error = Error{"run.exception", e.what(), request.path, 0, "watch", true};
        }
        {
            const std::lock_guard lock(mutex_);
            results_.push_back(std::move(result));
        }
        if (on_result) on_result();
    }
}

LookResult QuickLook::look(LookRequest request) {
    LookResult out;
    out.request = request;
    auto source = take_(request.path, request.capture);
    if (const auto stat = fs_->stat(request.mark); stat && stat->exists) {
        out.suspect = true;
        if (source) out.sha512 = source->sha512;
        return out;
    }
    if (!source) {
        out.error = source.error();
        if (const auto sum = fs_->digest(request.path, DigestAlgorithm::Sha512)) out.sha512 = *sum;
        return out;
    }
    out.sha512 = source->sha512;
    std::unique_ptr<ImageWorker> worker;
    std::size_t failed = 0;
    for (int i = 0; i < static_cast<int>(source->images.size()); ++i) {
        const ImageInfo& info = source->images[static_cast<std::size_t>(i)];
        std::vector<Finding> findings = info.findings;
        ImageTreatment treated;
        const std::string key = treatment_key(*request.treatment, *request.settings, source->sha512, i);
        bool known = false;
        if (const auto record = records_->find(key)) {
            try {
                treated = record->get<ImageTreatment>();
                known = true;
            } catch (const std::exception&) { // of another shape: done again
            }
        }
        if (!known) {
            (void)fs_->write(request.mark, "");
            const auto done = [&]() -> Result<ImageTreatment> {
                RECTO_ASSIGN(const Raster raster, decoder_.decode(request.path, i));
                if (!worker) worker = request.treatment->make_worker();
                const Limits limits{
                    std::chrono::steady_clock::now() + std::chrono::seconds(request.settings->get(kPageTimeLimit)), {}};
                return worker->run({*source, i, raster, info, limits});
            }();
            (void)fs_->remove(request.mark);
            if (done) {
                treated = *done;
                (void)records_->put(key, request.treatment->info().name, treated);
            } else {
                ++failed;
                out.error = done.error();
                findings.push_back({done.error().code, Severity::Rescan, {done.error().reason}, false, {}});
            }
        }
        findings.insert(findings.end(), treated.findings.begin(), treated.findings.end());
        for (const auto& page : treated.pages)
            findings.insert(findings.end(), page.findings.begin(), page.findings.end());
        out.images.push_back(std::move(treated));
        out.findings.push_back(std::move(findings));
    }
    // Of a file with many images one that is damaged is a page to scan again; the file is taken.
    if (failed < source->images.size()) out.error.reset();
    return out;
}

} // namespace recto::station
