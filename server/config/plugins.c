/* SPDX-License-Identifier: Apache-2.0 */
#include "server/config/plugins.h"

#include <stdlib.h>
#include <string.h>

void module_origin_done(struct module_origin *origin)
{
    free(origin->digest);
    free(origin->signers);
    free(origin->module);
    *origin = (struct module_origin){0};
}

bool module_origin_copy(const struct module_origin *origin, struct module_origin *ret_copy)
{
    struct module_origin copy = {.digest = origin->digest ? strdup(origin->digest) : NULL,
                                 .signers = origin->signers ? strdup(origin->signers) : NULL,
                                 .module = origin->module ? strdup(origin->module) : NULL,
                                 .fetched_s = origin->fetched_s};
    if ((origin->digest && !copy.digest) || (origin->signers && !copy.signers) ||
        (origin->module && !copy.module)) {
        module_origin_done(&copy);
        return false;
    }
    *ret_copy = copy;
    return true;
}

void built_plugins_free(struct built_plugin *plugins, size_t count)
{
    for (size_t i = 0; plugins && i < count; i++) {
        free(plugins[i].path);
        free(plugins[i].failure);
        module_origin_done(&plugins[i].origin);
    }
    free(plugins);
}
