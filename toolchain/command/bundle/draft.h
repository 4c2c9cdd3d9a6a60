/* SPDX-License-Identifier: Apache-2.0 */
/* draft.h - a bundle in the making: what its policies.yml names, from where it is had to where it
 * lies in the new folder. The parts are called in the order in which they stand here; one thread.
 */
#ifndef CHIMERA_TOOLCHAIN_COMMAND_BUNDLE_DRAFT_H
#define CHIMERA_TOOLCHAIN_COMMAND_BUNDLE_DRAFT_H

#include "compiler/build.h"
#include "runtime/plugin/bundle.h"
#include "toolchain/command/checking/set_check.h"
#include "toolchain/command/fetch_flags.h"

#define BUNDLE_POLICIES_MAX ((size_t)64 << 20) /* bytes of a policies.yml */

struct bundle_module {                          /* one reference, as policies.yml writes it */
    const char *name;                           /* borrowed from the policies, as the next two */
    const char *location, *meant;               /* as of struct policy_spec */
    char *path;                                 /* owned; NULL: it cannot be had */
    char signed_digest[CHIMERA_OCI_DIGEST_MAX]; /* of struct chimera_fetched */
    char image_digest[CHIMERA_OCI_DIGEST_MAX];  /* the registry's manifest; "": none, not known */
    struct chimera_digest wasm;
    bool is_plugin; /* built before: the file is a .so */
    char stem[160];
};

struct bundle_draft {
    const char *path; /* of policies.yml */
    const struct chimera_fetch_options *fetch;
    const char *folder;  /* where the bundle is made */
    const char *key;     /* file of the private key that signs it; NULL: it is not signed */
    int64_t seconds;     /* the time that its documents state: bundle_moment() */
    const char *builder; /* who builds it, a URI */
    bool has_no_trial, has_no_check, is_quiet;
    struct set_check check;
    struct chimera_progress *progress;
    struct chimera_buffer text; /* of policies.yml */
    struct policies policies;
    struct bundle_module *module; /* owned */
    size_t module_count, missing;
    size_t *module_of; /* owned; by policy */
};

/* Reads policies.yml, and makes a module of each reference in it. */
int bundle_draft_read_policies(struct bundle_draft *draft, struct chimera_error *err);
/* Finds a file for each module. One that cannot be had is told, counted as missing, and leaves the
 * others to be looked at. */
int bundle_draft_fetch_modules(struct bundle_draft *draft, struct chimera_error *err);
/* Tells all that is wrong with the set, and fails if anything is. */
int bundle_draft_check_set(struct bundle_draft *draft, const struct chimera_build_options *options,
                           struct chimera_error *err);
/* Fills plugins/ of the folder; goes on after a failure, so that one call tells all that is wrong.
 */
int bundle_draft_build_modules(struct bundle_draft *draft, struct chimera_build_options *options,
                               struct chimera_error *err);
/* policies.yml with digests in place of references. */
int bundle_draft_write_policies(const struct bundle_draft *draft, struct chimera_digest *ret_digest,
                                struct chimera_error *err);
/* The SBOM, the provenance, and manifest.json, which has the digests of all others. */
int bundle_draft_write_manifest(const struct bundle_draft *draft,
                                const struct chimera_digest *policies, struct chimera_error *err);
/* The signature of manifest.json, and so of all. */
int bundle_draft_sign(const struct bundle_draft *draft, struct chimera_error *err);
void bundle_draft_done(struct bundle_draft *draft);

/* Says why a module cannot be had or built, by the policies that it is for. */
void bundle_draft_say_failure(const struct bundle_draft *draft, size_t module, const char *why);

#endif
