// A page by the values of a person: treated anew, cut in two or joined, and the entry of the ledger.

#include "amend/treat_page.h"

#include <algorithm>

#include <fmt/format.h>

#include "amend/edits.h"
#include "stages/grouping/grouping.h"

namespace recto::amend {
namespace {

/// In the order in which they are read.
void put_in_order(std::vector<PageTreatment>& pages, bool right_to_left) {
    const std::string_view first = right_to_left ? "right" : "left";
    std::stable_sort(pages.begin(), pages.end(), [&](const PageTreatment& a, const PageTreatment& b) {
        return a.split == first && b.split != first;
    });
}

/// Gives the pages of one image their new treatments. There may be one more than pages (it was split: a page with an id of its
/// own follows the first) or one fewer (it was joined: the second goes). Returns the ids of the pages that are there now.
std::vector<std::string> give(Item& item, std::size_t first, const ImageTreatment& treated, int head) {
    const ImageRef ref = item.pages[first].image;
    const auto of_image = [&](const Page& p) { return p.image.source == ref.source && p.image.index == ref.index; };
    std::vector<std::size_t> here;
    for (std::size_t i = 0; i < item.pages.size(); ++i)
        if (of_image(item.pages[i])) here.push_back(i);
    while (here.size() > treated.pages.size()) {
        item.pages.erase(item.pages.begin() + static_cast<std::ptrdiff_t>(here.back()));
        here.pop_back();
    }
    while (here.size() < treated.pages.size()) {
        Page page;
        const Page& before = item.pages[here.back()];
        page.image = ref;
        page.serial = before.serial;
        page.leaf = before.leaf;
        page.side = before.side;
        page.id = Uuid::from_name(item.id, fmt::format("split\n{}\n{}\n{}\n{}", image_of(item, before).sha512,
                                                       ref.index, treated.pages[here.size()].split, head));
        const std::size_t at = here.back() + 1;
        item.pages.insert(item.pages.begin() + static_cast<std::ptrdiff_t>(at), std::move(page));
        here.push_back(at);
    }
    std::vector<Finding> of_scan =
        item.sources.at(static_cast<std::size_t>(ref.source)).images.at(static_cast<std::size_t>(ref.index)).findings;
    of_scan.insert(of_scan.end(), treated.findings.begin(), treated.findings.end());
    std::vector<std::string> ids;
    for (std::size_t k = 0; k < here.size(); ++k) {
        set_treatment(item.pages[here[k]], treated.pages[k], k == 0 ? of_scan : std::vector<Finding>{});
        ids.push_back(item.pages[here[k]].id.to_string());
    }
    return ids;
}

} // namespace

Bench::Bench(const Settings& settings, Decode decode, std::unique_ptr<treat::OrientationProbe> probe)
    : settings_(settings), decode_(std::move(decode)), options_(treat::Options::from_settings(settings)),
      probe_(std::move(probe)) {}

Result<ImageTreatment> Bench::treat(const Item& item, const Page& page, const treat::ManualTreatment* manual) {
    const Source& source = item.sources.at(static_cast<std::size_t>(page.image.source));
    if (const ImageName image = image_of(item, page); image != shown_ || raster_.empty()) {
        RECTO_ASSIGN(raster_, decode_(source, page.image.index));
        shown_ = image;
    }
    const ImageInfo& info = source.images.at(static_cast<std::size_t>(page.image.index));
    try {
        return treat::treat_image(raster_, info, options_, probe_.get(), manual);
    } catch (const std::exception& e) { return fail("treat.failed", e.what(), source.path, page.image.index + 1); }
}

Result<nlohmann::json> treat_page(Item& item, int head, Bench& bench, const TreatRow& row, bool confirm,
                                  std::set<std::string>& changed) {
    RECTO_ASSIGN(const std::size_t at, find_page(item, row.page));
    const Page asked = item.pages[at];
    const ImageName image = image_of(item, asked);
    const ImageInfo& info = item.sources.at(static_cast<std::size_t>(asked.image.source))
                                .images.at(static_cast<std::size_t>(asked.image.index));
    RECTO_ASSIGN(treat::ManualTreatment values, treat::parse_manual(row.words, info));
    if (row.automatic && !values.empty())
        return fail("by_hand.value", "auto: a page that goes back to automatic has no other values");
    const bool of_half =
        !asked.treatment.split.empty() && !row.automatic && !values.keep && !values.one_page && !values.fold;
    if (of_half) {
        if (values.whole)
            return fail("by_hand.value", "corners 'whole': half of an open book; split 'none' joins its pages");
        values.half = asked.treatment.split;
        if (!values.quad) values.quad = asked.treatment.quad;
    }
    const nlohmann::json* standing = standing_values(item.edits, image, asked.id.to_string());
    const bool to_look_at = confirm && std::any_of(asked.findings.begin(), asked.findings.end(),
                                                   [](const Finding& f) { return f.code == "amend.values_review"; });
    const bool same =
        row.automatic ? standing == nullptr : standing && standing->value("values", nlohmann::json()) == values;
    if (same && !to_look_at) return nlohmann::json();

    RECTO_ASSIGN(ImageTreatment found, bench.treat(item, asked, nullptr));
    const bool right_to_left = bench.settings().get(group::kRightToLeft);
    put_in_order(found.pages, right_to_left);
    nlohmann::json entry = {
        {"page", asked.id.to_string()}, {"sha512", image.sha512}, {"image", image.index}, {"auto", found.pages}};
    if (row.automatic) entry["automatic"] = true;
    else entry["values"] = values;
    ImageTreatment treated;
    if (row.automatic) treated = found;
    else {
        RECTO_ASSIGN(treated, bench.treat(item, asked, &values));
        put_in_order(treated.pages, right_to_left);
    }
    if (treated.pages.empty()) return fail("treat.failed", "no page on it", asked.id.to_string());
    if (of_half) {
        set_treatment(item.pages[at], treated.pages.front(), {});
        changed.insert(asked.id.to_string());
        return entry;
    }
    std::size_t first = at;
    while (first > 0 && item.pages[first - 1].image.source == asked.image.source &&
           item.pages[first - 1].image.index == asked.image.index)
        --first;
    for (const std::string& id : give(item, first, treated, head)) changed.insert(id);
    number_order(item);
    return entry;
}

std::string people_of(const std::set<std::string>& people) {
    std::string who;
    for (const auto& person : people) who += (who.empty() || person.empty() ? "" : ", ") + person;
    return who;
}

} // namespace recto::amend
