/* SPDX-License-Identifier: Apache-2.0 */
/* set_check.h - is this set of policies good? Whatever a server would refuse at its start is an
 * error, and so is what it serves though nobody can have meant it.
 */
#ifndef CHIMERA_TOOLCHAIN_COMMAND_CHECKING_SET_CHECK_H
#define CHIMERA_TOOLCHAIN_COMMAND_CHECKING_SET_CHECK_H

#include "compiler/build.h"
#include "runtime/cli/cli.h"
#include "runtime/source/policies.h"
#include "toolchain/command/checking/findings.h"

/* Rows of a table: what decides at a server's start besides the set. */
#define SET_CHECK_FLAGS                                                                           \
    {.name = "policy-options",                                                                    \
     .section = SECTION_LIMITS,                                                                   \
     .kind = CHIMERA_CLI_VALUE,                                                                   \
     .value = "FILE",                                                                             \
     .help = "The file of the server's --policy-options, with memory limits and the like"},       \
        {.name = "policy-timeout",                                                                \
         .section = SECTION_LIMITS,                                                               \
         .kind = CHIMERA_CLI_VALUE,                                                               \
         .value = "SECONDS",                                                                      \
         .help = "The server's --policy-timeout, under which settings are checked [default: 2]"}, \
        {.name = "disable-timeout-protection",                                                    \
         .section = SECTION_LIMITS,                                                               \
         .help = "As of a server with --disable-timeout-protection: policies have no time limit"}

struct set_check {              /* borrowed; all zero but for what is known */
    const char *policy_options; /* a file; NULL: none */
    uint64_t limit_seconds;     /* of policies without a limit of their own */
    bool is_limited;
    const char *path;          /* of policies.yml, for messages */
    struct chimera_slice text; /* of it; empty: nothing to look at, as we have written it */
    struct policies *policies;
    struct chimera_builder *builder; /* NULL: all are plugins */
    bool takes_notes; /* who was found good before is not asked again (start_note.h) */
};

/* Takes SET_CHECK_FLAGS. */
int set_check_init(const struct chimera_cli_options *options, struct set_check *ret_check,
                   struct chimera_error *err);
enum policies_limits set_check_limits(const struct set_check *check);

/* Reads policies.yml into `text`, which is empty, has its limit, and stays the caller's; `check` is
 * as set_check_init() left it. The caller ends *ret_policies with policies_done(). */
int set_check_read(const struct set_check *check, const char *path, struct chimera_buffer *text,
                   struct policies *ret_policies, struct chimera_error *err);

/* What the file alone shows: keys and ids that are there twice or mean nothing, an empty set,
 * broken expressions; and takes the options' file. */
void set_check_file(const struct set_check *check, struct findings *findings);

/* One policy, number `index`, whose module is the file at `module`: a module, or a plugin with a
 * name that ends in .so. Built, if need be, and asked. */
void set_check_policy(const struct set_check *check, size_t index, const char *module,
                      struct findings *findings);

#endif
