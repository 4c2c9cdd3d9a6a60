/* SPDX-License-Identifier: Apache-2.0 */
/* cases.h - a file of cases for `chimera test`: requests, and what a policy is to say to each
 * (docs/user/test.md). YAML or JSON.
 *
 * Relative paths count from the file's folder. What the file says wrong is told with its place, and
 * nothing of it is run: a case that cannot be read would be a case that cannot fail.
 */
#ifndef CHIMERA_TOOLCHAIN_COMMAND_TESTING_CASES_H
#define CHIMERA_TOOLCHAIN_COMMAND_TESTING_CASES_H

#include <json-c/json.h>
#include <stdbool.h>

#include "runtime/base/error.h"
#include "runtime/plugin/mode.h"

struct test_case {
    const char *name; /* borrowed from the tree, like what follows without another word */
    char *policy;     /* owned; as an argument of `run` */
    enum chimera_mode mode;
    bool is_raw;
    char *settings;              /* owned; a JSON object */
    bool has_settings;           /* the file says so */
    char *request;               /* owned: a path; NULL: `inlined`, or none */
    struct json_object *inlined; /* NULL: none */
    struct json_object *want;
};

struct test_file {
    char *path;               /* owned */
    struct json_object *tree; /* owned */
    struct test_case *list;   /* owned */
    size_t count;
};

/* Besides the file, what the command line says for those that say nothing. */
struct test_defaults { /* borrowed */
    const char *policy;
    enum chimera_mode mode;
};

/* All that is wrong goes into err->details. In any case the caller ends *ret_file with
 * test_file_done(). */
int test_file_read(const char *path, const struct test_defaults *defaults,
                   struct test_file *ret_file, struct chimera_error *err);
void test_file_done(struct test_file *file);

/* A file's path is kept, a folder's files of cases are added, those of folders below it, too:
 * cases.yaml, NAME.cases.yaml, with .yml or .json. */
struct test_paths {
    char **list; /* owned, sorted within each argument */
    size_t count;
};
int test_paths_find(const char *const *arguments, size_t count, struct test_paths *ret_paths,
                    struct chimera_error *err);
void test_paths_done(struct test_paths *paths);

#endif
