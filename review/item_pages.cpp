// The contact sheets of a report: every page of every item, before and after.

#include <algorithm>
#include <cmath>

#include <fmt/format.h>

#include "pipeline/core/messages.h"
#include "review/html.h"
#include "review/parts.h"

namespace recto::report {
namespace {

std::string file_of_item(std::size_t number, std::size_t part) {
    return part == 0 ? fmt::format("items/{:04}.html", number + 1)
                     : fmt::format("items/{:04}-{}.html", number + 1, part + 1);
}

std::string picture(const std::string& address, const std::string& to_top, std::string_view caption) {
    if (address.empty()) return fmt::format("<div><span class=\"none soft\">–</span>{}</div>", html::label(caption));
    return fmt::format("<div><img loading=\"lazy\" src=\"{}{}\" alt=\"\">{}</div>", to_top, html::escape(address),
                       html::label(caption));
}

} // namespace

Severity worst(const PageReport& p) {
    if (!p.error_code.empty()) return Severity::Error;
    Severity out = Severity::Info;
    for (const auto& f : p.findings) out = std::max(out, f.severity);
    return out;
}

Severity worst(const ItemReport& i) {
    Severity out = i.state == "failed" || i.state == "held" ? Severity::Error : Severity::Info;
    for (const auto& f : i.findings) out = std::max(out, f.severity);
    for (const auto& p : i.pages) out = std::max(out, worst(p));
    return out;
}

Result<void> take_pictures(Book& book) {
    const std::string pictures = join_path(book.folder, "pictures");
    RECTO_TRY(book.fs.make_folders(pictures));
    int number = 0;
    // A picture that is gone costs the report a picture, nothing else.
    const auto take = [&](const std::string& from, const std::string& kind) -> std::string {
        if (from.empty()) return {};
        const std::string name = fmt::format("{:06}{}.jpg", number, kind);
        const auto bytes = book.fs.read(from);
        if (!bytes || !book.fs.write(join_path(pictures, name), *bytes)) return {};
        return "pictures/" + name;
    };
    const auto work_file = [](const PageReport& p, const char* stage) {
        const auto at = p.work_results.find(stage);
        return at == p.work_results.end() ? std::string() : at->second.value("file", "");
    };
    for (std::size_t i = 0; i < book.items.size(); ++i) {
        const auto& pages = book.items[i]->pages;
        for (std::size_t p = 0; p < pages.size(); ++p) {
            ++number;
            PagePlace& place = book.places[&pages[p]];
            place.before = take(pages[p].scan_picture, "-scan");
            place.after = take(work_file(pages[p], "preview"), "");
            place.lines = take(work_file(pages[p], "proof"), "-lines");
        }
    }
    return {};
}

Result<void> place_pages(Book& book) {
    RECTO_TRY(take_pictures(book));
    RECTO_TRY(book.fs.make_folders(join_path(book.folder, "items")));
    for (std::size_t i = 0; i < book.items.size(); ++i) {
        const auto& pages = book.items[i]->pages;
        for (std::size_t p = 0; p < pages.size(); ++p)
            book.places[&pages[p]].address = file_of_item(i, p / kFiguresAPage) + "#p" + pages[p].id;
    }
    return {};
}

std::string page_figure(const Book& book, const PageReport& p, const std::string& to_top, const std::string& remark,
                        bool anchor) {
    const PagePlace& place = book.places.at(&p);
    const Severity severity = worst(p);
    std::string out = fmt::format("<figure class=\"{}\"{}>",
                                  severity >= Severity::Rescan    ? "bad"
                                  : severity == Severity::Warning ? "look"
                                                                  : "",
                                  anchor ? fmt::format(" id=\"p{}\"", p.id) : "");
    if (!p.error_code.empty())
        out += "<div class=\"none\">" + html::escape(p.error_code + ": " + p.error_reason) + "</div>";
    else
        out += "<div class=\"pair\">" + picture(place.before, to_top, "report.before") +
               picture(place.after, to_top, "report.after") + "</div>";
    out += fmt::format("<figcaption><b>{}</b> {} <span class=\"soft\">{}{}</span>", p.order,
                       html::label("report.class." + p.page_class), html::escape(p.source),
                       p.image > 1 ? fmt::format(" #{}", p.image) : "");
    std::vector<std::string> facts;
    if (p.state == "read")
        facts.push_back(fmt::format("{} {:.0f}%", html::label("report.confidence"), p.confidence * 100));
    else if (p.state == "not-machine-readable") facts.push_back(html::label("report.unreadable"));
    if (p.orientation_deg != 0) facts.push_back(fmt::format("↻ {}°", p.orientation_deg));
    if (std::abs(p.skew_deg) >= 0.05 && p.state != "blank")
        facts.push_back(fmt::format("{} {:.2f}°", html::label("report.skew"), p.skew_deg));
    if (p.width_mm > 0) facts.push_back(fmt::format("{:.0f} × {:.0f} mm", p.width_mm, p.height_mm));
    if (!facts.empty()) out += fmt::format("<br><span class=\"soft\">{}</span>", fmt::join(facts, " · "));
    if (!remark.empty()) out += "<br>" + remark;
    return out + html::list_of(p.findings) + "</figcaption></figure>";
}

std::string item_address(const Book& book, const ItemReport& item) {
    const auto at = std::ranges::find(book.items, &item);
    return file_of_item(static_cast<std::size_t>(at - book.items.begin()), 0);
}

Result<void> write_item_pages(const Book& book) {
    for (std::size_t n = 0; n < book.items.size(); ++n) {
        const ItemReport& i = *book.items[n];
        const std::size_t parts = std::max<std::size_t>(1, (i.pages.size() + kFiguresAPage - 1) / kFiguresAPage);
        std::vector<std::string> addresses;
        for (std::size_t part = 0; part < parts; ++part) addresses.push_back(file_name(file_of_item(n, part)));
        for (std::size_t part = 0; part < parts; ++part) {
            std::string out = html::open_page(i.title.empty() ? i.name : i.name + " " + i.title, "../", book.links);
            out += fmt::format("<section><div class=\"head\"><h2>{}</h2><span class=\"tag {}\">{}</span></div>",
                               html::escape(i.name), i.state, html::label("report.state." + i.state));
            out += fmt::format(
                "<div class=\"soft\">{}: {}{} · {} {}</div>", html::label("report.counted"), i.counted_pages,
                i.expected_pages >= 0 ? fmt::format(" / {} {}", i.expected_pages, html::label("report.expected")) : "",
                html::escape(i.object_path), i.version);
            const bool said = std::ranges::any_of(
                i.findings, [&](const Finding& f) { return f.english() == i.reason || f.chinese() == i.reason; });
            if (!i.reason.empty() && !said) out += "<p class=\"held\">" + html::escape(i.reason) + "</p>";
            out += html::list_of(i.findings) + html::pager(addresses, part) + "<div class=\"sheet\">";
            for (std::size_t p = part * kFiguresAPage; p < std::min(i.pages.size(), (part + 1) * kFiguresAPage); ++p)
                out += page_figure(book, i.pages[p], "../");
            out += "</div>" + html::pager(addresses, part) + "</section>" + html::close_page();
            RECTO_TRY(book.fs.write(join_path(book.folder, file_of_item(n, part)), out));
        }
    }
    return {};
}

} // namespace recto::report
