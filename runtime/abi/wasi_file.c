/* SPDX-License-Identifier: Apache-2.0 */
/* WASI's descriptors: reading, writing, and telling what they are. */
#include "runtime/abi/wasi_internal.h"

#define LINE_MAX_BYTES ((size_t)8 * 1024) /* of a waPC guest's output; longer lines are broken */

#define UNITS_PER_VECTOR 16 /* of an account (account.h) */
#define UNITS_PER_LINE 4096 /* that is logged */

static bool is_open(const struct chimera_guest *guest, uint32_t fd)
{
    return chimera_wasi_file_of(guest, fd) != CHIMERA_WASI_CLOSED;
}

/* What functions answer that an open descriptor does not have. */
static uint32_t if_open(const struct chimera_guest *guest, uint32_t fd,
                        enum chimera_wasi_errno code)
{
    return is_open(guest, fd) ? code : WASI_BADF;
}

static uint32_t if_flags(uint32_t flags, uint32_t max, enum chimera_wasi_errno code)
{
    return flags > max ? WASI_INVAL : code;
}

/* --- Reading and writing --- */

struct vector { /* an array of iovecs in guest memory */
    uint32_t at, count;
};

struct span { /* a piece of guest memory */
    uint8_t *bytes;
    size_t size;
};

/* One iovec; traps when the array is not in memory. */
static const uint8_t *vector_entry(struct chimera_guest *guest, struct vector vector,
                                   uint32_t index)
{
    const uint8_t *entries =
        chimera_guest_aligned(guest, vector.at, (uint64_t)vector.count * WASI_IOVEC_BYTES, 4);
    return entries + (size_t)index * WASI_IOVEC_BYTES;
}

/* The buffer of one iovec; traps when it is outside of memory. */
static struct span vector_part(struct chimera_guest *guest, struct vector vector, uint32_t index)
{
    const uint8_t *part = vector_entry(guest, vector, index);
    uint32_t size = chimera_wasi_get32(part + 4);
    return (struct span){chimera_guest_bytes(guest, chimera_wasi_get32(part), size), size};
}

/* The first buffer that takes anything: only that is filled. Where the empty ones before it are
 * does not matter, to the reference neither. */
static struct span first_space(struct chimera_guest *guest, struct vector vector)
{
    for (uint32_t i = 0; i < vector.count; i++) {
        if (chimera_wasi_get32(vector_entry(guest, vector, i) + 4) > 0)
            return vector_part(guest, vector, i);
        chimera_guest_spend(guest, UNITS_PER_VECTOR);
    }
    return (struct span){0};
}

static size_t read_answers(struct chimera_wasi *wasi, void *to, size_t size)
{
    size_t left = wasi->answers.size - wasi->answers_done;
    size_t step = left < size ? left : size;
    if (step > 0)
        memcpy(to, wasi->answers.data + wasi->answers_done, step);
    wasi->answers_done += step;
    if (wasi->answers_done == wasi->answers.size) {
        chimera_buffer_reset(&wasi->answers);
        wasi->answers_done = 0;
    }
    return step;
}

static uint32_t fd_read(struct chimera_guest *guest, uint32_t fd, struct vector vector,
                        uint32_t ret_size)
{
    struct chimera_wasi *wasi = chimera_wasi_of(guest);
    if (chimera_wasi_file_of(guest, fd) != CHIMERA_WASI_STDIN)
        return WASI_BADF;
    chimera_wasi_await_input(guest); /* nothing of a request may be looked at before */
    struct span space = first_space(guest, vector);
    size_t done = 0;
    if (wasi->input && space.size > 0)
        done = chimera_pieces_copy(wasi->input, wasi->input_done, space.bytes, space.size);
    wasi->input_done += done;
    if (done < space.size)
        done += read_answers(wasi, space.bytes + done, space.size - done);
    chimera_wasi_put32(guest, ret_size, (uint32_t)done);
    return WASI_SUCCESS;
}

static void log_line(const struct chimera_guest *guest, const struct chimera_buffer *lines)
{
    if (lines->size == 0)
        return;
    bool is_output = lines == &chimera_wasi_of(guest)->output;
    chimera_log_in("policy_log", CHIMERA_LOG_INFO, "policy_log", chimera_buffer_slice(lines),
                   CHIMERA_TEXT("policy_id", chimera_abi_policy_id(guest)),
                   CHIMERA_TEXT("stream", chimera_slice_of(is_output ? "stdout" : "stderr")));
}

/* Logs each line as it is complete, and keeps the rest for later. */
static void write_lines(struct chimera_guest *guest, struct chimera_buffer *lines,
                        struct chimera_slice bytes)
{
    if (!chimera_log_is_on(CHIMERA_LOG_INFO))
        return;
    for (size_t i = 0; i < bytes.size; i++) {
        chimera_guest_spend(guest, 1);
        bool is_end = bytes.data[i] == '\n';
        if (!is_end)
            chimera_buffer_byte(lines, (uint8_t)bytes.data[i]);
        if (is_end || lines->size >= LINE_MAX_BYTES) {
            chimera_guest_spend(guest, lines->size > 0 ? UNITS_PER_LINE : 0);
            log_line(guest, lines);
            chimera_buffer_reset(lines);
        }
    }
}

void chimera_wasi_flush(struct chimera_guest *guest)
{
    struct chimera_wasi *wasi = chimera_wasi_of(guest);
    if (wasi->stdio != CHIMERA_WASI_LOGGED)
        return;
    log_line(guest, &wasi->output);
    log_line(guest, &wasi->errors);
    chimera_buffer_reset(&wasi->output);
    chimera_buffer_reset(&wasi->errors);
}

static uint32_t fd_write(struct chimera_guest *guest, uint32_t fd, struct vector vector,
                         uint32_t ret_size)
{
    struct chimera_wasi *wasi = chimera_wasi_of(guest);
    enum chimera_wasi_file file = chimera_wasi_file_of(guest, fd);
    if (file != CHIMERA_WASI_STDOUT && file != CHIMERA_WASI_STDERR)
        return WASI_BADF;
    struct chimera_buffer *buffer = file == CHIMERA_WASI_STDOUT ? &wasi->output : &wasi->errors;
    uint32_t size = 0;
    for (uint32_t i = 0; i < vector.count; i++) {
        struct span span = vector_part(guest, vector, i);
        chimera_guest_spend(guest, UNITS_PER_VECTOR + span.size / 8);
        struct chimera_slice part = {(const char *)span.bytes, span.size};
        if (wasi->stdio == CHIMERA_WASI_LOGGED)
            write_lines(guest, buffer, part);
        else if (chimera_buffer_append(buffer, part) < 0)
            chimera_abi_refuse(guest, "the policy writes too much output");
        size += (uint32_t)part.size;
    }
    chimera_wasi_put32(guest, ret_size, size);
    return WASI_SUCCESS;
}

/* --- What a descriptor is --- */

static uint32_t fd_seek(const struct chimera_guest *guest, uint32_t fd, uint32_t whence)
{
    if (whence > 2)
        return WASI_INVAL;
    return if_open(guest, fd,
                   chimera_wasi_of(guest)->stdio == CHIMERA_WASI_PIPES ? WASI_BADF : WASI_SPIPE);
}

static uint32_t fd_close(const struct chimera_guest *guest, uint32_t fd)
{
    if (!is_open(guest, fd))
        return WASI_BADF;
    chimera_wasi_of(guest)->file[fd] = CHIMERA_WASI_CLOSED;
    return WASI_SUCCESS;
}

static uint32_t fd_renumber(const struct chimera_guest *guest, uint32_t from, uint32_t to)
{
    if (!is_open(guest, from) || !is_open(guest, to))
        return WASI_BADF;
    struct chimera_wasi *wasi = chimera_wasi_of(guest);
    uint8_t file = wasi->file[from];
    wasi->file[from] = CHIMERA_WASI_CLOSED;
    wasi->file[to] = file;
    return WASI_SUCCESS;
}

/* Never reports NONBLOCK: Go would then wait for its standard input with poll_oneoff. */
static uint32_t fd_fdstat_get(struct chimera_guest *guest, uint32_t fd, uint32_t at)
{
    if (!is_open(guest, fd))
        return WASI_BADF;
    bool is_input = chimera_wasi_file_of(guest, fd) == CHIMERA_WASI_STDIN;
    uint8_t *stat = chimera_guest_aligned(guest, at, 24, 8);
    memset(stat, 0, 24);
    stat[0] = WASI_FILETYPE_UNKNOWN;
    stat[2] = is_input ? 0 : WASI_FDFLAGS_APPEND;
    stat[8] = is_input ? WASI_RIGHT_FD_READ : WASI_RIGHT_FD_WRITE;
    return WASI_SUCCESS;
}

/* `size` differs between preview 1 and its predecessor; all is zero in both. */
static uint32_t fd_filestat_get(struct chimera_guest *guest, uint32_t fd, uint32_t at,
                                uint32_t size)
{
    if (!is_open(guest, fd))
        return WASI_BADF;
    memset(chimera_guest_aligned(guest, at, size, 8), 0, size);
    return WASI_SUCCESS;
}

/* A time may be given or "now", not both. */
static uint32_t check_times(uint32_t flags)
{
    bool is_both = (flags & 3) == 3 || (flags & 12) == 12;
    return flags > WASI_FSTFLAGS_MAX || is_both ? WASI_INVAL : WASI_BADF;
}

/* The document, what the guest has written, and that there is nothing else. */
#undef CHIMERA_WASI_ENTER
#define CHIMERA_WASI_ENTER chimera_wasi_enter_pure

#define HOST struct chimera_guest *guest
#define AT(fd, text, size) ((struct chimera_wasi_at){fd, text, size})

CHIMERA_WASI_SYSTEM(data, fd_read, (HOST, U32 fd, U32 at, U32 count, U32 ret_size),
                    (guest, fd, at, count, ret_size),
                    fd_read(guest, fd, (struct vector){at, count}, ret_size))
CHIMERA_WASI_SYSTEM(data, fd_write, (HOST, U32 fd, U32 at, U32 count, U32 ret_size),
                    (guest, fd, at, count, ret_size),
                    fd_write(guest, fd, (struct vector){at, count}, ret_size))
CHIMERA_WASI_SYSTEM(data, fd_pread, (HOST, U32 fd, U32 at, U32 count, U64 offset, U32 ret_size),
                    (guest, fd, at, count, offset, ret_size), fd_seek(guest, fd, 0))
CHIMERA_WASI_SYSTEM(data, fd_pwrite, (HOST, U32 fd, U32 at, U32 count, U64 offset, U32 ret_size),
                    (guest, fd, at, count, offset, ret_size), fd_seek(guest, fd, 0))
CHIMERA_WASI_SYSTEM(data, fd_seek, (HOST, U32 fd, U64 offset, U32 whence, U32 ret_at),
                    (guest, fd, offset, whence, ret_at), fd_seek(guest, fd, whence))
CHIMERA_WASI0_SYSTEM(data, fd_seek, (HOST, U32 fd, U64 offset, U32 whence, U32 ret_at),
                     (guest, fd, offset, whence < 3 ? (whence + 1) % 3 : whence, ret_at),
                     fd_seek(guest, fd, whence))
CHIMERA_WASI_SYSTEM(data, fd_tell, (HOST, U32 fd, U32 ret_at), (guest, fd, ret_at),
                    fd_seek(guest, fd, 0))
CHIMERA_WASI_SYSTEM(descriptors, fd_close, (HOST, U32 fd), (guest, fd), fd_close(guest, fd))
CHIMERA_WASI_SYSTEM(descriptors, fd_renumber, (HOST, U32 from, U32 to), (guest, from, to),
                    fd_renumber(guest, from, to))
CHIMERA_WASI_SYSTEM(descriptors, fd_fdstat_get, (HOST, U32 fd, U32 ret_stat), (guest, fd, ret_stat),
                    fd_fdstat_get(guest, fd, ret_stat))
CHIMERA_WASI_SYSTEM(descriptors, fd_fdstat_set_flags, (HOST, U32 fd, U32 flags), (guest, fd, flags),
                    if_flags(flags, WASI_FDFLAGS_MAX, WASI_BADF))
CHIMERA_WASI_SYSTEM(descriptors, fd_fdstat_set_rights, (HOST, U32 fd, U64 base, U64 inheriting),
                    (guest, fd, base, inheriting), if_open(guest, fd, WASI_NOTSUP))
CHIMERA_WASI_SYSTEM(descriptors, fd_filestat_get, (HOST, U32 fd, U32 ret_stat),
                    (guest, fd, ret_stat, WASI_FILESTAT_BYTES),
                    fd_filestat_get(guest, fd, ret_stat, WASI_FILESTAT_BYTES))
CHIMERA_WASI0_SYSTEM(descriptors, fd_filestat_get, (HOST, U32 fd, U32 ret_stat),
                     (guest, fd, ret_stat, WASI_UNSTABLE_FILESTAT_BYTES),
                     fd_filestat_get(guest, fd, ret_stat, WASI_UNSTABLE_FILESTAT_BYTES))
CHIMERA_WASI_SYSTEM(data, fd_filestat_set_size, (HOST, U32 fd, U64 size), (guest, fd, size),
                    WASI_BADF)
CHIMERA_WASI_SYSTEM(descriptors, fd_filestat_set_times,
                    (HOST, U32 fd, U64 atim, U64 mtim, U32 flags), (guest, fd, atim, mtim, flags),
                    check_times(flags))
CHIMERA_WASI_SYSTEM(data, fd_advise, (HOST, U32 fd, U64 offset, U64 size, U32 advice),
                    (guest, fd, offset, size, advice), if_flags(advice, 5, WASI_BADF))
CHIMERA_WASI_SYSTEM(data, fd_allocate, (HOST, U32 fd, U64 offset, U64 size),
                    (guest, fd, offset, size), if_open(guest, fd, WASI_NOTSUP))
CHIMERA_WASI_SYSTEM(data, fd_sync, (HOST, U32 fd), (guest, fd), if_open(guest, fd, WASI_SUCCESS))
CHIMERA_WASI_SYSTEM(data, fd_datasync, (HOST, U32 fd), (guest, fd),
                    if_open(guest, fd, WASI_SUCCESS))

/* There are no folders: Go and wasi-libc stop looking for them at BADF, and at nothing else. */
CHIMERA_WASI_SYSTEM(descriptors, fd_prestat_get, (HOST, U32 fd, U32 ret_stat),
                    (guest, fd, ret_stat), WASI_BADF)
CHIMERA_WASI_SYSTEM(descriptors, fd_prestat_dir_name, (HOST, U32 fd, U32 at, U32 size),
                    (guest, fd, at, size), WASI_NOTDIR)
CHIMERA_WASI_SYSTEM(data, fd_readdir, (HOST, U32 fd, U32 at, U32 size, U64 cookie, U32 ret_size),
                    (guest, fd, at, size, cookie, ret_size), WASI_BADF)
CHIMERA_WASI_SYSTEM(paths, path_create_directory, (HOST, U32 fd, U32 path, U32 size),
                    (guest, AT(fd, path, size)), WASI_BADF)
CHIMERA_WASI_SYSTEM(paths, path_filestat_get,
                    (HOST, U32 fd, U32 flags, U32 path, U32 size, U32 ret_stat),
                    (guest, AT(fd, path, size), flags, ret_stat, WASI_FILESTAT_BYTES),
                    if_flags(flags, WASI_LOOKUPFLAGS_MAX, WASI_BADF))
CHIMERA_WASI0_SYSTEM(paths, path_filestat_get,
                     (HOST, U32 fd, U32 flags, U32 path, U32 size, U32 ret_stat),
                     (guest, AT(fd, path, size), flags, ret_stat, WASI_UNSTABLE_FILESTAT_BYTES),
                     if_flags(flags, WASI_LOOKUPFLAGS_MAX, WASI_BADF))
CHIMERA_WASI_SYSTEM(paths, path_filestat_set_times,
                    (HOST, U32 fd, U32 flags, U32 path, U32 size, U64 atim, U64 mtim, U32 times),
                    (guest, AT(fd, path, size), flags, atim, mtim, times),
                    if_flags(flags, WASI_LOOKUPFLAGS_MAX,
                             (enum chimera_wasi_errno)check_times(times)))
CHIMERA_WASI_SYSTEM(paths, path_link,
                    (HOST, U32 fd, U32 flags, U32 path, U32 size, U32 to, U32 to_path, U32 to_size),
                    (guest, AT(fd, path, size), flags, AT(to, to_path, to_size)),
                    if_flags(flags, WASI_LOOKUPFLAGS_MAX, WASI_BADF))
CHIMERA_WASI_SYSTEM(paths, path_open,
                    (HOST, U32 fd, U32 flags, U32 path, U32 size, U32 oflags, U64 base,
                     U64 inheriting, U32 fdflags, U32 ret_fd),
                    (guest, AT(fd, path, size),
                     &(const struct chimera_wasi_opening){flags, oflags, fdflags, base, inheriting},
                     ret_fd),
                    flags > WASI_LOOKUPFLAGS_MAX || oflags > WASI_OFLAGS_MAX ||
                            fdflags > WASI_FDFLAGS_MAX
                        ? WASI_INVAL
                        : WASI_BADF)
CHIMERA_WASI_SYSTEM(paths, path_readlink,
                    (HOST, U32 fd, U32 path, U32 size, U32 at, U32 space, U32 ret_size),
                    (guest, AT(fd, path, size), at, space, ret_size), WASI_BADF)
CHIMERA_WASI_SYSTEM(paths, path_remove_directory, (HOST, U32 fd, U32 path, U32 size),
                    (guest, AT(fd, path, size)), WASI_BADF)
CHIMERA_WASI_SYSTEM(paths, path_rename,
                    (HOST, U32 fd, U32 path, U32 size, U32 to, U32 to_path, U32 to_size),
                    (guest, AT(fd, path, size), AT(to, to_path, to_size)), WASI_BADF)
CHIMERA_WASI_SYSTEM(paths, path_symlink,
                    (HOST, U32 path, U32 size, U32 fd, U32 to_path, U32 to_size),
                    (guest, path, size, AT(fd, to_path, to_size)), WASI_BADF)
CHIMERA_WASI_SYSTEM(paths, path_unlink_file, (HOST, U32 fd, U32 path, U32 size),
                    (guest, AT(fd, path, size)), WASI_BADF)

/* Nor are there sockets. */
CHIMERA_WASI_SYSTEM_AS(chimera_wasi_sock_accept, descriptors, sock,
                       (HOST, U32 fd, U32 flags, U32 ret_fd), (guest, fd),
                       if_flags(flags, WASI_FDFLAGS_MAX, WASI_BADF))
CHIMERA_WASI_SYSTEM_AS(chimera_wasi_sock_recv, descriptors, sock,
                       (HOST, U32 fd, U32 at, U32 count, U32 flags, U32 ret_size, U32 ret_flags),
                       (guest, fd), if_flags(flags, 3, WASI_BADF))
CHIMERA_WASI_SYSTEM_AS(chimera_wasi_sock_send, descriptors, sock,
                       (HOST, U32 fd, U32 at, U32 count, U32 flags, U32 ret_size), (guest, fd),
                       if_flags(flags, 0, WASI_BADF))
CHIMERA_WASI_SYSTEM_AS(chimera_wasi_sock_shutdown, descriptors, sock, (HOST, U32 fd, U32 how),
                       (guest, fd), if_flags(how, 3, WASI_BADF))
