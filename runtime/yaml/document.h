/* SPDX-License-Identifier: Apache-2.0 */
/* document.h - a YAML file of ours that is checked part by part, and all that is wrong with it is
 * told: file, line, path, what was expected, what was found.
 *
 * Read it; go down and up its tree with _enter() and _leave() while looking at values; note what is
 * wrong with the value that the path leads to; then ask for the report.
 */
#ifndef CHIMERA_YAML_DOCUMENT_H
#define CHIMERA_YAML_DOCUMENT_H

#include "runtime/text/problems.h"
#include "runtime/yaml/places.h"
#include "runtime/yaml/yaml.h"

#define CHIMERA_DOCUMENT_LEVELS 8

struct chimera_document {
    struct chimera_slice text;          /* borrowed */
    struct json_object *tree;           /* owned */
    struct chimera_problems problems;   /* owned */
    struct chimera_yaml_places *places; /* owned; NULL until something is wrong */
    struct chimera_yaml_step path[CHIMERA_DOCUMENT_LEVELS]; /* keys are borrowed */
    size_t depth;
};

/* False when there is no tree to look at; what is wrong is in `problems` in any case. The document
 * ends with chimera_document_done(), in any case. */
bool chimera_document_read(struct chimera_document *document, struct chimera_slice text,
                           const struct chimera_yaml_options *options);
void chimera_document_done(struct chimera_document *document);

void chimera_document_enter(struct chimera_document *document, const char *key);
void chimera_document_enter_index(struct chimera_document *document, size_t index);
void chimera_document_leave(struct chimera_document *document);

/* A problem with the value, with its key. */
void chimera_document_note(struct chimera_document *document, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
void chimera_document_note_key(struct chimera_document *document, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
/* "expected …, found …" */
void chimera_document_expect(struct chimera_document *document, struct json_object *found,
                             const char *expected);

/* The member `key` of the map `object`, entered: leave it when the answer is true. False when it is
 * not there, which is a problem unless `expected` is NULL. */
bool chimera_document_member(struct chimera_document *document, struct json_object *object,
                             const char *key, const char *expected, struct json_object **ret_value);
/* True when the value is of the type; else the problem is noted. */
bool chimera_document_is(struct chimera_document *document, struct json_object *value,
                         enum json_type type, const char *expected);

/* A key that is none of `known`, which ends with NULL: a problem, with the one that was meant
 * perhaps. `what` says what has no such key: "a policy". */
void chimera_document_refuse_key(struct chimera_document *document, const char *key,
                                 const char *const *known, const char *what);
/* All such keys of the map `object`. */
void chimera_document_refuse_others(struct chimera_document *document, struct json_object *object,
                                    const char *const *known, const char *what);
bool chimera_document_is_known(const char *key, const char *const *known);

#endif
