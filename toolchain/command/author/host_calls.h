/* SPDX-License-Identifier: Apache-2.0 */
/* host_calls.h - which host capabilities a module seems to use, and which it says it does
 * (cli-and-distribution.md §6.6). A guess from the texts in its data: good for a warning.
 */
#ifndef CHIMERA_TOOLCHAIN_COMMAND_AUTHOR_HOST_CALLS_H
#define CHIMERA_TOOLCHAIN_COMMAND_AUTHOR_HOST_CALLS_H

#include <json-c/json.h>

#include "compiler/wasm/module.h"
#include "runtime/base/buffer.h"

/* Paths of capabilities (runtime/capability/tree.h), sorted: those whose namespace and operation
 * both stand in a data segment, the latter not only as the beginning of a longer one. Owned by the
 * caller. */
struct json_object *host_calls_detect(const struct chimera_module *module);

/* What is in `some` and not in `others`, both sorted lists of texts: appended as {"a", "b"}. False,
 * and nothing, when there is none. Either may be NULL. */
bool host_calls_difference(struct json_object *some, struct json_object *others,
                           struct chimera_buffer *out);

#endif
