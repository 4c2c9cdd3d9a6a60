/* SPDX-License-Identifier: Apache-2.0 */
/* What a command does with paths. */
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "runtime/wasi/calls.h"
#include "runtime/wasi/path.h"

/* The user's mask has the last word. */
#define MODE_OF_FILES 0666
#define MODE_OF_FOLDERS 0777

/* --- Opening --- */

/* A pipe is opened without waiting for its other end: nobody could end that. */
static int flags_of(const struct chimera_wasi_opening *opening)
{
    bool is_read = opening->base & (WASI_RIGHT_FD_READ | WASI_RIGHT_FD_READDIR);
    bool is_write = opening->base & WASI_RIGHT_FD_WRITE || opening->oflags & WASI_OFLAGS_TRUNC;
    int flags = is_write ? (is_read ? O_RDWR : O_WRONLY) : O_RDONLY;
    flags |= O_NOCTTY | O_NONBLOCK;
    flags |= opening->lookup & WASI_LOOKUP_FOLLOW ? 0 : O_NOFOLLOW;
    flags |= opening->oflags & WASI_OFLAGS_CREAT ? O_CREAT : 0;
    flags |= opening->oflags & WASI_OFLAGS_DIRECTORY ? O_DIRECTORY : 0;
    flags |= opening->oflags & WASI_OFLAGS_EXCL ? O_EXCL : 0;
    flags |= opening->oflags & WASI_OFLAGS_TRUNC ? O_TRUNC : 0;
    flags |= opening->fdflags & WASI_FDFLAGS_APPEND ? O_APPEND : 0;
    flags |= opening->fdflags & WASI_FDFLAGS_DSYNC ? O_DSYNC : 0;
    flags |= opening->fdflags & (WASI_FDFLAGS_RSYNC | WASI_FDFLAGS_SYNC) ? O_SYNC : 0;
    return flags;
}

/* Its rights are those that were asked for and that the folder hands on, as far as it has a use for
 * them. */
static uint32_t open_path(struct chimera_wasi_files *files, const struct chimera_wasi_path *path,
                          const struct chimera_wasi_opening *opening, uint32_t *ret_number)
{
    int fd;
    uint32_t number = chimera_wasi_entry_free(files);
    if (number >= files->count)
        return WASI_MFILE;
    if (opening->base & WASI_RIGHT_FD_WRITE && !(path->folder->inheriting & WASI_RIGHT_FD_WRITE))
        return path->folder->is_read_only ? WASI_ROFS : WASI_NOTCAPABLE;
    uint32_t code = chimera_exec_path_open(
        path, flags_of(opening), opening->oflags & WASI_OFLAGS_CREAT ? MODE_OF_FILES : 0, &fd);
    if (code != WASI_SUCCESS)
        return code;
    int flags = fcntl(fd, F_GETFL);
    if (flags >= 0)
        fcntl(fd, F_SETFL, flags & ~O_NONBLOCK);
    struct chimera_wasi_entry entry = chimera_wasi_entry_of(fd);
    entry.base &= opening->base & path->folder->inheriting;
    entry.inheriting &= opening->inheriting & path->folder->inheriting;
    entry.is_read_only = path->folder->is_read_only;
    entry.flags = (uint16_t)opening->fdflags;
    files->entry[number] = entry;
    *ret_number = number;
    return WASI_SUCCESS;
}

static uint32_t path_open(struct chimera_guest *guest, struct chimera_wasi_at at,
                          const struct chimera_wasi_opening *opening, uint32_t ret_fd)
{
    struct chimera_wasi_path path;
    uint32_t number;
    if (opening->lookup > WASI_LOOKUPFLAGS_MAX || opening->oflags > WASI_OFLAGS_MAX ||
        opening->fdflags > WASI_FDFLAGS_MAX)
        return WASI_INVAL;
    chimera_guest_aligned(guest, ret_fd, sizeof(number), sizeof(number)); /* before it is open */
    uint64_t rights = WASI_RIGHT_PATH_OPEN;
    rights |= opening->oflags & WASI_OFLAGS_CREAT ? WASI_RIGHT_PATH_CREATE_FILE : 0;
    rights |= opening->oflags & WASI_OFLAGS_TRUNC ? WASI_RIGHT_PATH_FILESTAT_SET_SIZE : 0;
    uint32_t code = chimera_exec_path_get(guest, at, rights, &path);
    if (code == WASI_SUCCESS)
        code = open_path(chimera_wasi_files_of(guest), &path, opening, &number);
    if (code == WASI_SUCCESS)
        chimera_wasi_put32(guest, ret_fd, number);
    return code;
}

/* --- What is there --- */

/* The thing itself, to look at: a link at the end is followed when the guest says so. */
static uint32_t look_at(struct chimera_guest *guest, struct chimera_wasi_at at, uint64_t right,
                        uint32_t lookup, int *ret_fd)
{
    struct chimera_wasi_path path;
    if (lookup > WASI_LOOKUPFLAGS_MAX)
        return WASI_INVAL;
    uint32_t code = chimera_exec_path_get(guest, at, right, &path);
    if (code == WASI_SUCCESS)
        code = chimera_exec_path_open(&path, O_PATH | (lookup ? 0 : O_NOFOLLOW), 0, ret_fd);
    return code;
}

static uint32_t path_filestat_get(struct chimera_guest *guest, struct chimera_wasi_at at,
                                  uint32_t lookup, uint32_t ret_stat, uint32_t stat_size)
{
    struct stat status;
    int found;
    uint32_t code = look_at(guest, at, WASI_RIGHT_PATH_FILESTAT_GET, lookup, &found);
    if (code != WASI_SUCCESS)
        return code;
    code = chimera_wasi_code(fstat(found, &status));
    close(found);
    if (code == WASI_SUCCESS)
        chimera_exec_put_stat(guest, ret_stat, stat_size, &status);
    return code;
}

static uint32_t path_filestat_set_times(struct chimera_guest *guest, struct chimera_wasi_at at,
                                        uint32_t lookup, uint64_t accessed, uint64_t modified,
                                        uint32_t flags)
{
    struct timespec times[2];
    int found;
    uint32_t code = chimera_exec_times(accessed, modified, flags, times);
    if (code == WASI_SUCCESS)
        code = look_at(guest, at, WASI_RIGHT_PATH_FILESTAT_SET_TIMES, lookup, &found);
    if (code != WASI_SUCCESS)
        return code;
    code = chimera_wasi_code(utimensat(found, "", times, AT_EMPTY_PATH));
    close(found);
    return code;
}

static uint32_t path_readlink(struct chimera_guest *guest, struct chimera_wasi_at at, uint32_t to,
                              uint32_t space, uint32_t ret_size)
{
    char *text = (char *)chimera_guest_bytes(guest, to, space);
    int found;
    uint32_t code = look_at(guest, at, WASI_RIGHT_PATH_READLINK, 0, &found);
    if (code != WASI_SUCCESS)
        return code;
    ssize_t done = readlinkat(found, "", text, space);
    int number = errno == ENOENT ? EINVAL : errno; /* so the kernel says that it is no link */
    close(found);
    if (done < 0)
        return chimera_wasi_error(number);
    chimera_wasi_put32(guest, ret_size, (uint32_t)done);
    return WASI_SUCCESS;
}

/* --- What is changed: by the folder around, and a name in it --- */

struct spot { /* where something is, or shall be */
    struct chimera_wasi_path path;
    struct chimera_wasi_place place;
};

/* The caller ends spot->place, before anything that may leave the guest. */
static uint32_t find(struct chimera_guest *guest, struct chimera_wasi_at at, uint64_t right,
                     struct spot *spot)
{
    uint32_t code = chimera_exec_path_get(guest, at, right, &spot->path);
    return code != WASI_SUCCESS ? code : chimera_exec_path_place(&spot->path, &spot->place);
}

static uint32_t path_create_directory(struct chimera_guest *guest, struct chimera_wasi_at at)
{
    struct spot spot;
    uint32_t code = find(guest, at, WASI_RIGHT_PATH_CREATE_DIRECTORY, &spot);
    if (code != WASI_SUCCESS)
        return code;
    code = chimera_wasi_code(mkdirat(spot.place.folder, spot.place.name, MODE_OF_FOLDERS));
    chimera_wasi_place_end(&spot.place);
    return code;
}

static uint32_t path_remove_directory(struct chimera_guest *guest, struct chimera_wasi_at at)
{
    struct spot spot;
    uint32_t code = find(guest, at, WASI_RIGHT_PATH_REMOVE_DIRECTORY, &spot);
    if (code != WASI_SUCCESS)
        return code;
    code = chimera_wasi_code(unlinkat(spot.place.folder, spot.place.name, AT_REMOVEDIR));
    chimera_wasi_place_end(&spot.place);
    return code;
}

static uint32_t path_unlink_file(struct chimera_guest *guest, struct chimera_wasi_at at)
{
    struct spot spot;
    uint32_t code = find(guest, at, WASI_RIGHT_PATH_UNLINK_FILE, &spot);
    if (code != WASI_SUCCESS)
        return code;
    code = chimera_wasi_code(unlinkat(spot.place.folder, spot.place.name, 0));
    chimera_wasi_place_end(&spot.place);
    return code;
}

/* One that leads out is of no use to the guest; but others, who follow it from here, may be led
 * astray. So none begins at the root; what is relative they see where it lies. */
static uint32_t path_symlink(struct chimera_guest *guest, uint32_t target_at, uint32_t size,
                             struct chimera_wasi_at at)
{
    char target[PATH_MAX];
    struct spot spot;
    uint32_t code = chimera_exec_path_text(guest, target_at, size, target);
    if (code == WASI_SUCCESS)
        code = find(guest, at, WASI_RIGHT_PATH_SYMLINK, &spot);
    if (code != WASI_SUCCESS)
        return code;
    code = chimera_wasi_code(symlinkat(target, spot.place.folder, spot.place.name));
    chimera_wasi_place_end(&spot.place);
    return code;
}

struct pair {
    struct spot from, to;
};

/* Both; all that may leave the guest is done before anything is opened. */
static uint32_t find_pair(struct chimera_guest *guest, const struct chimera_wasi_at at[2],
                          const uint64_t right[2], struct pair *pair)
{
    uint32_t code = chimera_exec_path_get(guest, at[0], right[0], &pair->from.path);
    if (code == WASI_SUCCESS)
        code = chimera_exec_path_get(guest, at[1], right[1], &pair->to.path);
    if (code == WASI_SUCCESS)
        code = chimera_exec_path_place(&pair->from.path, &pair->from.place);
    if (code != WASI_SUCCESS)
        return code;
    code = chimera_exec_path_place(&pair->to.path, &pair->to.place);
    if (code != WASI_SUCCESS)
        chimera_wasi_place_end(&pair->from.place);
    return code;
}

static void end_pair(const struct pair *pair)
{
    chimera_wasi_place_end(&pair->from.place);
    chimera_wasi_place_end(&pair->to.place);
}

/* A link itself is linked, never what it leads to: so one whose name has a slash behind it, which
 * the kernel would follow, is none here. */
static uint32_t path_link(struct chimera_guest *guest, struct chimera_wasi_at from, uint32_t lookup,
                          struct chimera_wasi_at to)
{
    static const uint64_t rights[] = {WASI_RIGHT_PATH_LINK_SOURCE, WASI_RIGHT_PATH_LINK_TARGET};
    struct pair pair;
    if (lookup != 0)
        return WASI_INVAL;
    uint32_t code = find_pair(guest, (const struct chimera_wasi_at[]){from, to}, rights, &pair);
    if (code != WASI_SUCCESS)
        return code;
    const struct chimera_wasi_place *source = &pair.from.place, *target = &pair.to.place;
    code = strchr(source->name, '/') ? WASI_NOTDIR
                                     : chimera_wasi_code(linkat(source->folder, source->name,
                                                                target->folder, target->name, 0));
    end_pair(&pair);
    return code;
}

static uint32_t path_rename(struct chimera_guest *guest, struct chimera_wasi_at from,
                            struct chimera_wasi_at to)
{
    static const uint64_t rights[] = {WASI_RIGHT_PATH_RENAME_SOURCE, WASI_RIGHT_PATH_RENAME_TARGET};
    struct pair pair;
    uint32_t code = find_pair(guest, (const struct chimera_wasi_at[]){from, to}, rights, &pair);
    if (code != WASI_SUCCESS)
        return code;
    code = chimera_wasi_code(renameat(pair.from.place.folder, pair.from.place.name,
                                      pair.to.place.folder, pair.to.place.name));
    end_pair(&pair);
    return code;
}

const struct chimera_wasi_paths chimera_exec_paths = {
    .path_create_directory = path_create_directory,
    .path_filestat_get = path_filestat_get,
    .path_filestat_set_times = path_filestat_set_times,
    .path_link = path_link,
    .path_open = path_open,
    .path_readlink = path_readlink,
    .path_remove_directory = path_remove_directory,
    .path_rename = path_rename,
    .path_symlink = path_symlink,
    .path_unlink_file = path_unlink_file,
};
