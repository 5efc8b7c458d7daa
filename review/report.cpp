// The overview of a report; contact sheets are in item_pages.cpp, doubtful lines in doubts.cpp.

#include "review/report.h"

#include <algorithm>

#include <fmt/format.h>

#include "pipeline/core/classified.h"
#include "pipeline/core/messages.h"
#include "pipeline/engine/progress.h"
#include "review/html.h"
#include "review/outliers.h"
#include "review/parts.h"
#include "review/treatments.h"

namespace recto {
namespace {

using namespace report;
using html::escape;
using html::label;

constexpr std::size_t kLookFirst = 24; ///< Pages shown on the overview.

std::string sums(const RunReport& run, std::size_t doubts) {
    int held = 0, findings = 0;
    for (const auto& i : run.items) {
        held += i.state == "held" || i.state == "failed";
        findings += static_cast<int>(i.findings.size());
        for (const auto& p : i.pages)
            findings += static_cast<int>(
                std::ranges::count_if(p.findings, [](const Finding& f) { return f.severity > Severity::Info; }));
    }
    std::string out = "<section><div class=\"sum\">";
    const auto box = [&](std::string_view id, const std::string& value) {
        out += fmt::format("<div><b>{}</b>{}</div>", escape(value), label(id));
    };
    box("report.items", std::to_string(run.items.size()));
    box("report.pages", std::to_string(run.pages));
    box("report.failed", std::to_string(run.pages_failed));
    box("report.held", std::to_string(held));
    box("report.findings", std::to_string(findings));
    box("report.doubts", std::to_string(doubts));
    box("report.time", duration_text(run.wall_seconds));
    return out + "</div></section>";
}

std::string catalogue_part(const ReportContext& context) {
    if (context.reconciliation.empty() && context.files.empty()) return "";
    std::string out = fmt::format("<section><h2>{}</h2><ul>", label("report.catalogue"));
    for (const auto& line : context.reconciliation) out += "<li>" + escape(line) + "</li>";
    for (const auto& file : context.files) out += fmt::format("<li><a href=\"{0}\">{0}</a></li>", escape(file));
    return out + "</ul></section>";
}

/// The pages that need a person most, with their pictures.
std::string look_first(const Book& book) {
    std::vector<const PageReport*> pages;
    for (const ItemReport* i : book.items)
        for (const PageReport& p : i->pages)
            if (worst(p) >= Severity::Warning) pages.push_back(&p);
    if (pages.empty()) return "";
    std::ranges::stable_sort(pages, [](const PageReport* a, const PageReport* b) { return worst(*a) > worst(*b); });
    std::string out = fmt::format("<section><h2>{} ({})</h2><p class=\"soft\">{}</p><div class=\"sheet\">",
                                  label("report.look_first"), pages.size(), label("report.look_first.how"));
    for (std::size_t n = 0; n < std::min(pages.size(), kLookFirst); ++n) out += page_figure(book, *pages[n], "");
    return out + "</div></section>";
}

/// The table of items, `part` of it.
std::string item_table(const Book& book, std::size_t part, const std::vector<std::string>& addresses) {
    std::string out = fmt::format("<section><h2>{}</h2>{}<table><tr><th>{}</th><th></th><th class=\"n\">{}</th><th "
                                  "class=\"n\">{}</th><th></th></tr>",
                                  label("report.all_items"), html::pager(addresses, part), label("report.items"),
                                  label("report.counted"), label("report.expected"));
    for (std::size_t n = part * kItemsAPage; n < std::min(book.items.size(), (part + 1) * kItemsAPage); ++n) {
        const ItemReport& i = *book.items[n];
        std::string remark = i.reason;
        if (remark.empty() && !i.findings.empty())
            remark = ui_language() == Language::Chinese ? i.findings[0].chinese() : i.findings[0].english();
        out += fmt::format(
            "<tr><td><a href=\"{}\">{}</a> <span class=\"soft\">{}</span></td><td><span class=\"tag "
            "{}\">{}</span></td><td class=\"n\">{}</td><td class=\"n\">{}</td><td class=\"{}\">{}</td></tr>",
            escape(item_address(book, i)), escape(i.name), escape(i.title), i.state, label("report.state." + i.state),
            i.counted_pages, i.expected_pages >= 0 ? std::to_string(i.expected_pages) : "–", to_string(worst(i)),
            escape(remark));
    }
    return out + "</table>" + html::pager(addresses, part) + "</section>";
}

std::string stage_table(const RunReport& run) {
    std::string out =
        fmt::format("<section><h2>{}</h2><table><tr><th>{}</th><th class=\"n\">{}</th><th "
                    "class=\"n\">{}</th><th class=\"n\">CPU s</th><th class=\"n\">s</th></tr>",
                    label("report.stages"), label("report.stage"), label("report.calls"), label("report.cached"));
    for (const auto& t : run.stages)
        out +=
            fmt::format("<tr><td>{}</td><td class=\"n\">{}</td><td class=\"n\">{}</td><td class=\"n\">{:.2f}</td><td "
                        "class=\"n\">{:.2f}</td></tr>",
                        escape(t.name), t.calls, t.cached, t.cpu_seconds, t.wall_seconds);
    return out + "</table></section>";
}

} // namespace

namespace {

/// Of an item that is held because of its 密级 only that there is one: no title, no pages, no lines.
RunReport without_classified(RunReport run) {
    for (ItemReport& i : run.items) {
        if (i.state != "held") continue;
        const auto about = [](const Finding& f) { return !is_classified_finding(f.code); };
        if (std::ranges::all_of(i.findings, about) && !is_classified_finding(i.reason)) continue;
        i.title.clear();
        i.pages.clear();
        std::erase_if(i.findings, about);
    }
    return run;
}

} // namespace

Result<std::string> write_report(FileSystem& fs, const std::string& folder, const RunReport& whole,
                                 const ReportContext& context) {
    const RunReport run = without_classified(whole);
    RECTO_TRY(fs.make_folders(folder));
    const nlohmann::json json = run;
    RECTO_TRY(fs.write(join_path(folder, "run.json"),
                       json.dump(1, ' ', false, nlohmann::json::error_handler_t::replace) + "\n"));
    Book book{fs, folder, run, {}, {}, {}};
    for (const auto& i : run.items) book.items.push_back(&i);
    // Worst first: what needs a person stands on top. A failed item before a held one, a held one before findings.
    const auto rank = [](const ItemReport& i) {
        return static_cast<int>(worst(i)) * 3 + (i.state == "failed" ? 2 : i.state == "held" ? 1 : 0);
    };
    std::ranges::stable_sort(book.items, [&](const auto* a, const auto* b) { return rank(*a) > rank(*b); });
    const std::vector<Doubt> doubts = collect_doubts(run);
    book.links = {{"index.html", plain("report.overview")},
                  {"doubts.html", fmt::format("{} ({})", plain("report.doubts"), doubts.size())},
                  {"corrections.csv", plain("report.corrections")},
                  {"treatments.csv", plain("report.treatments")}};
    RECTO_TRY(place_pages(book));
    RECTO_TRY(write_item_pages(book));
    RECTO_TRY(write_doubts(book, doubts));
    const std::vector<Outlier> odd = outliers(run, kOutliers);
    RECTO_TRY(fs.write(join_path(folder, "treatments.csv"), treatments_csv(run, odd)));

    const std::size_t parts = std::max<std::size_t>(1, (book.items.size() + kItemsAPage - 1) / kItemsAPage);
    std::vector<std::string> addresses;
    for (std::size_t part = 0; part < parts; ++part)
        addresses.push_back(part == 0 ? std::string("index.html") : fmt::format("index-{}.html", part + 1));
    for (std::size_t part = 0; part < parts; ++part) {
        std::string out = html::open_page(plain("report.title") + " · " + context.title, "", book.links);
        out += fmt::format("<p class=\"soft\">{} · {} · {} – {}</p>", escape(context.archive), escape(run.run_id),
                           escape(run.started), escape(run.ended));
        if (part == 0)
            out += sums(run, doubts.size()) + not_taken(run) + catalogue_part(context) + look_first(book) +
                   finding_counts(run) + outlier_part(book, odd);
        out += item_table(book, part, addresses);
        if (part == 0) out += stage_table(run);
        RECTO_TRY(fs.write(join_path(folder, addresses[part]), out + html::close_page()));
    }
    return join_path(folder, "index.html");
}

} // namespace recto
