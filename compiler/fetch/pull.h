/* SPDX-License-Identifier: Apache-2.0 */
/* pull.h - a policy from its registry or web server into a file, verified when that is asked for.
 *
 * Runs in the confined child (network_child.h): all that a registry sends is read here and below.
 */
#ifndef CHIMERA_COMPILER_FETCH_PULL_H
#define CHIMERA_COMPILER_FETCH_PULL_H

#include "compiler/fetch/fetch_options.h"
#include "compiler/fetch/registry/registry.h"
#include "runtime/source/image_reference.h"

struct chimera_pull { /* borrowed */
    const struct chimera_fetch_options *options;
    const char *uri; /* as it is listed, and for messages */
    const char *url; /* as it was given: with a query, which may be a secret */
    const struct chimera_image_reference *image; /* NULL: by HTTP */
    const struct chimera_login *logins;          /* of the registry and its mirrors */
    size_t login_count;
    struct chimera_slice trust_root; /* the text of options->trust_root; empty: what is shipped */
    const char *path;                /* the file, where it is or shall be; NULL: only verify */
    const char *root;                /* of the store that `path` is in; NULL: it is in none */
    const char *signatures_path;     /* where what was verified with is kept; NULL: nowhere */
    bool is_there;                   /* the file is, and means the same policy unless it floats */
    bool is_floating;                /* it may be another one by now: fetched again if so */
};

/* Puts into `out` the manifest's digest, the signers, the digest of the module that was signed, the
 * plugin, and what is to be said of plugins and of the trust root, as texts of network_child.h. */
int chimera_pull_run(const struct chimera_pull *pull, struct chimera_buffer *out,
                     struct chimera_error *err);

/* Whether signatures are kept of this very file: CHIMERA_EUNSIGNED when they are of another. */
int chimera_pull_check_kept(const struct chimera_pull *pull, struct chimera_error *err);

/* Gathers the signatures of the file, unjudged, and keeps them. */
int chimera_pull_keep(const struct chimera_pull *pull, struct chimera_error *err);

/* Judges what lies beside a policy without any network: the signatures of `signatures_path`, and
 * that the file is what was signed. */
int chimera_pull_judge_offline(const struct chimera_pull *pull, struct chimera_buffer *out,
                               struct chimera_error *err);

#endif
