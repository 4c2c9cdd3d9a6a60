/* SPDX-License-Identifier: Apache-2.0 */
/* fetch_many.h - fetches several policies at once. */
#ifndef CHIMERA_TOOLCHAIN_COMMAND_FETCH_MANY_H
#define CHIMERA_TOOLCHAIN_COMMAND_FETCH_MANY_H

#include "compiler/fetch/fetch.h"

/* How the one at `index` ended: `code` is 0, or why not is in `err`. Returns the exit code for it.
 */
typedef int fetch_report(void *context, size_t index, int code,
                         const struct chimera_fetched *fetched, const struct chimera_error *err);

/* One that fails does not keep the others from being fetched; they are reported in their order,
 * whoever is done first. EXIT_FAILED when one was. */
int fetch_many(const struct chimera_fetch_options *options, const char *const *uris, size_t count,
               fetch_report *report, void *context);

#endif
