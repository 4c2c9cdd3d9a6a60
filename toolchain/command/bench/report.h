/* SPDX-License-Identifier: Apache-2.0 */
/* report.h - what `chimera bench` does with what it found: prints, keeps, compares and judges it.
 *
 * Before anything is measured bench_report_open() reads what the command line names, so that a
 * mistake there does not cost the time of a measurement.
 */
#ifndef CHIMERA_TOOLCHAIN_COMMAND_BENCH_REPORT_H
#define CHIMERA_TOOLCHAIN_COMMAND_BENCH_REPORT_H

#include "toolchain/command/bench/report/judge.h"
#include "toolchain/command/commands.h"

#define BENCH_COMPARED_MAX 8

enum bench_format { BENCH_TABLE, BENCH_JSON, BENCH_CSV, BENCH_GATOR };

struct bench_report { /* all zero: nothing but a table */
    enum bench_format format;
    bool is_verbose;         /* -v: details of however many */
    const char *page, *kept; /* files of --report and --save; borrowed; NULL: none */
    struct {
        const char *name; /* borrowed */
        struct bench_run run;
    } earlier[BENCH_COMPARED_MAX]; /* of --compare */
    size_t earlier_count;
    bool has_threshold;
    struct bench_threshold threshold;
    struct bench_budget budget; /* count 0: none */
};

extern const char *const bench_format_names[];

/* Rows of the command's table of options. */
#define OPTIONS_BENCH_REPORT                                                                       \
    {.name = "output",                                                                             \
     .section = SECTION_OUTPUT,                                                                    \
     .letter = 'o',                                                                                \
     .kind = CHIMERA_CLI_VALUE,                                                                    \
     .value = "FORMAT",                                                                            \
     .initial = "table",                                                                           \
     .choices = bench_format_names,                                                                \
     .help = "A table with details for people, one JSON document, CSV for spreadsheets, or the "   \
             "JSON of `gator bench`"},                                                             \
        {.name = "report",                                                                         \
         .section = SECTION_OUTPUT,                                                                \
         .kind = CHIMERA_CLI_VALUE,                                                                \
         .value = "FILE.html",                                                                     \
         .help = "Write a page with tables and plots, too: one file that loads nothing"},          \
        {.name = "save",                                                                           \
         .section = SECTION_OUTPUT,                                                                \
         .kind = CHIMERA_CLI_VALUE,                                                                \
         .value = "FILE.json",                                                                     \
         .help = "Keep what was found, for --compare"},                                            \
        {.name = "compare",                                                                        \
         .section = SECTION_JUDGEMENT,                                                             \
         .kind = CHIMERA_CLI_REPEAT,                                                               \
         .value = "FILE.json",                                                                     \
         .help = "Show what changed since the run that --save has kept there; up to 8"},           \
        {.name = "threshold",                                                                      \
         .section = SECTION_JUDGEMENT,                                                             \
         .kind = CHIMERA_CLI_VALUE,                                                                \
         .value = "PERCENT",                                                                       \
         .help = "End with 3 when the wasm instructions of a policy grew by more than this since " \
                 "a run that it is compared with"},                                                \
        {.name = "min-threshold",                                                                  \
         .section = SECTION_JUDGEMENT,                                                             \
         .kind = CHIMERA_CLI_VALUE,                                                                \
         .value = "TIME",                                                                          \
         .help = "With --threshold judge times as well: mean, p50 or p99 that grew by more than "  \
                 "the percentage and by more than this, such as 1ms"},                             \
        {.name = "budget",                                                                         \
         .section = SECTION_JUDGEMENT,                                                             \
         .kind = CHIMERA_CLI_VALUE,                                                                \
         .value = "FILE.yml",                                                                      \
         .help = "Limits of what policies may cost; end with 3 when one is passed"}

/* The names that `gator bench` of Gatekeeper has for some options, and those that there is nothing
 * for here, which are refused with what there is. Not shown. */
#define OPTION_OF_GATOR(word, sign, takes, stands) \
    {.name = (word),                               \
     .letter = (sign),                             \
     .kind = (takes),                              \
     .is_hidden = true,                            \
     .value = "VALUE",                             \
     .stands_for = (stands),                       \
     .help = "As gator bench has it"}
#define OPTIONS_OF_GATOR                                                       \
    OPTION_OF_GATOR("filename", 'f', CHIMERA_CLI_REPEAT, "request-path"),      \
        OPTION_OF_GATOR("warmup", 0, CHIMERA_CLI_VALUE, "warm-up-iterations"), \
        OPTION_OF_GATOR("concurrency", 'c', CHIMERA_CLI_VALUE, "threads"),     \
        OPTION_OF_GATOR("image", 'i', CHIMERA_CLI_REPEAT, NULL),               \
        OPTION_OF_GATOR("engine", 0, CHIMERA_CLI_VALUE, NULL),                 \
        OPTION_OF_GATOR("tempdir", 'd', CHIMERA_CLI_VALUE, NULL),              \
        OPTION_OF_GATOR("plain-http", 0, CHIMERA_CLI_FLAG, NULL),              \
        OPTION_OF_GATOR("memory", 0, CHIMERA_CLI_FLAG, NULL),                  \
        OPTION_OF_GATOR("stats", 0, CHIMERA_CLI_FLAG, NULL)

/* Of all these rows: is one given? kwctl has none of them. Its name as it was written, without
 * dashes; NULL: none. */
const char *bench_report_option(const struct chimera_cli_options *options);

/* False after it has told what is wrong; *ret_exit is what to exit with. In any case the report is
 * ended by bench_report_done(). */
bool bench_report_open(const struct chimera_cli_options *options, struct bench_report *ret_report,
                       int *ret_exit);
void bench_report_done(struct bench_report *report);

/* Once it is known which policies will be measured: the same for a budget with other names. */
bool bench_report_check_names(const struct bench_report *report, const char *const *names,
                              size_t count, int *ret_exit);

/* Prints to standard output, writes the files, compares, and says on standard error what is over a
 * limit. Returns what to exit with: EXIT_BREACH, or EXIT_FAILED where something could not be
 * measured, judged or written. */
int bench_report_tell(const struct bench_report *report, const struct bench_run *run);

#endif
