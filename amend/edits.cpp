#include "amend/edits.h"

#include <algorithm>
#include <set>

#include "amend/corrections.h"
#include "amend/hand_values.h"
#include "stages/encode/encode.h"
#include "stages/encode/text_layer.h"

namespace recto::amend {
namespace {

std::vector<Finding> findings_of_scan(const Item& item, const Page& page) {
    const Source& source = item.sources.at(static_cast<std::size_t>(page.image.source));
    std::vector<Finding> out;
    if (static_cast<std::size_t>(page.image.index) < source.images.size())
        out = source.images[static_cast<std::size_t>(page.image.index)].findings;
    out.insert(out.end(), page.treatment.findings.begin(), page.treatment.findings.end());
    return out;
}

/// A stored page as grouping would have left it: what reading and joining add is made again.
Page as_grouped(const Item& stored, const Page& page) {
    Page out;
    out.id = page.id;
    out.image.index = page.image.index;
    out.serial = page.serial;
    out.leaf = page.leaf;
    out.side = page.side;
    out.treatment = page.treatment;
    out.page_class = page.treatment.blank ? PageClass::Blank : PageClass::Body;
    out.findings = findings_of_scan(stored, page);
    return out;
}

void add_lost(Item& item, const std::string& page) {
    item.findings.push_back({"amend.lost", Severity::Error, {page}, false, {}});
    if (item.held) return;
    item.held = true;
    item.held_reason = "amend.lost";
}

} // namespace

int exchange_source(Item& item, std::size_t page, Source with) {
    const int old = item.pages.at(page).image.source;
    for (std::size_t s = 0; s < item.sources.size(); ++s)
        if (!with.sha512.empty() && item.sources[s].sha512 == with.sha512) return static_cast<int>(s);
    const bool shared = std::any_of(item.pages.begin(), item.pages.end(),
                                    [&](const Page& p) { return &p != &item.pages[page] && p.image.source == old; });
    if (!shared && old >= 0) {
        item.sources.at(static_cast<std::size_t>(old)) = std::move(with);
        return old;
    }
    item.sources.push_back(std::move(with));
    return static_cast<int>(item.sources.size()) - 1;
}

void number_order(Item& item) {
    for (std::size_t i = 0; i < item.pages.size(); ++i) item.pages[i].order = static_cast<int>(i) + 1;
}

void decide_hold(Item& item) {
    std::erase_if(item.findings, [](const Finding& f) {
        return f.code == "group.failed_pages" || f.code == "run.held_errors" || f.code == "group.no_pages" ||
               f.code == "amend.lost";
    });
    item.held = false;
    item.held_reason.clear();
    const auto failed =
        std::count_if(item.pages.begin(), item.pages.end(), [](const Page& p) { return p.error.has_value(); });
    if (failed > 0) {
        item.held = true;
        item.held_reason = "group.failed_pages";
        item.findings.push_back({"group.failed_pages", Severity::Error, {std::to_string(failed)}, false, {}});
    }
    const bool content = std::any_of(item.pages.begin(), item.pages.end(), [](const Page& p) {
        return !p.error && p.page_class != PageClass::Separator && p.page_class != PageClass::Blank;
    });
    if (!content && failed == 0) {
        item.held = true;
        item.held_reason = "group.no_pages";
        item.findings.push_back({"group.no_pages", Severity::Error, {item.display_name()}, false, {}});
    }
}

Result<void> put_on(Item& item, const nlohmann::json& stored, const ContentPath& content_path) {
    if (!stored.is_object() || !stored.contains("edits") || !stored["edits"].is_array() || stored["edits"].empty())
        return {};
    RECTO_ASSIGN(const Item before, item_from_json(stored));
    item.edits = before.edits;
    std::set<std::string> replaced, inserted;
    bool treated = false;
    for (const auto& edit : item.edits) {
        const std::string kind = edit.value("edit", ""), page = edit.value("page", "");
        if (kind == "replace") replaced.insert(page);
        if (kind == "insert") inserted.insert(page);
        treated = treated || kind == "treat";
    }
    for (const auto& page : inserted) replaced.erase(page);
    if (replaced.empty() && inserted.empty() && !treated) return {};
    std::vector<ImageName> grouped;
    for (const Page& page : item.pages) grouped.push_back(image_of(item, page));

    const auto source_of = [&](const Page& page) -> Result<Source> {
        const auto index = static_cast<std::size_t>(page.image.source);
        Source source = before.sources.at(index);
        RECTO_ASSIGN(source.path, content_path(master_logical_path(before, index)));
        return source;
    };
    std::size_t last = 0; // behind this place the next inserted page goes
    for (const Page& page : before.pages) {
        const std::string id = page.id.to_string();
        const auto here =
            std::find_if(item.pages.begin(), item.pages.end(), [&](const Page& p) { return p.id == page.id; });
        if (replaced.contains(id) && here != item.pages.end()) {
            RECTO_ASSIGN(Source source, source_of(page));
            const auto at = static_cast<std::size_t>(here - item.pages.begin());
            const int index = exchange_source(item, at, std::move(source));
            const int leaf = here->leaf;
            const std::string side = here->side;
            *here = as_grouped(before, page);
            here->image.source = index;
            here->leaf = leaf;
            here->side = side;
            if (values_dropped(item.edits, id, image_of(item, *here)))
                here->findings.push_back({"amend.values_dropped", Severity::Warning, {}, false, {}});
            replaced.erase(id);
        } else if (inserted.contains(id) && here == item.pages.end()) {
            RECTO_ASSIGN(Source source, source_of(page));
            Page fresh = as_grouped(before, page);
            fresh.image.source = -1;
            const auto at = item.pages.insert(item.pages.begin() + static_cast<std::ptrdiff_t>(last), std::move(fresh));
            const auto place = static_cast<std::size_t>(at - item.pages.begin());
            item.pages[place].image.source = exchange_source(item, place, std::move(source));
            last = place + 1;
            inserted.erase(id);
            continue;
        }
        if (here != item.pages.end()) last = static_cast<std::size_t>(here - item.pages.begin()) + 1;
    }
    put_values_on(item, before, grouped);
    number_order(item);
    decide_hold(item);
    for (const auto& rest : {replaced, inserted})
        for (const std::string& page : rest) add_lost(item, page);
    return {};
}

void put_corrections_on(Item& item) {
    for (Page& page : item.pages) {
        const auto wanted = corrections_of(item.edits, page.id.to_string());
        if (wanted.empty() || page.error) continue;
        page.text = encode::clean_text(page.text);
        name_lines(page.text);
        for (const Correction& c : wanted) {
            if (put_correction_on(page.text, c)) continue;
            page.findings.push_back({"amend.correction_lost", Severity::Warning, {c.line, c.new_text}, false, {}});
        }
    }
}

} // namespace recto::amend
