/* SPDX-License-Identifier: Apache-2.0 */
/* session.h - a transport and a client for one registry, with a progress line: what each task of
 * network_child.h begins with. */
#ifndef CHIMERA_COMPILER_FETCH_SESSION_H
#define CHIMERA_COMPILER_FETCH_SESSION_H

#include "compiler/fetch/registry/registry.h"
#include "runtime/login/logins.h"
#include "runtime/text/progress.h"

struct chimera_session {
    struct chimera_transport *transport; /* owned */
    struct chimera_registry *registry;   /* owned; NULL without an image */
    struct chimera_progress progress;
    const char *title; /* of the progress line; borrowed */
};

struct chimera_session_input {                   /* borrowed for the session's life */
    const struct chimera_sources *sources;       /* NULL: none */
    const struct chimera_image_reference *image; /* NULL: only by HTTP */
    const struct chimera_login *logins;
    size_t login_count;
    const char *title; /* of a progress line on standard error; NULL: none */
};

/* The session's address must not change. The caller closes it in any case. */
int chimera_session_open(struct chimera_session *session, const struct chimera_session_input *input,
                         struct chimera_error *err);
void chimera_session_close(struct chimera_session *session);

#endif
