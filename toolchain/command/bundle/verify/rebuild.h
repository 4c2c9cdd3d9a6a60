/* SPDX-License-Identifier: Apache-2.0 */
/* rebuild.h - a bundle made again from what its lock names, and compared bit for bit.
 *
 * Modules come from where they came from: a file, the store, a registry by the digest of its
 * manifest. They are compiled with an empty cache. A plugin that was made by another toolchain than
 * is here cannot be compared: then it is told what differs, and nothing is compiled for it.
 */
#ifndef CHIMERA_TOOLCHAIN_COMMAND_BUNDLE_VERIFY_REBUILD_H
#define CHIMERA_TOOLCHAIN_COMMAND_BUNDLE_VERIFY_REBUILD_H

#include "compiler/build.h"
#include "compiler/fetch/fetch_options.h"
#include "toolchain/command/bundle/verify/chain.h"

struct bundle_rebuild { /* borrowed */
    const struct chimera_fetch_options *fetch;
    const struct chimera_build_options *build; /* its cache is not used */
    const char *folder; /* what relative references are relative to: where policies.yml was */
};

/* Of a chain without problems; what differs becomes one. */
int bundle_rebuild_check(const struct bundle_rebuild *rebuild, struct bundle_chain *chain,
                         struct chimera_error *err);

#endif
