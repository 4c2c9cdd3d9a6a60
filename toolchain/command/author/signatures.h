/* SPDX-License-Identifier: Apache-2.0 */
/* signatures.h - the Sigstore signatures beside a policy in its registry, as `inspect` shows them
 * (cli-and-distribution.md §1.4). */
#ifndef CHIMERA_TOOLCHAIN_COMMAND_AUTHOR_SIGNATURES_H
#define CHIMERA_TOOLCHAIN_COMMAND_AUTHOR_SIGNATURES_H

#include <json-c/json.h>

#include "runtime/base/buffer.h"
#include "runtime/base/error.h"
#include "runtime/cli/cli.h"

/* The manifest of the image of signatures of the policy `uri`, asked for in its registry as the
 * options say. Owned by the caller; NULL: there is none. CHIMERA_EREFUSED: this version of chimera
 * cannot ask. */
int signatures_fetch(const struct chimera_cli_options *options, const char *uri,
                     struct json_object **ret_manifest, struct chimera_error *err);

/* Appends the manifest under `signatures`, or its layers as tables; of NULL that there are none. */
void signatures_write(struct json_object *manifest, bool is_yaml, struct chimera_buffer *out);
/* Appends why nobody knows. */
void signatures_write_failure(const char *why, struct chimera_buffer *out);

#endif
