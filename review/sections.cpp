// Sections that the report of a run and that of pages only looked at share.

#include <algorithm>
#include <cmath>
#include <map>

#include <fmt/format.h>

#include "pipeline/core/messages.h"
#include "review/html.h"
#include "review/parts.h"

namespace recto::report {

using html::escape;
using html::label;

std::string plain(std::string_view id) {
    const Message* m = find_message(id);
    return m == nullptr ? std::string(id) : std::string(ui_language() == Language::Chinese ? m->chinese : m->english);
}

std::string not_taken(const RunReport& run) {
    if (run.errors.empty() && run.skipped.empty()) return "";
    std::string out = fmt::format("<section><h2>{}</h2><ul>", label("report.not_taken"));
    for (const auto& e : run.errors) {
        const std::string args[] = {e.reason};
        out += fmt::format("<li class=\"error\"><b>{}</b>{}: {} <span class=\"soft\">{}</span></li>", escape(e.file),
                           e.page > 0 ? fmt::format(" #{}", e.page) : "",
                           escape(format_message(ui_language(), e.code, args)), escape(e.reason));
    }
    for (const auto& f : run.skipped) out += fmt::format("<li class=\"info\">{}</li>", html::sentence(f));
    return out + "</ul></section>";
}

/// What was found how often, the gravest first.
std::string finding_counts(const RunReport& run) {
    struct Count {
        Finding example;
        int times = 0;
    };
    std::map<std::string, Count> counts;
    const auto add = [&](const Finding& f) {
        if (f.severity <= Severity::Info) return;
        Count& c = counts[f.code];
        if (c.times++ == 0) c.example = f;
    };
    for (const auto& i : run.items) {
        for (const auto& f : i.findings) add(f);
        for (const auto& p : i.pages)
            for (const auto& f : p.findings) add(f);
    }
    if (counts.empty()) return "";
    std::vector<const Count*> list;
    for (const auto& [code, c] : counts) list.push_back(&c);
    std::ranges::stable_sort(list, [](const Count* a, const Count* b) {
        return a->example.severity != b->example.severity ? a->example.severity > b->example.severity
                                                          : a->times > b->times;
    });
    std::string out = fmt::format("<section><h2>{}</h2><table>", label("report.finding_counts"));
    for (const Count* c : list)
        out +=
            fmt::format("<tr><td class=\"n\">{}</td><td class=\"{}\">{}</td><td class=\"soft\">{}</td></tr>", c->times,
                        to_string(c->example.severity), html::sentence(c->example), escape(c->example.code));
    return out + "</table></section>";
}

std::string outlier_part(const Book& book, const std::vector<Outlier>& list) {
    if (list.empty()) return "";
    std::string out = fmt::format("<section><h2>{}</h2><p class=\"soft\">{}</p><table>", label("report.outliers"),
                                  label("report.outliers.how"));
    for (const Outlier& o : list)
        out += fmt::format("<tr><td><a href=\"{}\">{} · {}</a></td><td>{}</td><td class=\"n\">{:.4g}</td><td class=\"n "
                           "soft\">{} {:.4g}</td></tr>",
                           escape(book.places.at(o.page).address), escape(o.item->name), o.page->order,
                           label(o.measure), std::round(o.value * 1000) / 1000, label("report.typical"),
                           std::round(o.typical * 1000) / 1000);
    return out + "</table></section>";
}

} // namespace recto::report
