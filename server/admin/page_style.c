/* SPDX-License-Identifier: Apache-2.0 */
#include "server/admin/page_internal.h"

/* Light and dark by the browser's wish. Where there is little room a row becomes a card: name, bar,
 * numbers with their names, and whatever is a sentence across the whole width. */

#define NARROW "@media(max-width:700px)"

#define COLOURS                                                                                 \
    ":root{color-scheme:light dark;--paper:#f6f7f9;--card:#fff;--ink:#1c2430;--dim:#5f6b7e;"    \
    "--line:#e3e7ee;--yes:#2f9e77;--no:#e39a2d;--error:#c93b43;--chart:#5f83bd;--none:#e9edf3;" \
    "--busy:#5b6b83}"                                                                           \
    "@media(prefers-color-scheme:dark){:root{--paper:#12161c;--card:#1a2028;--ink:#e4e8ee;"     \
    "--dim:#93a0b3;--line:#2a323d;--yes:#3fb58b;--no:#e8a948;--error:#ea6a70;--chart:#7c9fd6;"  \
    "--none:#2a323d;--busy:#8493a8}.pill{color:#12161c}}"

#define HEAD                                                                                    \
    "*{box-sizing:border-box}"                                                                  \
    "html{-webkit-text-size-adjust:100%}"                                                       \
    "body{margin:0;background:var(--paper);color:var(--ink);font:14px/1.45 system-ui,"          \
    "-apple-system,\"Segoe UI\",\"DejaVu Sans\",sans-serif;font-variant-numeric:tabular-nums}"  \
    "main{max-width:1180px;margin:0 auto;padding:28px 24px 48px}"                               \
    "h1{font-size:22px;font-weight:650;margin:0;letter-spacing:-.01em}"                         \
    "h2{font-size:15px;font-weight:650;margin:32px 0 10px}h2 a{font-weight:400;font-size:13px;" \
    "margin-left:8px}"                                                                          \
    "header{display:flex;align-items:center;gap:14px;flex-wrap:wrap}"                           \
    "header p{margin:0 0 0 auto;color:var(--dim);font-size:13px}"                               \
    ".pill,.tag{display:inline-block;border-radius:99px;font-weight:600;white-space:nowrap}"    \
    ".pill{padding:3px 11px;font-size:13px;color:#fff;background:var(--error)}"                 \
    ".pill.good{background:var(--yes)}.pill.busy{background:var(--busy)}"                       \
    ".tag{padding:0 7px;margin-left:6px;font-size:11px;line-height:17px;color:var(--dim);"      \
    "border:1px solid var(--line)}"                                                             \
    ".tag.bad{color:var(--error);border-color:var(--error)}"                                    \
    ".tiles{display:grid;grid-template-columns:repeat(auto-fit,minmax(140px,1fr));gap:12px;"    \
    "margin:20px 0 0;padding:0}"                                                                \
    ".tiles div,.card{background:var(--card);border:1px solid var(--line);border-radius:10px}"  \
    ".tiles div{padding:11px 14px}"                                                             \
    ".tiles dt{color:var(--dim);font-size:12px}.tiles dd{margin:1px 0 0;font-size:20px;"        \
    "font-weight:600;letter-spacing:-.01em}dd small{font-size:12px;font-weight:400;"            \
    "color:var(--dim);letter-spacing:0;display:block}"                                          \
    ".note{margin:14px 0 0;padding:9px 14px;border-radius:10px;background:var(--card);"         \
    "border:1px solid var(--line);border-left:4px solid var(--chart);overflow-wrap:anywhere}"   \
    ".note.bad{border-left-color:var(--error)}"

#define TABLES                                                                                  \
    ".card{overflow-x:auto}"                                                                    \
    "table{border-collapse:collapse;width:100%}"                                                \
    "th{font-size:12px;font-weight:500;color:var(--dim);text-align:left;vertical-align:bottom}" \
    "th,td{padding:9px 14px;border-bottom:1px solid var(--line)}"                               \
    "tr:last-child td{border-bottom:0}td{vertical-align:top}"                                   \
    ".r{text-align:right;white-space:nowrap}.dim,td small{color:var(--dim)}"                    \
    "td small{display:block;font-size:12px;font-weight:400}"                                    \
    ".origin{overflow-wrap:anywhere;max-width:340px}"                                           \
    ".name{font-weight:600;overflow-wrap:anywhere}.member{padding-left:30px}"                   \
    "td .why{color:var(--error);overflow-wrap:anywhere}.nowrap{white-space:nowrap}"             \
    ".text{overflow-wrap:anywhere;min-width:220px}.who{min-width:290px}.what{min-width:225px}"  \
    ".causes{margin:4px 0 0;padding:0 0 0 14px;font-size:13px}.causes b{font-weight:600}"       \
    "svg{display:block}.bar{margin:5px 0 4px;border-radius:2px}.chart{margin-top:2px}"          \
    ".none{fill:var(--none)}.yes{fill:var(--yes)}.no{fill:var(--no)}.error{fill:var(--error)}"  \
    ".chart rect{fill:var(--chart)}.grid{stroke:var(--line)}"                                   \
    ".p50{stroke:var(--ink);stroke-width:1.5}"                                                  \
    ".p99{stroke:var(--ink);stroke-width:1.5;stroke-dasharray:2 2}"                             \
    ".scale text{font-size:10px;fill:var(--dim)}a{color:inherit}"                               \
    "a.name{text-decoration:none}a.name:hover{text-decoration:underline}"                       \
    ".legend{color:var(--dim);font-size:12px;margin:10px 2px 0;columns:2;column-gap:32px}"      \
    ".legend span{white-space:nowrap}.legend div{break-inside:avoid;margin:0 0 3px}.legend "    \
    "dt{display:inline;font-weight:600}"                                                        \
    ".legend dd{display:inline;margin:0 0 0 6px}"                                               \
    ".legend i{display:inline-block;width:9px;height:9px;border-radius:2px;margin:0 4px 0 6px}" \
    "i.yes{background:var(--yes)}i.no{background:var(--no)}i.error{background:var(--error)}"

/* A cell says by its class how wide it is, and by `data-name` what its column is called. */
#define CARDS                                                                                  \
    NARROW                                                                                     \
    "{main{padding:18px 14px 40px}header p{margin:0;flex-basis:100%}"                          \
    ".tiles{grid-template-columns:1fr 1fr;gap:8px}.tiles dd{font-size:18px}"                   \
    ".card{border:0;background:none;border-radius:0;overflow:visible}"                         \
    "table,tbody{display:block}thead{display:none}"                                            \
    "tr{display:grid;grid-template-columns:repeat(3,1fr);gap:4px 10px;background:var(--card);" \
    "border:1px solid var(--line);border-radius:10px;padding:10px 12px;margin:0 0 8px}"        \
    "td{padding:0;border:0;min-width:0}td.r{text-align:left;white-space:normal}"               \
    "td.member{padding-left:12px;border-left:3px solid var(--line)}"                           \
    ".wide{grid-column:1/-1}.who,.what,.text{min-width:0}.origin{max-width:none}.chart-cell"   \
    "{display:none}td[data-name]::before{content:attr(data-name);display:block;font-size:"     \
    "11px;"                                                                                    \
    "color:var(--dim)}.bar{width:100%}.legend{columns:1}"                                      \
    ".when,.code{order:-1}td.when{grid-column:span 2}td.code{text-align:right}}"

const char *const page_style[] = {COLOURS, HEAD, TABLES, CARDS, NULL};
