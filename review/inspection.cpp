#include "review/inspection.h"

#include <algorithm>
#include <cmath>

#include <fmt/format.h>

#include "review/html.h"
#include "review/outliers.h"
#include "review/parts.h"

namespace recto {
namespace {

using namespace report;
using html::label;

std::string sums(const RunReport& run, std::size_t to_look_at, std::size_t odd) {
    std::string out = "<section><div class=\"sum\">";
    const auto box = [&](std::string_view id, std::size_t value) {
        out += fmt::format("<div><b>{}</b>{}</div>", value, label(id));
    };
    box("report.pages", static_cast<std::size_t>(run.pages));
    box("inspection.to_look_at", to_look_at);
    box("inspection.odd", odd);
    box("inspection.not_read", run.errors.size());
    return out + "</div></section>";
}

/// The folder of a page, where there are several.
std::string place_of(const RunReport& run, const ItemReport& item) {
    return run.items.size() < 2 ? std::string()
                                : fmt::format("<span class=\"soft\">{}</span>", html::escape(item.name));
}

std::string odd_pages(const Book& book, const std::vector<Outlier>& odd) {
    if (odd.empty()) return "";
    std::string out = fmt::format("<section><h2>{}</h2><p class=\"soft\">{}</p><div class=\"sheet\">",
                                  label("report.outliers"), label("report.outliers.how"));
    for (const Outlier& o : odd) {
        const auto rounded = [](double v) { return std::round(v * 1000) / 1000; };
        out += page_figure(book, *o.page, "",
                           fmt::format("<b>{}: {:.4g}</b> <span class=\"soft\">({} {:.4g})</span>", label(o.measure),
                                       rounded(o.value), label("report.typical"), rounded(o.typical)),
                           false);
    }
    return out + "</div></section>";
}

} // namespace

Result<std::string> write_inspection(FileSystem& fs, const std::string& folder, const RunReport& run) {
    RECTO_TRY(fs.make_folders(folder));
    Book book{fs, folder, run, {}, {}, {}};
    struct Place {
        const ItemReport* item;
        const PageReport* page;
    };
    std::vector<Place> pages;
    for (const ItemReport& item : run.items) {
        book.items.push_back(&item);
        for (const PageReport& page : item.pages) pages.push_back({&item, &page});
    }
    RECTO_TRY(take_pictures(book));
    // Worst first: the gravest finding, then how many there are that a person should look at.
    const auto rank = [](const Place& p) {
        const auto grave =
            std::ranges::count_if(p.page->findings, [](const Finding& f) { return f.severity >= Severity::Warning; });
        return std::pair(worst(*p.page), grave);
    };
    std::ranges::stable_sort(pages, [&](const Place& a, const Place& b) { return rank(a) > rank(b); });
    const std::size_t parts = std::max<std::size_t>(1, (pages.size() + kFiguresAPage - 1) / kFiguresAPage);
    std::vector<std::string> addresses;
    for (std::size_t part = 0; part < parts; ++part)
        addresses.push_back(part == 0 ? std::string("index.html") : fmt::format("index-{}.html", part + 1));
    for (std::size_t n = 0; n < pages.size(); ++n)
        book.places[pages[n].page].address = addresses[n / kFiguresAPage] + "#p" + pages[n].page->id;

    const std::vector<Outlier> odd = outliers(run, kOutliers);
    const auto to_look_at = static_cast<std::size_t>(
        std::ranges::count_if(pages, [](const Place& p) { return worst(*p.page) >= Severity::Warning; }));
    for (std::size_t part = 0; part < parts; ++part) {
        std::string out = html::open_page(plain("inspection.title"), "", {});
        out += fmt::format("<p class=\"soft\">{}</p>", html::escape(run.started));
        if (part == 0)
            out += sums(run, to_look_at, odd.size()) + not_taken(run) + finding_counts(run) + odd_pages(book, odd);
        out += fmt::format("<section><h2>{}</h2>{}<div class=\"sheet\">", label("inspection.pages"),
                           html::pager(addresses, part));
        for (std::size_t n = part * kFiguresAPage; n < std::min(pages.size(), (part + 1) * kFiguresAPage); ++n)
            out += page_figure(book, *pages[n].page, "", place_of(run, *pages[n].item));
        out += "</div>" + html::pager(addresses, part) + "</section>";
        RECTO_TRY(fs.write(join_path(folder, addresses[part]), out + html::close_page()));
    }
    return join_path(folder, "index.html");
}

} // namespace recto
