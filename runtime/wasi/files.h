/* SPDX-License-Identifier: Apache-2.0 */
/* files.h - the descriptors of a WASI command: its standard streams, the folders that it was given,
 * and what it opened.
 *
 * A descriptor of the guest is a row of a table of a fixed size, which has one of the kernel's. The
 * guest may do with it what its rights say (wasi_types.h). NONBLOCK is kept here and never given to
 * the kernel, where the standard streams are shared with whoever started us. One thread.
 */
#ifndef CHIMERA_WASI_FILES_H
#define CHIMERA_WASI_FILES_H

#include <poll.h>

#include "runtime/abi/wasi_types.h"
#include "runtime/base/error.h"

struct chimera_wasi_folder { /* that the guest is given; both borrowed */
    const char *host;        /* its path here */
    const char *guest;       /* what the guest calls it */
    bool is_read_only;
};

struct chimera_wasi_entry {
    int fd; /* owned; -1: the row is free */
    enum chimera_wasi_filetype type;
    bool is_stream;    /* one that we were started with: others have it, too */
    bool is_read_only; /* lies in a folder that is only read */
    uint16_t flags;    /* as the guest was told */
    uint64_t base, inheriting;
    const char *name; /* of a folder that was given, as the guest calls it; borrowed; else NULL */
};

#define CHIMERA_WASI_FILES_MOST 65536u /* and 3 at least */

/* Of one reading of a folder. */
#define CHIMERA_WASI_FOLDER_ROOM ((size_t)32 * 1024)

struct chimera_wasi_files {
    struct chimera_wasi_entry *entry; /* owned, like the next */
    struct pollfd *poll;              /* room for as many */
    uint32_t count;
    uint8_t room[CHIMERA_WASI_FOLDER_ROOM] __attribute__((aligned(8)));
};

/* Copies of our standard streams and the folders, in that order; the rest of `count` rows is for
 * what the guest opens. Fails when a folder cannot be opened, and when the kernel cannot keep paths
 * below one (openat2, since Linux 5.6). Owned by the caller. */
int chimera_wasi_files_open(uint32_t count, const struct chimera_wasi_folder *folders,
                            size_t folder_count, struct chimera_wasi_files **ret_files,
                            struct chimera_error *err);
void chimera_wasi_files_close(struct chimera_wasi_files *files); /* NULL is allowed */

/* --- For the functions of this folder --- */

#define CHIMERA_WASI_UNITS_PER_CALL 1000 /* of an account, for a system call (account.h) */

/* Spends a system call. The table. */
struct chimera_wasi_files *chimera_wasi_files_of(struct chimera_guest *guest);

/* The guest's descriptor, when it has these rights: without reading, writing or being open it is
 * WASI_BADF, without another WASI_NOTCAPABLE. */
uint32_t chimera_wasi_entry_get(struct chimera_guest *guest, uint32_t fd, uint64_t rights,
                                struct chimera_wasi_entry **ret_entry);

/* The first row that is free; the table's size when none is. */
uint32_t chimera_wasi_entry_free(const struct chimera_wasi_files *files);

/* What a descriptor of the kernel is, of all rights those that this kind can use, and the flags. */
struct chimera_wasi_entry chimera_wasi_entry_of(int fd);

/* What the guest gets for an errno; and for what a call has just returned, which is negative when
 * it failed. */
uint32_t chimera_wasi_error(int number);
uint32_t chimera_wasi_code(int result);

/* Of st_mode, and of what a folder's entry says. */
enum chimera_wasi_filetype chimera_wasi_type_of_mode(uint32_t mode);

#endif
