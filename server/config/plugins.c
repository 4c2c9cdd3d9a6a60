/* SPDX-License-Identifier: Apache-2.0 */
#include "server/config/plugins.h"

#include <stdlib.h>

void built_plugins_free(struct built_plugin *plugins, size_t count)
{
    for (size_t i = 0; plugins && i < count; i++) {
        free(plugins[i].path);
        free(plugins[i].failure);
    }
    free(plugins);
}
