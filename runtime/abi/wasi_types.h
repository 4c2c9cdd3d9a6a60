/* SPDX-License-Identifier: Apache-2.0 */
/* wasi_types.h - WASI's numbers and layouts, and how they are put into a guest's memory.
 *
 * Preview 1's, as its witx files have them; what its predecessor has otherwise is named.
 */
#ifndef CHIMERA_ABI_WASI_TYPES_H
#define CHIMERA_ABI_WASI_TYPES_H

#include <string.h>

#include "runtime/instance/guest_access.h"

enum chimera_wasi_errno {
    WASI_SUCCESS = 0,
    WASI_2BIG = 1,
    WASI_ACCES = 2,
    WASI_AGAIN = 6,
    WASI_BADF = 8,
    WASI_BUSY = 10,
    WASI_DQUOT = 19,
    WASI_EXIST = 20,
    WASI_FBIG = 22,
    WASI_ILSEQ = 25,
    WASI_INTR = 27,
    WASI_INVAL = 28,
    WASI_IO = 29,
    WASI_ISDIR = 31,
    WASI_LOOP = 32,
    WASI_MFILE = 33,
    WASI_MLINK = 34,
    WASI_NAMETOOLONG = 37,
    WASI_NFILE = 41,
    WASI_NODEV = 43,
    WASI_NOENT = 44,
    WASI_NOMEM = 48,
    WASI_NOSPC = 51,
    WASI_NOSYS = 52,
    WASI_NOTDIR = 54,
    WASI_NOTEMPTY = 55,
    WASI_NOTSOCK = 57,
    WASI_NOTSUP = 58,
    WASI_NXIO = 60,
    WASI_OVERFLOW = 61,
    WASI_PERM = 63,
    WASI_PIPE = 64,
    WASI_ROFS = 69,
    WASI_SPIPE = 70,
    WASI_TXTBSY = 74,
    WASI_XDEV = 75,
    WASI_NOTCAPABLE = 76,
};

enum chimera_wasi_filetype {
    WASI_FILETYPE_UNKNOWN = 0,
    WASI_FILETYPE_BLOCK_DEVICE = 1,
    WASI_FILETYPE_CHARACTER_DEVICE = 2,
    WASI_FILETYPE_DIRECTORY = 3,
    WASI_FILETYPE_REGULAR_FILE = 4,
    WASI_FILETYPE_SOCKET_STREAM = 6,
    WASI_FILETYPE_SYMBOLIC_LINK = 7,
};

enum {
    WASI_FDFLAGS_APPEND = 1,
    WASI_FDFLAGS_DSYNC = 2,
    WASI_FDFLAGS_NONBLOCK = 4,
    WASI_FDFLAGS_RSYNC = 8,
    WASI_FDFLAGS_SYNC = 16,
    WASI_FDFLAGS_MAX = 31, /* all five bits */
    WASI_LOOKUP_FOLLOW = 1,
    WASI_LOOKUPFLAGS_MAX = 1,
    WASI_OFLAGS_CREAT = 1,
    WASI_OFLAGS_DIRECTORY = 2,
    WASI_OFLAGS_EXCL = 4,
    WASI_OFLAGS_TRUNC = 8,
    WASI_OFLAGS_MAX = 15,
    WASI_FSTFLAGS_MAX = 15, /* access time, access time now, and the same of modification */
    WASI_IOVEC_BYTES = 8,
    WASI_FDSTAT_BYTES = 24,
    WASI_FILESTAT_BYTES = 64,
    WASI_UNSTABLE_FILESTAT_BYTES = 56, /* of the predecessor, whose count of links is narrower */
    WASI_DIRENT_BYTES = 24,            /* the name follows */
};

/* What a descriptor may be used for: bits. */
#define WASI_RIGHT(number) (UINT64_C(1) << (number))
#define WASI_RIGHT_FD_DATASYNC WASI_RIGHT(0)
#define WASI_RIGHT_FD_READ WASI_RIGHT(1)
#define WASI_RIGHT_FD_SEEK WASI_RIGHT(2)
#define WASI_RIGHT_FD_FDSTAT_SET_FLAGS WASI_RIGHT(3)
#define WASI_RIGHT_FD_SYNC WASI_RIGHT(4)
#define WASI_RIGHT_FD_TELL WASI_RIGHT(5)
#define WASI_RIGHT_FD_WRITE WASI_RIGHT(6)
#define WASI_RIGHT_FD_ADVISE WASI_RIGHT(7)
#define WASI_RIGHT_FD_ALLOCATE WASI_RIGHT(8)
#define WASI_RIGHT_PATH_CREATE_DIRECTORY WASI_RIGHT(9)
#define WASI_RIGHT_PATH_CREATE_FILE WASI_RIGHT(10)
#define WASI_RIGHT_PATH_LINK_SOURCE WASI_RIGHT(11)
#define WASI_RIGHT_PATH_LINK_TARGET WASI_RIGHT(12)
#define WASI_RIGHT_PATH_OPEN WASI_RIGHT(13)
#define WASI_RIGHT_FD_READDIR WASI_RIGHT(14)
#define WASI_RIGHT_PATH_READLINK WASI_RIGHT(15)
#define WASI_RIGHT_PATH_RENAME_SOURCE WASI_RIGHT(16)
#define WASI_RIGHT_PATH_RENAME_TARGET WASI_RIGHT(17)
#define WASI_RIGHT_PATH_FILESTAT_GET WASI_RIGHT(18)
#define WASI_RIGHT_PATH_FILESTAT_SET_SIZE WASI_RIGHT(19)
#define WASI_RIGHT_PATH_FILESTAT_SET_TIMES WASI_RIGHT(20)
#define WASI_RIGHT_FD_FILESTAT_GET WASI_RIGHT(21)
#define WASI_RIGHT_FD_FILESTAT_SET_SIZE WASI_RIGHT(22)
#define WASI_RIGHT_FD_FILESTAT_SET_TIMES WASI_RIGHT(23)
#define WASI_RIGHT_PATH_SYMLINK WASI_RIGHT(24)
#define WASI_RIGHT_PATH_REMOVE_DIRECTORY WASI_RIGHT(25)
#define WASI_RIGHT_PATH_UNLINK_FILE WASI_RIGHT(26)
#define WASI_RIGHT_POLL_FD_READWRITE WASI_RIGHT(27)

enum chimera_wasi_clock {
    WASI_CLOCK_REALTIME,
    WASI_CLOCK_MONOTONIC,
    WASI_CLOCK_PROCESS,
    WASI_CLOCK_THREAD,
};

/* Subscriptions and events of poll_oneoff. */
struct chimera_wasi_poll_layout { /* where things are in a subscription */
    uint32_t size, clock, timeout, flags;
};

enum {
    WASI_POLL_TAG_AT = 8,
    WASI_POLL_FD_AT = 16,
    WASI_POLL_CLOCK = 0, /* tags */
    WASI_POLL_FD_READ = 1,
    WASI_POLL_FD_WRITE = 2,
    WASI_POLL_ABSOLUTE = 1, /* a clock's flag */
    WASI_EVENT_BYTES = 32,
    WASI_EVENT_ERROR_AT = 8,
    WASI_EVENT_TYPE_AT = 10,
    WASI_EVENT_COUNT_AT = 16, /* bytes that there are */
    WASI_EVENT_FLAGS_AT = 24,
    WASI_EVENT_HANGUP = 1,
};

/* Guest memory is little-endian, and so are the machines that this runs on. */
static inline uint32_t chimera_wasi_get32(const uint8_t *at)
{
    uint32_t value;
    memcpy(&value, at, sizeof(value));
    return value;
}

static inline uint64_t chimera_wasi_get64(const uint8_t *at)
{
    uint64_t value;
    memcpy(&value, at, sizeof(value));
    return value;
}

/* Results go through these: they trap outside of memory and when misaligned. */
static inline void chimera_wasi_put32(struct chimera_guest *guest, uint32_t at, uint32_t value)
{
    memcpy(chimera_guest_aligned(guest, at, sizeof(value), sizeof(value)), &value, sizeof(value));
}

static inline void chimera_wasi_put64(struct chimera_guest *guest, uint32_t at, uint64_t value)
{
    memcpy(chimera_guest_aligned(guest, at, sizeof(value), sizeof(value)), &value, sizeof(value));
}

#endif
