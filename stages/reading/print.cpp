#include "stages/reading/print.h"

#include <algorithm>
#include <vector>

#include <opencv2/imgproc.hpp>

#include "stages/reading/boxes.h"
#include "stages/reading/clean.h"
#include "stages/reading/layout.h"
#include "stages/reading/roles.h"
#include "stages/reading/rule_lines.h"
#include "stages/reading/seals.h"
#include "stages/reading/settings.h"
#include "stages/reading/table_grid.h"
#include "stages/reading/unicode.h"

namespace recto::reading {

namespace {

/// Share of dark pixels against the page's own paper, for images that no treatment has looked at.
double ink_share(const Raster& raster) {
    const cv::Mat grey = to_grey(raster);
    cv::Mat small;
    const double factor = std::min(1.0, 800.0 / std::max(grey.cols, grey.rows));
    cv::resize(
        grey, small,
        cv::Size(std::max(1, static_cast<int>(grey.cols * factor)), std::max(1, static_cast<int>(grey.rows * factor))),
        0, 0, cv::INTER_AREA);
    if (small.cols < 16 || small.rows < 16) return 0;
    cv::Mat dark;
    cv::adaptiveThreshold(small, dark, 255, cv::ADAPTIVE_THRESH_MEAN_C, cv::THRESH_BINARY_INV, 31, 30);
    return static_cast<double>(cv::countNonZero(dark)) / static_cast<double>(dark.total());
}

/// Below it there is nothing to read: dust and paper grain.
constexpr double kInkOfBlank = 0.0008;

/// Mean confidence that fewer than 20 characters need.
constexpr double kFewLetters = 0.8;

/// Share of the letters that must be left when the doubtful lines of a page are dropped.
constexpr double kMostLetters = 0.6;

/// A handful of letters must be surer than a page of them: engines find single letters in any noise.
double least_confidence(double letters, const Settings& settings) {
    const double usual = settings.get(kMinConfidence);
    return letters < 20 ? std::max(kFewLetters, usual) : usual;
}

void drop_lines_below(double confidence, PageText& page) {
    for (TextBlock& block : page.blocks) {
        std::erase_if(block.lines, [&](const TextLine& line) { return line.confidence < confidence; });
        if (block.lines.empty()) continue;
        block.box = block.lines[0].box;
        for (const TextLine& line : block.lines) block.box = unite(block.box, line.box);
    }
    std::erase_if(page.blocks, [](const TextBlock& block) { return block.lines.empty(); });
}

} // namespace

double mean_confidence(PageText& page) {
    double sum = 0, letters = 0;
    for (const TextBlock& block : page.blocks)
        for (const TextLine& line : block.lines) {
            const auto n = static_cast<double>(decode_utf8(line.text).size());
            sum += line.confidence * n;
            letters += n;
        }
    page.confidence = letters > 0 ? sum / letters : 0;
    return letters;
}

PageText empty_page(const OcrEngine& engine, const Settings& settings, const Raster& raster) {
    PageText page;
    page.width = raster.width();
    page.height = raster.height();
    page.engine = engine.name();
    page.language = settings.get(kLanguage);
    return page;
}

Result<PageText> read_print(OcrSession& session, const OcrEngine& engine, const Settings& settings,
                            const Raster& raster, double ink, const Limits& limits) {
    PageText page = empty_page(engine, settings, raster);
    // Text under a red seal (the date, the issuer) is read from the red channel, where the seal is nearly invisible.
    const std::vector<Box> seals = find_seals(raster);
    std::vector<Box> hiding = seals;
    for (const Box& b : find_overlapping_seals(raster)) hiding.push_back(b);
    const bool clean = settings.get(kClean) == "auto";
    Raster shown = clean && !hiding.empty() ? without_seals(raster, hiding) : raster;
    std::vector<TableGrid> tables;
    {
        const cv::Mat grey = to_grey(shown);
        tables = find_tables(grey);
        if (clean && may_have_rules(grey)) {
            const auto rules = find_touching_rules(grey, count_marks(grey).letter_height);
            if (!rules.empty()) shown.pixels = without_rules(shown.pixels, rules);
        }
    }
    RECTO_ASSIGN(OcrPage found, session.read(shown, limits));
    if (found.ordered) {
        page.blocks = std::move(found.blocks);
        place_tables(page.blocks, tables);
    } else {
        std::vector<TextLine> lines;
        for (TextBlock& block : found.blocks)
            for (TextLine& line : block.lines) lines.push_back(std::move(line));
        page.blocks = arrange(std::move(lines), tables);
    }
    assign_roles(page.blocks, page.width, page.height);
    double letters = mean_confidence(page);
    double least = least_confidence(letters, settings);
    if (letters > 0 && page.confidence < least) {
        // Dust read as letters must not take the page's text with it: what is left without such lines may be sure.
        PageText sure = page;
        drop_lines_below(settings.get(kMinLineConfidence), sure);
        const double left = mean_confidence(sure), enough = least_confidence(left, settings);
        if (left >= kMostLetters * letters && sure.confidence >= enough) {
            page = std::move(sure);
            letters = left;
            least = enough;
        }
    }
    if (letters > 0 && page.confidence >= least) {
        for (const Box& seal : seals) page.blocks.push_back({BlockKind::Seal, seal, {}});
        for (const Box& place : found.unread)
            if (std::ranges::none_of(hiding, [&](const Box& seal) { return holds_middle(seal, place); }))
                page.blocks.push_back({BlockKind::Unread, place, {}});
        return page;
    }
    if (ink < 0) ink = ink_share(raster);
    page.state = letters == 0 && ink < kInkOfBlank ? ReadState::Blank : ReadState::NotMachineReadable;
    page.blocks.clear(); // what was guessed is not what the page says
    return page;
}

} // namespace recto::reading
