/* SPDX-License-Identifier: Apache-2.0 */
/* build.h - the whole way from a WebAssembly file to a policy plugin.
 *
 * read and check, rewrite, wasm2c, split, clang or tcc, link, audit, manifest
 * (docs/internals/compiler.md). Finished plugins come from and go to the cache; with an output
 * folder they are copied to its plugins/ as well. What the cache has is verified before it is
 * handed out or copied, and built again when it is damaged. Nothing is left behind by a build that
 * failed.
 */
#ifndef CHIMERA_COMPILER_BUILD_H
#define CHIMERA_COMPILER_BUILD_H

#include "compiler/cache/cache.h"
#include "compiler/cache/shared.h"
#include "compiler/tool/tools.h"
#include "plugins/policy/plugin.h"
#include "runtime/base/digest.h"
#include "runtime/text/progress.h"

struct chimera_builder; /* tools, cache and options, for any number of builds; one thread */

/* What a plugin is for. Only the first kind is served, and no other is loaded but by
 * chimera_plugin_load_measuring(); each has names of its own in the cache. */
enum chimera_build_purpose {
    CHIMERA_BUILD_TO_SERVE = 0,
    CHIMERA_BUILD_TO_COUNT,   /* counts the instructions that it runs (runtime/plugin/counter.h) */
    CHIMERA_BUILD_TO_PROFILE, /* and tells of its functions (runtime/instance/profile.h) */
};

struct chimera_build_options { /* all borrowed */
    enum chimera_build_purpose purpose;
    const char *cache_folder; /* NULL: the default one */
    bool has_no_cache;        /* neither read nor fill it */
    const char
        *output;   /* NULL: only the cache (or, without one, a folder that ends with the builder) */
    bool is_draft; /* the output is a folder that the caller syncs when it is whole
                      (chimera_folder_sync()): its files are not synced one by one */
    const char *former; /* an output that this one takes the place of: a file of it that would be
                           the same is linked (file_link.h); NULL: all are copied */
    unsigned jobs;      /* 0: the processors that we may use */
    struct chimera_progress *progress; /* NULL: none */
    /* $CHIMERA_COMPILER_LAUNCHER of the caller: a program and its first arguments, separated by
     * semicolons, which is put before each compile of the full tier; NULL: none. */
    const char *launcher;
    bool loads_plugins; /* the caller has the loader read what it gets, so the cache need not
                           (chimera_builder_distrust()) */
    /* Looked into before something is built, and filled; NULL: none. Without a cache of our own it
     * is not asked. What is wrong with it is a warning of the build, never its failure. */
    const struct chimera_shared_cache *shared;
    bool must_confine; /* refuse to compile where this kernel cannot confine the tools wholly
                          (confine.h) */
};

int chimera_builder_new(const struct chimera_build_options *options,
                        struct chimera_builder **ret_builder, struct chimera_error *err);
void chimera_builder_free(struct chimera_builder *builder); /* does nothing when it is NULL */

/* A loader refused what the cache gave: from now on all of it is read before it is handed out, so
 * that another chimera_build() gives a sound plugin. */
void chimera_builder_distrust(struct chimera_builder *builder);

struct chimera_built {
    char *plugin;  /* path of the .so; owned by the caller, ended by chimera_built_done() */
    char *warning; /* what was found damaged and put right, and what a shared cache cannot do, for a
                      person; likewise; NULL: nothing */
    struct chimera_digest wasm; /* of the module as it was read */
    enum chimera_tier tier;
    bool was_cached; /* nothing was compiled */
    bool was_shared; /* for it came from the shared cache */
    uint64_t milliseconds;
    size_t wasm_bytes, code_bytes; /* code_bytes is 0 where the cache made reading needless */
};

/* What is there already, the full tier first; else what is there soonest. */
#define CHIMERA_TIER_ANY ((enum chimera_tier)0)

/* Builds `path` for `mode`; with CHIMERA_MODE_NONE the module's metadata or else its exports decide
 * (chimera_mode_detect()). */
int chimera_build(struct chimera_builder *builder, const char *path, enum chimera_mode mode,
                  enum chimera_tier tier, struct chimera_built *ret_built,
                  struct chimera_error *err);
void chimera_built_done(struct chimera_built *built);

/* Any module as a plugin of CHIMERA_MODE_NONE, for the conformance tests: no detection, no ABI
 * check. */
int chimera_build_bare(struct chimera_builder *builder, const char *path, enum chimera_tier tier,
                       struct chimera_built *ret_built, struct chimera_error *err);

const struct chimera_tools *chimera_builder_tools(const struct chimera_builder *builder);
/* Borrowed; NULL: it has none, or there is no builder. */
struct chimera_cache *chimera_builder_cache(const struct chimera_builder *builder);

/* What names the tools of a tier (native/identity.h), which are asked when they were not yet:
 * borrowed from the builder. NULL: a tool is missing or too old, as `err` says. */
const char *chimera_builder_identity(struct chimera_builder *builder, enum chimera_tier tier,
                                     struct chimera_error *err);

/* The same where nothing is built: of the tools that are here. Owned by the caller; NULL when there
 * are none that could build this tier. */
char *chimera_toolchain_here(enum chimera_tier tier);

#endif
