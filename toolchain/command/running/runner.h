/* SPDX-License-Identifier: Apache-2.0 */
/* runner.h - from a definition to a policy that can be asked: its modules found, built, loaded and
 * started. What `run`, `bench` and `test` share.
 *
 * Everything happens on one thread, on lane 0, but runnable_evaluate_on(). Mapped plugins stay
 * until the process ends, so what describes them does too.
 */
#ifndef CHIMERA_TOOLCHAIN_COMMAND_AUTHOR_RUNNER_H
#define CHIMERA_TOOLCHAIN_COMMAND_AUTHOR_RUNNER_H

#include "compiler/build.h"
#include "runtime/capability/session.h"
#include "runtime/policy/policy.h"
#include "runtime/review/group.h"
#include "toolchain/command/definition/definition.h"
#include "toolchain/command/fetch_flags.h"
#include "toolchain/command/policy_module.h"

#define RUNNER_PATTERNS_MAX 256
#define RUNNER_ARENA_MAX ((size_t)512 << 20)

struct runner {
    enum chimera_mode asked_mode; /* CHIMERA_MODE_NONE: the modules' own */
    enum chimera_tier tier;
    uint32_t limit_ms;
    bool is_limit_given;       /* else what a definition says of itself is put before it */
    uint64_t memory_limit;     /* bytes; 0: the default */
    bool omits_managed_fields; /* requests are cut (review/request.h) */
    bool has_no_cache;
    bool wants_full; /* the tier ANY is the full one, where the tools for it are there */
    enum chimera_build_purpose purpose;
    unsigned lanes;           /* how many threads may ask at once; 0: one */
    bool tells_wait;          /* a long build is told where there is no terminal, too */
    bool has_built;           /* something, and not taken it from the cache */
    struct fetch_flags flags; /* owned: whether and how modules are fetched and verified */
    struct chimera_capability_source *source; /* borrowed; answers host calls. NULL: nobody does */
    const char *replay, *record; /* borrowed: files of sessions to answer from, to write. NULL */
    const char *patterns[RUNNER_PATTERNS_MAX + 1]; /* borrowed; of host capabilities */
    bool are_patterns_given; /* by the option, which then goes before a policies.yml */
    /* Owned, and kept to the end: without a cache the plugins are in its folder. It keeps pointing
     * at the progress, so a runner that has built stays where it is. */
    struct chimera_builder *builder;
    struct chimera_progress progress;
};

/* Reads the options below, and those of fetch_flags.h; those that there are not count as not given.
 * The runner stays where it is. */
int runner_init(const struct chimera_cli_options *options, struct runner *ret_runner,
                struct chimera_error *err);
void runner_done(struct runner *runner);

/* A module as a plugin, built if the cache does not have it, or a plugin, for that mode. After a
 * failure to build the runner is done. */
int runner_load(struct runner *runner, const struct policy_module *module, enum chimera_mode mode,
                struct chimera_loaded **ret_loaded, struct chimera_error *err);

struct runnable {
    const struct definition *definition;  /* borrowed */
    struct policy_module *module;         /* owned, like all that follows; one a member */
    struct chimera_policy **policy;       /* one a member */
    const struct chimera_loaded **loaded; /* one a member; each is borrowed */
    uint64_t load_ns;                     /* what it took to load them, once in this process */
    enum chimera_tier tier;               /* of the first member's plugin */
    const char **names;                   /* the members' */
    struct chimera_group *group;          /* NULL: none */
    bool omits_managed_fields;            /* as the runner's */
    struct chimera_host_session *session; /* its own, played back or recorded; NULL: neither */
};

/* Finds the modules, which may be fetched, and looks whether they can run here. In any case the
 * caller ends *ret_runnable with runnable_done(). */
int runnable_open(const struct runner *runner, const struct definition *definition,
                  struct runnable *ret_runnable, struct chimera_error *err);
/* Makes it ready to be asked. */
int runnable_start(struct runner *runner, struct runnable *runnable, struct chimera_error *err);
/* When it will not be asked again: writes the session that was recorded, or warns of what was not
 * played back. */
int runnable_finish(const struct runner *runner, const struct runnable *runnable,
                    struct chimera_error *err);
void runnable_done(struct runnable *runnable);

/* Does its metadata say so? Of a group never. */
bool runnable_is_raw(const struct runnable *runnable);

/* For people, where a policy that refuses its settings has no message for that. */
#define RUNNABLE_NO_REASON \
    "the policy gave no reason: it was stopped, or failed, while it looked at them"

/* With the message for invalid ones, in the arena; it may be empty. */
int runnable_check_settings(const struct runnable *runnable, struct chimera_arena *arena,
                            bool *ret_valid, struct chimera_slice *ret_message,
                            struct chimera_error *err);

/* The policy's answer, before the operator's rules; and by them. */
int runnable_evaluate(const struct runnable *runnable, const struct chimera_request *request,
                      struct chimera_arena *arena, struct chimera_response *ret_response,
                      struct chimera_error *err);
/* The same by the thread that has this lane. */
int runnable_evaluate_on(const struct runnable *runnable, unsigned lane,
                         const struct chimera_request *request, struct chimera_arena *arena,
                         struct chimera_response *ret_response, struct chimera_error *err);
void runnable_handle(const struct runnable *runnable, struct chimera_arena *arena,
                     struct chimera_response *response);

/* Options that the commands have in common. */
extern const char *const runner_tiers[];
#define OPTION_EXECUTION_MODE        \
    {.name = "execution-mode",       \
     .section = SECTION_POLICY,      \
     .letter = 'e',                  \
     .kind = CHIMERA_CLI_VALUE,      \
     .value = "MODE",                \
     .choices = option_modes,        \
     .aliases = option_mode_aliases, \
     .help = "How to speak to a policy without metadata"}
#define OPTION_HOST_CAPABILITIES                                                           \
    {.name = "allowed-host-capabilities",                                                  \
     .section = SECTION_HOST,                                                              \
     .kind = CHIMERA_CLI_GREEDY,                                                           \
     .value = "PATTERN",                                                                   \
     .help = "Host capabilities that the policy may use: `*`, `oci/*`, "                   \
             "`net/v1/dns_lookup_host`; all without this option, none without a pattern. " \
             "Takes all words up to the next option or `--`"}
#define OPTION_TIME_LIMIT       \
    {.name = "time-limit",      \
     .section = SECTION_LIMITS, \
     .kind = CHIMERA_CLI_VALUE, \
     .value = "SECONDS",        \
     .help = "How long a policy may run; 30 without this option"}
#define OPTION_MEMORY_LIMIT                                                                  \
    {.name = "memory-limit",                                                                 \
     .section = SECTION_LIMITS,                                                              \
     .kind = CHIMERA_CLI_VALUE,                                                              \
     .value = "SIZE",                                                                        \
     .help = "What the policy's memory, tables and what its host keeps for it may come to, " \
             "such as 256Mi or 2Gi; 1Gi without this option"}
#define OPTION_OMIT_MANAGED_FIELDS                                                          \
    {.name = "omit-managed-fields",                                                         \
     .section = SECTION_HOST,                                                               \
     .help = "Do not show the policy metadata.managedFields of the objects, as a server's " \
             "omitManagedFields does"}
#define OPTION_TIER                                                                           \
    {.name = "tier",                                                                          \
     .section = SECTION_BUILDS,                                                               \
     .kind = CHIMERA_CLI_VALUE,                                                               \
     .value = "TIER",                                                                         \
     .choices = runner_tiers,                                                                 \
     .help = "Which compiler's code to run: tcc's (quick) or clang's (full). Without this "   \
             "option what the cache has, full first; and when it has none, the quick one is " \
             "built"}
#define OPTION_NO_CACHE                \
    {.name = "disable-wasmtime-cache", \
     .section = SECTION_BUILDS,        \
     .help = "Compile anew, and keep nothing for the next time"}

#endif
