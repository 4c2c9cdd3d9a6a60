/* SPDX-License-Identifier: Apache-2.0 */
/* manifest_internal.h - what the manifests of plugins and of bundles have in common. */
#ifndef CHIMERA_PLUGIN_MANIFEST_INTERNAL_H
#define CHIMERA_PLUGIN_MANIFEST_INTERNAL_H

#include "runtime/base/digest.h"
#include "runtime/base/error.h"
#include "runtime/json/tree.h"

#define CHIMERA_DIGEST_PREFIX "sha256:"

/* NULL unless the member is there, is a string and has no NUL inside. Borrowed from the tree. */
const char *chimera_member_text(struct json_object *tree, const char *key);

/* False unless the text is "sha256:" and 64 digits. */
bool chimera_digest_take(const char *text, struct chimera_digest *ret_digest);

/* A member that must be such a text; `path` is for the message. */
int chimera_member_digest(struct json_object *tree, const char *key, const char *path,
                          struct chimera_digest *ret_digest, struct chimera_error *err);

#endif
