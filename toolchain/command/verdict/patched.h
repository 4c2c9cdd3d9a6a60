/* SPDX-License-Identifier: Apache-2.0 */
/* patched.h - what a policy's patch makes of an object, as people read it: lines of YAML that go
 * and come. */
#ifndef CHIMERA_TOOLCHAIN_COMMAND_VERDICT_PATCHED_H
#define CHIMERA_TOOLCHAIN_COMMAND_VERDICT_PATCHED_H

#include <json-c/json.h>

#include "runtime/base/buffer.h"

/* The list of operations that a response has in base64. NULL: it is none. Owned by the caller. */
struct json_object *patched_decode(struct chimera_slice base64);

/* What RFC 6902 makes of *object, which is changed in place or replaced. False where the patch does
 * not fit; then *object may be half of what it should be. */
bool patched_apply(struct json_object **object, struct json_object *patch);

/* Appends the difference: lines with "- ", "+ " or "  " before them, "…" for those left out. False,
 * and nothing is appended, where the patch does not fit or the text is no object. */
bool patched_write(struct chimera_slice object, struct json_object *patch,
                   struct chimera_buffer *out);

#endif
