/* SPDX-License-Identifier: Apache-2.0 */
/* diff.c - `chimera diff`: what became of the policies from one bundle to another. */
#include <stdio.h>
#include <unistd.h>

#include "runtime/json/tree.h"
#include "runtime/text/problems.h"
#include "toolchain/command/commands.h"
#include "toolchain/command/deploy/set_difference.h"

#define OUTPUT_MAX ((size_t)256 << 20)

/* diff(1)'s. */
enum { SAME = 0, DIFFERENT = 1, TROUBLE = 2 };

static void say(void *context, const char *line)
{
    (void)context;
    say_error("%s", line);
}

static int print(struct json_object *difference, bool is_json)
{
    struct chimera_buffer out;
    bool is_same = json_object_get_boolean(chimera_json_member(difference, "same"));
    chimera_buffer_init(&out, OUTPUT_MAX);
    if (is_json) {
        chimera_json_write_ordered(difference, 2, &out);
        chimera_buffer_byte(&out, '\n');
    } else {
        set_difference_write(difference, STDOUT_FILENO, &out);
    }
    int failed = out.failed;
    if (!failed && is_json)
        say_json(chimera_buffer_slice(&out));
    else if (!failed && out.size > 0)
        fwrite(out.data, 1, out.size, stdout);
    chimera_buffer_free(&out);
    if (failed || fflush(stdout) != 0) {
        say_error("%s", failed ? chimera_code_text(failed) : "cannot write to standard output");
        return TROUBLE;
    }
    return is_same ? SAME : DIFFERENT;
}

static int run_diff(const struct chimera_cli_options *options)
{
    struct served_set from = {0}, to = {0};
    struct chimera_buffer details;
    struct chimera_error err = {.details = &details};
    chimera_buffer_init(&details, CHIMERA_DETAILS_MAX);
    int code = served_set_read_bundle(options->arguments[0], &from, &err);
    if (code == CHIMERA_OK)
        code = served_set_read_bundle(options->arguments[1], &to, &err);
    if (code < 0)
        chimera_error_each(&err, say, NULL);
    chimera_buffer_free(&details);
    CHIMERA_JSON struct json_object *difference = code < 0 ? NULL : set_difference(&from, &to);
    served_set_done(&from);
    served_set_done(&to);
    return difference ? print(difference, chimera_cli_is_given(options, "json")) : TROUBLE;
}

static const struct chimera_cli_option diff_options[] = {
    {.name = "json", .help = "Print one JSON object, with whole digests and values"},
    {0},
};

static const struct chimera_cli_argument diff_arguments[] = {
    {.name = "OLD", .is_required = true, .help = "The folder of a bundle"},
    {.name = "NEW", .is_required = true, .help = "The folder of another"},
    {0},
};

const struct chimera_cli_command command_diff = {
    .name = "diff",
    .about = "Tell what became of the policies from one bundle to another",
    .description =
        "Prints the policies that were removed (-), added (+) and changed (~), those with what "
        "changed: the module, each setting, policyMode, what it may do and read, the rules that "
        "its metadata ask for, the toolchain that built its plugin. A member of a group is "
        "GROUP/MEMBER. What policies.yml leaves out counts as its default, so that order, comments "
        "and names of modules make no difference.\n"
        "As with diff(1) the exit code is 0 when nothing changed, 1 when something did, and 2 when "
        "a bundle cannot be read.",
    .options = diff_options,
    .arguments = diff_arguments,
    .run = run_diff,
};
