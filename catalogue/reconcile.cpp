#include "catalogue/reconcile.h"

#include <algorithm>
#include <unordered_map>

#include "pipeline/files/codes.h"

namespace recto::catalogue {

std::string_view to_string(Verdict verdict) {
    switch (verdict) {
    case Verdict::Match: return "match";
    case Verdict::MissingPages: return "missing-pages";
    case Verdict::ExtraPages: return "extra-pages";
    case Verdict::NoPageCount: return "no-page-count";
    case Verdict::NotScanned: return "not-scanned";
    case Verdict::NotInCatalogue: return "not-in-catalogue";
    }
    return "match";
}

ScannedItem summarise(const Item& item) {
    ScannedItem s;
    s.id = item.id;
    s.code = item.reference_code;
    s.name = item.display_name();
    s.delivery = item.delivery;
    s.counted = item.counted_pages();
    s.held = item.held;
    s.findings = item.findings;
    for (const Page& page : item.pages) {
        ++s.classes[page.page_class];
        PageMark mark;
        mark.order = page.order;
        mark.counts = counts_as_page(page.page_class);
        mark.sheet = page.page_class == PageClass::Separator;
        mark.unread =
            std::ranges::any_of(page.findings, [](const Finding& f) { return f.code == "treat.separator_unreadable"; });
        PageRemark remark;
        remark.order = page.order;
        remark.printed_number = page.printed_number;
        remark.image = page.image.index + 1;
        if (static_cast<std::size_t>(page.image.source) < item.sources.size())
            remark.file = item.sources[static_cast<std::size_t>(page.image.source)].original_name;
        mark.file = remark.file;
        s.pages.push_back(std::move(mark));
        if (page.error) {
            remark.finding = {};
            remark.finding.code = page.error->code;
            remark.finding.severity = Severity::Error;
            remark.finding.args = {page.error->reason};
            s.rescan.push_back(remark);
        }
        for (const Finding& f : page.findings) {
            if (f.severity != Severity::Rescan && f.severity != Severity::Error) continue;
            remark.finding = f;
            s.rescan.push_back(remark);
        }
    }
    return s;
}

Reconciliation reconcile(const Catalogue& catalogue, const std::vector<ScannedItem>& scanned) {
    Reconciliation r;
    std::unordered_map<const Entry*, int> by_entry;
    std::vector<int> others;
    for (std::size_t i = 0; i < scanned.size(); ++i) {
        const Entry* entry = scanned[i].code.empty() ? nullptr : catalogue.entry(scanned[i].code);
        // A second item under one 档号 stands in the list by itself: it is extra, whatever it holds.
        if (!entry || !by_entry.emplace(entry, static_cast<int>(i)).second) others.push_back(static_cast<int>(i));
    }
    for (const Entry& entry : catalogue.entries()) {
        ReconciledItem item;
        item.row = entry.row;
        item.code = entry.code;
        if (const auto t = entry.fields.find("title"); t != entry.fields.end()) item.title = t->second;
        if (const auto p = entry.fields.find("page_count"); p != entry.fields.end())
            item.expected = parse_page_count(p->second).value_or(-1);
        const auto found = by_entry.find(&entry);
        if (found == by_entry.end()) {
            item.verdict = Verdict::NotScanned;
            ++r.not_scanned;
        } else {
            item.scanned = found->second;
            item.counted = scanned[static_cast<std::size_t>(found->second)].counted;
            if (item.expected < 0) {
                item.verdict = Verdict::NoPageCount;
                ++r.no_page_count;
            } else if (item.counted < item.expected) {
                item.verdict = Verdict::MissingPages;
                ++r.missing_pages;
            } else if (item.counted > item.expected) {
                item.verdict = Verdict::ExtraPages;
                ++r.extra_pages;
            } else {
                ++r.matching;
            }
        }
        r.items.push_back(std::move(item));
    }
    for (const int i : others) {
        ReconciledItem item;
        item.verdict = Verdict::NotInCatalogue;
        item.code = scanned[static_cast<std::size_t>(i)].name;
        item.counted = scanned[static_cast<std::size_t>(i)].counted;
        item.scanned = i;
        ++r.not_in_catalogue;
        r.items.push_back(std::move(item));
    }
    r.sheets = check_sheets(catalogue, r, scanned);
    return r;
}

const SheetRemark* Reconciliation::missing_sheet(const std::string& code) const {
    const auto at = std::ranges::find(sheets, code, &SheetRemark::code);
    return code.empty() || at == sheets.end() ? nullptr : &*at;
}

Reconciliation reconcile(const Catalogue& catalogue, const std::vector<Item>& items) {
    std::vector<ScannedItem> scanned;
    scanned.reserve(items.size());
    for (const Item& item : items) scanned.push_back(summarise(item));
    return reconcile(catalogue, scanned);
}

} // namespace recto::catalogue
