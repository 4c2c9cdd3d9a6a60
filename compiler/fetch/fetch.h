/* SPDX-License-Identifier: Apache-2.0 */
/* fetch.h - from a policy's URI to a verified file on this machine: the face of this folder.
 *
 * What speaks to the network runs in a confined child, which this starts and waits for; logins are
 * looked up before, as their helpers are programs.
 */
#ifndef CHIMERA_COMPILER_FETCH_FETCH_H
#define CHIMERA_COMPILER_FETCH_FETCH_H

#include "compiler/fetch/fetch_options.h"
#include "runtime/base/buffer.h"

/* Fetches what is not in the store, or may have moved; verifies it when that is asked for. A
 * file:// URI is taken as it is, and refused with a verification, for nothing can be signed there.
 */
int chimera_fetch(const struct chimera_fetch_options *options, const char *uri,
                  struct chimera_fetched *ret_fetched, struct chimera_error *err);

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

/* Sees to it that signatures are kept of a policy in the store: asks its registry, unless there are
 * some of this very file. Judges none of them. *ret_path is their file, owned by the caller. */
int chimera_fetch_keep_signatures(const struct chimera_fetch_options *options, const char *uri,
                                  char **ret_path, struct chimera_error *err);

/* What the image's tag means now, as digest of its manifest. Leaves the store alone. */
int chimera_fetch_digest(const struct chimera_fetch_options *options, const char *uri,
                         char ret_digest[CHIMERA_OCI_DIGEST_MAX], struct chimera_error *err);

/* Appends the manifest that holds the image's signatures of cosign's old scheme; nothing when there
 * is none. */
int chimera_fetch_signatures(const struct chimera_fetch_options *options, const char *uri,
                             struct chimera_buffer *out, struct chimera_error *err);

#endif
