/* SPDX-License-Identifier: Apache-2.0 */
/* fetch_options.h - how policies are fetched and verified, and what becomes of one. */
#ifndef CHIMERA_COMPILER_FETCH_FETCH_OPTIONS_H
#define CHIMERA_COMPILER_FETCH_FETCH_OPTIONS_H

#include "compiler/fetch/registry/oci_digest.h"
#include "runtime/base/digest.h"
#include "runtime/source/sources.h"
#include "runtime/source/verification.h"

struct chimera_fetch_options {                       /* borrowed */
    const char *store;                               /* its root */
    const struct chimera_sources *sources;           /* NULL: none */
    const char *docker_config;                       /* a folder; NULL: the default */
    const struct chimera_verification *verification; /* NULL: none is asked for */
    /* Keys of builders: a plugin beside the policy that one of them has signed is fetched, too.
     * NULL: none is. */
    const struct chimera_verification *builders;
    const char *trust_root; /* a file; NULL: what is shipped */
    const char *output;     /* a file or a folder in place of the store; NULL: the store */
    bool is_offline;        /* what is in the store or nothing */
    bool shows_progress;
    bool must_confine;    /* the process that fetches, or nothing is fetched */
    unsigned seconds_max; /* of one policy; 0: an hour */
};

struct chimera_fetched { /* owns its texts */
    char *uri;           /* as it is listed: with scheme, and tag or digest */
    char *path;
    char manifest_digest[CHIMERA_OCI_DIGEST_MAX]; /* "": not from a registry, or not asked */
    char *signers;                                /* who signed, for people; NULL: not verified */
    /* Of the module that was signed; "": not verified. The file's name is free for others to write
     * to, so whoever reads the file later compares what was read. */
    char module_digest[CHIMERA_OCI_DIGEST_MAX];
    char *plugin;      /* STEM.so of a trusted builder; NULL: none */
    char *plugin_note; /* why some plugins did not do, a line each; NULL: nothing to say */
    char *trust_note;  /* a warning of the trust root's age; NULL: nothing to say */
};
void chimera_fetched_done(struct chimera_fetched *fetched);

/* Whether what was read of the file at `path` later on is what was signed; CHIMERA_EUNSIGNED when
 * not. `module_digest` as above, or NULL. */
int chimera_fetched_check(const char *module_digest, const struct chimera_digest *read,
                          const char *path, struct chimera_error *err);

#endif
