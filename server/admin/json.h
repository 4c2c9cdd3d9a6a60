/* SPDX-License-Identifier: Apache-2.0 */
/* json.h - members of the admin port's JSON, each with a comma before it. A text that is empty is
 * null. */
#ifndef CHIMERA_SERVER_ADMIN_JSON_H
#define CHIMERA_SERVER_ADMIN_JSON_H

#include <stdint.h>

#include "runtime/base/buffer.h"

void admin_json_text(const char *key, struct chimera_slice text, struct chimera_buffer *out);
void admin_json_word(const char *key, const char *text, struct chimera_buffer *out);
void admin_json_number(const char *key, uint64_t number, struct chimera_buffer *out);
void admin_json_switch(const char *key, bool is_on, struct chimera_buffer *out);
/* In microseconds with a decimal, as more would pretend to know. */
void admin_json_micros(const char *key, uint64_t ns, struct chimera_buffer *out);
/* RFC 3339, or null for a moment that has not been. */
void admin_json_moment(const char *key, uint64_t ms, struct chimera_buffer *out);

#endif
