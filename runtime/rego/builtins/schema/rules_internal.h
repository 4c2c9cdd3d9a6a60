/* SPDX-License-Identifier: Apache-2.0 */
/* rules_internal.h - keywords, and the functions that read them. Private to rules*.c. */
#ifndef CHIMERA_REGO_BUILTINS_SCHEMA_RULES_INTERNAL_H
#define CHIMERA_REGO_BUILTINS_SCHEMA_RULES_INTERNAL_H

#include "runtime/rego/builtins/schema/schema_internal.h"

struct chimera_rules_reader {
    struct chimera_schema *schema;
    struct chimera_pending *first, *last; /* references that are still to be read */
};

struct chimera_keyword;
typedef int chimera_keyword_function(struct chimera_rules_reader *reader,
                                     const struct chimera_keyword *keyword,
                                     struct json_object *value, struct chimera_rule *rule);

struct chimera_keyword {
    const char *key;
    chimera_keyword_function *read;
    size_t at; /* where in the rule it goes, if the function reads several */
    int since; /* draft */
};

/* What the keyword's function fills. */
#define CHIMERA_KEYWORD_PLACE(type, rule, keyword) \
    ((type *)(void *)((char *)(rule) + (keyword)->at))

/* rules_values.c */
chimera_keyword_function chimera_keyword_text, chimera_keyword_type, chimera_keyword_multiple,
    chimera_keyword_number, chimera_keyword_exclusive, chimera_keyword_size,
    chimera_keyword_pattern, chimera_keyword_format, chimera_keyword_required,
    chimera_keyword_unique, chimera_keyword_constant, chimera_keyword_choices;

/* Compiles an expression, which the schema then owns. */
int chimera_rules_pattern(struct chimera_rules_reader *reader, struct chimera_slice text,
                          struct chimera_pattern **ret_pattern);

/* "Invalid type. Expected: …, given: …", and "KEY must be of WHAT". */
int chimera_rules_fail_type(struct chimera_rules_reader *reader, const char *expected,
                            const char *given);
int chimera_rules_fail_must(struct chimera_rules_reader *reader, const char *key, const char *what);

#endif
