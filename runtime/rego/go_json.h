/* SPDX-License-Identifier: Apache-2.0 */
/* go_json.h - Rego values as OPA's builtins hand them to Go's encoding/json, and what that writes:
 * sets are lists, keys that are no strings become their JSON text, HTML's special characters are
 * escaped.
 */
#ifndef CHIMERA_REGO_GO_JSON_H
#define CHIMERA_REGO_GO_JSON_H

#include "runtime/rego/value.h"

/* The value with keys that are strings only; of two that become equal the later one counts. What
 * need not be changed is shared. The caller owns *ret_json. 0, the account's code or
 * CHIMERA_ENOMEM. */
int chimera_rego_go_json_value(struct json_object *value, struct chimera_account *account,
                               struct json_object **ret_json);

/* Of a value that the former made. The account is that of `out`. */
void chimera_rego_write_go_json(struct json_object *value, struct chimera_buffer *out);
void chimera_rego_write_go_string(struct chimera_slice text, struct chimera_buffer *out);
/* The same over several lines, each but the first behind the prefix. */
void chimera_rego_write_go_json_indented(struct json_object *value, struct chimera_slice prefix,
                                         struct chimera_slice indent, struct chimera_buffer *out);

/* An object's key as text, which may hold a NUL. */
void chimera_rego_key_text(const char *key, struct chimera_buffer *out);

#endif
