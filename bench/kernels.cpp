// Time of each kernel of a page against its budget (one thread, CPU seconds; see docs/PERFORMANCE.md). Usage:
//   bench_kernels [--repeat N] [--models DIR] [--json FILE] FOLDER...
// Each FOLDER holds one-image scans (*.tif, taken as one item, 24 at most); each gets a table. Every kernel is the
// function or stage that `recto run` calls, with default settings, on pages that are already in the page cache.

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <numeric>
#include <omp.h>
#include <string>
#include <vector>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "bench/figures.h"
#include "pipeline/core/digest.h"
#include "pipeline/core/memory.h"
#include "pipeline/files/decode.h"
#include "pipeline/files/file_system.h"
#include "pipeline/files/image_out.h"
#include "pipeline/files/ocfl.h"
#include "stages/describe/describe.h"
#include "stages/encode/encode.h"
#include "stages/preview/preview.h"
#include "stages/reading/reading.h"
#include "stages/registry.h"
#include "stages/treatment/treatment.h"

using namespace recto;
using namespace recto::bench;
namespace stdfs = std::filesystem;

namespace {

/// One kernel: CPU seconds of each call, divided by the pages it did.
struct Kernel {
    std::string name;
    std::string budget; ///< Which row of the budget table it counts for; empty: for information.
    std::vector<double> values;

    /// Runs `work` and notes its time. `whole_process`: OpenVINO computes on threads of its own.
    template <class F> auto time(F&& work, int pages = 1, bool whole_process = false) {
        const clockid_t clock = whole_process ? CLOCK_PROCESS_CPUTIME_ID : CLOCK_THREAD_CPUTIME_ID;
        const double start = seconds(clock);
        auto result = work();
        values.push_back((seconds(clock) - start) / pages);
        return result;
    }
    [[nodiscard]] double mean() const {
        return values.empty() ? 0
                              : std::accumulate(values.begin(), values.end(), 0.0) / static_cast<double>(values.size());
    }
    [[nodiscard]] double at(double share) const {
        if (values.empty()) return 0;
        auto sorted = values;
        std::sort(sorted.begin(), sorted.end());
        return sorted[static_cast<std::size_t>(share * static_cast<double>(sorted.size() - 1) + 0.5)];
    }
};

/// The budget of a page: CPU seconds, one thread. Decoding counts once, as in the budget; a run decodes twice.
struct Budget {
    const char* name;
    double cpu_seconds;
};
constexpr Budget kBudgets[] = {
    {"decode", 0.12}, {"treat", 0.20}, {"read", 0.50}, {"render, encode, digest", 0.10}, {"store, ALTO, PDF", 0.08}};

struct NoCatalogue final : CatalogueView {
    const std::map<std::string, std::string>* find(std::string_view) const override { return nullptr; }
};

nlohmann::json measure(const std::string& folder, int repeat, const std::string& models) {
    std::vector<std::string> files;
    for (const auto& entry : stdfs::directory_iterator(folder))
        if (entry.path().extension() == ".tif") files.push_back(entry.path().string());
    std::sort(files.begin(), files.end());
    if (files.size() > 24) files.resize(24);
    if (files.empty()) stop(folder + ": no *.tif");

    const Settings settings;
    const auto fs = posix_file_system();
    const StageContext context{&settings, 1, models};
    const auto treatment = std::move(make_stages().treatment);
    const auto preview = make_preview_stage();
    const auto encode = make_encode_stage();
    const auto describe = make_describe_stage();
    const auto item_files = make_item_files_stage();
    for (Stage* s :
         {static_cast<Stage*>(treatment.get()), static_cast<Stage*>(preview.get()), static_cast<Stage*>(encode.get()),
          static_cast<Stage*>(describe.get()), static_cast<Stage*>(item_files.get())})
        need(s->open(context));
    const auto reader = need(TextReader::open(context));
    const auto treat_worker = treatment->make_worker();
    const auto preview_worker = preview->make_worker();
    const auto encode_worker = encode->make_worker();

    Kernel digest{"SHA-512 of the scan", kBudgets[3].name, {}}, probe{"probe", kBudgets[0].name, {}};
    Kernel decode{"decode", kBudgets[0].name, {}}, treat{"treat", kBudgets[1].name, {}},
        read{"read", kBudgets[2].name, {}};
    Kernel rendering{"render", kBudgets[3].name, {}},
        encoding{"encode stage (default: JPEG 90, JPEG 80 at 200 dpi)", kBudgets[3].name, {}};
    Kernel previewing{"preview", kBudgets[3].name, {}};
    Kernel jpeg{"  JPEG 90, full page", "", {}}, tiff{"  TIFF LZW, full page (profile choice)", "", {}};
    Kernel records{"describe", kBudgets[4].name, {}}, writing{"PDF, ALTO, METS, ... of the item", kBudgets[4].name, {}};
    Kernel storing{"store (OCFL version, synced)", kBudgets[4].name, {}};

    std::string work = (stdfs::temp_directory_path() / "recto-bench-XXXXXX").string();
    if (!mkdtemp(work.data())) stop("cannot make a temporary folder");
    std::string engine;
    for (int round = -1; round < repeat; ++round) { // round -1 warms caches and networks up; its figures are dropped
        Item item;
        item.id = Uuid::from_name(Uuid::recto_space(), folder);
        item.provisional_name = "bench";
        const Limits limits;
        const std::map<std::string, nlohmann::json> none;
        std::vector<StagedFile> staged;
        for (const auto& file : files) {
            Source source = need(probe.time([&] { return probe_here(file); }));
            source.path = file;
            source.original_name = source.original_bytes = stdfs::path(file).filename().string();
            source.size = stdfs::file_size(file);
            source.sha512 = need(digest.time([&] { return fs->digest(file, DigestAlgorithm::Sha512); }));
            item.sources.push_back(source);
            const Raster scan = need(decode.time([&] { return decode_here(file, 0); }));
            const ImageTreatment treated =
                need(treat.time([&] { return treat_worker->run({source, 0, scan, source.images[0], limits}); }));
            if (treated.pages.empty()) stop(file + ": no page");
            Page page;
            page.image = {static_cast<int>(item.sources.size()) - 1, 0};
            page.serial = page.order = page.image.source + 1;
            page.id = Uuid::from_name(item.id, std::to_string(page.order));
            page.treatment = treated.pages[0];
            Raster image = need(rendering.time([&] { return render(scan, page.treatment.transform); }));
            image.dpi = page.treatment.dpi;
            page.text = need(read.time([&] { return reader->read(image, limits); }, 1, true));
            engine = page.text.engine;
            const std::string page_folder = fmt::format("{}/{}", work, page.order);
            stdfs::create_directories(page_folder);
            need(previewing.time([&] { return preview_worker->run({item, page, image, page_folder, none, limits}); }));
            page.encoded =
                need(encoding.time([&] { return encode_worker->run({item, page, image, page_folder, none, limits}); }));
            need(jpeg.time([&] { return write_jpeg(image, 90); }));
            if (round <= 0) need(tiff.time([&] { return write_tiff(image, TiffCompression::Lzw, "bench", ""); }));
            item.pages.push_back(page);
        }
        const int pages = static_cast<int>(item.pages.size());
        const std::string staging = work + "/item";
        stdfs::create_directories(staging);
        const NoCatalogue catalogue;
        const auto clock = default_clock();
        const nlohmann::json provenance = {{"agent", "recto bench"},
                                           {"settings", nlohmann::json::object()},
                                           {"models", nlohmann::json::object()},
                                           {"repository", {{"code", "bench"}, {"name", "bench"}}},
                                           {"fonds", nlohmann::json::array()}};
        ItemInput in{item, catalogue, staging, staged, *clock, limits, provenance};
        need(records.time([&] { return describe->run(in); }, pages));
        need(writing.time([&] { return item_files->run(in); }, pages));
        std::vector<OcflFile> content;
        for (std::size_t i = 0; i < item.sources.size(); ++i)
            content.push_back({master_logical_path(item, i), item.sources[i].path, item.sources[i].sha512, true});
        for (const auto& f : staged) content.push_back({f.logical_path, f.staged_path, f.sha512, false});
        OcflStore store(fs, work + "/storage");
        need(store.create());
        need(store.open());
        need(storing.time(
            [&] {
                return store.put("urn:uuid:" + item.id.to_string(), content,
                                 {rfc3339(clock->now()), "bench", "bench", "mailto:bench@localhost"});
            },
            pages));
        stdfs::remove_all(work);
        stdfs::create_directories(work);
        if (round < 0)
            for (Kernel* k : {&digest, &probe, &decode, &treat, &read, &rendering, &encoding, &previewing, &jpeg, &tiff,
                              &records, &writing, &storing})
                k->values.clear();
    }
    stdfs::remove_all(work);

    nlohmann::json out = {{"folder", folder},
                          {"pages", files.size()},
                          {"repeat", repeat},
                          {"engine", engine},
                          {"kernels", nlohmann::json::array()},
                          {"budget", nlohmann::json::array()}};
    fmt::print("\n{}: {} pages, {} rounds, {}\n{:<52}{:>9}{:>9}{:>9}{:>9}\n", folder, files.size(), repeat, engine,
               "CPU seconds a page", "median", "mean", "most", "budget");
    double all = 0, all_mean = 0, whole_budget = 0;
    for (const Budget& budget : kBudgets) {
        double sum = 0, mean = 0;
        for (const Kernel* k : {&probe, &decode, &treat, &read, &rendering, &encoding, &jpeg, &tiff, &previewing,
                                &digest, &records, &writing, &storing}) {
            const bool detail = k->budget.empty() && std::string_view(budget.name).starts_with("render");
            if (k->budget != budget.name && !detail) continue;
            if (!detail) {
                sum += k->at(0.5);
                mean += k->mean();
            }
            fmt::print("  {:<50}{:9.3f}{:9.3f}{:9.3f}\n", k->name, k->at(0.5), k->mean(), k->at(1));
            out["kernels"].push_back({{"name", k->name},
                                      {"budget", k->budget},
                                      {"median", k->at(0.5)},
                                      {"mean", k->mean()},
                                      {"most", k->at(1)}});
        }
        fmt::print("{:<52}{:9.3f}{:9.3f}{:>9}{:9.2f}{}\n", budget.name, sum, mean, "", budget.cpu_seconds,
                   sum > budget.cpu_seconds || mean > budget.cpu_seconds ? "  over" : "");
        out["budget"].push_back(
            {{"name", budget.name}, {"median", sum}, {"mean", mean}, {"budget", budget.cpu_seconds}});
        all += sum;
        all_mean += mean;
        whole_budget += budget.cpu_seconds;
    }
    fmt::print("{:<52}{:9.3f}{:9.3f}{:>9}{:9.2f}\n", "all (a run decodes once more: + decode)", all, all_mean, "",
               whole_budget);
    std::fflush(stdout);
    return out;
}

} // namespace

int main(int argc, char** argv) {
    set_up_memory(); // as the program does: it decides what a fresh picture costs
    cv::setNumThreads(1);
    omp_set_num_threads(1);

    int repeat = 3;
    std::string models = RECTO_DEPS_DIR "/models", json;
    std::vector<std::string> folders;
    for (int i = 1; i < argc; ++i) {
        const std::string_view arg = argv[i];
        const bool more = i + 1 < argc;
        if (arg == "--repeat" && more) repeat = std::max(1, std::atoi(argv[++i]));
        else if (arg == "--models" && more) models = argv[++i];
        else if (arg == "--json" && more) json = argv[++i];
        else if (!arg.starts_with("-")) folders.emplace_back(arg);
        else stop("unknown argument " + std::string(arg));
    }
    if (folders.empty()) stop("usage: bench_kernels [--repeat N] [--models DIR] [--json FILE] FOLDER...");
    nlohmann::json all = {{"schema", 1}, {"folders", nlohmann::json::array()}};
    for (const auto& folder : folders) all["folders"].push_back(measure(folder, repeat, models));
    if (!json.empty()) std::ofstream(json) << all.dump(1) << '\n';
    return 0;
}
