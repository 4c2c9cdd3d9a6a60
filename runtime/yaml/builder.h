/* SPDX-License-Identifier: Apache-2.0 */
/* builder.h - the reader of YAML between events, and how it complains; for yaml.c and complain.c.
 */
#ifndef CHIMERA_YAML_BUILDER_H
#define CHIMERA_YAML_BUILDER_H

#include <yaml.h>

#include "runtime/text/problems.h"
#include "runtime/yaml/input.h"

struct chimera_yaml_options; /* yaml.h */

#define YAML_DEPTH_MAX 128

/* What following an alias to a node costs, and how deep it is. */
struct extent {
    size_t bytes, jumps, height;
};

struct anchor {
    char *name;               /* owned */
    struct json_object *tree; /* owned */
    char *key;    /* owned: a scalar's raw text, for an alias used as a key; else NULL */
    bool is_done; /* false while its node is being read: an alias then has no end */
    struct extent extent;
};

struct frame {                /* a collection that is being read */
    struct json_object *node; /* owned by the frame until it is closed */
    char *key;                /* owned: a map's key that waits for its value */
    size_t length;            /* elements so far */
    yaml_mark_t start;
    ssize_t anchor; /* -1: none */
    struct extent extent;
};

struct builder {
    yaml_parser_t parser;
    struct chimera_slice text; /* that is parsed */
    const struct chimera_yaml_options *options;
    struct chimera_error *err;
    struct frame frames[YAML_DEPTH_MAX];
    size_t depth;
    struct anchor *anchors; /* owned */
    size_t anchor_count, anchor_capacity;
    struct json_object *names; /* owned: anchor name -> index of its last definition */
    struct json_object *root;  /* owned */
    size_t events, jumps, copied;
    /* Borrowed: takes what is wrong with values, and null stands for them; NULL: the first fails.
     */
    struct chimera_problems *problems;
    struct chimera_yaml_input input;
    struct chimera_account *account; /* borrowed; may be NULL */
    size_t skipped; /* collections within one another that are passed over: one was a key */
};

/* What a complaint about a value returns where it is not the end. */
#define YAML_NOTED 1

struct yaml_complaint { /* about a value or a key */
    const char *what;   /* in serde_yaml's words */
    const char *detail; /* behind them, in backquotes; NULL: none */
    yaml_mark_t mark;
    const char *ours;            /* in ours, for `problems` */
    const char *key;             /* that the path does not hold yet; NULL: the path is complete */
    const yaml_mark_t *key_mark; /* where ours is, if that is elsewhere; NULL: at `mark` */
};

/* Fails with CHIMERA_EREFUSED, or notes it as a problem and returns YAML_NOTED. */
int yaml_complain(struct builder *builder, const struct yaml_complaint *complaint);
/* These always fail: for libyaml's own complaint, and, with a place or without, for what ends the
 * reading. */
int yaml_fail_syntax(struct builder *builder);
int yaml_fail_place(struct builder *builder, int code, const char *what, const yaml_mark_t *mark);
int yaml_fail_memory(struct builder *builder);

/* Before each document: its anchors are its own. */
int yaml_begin_document(struct builder *builder);
/* Reads up to the end of the document or of the stream, whichever comes first. */
int yaml_read_document(struct builder *builder, yaml_event_type_t *ret_last);
/* What it owns. */
void yaml_free_builder(struct builder *builder);

#endif
