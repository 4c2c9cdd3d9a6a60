/* SPDX-License-Identifier: Apache-2.0 */
/* fetch_plan.h - what is to be done about one URI, before a process does it. Private to fetch.c and
 * fetch_ask.c. */
#ifndef CHIMERA_COMPILER_FETCH_FETCH_PLAN_H
#define CHIMERA_COMPILER_FETCH_FETCH_PLAN_H

#include "compiler/fetch/child/network_child.h"
#include "compiler/fetch/fetch_options.h"
#include "compiler/fetch/pull.h"
#include "runtime/login/logins.h"

/* The child has a copy by its fork. */
struct chimera_fetch_plan {
    struct chimera_pull pull;
    struct chimera_image_reference image;
    struct chimera_logins logins;
    char *signatures_path, *folder;   /* owned */
    struct chimera_buffer trust_root; /* owned: the file's text */
    struct chimera_network_child child;
};

void fetch_plan_done(struct chimera_fetch_plan *plan);

/* Fills plan->image and plan->pull, and fetched->uri and path. plan->pull.is_there: it is a local
 * file, and there is no more to do. The caller ends both, in any case. */
int fetch_plan_read(const struct chimera_fetch_options *options, const char *uri,
                    struct chimera_fetch_plan *plan, struct chimera_fetched *fetched,
                    struct chimera_error *err);

/* The file is read before the process is confined, and parsed in it. */
int fetch_plan_read_trust_root(const struct chimera_fetch_options *options,
                               struct chimera_fetch_plan *plan, struct chimera_error *err);

/* The logins for plan->image, if there is one. */
int fetch_plan_find_logins(const struct chimera_fetch_options *options,
                           struct chimera_fetch_plan *plan, struct chimera_error *err);

#endif
