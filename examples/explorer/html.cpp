#include "html.hpp"

namespace explorer {
namespace {

constexpr std::string_view style = R"(
body { font: 15px/1.45 system-ui, sans-serif; color: #1d2733; background: #f5f6f8; margin: 0 }
header { background: #22384f; color: #fff; padding: .7em 1.5em }
header a { color: #fff }
main { padding: 1em 1.5em; max-width: 90em }
a { color: #175ea8; text-decoration: none }
a:hover { text-decoration: underline }
table { border-collapse: collapse; background: #fff; box-shadow: 0 1px 2px #0002; margin: .6em 0 1.2em }
th, td { text-align: left; vertical-align: top; padding: .35em .7em; border-bottom: 1px solid #e3e7ec;
         max-width: 28em; overflow-wrap: anywhere }
th { background: #e9edf2; font-weight: 600; white-space: nowrap }
tr:hover td { background: #f3f8ff }
.null, .type, .note { color: #7c8894 }
.type { font-weight: normal; font-size: 85% }
.number { text-align: right; font-variant-numeric: tabular-nums }
.problem { padding: .7em 1em; border-left: 4px solid #c0392b; background: #fdecea }
.chip { background: #dfe8f2; border-radius: 1em; padding: .15em .8em; margin-right: .5em }
.changed td { background: #fff7da }
.form td { max-width: none }
form { margin: .6em 0 }
input, select, button, textarea { font: inherit; padding: .25em .5em; border: 1px solid #b8c2cc; border-radius: 4px }
textarea { width: 36em; vertical-align: top }
button { background: #175ea8; color: #fff; border-color: #175ea8; cursor: pointer }
button.danger { background: #fff; color: #c0392b; border-color: #c0392b }
)";

} // namespace

std::string link(std::string_view href, std::string_view text) {
    return "<a href=\"" + escape(href) + "\">" + escape(text) + "</a>";
}

examples::Response page(unsigned status, const std::vector<Crumb>& way, std::string_view body) {
    std::string html = "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">\n<title>" +
                       escape(way.back().text) + " - corm explorer</title>\n<style>" + std::string{style} +
                       "</style></head>\n<body><header><b>corm explorer</b>";
    for (const Crumb& crumb : way)
        html += " &rsaquo; " + (crumb.href.empty() ? escape(crumb.text) : link(crumb.href, crumb.text));
    html += "</header>\n<main>";
    html += body;
    html += "</main></body></html>\n";
    return {.status = status,
            .body = std::move(html),
            .content_type = "text/html; charset=utf-8",
            .security_policy = "default-src 'none'; style-src 'unsafe-inline'; form-action 'self'; base-uri 'none'; "
                               "frame-ancestors 'none'"};
}

} // namespace explorer
