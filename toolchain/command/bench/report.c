/* SPDX-License-Identifier: Apache-2.0 */
#include "toolchain/command/bench/report.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "runtime/base/cleanup.h"
#include "runtime/base/file.h"
#include "toolchain/command/bench/page/page.h"
#include "toolchain/command/bench/report/formats.h"
#include "toolchain/command/bench/report/json.h"
#include "toolchain/command/bench/report/table.h"

#define PRINTED_MAX ((size_t)512 << 20)
#define PERCENT_MAX 1e6

const char *const bench_format_names[] = {"table", "json", "csv", "gator", NULL};

/* Rows of the table that only this knows, and those of gator's that are refused: what there is in
 * their place. */
static const struct {
    const char *name, *instead;
    bool is_preset; /* given in any case */
} rows[] = {
    {"output", NULL, true},
    {"report", NULL, false},
    {"save", NULL, false},
    {"compare", NULL, false},
    {"threshold", NULL, false},
    {"min-threshold", NULL, false},
    {"budget", NULL, false},
    {"image", "name the policy as an argument, such as registry://HOST/NAME:TAG", false},
    {"engine", "a module has one execution mode, and -e (--execution-mode) names another", false},
    {"tempdir", "the variable TMPDIR names the folder for temporary files", false},
    {"plain-http", "--sources-path names a file of which registries are asked without TLS", false},
    {"memory", "memory is always measured: see the table, or memoryPeak and dirtyPages in -o json",
     false},
    {"stats", "--profile DIR shows what is spent where", false},
};

const char *bench_report_option(const struct chimera_cli_options *options)
{
    for (size_t i = 0; i < options->given_count; i++)
        if (options->given[i].alias)
            return options->given[i].alias->name;
    for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++)
        for (size_t j = 0; j < options->given_count; j++)
            if (strcmp(options->given[j].option->name, rows[i].name) == 0 &&
                !(rows[i].is_preset &&
                  options->given[j].value == options->given[j].option->initial))
                return rows[i].name;
    return NULL;
}

static bool refuse_gators(const struct chimera_cli_options *options)
{
    for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++)
        if (rows[i].instead && chimera_cli_is_given(options, rows[i].name)) {
            say_error("--%s is an option of gator bench, not of this: %s", rows[i].name,
                      rows[i].instead);
            return false;
        }
    return true;
}

/* --- Before --- */

static int read_file(const char *path, size_t most, struct chimera_buffer *text,
                     struct chimera_error *err)
{
    chimera_buffer_init(text, most);
    return chimera_file_read(path, text, err);
}

static int read_earlier(struct bench_report *report, const char *path, struct chimera_error *err)
{
    struct chimera_buffer text;
    int code = read_file(path, BENCH_JSON_MAX, &text, err);
    if (code == CHIMERA_OK) {
        report->earlier[report->earlier_count].name = path;
        code = bench_json_read(chimera_buffer_slice(&text), path,
                               &report->earlier[report->earlier_count].run, err);
    }
    report->earlier_count += code == CHIMERA_OK;
    chimera_buffer_free(&text);
    return code;
}

static bool take_threshold(const struct chimera_cli_options *options, struct bench_report *report)
{
    const char *percent = chimera_cli_value(options, "threshold");
    const char *least = chimera_cli_value(options, "min-threshold");
    char *end = NULL;
    report->has_threshold = percent != NULL;
    report->threshold.has_times = least != NULL;
    if (percent) {
        bool is_number = strspn(percent, "0123456789.") == strlen(percent) && *percent;
        report->threshold.percent = is_number ? strtod(percent, &end) : -1;
        if (!end || *end || end == percent || report->threshold.percent > PERCENT_MAX) {
            say_error("--threshold takes a number of percent, such as 5 or 0.5, not '%.100s'",
                      percent);
            return false;
        }
    }
    if (least && !bench_time_parse(least, &report->threshold.least_ns)) {
        say_error("--min-threshold takes a time with its unit, such as 250us or 1ms, not '%.100s'",
                  least);
        return false;
    }
    if (least && !percent) {
        say_error("--min-threshold goes with --threshold PERCENT");
        return false;
    }
    if (percent && !chimera_cli_is_given(options, "compare")) {
        say_error("--threshold goes with --compare FILE.json, which --save has written");
        return false;
    }
    return true;
}

static bool check_files(const struct chimera_cli_options *options,
                        const struct bench_report *report)
{
    size_t earlier = 0;
    for (size_t i = 0; i < options->given_count; i++)
        earlier += strcmp(options->given[i].option->name, "compare") == 0;
    if (earlier > BENCH_COMPARED_MAX) {
        say_error("--compare can be given up to %d times", BENCH_COMPARED_MAX);
        return false;
    }
    if (report->page && report->kept && strcmp(report->page, report->kept) == 0) {
        say_error("--report and --save name the same file, %.500s: one would replace the other",
                  report->page);
        return false;
    }
    return true;
}

static int take_earlier(const struct chimera_cli_options *options, struct bench_report *report,
                        struct chimera_error *err)
{
    int code = CHIMERA_OK;
    for (size_t i = 0; i < options->given_count && code == CHIMERA_OK; i++) {
        const struct chimera_cli_given *given = &options->given[i];
        if (strcmp(given->option->name, "compare") != 0)
            continue;
        code = read_earlier(report, given->value, err);
    }
    return code;
}

static int take_budget(const char *path, struct bench_report *report, struct chimera_error *err)
{
    struct chimera_buffer text;
    int code = read_file(path, BENCH_BUDGET_MAX, &text, err);
    if (code == CHIMERA_OK)
        code = bench_budget_read(chimera_buffer_slice(&text), path, &report->budget, err);
    chimera_buffer_free(&text);
    return code;
}

bool bench_report_open(const struct chimera_cli_options *options, struct bench_report *ret_report,
                       int *ret_exit)
{
    const char *format = chimera_cli_value(options, "output");
    const char *budget = chimera_cli_value(options, "budget");
    struct chimera_error err = {0};
    *ret_report = (struct bench_report){.is_verbose = say_level() == SAY_VERBOSE};
    for (int i = 0; format && bench_format_names[i]; i++)
        if (strcmp(format, bench_format_names[i]) == 0)
            ret_report->format = (enum bench_format)i;
    ret_report->page = chimera_cli_value(options, "report");
    ret_report->kept = chimera_cli_value(options, "save");
    *ret_exit = EXIT_USAGE;
    if (!refuse_gators(options) || !take_threshold(options, ret_report) ||
        !check_files(options, ret_report))
        return false;
    if (budget && take_budget(budget, ret_report, &err) < 0) {
        say_error("%s", err.text);
        return false;
    }
    if (take_earlier(options, ret_report, &err) < 0) {
        *ret_exit = say_error("%s", err.text);
        return false;
    }
    return true;
}

void bench_report_done(struct bench_report *report)
{
    for (size_t i = 0; i < report->earlier_count; i++)
        bench_run_done(&report->earlier[i].run);
    bench_budget_done(&report->budget);
    *report = (struct bench_report){0};
}

bool bench_report_check_names(const struct bench_report *report, const char *const *names,
                              size_t count, int *ret_exit)
{
    struct chimera_error err = {0};
    if (report->budget.count == 0 ||
        bench_budget_check_names(&report->budget, names, count, &err) == CHIMERA_OK)
        return true;
    say_error("%s", err.text);
    *ret_exit = EXIT_USAGE;
    return false;
}

/* --- Behind --- */

struct result { /* of all that is told */
    const struct bench_report *report;
    const struct bench_run *run;
    struct bench_comparison comparison[BENCH_COMPARED_MAX];
    struct bench_findings findings;
};

static int write_format(const struct result *result, struct chimera_buffer *out)
{
    struct bench_screen screen = bench_screen_of(STDOUT_FILENO);
    screen.has_all = result->report->is_verbose;
    switch (result->report->format) {
    case BENCH_TABLE:
        bench_table_write(result->run, &screen, out);
        break;
    case BENCH_JSON:
        bench_json_write(result->run, out);
        break;
    case BENCH_CSV:
        bench_csv_write(result->run, out);
        break;
    case BENCH_GATOR:
        return bench_gator_write(result->run, out);
    }
    return CHIMERA_OK;
}

static void print(struct chimera_buffer *text, FILE *to)
{
    fwrite(text->data, 1, text->size, to);
    fflush(to);
    chimera_buffer_reset(text);
}

/* What programs read is alone on standard output. */
static int print_all(const struct result *result, struct chimera_error *err)
{
    bool is_table = result->report->format == BENCH_TABLE;
    struct bench_screen screen = bench_screen_of(is_table ? STDOUT_FILENO : STDERR_FILENO);
    struct chimera_buffer text;
    chimera_buffer_init(&text, PRINTED_MAX);
    int code = write_format(result, &text);
    code = code == CHIMERA_OK ? text.failed : code;
    if (code == CHIMERA_OK)
        print(&text, stdout);
    for (size_t i = 0; i < result->report->earlier_count && code == CHIMERA_OK; i++) {
        bench_comparison_write(&result->comparison[i], &screen, &text);
        code = text.failed;
        if (code == CHIMERA_OK)
            print(&text, is_table ? stdout : stderr);
    }
    chimera_buffer_free(&text);
    return code == CHIMERA_OK ? code : chimera_fail(err, code, "%s", chimera_code_text(code));
}

static int write_file(const char *path, struct chimera_buffer *text, struct chimera_error *err)
{
    int code = text->failed
                   ? chimera_fail(err, text->failed, "%s", chimera_code_text(text->failed))
                   : chimera_file_write(path, chimera_buffer_slice(text), CHIMERA_FILE_PLAIN, err);
    chimera_buffer_free(text);
    return code;
}

static int keep(const struct result *result, struct chimera_error *err)
{
    struct chimera_buffer text;
    chimera_buffer_init(&text, BENCH_JSON_MAX);
    bench_json_write(result->run, &text);
    return write_file(result->report->kept, &text, err);
}

static int draw(const struct result *result, struct chimera_error *err)
{
    struct chimera_buffer text;
    chimera_buffer_init(&text, BENCH_PAGE_MAX);
    const struct bench_told told = {
        .run = result->run,
        .comparison = result->comparison,
        .comparison_count = result->report->earlier_count,
        .findings = &result->findings,
        .is_judged = result->report->has_threshold || result->report->budget.count > 0,
    };
    bench_page_write(&told, &text);
    return write_file(result->report->page, &text, err);
}

/* Fails for want of memory alone. */
static int judge(struct result *result)
{
    const struct bench_report *report = result->report;
    int code = CHIMERA_OK;
    for (size_t i = 0; i < report->earlier_count && code == CHIMERA_OK; i++)
        code = bench_comparison_make(result->run, &report->earlier[i].run, report->earlier[i].name,
                                     &result->comparison[i]);
    for (size_t i = 0; i < report->earlier_count && code == CHIMERA_OK; i++)
        if (report->has_threshold)
            bench_judge_change(&result->comparison[i], &report->threshold, &result->findings);
    if (report->budget.count > 0)
        bench_judge_budget(result->run, &report->budget, &result->findings);
    return code == CHIMERA_OK ? result->findings.failed : code;
}

static int say_findings(const struct result *result)
{
    bool has_failed = result->findings.count > result->findings.breaches;
    for (size_t i = 0; i < result->findings.count; i++)
        say_error("%s", result->findings.list[i].text);
    for (size_t i = 0; i < result->run->count; i++)
        has_failed |= result->run->point[i].failure != NULL;
    return result->findings.breaches > 0 ? EXIT_BREACH : has_failed ? EXIT_FAILED : EXIT_GOOD;
}

int bench_report_tell(const struct bench_report *report, const struct bench_run *run)
{
    CHIMERA_FREE struct result *result = calloc(1, sizeof(*result));
    struct chimera_error err = {0};
    if (!result)
        return say_error("%s", chimera_code_text(CHIMERA_ENOMEM));
    result->report = report;
    result->run = run;
    int code = judge(result);
    if (code < 0)
        chimera_fail(&err, code, "%s", chimera_code_text(code));
    if (code == CHIMERA_OK)
        code = print_all(result, &err);
    if (code == CHIMERA_OK && report->kept)
        code = keep(result, &err);
    if (code == CHIMERA_OK && report->page)
        code = draw(result, &err);
    int exit_code = code < 0 ? say_error("%s", err.text) : say_findings(result);
    for (size_t i = 0; i < report->earlier_count; i++)
        bench_comparison_done(&result->comparison[i]);
    bench_findings_done(&result->findings);
    return exit_code;
}
