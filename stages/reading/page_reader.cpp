#include "stages/reading/page_reader.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include <fmt/format.h>

#include "stages/reading/boxes.h"
#include "stages/reading/clean.h"
#include "stages/reading/layout.h"
#include "stages/reading/print.h"
#include "stages/reading/roles.h"
#include "stages/reading/seals.h"
#include "stages/reading/settings.h"
#include "stages/reading/small_print.h"
#include "stages/reading/table_grid.h"
#include "stages/reading/unicode.h"

namespace recto::reading {

namespace {

/// Fewer characters in a layer are a stamp or a page number, which says nothing about the page.
constexpr int kLayerOfSubstance = 20;
/// A layer is no text when more of its characters are none, and lies elsewhere when fewer lie on print.
constexpr double kMostGarbled = 0.02, kLeastOnPrint = 0.9;
/// A line of the sample that agrees less is another line; a shorter one may be a number in odd type.
constexpr double kOtherLine = 0.5;
constexpr double kShortLine = 4;

Finding layer_finding(std::string code, const OwnText& own, double share) {
    return {std::move(code),
            Severity::Warning,
            {std::to_string(own.characters), fmt::format("{:.0f}", std::floor(100 * share))},
            false,
            {}};
}

/// Notes how like the layer is to what was read; says where it differs clearly. What was read stays.
Agreement compare(const OwnText& own, int least, PageReading& out) {
    const Agreement agreement = agreement_of(own, out.text.blocks);
    out.text.layer = LayerFacts{own.characters, agreement.likeness, false};
    if (own.characters >= least && agreement.likeness < kSameText)
        out.findings.push_back(layer_finding("read.layer_differs", own, agreement.likeness));
    return agreement;
}

/// Lines of a layer and the print in their places, one below the other in a picture of their own.
struct Sample {
    struct Strip {
        const TextLine* line;
        cv::Rect on_page;
        Box in_picture;
    };
    std::vector<Strip> strips;
    Raster picture;
};

Sample sample_on(const Raster& raster, const OwnText& own) {
    Sample out;
    int margin = 0, width = 0;
    for (const TextLine* line : sample_of(own)) {
        // The line alone: halves of its neighbours would be read, in doubt and at length.
        const int around = 2 + static_cast<int>(0.06 * std::min(line->box.width, line->box.height));
        const cv::Point from(static_cast<int>(line->box.x) - around, static_cast<int>(line->box.y) - around),
            to(static_cast<int>(right_of(line->box)) + around, static_cast<int>(bottom_of(line->box)) + around);
        const cv::Rect part = cv::Rect(from, to) & cv::Rect(0, 0, raster.width(), raster.height());
        if (part.empty()) continue;
        out.strips.push_back({line, part, {}});
        margin = std::max(margin, std::min(part.width, part.height));
        width = std::max(width, part.width);
    }
    if (out.strips.empty()) return out;
    int height = margin;
    for (const Sample::Strip& s : out.strips) height += s.on_page.height + margin;
    out.picture.mode = raster.mode;
    out.picture.dpi = raster.dpi;
    const cv::Scalar paper = cv::mean(raster.pixels(out.strips.front().on_page).row(0));
    out.picture.pixels = cv::Mat(height, width + 2 * margin, raster.pixels.type(), paper);
    int top = margin;
    for (Sample::Strip& s : out.strips) {
        const cv::Rect place(margin, top, s.on_page.width, s.on_page.height);
        raster.pixels(s.on_page).copyTo(out.picture.pixels(place));
        s.in_picture = {static_cast<double>(place.x), static_cast<double>(place.y), static_cast<double>(place.width),
                        static_cast<double>(place.height)};
        top += place.height + margin;
    }
    return out;
}

/// What was read in a place, along the line there.
std::string text_at(const OcrPage& page, const Box& place, bool vertical) {
    std::vector<const TextLine*> here;
    for (const TextBlock& block : page.blocks)
        for (const TextLine& line : block.lines)
            if (holds_middle(place, line.box)) here.push_back(&line);
    std::ranges::stable_sort(here, {}, [&](const TextLine* l) { return vertical ? l->box.y : l->box.x; });
    std::string text;
    for (const TextLine* l : here) text += l->text;
    return text;
}

} // namespace

Result<PageReading> PageReader::read(const Raster& raster, double ink, bool blank, const PageOrigin* origin,
                                     const Limits& limits) {
    PageReading out;
    const std::string wanted = settings_.get(kTextLayer);
    const bool asks = origin && fetch_ && wanted != "replace" && origin->source.media_type == "application/pdf";
    const OwnText own = asks ? own_text(raster, *origin, out.findings) : OwnText{};
    if (wanted == "keep" && own.characters > 0 && !blank)
        return keep(raster, ink, *origin, own, std::move(out), limits);
    if (blank) {
        out.text = empty_page(engine_, settings_, raster);
        out.text.state = ReadState::Blank;
    } else {
        RECTO_ASSIGN(out.text, read_page(raster, ink, origin, limits));
    }
    if (own.characters > 0) compare(own, kLayerOfSubstance, out);
    return out;
}

/// All of the print on a page; small print from a larger picture of it.
Result<PageText> PageReader::read_page(const Raster& raster, double ink, const PageOrigin* origin,
                                       const Limits& limits) {
    const bool may = origin && origin->larger && settings_.get(kClean) == "auto";
    const double scale = may ? reading_scale(raster) : 1;
    if (scale == 1) return read_print(session_, engine_, settings_, raster, ink, limits);
    RECTO_ASSIGN(const Raster larger, origin->larger(scale));
    RECTO_ASSIGN(PageText text, read_print(session_, engine_, settings_, larger, ink, limits));
    put_on_page(text, scale, raster.width(), raster.height());
    return text;
}

OwnText PageReader::own_text(const Raster& raster, const PageOrigin& origin, std::vector<Finding>& findings) {
    const Result<SourceText> text = fetch_(origin.source, origin.index);
    if (!text) {
        // A PDF that forbids copying says so on each page; that matters to who wants its text.
        const Severity severity = settings_.get(kTextLayer) == "keep" ? Severity::Warning : Severity::Info;
        findings.push_back({"read.layer_unreadable", severity, {text.error().reason}, false, {}});
        return {};
    }
    painted_ = text->printed && !text->hidden;
    const bool sized = origin.to_page.width() > 0;
    return own_text_on(*text, sized ? origin.to_page : Transform(raster.width(), raster.height()));
}

Result<PageReading> PageReader::keep(const Raster& raster, double ink, const PageOrigin& origin, OwnText own,
                                     PageReading out, const Limits& limits) {
    const OwnText whole = own;
    const cv::Mat grey = to_grey(raster);
    settle_on_print(own, grey);
    const bool sound = own.garbled <= kMostGarbled && own.on_print >= kLeastOnPrint;
    if (sound && painted_ && covers_print(own, grey)) {
        RECTO_ASSIGN(const double likeness, look_at_sample(raster, own, limits));
        if (likeness >= kSameText) {
            out.text = from_layer(raster, grey, own, likeness);
            return out;
        }
    }
    // An OCR layer is right or wrong line by line, and so is one that leaves some of the print out: all of it is read.
    RECTO_ASSIGN(out.text, read_page(raster, ink, &origin, limits));
    if (own.garbled > kMostGarbled) {
        out.text.layer = LayerFacts{whole.characters, agreement_of(whole, out.text.blocks).likeness, false};
        out.findings.push_back(layer_finding("read.layer_garbled", whole, whole.garbled));
        return out;
    }
    const double likeness = agreement_of(own, out.text.blocks).by_place;
    if (!sound || likeness < kSameText) {
        const Agreement agreement = compare(whole, 1, out);
        if (agreement.likeness >= kSameText)
            out.findings.push_back(layer_finding("read.layer_misplaced", whole, agreement.by_place));
        return out;
    }
    put_own_words(own, out.text.blocks, likeness);
    out.text.engine = name_of_layer();
    out.text.layer = LayerFacts{own.characters, likeness, true};
    mean_confidence(out.text);
    return out;
}

/// How like some lines are to what is printed there, 0 to 1; 0 as soon as one of them is another line: fonts that name
/// characters wrong do so throughout.
Result<double> PageReader::look_at_sample(const Raster& raster, const OwnText& own, const Limits& limits) {
    const Sample sample = sample_on(raster, own);
    if (sample.strips.empty()) return 0.0;
    RECTO_ASSIGN(const OcrPage found, session_.read(sample.picture, limits));
    double same = 0, all = 0;
    for (const Sample::Strip& s : sample.strips) {
        const double likeness = line_likeness(s.line->text, text_at(found, s.in_picture, s.line->vertical));
        const auto n = static_cast<double>(decode_utf8(s.line->text).size());
        if (likeness < kOtherLine && n >= kShortLine) return 0.0;
        same += n * likeness;
        all += n;
    }
    return all > 0 ? same / all : 0.0;
}

PageText PageReader::from_layer(const Raster& raster, const cv::Mat& grey, OwnText own, double likeness) const {
    PageText page = empty_page(engine_, settings_, raster);
    page.engine = name_of_layer();
    page.layer = LayerFacts{own.characters, likeness, true};
    for (TextLine& line : own.lines) {
        line.confidence = likeness;
        for (Word& word : line.words) word.confidence = likeness;
    }
    page.blocks = arrange(std::move(own.lines), find_tables(grey));
    assign_roles(page.blocks, page.width, page.height);
    mean_confidence(page);
    for (const Box& seal : find_seals(raster)) page.blocks.push_back({BlockKind::Seal, seal, {}});
    return page;
}

} // namespace recto::reading
