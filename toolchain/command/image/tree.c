/* SPDX-License-Identifier: Apache-2.0 */
#include "toolchain/command/image/tree.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "runtime/base/cleanup.h"

static int put(struct image_tree *tree, const char *path, const char *source, const char *text,
               mode_t mode)
{
    if (tree->count == tree->room) {
        size_t room = tree->room ? 2 * tree->room : 64;
        struct image_entry *entry = reallocarray(tree->entry, room, sizeof(*entry));
        if (!entry)
            return CHIMERA_ENOMEM;
        tree->entry = entry;
        tree->room = room;
    }
    struct image_entry entry = {.path = strdup(path),
                                .source = source ? strdup(source) : NULL,
                                .text = text ? strdup(text) : NULL,
                                .mode = mode};
    tree->entry[tree->count++] = entry;
    bool is_whole = entry.path && (entry.source || !source) && (entry.text || !text);
    return is_whole ? CHIMERA_OK : CHIMERA_ENOMEM;
}

static int add_folders_above(struct image_tree *tree, const char *path)
{
    CHIMERA_FREE char *above = strdup(path);
    if (!above)
        return CHIMERA_ENOMEM;
    for (char *slash = strchr(above, '/'); slash; slash = strchr(slash + 1, '/')) {
        *slash = '\0';
        if (!image_tree_find(tree, above) &&
            put(tree, above, NULL, NULL, S_IFDIR | 0755) < 0) /* as any system has them */
            return CHIMERA_ENOMEM;
        *slash = '/';
    }
    return CHIMERA_OK;
}

static int add(struct image_tree *tree, const char *path, const char *source, const char *text,
               mode_t mode, struct chimera_error *err)
{
    if (image_tree_find(tree, path))
        return CHIMERA_OK;
    if (add_folders_above(tree, path) < 0 || put(tree, path, source, text, mode) < 0)
        return chimera_fail_memory(err);
    return CHIMERA_OK;
}

int image_tree_add_file(struct image_tree *tree, const char *path, const char *source, mode_t mode,
                        struct chimera_error *err)
{
    return add(tree, path, source, NULL, S_IFREG | mode, err);
}

int image_tree_add_text(struct image_tree *tree, const char *path, const char *text, mode_t mode,
                        struct chimera_error *err)
{
    return add(tree, path, NULL, text, S_IFREG | mode, err);
}

int image_tree_add_link(struct image_tree *tree, const char *path, const char *to,
                        struct chimera_error *err)
{
    return add(tree, path, NULL, to, S_IFLNK | 0777, err);
}

int image_tree_add_folder(struct image_tree *tree, const char *path, mode_t mode,
                          struct chimera_error *err)
{
    return add(tree, path, NULL, NULL, S_IFDIR | mode, err);
}

const struct image_entry *image_tree_find(const struct image_tree *tree, const char *path)
{
    for (size_t i = 0; i < tree->count; i++)
        if (tree->entry[i].path && strcmp(tree->entry[i].path, path) == 0)
            return &tree->entry[i];
    return NULL;
}

static int compare_paths(const void *a, const void *b)
{
    return strcmp(((const struct image_entry *)a)->path, ((const struct image_entry *)b)->path);
}

void image_tree_sort(struct image_tree *tree)
{
    if (tree->count > 0)
        qsort(tree->entry, tree->count, sizeof(*tree->entry), compare_paths);
}

void image_tree_done(struct image_tree *tree)
{
    for (size_t i = 0; i < tree->count; i++) {
        free(tree->entry[i].path);
        free(tree->entry[i].source);
        free(tree->entry[i].text);
    }
    free(tree->entry);
    *tree = (struct image_tree){0};
}
