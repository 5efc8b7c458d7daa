// All treatment of a page together, without reading (one thread, CPU seconds; see docs/PERFORMANCE.md): from the file to a
// bi-level G4 TIFF and a JPEG of quality 85 with their digests, beside the bare kernels that any chain needs, in one run. Usage:
//   bench_chain [--repeat N] [--models DIR] [--json FILE] FOLDER
// FOLDER holds one-image colour scans (*.tif); each is taken as it is and as a JPEG of quality 90 made from it.

#include <tiffio.h>
#include <turbojpeg.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>
#include <numeric>
#include <string>
#include <vector>

#include <fmt/format.h>
#include <nlohmann/json.hpp>
#include <opencv2/imgproc.hpp>

#include "bench/figures.h"
#include "pipeline/core/digest.h"
#include "pipeline/core/memory.h"
#include "pipeline/files/decode.h"
#include "pipeline/files/image_out.h"
#include "stages/registry.h"
#include "stages/treatment/analysis.h"
#include "stages/treatment/bilevel.h"
#include "stages/treatment/streaks.h"
#include "stages/treatment/treatment.h"

using namespace recto;
using namespace recto::bench;
namespace stdfs = std::filesystem;

namespace {

std::string read_whole(const std::string& path) {
    std::ifstream in(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(in), {}};
}

/// CPU seconds by name, in the order of first use.
class Table {
  public:
    template <class F> auto time(const std::string& name, F&& work) {
        const double start = seconds();
        auto result = work();
        add(name, seconds() - start);
        return result;
    }
    void add(const std::string& name, double value) {
        if (!values_.contains(name)) order_.push_back(name);
        values_[name].push_back(value);
    }
    void clear() {
        values_.clear();
        order_.clear();
    }
    [[nodiscard]] nlohmann::json print(const std::string& title) const {
        nlohmann::json out = nlohmann::json::array();
        fmt::print("\n{:<58}{:>9}{:>9}{:>9}{:>7}\n", title, "median", "mean", "most", "pages");
        for (const auto& name : order_) {
            auto v = values_.at(name);
            std::sort(v.begin(), v.end());
            const double mean = std::accumulate(v.begin(), v.end(), 0.0) / static_cast<double>(v.size());
            fmt::print("  {:<56}{:9.3f}{:9.3f}{:9.3f}{:7}\n", name, v[v.size() / 2], mean, v.back(), v.size());
            out.push_back({{"name", name}, {"median", v[v.size() / 2]}, {"mean", mean}, {"most", v.back()}});
        }
        return out;
    }

  private:
    std::map<std::string, std::vector<double>> values_;
    std::vector<std::string> order_;
};

/// What libtiff needs for the pixels alone.
cv::Mat bare_tiff(const std::string& file) {
    TIFF* tiff = TIFFOpen(file.c_str(), "r");
    std::uint32_t width = 0, height = 0, rows = 0;
    std::uint16_t samples = 0;
    if (tiff == nullptr || TIFFGetField(tiff, TIFFTAG_IMAGEWIDTH, &width) == 0 ||
        TIFFGetField(tiff, TIFFTAG_IMAGELENGTH, &height) == 0)
        stop(file + ": no TIFF");
    TIFFGetFieldDefaulted(tiff, TIFFTAG_SAMPLESPERPIXEL, &samples);
    TIFFGetFieldDefaulted(tiff, TIFFTAG_ROWSPERSTRIP, &rows);
    if (samples != 3) stop(file + ": not RGB");
    cv::Mat image(static_cast<int>(height), static_cast<int>(width), CV_8UC3);
    for (std::uint32_t strip = 0; strip < TIFFNumberOfStrips(tiff); ++strip)
        if (TIFFReadEncodedStrip(tiff, strip, image.ptr(static_cast<int>(strip * rows)), -1) < 0)
            stop(file + ": strip not read");
    TIFFClose(tiff);
    return image;
}

cv::Mat bare_jpeg(const std::string& bytes, const cv::Size& size) {
    cv::Mat image(size, CV_8UC3);
    tjhandle jpeg = tjInitDecompress();
    if (tjDecompress2(jpeg, reinterpret_cast<const unsigned char*>(bytes.data()), bytes.size(), image.data, size.width,
                      0, size.height, TJPF_RGB, 0) != 0)
        stop("JPEG not read");
    tjDestroy(jpeg);
    return image;
}

std::string bare_jpeg_out(const cv::Mat& image) {
    tjhandle jpeg = tjInitCompress();
    unsigned char* bytes = nullptr;
    unsigned long size = 0;
    if (tjCompress2(jpeg, image.data, image.cols, static_cast<int>(image.step), image.rows, TJPF_RGB, &bytes, &size,
                    TJSAMP_444, 85, 0) != 0)
        stop("JPEG not written");
    std::string out(reinterpret_cast<char*>(bytes), size);
    tjFree(bytes);
    tjDestroy(jpeg);
    return out;
}

/// Decode, one cvtColor, one turn in colour, a threshold, G4, JPEG, SHA-256: each by its library, nothing decided.
double bare_kernels(Table& table, const std::string& name, const std::string& file, const cv::Mat& decoded,
                    double decode_seconds) {
    const double start = seconds();
    const cv::Mat grey = table.time("cvtColor", [&] {
        cv::Mat out;
        cv::cvtColor(decoded, out, cv::COLOR_RGB2GRAY);
        return out;
    });
    const cv::Mat turned = table.time("warpAffine, bicubic, RGB, 2 degrees", [&] {
        cv::Mat out;
        const cv::Mat turn = cv::getRotationMatrix2D({decoded.cols / 2.0F, decoded.rows / 2.0F}, 2, 1);
        cv::warpAffine(decoded, out, turn, decoded.size(), cv::INTER_CUBIC, cv::BORDER_CONSTANT, cv::Scalar::all(255));
        return out;
    });
    Raster bilevel;
    bilevel.mode = ColourMode::Bilevel;
    bilevel.dpi = {300, 300, DpiSource::File};
    bilevel.pixels = table.time("adaptiveThreshold, mean of 51", [&] {
        cv::Mat out;
        cv::adaptiveThreshold(grey, out, 255, cv::ADAPTIVE_THRESH_MEAN_C, cv::THRESH_BINARY, 51, 15);
        return out;
    });
    const std::string g4 =
        table.time("G4 (libtiff)", [&] { return need(write_tiff(bilevel, TiffCompression::G4, "", "")); });
    const std::string jpeg = table.time("JPEG 85 (libjpeg-turbo)", [&] { return bare_jpeg_out(turned); });
    const double digests = seconds();
    std::string sums;
    const std::string source = read_whole(file);
    for (const std::string* bytes : {&source, &g4, &jpeg}) sums += digest_hex(DigestAlgorithm::Sha256, *bytes);
    table.add("SHA-256 of the scan, the G4 and the JPEG", seconds() - digests);
    const double all = decode_seconds + seconds() - start;
    table.add(name, all);
    return all;
}

struct Pipeline {
    ImageWorker& treatment;
    Table& table;
    Table& turned; ///< The same for pages that were resampled.

    /// The chain of the program for one file, as `recto run` would do it. `label`: a heading for its rows.
    void run(const std::string& file, const std::string& label) {
        std::vector<std::pair<std::string, double>> parts;
        const auto timed = [&](const std::string& name, auto&& work) {
            const double start = seconds();
            auto result = work();
            parts.emplace_back(name, seconds() - start);
            return result;
        };
        const double start = seconds();
        const Source source = timed("probe", [&] { return need(probe_here(file)); });
        const Raster scan = timed("decode", [&] { return need(decode_here(file, 0)); });
        const ImageTreatment treated =
            timed("treat", [&] { return need(treatment.run({source, 0, scan, source.images[0], Limits{}})); });
        if (treated.pages.empty()) stop(file + ": no page");
        const Transform& transform = treated.pages[0].transform;
        Raster page = timed("render", [&] { return need(render(scan, transform)); });
        page.dpi = treated.pages[0].dpi;
        const Raster bilevel = timed("bi-level", [&] { return treat::to_bilevel(page); });
        const std::string g4 = timed("G4", [&] { return need(write_tiff(bilevel, TiffCompression::G4, "", "")); });
        const std::string jpeg = timed("JPEG 85", [&] { return need(write_jpeg(page, 85)); });
        timed("SHA-256", [&] {
            std::string digests;
            const std::string bytes = read_whole(file);
            for (const std::string* b : {&bytes, &g4, &jpeg}) digests += digest_hex(DigestAlgorithm::Sha256, *b);
            return digests;
        });
        parts.emplace_back("all", seconds() - start);
        for (const auto& [name, value] : parts) {
            table.add(label + name, value);
            if (!transform.is_exact()) turned.add(label + name, value);
        }
    }
};

} // namespace

int main(int argc, char** argv) {
    std::string json, folder, models = std::string(RECTO_DEPS_DIR) + "/models";
    int repeat = 3;
    for (int i = 1; i < argc; ++i) {
        const std::string word = argv[i];
        if (word == "--repeat" && i + 1 < argc) repeat = std::atoi(argv[++i]);
        else if (word == "--models" && i + 1 < argc) models = argv[++i];
        else if (word == "--json" && i + 1 < argc) json = argv[++i];
        else folder = word;
    }
    if (folder.empty() || repeat < 1) stop("usage: [--repeat N] [--models DIR] [--json FILE] FOLDER");
    set_up_memory(); // as the program does: it decides what a fresh picture costs
    cv::setNumThreads(1);
    std::vector<std::string> files;
    for (const auto& entry : stdfs::directory_iterator(folder))
        if (entry.path().extension() == ".tif") files.push_back(entry.path().string());
    std::sort(files.begin(), files.end());
    if (files.size() > 24) files.resize(24);
    if (files.empty()) stop(folder + ": no *.tif");

    const Settings settings;
    const auto stage = std::move(make_stages().treatment);
    if (const auto opened = stage->open({&settings, 1, models}); !opened) stop(opened.error().to_string());
    const auto worker = stage->make_worker();
    std::string work = (stdfs::temp_directory_path() / "recto-bench-XXXXXX").string();
    if (mkdtemp(work.data()) == nullptr) stop("cannot make a temporary folder");
    Table bare, chain, turned, parts;
    Pipeline pipeline{*worker, chain, turned};
    for (int round = -1; round < repeat; ++round) { // round -1 warms up; its figures are dropped
        for (const auto& file : files) {
            const Raster scan = need(decode_here(file, 0));
            const std::string jpeg_file = work + "/page.jpg", jpeg = need(write_jpeg(scan, 90));
            std::ofstream(jpeg_file, std::ios::binary) << jpeg;
            double start = seconds();
            const cv::Mat from_tiff = bare_tiff(file);
            const double tiff_seconds = seconds() - start;
            bare.add("LZW TIFF (libtiff)", tiff_seconds);
            start = seconds();
            bare_jpeg(jpeg, from_tiff.size());
            const double jpeg_seconds = seconds() - start;
            bare.add("JPEG 90 (libjpeg-turbo)", jpeg_seconds);
            const double all = bare_kernels(bare, "bare kernels, all, from LZW TIFF", file, from_tiff, tiff_seconds);
            bare.add("bare kernels, all, from JPEG", all - tiff_seconds + jpeg_seconds);
            pipeline.run(file, "LZW TIFF: ");
            pipeline.run(jpeg_file, "JPEG: ");
            const treat::Analysis a = parts.time("analyse", [&] { return treat::analyse(scan, 1); });
            parts.time("find_streaks", [&] { return treat::find_streaks(a.work); });
        }
        if (round < 0)
            for (Table* t : {&bare, &chain, &turned, &parts}) t->clear();
    }
    stdfs::remove_all(work);
    nlohmann::json out = {{"folder", folder}, {"pages", files.size()}, {"repeat", repeat}};
    out["bare"] = bare.print("bare kernels, CPU seconds a page");
    out["chain"] = chain.print("treatment chain, all pages");
    out["chain_turned"] = turned.print("treatment chain, the pages that are turned");
    out["parts"] = parts.print("parts of treatment, by themselves");
    if (!json.empty()) std::ofstream(json) << out.dump(1) << "\n";
    return 0;
}
