/* SPDX-License-Identifier: Apache-2.0 */
/* chain.h - is a bundle what its manifest.json says, all of it, and nothing else? Offline, from the
 * bundle's files alone (files.h), wherever they lie.
 *
 *   manifest.json -> every other file, by digest; nothing missing, nothing more
 *   STEM.json     -> module, code and image: what the manifest says, and an ABI that is served here
 *   STEM.so       -> the audit that every plugin passes
 *   policies.yml  -> each policy has its plugin
 *
 * What SBOM and provenance say is for claims.h; check.h has both.
 */
#ifndef CHIMERA_TOOLCHAIN_COMMAND_BUNDLE_VERIFY_CHAIN_H
#define CHIMERA_TOOLCHAIN_COMMAND_BUNDLE_VERIFY_CHAIN_H

#include <json-c/json.h>

#include "runtime/plugin/bundle.h"
#include "runtime/plugin/manifest.h"
#include "runtime/text/problems.h"
#include "toolchain/command/bundle/files/files.h"

struct bundle_chain {
    const struct bundle_files *files; /* borrowed */
    struct chimera_bundle bundle;     /* manifest.json; .self is its digest */
    struct chimera_manifest
        *manifest; /* owned; of each plugin; all zero where it is not readable */
    struct json_object *sbom, *provenance; /* owned; NULL where they are not readable */
    size_t policy_count;
    uint64_t bytes;                   /* of all files */
    struct chimera_problems problems; /* what is wrong; none: it is what it says */
};

/* Looks at all of it. What is wrong with the bundle is a problem, and no failure: that is one when
 * there is no manifest to compare with, or no memory. The caller ends *ret_chain in any case. */
int bundle_chain_check(const struct bundle_files *files, struct bundle_chain *ret_chain,
                       struct chimera_error *err);
void bundle_chain_done(struct bundle_chain *chain);

void bundle_chain_add(struct bundle_chain *chain, const char *file, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

#endif
