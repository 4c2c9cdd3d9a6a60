/* SPDX-License-Identifier: Apache-2.0 */
/* fetch.h - from a policy's URI to a verified file on this machine: the face of this folder.
 *
 * What speaks to the network runs in a confined child, which this starts and waits for; logins are
 * looked up before, as their helpers are programs.
 */
#ifndef CHIMERA_COMPILER_FETCH_FETCH_H
#define CHIMERA_COMPILER_FETCH_FETCH_H

#include "compiler/fetch/manifest.h"
#include "compiler/fetch/signature/trust_root.h"
#include "runtime/base/digest.h"
#include "runtime/base/error.h"
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
};

struct chimera_fetched { /* owns its texts */
    char *uri;           /* as it is listed: with scheme, and tag or digest */
    char *path;
    char manifest_digest[CHIMERA_OCI_DIGEST_MAX]; /* "": not from a registry, or not asked */
    char *signers;                                /* who signed, for people; NULL: not verified */
    char *plugin;                                 /* STEM.so of a trusted builder; NULL: none */
    char *plugin_note; /* why some plugins did not do, a line each; NULL: nothing to say */
    char *trust_note;  /* a warning of the trust root's age; NULL: nothing to say */
};

/* Fetches what is not in the store, or may have moved; verifies it when that is asked for. A
 * file:// URI is taken as it is, and refused with a verification, for nothing can be signed there.
 */
int chimera_fetch(const struct chimera_fetch_options *options, const char *uri,
                  struct chimera_fetched *ret_fetched, struct chimera_error *err);
void chimera_fetched_done(struct chimera_fetched *fetched);

/* The same in two steps, so that several can go on at once: each has a process of its own. What is
 * there already is there after the first. The run's address must not change between them. */
struct chimera_fetch_run {
    struct chimera_fetched fetched;  /* owned, until it is handed over */
    struct chimera_fetch_plan *plan; /* owned; NULL: nothing is going on */
};
int chimera_fetch_start(const struct chimera_fetch_options *options, const char *uri,
                        struct chimera_fetch_run *ret_run, struct chimera_error *err);
/* Waits. The run is ended in any case. */
int chimera_fetch_finish(struct chimera_fetch_run *run, struct chimera_fetched *ret_fetched,
                         struct chimera_error *err);

/* Verifies the image in its registry, or, offline, the policy in the store; fetches no policy. */
int chimera_fetch_verify(const struct chimera_fetch_options *options, const char *uri,
                         struct chimera_fetched *ret_fetched, struct chimera_error *err);

/* What the image's tag means now, as digest of its manifest. Leaves the store alone. */
int chimera_fetch_digest(const struct chimera_fetch_options *options, const char *uri,
                         char ret_digest[CHIMERA_OCI_DIGEST_MAX], struct chimera_error *err);

/* Appends the manifest that holds the image's signatures of cosign's old scheme; nothing when there
 * is none. */
int chimera_fetch_signatures(const struct chimera_fetch_options *options, const char *uri,
                             struct chimera_buffer *out, struct chimera_error *err);

#endif
