/* SPDX-License-Identifier: Apache-2.0 */
/* archive.h - the files of an OPA bundle: a tar that gzip has compressed, as `opa build` writes it.
 *
 * It may be anybody's. Only files are taken, each name once; links, names that lead out, checksums
 * that are wrong and what is behind the end are refused, and all that is unpacked is bounded.
 */
#ifndef CHIMERA_COMPILER_OPA_ARCHIVE_H
#define CHIMERA_COMPILER_OPA_ARCHIVE_H

#include "runtime/base/buffer.h"
#include "runtime/base/error.h"

struct opa_file {
    char *name; /* "a/data.json", without what is before; owned */
    size_t at, size;
};

struct opa_archive {
    struct opa_file *file; /* owned */
    size_t count;
    struct chimera_buffer bytes; /* of all files, one after the other */
};

static inline struct chimera_slice opa_file_bytes(const struct opa_archive *archive,
                                                  const struct opa_file *file)
{
    return (struct chimera_slice){archive->bytes.data ? archive->bytes.data + file->at : "",
                                  file->size};
}

/* Whether they begin as a tar in gzip does. */
bool opa_archive_is(struct chimera_slice bytes);

/* All of its files, at most `limit` bytes unpacked; `path` is for messages. The caller ends it with
 * opa_archive_done(), whatever is returned. */
int opa_archive_read(const char *path, struct chimera_slice bytes, size_t limit,
                     struct opa_archive *ret_archive, struct chimera_error *err);
void opa_archive_done(struct opa_archive *archive);

/* NULL: there is none of this name. */
const struct opa_file *opa_archive_find(const struct opa_archive *archive, const char *name);

#endif
