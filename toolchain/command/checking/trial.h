/* SPDX-License-Identifier: Apache-2.0 */
/* trial.h - would this plugin start here?
 *
 * What a server finds when it starts, found at the build: builtins of Rego that we do not have,
 * more memory than the limit, segments that do not fit, a start that traps. The plugin is loaded
 * and brought to where requests begin, in a child that is confined like a compiler; of the policy's
 * code no more runs than at every start of a server.
 */
#ifndef CHIMERA_TOOLCHAIN_COMMAND_CHECKING_TRIAL_H
#define CHIMERA_TOOLCHAIN_COMMAND_CHECKING_TRIAL_H

#include <stdbool.h>

#include "compiler/cache/cache.h"

/* False when it can never run here; `ret_why` says why. What could not be found out, for want of
 * time or memory, counts as true. `plugin` is the path of the .so. One that is noted in the cache
 * (start_note.h) is not tried again; NULL: it is in any case. */
bool trial_starts(const char *plugin, struct chimera_cache *cache, struct chimera_error *ret_why);

/* Where a start is the same every time: a trap, a missing function, a limit. */
bool trial_is_final(int code);

/* Of what the start of such a policy said: without what the reference puts before it, and no news.
 */
#define TRIAL_FAILURE "can never run here: "
int trial_fail(const struct chimera_error *said, struct chimera_error *err);

#endif
