// Skew of pages by ours and by Leptonica, and the same pages as files for the peers in Python (bench/deskew_peers.py). Usage:
//   bench_deskew_peers --out DIR [--shared DIR] [--pages N] [--seed N]
// DIR receives pages.json: of each page its file, exact skew and what was found, in how many CPU milliseconds, from grey pixels
// in memory to the angle. Drawn pages (A4, 300 dpi) are written there as PNG; scans of skew_known are named where they lie.

#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <leptonica/allheaders.h>
#include <memory>
#include <string>

#include <nlohmann/json.hpp>
#include <opencv2/core/utility.hpp>

#include "bench/drawn_skew.h"
#include "bench/figures.h"
#include "pipeline/files/decode.h"
#include "pipeline/files/image_out.h"
#include "stages/treatment/analysis.h"
#include "stages/treatment/deskew.h"
#include "tests/treatment/pages_support.h"

using namespace recto;
using namespace recto::bench;
namespace stdfs = std::filesystem;

namespace {

struct DestroyPix {
    void operator()(Pix* p) const { pixDestroy(&p); }
};
using PixPointer = std::unique_ptr<Pix, DestroyPix>;

PixPointer to_pix(const cv::Mat& grey) {
    PixPointer pix(pixCreate(grey.cols, grey.rows, 8));
    for (int y = 0; y < grey.rows; ++y) {
        l_uint32* line = pixGetData(pix.get()) + static_cast<std::ptrdiff_t>(y) * pixGetWpl(pix.get());
        for (int x = 0; x < grey.cols; ++x) SET_DATA_BYTE(line, x, grey.at<std::uint8_t>(y, x));
    }
    return pix;
}

/// Leptonica's own way of pixDeskew(): a threshold of 130, then sweep and search; `range` in degrees.
nlohmann::json by_leptonica(Pix* grey, float range) {
    const double start = (seconds() * 1e3);
    const PixPointer bits(pixConvertTo1(grey, 130));
    l_float32 angle = 0, confidence = 0;
    // An angle of 0 and no confidence is its answer where it finds none.
    pixFindSkewSweepAndSearch(bits.get(), &angle, &confidence, 4, 2, range, 1, 0.01F);
    return {{"angle", -angle}, {"sure", confidence >= 3}, {"ms", (seconds() * 1e3) - start}};
}

nlohmann::json ours(const Raster& raster) {
    const double start = (seconds() * 1e3);
    const treat::Analysis a = treat::analyse(raster, 1);
    const treat::SkewEstimate e = treat::estimate_skew(treat::normalised_ink(a.ink), 15);
    return {{"angle", e.angle_deg}, {"sure", e.confidence >= treat::kSureSkew}, {"ms", (seconds() * 1e3) - start}};
}

nlohmann::json measure(Raster raster, const std::string& set, const std::string& file, double truth) {
    raster.pixels = to_grey(raster);
    if (raster.mode == ColourMode::Colour) raster.mode = ColourMode::Grey;
    const PixPointer pix = to_pix(raster.pixels);
    return {{"set", set},
            {"file", file},
            {"truth", truth},
            {"found",
             {{"Recto", ours(raster)},
              {"Leptonica pixFindSkew (range 7)", by_leptonica(pix.get(), 7)},
              {"Leptonica, range 15", by_leptonica(pix.get(), 15)}}}};
}

} // namespace

int main(int argc, char** argv) {
    std::string out, shared = "../shared/data";
    int pages = 120;
    unsigned seed = 51;
    for (int i = 1; i + 1 < argc; i += 2) {
        const std::string word = argv[i];
        if (word == "--out") out = argv[i + 1];
        else if (word == "--shared") shared = argv[i + 1];
        else if (word == "--pages") pages = std::atoi(argv[i + 1]);
        else if (word == "--seed") seed = static_cast<unsigned>(std::atoi(argv[i + 1]));
    }
    if (out.empty()) {
        std::fprintf(stderr, "usage: bench_deskew_peers --out DIR [--shared DIR] [--pages N] [--seed N]\n");
        return 64;
    }
    cv::setNumThreads(1);
    setMsgSeverity(L_SEVERITY_NONE);
    stdfs::create_directories(out);
    nlohmann::json list = nlohmann::json::array();
    bench::DrawnSkew drawn(seed);
    for (int i = 0; i < pages; ++i) {
        const test::PageSpec spec = drawn.next();
        const test::DrawnPage page = test::draw_page(spec);
        const std::string file = out + "/" + std::to_string(i) + ".png";
        const auto bytes = write_png(page.raster, 1);
        if (!bytes) return 1;
        std::ofstream(file, std::ios::binary) << *bytes;
        list.push_back(measure(page.raster, "drawn", file, spec.angle_deg));
    }
    for (const auto& row : test::read_csv(shared + "/skew_known/manifest.csv")) {
        const std::string file = shared + "/skew_known/" + row[0];
        const auto raster = decode_here(file, 0);
        if (!raster) continue;
        list.push_back(measure(*raster, "skew_known", file, std::stod(row[1])));
        list.back()["source"] = row[7]; // several scans are turned from one page
    }
    std::ofstream(out + "/pages.json") << list.dump(1) << "\n";
    return 0;
}
