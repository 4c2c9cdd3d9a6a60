/* SPDX-License-Identifier: Apache-2.0 */
#include <archive.h>
#include <archive_entry.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>

#include "compiler/fetch/artifact/found.h"
#include "compiler/fetch/store/store.h"
#include "runtime/base/cleanup.h"
#include "runtime/source/file_kind.h"
#include "runtime/source/module_place.h"
#include "toolchain/command/registry/archive.h"

#define READ_STEP 65536
#define REST_MAX ((uint64_t)1 << 20) /* behind the end of the archive: tars fill blocks up */
#define FILES_MAX ((size_t)2 * ARCHIVE_POLICIES_MAX) /* each with its signatures */
#define SIGNATURES_MAX ((size_t)64 << 20)
#define ENTRIES_MAX 100000 /* folders and what is passed over included */

struct load {
    struct archive *archive; /* owned */
    gzFile gzip;             /* owned; reads what is not compressed as it is */
    char *block;             /* owned */
    const char *path, *store;
    struct chimera_store_file *files; /* owned: whole, and not renamed yet */
    size_t count, room, policies;     /* how many of them are policies */
    uint64_t bytes;
    size_t ignored;
};

static int fail_archive(const struct load *load, struct chimera_error *err)
{
    const char *why = archive_error_string(load->archive);
    return chimera_fail(err, CHIMERA_EINVAL, "cannot unpack file %s: %s", load->path,
                        why ? why : "it is broken");
}

static int refuse(const struct load *load, const char *entry, const char *why,
                  struct chimera_error *err)
{
    return chimera_fail(err, CHIMERA_EREFUSED, "cannot unpack file %s: %s: %s", load->path, entry,
                        why);
}

/* --- Its bytes, unpacked --- */

/* zlib's, as libarchive would not look at the checksum. */
static la_ssize_t read_block(struct archive *archive, void *context, const void **ret_block)
{
    struct load *load = context;
    int got = gzread(load->gzip, load->block, READ_STEP), number = 0;
    *ret_block = load->block;
    const char *why = got <= 0 ? gzerror(load->gzip, &number) : NULL;
    if (got > 0 || (got == 0 && number != Z_BUF_ERROR)) /* which is an end before its time */
        return got;
    archive_set_error(archive, number == Z_ERRNO ? errno : EINVAL, "%s",
                      number == Z_ERRNO ? strerror(errno) : why);
    return -1;
}

/* What follows the tar's end, so that the checksum is looked at. */
static int read_rest(struct load *load, struct chimera_error *err)
{
    const void *block;
    la_ssize_t got;
    for (uint64_t size = 0; (got = read_block(load->archive, load, &block)) > 0;) {
        size += (uint64_t)got;
        if (size > REST_MAX)
            return chimera_fail(err, CHIMERA_ELIMIT,
                                "cannot unpack file %s: it goes on behind its end", load->path);
    }
    return got < 0 ? fail_archive(load, err) : CHIMERA_OK;
}

/* --- What an entry may be --- */

/* Each part of it; "./" at its start is tar's own. */
static bool is_inside(const char *name)
{
    while (*name) {
        size_t size = strcspn(name, "/");
        if (size == 2 && memcmp(name, "..", 2) == 0)
            return false;
        name += size + (name[size] == '/');
    }
    return true;
}

static const char *without_dot(const char *name)
{
    while (name[0] == '.' && name[1] == '/')
        name += 2 + strspn(name + 2, "/");
    return name;
}

static bool has_scheme(const char *name)
{
    static const char *const schemes[] = {"http/", "https/", "registry/"};
    for (size_t i = 0; i < sizeof(schemes) / sizeof(schemes[0]); i++)
        if (strncmp(name, schemes[i], strlen(schemes[i])) == 0)
            return true;
    return false;
}

/* "SCHEME/REST": the place that a policy of that name has must be this one. */
static int locate(const struct load *load, const char *name, char **ret_path,
                  struct chimera_error *err)
{
    struct chimera_module_place place = {0};
    size_t scheme = strcspn(name, "/");
    CHIMERA_FREE char *uri = NULL;
    if (asprintf(&uri, "%.*s:/%s", (int)scheme, name, name + scheme) < 0)
        return chimera_fail_memory(err);
    int code = chimera_module_locate(uri, load->store, &place, NULL);
    bool is_its_own = code == CHIMERA_OK && strcmp(place.path + strlen(load->store) + 1, name) == 0;
    if (is_its_own) {
        *ret_path = place.path;
        place.path = NULL; /* handed over */
    }
    chimera_module_place_done(&place);
    return is_its_own ? CHIMERA_OK
                      : refuse(load, name, "no policy of the store has this name", err);
}

static bool ends_with(const char *text, const char *end)
{
    size_t size = strlen(text), end_size = strlen(end);
    return size > end_size && strcmp(text + size - end_size, end) == 0;
}

/* Signatures lie where their policy would, below a folder of their own. */
static int locate_signatures(const struct load *load, const char *name, char **ret_path,
                             struct chimera_error *err)
{
    const char *inside = name + strlen(CHIMERA_STORE_SIGNATURES);
    CHIMERA_FREE char *policy = strndup(inside, strlen(inside) - strlen(".json"));
    CHIMERA_FREE char *path = NULL;
    if (!policy)
        return chimera_fail_memory(err);
    int code = locate(load, policy, &path, err);
    if (code < 0)
        return code;
    *ret_path = chimera_store_signatures_path(load->store, path);
    return *ret_path ? CHIMERA_OK : chimera_fail_memory(err);
}

static bool is_signatures(const char *name)
{
    static const char prefix[] = CHIMERA_STORE_SIGNATURES "registry/";
    return strncmp(name, prefix, strlen(prefix)) == 0 && ends_with(name, ".json");
}

/* *ret_path is NULL for what is passed over. */
static int check_entry(struct load *load, struct archive_entry *entry, char **ret_path,
                       bool *ret_is_policy, struct chimera_error *err)
{
    const char *name = archive_entry_pathname(entry);
    *ret_path = NULL;
    *ret_is_policy = false;
    if (!name)
        return refuse(load, "an entry", "its name cannot be read", err);
    name = without_dot(name);
    if (name[0] == '/' || !is_inside(name))
        return refuse(load, name, "it leads out of the store", err);
    if (archive_entry_hardlink(entry) || archive_entry_filetype(entry) == AE_IFLNK)
        return refuse(load, name, "it is a link", err);
    if (archive_entry_filetype(entry) == AE_IFDIR)
        return CHIMERA_OK; /* its files make it */
    if (archive_entry_filetype(entry) != AE_IFREG)
        return refuse(load, name, "it is no file", err);
    *ret_is_policy = has_scheme(name);
    if (*ret_is_policy)
        return locate(load, name, ret_path, err);
    if (is_signatures(name))
        return locate_signatures(load, name, ret_path, err);
    load->ignored++;
    return CHIMERA_OK;
}

/* --- A policy --- */

static int write_all(const struct load *load, int fd, const char *bytes, size_t size,
                     struct chimera_error *err)
{
    while (size > 0) {
        ssize_t put = write(fd, bytes, size);
        if (put < 0 && errno == EINTR)
            continue;
        if (put < 0)
            return chimera_fail(err, CHIMERA_EIO, "cannot write to the store %s: %s", load->store,
                                strerror(errno));
        bytes += put;
        size -= (size_t)put;
    }
    return CHIMERA_OK;
}

static int check_start(const struct load *load, const char *path, struct chimera_slice bytes,
                       struct chimera_error *err)
{
    struct chimera_error why = {0};
    if (bytes.size > CHIMERA_FILE_HEAD)
        bytes.size = CHIMERA_FILE_HEAD;
    int code = chimera_file_check_wasm(path + strlen(load->store) + 1, bytes, &why);
    return code < 0 ? chimera_fail(err, code, "cannot unpack file %s: invalid wasm file: %s",
                                   load->path, why.text)
                    : CHIMERA_OK;
}

static int copy(struct load *load, const struct chimera_store_file *file, struct chimera_error *err)
{
    CHIMERA_FREE char *step = malloc(READ_STEP);
    uint64_t size = 0;
    if (!step)
        return chimera_fail_memory(err);
    for (;;) {
        la_ssize_t got = archive_read_data(load->archive, step, READ_STEP);
        if (got < 0)
            return fail_archive(load, err);
        struct chimera_slice bytes = {step, (size_t)got};
        int code = size == 0 ? check_start(load, file->path, bytes, err) : CHIMERA_OK;
        if (code < 0 || got == 0)
            return code;
        size += (uint64_t)got;
        load->bytes += (uint64_t)got;
        if (size > ARCHIVE_POLICY_BYTES_MAX || load->bytes > ARCHIVE_BYTES_MAX)
            return chimera_fail(err, CHIMERA_ELIMIT,
                                "cannot unpack file %s: a policy is larger than %llu bytes, or all "
                                "are larger than %llu",
                                load->path, (unsigned long long)ARCHIVE_POLICY_BYTES_MAX,
                                (unsigned long long)ARCHIVE_BYTES_MAX);
        code = write_all(load, file->fd, step, (size_t)got, err);
        if (code < 0)
            return code;
    }
}

/* --- Signatures --- */

static int read_signatures(struct load *load, struct chimera_buffer *text,
                           struct chimera_error *err)
{
    for (;;) {
        char *step = chimera_buffer_reserve(text, READ_STEP);
        if (!step || load->bytes > ARCHIVE_BYTES_MAX)
            return chimera_fail(err, CHIMERA_ELIMIT,
                                "cannot unpack file %s: signatures are larger than %zu bytes",
                                load->path, SIGNATURES_MAX);
        la_ssize_t got = archive_read_data(load->archive, step, READ_STEP);
        if (got < 0)
            return fail_archive(load, err);
        if (got == 0)
            return CHIMERA_OK;
        text->size += (size_t)got;
        load->bytes += (uint64_t)got;
    }
}

/* Whatever they say is judged when it is asked for; but they must be signatures. */
static int copy_signatures(struct load *load, const struct chimera_store_file *file,
                           struct chimera_error *err)
{
    struct chimera_buffer text;
    struct chimera_found found = {0};
    struct chimera_error why = {0};
    chimera_buffer_init(&text, SIGNATURES_MAX);
    int code = read_signatures(load, &text, err);
    if (code == CHIMERA_OK) {
        const char *name = file->path + strlen(load->store) + 1;
        code = chimera_found_parse(chimera_buffer_slice(&text), name, &found, &why);
        if (code < 0)
            chimera_fail(err, code, "cannot unpack file %s: %s", load->path, why.text);
        chimera_found_done(&found);
    }
    if (code == CHIMERA_OK)
        code = write_all(load, file->fd, text.data, text.size, err);
    chimera_buffer_free(&text);
    return code;
}

static int make_room(struct load *load, bool is_policy, struct chimera_error *err)
{
    load->policies += is_policy;
    if (load->policies > ARCHIVE_POLICIES_MAX || load->count >= FILES_MAX)
        return chimera_fail(err, CHIMERA_ELIMIT, "cannot unpack file %s: more than %d policies",
                            load->path, ARCHIVE_POLICIES_MAX);
    if (load->count < load->room)
        return CHIMERA_OK;
    size_t room = load->room ? 2 * load->room : 64;
    struct chimera_store_file *grown = reallocarray(load->files, room, sizeof(*grown));
    if (!grown)
        return chimera_fail_memory(err);
    load->files = grown;
    load->room = room;
    return CHIMERA_OK;
}

static int unpack(struct load *load, const char *path, bool is_policy, struct chimera_error *err)
{
    int code = make_room(load, is_policy, err);
    if (code == CHIMERA_OK)
        code = chimera_store_create(load->store, path, &load->files[load->count], err);
    if (code < 0)
        return code;
    const struct chimera_store_file *file = &load->files[load->count++];
    return is_policy ? copy(load, file, err) : copy_signatures(load, file, err);
}

static int unpack_all(struct load *load, struct chimera_error *err)
{
    for (size_t entries = 0;; entries++) {
        struct archive_entry *entry;
        int got = archive_read_next_header(load->archive, &entry);
        if (got == ARCHIVE_EOF)
            return read_rest(load, err);
        if (got != ARCHIVE_OK && got != ARCHIVE_WARN)
            return fail_archive(load, err);
        if (entries >= ENTRIES_MAX)
            return chimera_fail(err, CHIMERA_ELIMIT, "cannot unpack file %s: more than %d entries",
                                load->path, ENTRIES_MAX);
        CHIMERA_FREE char *path = NULL;
        bool is_policy = false;
        int code = check_entry(load, entry, &path, &is_policy, err);
        if (code == CHIMERA_OK && path)
            code = unpack(load, path, is_policy, err);
        if (code < 0)
            return code;
    }
}

/* --- All of them, or none --- */

/* A file each is open until all are there. */
static void raise_limit(void)
{
    struct rlimit limit;
    if (getrlimit(RLIMIT_NOFILE, &limit) < 0)
        return;
    limit.rlim_cur = limit.rlim_max;
    setrlimit(RLIMIT_NOFILE, &limit); /* what cannot be had shows where it is missing */
}

/* Takes over the descriptor. */
static int open_archive(struct load *load, int fd, struct chimera_error *err)
{
    load->block = malloc(READ_STEP);
    load->archive = archive_read_new();
    load->gzip = gzdopen(fd, "rb");
    if (!load->gzip)
        close(fd);
    if (!load->block || !load->archive || !load->gzip)
        return chimera_fail_memory(err);
    bool is_ready = archive_read_support_format_tar(load->archive) == ARCHIVE_OK &&
                    archive_read_open(load->archive, load, NULL, read_block, NULL) == ARCHIVE_OK;
    return is_ready ? CHIMERA_OK : fail_archive(load, err);
}

static void close_archive(struct load *load)
{
    archive_read_free(load->archive);
    if (load->gzip)
        gzclose(load->gzip);
    free(load->block);
    free(load->files);
}

int archive_load(const char *path, const char *store, size_t *ret_ignored,
                 struct chimera_error *err)
{
    struct load load = {.path = path, .store = store};
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0) {
        int number = errno;
        struct chimera_error why = {0};
        chimera_fail_os(&why, number);
        return chimera_fail(err, CHIMERA_EIO, "cannot open file %s: %s", path, why.text);
    }
    raise_limit();
    int code = open_archive(&load, fd, err);
    if (code == CHIMERA_OK)
        code = unpack_all(&load, err);
    for (size_t i = 0; i < load.count; i++)
        if (code == CHIMERA_OK)
            code = chimera_store_commit(&load.files[i], err);
        else
            chimera_store_drop(&load.files[i]);
    close_archive(&load);
    if (code == CHIMERA_OK)
        *ret_ignored = load.ignored;
    return code;
}
