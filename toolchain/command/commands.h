/* SPDX-License-Identifier: Apache-2.0 */
/* commands.h - all subcommands, one file each, and what they share. */
#ifndef CHIMERA_TOOLCHAIN_COMMAND_COMMANDS_H
#define CHIMERA_TOOLCHAIN_COMMAND_COMMANDS_H

#include "runtime/base/slice.h"
#include "runtime/cli/cli.h"
#include "runtime/text/progress.h"

#define PROGRAM_ABOUT "Compiles Kubernetes admission policies ahead of time, and runs them"

enum exit_code {
    EXIT_GOOD = 0,
    EXIT_FAILED = 1,
    EXIT_USAGE = CHIMERA_CLI_EXIT_USAGE,
    EXIT_BREACH = 3, /* a policy costs more than it may */
};

/* Has all others; called kwctl it has only the options that kwctl has. main.c */
const struct chimera_cli_command *program_command(const char *program);

extern const struct chimera_cli_command command_annotate;
extern const struct chimera_cli_command command_bench;
extern const struct chimera_cli_command command_build;
extern const struct chimera_cli_command command_bundle;
extern const struct chimera_cli_command command_bundle_verify;
extern const struct chimera_cli_command command_cache;
extern const struct chimera_cli_command command_call;
extern const struct chimera_cli_command command_check;
extern const struct chimera_cli_command command_completions;
extern const struct chimera_cli_command command_diff;
extern const struct chimera_cli_command command_digest;
extern const struct chimera_cli_command command_docs;
extern const struct chimera_cli_command command_doctor;
extern const struct chimera_cli_command command_exec;
extern const struct chimera_cli_command command_fetch;
extern const struct chimera_cli_command command_info;
extern const struct chimera_cli_command command_inspect;
extern const struct chimera_cli_command command_load;
extern const struct chimera_cli_command command_policies;
extern const struct chimera_cli_command command_pull;
extern const struct chimera_cli_command command_push;
extern const struct chimera_cli_command command_rm;
extern const struct chimera_cli_command command_run;
extern const struct chimera_cli_command command_save;
extern const struct chimera_cli_command command_scaffold;
extern const struct chimera_cli_command command_serve;
extern const struct chimera_cli_command command_test;
extern const struct chimera_cli_command command_verify;
extern const struct chimera_cli_command command_version;
extern const struct chimera_cli_command command_webhooks;

/* Sections of the help, where several commands have one. */
#define SECTION_POLICY "Policy"
#define SECTION_REQUEST "Request"
#define SECTION_LIMITS "Limits"
#define SECTION_HOST "What policies may ask for"
#define SECTION_MEASUREMENT "Measurement"
#define SECTION_REGISTRIES "Registries"
#define SECTION_SIGNATURES "Signatures"
#define SECTION_BUILDS "Builds"
#define SECTION_OUTPUT "Output"
#define SECTION_JUDGEMENT "Judgement"

/* How a policy may be spoken to: what is shown, and what is taken besides. */
extern const char *const option_modes[], *const option_mode_aliases[];

/* Options that several commands have. */
#define OPTION_CACHE_DIR                                                                        \
    {.name = "cache-dir",                                                                       \
     .section = SECTION_BUILDS,                                                                 \
     .kind = CHIMERA_CLI_VALUE,                                                                 \
     .value = "DIR",                                                                            \
     .help = "Folder of the cache, in place of $CHIMERA_CACHE_DIR, $XDG_CACHE_HOME/chimera or " \
             "~/.cache/chimera"}
#define OPTION_JOBS             \
    {.name = "jobs",            \
     .section = SECTION_BUILDS, \
     .letter = 'j',             \
     .kind = CHIMERA_CLI_VALUE, \
     .value = "N",              \
     .help = "Compilers to run at once; as many as there are processors without it"}
#define OPTION_QUIET {.name = "quiet", .letter = 'q', .help = "Show no progress"}
#define OPTION_REQUIRE_CONFINEMENT                                                            \
    {.name = "require-confinement",                                                           \
     .section = SECTION_BUILDS,                                                               \
     .help = "Fail where the kernel cannot keep the compilers from files, network and other " \
             "processes; without it there is a warning"}

/* Of --jobs; 0 when it is not given. False after it has told the user what is wrong: EXIT_USAGE. */
bool option_jobs(const struct chimera_cli_options *options, unsigned *ret_jobs);

/* After a compilation: one warning on standard error where the kernel left the compilers
 * unconfined. */
void confinement_warn(void);

/* For what is built, on standard error: nothing where --quiet is given; behind -v each step is
 * logged, too. */
void progress_open(const struct chimera_cli_options *options, struct chimera_progress *progress);

/* "Error: …" on standard error, with the lines behind the first indented; returns EXIT_FAILED. Like
 * all that the command prints of others' texts it goes by runtime/text/printable.h. */
int say_error(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* A line of JSON to standard output, its end included. */
void say_json(struct chimera_slice line);

/* May what is written to the file descriptor have colours? By the rule of runtime/text/terminal.h,
 * which has the colours. */
bool say_in_colour(int fd);

/* How much is told besides results and errors: with -q no warnings, notes and progress, with -v
 * what is being done, on standard error. */
enum say_level { SAY_QUIET = -1, SAY_NORMAL, SAY_VERBOSE };
enum say_level say_level(void);
void say_level_set(enum say_level wanted);
/* Before the command as well as behind it, where some have a -q of their own. */
bool option_quiet(const struct chimera_cli_options *options);

/* "Warning: …" there. */
void say_warning(const char *format, ...) __attribute__((format(printf, 1, 2)));

#endif
