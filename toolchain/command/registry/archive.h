/* SPDX-License-Identifier: Apache-2.0 */
/* archive.h - policies in a tar file, compressed by gzip, as kwctl's save and load have it
 * (cli-and-distribution.md §1.4): an entry's name is the file's, relative to the store.
 *
 * What is read may be anybody's. libarchive reads it, for one format and one compression; here is
 * said what an entry may be. One thread.
 */
#ifndef CHIMERA_TOOLCHAIN_COMMAND_REGISTRY_ARCHIVE_H
#define CHIMERA_TOOLCHAIN_COMMAND_REGISTRY_ARCHIVE_H

#include <stddef.h>
#include <stdint.h>

#include "runtime/base/error.h"

/* --- Writing --- */

struct archive_out; /* opaque */

/* Writes to `fd`, which stays the caller's; `name` is for messages, and borrowed. */
int archive_out_open(int fd, const char *name, struct archive_out **ret_out,
                     struct chimera_error *err);
/* Copies the file at `path` as an entry. */
int archive_out_add(struct archive_out *out, const char *entry, const char *path,
                    struct chimera_error *err);
/* Writes the end, and frees. After a failure of the others *err stays as it is, and this fails. */
int archive_out_close(struct archive_out *out, struct chimera_error *err);

/* --- Reading --- */

#define ARCHIVE_POLICIES_MAX 10000
#define ARCHIVE_POLICY_BYTES_MAX ((uint64_t)512 << 20)
#define ARCHIVE_BYTES_MAX ((uint64_t)16 << 30) /* of all, as they are when they are unpacked */

/* Reads the archive at `path` into the store: all of its policies, or none. What is not in the
 * folder of a scheme, and no signatures of what is, is passed over, as kwctl never looks at it:
 * *ret_ignored counts it. */
int archive_load(const char *path, const char *store, size_t *ret_ignored,
                 struct chimera_error *err);

#endif
