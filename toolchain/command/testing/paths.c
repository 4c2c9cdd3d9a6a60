/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <fts.h>
#include <stdlib.h>
#include <string.h>

#include "toolchain/command/testing/cases.h"

#define DEPTH_MAX 32
#define FILES_MAX 100000

/* cases.yaml or NAME.cases.yaml */
static bool is_cases(const char *name)
{
    static const char *const ends[] = {"cases.yaml", "cases.yml", "cases.json"};
    for (size_t i = 0; i < sizeof(ends) / sizeof(*ends); i++) {
        size_t before = strlen(name) - strlen(ends[i]);
        size_t size = strlen(name), end_size = strlen(ends[i]);
        if (size >= end_size && strcmp(name + size - end_size, ends[i]) == 0 &&
            (before == 0 || name[before - 1] == '.'))
            return true;
    }
    return false;
}

static int add_path(struct test_paths *paths, const char *path, struct chimera_error *err)
{
    if (paths->count == FILES_MAX)
        return chimera_fail(err, CHIMERA_ELIMIT, "more than %d files of cases", FILES_MAX);
    char **more = realloc(paths->list, (paths->count + 1) * sizeof(char *));
    if (!more)
        return chimera_fail_memory(err);
    paths->list = more;
    more[paths->count] = strdup(path);
    return more[paths->count] ? (paths->count++, CHIMERA_OK) : chimera_fail_memory(err);
}

static int compare_entries(const FTSENT **a, const FTSENT **b)
{
    return strcmp((*a)->fts_name, (*b)->fts_name);
}

/* What is hidden, and what tools fill with others' files, is not looked into. */
static int visit(FTS *tree, const FTSENT *entry, struct test_paths *paths,
                 struct chimera_error *err)
{
    switch (entry->fts_info) {
    case FTS_D:
        if (entry->fts_level > 0 &&
            (entry->fts_name[0] == '.' || strcmp(entry->fts_name, "node_modules") == 0 ||
             entry->fts_level > DEPTH_MAX))
            fts_set(tree, tree->fts_cur, FTS_SKIP);
        return CHIMERA_OK;
    case FTS_DNR:
    case FTS_ERR:
    case FTS_NS:
        errno = entry->fts_errno;
        return chimera_fail_errno(err, entry->fts_path);
    case FTS_F:
        return entry->fts_level == 0 || is_cases(entry->fts_name)
                   ? add_path(paths, entry->fts_path, err)
                   : CHIMERA_OK;
    default:
        return CHIMERA_OK;
    }
}

static int find_one(const char *argument, struct test_paths *paths, struct chimera_error *err)
{
    char *copy = strdup(argument);
    char *const roots[] = {copy, NULL};
    size_t before = paths->count;
    FTS *tree =
        copy ? fts_open(roots, FTS_PHYSICAL | FTS_COMFOLLOW | FTS_NOCHDIR, compare_entries) : NULL;
    int code = tree ? CHIMERA_OK : chimera_fail_errno(err, argument);
    errno = 0;
    for (FTSENT *entry; code == CHIMERA_OK && (entry = fts_read(tree));)
        code = visit(tree, entry, paths, err);
    if (tree)
        fts_close(tree);
    free(copy);
    if (code == CHIMERA_OK && paths->count == before)
        return chimera_fail(err, CHIMERA_EINVAL,
                            "%s: no cases.yaml, NAME.cases.yaml or the like in it", argument);
    return code;
}

int test_paths_find(const char *const *arguments, size_t count, struct test_paths *ret_paths,
                    struct chimera_error *err)
{
    int code = CHIMERA_OK;
    for (size_t i = 0; i < count && code == CHIMERA_OK; i++)
        code = find_one(arguments[i], ret_paths, err);
    return code;
}

void test_paths_done(struct test_paths *paths)
{
    for (size_t i = 0; i < paths->count; i++)
        free(paths->list[i]);
    free(paths->list);
    *paths = (struct test_paths){0};
}
