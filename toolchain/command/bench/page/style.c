/* SPDX-License-Identifier: Apache-2.0 */
/* style.c - the page's style sheet, after that of the server's page (server/admin/page_style.c),
 * and the script that sorts and filters its table. */
#include "toolchain/command/bench/page/page_internal.h"

#define COLOURS                                                                                   \
    ":root{color-scheme:light dark;--paper:#f6f7f9;--card:#fff;--ink:#1c2430;--dim:#5f6b7e;"      \
    "--line:#e3e7ee;--yes:#2f9e77;--no:#b36b00;--error:#c93b43;--chart:#5f83bd;--none:#e9edf3;"   \
    "--c0:#3b6fb6;--c1:#c2571a;--c2:#2f9e77;--c3:#8a5cc4;--c4:#b8860b;--c5:#1792a4;--c6:#c93b6e;" \
    "--c7:#6b7280}"                                                                               \
    "@media(prefers-color-scheme:dark){:root{--paper:#12161c;--card:#1a2028;--ink:#e4e8ee;"       \
    "--dim:#93a0b3;--line:#2a323d;--yes:#3fb58b;--no:#e8a948;--error:#ea6a70;--chart:#7c9fd6;"    \
    "--none:#2a323d;--c0:#7aa7ea;--c1:#f0945a;--c2:#4cc79b;--c3:#b793ec;--c4:#dcb44a;"            \
    "--c5:#52c4d6;--c6:#f07ba4;--c7:#a3adbb}.pill{color:#12161c!important}}"

#define HEAD                                                                                       \
    "*{box-sizing:border-box}html{-webkit-text-size-adjust:100%}"                                  \
    "body{margin:0;background:var(--paper);color:var(--ink);font:14px/1.45 system-ui,"             \
    "-apple-system,\"Segoe UI\",\"DejaVu Sans\",sans-serif;font-variant-numeric:tabular-nums}"     \
    "main{max-width:1180px;margin:0 auto;padding:28px 24px 48px}"                                  \
    "h1{font-size:22px;font-weight:650;margin:0;letter-spacing:-.01em}"                            \
    "h2{font-size:16px;font-weight:650;margin:34px 0 2px;overflow-wrap:anywhere}"                  \
    ".about{color:var(--dim);margin:0 0 10px;font-size:13px;overflow-wrap:anywhere}"               \
    ".card+.about{margin:8px 0 0}"                                                                 \
    "header{display:flex;align-items:center;gap:14px;flex-wrap:wrap}"                              \
    "header p{margin:0 0 0 auto;color:var(--dim);font-size:13px}"                                  \
    "footer{margin-top:34px;color:var(--dim);font-size:13px;max-width:80ch}"                       \
    ".pill{border-radius:99px;font-weight:600;white-space:nowrap;padding:3px 11px;font-size:13px;" \
    "color:#fff;background:var(--error)}.pill.good{background:var(--yes)}"                         \
    ".facts{display:flex;flex-wrap:wrap;gap:8px 32px;margin:12px 0 0}"                             \
    ".facts dt{color:var(--dim);font-size:12px}.facts dd{margin:0;overflow-wrap:anywhere}"         \
    ".tiles{display:grid;grid-template-columns:repeat(auto-fit,minmax(150px,1fr));gap:12px;"       \
    "margin:18px 0 0}.tiles div,.card,details{background:var(--card);border:1px solid "            \
    "var(--line);border-radius:10px}.tiles div{padding:11px 14px;min-width:0}"                     \
    ".tiles dt{color:var(--dim);font-size:12px}.tiles dd{margin:1px 0 0;font-size:20px;"           \
    "font-weight:600;letter-spacing:-.01em}.tiles small{font-size:12px;font-weight:400;"           \
    "color:var(--dim);letter-spacing:0;display:block;overflow:hidden;text-overflow:ellipsis;"      \
    "white-space:nowrap}"                                                                          \
    "p.note,div.note{margin:14px 0 0;padding:9px 14px;border-radius:10px;background:"              \
    "var(--card);border:1px solid var(--line);border-left:4px solid var(--chart);"                 \
    "overflow-wrap:anywhere}.note ul{margin:4px 0 0;padding:0 0 0 18px}"                           \
    "div.note.bad{border-left-color:var(--error)}"                                                 \
    "small{color:var(--dim);font-size:12px}.name{font-weight:600;overflow-wrap:anywhere}"

#define PLOTS                                                                                    \
    "svg{display:block}.bars{padding:6px 14px}"                                                  \
    ".row{display:grid;grid-template-columns:minmax(120px,26%) 1fr 92px;gap:14px;"               \
    "align-items:center;padding:5px 0;break-inside:avoid}"                                       \
    ".row svg{width:100%;height:16px;background:var(--none);border-radius:3px}"                  \
    ".who "                                                                                      \
    "small{display:block}.who{overflow-wrap:anywhere;line-height:1.25}.figure{text-align:right;" \
    "white-space:nowrap}"                                                                        \
    ".bar{fill:var(--chart)}.more{fill:var(--error)}.less{fill:var(--yes)}"                      \
    ".before{fill:var(--ink)}.axis{fill:var(--dim)}"                                             \
    ".p0{fill:var(--c0)}.p1{fill:var(--c2)}.p2{fill:var(--c1)}.p3{fill:var(--c3)}"               \
    ".p4{fill:var(--c4)}"                                                                        \
    ".legend{margin:0 0 8px;font-size:13px;display:flex;flex-wrap:wrap;gap:2px 18px}"            \
    ".key{display:inline-block;width:10px;height:10px;margin-right:6px}"                         \
    ".key.wide{width:24px;vertical-align:1px}"                                                   \
    ".plot{padding:12px 14px}.plot>svg{width:100%;height:auto}"                                  \
    ".plot text{font-size:13px;fill:var(--dim)}.grid{stroke:var(--line);fill:none}"              \
    ".line{fill:none;stroke-width:2.2;stroke-linejoin:round;stroke-linecap:round}"               \
    ".earlier{stroke-width:1.4;stroke-dasharray:5 5;opacity:.75}"                                \
    ".l0{stroke:var(--c0)}.l1{stroke:var(--c1)}.l2{stroke:var(--c2)}.l3{stroke:var(--c3)}"       \
    ".l4{stroke:var(--c4)}.l5{stroke:var(--c5)}.l6{stroke:var(--c6)}.l7{stroke:var(--c7)}"       \
    ".lines{list-style:none;margin:8px 0 0;padding:0;columns:2;column-gap:32px}"                 \
    ".lines li{break-inside:avoid;padding:2px 0;overflow-wrap:anywhere}"                         \
    "figure{margin:0}figure svg{width:100%;height:90px}.p50,.p90{stroke:var(--ink);fill:none;"   \
    "vector-effect:non-scaling-stroke;stroke-width:1.5}.p90{stroke-dasharray:3 3}"               \
    "figcaption{display:flex;justify-content:space-between;gap:10px;color:var(--dim);"           \
    "font-size:12px}"

#define TABLES                                                                                  \
    ".card{overflow-x:auto}table{border-collapse:collapse;width:100%}"                          \
    "th{font-size:12px;font-weight:500;color:var(--dim);text-align:left;vertical-align:bottom}" \
    "th,td{padding:8px 10px;border-bottom:1px solid var(--line)}"                               \
    "th:first-child,td:first-child{padding-left:14px}th:last-child,td:last-child{"              \
    "padding-right:14px}tr:last-child td{border-bottom:0}td{vertical-align:top}"                \
    ".r{text-align:right;white-space:nowrap}td small{display:block}.request{overflow-wrap:"     \
    "anywhere;color:var(--dim)}td.name{min-width:130px}td.request{min-width:110px}"             \
    "td.good{color:var(--yes)}td.note{color:var(--no)}td.bad{color:var(--error)}"               \
    "th button{font:inherit;color:inherit;background:none;border:0;padding:0;cursor:pointer;"   \
    "text-align:inherit}th button:hover{text-decoration:underline}"                             \
    "[aria-sort=ascending] button::after{content:\" ▲\"}"                                       \
    "[aria-sort=descending] button::after{content:\" ▼\"}"                                      \
    "input{font:inherit;color:inherit;background:var(--card);border:1px solid var(--line);"     \
    "border-radius:8px;padding:5px 10px;margin:0 0 8px;width:260px;max-width:100%}"             \
    ".change{width:160px}.change svg{width:100%;min-width:80px;height:12px;margin-top:4px}"     \
    "details{margin:0 0 6px;padding:0 14px}summary{padding:8px 0;cursor:pointer}"               \
    ".inside{padding:0 0 12px}"

/* Where there is little room a row becomes a card. */
#define NARROW                                                                                 \
    "@media(max-width:760px){main{padding:18px 14px 40px}header p{margin:0;flex-basis:100%}"   \
    ".tiles{grid-template-columns:1fr 1fr;gap:8px}.tiles dd{font-size:18px}"                   \
    ".row{grid-template-columns:1fr auto;gap:2px 10px}.row svg{grid-row:2;grid-column:1/-1}"   \
    ".lines{columns:1}.plot{padding:8px 6px}.plot text{font-size:24px}"                        \
    ".card:has(table){border:0;background:none;overflow:visible}"                              \
    "table,tbody{display:block}thead{display:none}"                                            \
    "tr{display:grid;grid-template-columns:repeat(3,1fr);gap:4px 10px;background:var(--card);" \
    "border:1px solid var(--line);border-radius:10px;padding:10px 12px;margin:0 0 8px}"        \
    "td,td:first-child,td:last-child{padding:0;border:0;min-width:0}td.r{text-align:left;"     \
    "white-space:normal}.wide{grid-column:1/-1;width:auto}td[data-name]::before{content:"      \
    "attr(data-name);display:block;font-size:11px;color:var(--dim)}tr[hidden]{display:none}}"

#define PRINT                                                                            \
    "@media print{:root{--paper:#fff}body{font-size:11px}main{max-width:none;padding:0}" \
    "input{display:none}section,.tiles div{break-inside:auto}tr,.row,details,figure{"    \
    "break-inside:avoid}.pill,svg,rect{print-color-adjust:exact;"                        \
    "-webkit-print-color-adjust:exact}}"

const char *const page_style[] = {COLOURS, HEAD, PLOTS, TABLES, NARROW, PRINT, NULL};

const char *const page_script =
    "(()=>{const t=document.getElementById('points');if(!t)return;"
    "const b=t.tBodies[0],h=[...t.tHead.rows[0].cells];"
    "h.forEach((c,i)=>{const k=document.createElement('button');k.type='button';"
    "k.textContent=c.textContent;c.textContent='';c.append(k);"
    "k.addEventListener('click',()=>{"
    "const d=c.getAttribute('aria-sort')==='descending'?'ascending':'descending';"
    "h.forEach(o=>o.removeAttribute('aria-sort'));c.setAttribute('aria-sort',d);"
    "const s=d==='ascending'?1:-1,v=r=>r.cells[i].dataset.v;"
    "b.append(...[...b.rows].sort((x,y)=>s*(v(x)===undefined?"
    "x.cells[i].textContent.localeCompare(y.cells[i].textContent):v(x)-v(y))))})});"
    "const f=document.createElement('input');f.type='search';f.placeholder='Filter';"
    "f.setAttribute('aria-label','Filter the table');"
    "f.addEventListener('input',()=>{const w=f.value.toLowerCase();"
    "for(const r of b.rows)r.hidden=!r.textContent.toLowerCase().includes(w)});"
    "t.parentNode.before(f)})();";
