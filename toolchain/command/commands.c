/* SPDX-License-Identifier: Apache-2.0 */
#include "toolchain/command/commands.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "compiler/tool/confine.h"
#include "runtime/log/log.h"
#include "runtime/text/printable.h"
#include "runtime/text/terminal.h"

#define JOBS_MAX 512

const char *const option_modes[] = {"kubewarden-wapc", "wasi",    "opa",
                                    "gatekeeper",      "chimera", NULL};
const char *const option_mode_aliases[] = {"kubewarden", NULL};

static enum say_level level;

int say_error(const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    chimera_printable_vsay(stderr, "Error", format, arguments);
    va_end(arguments);
    return EXIT_FAILED;
}

/* For programs the bytes as they are; on a terminal what may not be shown there is escaped, which
 * changes nothing for who reads JSON. */
void say_json(struct chimera_slice line)
{
    struct chimera_buffer shown;
    if (!isatty(STDOUT_FILENO)) {
        fwrite(line.data, 1, line.size, stdout);
        return;
    }
    chimera_buffer_init(&shown, line.size * CHIMERA_PRINTABLE_SIZE);
    chimera_printable_document(line, CHIMERA_PRINTABLE_JSON, &shown);
    fwrite(shown.data, 1, shown.size, stdout);
    chimera_buffer_free(&shown);
}

void say_warning(const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    chimera_printable_vsay(stderr, "Warning", format, arguments);
    va_end(arguments);
}

bool say_in_colour(int fd)
{
    return chimera_colours_are_on(fd);
}

enum say_level say_level(void)
{
    return level;
}

void say_level_set(enum say_level wanted)
{
    level = wanted;
    if (wanted == SAY_QUIET)
        chimera_printable_hush();
    if (wanted == SAY_VERBOSE)
        chimera_log_open(STDERR_FILENO, CHIMERA_LOG_TEXT, CHIMERA_LOG_DEBUG);
}

bool option_quiet(const struct chimera_cli_options *options)
{
    return level == SAY_QUIET || chimera_cli_is_given(options, "quiet");
}

void confinement_warn(void)
{
    static bool is_told;
    const char *lacks = chimera_confine_lacks();
    if (lacks && !is_told)
        say_warning("the compilers ran less confined than they should: %s", lacks);
    is_told = true;
}

static void log_step(const struct chimera_progress *progress)
{
    chimera_log_with(CHIMERA_LOG_DEBUG, "chimera::build", chimera_slice_of(progress->title),
                     CHIMERA_TEXT("module", chimera_slice_of(progress->name)),
                     CHIMERA_NUMBER("parts", (int64_t)progress->total));
}

void progress_open(const struct chimera_cli_options *options, struct chimera_progress *progress)
{
    chimera_progress_init(progress, option_quiet(options) ? -1 : STDERR_FILENO);
    if (!chimera_log_is_on(CHIMERA_LOG_DEBUG))
        return;
    progress->is_shown = false; /* lines of the log would stand behind it */
    progress->on_step = log_step;
}

bool option_jobs(const struct chimera_cli_options *options, unsigned *ret_jobs)
{
    const char *jobs = chimera_cli_value(options, "jobs");
    *ret_jobs = jobs ? chimera_cli_number(jobs, JOBS_MAX) : 0;
    if (!jobs || *ret_jobs)
        return true;
    chimera_cli_refuse(options->program, options->command,
                       "invalid value '%s' for '--jobs <N>': a number from 1 to %d is wanted", jobs,
                       JOBS_MAX);
    return false;
}
