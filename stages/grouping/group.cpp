// From treated images to items: separators, codes, pages and identities.

#include <algorithm>

#include "pipeline/files/codes.h"
#include "pipeline/files/names.h"
#include "stages/grouping/checks.h"
#include "stages/grouping/grouping.h"

namespace recto::group {

namespace {

/// Label: a page of the record that bears the barcode of the item it begins.
enum class Mark { None, Code, Label, Patch, Blank };

/// One image of the delivery.
struct Shot {
    int source = 0, index = 0;
    const ImageTreatment* treatment = nullptr; ///< Null when it failed.
    const Error* error = nullptr;
    Mark mark = Mark::None;
    std::string code;     ///< For Mark::Code and Mark::Label.
    bool certain = false; ///< See code_of_barcode.
    std::vector<Finding> findings;
};

struct Segment {
    std::string code;
    bool from_sheet = false; ///< The code was read from a separator sheet.
    std::vector<std::size_t> shots;
    std::vector<Finding> findings;
    bool content = false; ///< Some shot is neither a separator nor blank.
};

Finding remark(std::string code, Severity severity, std::vector<std::string> args) {
    Finding f;
    f.code = std::move(code);
    f.severity = severity;
    f.args = std::move(args);
    return f;
}

bool is_blank(const Shot& shot) {
    return shot.treatment && !shot.treatment->pages.empty() &&
           std::all_of(shot.treatment->pages.begin(), shot.treatment->pages.end(),
                       [](const PageTreatment& p) { return p.blank; });
}

std::string stem(const std::string& name) {
    const auto slash = name.rfind('/');
    const auto dot = name.rfind('.');
    if (dot == std::string::npos || dot == 0 || (slash != std::string::npos && dot < slash + 2)) return name;
    return name.substr(0, dot);
}

std::string leaf(const std::string& name) { return name.substr(name.rfind('/') + 1); }

std::vector<Shot> list_shots(const GroupInput& input) {
    std::vector<Shot> shots;
    for (int s = 0; s < static_cast<int>(input.sources.size()); ++s) {
        const TreatedSource& source = input.sources[static_cast<std::size_t>(s)];
        const int images = std::max({1, static_cast<int>(source.treatments.size()),
                                     source.error ? 1 : static_cast<int>(source.source.images.size())});
        for (int i = 0; i < images; ++i) {
            Shot shot;
            shot.source = s;
            shot.index = i;
            if (i < static_cast<int>(source.treatments.size()) &&
                !source.treatments[static_cast<std::size_t>(i)].pages.empty())
                shot.treatment = &source.treatments[static_cast<std::size_t>(i)];
            if (source.error) shot.error = &*source.error;
            else if (const auto it = source.image_errors.find(i); it != source.image_errors.end())
                shot.error = &it->second;
            shots.push_back(std::move(shot));
        }
    }
    return shots;
}

/// The first barcode of the page that is a 档号 makes it the first page of that item.
void mark_label(Shot& shot, const GroupingOptions& options) {
    for (const Separator& c : shot.treatment->codes) {
        shot.code = code_of_barcode(c.value, options, false, shot.certain);
        if (shot.code.empty()) continue;
        shot.mark = Mark::Label;
        return;
    }
}

/// Where sheets or the folder say what the items are, labels that the catalogue does not know are taken for old numbers.
void drop_doubtful_labels(std::vector<Shot>& shots, const std::string& base_code) {
    const bool told = !base_code.empty() ||
                      std::any_of(shots.begin(), shots.end(), [](const Shot& s) { return s.mark == Mark::Code; });
    for (Shot& s : shots)
        if (told && s.mark == Mark::Label && !s.certain) s.mark = Mark::None;
}

/// Says for each image whether it begins an item.
void mark_separators(std::vector<Shot>& shots, const GroupingOptions& options) {
    const std::string barcodes = options.settings->get(kBarcodes);
    const bool patch = options.settings->get(kPatch), blank = options.settings->get(kBlankSplits);
    for (Shot& shot : shots) {
        if (!shot.treatment) continue;
        const Separator& sheet = shot.treatment->separator;
        if (sheet.kind.empty()) {
            if (blank && is_blank(shot)) shot.mark = Mark::Blank;
            else mark_label(shot, options);
        } else if (sheet.kind.rfind("patch", 0) == 0) {
            if (patch) shot.mark = Mark::Patch;
        } else if (barcodes != "none") {
            shot.code = code_of_barcode(sheet.value, options, true, shot.certain);
            if (shot.code.empty())
                shot.findings.push_back(remark("group.barcode_not_code", Severity::Warning, {sheet.value}));
            else shot.mark = Mark::Code;
        }
    }
}

void add(Segment& segment, const std::vector<Shot>& shots, std::size_t i) {
    segment.shots.push_back(i);
    if ((shots[i].mark == Mark::None || shots[i].mark == Mark::Label) && !is_blank(shots[i])) segment.content = true;
}

std::vector<Segment> split_by_separators(const std::vector<Shot>& shots, const std::string& base_code) {
    std::vector<Segment> segments(1);
    segments[0].code = base_code;
    std::size_t current = 0;
    const auto begin = [&](std::string code, bool sheet) {
        segments.emplace_back();
        current = segments.size() - 1;
        segments[current].code = std::move(code);
        segments[current].from_sheet = sheet;
    };
    for (std::size_t i = 0; i < shots.size(); ++i) {
        const Shot& shot = shots[i];
        const bool named = shot.mark == Mark::Code || shot.mark == Mark::Label;
        if (named && shot.code != segments[current].code) {
            const auto earlier =
                std::find_if(segments.begin(), segments.end(), [&](const Segment& s) { return s.code == shot.code; });
            if (earlier != segments.end()) {
                // The same 档号 again after another item: it is one item, and somebody should look at the order.
                current = static_cast<std::size_t>(earlier - segments.begin());
                segments[current].findings.push_back(remark("group.code_again", Severity::Warning, {shot.code}));
            } else if (!segments[current].content && !segments[current].from_sheet) {
                if (!segments[current].code.empty())
                    segments[current].findings.push_back(
                        remark("group.code_conflict", Severity::Warning, {segments[current].code, shot.code}));
                segments[current].code = shot.code;
                segments[current].from_sheet = true;
            } else {
                begin(shot.code, true);
            }
        } else if ((shot.mark == Mark::Patch || shot.mark == Mark::Blank) && segments[current].content) {
            begin({}, false);
        } else if (shot.mark == Mark::Code) {
            segments[current].from_sheet = true; // the sheet confirms the folder's name
        }
        add(segments[current], shots, i);
    }
    // A last sheet with nothing behind it announces nothing: its image belongs to the item before.
    for (std::size_t s = segments.size(); s-- > 1;) {
        if (segments[s].content || !segments[s].code.empty()) continue;
        auto& before = segments[s - 1].shots;
        before.insert(before.end(), segments[s].shots.begin(), segments[s].shots.end());
        segments.erase(segments.begin() + static_cast<std::ptrdiff_t>(s));
    }
    return segments;
}

/// "X-003" without its serial number: "X"; the name itself when it has none.
std::string without_serial(const std::string& name) {
    std::size_t end = name.size();
    if (end && name[end - 1] == ')') --end;
    const std::size_t digits_end = end;
    while (end > 0 && name[end - 1] >= '0' && name[end - 1] <= '9') --end;
    if (end == digits_end || digits_end - end > 5) return name;
    const std::size_t digits = end;
    while (end > 0 && std::string_view("-_ .#(").find(name[end - 1]) != std::string_view::npos) --end;
    return end == digits || end == 0 ? name : name.substr(0, end);
}

/// Segments by the 档号 in the files' names; empty when the names do not say enough.
std::vector<Segment> split_by_file_names(const std::vector<Shot>& shots, const GroupInput& input,
                                         const GroupingOptions& options) {
    const std::size_t n = input.sources.size();
    std::vector<std::string> names(n), codes(n);
    std::map<std::string, int> shared;
    GroupingOptions patterns_only = options;
    patterns_only.catalogue = nullptr;
    std::size_t catalogued = 0, known = 0;
    for (std::size_t i = 0; i < n; ++i) {
        names[i] = stem(input.sources[i].source.original_name);
        ++shared[without_serial(names[i])];
    }
    for (std::size_t i = 0; i < n; ++i) {
        const std::string bare = without_serial(names[i]);
        if (options.catalogue) {
            for (const std::string* spelling : {static_cast<const std::string*>(&names[i]), &bare}) {
                const std::string plain = unescape_name(*spelling);
                if (!codes[i].empty() || !options.catalogue->find(plain)) continue;
                codes[i] = recognise_code(*spelling, options, false);
                ++catalogued;
            }
        }
        if (codes[i].empty() && shared[bare] > 1) codes[i] = recognise_code(bare, patterns_only, false);
        if (codes[i].empty()) codes[i] = recognise_code(names[i], patterns_only, false);
        known += codes[i].empty() ? 0 : 1;
    }
    // Forms alone could be chance (a date, an old numbering): they have to hold for every file.
    if (known < n && known != catalogued) return {};
    if (known == 0) return {};
    std::vector<Segment> segments;
    for (std::size_t i = 0; i < shots.size(); ++i) {
        const std::string& code = codes[static_cast<std::size_t>(shots[i].source)];
        auto it = std::find_if(segments.begin(), segments.end(), [&](const Segment& s) { return s.code == code; });
        if (it == segments.end()) {
            segments.emplace_back();
            it = std::prev(segments.end());
            it->code = code;
        }
        add(*it, shots, i);
    }
    return segments;
}

/// What the picture alone tells; body pages wait for their text.
void classify_by_picture(Page& page, Mark mark) {
    const auto is = [&](PageClass c, double confidence) {
        page.page_class = c;
        page.class_confidence = confidence;
    };
    const PageTreatment& t = page.treatment;
    if (mark == Mark::Code) is(PageClass::Separator, 0.99);
    else if (mark == Mark::Patch) is(PageClass::Separator, 0.95);
    else if (mark == Mark::Blank) is(PageClass::Separator, 0.7);
    else if (t.target >= kTargetSure) is(PageClass::Target, t.target);
    else if (t.blank) {
        const bool unsure = std::any_of(t.findings.begin(), t.findings.end(),
                                        [](const Finding& f) { return f.code == "treat.blank_unsure"; });
        is(PageClass::Blank, unsure ? 0.6 : 0.95);
    }
}

/// What an identity is made from when a file could not even be digested.
const std::string& identity_of(const Source& source) {
    return source.sha512.empty() ? source.original_bytes : source.sha512;
}

void add_pages(Item& item, const Shot& shot, const TreatedSource& from, int source_in_item, bool right_to_left,
               std::map<std::string, int>& occurrences) {
    const int serial = item.pages.empty() ? 1 : item.pages.back().serial + 1;
    std::vector<PageTreatment> halves;
    if (shot.treatment) halves = shot.treatment->pages;
    else halves.emplace_back();
    if (right_to_left && halves.size() > 1)
        std::stable_sort(halves.begin(), halves.end(), [](const PageTreatment& a, const PageTreatment& b) {
            return a.split == "right" && b.split == "left";
        });
    else if (halves.size() > 1)
        std::stable_sort(halves.begin(), halves.end(), [](const PageTreatment& a, const PageTreatment& b) {
            return a.split == "left" && b.split == "right";
        });
    for (std::size_t h = 0; h < halves.size(); ++h) {
        Page page;
        page.image = {source_in_item, shot.index};
        page.serial = serial;
        page.order = static_cast<int>(item.pages.size()) + 1;
        page.treatment = std::move(halves[h]);
        const std::string name =
            identity_of(from.source) + "\n" + std::to_string(shot.index) + "\n" + page.treatment.split;
        page.id = Uuid::from_name(item.id, name + "\n" + std::to_string(occurrences[name]++));
        classify_by_picture(page, shot.mark);
        if (h == 0) {
            if (static_cast<std::size_t>(shot.index) < from.source.images.size())
                page.findings = from.source.images[static_cast<std::size_t>(shot.index)].findings;
            if (shot.treatment)
                page.findings.insert(page.findings.end(), shot.treatment->findings.begin(),
                                     shot.treatment->findings.end());
            page.findings.insert(page.findings.end(), shot.findings.begin(), shot.findings.end());
        }
        page.findings.insert(page.findings.end(), page.treatment.findings.begin(), page.treatment.findings.end());
        if (shot.error) page.error = *shot.error;
        else if (!shot.treatment)
            page.error = fail("group.no_image", "no image was found in the file", from.source.path).value();
        if (page.error && page.error->stage.empty()) page.error->stage = "grouping";
        item.pages.push_back(std::move(page));
    }
}

Item make_item(const Segment& segment, const std::string& provisional, const std::vector<Shot>& shots,
               const GroupInput& input, const GroupingOptions& options) {
    Item item;
    item.reference_code = segment.code;
    item.provisional_name = provisional;
    item.delivery = input.name;
    item.findings = segment.findings;

    std::map<int, int> in_item; // source of the delivery -> of the item
    std::string identity =
        "item\n" + options.repository_code + "\n" + (segment.code.empty() ? provisional : segment.code);
    for (const std::size_t i : segment.shots) {
        if (!in_item.emplace(shots[i].source, static_cast<int>(item.sources.size())).second) continue;
        item.sources.push_back(input.sources[static_cast<std::size_t>(shots[i].source)].source);
        identity += "\n" + identity_of(item.sources.back());
    }
    item.id = Uuid::from_name(Uuid::recto_space(), identity);

    std::map<std::string, int> occurrences;
    for (const std::size_t i : segment.shots)
        add_pages(item, shots[i], input.sources[static_cast<std::size_t>(shots[i].source)], in_item[shots[i].source],
                  options.settings->get(kRightToLeft), occurrences);

    if (!segment.content) {
        item.held = true;
        item.held_reason = "group.no_pages";
        item.findings.push_back(remark("group.no_pages", Severity::Error, {item.display_name()}));
    }
    const auto failed =
        std::count_if(item.pages.begin(), item.pages.end(), [](const Page& p) { return p.error.has_value(); });
    if (failed > 0) {
        item.held = true;
        item.held_reason = "group.failed_pages";
        item.findings.push_back(remark("group.failed_pages", Severity::Error, {std::to_string(failed)}));
    }
    return item;
}

} // namespace

std::vector<Item> group_items(const GroupInput& input, const GroupingOptions& options) {
    std::vector<Shot> shots = list_shots(input);
    if (shots.empty()) return {};
    mark_separators(shots, options);

    const std::string name = input.is_file ? stem(input.name) : input.name;
    const std::string base_code = recognise_code(leaf(name), options, true);
    drop_doubtful_labels(shots, base_code);
    const bool separated = std::any_of(shots.begin(), shots.end(), [](const Shot& s) { return s.mark != Mark::None; });
    std::vector<Segment> segments;
    if (base_code.empty() && !separated && input.sources.size() > 1 && options.settings->get(kFileNames))
        segments = split_by_file_names(shots, input, options);
    if (segments.empty()) segments = split_by_separators(shots, base_code);

    std::vector<Item> items;
    for (std::size_t s = 0; s < segments.size(); ++s) {
        if (segments[s].shots.empty()) continue;
        // The first keeps the delivery's name; further ones get a number, so that no two are called the same.
        const std::string provisional = items.empty() ? name : name + " #" + std::to_string(items.size() + 1);
        Item item = make_item(segments[s], provisional, shots, input, options);
        mark_sides(item, options.settings->get(kDuplex));
        check_duplicates(item, static_cast<int>(options.settings->get(kDuplicateDistance)));
        check_orientation(item);
        check_sizes(item);
        check_streaks(item);
        items.push_back(std::move(item));
    }
    return items;
}

} // namespace recto::group
