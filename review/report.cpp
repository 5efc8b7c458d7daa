#include "review/report.h"

#include <algorithm>
#include <map>

#include <fmt/format.h>

#include "pipeline/core/messages.h"
#include "pipeline/engine/progress.h"

namespace recto {
namespace {

constexpr std::string_view kStyle = R"(
:root{--ink:#1d2733;--soft:#5b6775;--line:#dfe4ea;--paper:#fff;--bg:#f4f5f7;--red:#b3261e;--amber:#9a6700;--green:#1a7f37}
*{box-sizing:border-box}body{margin:0;background:var(--bg);color:var(--ink);font:15px/1.5 "Noto Sans CJK SC","Noto Sans SC","Microsoft YaHei",system-ui,sans-serif}
header{background:var(--paper);border-bottom:1px solid var(--line);padding:24px 32px}h1{font-size:22px;margin:0 0 4px}h2{font-size:18px;margin:0}
main{padding:24px 32px;max-width:1500px}.soft{color:var(--soft)}.sum{display:flex;flex-wrap:wrap;gap:12px;margin:16px 0 0}
.sum div{background:var(--bg);border-radius:8px;padding:8px 16px}.sum b{display:block;font-size:20px}
section{background:var(--paper);border:1px solid var(--line);border-radius:10px;padding:18px 20px;margin:0 0 18px}
.head{display:flex;justify-content:space-between;gap:12px;align-items:baseline;flex-wrap:wrap}.tag{border-radius:99px;padding:1px 10px;font-size:13px;border:1px solid}
.stored,.unchanged{color:var(--green)}.held,.failed,.error,.rescan{color:var(--red)}.warning{color:var(--amber)}.info{color:var(--soft)}
ul{margin:10px 0;padding-left:20px}.sheet{display:grid;grid-template-columns:repeat(auto-fill,minmax(150px,1fr));gap:14px;margin-top:14px}
figure{margin:0;border:1px solid var(--line);border-radius:8px;padding:8px;background:#fafbfc;font-size:13px}
figure.bad{border-color:var(--red)}figure.look{border-color:var(--amber)}
figure img{width:100%;height:190px;object-fit:contain;background:#e9ecef;border-radius:4px;display:block;cursor:zoom-in}
.none{height:190px;display:grid;place-items:center;background:#e9ecef;border-radius:4px;color:var(--red);text-align:center;padding:6px}
figcaption{margin-top:6px}figcaption ul{margin:4px 0 0;padding-left:16px}table{border-collapse:collapse;margin-top:10px}
td,th{padding:3px 14px 3px 0;text-align:left;border-bottom:1px solid var(--line)}td.n,th.n{text-align:right}
dialog{border:0;padding:0;background:none;max-width:96vw;max-height:96vh}dialog img{max-width:96vw;max-height:94vh}
nav a{margin-right:14px}a{color:#0b57a4})";

/// The sentence in the reader's language, the other one under the pointer.
std::string both(const Finding& f) {
    const bool chinese = ui_language() == Language::Chinese;
    return "<span title=\"" + html_escape(chinese ? f.english() : f.chinese()) + "\">" +
           html_escape(chinese ? f.chinese() : f.english()) + "</span>";
}

std::string label(std::string_view id) {
    const Message* m = find_message(id);
    if (!m) return std::string(id);
    return ui_language() == Language::Chinese ? std::string(m->chinese) : std::string(m->english);
}

Severity worst(const PageReport& p) {
    if (!p.error_code.empty()) return Severity::Error;
    Severity out = Severity::Info;
    for (const auto& f : p.findings) out = std::max(out, f.severity);
    return out;
}

std::string finding_list(const std::vector<Finding>& findings) {
    if (findings.empty()) return "";
    std::string out = "<ul>";
    for (const auto& f : findings) out += fmt::format("<li class=\"{}\">{}</li>", to_string(f.severity), both(f));
    return out + "</ul>";
}

std::string page_figure(const PageReport& p, const std::string& picture) {
    const Severity severity = worst(p);
    std::string out = fmt::format("<figure class=\"{}\" id=\"{}\">",
                                  severity >= Severity::Rescan    ? "bad"
                                  : severity == Severity::Warning ? "look"
                                                                  : "",
                                  p.id);
    if (!p.error_code.empty()) {
        out += "<div class=\"none\">" + html_escape(p.error_code + ": " + p.error_reason) + "</div>";
    } else if (picture.empty()) {
        out += "<div class=\"none soft\">–</div>";
    } else {
        out += fmt::format("<img loading=\"lazy\" src=\"{0}\" alt=\"{1}\">", html_escape(picture), p.order);
    }
    out += fmt::format("<figcaption><b>{}</b> {} <span class=\"soft\">{}{}</span>", p.order,
                       html_escape(label("report.class." + p.page_class)), html_escape(p.source),
                       p.image > 1 ? fmt::format(" #{}", p.image) : "");
    std::string facts;
    if (p.state == "read") facts += fmt::format("{} {:.0f}%", label("report.confidence"), p.confidence * 100);
    else if (p.state == "not-machine-readable") facts += label("report.unreadable");
    if (p.orientation_deg != 0) facts += fmt::format("{}↻ {}°", facts.empty() ? "" : " · ", p.orientation_deg);
    if (std::abs(p.skew_deg) >= 0.05 && p.state != "blank")
        facts += fmt::format("{}{} {:.2f}°", facts.empty() ? "" : " · ", label("report.skew"), p.skew_deg);
    if (!facts.empty()) out += "<br><span class=\"soft\">" + html_escape(facts) + "</span>";
    out += finding_list(p.findings);
    return out + "</figcaption></figure>";
}

} // namespace

std::string html_escape(std::string_view text) {
    std::string out;
    for (char c : text) {
        switch (c) {
        case '&': out += "&amp;"; break;
        case '<': out += "&lt;"; break;
        case '>': out += "&gt;"; break;
        case '"': out += "&quot;"; break;
        default: out += c;
        }
    }
    return out;
}

Result<std::string> write_report(FileSystem& fs, const std::string& folder, const RunReport& run,
                                 const ReportContext& context) {
    const std::string pictures = join_path(folder, "pictures");
    RECTO_TRY(fs.make_folders(pictures));
    nlohmann::json json = run;
    for (auto& item : json["items"])
        for (auto& page : item["pages"]) page.erase("thumbnail");
    RECTO_TRY(fs.write(join_path(folder, "run.json"),
                       json.dump(1, ' ', false, nlohmann::json::error_handler_t::replace) + "\n"));

    int held = 0, findings = 0;
    for (const auto& i : run.items) {
        held += i.state == "held" || i.state == "failed";
        findings += static_cast<int>(i.findings.size());
        for (const auto& p : i.pages)
            findings += static_cast<int>(std::count_if(p.findings.begin(), p.findings.end(),
                                                       [](const Finding& f) { return f.severity > Severity::Info; }));
    }
    std::string out =
        fmt::format("<!doctype html><html lang=\"{}\"><head><meta charset=\"utf-8\"><meta name=\"viewport\" "
                    "content=\"width=device-width\"><title>{}</title><style>{}</style></head><body>",
                    ui_language() == Language::Chinese ? "zh" : "en", html_escape("Recto · " + run.run_id), kStyle);
    out += fmt::format(
        "<header><h1>{} <span class=\"soft\">{}</span></h1><div class=\"soft\">{} · {} – {}</div><div class=\"sum\">",
        html_escape(label("report.title")), html_escape(context.title), html_escape(context.archive),
        html_escape(run.started), html_escape(run.ended));
    const auto box = [&](std::string_view id, const std::string& value) {
        out += fmt::format("<div><b>{}</b>{}</div>", value, html_escape(label(id)));
    };
    box("report.items", std::to_string(run.items.size()));
    box("report.pages", std::to_string(run.pages));
    box("report.failed", std::to_string(run.pages_failed));
    box("report.held", std::to_string(held));
    box("report.findings", std::to_string(findings));
    box("report.time", duration_text(run.wall_seconds));
    out += "</div></header><main>";

    if (!run.errors.empty() || !run.skipped.empty()) {
        out += fmt::format("<section><h2>{}</h2><ul>", html_escape(label("report.not_taken")));
        for (const auto& e : run.errors) {
            const std::string args[] = {e.reason};
            out += fmt::format("<li class=\"error\"><b>{}</b>{}: {} <span class=\"soft\">{}</span></li>",
                               html_escape(e.file), e.page > 0 ? fmt::format(" #{}", e.page) : "",
                               html_escape(format_message(ui_language(), e.code, args)), html_escape(e.reason));
        }
        for (const auto& f : run.skipped) out += fmt::format("<li class=\"info\">{}</li>", both(f));
        out += "</ul></section>";
    }
    if (!context.reconciliation.empty() || !context.files.empty()) {
        out += fmt::format("<section><h2>{}</h2><ul>", html_escape(label("report.catalogue")));
        for (const auto& line : context.reconciliation) out += "<li>" + html_escape(line) + "</li>";
        for (const auto& file : context.files)
            out += fmt::format("<li><a href=\"{0}\">{0}</a></li>", html_escape(file));
        out += "</ul></section>";
    }

    // Worst first: what needs a person stands on top.
    std::vector<const ItemReport*> items;
    for (const auto& i : run.items) items.push_back(&i);
    const auto rank = [](const ItemReport& i) {
        int r = i.state == "failed" ? 30 : i.state == "held" ? 20 : 0;
        for (const auto& f : i.findings) r = std::max(r, static_cast<int>(f.severity) * 4);
        for (const auto& p : i.pages) r = std::max(r, static_cast<int>(worst(p)) * 3);
        return r;
    };
    std::stable_sort(items.begin(), items.end(), [&](const auto* a, const auto* b) { return rank(*a) > rank(*b); });
    int number = 0;
    for (const ItemReport* i : items) {
        out += fmt::format("<section id=\"{}\"><div class=\"head\"><h2>{} <span class=\"soft\">{}</span></h2><span "
                           "class=\"tag {}\">{}</span></div>",
                           i->id, html_escape(i->name), html_escape(i->title), i->state,
                           html_escape(label("report.state." + i->state)));
        out += fmt::format(
            "<div class=\"soft\">{}: {}{} · {} {}</div>", html_escape(label("report.counted")), i->counted_pages,
            i->expected_pages >= 0 ? fmt::format(" / {} {}", i->expected_pages, label("report.expected")) : "",
            html_escape(i->object_path), i->version);
        const bool said = std::any_of(i->findings.begin(), i->findings.end(), [&](const Finding& f) {
            return f.english() == i->reason || f.chinese() == i->reason;
        });
        if (!i->reason.empty() && !said) out += "<p class=\"held\">" + html_escape(i->reason) + "</p>";
        out += finding_list(i->findings) + "<div class=\"sheet\">";
        for (const auto& p : i->pages) {
            std::string picture;
            if (!p.thumbnail.empty()) {
                const std::string name = fmt::format("{:06}.jpg", ++number);
                // A picture that is gone costs the report a picture, nothing else.
                if (const auto bytes = fs.read(p.thumbnail); bytes && fs.write(join_path(pictures, name), *bytes))
                    picture = "pictures/" + name;
            }
            out += page_figure(p, picture);
        }
        out += "</div></section>";
    }
    out += fmt::format("<section><h2>{}</h2><table><tr><th>{}</th><th class=\"n\">{}</th><th class=\"n\">{}</th><th "
                       "class=\"n\">CPU s</th><th class=\"n\">s</th></tr>",
                       html_escape(label("report.stages")), html_escape(label("report.stage")),
                       html_escape(label("report.calls")), html_escape(label("report.cached")));
    for (const auto& t : run.stages)
        out += fmt::format("<tr><td>{}</td><td class=\"n\">{}</td><td class=\"n\">{}</td><td "
                           "class=\"n\">{:.2f}</td><td class=\"n\">{:.2f}</td></tr>",
                           html_escape(t.name), t.calls, t.cached, t.cpu_seconds, t.wall_seconds);
    out += "</table></section></main><dialog id=\"d\"><img alt=\"\"></dialog><script>const "
           "d=document.getElementById('d');document.addEventListener('click',e=>{"
           "if(e.target.closest('dialog')){d.close();return}if(e.target.matches('figure "
           "img')){d.firstChild.src=e.target.src;d.showModal()}})</script></body></html>\n";
    const std::string path = join_path(folder, "index.html");
    RECTO_TRY(fs.write(path, out));
    return path;
}

} // namespace recto
