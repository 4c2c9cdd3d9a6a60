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

struct opening { /* what the guest asks for */
    uint32_t lookup, oflags, fdflags;
    uint64_t base, inheriting;
};

static uint64_t rights_to_open(const struct opening *opening)
{
    return WASI_RIGHT_PATH_OPEN |
           (opening->oflags & WASI_OFLAGS_CREAT ? WASI_RIGHT_PATH_CREATE_FILE : 0) |
           (opening->oflags & WASI_OFLAGS_TRUNC ? WASI_RIGHT_PATH_FILESTAT_SET_SIZE : 0);
}

/* A pipe is opened without waiting for its other end: nobody could end that. */
static int flags_of(const struct opening *opening)
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

/* The row of what was opened: its rights are those that were asked for and that the folder hands
 * on, as far as it has a use for them. */
static struct chimera_wasi_entry entry_of(int fd, const struct chimera_wasi_entry *folder,
                                          const struct opening *opening)
{
    struct chimera_wasi_entry entry = chimera_wasi_entry_of(fd);
    entry.base &= opening->base & folder->inheriting;
    entry.inheriting &= opening->inheriting & folder->inheriting;
    entry.is_read_only = folder->is_read_only;
    entry.flags = (uint16_t)opening->fdflags;
    return entry;
}

static uint32_t open_path(struct chimera_wasi_files *files, const struct chimera_wasi_path *path,
                          const struct opening *opening, uint32_t *ret_number)
{
    int fd;
    uint32_t number = chimera_wasi_entry_free(files);
    if (number >= files->count)
        return WASI_MFILE;
    if (opening->base & WASI_RIGHT_FD_WRITE && !(path->folder->inheriting & WASI_RIGHT_FD_WRITE))
        return path->folder->is_read_only ? WASI_ROFS : WASI_NOTCAPABLE;
    uint32_t code = chimera_command_path_open(
        path, flags_of(opening), opening->oflags & WASI_OFLAGS_CREAT ? MODE_OF_FILES : 0, &fd);
    if (code != WASI_SUCCESS)
        return code;
    int flags = fcntl(fd, F_GETFL);
    if (flags >= 0)
        fcntl(fd, F_SETFL, flags & ~O_NONBLOCK);
    files->entry[number] = entry_of(fd, path->folder, opening);
    *ret_number = number;
    return WASI_SUCCESS;
}

static uint32_t path_open(struct chimera_guest *guest, uint32_t fd, uint32_t lookup, uint32_t at,
                          uint32_t size, uint32_t oflags, uint64_t base, uint64_t inheriting,
                          uint32_t fdflags, uint32_t ret_fd)
{
    const struct opening opening = {lookup, oflags, fdflags, base, inheriting};
    struct chimera_wasi_path path;
    uint32_t number;
    if (lookup > WASI_LOOKUPFLAGS_MAX || oflags > WASI_OFLAGS_MAX || fdflags > WASI_FDFLAGS_MAX)
        return WASI_INVAL;
    chimera_guest_aligned(guest, ret_fd, sizeof(number), sizeof(number)); /* before it is open */
    uint32_t code = chimera_command_path_get(guest, fd, rights_to_open(&opening), at, size, &path);
    if (code == WASI_SUCCESS)
        code = open_path(chimera_wasi_files_of(guest), &path, &opening, &number);
    if (code == WASI_SUCCESS)
        chimera_wasi_put32(guest, ret_fd, number);
    return code;
}

/* --- What is there --- */

/* The thing itself, to look at: a link at the end is followed when the guest says so. */
static uint32_t look_at(struct chimera_guest *guest, uint32_t fd, uint64_t right, uint32_t lookup,
                        uint32_t at, uint32_t size, int *ret_fd)
{
    struct chimera_wasi_path path;
    if (lookup > WASI_LOOKUPFLAGS_MAX)
        return WASI_INVAL;
    uint32_t code = chimera_command_path_get(guest, fd, right, at, size, &path);
    if (code == WASI_SUCCESS)
        code = chimera_command_path_open(&path, O_PATH | (lookup ? 0 : O_NOFOLLOW), 0, ret_fd);
    return code;
}

static uint32_t path_filestat_get(struct chimera_guest *guest, uint32_t fd, uint32_t lookup,
                                  uint32_t at, uint32_t size, uint32_t ret_stat, uint32_t stat_size)
{
    struct stat status;
    int found;
    uint32_t code = look_at(guest, fd, WASI_RIGHT_PATH_FILESTAT_GET, lookup, at, size, &found);
    if (code != WASI_SUCCESS)
        return code;
    code = chimera_wasi_code(fstat(found, &status));
    close(found);
    if (code == WASI_SUCCESS)
        chimera_command_put_stat(guest, ret_stat, stat_size, &status);
    return code;
}

static uint32_t path_filestat_set_times(struct chimera_guest *guest, uint32_t fd, uint32_t lookup,
                                        uint32_t at, uint32_t size, uint64_t accessed,
                                        uint64_t modified, uint32_t flags)
{
    struct timespec times[2];
    int found;
    uint32_t code = chimera_command_times(accessed, modified, flags, times);
    if (code == WASI_SUCCESS)
        code = look_at(guest, fd, WASI_RIGHT_PATH_FILESTAT_SET_TIMES, lookup, at, size, &found);
    if (code != WASI_SUCCESS)
        return code;
    code = chimera_wasi_code(utimensat(found, "", times, AT_EMPTY_PATH));
    close(found);
    return code;
}

static uint32_t path_readlink(struct chimera_guest *guest, uint32_t fd, uint32_t at, uint32_t size,
                              uint32_t to, uint32_t space, uint32_t ret_size)
{
    char *text = (char *)chimera_guest_bytes(guest, to, space);
    int found;
    uint32_t code = look_at(guest, fd, WASI_RIGHT_PATH_READLINK, 0, at, size, &found);
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

static uint32_t place_of(struct chimera_guest *guest, uint32_t fd, uint64_t right, uint32_t at,
                         uint32_t size, struct chimera_wasi_path *path,
                         struct chimera_wasi_place *ret_place)
{
    uint32_t code = chimera_command_path_get(guest, fd, right, at, size, path);
    return code != WASI_SUCCESS ? code : chimera_command_path_place(path, ret_place);
}

static uint32_t path_create_directory(struct chimera_guest *guest, uint32_t fd, uint32_t at,
                                      uint32_t size)
{
    struct chimera_wasi_path path;
    struct chimera_wasi_place place;
    uint32_t code = place_of(guest, fd, WASI_RIGHT_PATH_CREATE_DIRECTORY, at, size, &path, &place);
    if (code != WASI_SUCCESS)
        return code;
    code = chimera_wasi_code(mkdirat(place.folder, place.name, MODE_OF_FOLDERS));
    chimera_wasi_place_end(&place);
    return code;
}

/* `flags` as of unlinkat(2). */
static uint32_t remove_path(struct chimera_guest *guest, uint32_t fd, uint64_t right, uint32_t at,
                            uint32_t size, int flags)
{
    struct chimera_wasi_path path;
    struct chimera_wasi_place place;
    uint32_t code = place_of(guest, fd, right, at, size, &path, &place);
    if (code != WASI_SUCCESS)
        return code;
    code = chimera_wasi_code(unlinkat(place.folder, place.name, flags));
    chimera_wasi_place_end(&place);
    return code;
}

static uint32_t path_remove_directory(struct chimera_guest *guest, uint32_t fd, uint32_t at,
                                      uint32_t size)
{
    return remove_path(guest, fd, WASI_RIGHT_PATH_REMOVE_DIRECTORY, at, size, AT_REMOVEDIR);
}

static uint32_t path_unlink_file(struct chimera_guest *guest, uint32_t fd, uint32_t at,
                                 uint32_t size)
{
    return remove_path(guest, fd, WASI_RIGHT_PATH_UNLINK_FILE, at, size, 0);
}

/* One that leads out is of no use to the guest; but others, who follow it from here, may be led
 * astray. So none begins at the root; what is relative they see where it lies. */
static uint32_t path_symlink(struct chimera_guest *guest, uint32_t at, uint32_t size, uint32_t fd,
                             uint32_t to_at, uint32_t to_size)
{
    char target[PATH_MAX];
    struct chimera_wasi_path path;
    struct chimera_wasi_place place;
    uint32_t code = chimera_command_path_text(guest, at, size, target);
    if (code == WASI_SUCCESS)
        code = place_of(guest, fd, WASI_RIGHT_PATH_SYMLINK, to_at, to_size, &path, &place);
    if (code != WASI_SUCCESS)
        return code;
    code = chimera_wasi_code(symlinkat(target, place.folder, place.name));
    chimera_wasi_place_end(&place);
    return code;
}

struct pair { /* where something is, and where it shall be */
    struct chimera_wasi_path from, to;
    struct chimera_wasi_place source, target;
};

/* Both places; the caller ends them with end_pair(). */
static uint32_t pair_up(struct pair *pair)
{
    uint32_t code = chimera_command_path_place(&pair->from, &pair->source);
    if (code != WASI_SUCCESS)
        return code;
    code = chimera_command_path_place(&pair->to, &pair->target);
    if (code != WASI_SUCCESS)
        chimera_wasi_place_end(&pair->source);
    return code;
}

static void end_pair(const struct pair *pair)
{
    chimera_wasi_place_end(&pair->source);
    chimera_wasi_place_end(&pair->target);
}

/* A link itself is linked, never what it leads to: so one whose name has a slash behind it, which
 * the kernel would follow, is none here. */
static uint32_t path_link(struct chimera_guest *guest, uint32_t fd, uint32_t lookup, uint32_t at,
                          uint32_t size, uint32_t to, uint32_t to_at, uint32_t to_size)
{
    struct pair pair;
    if (lookup != 0)
        return WASI_INVAL;
    uint32_t code =
        chimera_command_path_get(guest, fd, WASI_RIGHT_PATH_LINK_SOURCE, at, size, &pair.from);
    if (code == WASI_SUCCESS)
        code = chimera_command_path_get(guest, to, WASI_RIGHT_PATH_LINK_TARGET, to_at, to_size,
                                        &pair.to);
    if (code == WASI_SUCCESS && pair.from.text[strlen(pair.from.text) - 1] == '/')
        code = WASI_NOTDIR;
    if (code == WASI_SUCCESS)
        code = pair_up(&pair);
    if (code != WASI_SUCCESS)
        return code;
    code = chimera_wasi_code(
        linkat(pair.source.folder, pair.source.name, pair.target.folder, pair.target.name, 0));
    end_pair(&pair);
    return code;
}

static uint32_t path_rename(struct chimera_guest *guest, uint32_t fd, uint32_t at, uint32_t size,
                            uint32_t to, uint32_t to_at, uint32_t to_size)
{
    struct pair pair;
    uint32_t code =
        chimera_command_path_get(guest, fd, WASI_RIGHT_PATH_RENAME_SOURCE, at, size, &pair.from);
    if (code == WASI_SUCCESS)
        code = chimera_command_path_get(guest, to, WASI_RIGHT_PATH_RENAME_TARGET, to_at, to_size,
                                        &pair.to);
    if (code == WASI_SUCCESS)
        code = pair_up(&pair);
    if (code != WASI_SUCCESS)
        return code;
    code = chimera_wasi_code(
        renameat(pair.source.folder, pair.source.name, pair.target.folder, pair.target.name));
    end_pair(&pair);
    return code;
}

const struct chimera_wasi_paths chimera_command_paths = {
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
