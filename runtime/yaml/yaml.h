/* SPDX-License-Identifier: Apache-2.0 */
/* yaml.h - YAML text into json-c trees and back, with serde_yaml's rules (cli-and-distribution.md
 * §1.5 "Settings"; policy-server.md §3.2): core schema for plain scalars, no merge keys, aliases
 * copied and bounded, depth 128, local tags refused.
 */
#ifndef CHIMERA_YAML_H
#define CHIMERA_YAML_H

#include <json-c/json.h>

#include "runtime/base/buffer.h"
#include "runtime/base/error.h"
#include "runtime/text/problems.h"

struct chimera_yaml_options {
    bool duplicate_keys_fail; /* else the last one wins */
    /* Ends with NULL: keys that may not come twice in a map of the second level; NULL: none. */
    const char *const *single_keys;
    const char *const *single_top_keys; /* the same of the outermost map */
    /* Below the top level; else, and always at the top, numbers and booleans become their text. */
    bool string_keys_only;
    bool empty_is_map; /* a document without any node is {}; else null */
    /* Every scalar is a text as it was written, behind a byte that says how: see typed.h. */
    bool keeps_texts;
    /* All documents of the text, as a list; without any it is [null]. No account. */
    bool is_stream;
    /* For a text that a guest or caller chose: what is made is taken here first, and the tree stays
     * taken until the caller restores a mark (account.h). NULL: none. */
    struct chimera_account *account;
};

/* One document, unless the options want all. Owned by the caller; null is a NULL pointer. err->text
 * has libyaml's problem and "at line L column C" in serde_yaml's words, without a file name. The
 * code is CHIMERA_EINVAL for text that is no YAML, CHIMERA_EREFUSED for YAML that no tree can hold
 * or the options forbid, and CHIMERA_ELIMIT for too much depth or too many aliases; the account's
 * when that failed. */
int chimera_yaml_parse(struct chimera_slice text, const struct chimera_yaml_options *options,
                       struct json_object **ret_tree, struct chimera_error *err);

/* The same for who tells all that is wrong, each with its place and in our words. What no tree can
 * hold or the options forbid is a problem, and null stands for the value, the text for the key.
 * What ends the reading is a problem, too, and then the code is negative and there is no tree. */
int chimera_yaml_check(struct chimera_slice text, const struct chimera_yaml_options *options,
                       struct json_object **ret_tree, struct chimera_problems *problems);

/* Block style as serde_yaml writes it ("- a" lists not indented, '' for empty strings, quotes where
 * a plain scalar would read back as something else); keys in json-c's order. Spends from and takes
 * from the account of `out`, if it has one. */
void chimera_yaml_write(struct json_object *tree, struct chimera_buffer *out);

/* The same document for people's eyes: what is not to be shown as it is (printable.h) is escaped,
 * in double quotes. */
void chimera_yaml_show(struct json_object *tree, struct chimera_buffer *out);

/* Either of them, for other people's programs: quotes, too, where a reader of YAML 1.1 would see no
 * string (scalar.h). */
void chimera_yaml_publish(struct json_object *tree, bool is_for_people, struct chimera_buffer *out);

#endif
