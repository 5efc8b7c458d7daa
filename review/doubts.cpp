// Lines that the reader was not sure of, worst first, beside their pictures; and the file in which an operator corrects them.

#include <algorithm>

#include <fmt/format.h>

#include "pipeline/core/messages.h"
#include "review/corrections.h"
#include "review/html.h"
#include "review/parts.h"

namespace recto::report {

namespace {

/// Checks of the text name the line and have it whole: a reader that was sure of it says nothing of it.
constexpr double kSureButImpossible = 0.5;

void add_checks(const ItemReport& item, const PageReport& page, std::size_t first, std::vector<Doubt>& all) {
    for (const Finding& f : page.findings) {
        if (!f.code.starts_with("check.") || f.args.size() < 4) continue;
        const auto begin = all.begin() + static_cast<std::ptrdiff_t>(first);
        auto line = std::find_if(begin, all.end(), [&](const Doubt& d) { return d.id == f.args[0]; });
        if (line == all.end()) {
            all.push_back({&item, &page, f.args[0], f.args[3], kSureButImpossible, 0, 0, 0});
            line = all.end() - 1;
        }
        line->remarks.push_back(ui_language() == Language::Chinese ? f.chinese() : f.english());
    }
}

} // namespace

std::vector<Doubt> collect_doubts(const RunReport& run) {
    std::vector<Doubt> all;
    for (const ItemReport& item : run.items)
        for (const PageReport& page : item.pages) {
            const std::size_t first = all.size();
            if (const auto proof = page.work_results.find("proof"); proof != page.work_results.end())
                for (const auto& line : proof->second.value("lines", nlohmann::json::array()))
                    all.push_back({&item, &page, line.value("id", ""), line.value("text", ""),
                                   line.value("confidence", 0.0), line.value("y", 0), line.value("width", 0),
                                   line.value("height", 0)});
            add_checks(item, page, first, all);
        }
    std::ranges::stable_sort(all, {}, &Doubt::confidence);
    return all;
}

Result<void> write_doubts(const Book& book, const std::vector<Doubt>& lines) {
    std::vector<CorrectionLine> rows;
    for (const Doubt& l : lines)
        rows.push_back({l.item->reference_code.empty() ? l.item->id : l.item->reference_code, l.page->id, l.id, l.text,
                        l.page->order, l.confidence});
    RECTO_TRY(book.fs.write(join_path(book.folder, "corrections.csv"), corrections_csv(rows)));

    const std::size_t parts = std::max<std::size_t>(1, (lines.size() + kLinesAPage - 1) / kLinesAPage);
    std::vector<std::string> addresses;
    for (std::size_t part = 0; part < parts; ++part)
        addresses.push_back(part == 0 ? std::string("doubts.html") : fmt::format("doubts-{}.html", part + 1));
    for (std::size_t part = 0; part < parts; ++part) {
        std::string out = html::open_page("Recto · " + book.run.run_id, "", book.links);
        out += fmt::format("<section><h2>{} ({})</h2><p class=\"soft\">{}</p>{}<table>", html::label("report.doubts"),
                           lines.size(), html::label("report.doubts.how"), html::pager(addresses, part));
        for (std::size_t n = part * kLinesAPage; n < std::min(lines.size(), (part + 1) * kLinesAPage); ++n) {
            const Doubt& l = lines[n];
            const PagePlace& place = book.places.at(l.page);
            out += fmt::format("<tr><td class=\"n\">{:.0f}%</td><td>", l.confidence * 100);
            if (!place.lines.empty() && l.width > 0)
                out += fmt::format("<div class=\"strip\" style=\"width:{}px;height:{}px;"
                                   "background-image:url('{}');background-position:0 -{}px\"></div>",
                                   l.width, l.height, html::escape(place.lines), l.y);
            std::string remarks;
            if (l.text.empty()) remarks += "<div class=\"soft\">" + html::label("report.doubts.unread") + "</div>";
            for (const std::string& remark : l.remarks)
                remarks += "<div class=\"soft\">" + html::escape(remark) + "</div>";
            out += fmt::format("<div class=\"read\">{}</div>{}</td><td><a href=\"{}\">{} · {}</a><br><span "
                               "class=\"soft\">{}</span></td></tr>",
                               html::escape(l.text), remarks, html::escape(place.address), html::escape(l.item->name),
                               l.page->order, html::escape(l.id));
        }
        out += "</table>" + html::pager(addresses, part) + "</section>" + html::close_page();
        RECTO_TRY(book.fs.write(join_path(book.folder, addresses[part]), out));
    }
    return {};
}

} // namespace recto::report
