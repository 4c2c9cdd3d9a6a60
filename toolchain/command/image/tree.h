/* SPDX-License-Identifier: Apache-2.0 */
/* tree.h - the files of one layer, before it is written: what each holds, or where that lies here.
 * One thread. */
#ifndef CHIMERA_TOOLCHAIN_COMMAND_IMAGE_TREE_H
#define CHIMERA_TOOLCHAIN_COMMAND_IMAGE_TREE_H

#include <sys/types.h>

#include "runtime/base/error.h"

struct image_entry {
    char *path;   /* owned; in the image, from its root, without a slash at either end */
    char *source; /* owned; of a file: its path here. NULL: it holds `text` */
    char *text;   /* owned; of a file: what it holds; of a link: where it leads */
    mode_t mode;  /* with its type: a file, a folder, a symbolic link */
};

struct image_tree {
    struct image_entry *entry; /* owned */
    size_t count, room;
};

/* Each adds the folders above it that are not there yet, with mode 0755. A path that is there
 * already stays what it was. */
int image_tree_add_file(struct image_tree *tree, const char *path, const char *source, mode_t mode,
                        struct chimera_error *err);
int image_tree_add_text(struct image_tree *tree, const char *path, const char *text, mode_t mode,
                        struct chimera_error *err);
int image_tree_add_link(struct image_tree *tree, const char *path, const char *to,
                        struct chimera_error *err);
int image_tree_add_folder(struct image_tree *tree, const char *path, mode_t mode,
                          struct chimera_error *err);

/* NULL: there is none. */
const struct image_entry *image_tree_find(const struct image_tree *tree, const char *path);

/* By their paths, bytewise: a folder before what is in it, whatever the order of adding was. */
void image_tree_sort(struct image_tree *tree);

void image_tree_done(struct image_tree *tree);

#endif
