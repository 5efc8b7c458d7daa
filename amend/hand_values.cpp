#include "amend/hand_values.h"

#include <algorithm>
#include <iterator>

#include "stages/treatment/manual.h"

namespace recto::amend {
namespace {

bool is_of(const nlohmann::json& entry, const ImageName& image) {
    return entry.value("sha512", "") == image.sha512 && entry.value("image", 0) == image.index;
}

/// Treatment found something else when the values were set.
bool found_otherwise(const nlohmann::json& entry, const std::vector<PageTreatment>& now, const ImageInfo& info) {
    const auto then = entry.value("auto", std::vector<PageTreatment>{});
    if (then.size() != now.size()) return true;
    for (std::size_t i = 0; i < then.size(); ++i)
        if (treat::differs(then[i], now[i], info)) return true;
    return false;
}

/// Findings that are of the image and not of what treatment made of the page.
std::vector<Finding> findings_of_image(const Page& page) {
    std::vector<Finding> out = page.findings;
    std::erase_if(out, [&](const Finding& f) {
        return std::any_of(page.treatment.findings.begin(), page.treatment.findings.end(),
                           [&](const Finding& t) { return t.code == f.code; });
    });
    return out;
}

} // namespace

ImageName image_of(const Item& item, const Page& page) {
    if (page.image.source < 0 || static_cast<std::size_t>(page.image.source) >= item.sources.size()) return {};
    return {item.sources[static_cast<std::size_t>(page.image.source)].sha512, page.image.index};
}

const nlohmann::json* standing_values(const nlohmann::json& edits, const ImageName& image, const std::string& page) {
    const nlohmann::json* found = nullptr;
    for (const auto& edit : edits) {
        if (edit.value("edit", "") != "treat" || !edit.contains("pages")) continue;
        for (const auto& entry : edit["pages"])
            if (is_of(entry, image)) {
                const bool of_half = entry.contains("values") && entry["values"].contains("half");
                if (entry.value("automatic", false)) found = nullptr;
                else if (!of_half || page.empty() || entry.value("page", "") == page) found = &entry;
            }
    }
    return found;
}

bool values_dropped(const nlohmann::json& edits, const std::string& page, const ImageName& now) {
    if (standing_values(edits, now)) return false;
    bool dropped = false;
    for (const auto& edit : edits) {
        if (edit.value("edit", "") != "treat" || !edit.contains("pages")) continue;
        for (const auto& entry : edit["pages"])
            if (entry.value("page", "") == page) dropped = !is_of(entry, now) && !entry.value("automatic", false);
    }
    return dropped;
}

void set_treatment(Page& page, const PageTreatment& treatment, const std::vector<Finding>& of_image) {
    page.treatment = treatment;
    if (page.page_class == PageClass::Body && treatment.blank) page.page_class = PageClass::Blank;
    else if ((page.page_class == PageClass::Blank || page.page_class == PageClass::BlankVerso) && !treatment.blank)
        page.page_class = PageClass::Body;
    page.findings = of_image;
    page.findings.insert(page.findings.end(), treatment.findings.begin(), treatment.findings.end());
}

void put_values_on(Item& item, const Item& before, const std::vector<ImageName>& grouped) {
    std::vector<ImageName> done;
    for (const Page& stored : before.pages) {
        const ImageName image = image_of(before, stored);
        const nlohmann::json* entry = standing_values(before.edits, image);
        if (!entry || std::find(done.begin(), done.end(), image) != done.end()) continue;
        done.push_back(image);
        const auto is_here = [&](const Page& p) { return !p.error && image_of(item, p) == image; };
        const auto first = std::find_if(item.pages.begin(), item.pages.end(), is_here);
        if (first == item.pages.end()) {
            item.findings.push_back({"amend.values_lost", Severity::Warning, {stored.id.to_string()}, false, {}});
            continue;
        }
        const auto at = first - item.pages.begin();
        std::vector<PageTreatment> now;
        for (const Page& p : item.pages)
            if (is_here(p)) now.push_back(p.treatment);
        const ImageInfo& info = item.sources.at(static_cast<std::size_t>(first->image.source))
                                    .images.at(static_cast<std::size_t>(image.index));
        const bool look =
            std::find(grouped.begin(), grouped.end(), image) != grouped.end() && found_otherwise(*entry, now, info);
        const Page as_found = *first;
        const std::vector<Finding> of_image = findings_of_image(as_found);
        std::erase_if(item.pages, is_here);
        std::vector<Page> pages;
        for (const Page& mine : before.pages) {
            if (image_of(before, mine) != image) continue;
            Page page;
            page.id = mine.id;
            page.image = as_found.image;
            page.serial = as_found.serial;
            page.leaf = mine.leaf;
            page.side = mine.side;
            page.page_class = as_found.page_class;
            set_treatment(page, mine.treatment, pages.empty() ? of_image : std::vector<Finding>{});
            if (look && pages.empty())
                page.findings.push_back({"amend.values_review", Severity::Warning, {}, false, {}});
            pages.push_back(std::move(page));
        }
        item.pages.insert(item.pages.begin() + at, std::make_move_iterator(pages.begin()),
                          std::make_move_iterator(pages.end()));
    }
}

} // namespace recto::amend
