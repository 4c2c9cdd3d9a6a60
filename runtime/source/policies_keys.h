/* SPDX-License-Identifier: Apache-2.0 */
/* policies_keys.h - the keys of policies.yml: whose they are, what they hold, what they mean.
 *
 * One table for who reads the file, for its JSON schema and for its manual page. Static and
 * immutable.
 */
#ifndef CHIMERA_SOURCE_POLICIES_KEYS_H
#define CHIMERA_SOURCE_POLICIES_KEYS_H

#include <stdbool.h>
#include <stddef.h>

/* Who has keys; bits. */
enum policies_owner {
    POLICIES_OF_POLICY = 1,   /* an entry with `module` */
    POLICIES_OF_GROUP = 2,    /* one with `expression`, `message` and `policies` */
    POLICIES_OF_MEMBER = 4,   /* what a group's `policies` hold */
    POLICIES_OF_RESOURCE = 8, /* an element of `contextAwareResources` */
};

enum policies_key_type {
    POLICIES_TEXT,
    POLICIES_FLAG,
    POLICIES_MODE,
    POLICIES_SECONDS,
    POLICIES_SETTINGS,  /* a map of whatever the policy takes */
    POLICIES_PATTERNS,  /* a list of texts */
    POLICIES_RESOURCES, /* a list of maps with the keys of POLICIES_OF_RESOURCE */
    POLICIES_MEMBERS,   /* a map from names to maps with those of POLICIES_OF_MEMBER */
    POLICIES_NOTE,      /* of Kubewarden's controller to itself: anything, and nobody reads it */
};

struct policies_key {
    const char *name;
    unsigned owners;    /* who may have it */
    unsigned required;  /* of them, who must */
    unsigned may_empty; /* of them, for whom null is as if it were not there */
    enum policies_key_type type;
    const char *preset; /* what holds without it, as it would be written; NULL: nothing to write */
    const char *help;   /* whole sentences without the last full stop */
};

/* In the order in which a person would write them; the last has no name. */
extern const struct policies_key policies_keys[];
#define POLICIES_KEYS_MAX 16

/* The names of all that an entry or a member is read by, NULL behind them. */
extern const char *const policies_key_names[];

/* The names of the keys of one owner, notes among them, NULL behind them. */
void policies_keys_of(enum policies_owner owner, const char *ret_names[POLICIES_KEYS_MAX]);

/* "a text", "true or false", …: what is to be written for a value of the type. */
const char *policies_key_type_text(enum policies_key_type type);

#endif
