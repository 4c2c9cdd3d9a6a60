/* SPDX-License-Identifier: Apache-2.0 */
/* files.h - a bundle's files, wherever they lie: in a folder, or in an archive that is not
 * unpacked. Nothing in them is trusted: names are as they stand there, and each file is read by its
 * offset in a descriptor, so that one that gets shorter is an error and no signal.
 *
 * Any number of threads may read at once.
 */
#ifndef CHIMERA_TOOLCHAIN_COMMAND_BUNDLE_FILES_FILES_H
#define CHIMERA_TOOLCHAIN_COMMAND_BUNDLE_FILES_FILES_H

#include <stdint.h>

#include "runtime/base/buffer.h"
#include "runtime/base/digest.h"
#include "runtime/base/error.h"

struct bundle_file {
    char *name;            /* owned; "policies.yml", "plugins/STEM.so" */
    bool is_regular;       /* else a link, a folder or anything else: it has no bytes */
    uint64_t offset, size; /* in bytes; the offset is one in the archive */
};

struct bundle_files {
    const char *path; /* borrowed; for messages */
    int fd;           /* owned: the folder, or the archive */
    bool is_archive;
    struct bundle_file *list; /* owned; by name, each once */
    size_t count;
};

/* Fills the list of `files`, whose fd is a folder: all that lies in it, and below its plugins/. It
 * is ended in any case by bundle_files_done(). */
int bundle_files_list(struct bundle_files *files, struct chimera_error *err);
void bundle_files_done(struct bundle_files *files);

/* NULL: there is none of that name. */
const struct bundle_file *bundle_files_find(const struct bundle_files *files, const char *name);

/* Appends a regular file's bytes; CHIMERA_ELIMIT past the buffer's limit. */
int bundle_file_read(const struct bundle_files *files, const struct bundle_file *file,
                     struct chimera_buffer *out, struct chimera_error *err);
int bundle_file_digest(const struct bundle_files *files, const struct bundle_file *file,
                       struct chimera_digest *ret_digest, struct chimera_error *err);

/* For who fills a set of his own: adds a file at the end; `name` is copied. Then sorts all, and
 * refuses a name that is there twice. */
int bundle_files_add(struct bundle_files *files, const struct bundle_file *file,
                     struct chimera_error *err);
int bundle_files_sort(struct bundle_files *files, struct chimera_error *err);

#endif
