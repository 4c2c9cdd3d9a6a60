/* SPDX-License-Identifier: Apache-2.0 */
/* bench_formats.c - writes a benchmark that was never measured in all formats, for bench-formats to
 * read with other people's parsers.
 *
 *   bench-formats-write FOLDER
 */
#include <stdio.h>

#include "runtime/base/file.h"
#include "tests/unit/toolchain/command/bench/bench_sample.h"
#include "toolchain/command/bench/page/page.h"
#include "toolchain/command/bench/report/formats.h"
#include "toolchain/command/bench/report/json.h"

#define HOSTILE \
    "</td></svg><script>document.title='taken'</script><img src=x onerror=alert(1)>\"'&\x1b[31m"

static void keep(const char *folder, const char *name, struct chimera_buffer *text)
{
    char *path = chimera_path_join(folder, name);
    struct chimera_error err = {0};
    if (!path || text->failed ||
        chimera_file_write(path, chimera_buffer_slice(text), CHIMERA_FILE_PLAIN, &err) < 0) {
        fprintf(stderr, "%s: %s\n", name, err.text);
        exit(1);
    }
    free(path);
    chimera_buffer_reset(text);
}

static void write_page(const struct bench_run *run, const struct bench_run *before,
                       struct chimera_buffer *text)
{
    struct bench_comparison comparison;
    struct bench_threshold threshold = {.percent = 5};
    struct bench_findings findings = {0};
    if (bench_comparison_make(run, before, HOSTILE, &comparison) < 0)
        exit(1);
    bench_judge_change(&comparison, &threshold, &findings);
    const struct bench_told told = {.run = run,
                                    .comparison = &comparison,
                                    .comparison_count = before->count > 0 ? 1 : 0,
                                    .findings = &findings,
                                    .is_judged = before->count > 0};
    bench_page_write(&told, text);
    bench_findings_done(&findings);
    bench_comparison_done(&comparison);
}

static void name(char **text, const char *name)
{
    free(*text);
    *text = strdup(name);
}

int main(int argc, char **argv)
{
    struct bench_run run = sample_run(6), before = sample_run(7), many = sample_run(1000);
    struct bench_run none = {0}, most = sample_run(3000);
    struct chimera_buffer text;
    if (argc != 2)
        return 2;
    chimera_buffer_init(&text, (size_t)64 << 20);
    name(&run.point[1].policy, HOSTILE);
    name(&run.point[1].request, HOSTILE);
    name(&run.machine, HOSTILE);
    run.point[1].message = strdup(HOSTILE);
    run.point[1].verdict = BENCH_REJECTED;
    run.point[2].failure = strdup(HOSTILE);
    name(&run.point[3].policy, "=1+1,\"2\"\r\n");
    run.point[4].mode = "opa";
    run.point[4].verdict = BENCH_REJECTED;
    run.native_obstacle = strdup("perf events: " HOSTILE);
    before.point[0].wasm_instructions.max /= 2;
    bench_json_write(&run, &text);
    keep(argv[1], "run.json", &text);
    bench_csv_write(&run, &text);
    keep(argv[1], "run.csv", &text);
    if (bench_gator_write(&run, &text) < 0)
        return 1;
    keep(argv[1], "gator.json", &text);
    write_page(&run, &before, &text);
    keep(argv[1], "two.html", &text);
    write_page(&run, &none, &text);
    keep(argv[1], "one.html", &text);
    write_page(&many, &before, &text);
    keep(argv[1], "many.html", &text);
    write_page(&most, &most, &text);
    keep(argv[1], "most.html", &text);
    write_page(&none, &none, &text);
    keep(argv[1], "none.html", &text);
    chimera_buffer_free(&text);
    bench_run_done(&run);
    bench_run_done(&before);
    bench_run_done(&many);
    bench_run_done(&most);
    return 0;
}
