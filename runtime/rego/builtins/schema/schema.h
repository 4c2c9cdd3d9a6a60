/* SPDX-License-Identifier: Apache-2.0 */
/* schema.h - JSON Schema as OPA has it: its fork of the Go library gojsonschema, drafts 4, 6, 7 and
 * the mixture that it takes where a schema does not say which.
 *
 * A schema is read into a tree of rules, one for each schema in it and one for each reference, once
 * each. Where Go goes through members in any order, ours is that of the keys. References to other
 * documents are refused, but for the three drafts' own schemas, which are here. Private to this
 * folder.
 */
#ifndef CHIMERA_REGO_BUILTINS_SCHEMA_SCHEMA_H
#define CHIMERA_REGO_BUILTINS_SCHEMA_SCHEMA_H

#include <json-c/linkhash.h>

#include "runtime/regexp/regexp.h"
#include "runtime/rego/arguments.h"
#include "runtime/rego/region.h"

#define CHIMERA_DRAFT_NONE 0
#define CHIMERA_DRAFT_HYBRID 99 /* no $schema that is known */

enum chimera_schema_type {
    CHIMERA_SCHEMA_ARRAY,
    CHIMERA_SCHEMA_BOOLEAN,
    CHIMERA_SCHEMA_INTEGER,
    CHIMERA_SCHEMA_NUMBER,
    CHIMERA_SCHEMA_NULL,
    CHIMERA_SCHEMA_OBJECT,
    CHIMERA_SCHEMA_STRING,
    CHIMERA_SCHEMA_TYPES,
};

/* The names of the above. */
extern const char *const chimera_schema_type_names[CHIMERA_SCHEMA_TYPES];

struct chimera_rule;

struct chimera_rules { /* in the order in which they stand */
    struct chimera_rule *first, *last;
};

struct chimera_pattern { /* an expression, which the schema owns */
    struct chimera_regexp *regexp;
    struct chimera_slice text;
    struct chimera_pattern *next; /* of all in the schema */
};

struct chimera_bound { /* a number of items, members or characters */
    bool is_set;
    int64_t value;
};

/* Most rules have few keywords, but each may have them all. Numbers, lists of names and keys lie in
 * the document. */
struct chimera_rule {
    struct chimera_rule *next;            /* of those in one list */
    const struct chimera_rule *reference; /* holds in place of all else */
    const char *key; /* of the property, pattern or dependency that it is for */
    int draft;
    enum { DECIDED_NOT, DECIDED_FALSE, DECIDED_TRUE } decided; /* "true" and "false" */
    enum chimera_schema_type types[CHIMERA_SCHEMA_TYPES];
    unsigned type_count;

    struct json_object *multiple_of, *minimum, *above, *maximum, *below;
    struct chimera_bound min_length, max_length, min_members, max_members, min_items, max_items;
    struct chimera_pattern *pattern, *name_pattern; /* of a text; of the members it is for */
    struct chimera_slice format;

    struct json_object *required;   /* a list of texts; NULL: none */
    struct json_object *names;      /* of a dependency: the texts that must be there, too */
    struct json_object *properties; /* an object with the keys that `property_rules` are for */
    struct chimera_rules property_rules, pattern_rules, dependencies;
    bool has_no_more_members, has_no_more_items;
    struct chimera_rule *more_members, *more_items, *member_names, *contains;
    struct chimera_rules items;
    bool is_for_all_items, has_unique_items;

    bool has_constant, has_choices;
    struct chimera_slice constant, *choices; /* as texts that are equal when the values are */
    size_t choice_count;
    struct chimera_rules one_of, any_of, all_of;
    struct chimera_rule * not, *condition, *then, *otherwise;
};

struct chimera_schema {
    const struct chimera_rego_call *call;
    struct chimera_region region;     /* of everything here but what is owned otherwise */
    struct json_object *documents;    /* a list of those that were read; owned */
    struct lh_table *pool;            /* by reference: a place in a document; owned */
    struct lh_table *references;      /* by reference: its rule; owned */
    struct chimera_pattern *patterns; /* owned */
    struct chimera_rule *root;
};

/* What is wrong with a document. */
struct chimera_flaw;

struct chimera_flaws {
    struct chimera_flaw *first, *last;
    int64_t score; /* how much was right: the best of several alternatives is told */
};

/* Takes `document`. CHIMERA_EINVAL in the library's words for what is no schema. The caller ends it
 * with chimera_schema_close(), always. */
int chimera_schema_open(const struct chimera_rego_call *call, struct json_object *document,
                        struct chimera_schema *ret_schema);
void chimera_schema_close(struct chimera_schema *schema);

/* The flaws live as long as the schema. */
int chimera_schema_validate(struct chimera_schema *schema, struct json_object *document,
                            struct chimera_flaws *ret_flaws);

/* A list of objects: error, type, field, desc. */
int chimera_schema_report(struct chimera_schema *schema, const struct chimera_flaws *flaws,
                          struct json_object **ret_list);

#endif
