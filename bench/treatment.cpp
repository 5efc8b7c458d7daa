// How well and how fast pages are treated: skew, page edge, orientation, binarization, separators, and the time of it all.
// Usage:
//   bench_treatment [--shared DIR] [--broken DIR] [--pages N] [--seed N] [--json FILE] [--only PART]
// Sets below DIR (default ../shared/data) that are absent are said to be so. Drawn pages have exact truth and other seeds
// than the tests'. One thread; times are of that thread. One file because every part is a few lines over the same sets and sums.

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <map>
#include <string>
#include <vector>

#include <fmt/format.h>
#include <nlohmann/json.hpp>
#include <opencv2/core/utility.hpp>
#include <opencv2/imgproc.hpp>

#include "bench/drawn_skew.h"
#include "bench/figures.h"
#include "pipeline/files/decode.h"
#include "stages/orientation.h"
#include "stages/treatment/analysis.h"
#include "stages/treatment/bilevel.h"
#include "stages/treatment/deskew.h"
#include "stages/treatment/orient.h"
#include "stages/treatment/page_edge.h"
#include "stages/treatment/page_frame.h"
#include "stages/treatment/treatment.h"
#include "tests/treatment/pages_support.h"
#include "tests/treatment/white_bed_support.h"
#include "tests/treatment/worn_page.h"

using namespace recto;
using namespace recto::bench;
using namespace recto::treat;
namespace stdfs = std::filesystem;

namespace {

class Bench {
  public:
    /// `broken`: a folder of pages with broken print (bench/chinese_pages.py).
    Bench(std::string shared, std::string broken, int pages, unsigned seed)
        : shared_(std::move(shared)), broken_(std::move(broken)), pages_(pages), seed_(seed) {}

    /// `only`: name of the one part to run; empty for all.
    void run(const std::string& only) {
        const std::vector<std::pair<std::string, void (Bench::*)()>> parts = {
            {"skew_drawn", &Bench::skew_drawn},
            {"skew_known", &Bench::skew_known},
            {"quads", &Bench::quads},
            {"white_beds", &Bench::white_beds},
            {"targets", &Bench::targets},
            {"orientation", &Bench::orientation},
            {"worn_orientation", &Bench::worn_orientation},
            {"broken_orientation", &Bench::broken_orientation},
            {"binarization", &Bench::binarization},
            {"separators", &Bench::separators}};
        for (const auto& [name, part] : parts)
            if (only.empty() || only == name) (this->*part)();
    }
    [[nodiscard]] const nlohmann::json& results() const { return results_; }

  private:
    /// Files of a set, sorted; empty, and said, when it is absent.
    std::vector<std::string> files(const std::string& set, const std::vector<std::string>& endings) {
        auto out = files_in(shared_ + "/" + set, endings);
        if (out.empty()) fmt::print("{:<34} absent\n", set);
        return out;
    }
    static std::vector<std::string> files_in(const std::string& folder, const std::vector<std::string>& endings) {
        std::vector<std::string> out;
        std::error_code error;
        for (const auto& entry : stdfs::directory_iterator(folder, error))
            for (const auto& ending : endings)
                if (entry.path().string().ends_with(ending)) out.push_back(entry.path().string());
        std::sort(out.begin(), out.end());
        return out;
    }
    void say(const std::string& name, const std::string& line, nlohmann::json values) {
        fmt::print("{:<34} {}\n", name, line);
        std::fflush(stdout);
        results_[name] = std::move(values);
    }

    void skew_drawn() {
        bench::DrawnSkew drawn(seed_);
        std::vector<double> errors, times;
        int sure = 0, wrong = 0;
        for (int i = 0; i < pages_; ++i) {
            const test::PageSpec spec = drawn.next();
            const auto page = test::draw_page(spec);
            const Analysis a = analyse(page.raster, 1);
            const cv::Mat ink = normalised_ink(a.ink);
            const double start = seconds();
            const SkewEstimate e = estimate_skew(ink, 15);
            times.push_back((seconds() - start) * 1000);
            const double error = std::abs(e.angle_deg - spec.angle_deg);
            errors.push_back(error);
            sure += e.confidence >= kSureSkew;
            wrong += e.confidence >= kSureSkew && error > 0.2;
        }
        say("skew, drawn pages",
            fmt::format("{} pages: mean error {:.4f}, 95 % {:.4f}, worst {:.3f} degrees; sure {}, sure and wrong {}; "
                        "{:.1f} ms a page",
                        pages_, mean(errors), share(errors, 0.95), share(errors, 1), sure, wrong, mean(times)),
            {{"pages", pages_},
             {"mean", mean(errors)},
             {"p95", share(errors, 0.95)},
             {"worst", share(errors, 1)},
             {"sure", sure},
             {"sure_and_wrong", wrong},
             {"ms", mean(times)}});
    }

    void skew_known() {
        std::vector<double> errors;
        int sure = 0, wrong = 0;
        for (const auto& row : test::read_csv(shared_ + "/skew_known/manifest.csv")) {
            const auto raster = decode_here(shared_ + "/skew_known/" + row[0], 0);
            if (!raster) continue;
            const SkewEstimate e = estimate_skew(normalised_ink(analyse(*raster, 1).ink), 15);
            const double error = std::abs(e.angle_deg - std::stod(row[1]));
            errors.push_back(error);
            sure += e.confidence >= kSureSkew;
            wrong += e.confidence >= kSureSkew && error > 0.5;
        }
        if (errors.empty()) return say("skew_known", "absent", nullptr);
        say("skew_known",
            fmt::format("{} scans: 95 % {:.3f}, worst {:.3f} degrees; sure {}, sure and wrong {}", errors.size(),
                        share(errors, 0.95), share(errors, 1), sure, wrong),
            {{"p95", share(errors, 0.95)}, {"worst", share(errors, 1)}, {"sure_and_wrong", wrong}});
    }

    void quads() {
        std::map<std::string, std::vector<double>> by_bed;
        std::vector<double> all, times;
        int unsure = 0, missed = 0;
        for (const auto& row : test::read_csv(shared_ + "/quad_known/manifest.csv")) {
            const auto raster = decode_here(shared_ + "/quad_known/" + row[0], 0);
            if (!raster) continue;
            const Analysis a = analyse(*raster, 1);
            const double start = seconds();
            const PageEdges e = find_page_edges(a);
            times.push_back((seconds() - start) * 1000);
            const std::size_t pages = row[11].empty() ? 1 : 2;
            if (e.pages.size() != pages) {
                ++missed;
                continue;
            }
            for (std::size_t p = 0; p < pages; ++p) {
                Quad truth, got;
                for (std::size_t i = 0; i < 4; ++i) {
                    truth[i] = {std::stod(row[3 + 8 * p + 2 * i]), std::stod(row[4 + 8 * p + 2 * i])};
                    got[i] = a.work_to_source(e.pages[p].corners[i]);
                }
                unsure += e.pages[p].confidence < kSureQuad;
                all.push_back(intersection_over_union(got, truth));
                by_bed[row[21]].push_back(all.back());
            }
        }
        if (all.empty()) return say("quad_known", "absent", nullptr);
        std::string beds;
        for (const auto& [bed, v] : by_bed) beds += fmt::format("; {} {:.4f}", bed, mean(v));
        say("quad_known",
            fmt::format("{} pages: mean IoU {:.4f}, worst {:.4f}; not found {}, unsure {}{}; {:.1f} ms", all.size(),
                        mean(all), share(all, 0), missed, unsure, beds, mean(times)),
            {{"mean", mean(all)}, {"worst", share(all, 0)}, {"missed", missed}, {"unsure", unsure}});
    }

    /// Sheets on beds of their own colour, and print that looks like the edge of a sheet.
    void white_beds() {
        std::vector<double> all, times;
        int whole = 0, whole_found = 0, unsure = 0, silent = 0, negatives = 0, cropped = 0, asked = 0;
        const auto said = [](const PageEdges& e) { return !e.pages.empty() || e.bed_visible || !e.beside.empty(); };
        const auto find = [&](const Raster& raster, const Analysis& a) {
            const double start = seconds();
            PageEdges e = find_page_edges(a, raster.dpi.x / a.factor);
            times.push_back((seconds() - start) * 1000);
            return e;
        };
        for (int i = 0; i < pages_; ++i) {
            const test::WhiteBed bed = test::draw_white_bed(seed_ * 100000ULL + static_cast<std::uint64_t>(i));
            const Analysis a = analyse(bed.raster, 1);
            const PageEdges e = find(bed.raster, a);
            whole += bed.whole();
            if (e.pages.empty() || e.pages[0].confidence < kSureQuad) {
                (said(e) ? unsure : silent)++;
                continue;
            }
            Quad got;
            for (std::size_t k = 0; k < 4; ++k) got[k] = a.work_to_source(e.pages[0].corners[k]);
            all.push_back(intersection_over_union(got, bed.sheet));
            whole_found += bed.whole();
        }
        for (int i = 0; i < pages_; ++i) {
            const auto kind = static_cast<test::EvenPage>(i % test::kEvenPages);
            const Raster raster = test::draw_even_page(kind, seed_ * 1000ULL + static_cast<std::uint64_t>(i));
            const Analysis a = analyse(raster, 1);
            const PageEdges e = find(raster, a);
            ++negatives;
            const bool sure = std::any_of(e.pages.begin(), e.pages.end(),
                                          [](const PageQuad& q) { return q.confidence >= kSureQuad; });
            cropped += sure;
            asked += !sure && said(e);
            if (sure) fmt::print("  cropped: {}, page {}\n", test::to_string(kind), i);
        }
        say("white beds, drawn",
            fmt::format(
                "{} beds, {} with every side to be seen: {} of these found; mean IoU {:.4f}, worst {:.4f}, below "
                "0.95 {}; left whole and said {}, not said {}; cropped {} of {} pages without a bed, {} asked about; "
                "{:.1f} ms",
                pages_, whole, whole_found, mean(all), share(all, 0),
                std::count_if(all.begin(), all.end(), [](double v) { return v < 0.95; }), unsure, silent, cropped,
                negatives, asked, mean(times)),
            {{"whole", whole},
             {"found", whole_found},
             {"mean", mean(all)},
             {"worst", share(all, 0)},
             {"unsure", unsure},
             {"silent", silent},
             {"cropped", cropped},
             {"asked", asked},
             {"ms", mean(times)}});
    }

    /// Colour bars, wedges, charts and rulers beside the sheet, a third of the pages on each kind of bed; and on pages that fill the
    /// picture.
    void targets() {
        const auto sure_of = [](const PageEdges& e) {
            return !e.pages.empty() && std::all_of(e.pages.begin(), e.pages.end(),
                                                   [](const PageQuad& q) { return q.confidence >= kSureQuad; });
        };
        for (const auto bed_kind : {test::BedKind::White, test::BedKind::Grey, test::BedKind::Dark}) {
            std::vector<double> all, times;
            int whole = 0, found = 0, apart = 0, apart_found = 0, unsure = 0, silent = 0, twice = 0;
            std::map<std::string, std::pair<int, int>> by_target; // found, drawn
            for (int i = 0; i < pages_; ++i) {
                const std::uint64_t seed = seed_ * 200000ULL + static_cast<std::uint64_t>(i);
                const test::TargetBed bed = test::draw_target_bed(seed, bed_kind);
                const Analysis a = analyse(bed.raster, 1);
                const double start = seconds();
                const PageEdges e = find_page_edges(a, bed.raster.dpi.x / a.factor);
                times.push_back((seconds() - start) * 1000);
                const bool can = bed_kind != test::BedKind::White || bed.whole();
                whole += can;
                apart += can && bed.gap_mm > 0;
                auto& row = by_target[test::to_string(bed.target)];
                row.second += can && bed.gap_mm > 0;
                if (!sure_of(e)) {
                    unsure += !e.pages.empty() || e.bed_visible || !e.beside.empty();
                    silent += e.pages.empty() && !e.bed_visible && e.beside.empty();
                    continue;
                }
                twice += e.pages.size() > 1;
                double best = 0;
                for (const PageQuad& q : e.pages) {
                    Quad got;
                    for (std::size_t k = 0; k < 4; ++k) got[k] = a.work_to_source(q.corners[k]);
                    best = std::max(best, intersection_over_union(got, bed.sheet));
                }
                if (best < 0.98)
                    fmt::print("  IoU {:.3f}: {} bed, {}, seed {}, gap {:.1f}\n", best, test::to_string(bed_kind),
                               test::to_string(bed.target), seed, bed.gap_mm);
                all.push_back(best);
                found += can;
                apart_found += can && bed.gap_mm > 0;
                row.first += can && bed.gap_mm > 0;
            }
            std::string kinds;
            for (const auto& [name, n] : by_target) kinds += fmt::format("{} {}/{} ", name, n.first, n.second);
            say(fmt::format("targets, {} bed", test::to_string(bed_kind)),
                fmt::format("{} beds, {} with every side to be seen: {} found; targets apart: {} of {} ({}); mean IoU "
                            "{:.4f}, worst {:.4f}, below "
                            "0.95 {}, below 0.98 {}; two sheets {}; left whole and said {}, not said {}; {:.1f} ms",
                            pages_, whole, found, apart_found, apart, kinds, mean(all), share(all, 0),
                            std::count_if(all.begin(), all.end(), [](double v) { return v < 0.95; }),
                            std::count_if(all.begin(), all.end(), [](double v) { return v < 0.98; }), twice, unsure,
                            silent, mean(times)),
                {{"whole", whole},
                 {"found", found},
                 {"apart", apart},
                 {"apart_found", apart_found},
                 {"mean", mean(all)},
                 {"worst", share(all, 0)},
                 {"unsure", unsure},
                 {"ms", mean(times)}});
        }
        int cropped = 0;
        for (int i = 0; i < pages_; ++i) {
            const auto kind = static_cast<test::EvenPage>(i % test::kEvenPages);
            const Raster raster =
                test::draw_even_page_with_target(kind, seed_ * 2000ULL + static_cast<std::uint64_t>(i));
            const Analysis a = analyse(raster, 1);
            const PageEdges e = find_page_edges(a, raster.dpi.x / a.factor);
            if (!sure_of(e)) continue;
            ++cropped;
            fmt::print("  cropped: {} with a target on it, page {}\n", test::to_string(kind), i);
        }
        say("targets on pages without a bed", fmt::format("{} of {} cropped", cropped, pages_), {{"cropped", cropped}});
    }

    /// Every page of the sets with text in four turns, through all of treatment; and the cheap test by itself.
    void orientation() {
        const std::vector<std::pair<std::string, std::vector<std::string>>> sets = {
            {"ehri_en_a", {".jpg"}},
            {"oldbooks_a", {".png", ".tif", ".tiff", ".jpg"}},
            {"grenzboten_de", {".png", ".jpg", ".tif"}},
            {"cnocr", {".png", ".jpg", ".jpeg"}},
            {"guji_a", {".png"}},
            {"sroie_a", {".jpg"}},
            {"orient_tesseractjs", {".png", ".jpg"}},
            {"ocrmypdf",
             {"linn.png", "typewriter.png", "cardinal.pdf", "ccitt.pdf", "jbig2.pdf", "francais.pdf", "skew.pdf"}},
            {"tess_test", {".tif", ".png"}}};
        const auto asked = orientation_probes(Settings{}, std::string(RECTO_DEPS_DIR) + "/models")();
        CountingProbe probe(*asked);
        for (const auto& [set, endings] : sets) {
            Turns turns;
            for (const auto& file : files(set, endings)) {
                const auto source = probe_here(file);
                for (std::size_t i = 0; source && i < source->images.size(); ++i)
                    if (const auto raster = decode_here(file, static_cast<int>(i)))
                        judge_turns(*raster, source->images[i], upright_turn(file, i), probe, turns);
            }
            if (turns.times.empty()) continue;
            say("orientation, " + set,
                fmt::format("{} right, {} left as they lie, {} wrong, {} upright ones turned; cheap test by itself {} "
                            "right, {:.1f} ms, most {:.1f}; Tesseract asked for {} of {}, readers for {}; {:.3f} s of "
                            "treatment, most {:.3f}",
                            turns.right, turns.left, turns.wrong, turns.upright_turned, turns.cheap_right,
                            1000 * mean(turns.cheap), 1000 * share(turns.cheap, 1), probe.asked, turns.times.size(),
                            probe.read_pages, mean(turns.times), share(turns.times, 1)),
                {{"right", turns.right},
                 {"left", turns.left},
                 {"wrong", turns.wrong},
                 {"upright_turned", turns.upright_turned},
                 {"cheap_right", turns.cheap_right},
                 {"cheap_ms", 1000 * mean(turns.cheap)},
                 {"asked", probe.asked},
                 {"read", probe.read_pages}});
            probe.asked = probe.read_pages = 0;
        }
    }

    /// Pages made smaller, softer and grainy, in four turns: with Tesseract alone, and with reading.
    void worn_orientation() {
        const auto asked = orientation_probes(Settings{}, std::string(RECTO_DEPS_DIR) + "/models")();
        const std::vector<std::pair<std::string, std::vector<std::string>>> sets = {{"sroie_a", {".jpg"}},
                                                                                    {"ehri_en_a", {".jpg"}},
                                                                                    {"cnocr", {".png"}},
                                                                                    {"guji_a", {".png"}},
                                                                                    {"grenzboten_de", {".tif"}}};
        for (const bool reads : {false, true}) {
            CountingProbe probe(*asked, reads);
            cv::RNG random(seed_); // the same pages for both
            for (const auto& [set, endings] : sets) {
                Turns turns;
                for (const auto& file : files(set, endings)) {
                    auto raster = decode_here(file, 0);
                    const auto source = probe_here(file);
                    if (!raster || !source) continue;
                    const double scale =
                        std::min(random.uniform(0.35, 0.9), 1200.0 / std::max(raster->width(), raster->height()));
                    const double kept = random.uniform(0.3, 1.0), blur = random.uniform(0.5, 1.4),
                                 grain = random.uniform(1.0, 14.0);
                    raster->pixels = test::worn(raster->pixels, {scale, kept, blur, grain}, random);
                    raster->dpi = {raster->dpi.x * scale, raster->dpi.y * scale, DpiSource::File};
                    judge_turns(*raster, source->images[0], upright_turn(file, 0), probe, turns);
                }
                if (turns.times.empty()) continue;
                say(fmt::format("worn {}, {}", set, reads ? "with reading" : "Tesseract alone"),
                    fmt::format("{} of {} right, {} left as they lie, {} wrong", turns.right, turns.times.size(),
                                turns.left, turns.wrong),
                    {{"right", turns.right},
                     {"all", turns.times.size()},
                     {"left", turns.left},
                     {"wrong", turns.wrong}});
            }
        }
    }

    /// Photocopies, copies of copies and faxes whose strokes are broken, in four turns.
    void broken_orientation() {
        const auto asked = orientation_probes(Settings{}, std::string(RECTO_DEPS_DIR) + "/models")();
        CountingProbe probe(*asked);
        Turns turns;
        for (const auto& file : files_in(broken_, {".png"})) {
            const auto source = probe_here(file);
            const auto raster = decode_here(file, 0);
            if (source && raster) judge_turns(*raster, source->images[0], 0, probe, turns);
        }
        say("broken print",
            fmt::format("{} of {} right, {} left as they lie, {} of them with a finding, {} wrong, {} upright ones "
                        "turned; readers asked for {}",
                        turns.right, turns.times.size(), turns.left, turns.said, turns.wrong, turns.upright_turned,
                        probe.read_pages),
            {{"right", turns.right},
             {"all", turns.times.size()},
             {"left", turns.left},
             {"said", turns.said},
             {"wrong", turns.wrong},
             {"upright_turned", turns.upright_turned},
             {"read", probe.read_pages}});
    }

    struct Turns {
        int right = 0, left = 0, said = 0, wrong = 0, upright_turned = 0, cheap_right = 0;
        std::vector<double> times, cheap; ///< Seconds.
    };

    /// Those that are asked, counted.
    class CountingProbe final : public OrientationProbe {
      public:
        explicit CountingProbe(OrientationProbe& probe, bool reads = true) : probe_(probe), reads_(reads) {}
        Orientation probe(const cv::Mat& grey, double dpi) override {
            ++asked;
            return probe_.probe(grey, dpi);
        }
        Orientation read(const cv::Mat& grey) override {
            ++read_pages;
            return reads_ ? probe_.read(grey) : Orientation{};
        }
        int asked = 0, read_pages = 0;

      private:
        OrientationProbe& probe_;
        bool reads_;
    };

    /// The clockwise turn that sets the image upright: some lie turned as they are. Told by looking at them.
    static int upright_turn(const std::string& file, std::size_t image) {
        static const std::map<std::string, std::vector<int>> kTurned = {{"simple-90.jpg", {90}},
                                                                        {"simple-180.jpg", {180}},
                                                                        {"simple-270.jpg", {270}},
                                                                        {"cardinal.pdf", {0, 270, 180, 90}},
                                                                        {"phototest-rotated-180.png", {180}},
                                                                        {"phototest-rotated-L.png", {90}},
                                                                        {"phototest-rotated-R.png", {270}},
                                                                        {"phototestrot.tif", {90}},
                                                                        {"devatest-rotated-270.png", {90}}};
        const auto it = kTurned.find(stdfs::path(file).filename().string());
        return it == kTurned.end() || image >= it->second.size() ? 0 : it->second[image];
    }

    static void judge_turns(const Raster& raster, ImageInfo info, int upright, CountingProbe& probe, Turns& turns) {
        for (int quarters = 0; quarters < 4; ++quarters) {
            Raster turned = raster;
            if (quarters > 0) {
                turned.pixels = cv::Mat(); // not turned in place: the pixels are shared
                cv::rotate(raster.pixels, turned.pixels, quarters - 1);
                if (quarters != 2) std::swap(turned.dpi.x, turned.dpi.y);
            }
            info.width = turned.width(), info.height = turned.height();
            const double start = seconds();
            const ImageTreatment t = treat_image(turned, info, Options{}, &probe);
            turns.times.push_back(seconds() - start);
            const int wanted = (upright + 360 - 90 * quarters) % 360,
                      got = t.pages.empty() ? 0 : t.pages[0].orientation_deg;
            turns.right += got == wanted;
            turns.left += got != wanted && got == 0;
            turns.said += got != wanted && got == 0 && !t.pages.empty() &&
                          std::ranges::any_of(t.pages[0].findings,
                                              [](const Finding& f) { return f.code == "treat.orientation_unsure"; });
            turns.wrong += got != wanted && got != 0;
            turns.upright_turned += wanted == 0 && got != 0;
            const cv::Mat ink = normalised_ink(analyse(turned, 1).ink);
            const double skew = estimate_skew(ink, 15).angle_deg, then = seconds();
            turns.cheap_right += estimate_orientation(ink, skew).turn_deg == wanted;
            turns.cheap.push_back(seconds() - then);
        }
    }

    void binarization() {
        std::vector<double> f;
        for (const auto& path : files("dibco_a", {"_source.png"})) {
            const auto source = decode_here(path, 0),
                       target = decode_here(path.substr(0, path.size() - 11) + "_target.png", 0);
            if (!source || !target) continue;
            const cv::Mat got = binarize(to_grey(*source)) == 0, want = to_grey(*target) < 128;
            const double tp = cv::countNonZero(got & want), fp = cv::countNonZero(got & ~want),
                         fn = cv::countNonZero(~got & want);
            f.push_back(2 * tp / std::max(1.0, 2 * tp + fp + fn));
        }
        if (f.empty()) return;
        say("dibco_a", fmt::format("{} pages: mean F {:.4f}, worst {:.4f}", f.size(), mean(f), share(f, 0)),
            {{"mean", mean(f)}, {"worst", share(f, 0)}});
    }

    void separators() {
        Options options;
        options.orient = false;
        nlohmann::json list = nlohmann::json::object();
        int found = 0, unreadable = 0;
        for (const auto& file : files("sep_paperless", {".pdf", ".tiff", ".png", ".jpg"})) {
            const auto source = probe_here(file);
            if (!source) continue;
            std::string line;
            for (std::size_t i = 0; i < source->images.size(); ++i) {
                const auto raster = decode_here(file, static_cast<int>(i));
                if (!raster) continue;
                const ImageTreatment t = treat_image(*raster, source->images[i], options, nullptr);
                const bool bad = std::any_of(t.findings.begin(), t.findings.end(),
                                             [](const Finding& x) { return x.code == "treat.separator_unreadable"; });
                found += !t.separator.kind.empty();
                unreadable += bad;
                line += fmt::format(" {}{}", t.separator.kind.empty() ? (bad ? "unreadable" : "-") : t.separator.kind,
                                    t.separator.value.empty() ? "" : "=" + t.separator.value);
            }
            list[stdfs::path(file).filename().string()] = line;
        }
        if (list.empty()) return;
        for (const auto& [name, line] : list.items()) fmt::print("  {:<40}{}\n", name, line.get<std::string>());
        say("sep_paperless", fmt::format("{} sheets found, {} unreadable ones reported", found, unreadable), list);
    }

    std::string shared_, broken_;
    int pages_;
    unsigned seed_;
    nlohmann::json results_;
};

} // namespace

int main(int argc, char** argv) {
    std::string shared = "../shared/data", broken, json, only;
    int pages = 200;
    unsigned seed = 51;
    for (int i = 1; i + 1 < argc; i += 2) {
        const std::string word = argv[i];
        if (word == "--shared") shared = argv[i + 1];
        else if (word == "--broken") broken = argv[i + 1];
        else if (word == "--pages") pages = std::atoi(argv[i + 1]);
        else if (word == "--seed") seed = static_cast<unsigned>(std::atoi(argv[i + 1]));
        else if (word == "--json") json = argv[i + 1];
        else if (word == "--only") only = argv[i + 1];
    }
    cv::setNumThreads(1);
    Bench bench(shared, broken, pages, seed);
    bench.run(only);
    if (!json.empty()) std::ofstream(json) << bench.results().dump(1) << "\n";
    return 0;
}
