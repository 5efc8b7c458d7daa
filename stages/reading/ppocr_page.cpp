#include "stages/reading/ppocr_page.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <exception>

#include <opencv2/imgproc.hpp>

#include "stages/reading/clean.h"
#include "stages/reading/even_contrast.h"
#include "stages/reading/marks.h"
#include "stages/reading/page_number.h"
#include "stages/reading/page_view.h"
#include "stages/reading/restore.h"
#include "stages/reading/salt.h"
#include "stages/reading/shine_through.h"
#include "stages/reading/stacks.h"
#include "stages/reading/unicode.h"
#include "stages/reading/unread_ink.h"
#include "stages/reading/upright.h"
#include "stages/reading/vote.h"
#include "stages/reading/worn_page.h"
#include "stages/reading/zero_rings.h"

namespace recto::reading {

namespace {

/// Share of characters unknown to the first network from which on the second reads the whole page.
constexpr double kRare = 0.005;
/// Where ink is left over letters are looked for that high, twice their usual size.
constexpr double kCloserHeight = 30;
constexpr std::size_t kMostWindows = 24;
/// Confidence that a line needs which was found only so.
constexpr double kCloserConfidence = 0.7;
/// Rows of the picture of a line that Tesseract gets: its letters are then some 30 pixels high.
constexpr int kLineHeight = 56;

/// Latin letters are most of its letters.
bool is_latin(const TextLine& line) {
    int latin = 0, other = 0;
    for (const char32_t c : decode_utf8(line.text)) {
        if (is_word_letter(c)) ++latin;
        else if (is_cjk(c)) ++other;
    }
    return latin > 2 * other;
}

cv::Mat grey_level(Pyramid& pyramid, int level) {
    const cv::Mat& picture = pyramid.level(level);
    if (picture.channels() == 1) return picture;
    cv::Mat grey;
    cv::cvtColor(picture, grey, cv::COLOR_RGB2GRAY);
    return grey;
}

/// Typical height of the page's characters, pixels; 0: not known.
double text_height_of(Pyramid& pyramid) {
    int level = 0;
    while (level < 4 && (std::max(pyramid.size().width, pyramid.size().height) >> level) > 1400) ++level;
    return estimate_text_height(grey_level(pyramid, level), 1 << level);
}

/// From the first line of a worn page to its last one, or to the error that ends it.
class WornTime {
  public:
    WornTime(Networks& networks, bool needed) : networks_(needed ? &networks : nullptr) {
        if (networks_ != nullptr) networks_->begin_worn_page();
    }
    ~WornTime() {
        if (networks_ == nullptr) return;
        try {
            networks_->end_worn_page();
        } catch (const std::exception&) {
            // What was taken stays taken, until the next page gives it back.
        }
    }
    WornTime(const WornTime&) = delete;
    WornTime& operator=(const WornTime&) = delete;
    WornTime(WornTime&&) = delete;
    WornTime& operator=(WornTime&&) = delete;

  private:
    Networks* networks_;
};

} // namespace

/// A region in one of the directions it may be read in.
struct PpocrPageReader::Job {
    std::size_t region;
    bool vertical;
    int bucket; ///< Width of its strip.
};

Result<OcrPage> PpocrPageReader::read(const Raster& raster, const Limits& limits) {
    if (raster.empty()) return OcrPage{};
    const ReadJob cascade = [&](PageView& page, const Job& job) { return read_line(page, job, limits); };
    PageView view(raster.pixels);
    if (options_.clean && is_salted(view)) {
        Raster clean = raster;
        clean.pixels = without_salt(raster.pixels);
        PageView cleaned(clean.pixels);
        RECTO_TRY(read_view(cleaned, cascade, limits));
        // What is left of broken strokes looks like salt: a page that is worn all the same is read as it is.
        if (!cleaned.worn(true)) return complete(clean, std::move(cleaned), limits);
    }
    RECTO_TRY(read_view(view, cascade, limits));
    return complete(raster, std::move(view), limits);
}

bool PpocrPageReader::is_salted(PageView& view) {
    const double density = salt_density(grey_level(view.pyramid, 0));
    return density >= kLeastSalt && is_salt(density, text_height_of(view.pyramid));
}

/// What comes after the first look at a picture of the page.
Result<OcrPage> PpocrPageReader::complete(const Raster& raster, PageView view, const Limits& limits) {
    OcrPage out;
    if (has_rare_characters(view) || (networks_.recognizers() > 1 && view.unsteady() && !view.worn(false)))
        RECTO_TRY(take_better(view, limits));
    RECTO_TRY(drop_mirrored(view, limits));
    const bool alone = networks_.recognizers() == 1 && options_.second_opinion.languages.empty();
    if (!alone && view.worn(view.shines())) RECTO_TRY(look_again(raster, view, limits));
    drop_shine_through(view.lines, view.shines());
    RECTO_ASSIGN(out.unread, look_closer(raster, view, limits));
    for (std::size_t i = 0; i < view.lines.size(); ++i)
        add_zero_rings(view.lines[i], view.pyramid, view.regions[i].quad);
    complete_page_numbers(view.lines, view.regions, view.pyramid, options_.min_line_confidence);
    TextBlock block;
    for (ReadLine& read : view.lines) {
        if (read.line.text.empty() || read.line.confidence < options_.min_line_confidence) continue;
        settle_marks(read.line);
        block.lines.push_back(std::move(read.line));
    }
    out.blocks.push_back(std::move(block));
    return out;
}

/// Characters that the first network does not know were found in the lines that the second read: traditional print, of which
/// the first is sure where it takes a character for its simplified neighbour.
bool PpocrPageReader::has_rare_characters(const PageView& view) const {
    std::size_t rare = 0, all = 0;
    view.each_glyph([&](const Glyph& g) { rare += !networks_.charset(0).has(g.text), ++all; });
    return rare >= 3 && static_cast<double>(rare) > kRare * static_cast<double>(all);
}

/// All lines as the better network reads them; Latin ones, which the first knows well, stay.
Result<void> PpocrPageReader::take_better(PageView& view, const Limits& limits) {
    for (std::size_t i = 0; i < view.lines.size(); ++i) {
        ReadLine& line = view.lines[i];
        if (line.line.words.empty() || is_latin(line.line)) continue;
        if (limits.expired()) return expired_error(limits, "while a page of traditional characters was read again");
        if (!view.better[i])
            view.better[i] = recognize_at(best(), view.pyramid, view.regions[i].quad, line.line.vertical);
        line = fill_in(std::move(*view.better[i]), std::move(line)); // the first sees 〇〇 where the second sees one
    }
    return {};
}

/// A worn page with its print made whole, and with evened contrast.
Result<std::array<cv::Mat, 2>> PpocrPageReader::draw_again(const Raster& raster, double text_height,
                                                           const Limits& limits) {
    cv::Mat grey = to_grey(raster);
    if (const auto streaks = find_scanner_streaks(grey); !streaks.empty()) grey = without_streaks(grey, streaks);
    const double height = text_height > 0 ? text_height : kUsualTextHeight;
    const cv::Mat even = even_contrast(grey, height);
    const auto network = [&](const cv::Mat& tile) { return networks_.restored(tile); };
    RECTO_ASSIGN(cv::Mat restored, restore_print(even, height, network, limits));
    const cv::Mat broader = with_broader_strokes(grey, height);
    return std::array{std::move(restored), broader.data == grey.data ? even : even_contrast(broader, height)};
}

/// Reads a picture with its print made whole and one with evened contrast, and keeps the regions of the picture that gives most.
/// Level lines of Chinese are read by the network that learnt such print, from all pictures at once; of others, all pictures vote.
Result<void> PpocrPageReader::look_again(const Raster& raster, PageView& view, const Limits& limits) {
    const bool chinese = networks_.reads_worn_print() && view.is_chinese();
    std::vector<PageView> pictures;
    RECTO_ASSIGN(auto drawn, draw_again(raster, view.text_height, limits));
    pictures.push_back(std::move(view));
    for (cv::Mat& picture : drawn) pictures.emplace_back(std::move(picture));
    WornPage page(networks_, std::move(pictures));
    const auto read_worn_line = [&](PageView& shown, const Quad& quad) -> std::optional<ReadLine> {
        ReadLine line = page.read(shown, quad);
        if (is_in_letters(line.line)) return std::nullopt; // it learnt little of them
        return line;
    };
    const ReadJob read = [&](PageView& shown, const Job& job) -> Result<Reading> {
        const Quad& quad = shown.regions[job.region].quad;
        Reading out;
        std::optional<ReadLine> line;
        if (chinese && !job.vertical) line = read_worn_line(shown, quad);
        out.line = line ? std::move(*line) : recognize_at(best(), shown.pyramid, quad, job.vertical);
        return out;
    };
    for (std::size_t i = 1; i < page.views.size(); ++i) {
        RECTO_ASSIGN(page.views[i].regions, detect(page.views[i].pyramid, page.views[i].text_height, limits));
    }
    const WornTime time(networks_, chinese);
    for (std::size_t i = 1; i < page.views.size(); ++i) {
        RECTO_TRY(read_regions(page.views[i], read, limits));
        RECTO_TRY(drop_mirrored(page.views[i], limits));
    }
    const auto chosen = std::ranges::max_element(page.views, {}, &PageView::worth);
    for (std::size_t i = 0; i < chosen->lines.size(); ++i) {
        ReadLine& line = chosen->lines[i];
        if (line.line.words.empty()) continue;
        if (limits.expired()) return expired_error(limits, "while a worn page was looked at again");
        const Quad& quad = chosen->regions[i].quad;
        if (chinese && !line.line.vertical && !is_in_letters(line.line)) {
            if (is_doubtful(line))
                if (auto again = read_worn_line(*chosen, quad)) line = std::move(*again);
            continue;
        }
        for (PageView& other : page.views) {
            if (&other == &*chosen) continue;
            const bool vertical = line.line.vertical;
            ReadLine seen = recognize_at(best(), other.pyramid, quad, vertical);
            line = vote(std::move(line), std::move(seen), Witness::Picture).line;
        }
    }
    if (chinese) page.join(*chosen);
    view = PageView(std::move(*chosen)); // `view` gave its content to the first of them
    return {};
}

Result<void> PpocrPageReader::read_view(PageView& view, const ReadJob& read, const Limits& limits) {
    RECTO_ASSIGN(view.regions, detect(view.pyramid, view.text_height, limits));
    return read_regions(view, read, limits);
}

Result<void> PpocrPageReader::read_regions(PageView& view, const ReadJob& read, const Limits& limits) {
    // One strip after the other, widest first: the work of a page never depends on other pages or workers.
    std::vector<Job> jobs;
    for (std::size_t i = 0; i < view.regions.size(); ++i) {
        const Quad& q = view.regions[i].quad;
        const double w = std::hypot(q[1].x - q[0].x, q[1].y - q[0].y), h = std::hypot(q[3].x - q[0].x, q[3].y - q[0].y);
        if (w < 2 || h < 2) continue;
        const double slimness = h / w;
        // Tall regions are vertical lines; a little tall may also be one narrow character: both are tried.
        if (slimness <= 2.5) jobs.push_back({i, false, plan_strips(q, false)[0].bucket});
        if (slimness > 1.5) jobs.push_back({i, true, plan_strips(q, true)[0].bucket});
    }
    std::stable_sort(jobs.begin(), jobs.end(), [](const Job& a, const Job& b) { return a.bucket > b.bucket; });
    view.lines.assign(view.regions.size(), {});
    view.better.assign(view.regions.size(), {});
    for (const Job& job : jobs) {
        if (limits.expired()) return expired_error(limits, "while lines were recognised");
        RECTO_ASSIGN(Reading reading, read(view, job));
        ReadLine& kept = view.lines[job.region];
        if (!kept.line.text.empty() && reading.line.line.confidence <= kept.line.confidence) continue;
        kept = std::move(reading.line);
        view.better[job.region] = std::move(reading.better);
    }
    part_stacks(view.lines, view.regions);
    view.better.resize(view.lines.size());
    return {};
}

/// The cascade of one line: the first network; the second where the first is in doubt; Tesseract where doubt is left and the
/// line is Latin.
Result<PpocrPageReader::Reading> PpocrPageReader::read_line(PageView& view, const Job& job, const Limits& limits) {
    Reading out;
    const Quad& quad = view.regions[job.region].quad;
    VotedLine read{recognize_at(0, view.pyramid, quad, job.vertical), {}};
    if (networks_.recognizers() > 1 && is_doubtful(read.line)) {
        if (limits.expired()) return expired_error(limits, "while doubtful lines were read again");
        out.better = recognize_at(1, view.pyramid, quad, job.vertical);
        read = vote(std::move(read.line), *out.better);
    }
    const bool settled = !is_doubtful(read.line) && std::ranges::count(read.votes, Vote::Disputed) == 0;
    if (!settled && !options_.second_opinion.languages.empty() && is_latin(read.line.line)) {
        if (!lines_) { RECTO_ASSIGN(lines_, make_tesseract_lines(options_.second_opinion)); }
        StripGeometry g;
        const cv::Mat strip = cut_line(view.pyramid, quad, job.vertical, kLineHeight, g);
        ReadLine third;
        RECTO_ASSIGN(third.line, lines_->read(strip, limits));
        to_page(third.line, g, view.pyramid.size());
        calibrate(third.line, Reader::SecondOpinion);
        read = vote(std::move(read.line), std::move(third));
    }
    out.line = std::move(read.line);
    return out;
}

/// Looks larger at places with ink like writing where no line was found. Lines that read well there join the page's; the places
/// where none does are returned, with those whose lines cannot be trusted.
Result<std::vector<Box>> PpocrPageReader::look_closer(const Raster& raster, PageView& view, const Limits& limits) {
    std::vector<Box> explained, doubtful;
    for (std::size_t i = 0; i < view.lines.size(); ++i) {
        const TextLine& line = view.lines[i].line;
        const bool unsure = !line.text.empty() && line.confidence < options_.min_line_confidence;
        const Box region = bounds(view.regions[i].quad);
        (unsure ? doubtful : explained).push_back(line.text.empty() ? region : read_part(line, region));
    }
    const double height = view.text_height > 0 ? view.text_height : kUsualTextHeight;
    const std::vector<Box> places =
        find_unread_ink(to_grey(raster), {height, contrast_of_print(view.lines)}, explained);
    std::vector<Box> unseen;
    for (const Box& p : places)
        if (share_within(p, doubtful) < 0.5) unseen.push_back(p);

    const double scale = std::min(1.0, kCloserHeight / height);
    const cv::Size window(cvRound(kWindowWidth / scale), cvRound(kWindowHeight / scale));
    std::vector<cv::Rect> windows = windows_over(unseen, window, 2 * height, view.pyramid.size());
    if (windows.size() > kMostWindows)
        windows.clear(); // a drawing, or a page of handwriting: nothing that was overlooked
    std::vector<Box> read;
    for (const cv::Rect& area : windows) {
        RECTO_ASSIGN(const std::vector<TextRegion> regions,
                     detect_in(view.pyramid, area, std::max(kWindowWidth, kWindowHeight), limits));
        for (const TextRegion& region : regions) {
            const Box box = bounds(region.quad);
            if (share_within(box, explained) + share_within(box, read) > 0.3) continue;
            // A page number's ink is thin in its region; of other lines so little was left over because they were read.
            const bool may_be_number =
                std::ranges::any_of(unseen, [&](const Box& p) { return share_within(p, box) > 0.7; });
            const bool filled = share_within(box, unseen) >= 0.3;
            if (!filled && !may_be_number) continue;
            if (limits.expired()) return expired_error(limits, "while left over ink was looked at");
            const bool vertical = box.height > 1.5 * box.width;
            ReadLine line = recognize_at(best(), view.pyramid, region.quad, vertical);
            if (line.line.text.empty() || confidence_of_figures(line.line) < kCloserConfidence) continue;
            if (!filled && page_number(line.line).figures.empty()) continue;
            const auto mirror = mirrored(plan_strips(region.quad, vertical));
            if (recognize(best(), view.pyramid, mirror).line.confidence > line.line.confidence) continue;
            read.push_back(box);
            view.regions.push_back(region);
            view.lines.push_back(std::move(line));
        }
    }
    std::vector<Box> unread;
    for (const Box& p : places)
        if (share_within(p, read) < 0.5) unread.push_back(p);
    return unread;
}

Result<std::vector<TextRegion>> PpocrPageReader::detect(Pyramid& pyramid, double& text_height, const Limits& limits) {
    if (limits.expired()) return expired_error(limits, "before text was looked for");
    const cv::Size page = pyramid.size();
    int side = options_.detector_side;
    if (side <= 0) {
        text_height = text_height_of(pyramid);
        side = detector_side(page, text_height);
    }
    return detect_in(pyramid, cv::Rect({0, 0}, page), side, limits);
}

/// Text in a part of the page, shown to the network with its longer side `side` pixels long. Regions are on the page.
Result<std::vector<TextRegion>> PpocrPageReader::detect_in(Pyramid& pyramid, const cv::Rect& area, int side,
                                                           const Limits& limits) {
    const cv::Size page = area.size();
    const DetectionPlan plan = plan_detection(page, side);
    const cv::Size shown(
        std::min(plan.canvas.width, std::max(1, static_cast<int>(std::lround(page.width * plan.scale_x)))),
        std::min(plan.canvas.height, std::max(1, static_cast<int>(std::lround(page.height * plan.scale_y)))));
    int level = 0;
    while (level < 4 && plan.scale_x * (2 << level) <= 1.0) ++level;
    cv::Mat canvas(plan.canvas, CV_8UC3, cv::Scalar::all(255));
    cv::Mat small;
    const cv::Mat& source = pyramid.level(level);
    const cv::Rect part(area.x >> level, area.y >> level, std::max(1, area.width >> level),
                        std::max(1, area.height >> level));
    const bool whole = area.size() == pyramid.size();
    cv::resize(whole ? source : source(part & cv::Rect({0, 0}, source.size())), small, shown, 0, 0, cv::INTER_LINEAR);
    cv::Mat target = canvas(cv::Rect(cv::Point(0, 0), shown));
    if (small.channels() == 1) cv::cvtColor(small, target, cv::COLOR_GRAY2RGB);
    else small.copyTo(target);

    cv::Mat map(plan.canvas, CV_32FC1, cv::Scalar(0));
    for (const cv::Rect& tile : plan.tiles) {
        if (limits.expired()) return expired_error(limits, "while text was looked for");
        cv::Mat input = canvas(tile);
        if (!input.isContinuous()) input = input.clone();
        const cv::Mat seen = networks_.text_map(input);
        if (seen.size() != tile.size())
            return fail("read.engine", "the detector's map has another size than its input");
        cv::Mat here = map(tile);
        cv::max(here, seen, here); // where tiles overlap, what either saw
    }
    std::vector<TextRegion> regions = regions_of_map(map, plan, page, DetectorParameters{});
    for (TextRegion& region : regions)
        for (Point& p : region.quad) p = {p.x + area.x, p.y + area.y};
    return regions;
}

ReadLine PpocrPageReader::recognize(std::size_t which, Pyramid& pyramid, const std::vector<StripGeometry>& strips) {
    ReadLine out;
    for (const StripGeometry& g : strips) {
        const cv::Mat strip = cut_strip(pyramid, g);
        const Networks::Strip read = networks_.recognize(which, strip);
        append(out, build_line(read.characters, networks_.charset(which), strip, g,
                               static_cast<double>(g.bucket) / read.steps, pyramid.size()));
    }
    refresh_line(out.line);
    calibrate(out.line, networks_.reader(which));
    return out;
}

/// A region read as a line, level or from top to bottom. Characters of a column are set upright; lying on their sides, as they
/// are where the column cannot be parted well, marks between them are easily overlooked.
ReadLine PpocrPageReader::recognize_at(std::size_t which, Pyramid& pyramid, const Quad& quad, bool vertical) {
    ReadLine upright;
    if (vertical) upright = recognize_upright(which, pyramid, quad);
    if (vertical && !is_doubtful(upright)) return upright;
    ReadLine out = recognize(which, pyramid, plan_strips(quad, vertical));
    return upright.line.text.empty() ? out : vote(std::move(upright), std::move(out)).line;
}

/// A column with its characters set upright; an empty line where it cannot be parted.
ReadLine PpocrPageReader::recognize_upright(std::size_t which, Pyramid& pyramid, const Quad& quad) {
    const std::optional<UprightLine> upright = set_upright(pyramid, quad);
    if (!upright) return {};
    const StripGeometry g{{0, 0}, {1, 0}, {0, 1}, upright->width, upright->strip.cols, false};
    const Networks::Strip read = networks_.recognize(which, upright->strip);
    ReadLine out = build_line(read.characters, networks_.charset(which), upright->strip, g,
                              static_cast<double>(g.bucket) / read.steps, upright->strip.size());
    to_page(out.line, *upright, pyramid.size());
    calibrate(out.line, networks_.reader(which));
    return out;
}

} // namespace recto::reading
