/* SPDX-License-Identifier: Apache-2.0 */
/* push.h - a policy into a registry, as Kubewarden's tools lay it out there
 * (cli-and-distribution.md §3.2). */
#ifndef CHIMERA_COMPILER_FETCH_PUSH_H
#define CHIMERA_COMPILER_FETCH_PUSH_H

#include "compiler/fetch/fetch_options.h"

struct chimera_push_input {          /* borrowed */
    const char *path;                /* of the module */
    const char *uri;                 /* registry://…, or without the scheme */
    struct json_object *annotations; /* of its metadata: texts; NULL: none */
    /* What of them is not pushed, as it has more than one line. */
    void (*skip)(void *context, const char *key);
    void *context;
};

/* *ret_reference is registry/repository@digest, owned by the caller. Of the options sources,
 * docker_config and shows_progress count. */
int chimera_push(const struct chimera_fetch_options *options,
                 const struct chimera_push_input *input, char **ret_reference,
                 struct chimera_error *err);

#endif
