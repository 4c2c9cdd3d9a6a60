/* SPDX-License-Identifier: Apache-2.0 */
/* profile.h - --profile: each policy once more on each request, from a build that tells which
 * functions run (runtime/instance/profile.h). One thread. */
#ifndef CHIMERA_TOOLCHAIN_COMMAND_BENCH_PROFILE_H
#define CHIMERA_TOOLCHAIN_COMMAND_BENCH_PROFILE_H

#include "runtime/instance/profile.h"
#include "toolchain/command/bench/asker.h"

struct bench_profile {
    const char *folder;       /* borrowed; NULL: nobody wants profiles, and nothing is done */
    struct runner runner;     /* owned */
    struct runnable runnable; /* the policy that is on; owned, like the next two */
    struct bench_asker asker;
    struct chimera_profile **tree; /* one a member */
    bool is_ready;
};

/* In any case the caller ends *ret_profile with bench_profile_done(). */
int bench_profile_open(const struct chimera_cli_options *options, struct bench_profile *ret_profile,
                       struct chimera_error *err);
void bench_profile_done(struct bench_profile *profile);

/* Builds it, too, where `measured` was built here. Where that cannot be, a warning says why, and
 * there is no profile of it. */
int bench_profile_start(struct bench_profile *profile, const struct runnable *measured,
                        enum chimera_mode asked_mode, struct chimera_error *err);
void bench_profile_end(struct bench_profile *profile);

/* Writes the files of that request. `policy` is how the policy is called in results; a group has
 * files for each member that was asked. */
int bench_profile_take(struct bench_profile *profile, const struct request_text *text, bool is_raw,
                       const char *policy, struct chimera_error *err);

/* A row of a table. */
#define OPTION_BENCH_PROFILE                                                                \
    {.name = "profile",                                                                     \
     .section = SECTION_MEASUREMENT,                                                        \
     .kind = CHIMERA_CLI_VALUE,                                                             \
     .value = "FOLDER",                                                                     \
     .help = "Write there which functions have run how many WebAssembly instructions: for " \
             "each policy and request a flame graph, POLICY-REQUEST.svg, and the same as "  \
             "folded stacks, POLICY-REQUEST.folded"}

#endif
