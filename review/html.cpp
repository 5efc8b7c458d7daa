#include "review/html.h"

#include <fmt/format.h>

#include "pipeline/core/messages.h"

namespace recto::html {
namespace {

constexpr std::string_view kStyle = R"(
:root{--ink:#1d2733;--soft:#5b6775;--line:#dfe4ea;--paper:#fff;--bg:#f4f5f7;--red:#b3261e;--amber:#9a6700;--green:#1a7f37}
*{box-sizing:border-box}body{margin:0;background:var(--bg);color:var(--ink);font:15px/1.5 "Noto Sans CJK SC","Noto Sans SC","Microsoft YaHei",system-ui,sans-serif}
header{background:var(--paper);border-bottom:1px solid var(--line);padding:20px 32px}h1{font-size:22px;margin:0 0 4px}h2{font-size:18px;margin:0 0 6px}
main{padding:24px 32px;max-width:1500px}.soft{color:var(--soft)}.sum{display:flex;flex-wrap:wrap;gap:12px;margin:16px 0 0}
.sum div{background:var(--bg);border-radius:8px;padding:8px 16px}.sum b{display:block;font-size:20px}
section{background:var(--paper);border:1px solid var(--line);border-radius:10px;padding:18px 20px;margin:0 0 18px}
.head{display:flex;justify-content:space-between;gap:12px;align-items:baseline;flex-wrap:wrap}.tag{border-radius:99px;padding:1px 10px;font-size:13px;border:1px solid}
.stored,.unchanged{color:var(--green)}.held,.failed,.error,.rescan{color:var(--red)}.warning{color:var(--amber)}.info{color:var(--soft)}
ul{margin:10px 0;padding-left:20px}.sheet{display:grid;grid-template-columns:repeat(auto-fill,minmax(300px,1fr));gap:14px;margin-top:14px}
figure{margin:0;border:1px solid var(--line);border-radius:8px;padding:8px;background:#fafbfc;font-size:13px}
figure.bad{border-color:var(--red)}figure.look{border-color:var(--amber)}figure:target{outline:3px solid #0b57a4}
.pair{display:grid;grid-template-columns:1fr 1fr;gap:6px}.pair div{text-align:center;color:var(--soft);font-size:12px}
.pair img{width:100%;height:190px;object-fit:contain;background:#e9ecef;border-radius:4px;display:block;cursor:zoom-in}
.none{height:190px;display:grid;place-items:center;background:#e9ecef;border-radius:4px;color:var(--red);text-align:center;padding:6px}
figcaption{margin-top:6px}figcaption ul{margin:4px 0 0;padding-left:16px}table{border-collapse:collapse;margin-top:10px;width:100%}
td,th{padding:4px 14px 4px 0;text-align:left;border-bottom:1px solid var(--line);vertical-align:top}td.n,th.n{text-align:right;white-space:nowrap}
.strip{background-repeat:no-repeat;border:1px solid var(--line);border-radius:3px;max-width:100%}.read{font-size:19px;white-space:pre-wrap;margin-top:2px}
.pager a,.pager b{display:inline-block;padding:1px 9px;margin:0 4px 4px 0;border:1px solid var(--line);border-radius:6px;background:var(--paper)}
dialog{border:0;padding:0;background:none;max-width:96vw;max-height:96vh}dialog img{max-width:96vw;max-height:94vh}
nav{margin-top:10px}nav a{margin-right:16px}a{color:#0b57a4}@media print{nav,.pager{display:none}body{background:#fff}})";

} // namespace

std::string escape(std::string_view text) {
    std::string out;
    for (const char c : text) {
        switch (c) {
        case '&': out += "&amp;"; break;
        case '<': out += "&lt;"; break;
        case '>': out += "&gt;"; break;
        case '"': out += "&quot;"; break;
        case '\'': out += "&#39;"; break;
        default: out += c;
        }
    }
    return out;
}

std::string label(std::string_view id) {
    const Message* m = find_message(id);
    if (m == nullptr) return escape(id);
    return escape(ui_language() == Language::Chinese ? m->chinese : m->english);
}

std::string sentence(const Finding& f) {
    const bool chinese = ui_language() == Language::Chinese;
    return "<span title=\"" + escape(chinese ? f.english() : f.chinese()) + "\">" +
           escape(chinese ? f.chinese() : f.english()) + "</span>";
}

std::string list_of(const std::vector<Finding>& findings) {
    if (findings.empty()) return "";
    std::string out = "<ul>";
    for (const auto& f : findings) out += fmt::format("<li class=\"{}\">{}</li>", to_string(f.severity), sentence(f));
    return out + "</ul>";
}

std::string open_page(const std::string& title, const std::string& to_top,
                      const std::vector<std::pair<std::string, std::string>>& links) {
    std::string out = fmt::format(
        "<!doctype html><html lang=\"{}\"><head><meta charset=\"utf-8\"><meta name=\"viewport\" "
        "content=\"width=device-width\"><title>{}</title><style>{}</style></head><body><header><h1>{}</h1><nav>",
        ui_language() == Language::Chinese ? "zh" : "en", escape(title), kStyle, escape(title));
    for (const auto& [address, text] : links)
        out += fmt::format("<a href=\"{}{}\">{}</a>", to_top, escape(address), escape(text));
    return out + "</nav></header><main>";
}

std::string close_page() {
    return "</main><dialog id=\"d\"><img alt=\"\"></dialog><script>const d=document.getElementById('d');"
           "document.addEventListener('click',e=>{if(e.target.closest('dialog')){d.close();return}"
           "if(e.target.matches('figure img')){d.firstChild.src=e.target.src;d.showModal()}})</script></body></html>\n";
}

std::string pager(const std::vector<std::string>& addresses, std::size_t current) {
    if (addresses.size() < 2) return "";
    std::string out = "<p class=\"pager\">";
    for (std::size_t i = 0; i < addresses.size(); ++i)
        out += i == current ? fmt::format("<b>{}</b>", i + 1)
                            : fmt::format("<a href=\"{}\">{}</a>", escape(addresses[i]), i + 1);
    return out + "</p>";
}

} // namespace recto::html
