/* SPDX-License-Identifier: Apache-2.0 */
/* shared_cache.h - --shared-cache: a folder or a registry that machines share what they have built
 * by (compiler/cache/shared.h). */
#ifndef CHIMERA_TOOLCHAIN_COMMAND_SHARED_CACHE_H
#define CHIMERA_TOOLCHAIN_COMMAND_SHARED_CACHE_H

#include "compiler/cache/shared.h"
#include "compiler/fetch/fetch_options.h"
#include "runtime/cli/cli.h"

/* Rows of a table, for commands with fetch_flags.h. */
#define SHARED_CACHE_FLAGS                                                                       \
    {.name = "shared-cache",                                                                     \
     .section = SECTION_BUILDS,                                                                  \
     .kind = CHIMERA_CLI_VALUE,                                                                  \
     .value = "PLACE",                                                                           \
     .variable = "CHIMERA_SHARED_CACHE",                                                         \
     .help = "A folder, or registry://HOST/REPOSITORY, where other machines with the same "      \
             "toolchain have put what they built: looked into before anything is compiled, and " \
             "filled, where we may"},                                                            \
        {.name = "shared-cache-key",                                                             \
         .section = SECTION_BUILDS,                                                              \
         .kind = CHIMERA_CLI_VALUE,                                                              \
         .value = "PATH",                                                                        \
         .variable = "CHIMERA_SHARED_CACHE_KEY",                                                 \
         .help =                                                                                 \
             "Of a registry, a key in PEM. What is signed by it is taken; with a private key, "  \
             "whose password is in $COSIGN_PASSWORD, what is built here is signed and put "      \
             "there as well"}

/* Takes the flags; *ret_shared is all zero without --shared-cache. `fetch`, which is borrowed until
 * it is closed, says how registries are reached. A place that cannot be had now is warned of, and
 * counts as none; one that may not be trusted is an error. */
int shared_cache_open(const struct chimera_cli_options *options,
                      const struct chimera_fetch_options *fetch,
                      struct chimera_shared_cache *ret_shared, struct chimera_error *err);

#endif
