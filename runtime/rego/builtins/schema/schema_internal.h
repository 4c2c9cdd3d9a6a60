/* SPDX-License-Identifier: Apache-2.0 */
/* schema_internal.h - what the files of schema.h share. */
#ifndef CHIMERA_REGO_BUILTINS_SCHEMA_SCHEMA_INTERNAL_H
#define CHIMERA_REGO_BUILTINS_SCHEMA_SCHEMA_INTERNAL_H

#include "runtime/rego/builtins/schema/schema.h"

/* --- Documents, and where references lead (pool.c). --- */

/* Of a table, with the entries that it keeps free. */
#define CHIMERA_POOL_ENTRY_BYTES 160

struct chimera_place { /* in a document */
    struct json_object *node;
    int draft; /* of the document; NONE: it does not say */
};

/* Takes the document, resolves what refers to something in it, and notes what has an `id`. */
int chimera_pool_add(struct chimera_schema *schema, struct chimera_slice reference,
                     struct json_object *document, int *ret_draft);

int chimera_pool_find(struct chimera_schema *schema, const char *reference,
                      struct chimera_place *ret_place);

/* The draft's own schema, by the reference to it without a fragment; NULL: none has it. */
const char *chimera_draft_schema(struct chimera_slice reference);
int chimera_draft_of(struct chimera_slice reference);

/* --- Shared. --- */

/* CHIMERA_EINVAL with that text. */
int chimera_schema_fail(struct chimera_schema *schema, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
/* Of the region, or of anything else that could not be had. */
int chimera_schema_no_memory(struct chimera_schema *schema);

/* The value as Go's encoding/json writes it once every number is a double: equal for what schemas
 * take as equal. In the region. */
int chimera_schema_text(struct chimera_schema *schema, struct json_object *value,
                        struct chimera_slice *ret_text);

/* Does the text have the format? An unknown one has every text. 1, 0 or a code. */
int chimera_schema_has_format(struct chimera_schema *schema, struct chimera_slice format,
                              struct chimera_slice text);
/* RFC 5322, as Go's net/mail reads it. */
bool chimera_mail_is_address(struct chimera_slice text);

/* --- Flaws (report.c). --- */

enum chimera_flaw_kind {
    CHIMERA_FLAW_FALSE,
    CHIMERA_FLAW_REQUIRED,
    CHIMERA_FLAW_TYPE,
    CHIMERA_FLAW_ANY_OF,
    CHIMERA_FLAW_ONE_OF,
    CHIMERA_FLAW_ALL_OF,
    CHIMERA_FLAW_NOT,
    CHIMERA_FLAW_DEPENDENCY,
    CHIMERA_FLAW_CONSTANT,
    CHIMERA_FLAW_CHOICE,
    CHIMERA_FLAW_MORE_ITEMS,
    CHIMERA_FLAW_MIN_ITEMS,
    CHIMERA_FLAW_MAX_ITEMS,
    CHIMERA_FLAW_UNIQUE,
    CHIMERA_FLAW_CONTAINS,
    CHIMERA_FLAW_MIN_MEMBERS,
    CHIMERA_FLAW_MAX_MEMBERS,
    CHIMERA_FLAW_MORE_MEMBERS,
    CHIMERA_FLAW_MEMBER_NAME,
    CHIMERA_FLAW_MIN_LENGTH,
    CHIMERA_FLAW_MAX_LENGTH,
    CHIMERA_FLAW_PATTERN,
    CHIMERA_FLAW_FORMAT,
    CHIMERA_FLAW_MULTIPLE,
    CHIMERA_FLAW_MINIMUM,
    CHIMERA_FLAW_ABOVE,
    CHIMERA_FLAW_MAXIMUM,
    CHIMERA_FLAW_BELOW,
    CHIMERA_FLAW_THEN,
    CHIMERA_FLAW_ELSE,
};

struct chimera_way { /* from the root to a value; as the keys above */
    const struct chimera_way *up;
    const char *key; /* NULL: `index` */
    size_t index;
};

struct chimera_flaw {
    struct chimera_flaw *next;
    enum chimera_flaw_kind kind;
    const struct chimera_way *way;
    const struct chimera_rule *rule;
    const char *name;     /* of a member; or of the type that was found */
    size_t first, second; /* items */
};

#endif
