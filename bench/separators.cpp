// Separator sheets: how many drawn ones are read, what is found on ../shared/data, false alarms, and the time of looking.
// Usage:
//   bench_separators [--shared DIR] [--every N] [--pages N]
// --every N: only every Nth drawn sheet; --pages N: at most N pages of each set for false alarms. One thread.

#include <algorithm>
#include <array>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include <fmt/format.h>
#include <opencv2/core/utility.hpp>

#include "bench/figures.h"
#include "pipeline/files/decode.h"
#include "stages/treatment/analysis.h"
#include "stages/treatment/separator.h"
#include "tests/treatment/codes_support.h"

using namespace recto;
using namespace recto::bench;
using namespace recto::treat;
namespace stdfs = std::filesystem;

namespace {

struct Seen {
    SeparatorSearch search;
    double ms = 0;
};

Seen search(const Raster& raster, int orientation) {
    const Analysis a = analyse(raster, orientation);
    const double dpi = raster.dpi.source == DpiSource::Assumed ? 0 : std::max(raster.dpi.x, raster.dpi.y) / a.factor;
    Seen s;
    const double start = (seconds() * 1e3);
    s.search = find_separator(raster, a, dpi);
    s.ms = (seconds() * 1e3) - start;
    return s;
}

struct Wear {
    const char* name;
    double blur_mm, noise, speckle;
    int paper, ink;
};
constexpr Wear kWear[] = {{"clean", 0, 3, 0, 250, 15},
                          {"blurred", 0.2, 3, 0, 250, 15},
                          {"faint", 0.05, 4, 0, 205, 145},
                          {"speckled", 0.05, 3, 0.02, 240, 30}};

void drawn(int every) {
    std::map<std::string, std::array<int, 3>> table; // sheets, right, reported
    int n = 0;
    double ms = 0;
    for (const char* kind : {"code128", "code39", "qr", "datamatrix", "patch-t"})
        for (const Wear& wear : kWear)
            for (const double dpi : {150.0, 200.0, 300.0, 600.0})
                for (int quarters = 0; quarters < 4; ++quarters)
                    for (const double skew : {-7.0, 0.0, 3.0, 7.0}) {
                        if (n++ % every) continue;
                        test::SheetSpec spec;
                        spec.kind = kind;
                        spec.dpi = dpi;
                        spec.quarters = quarters;
                        spec.skew_deg = skew;
                        spec.blur_mm = wear.blur_mm;
                        spec.noise = wear.noise;
                        spec.speckle = wear.speckle;
                        spec.paper = wear.paper;
                        spec.ink = wear.ink;
                        spec.seed = static_cast<std::uint32_t>(n);
                        const Seen s = search(test::draw_sheet(spec), 1);
                        const bool patch = spec.kind == "patch-t";
                        const bool right =
                            patch ? s.search.separator.kind == "patch-t" : s.search.separator.value == spec.value;
                        ms += s.ms;
                        for (const std::string& key :
                             {fmt::format("{} {}", kind, wear.name), fmt::format("{} at {:.0f} dpi", kind, dpi),
                              std::string("all")}) {
                            auto& row = table[key];
                            ++row[0];
                            row[1] += right;
                            row[2] += !right && s.search.unreadable;
                        }
                        if (!right && s.search.separator.kind.empty())
                            fmt::print("MISSED {} {} {:.0f} dpi turn {} skew {}{}\n", kind, wear.name, dpi, quarters,
                                       skew, s.search.unreadable ? " reported" : "");
                        if (!right && !s.search.separator.kind.empty())
                            fmt::print("WRONG {} {} {:.0f} dpi turn {} skew {}: {} {}\n", kind, wear.name, dpi,
                                       quarters, skew, s.search.separator.kind, s.search.separator.value);
                    }
    for (const auto& [key, row] : table)
        fmt::print("{:<28} {:4} sheets, {:6.2f} % read, {} reported unreadable\n", key, row[0], 100.0 * row[1] / row[0],
                   row[2]);
    fmt::print("mean {:.1f} ms\n", ms / std::max(1, table["all"][0]));
}

/// Matrix codes torn, smeared or written over: those that are not read have to be reported.
void damaged(int every) {
    fmt::print("damaged codes:\n");
    for (const char* kind : {"qr", "datamatrix"})
        for (const char* damage : {"torn", "smeared", "overwritten"}) {
            int sheets = 0, read = 0, reported = 0, wrong = 0;
            for (std::uint32_t seed = 1; seed <= 120; seed += static_cast<std::uint32_t>(every)) {
                test::SheetSpec spec;
                spec.kind = kind;
                spec.damage = damage;
                spec.seed = 7000 + seed;
                spec.damaged = 0.15 + 0.003 * seed;
                spec.module_mm = 0.6 + 0.1 * (seed % 11);
                spec.dpi = seed % 3 == 0 ? 300 : seed % 3 == 1 ? 200 : 150;
                spec.quarters = static_cast<int>(seed % 4);
                spec.skew_deg = static_cast<double>(seed % 15) - 7;
                const SeparatorSearch s = search(test::draw_sheet(spec), 1).search;
                ++sheets;
                if (s.separator.value == spec.value) ++read;
                else if (!s.separator.kind.empty()) ++wrong;
                else reported += s.unreadable;
            }
            fmt::print("  {:<12}{:<12} {:3} sheets, {:3} read, {:3} reported, {:2} unseen, {} wrong\n", kind, damage,
                       sheets, read, reported, sheets - read - reported - wrong, wrong);
        }
}

void paperless(const std::string& shared) {
    std::vector<std::string> files;
    std::error_code error;
    for (const auto& entry : stdfs::directory_iterator(shared + "/sep_paperless", error))
        files.push_back(entry.path().string());
    std::sort(files.begin(), files.end());
    for (const auto& file : files) {
        const auto source = probe_here(file);
        if (!source) continue;
        std::string line;
        for (std::size_t i = 0; i < source->images.size(); ++i) {
            const auto raster = decode_here(file, static_cast<int>(i));
            if (!raster) continue;
            const Seen s = search(*raster, source->images[i].orientation);
            const Separator& sheet = s.search.separator;
            line += sheet.kind.empty() ? s.search.unreadable ? " unreadable" : " -"
                                       : fmt::format(" {}{}", sheet.kind, sheet.value.empty() ? "" : "=" + sheet.value);
            for (const Barcode& b : s.search.codes)
                if (sheet.kind.empty()) line += fmt::format("({}={})", b.kind, b.value);
        }
        fmt::print("  {:<40}{}\n", stdfs::path(file).filename().string(), line);
    }
}

void others(const std::string& shared, int pages) {
    for (const char* set : {"cnocr", "deskew_galfar", "deskew_sbrunner", "dibco_a", "ehri_en_a", "grenzboten_de",
                            "guji_a", "leptonica", "ocrmypdf", "oldbooks_a", "orient_tesseractjs", "quad_known",
                            "skew_known", "sroie_a", "tess_test", "unpaper"}) {
        std::vector<std::string> files;
        std::error_code error;
        for (const auto& entry : stdfs::recursive_directory_iterator(shared + "/" + set, error))
            if (entry.is_regular_file() && entry.path().extension() != ".txt") files.push_back(entry.path().string());
        std::sort(files.begin(), files.end());
        std::vector<double> times;
        int alarms = 0;
        for (const auto& file : files) {
            const auto source = probe_here(file);
            if (!source) continue;
            for (std::size_t i = 0; i < source->images.size() && static_cast<int>(times.size()) < pages; ++i) {
                const auto raster = decode_here(file, static_cast<int>(i));
                if (!raster) continue;
                const Seen s = search(*raster, source->images[i].orientation);
                times.push_back(s.ms);
                if (s.ms > 60) fmt::print("  slow {:.0f} ms {}\n", s.ms, file);
                std::string codes;
                for (const Barcode& b : s.search.codes) codes += fmt::format(" {}={}", b.kind, b.value);
                if (s.search.separator.kind.empty() && !s.search.unreadable && codes.empty()) continue;
                ++alarms;
                fmt::print("  alarm {} {}: {}{}{}\n", file, i, s.search.separator.kind,
                           s.search.unreadable ? "unreadable" : "", codes);
            }
        }
        if (times.empty()) continue;
        std::sort(times.begin(), times.end());
        double sum = 0;
        for (const double t : times) sum += t;
        fmt::print("{:<20} {:3} pages, {} alarms, median {:.2f} ms, mean {:.2f} ms, most {:.1f} ms\n", set,
                   times.size(), alarms, times[times.size() / 2], sum / static_cast<double>(times.size()),
                   times.back());
        std::fflush(stdout);
    }
}

} // namespace

int main(int argc, char** argv) {
    std::string shared = "../shared/data";
    int every = 1, pages = 1000;
    for (int i = 1; i + 1 < argc; i += 2) {
        const std::string word = argv[i];
        if (word == "--shared") shared = argv[i + 1];
        else if (word == "--every") every = std::max(1, std::atoi(argv[i + 1]));
        else if (word == "--pages") pages = std::atoi(argv[i + 1]);
    }
    cv::setNumThreads(1);
    paperless(shared);
    drawn(every);
    damaged(every);
    others(shared, pages);
    return 0;
}
