/* SPDX-License-Identifier: Apache-2.0 */
#include "server/supervisor/certificates.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "runtime/base/cleanup.h"
#include "runtime/log/log.h"
#include "server/base/role.h"
#include "server/supervisor/certificate_check.h"

#define TARGET "server::certificates"
#define ANSWER_MAX ((size_t)4096)
#define GOOD '\0' /* no text begins so */
#define SEALS (F_SEAL_SEAL | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE)

enum { CERTIFICATE, KEY, FIRST_AUTHORITY }; /* in the list of files */

/* --- Copies --- */

static int append_file(const struct certificate_file *file, bool is_start, int to, size_t *room,
                       struct chimera_error *err)
{
    struct stat status;
    /* A pipe would make the supervisor wait for ever. */
    if (!is_start && stat(file->path, &status) == 0 && !S_ISREG(status.st_mode))
        return chimera_fail(err, CHIMERA_EINVAL, "%s is no regular file", file->path);
    CHIMERA_CLOSE int from = open(file->path, O_RDONLY | O_CLOEXEC);
    if (from < 0)
        return chimera_fail(err, CHIMERA_EIO, "cannot open %s: %s", file->path, strerror(errno));
    /* What is read is the key, so nothing of it stays here. */
    char bytes[4096];
    ssize_t size;
    while ((size = read(from, bytes, sizeof(bytes))) != 0) {
        if (size < 0 && errno == EINTR)
            continue;
        if (size < 0 || (size_t)size > *room || write(to, bytes, (size_t)size) != size)
            break;
        *room -= (size_t)size;
    }
    explicit_bzero(bytes, sizeof(bytes));
    int number = size == 0 ? 0 : size < 0 ? errno : EFBIG;
    if (number)
        return chimera_fail(err, CHIMERA_EIO, "cannot read %s: %s", file->path, strerror(number));
    return CHIMERA_OK;
}

/* One file, or some with a NUL behind each. */
static int copy_files(const struct certificate_file *files, size_t count, bool is_list,
                      bool is_start, int *ret_fd, struct chimera_error *err)
{
    size_t room = TLS_TEXT_MAX - count;
    CHIMERA_CLOSE int fd = memfd_create("tls", MFD_CLOEXEC | MFD_ALLOW_SEALING);
    int code = CHIMERA_OK;
    if (fd < 0)
        return chimera_fail_errno(err, "memfd_create");
    for (size_t i = 0; i < count && code == CHIMERA_OK; i++) {
        code = append_file(&files[i], is_start, fd, &room, err);
        if (code == CHIMERA_OK && is_list && write(fd, "", 1) != 1)
            code = chimera_fail_errno(err, "write");
    }
    if (code == CHIMERA_OK && fcntl(fd, F_ADD_SEALS, SEALS) < 0)
        code = chimera_fail_errno(err, "cannot seal");
    if (code < 0)
        return code;
    *ret_fd = fd;
    fd = -1; /* now the caller's */
    return CHIMERA_OK;
}

static bool is_same_text(int a, int b)
{
    struct stat one, other;
    if (fstat(a, &one) < 0 || fstat(b, &other) < 0 || one.st_size != other.st_size)
        return false;
    size_t size = (size_t)one.st_size;
    if (size == 0)
        return true;
    void *at = mmap(NULL, size, PROT_READ, MAP_PRIVATE, a, 0);
    void *with = mmap(NULL, size, PROT_READ, MAP_PRIVATE, b, 0);
    bool is_same = at != MAP_FAILED && with != MAP_FAILED && memcmp(at, with, size) == 0;
    if (at != MAP_FAILED)
        munmap(at, size);
    if (with != MAP_FAILED)
        munmap(with, size);
    return is_same;
}

static void close_text(int *fd)
{
    if (*fd >= 0)
        close(*fd);
    *fd = -1;
}

static void close_texts(struct tls_texts *texts)
{
    close_text(&texts->certificate_fd);
    close_text(&texts->key_fd);
    close_text(&texts->authorities_fd);
}

/* --- The check --- */

/* In the child: never returns. */
static _Noreturn void check(const struct certificates *certificates, struct tls_texts texts, int fd)
{
    struct tls_files files = {0};
    struct chimera_error err = {0};
    SSL_CTX *context = NULL;
    int code = tls_files_read(&texts, certificates->options, &files, &err);
    if (code == CHIMERA_OK)
        code = certificate_check(&files, certificates->options, &err);
    if (code == CHIMERA_OK)
        code = tls_context_new(&files, &context, &err);
    if (code == CHIMERA_OK && certificates->checked == ORDER_AUTHORITIES)
        tls_files_announce(&files);
    size_t size = code < 0 ? strlen(err.text) : 1;
    _exit(write(fd, code < 0 ? err.text : &(char){GOOD}, size) == (ssize_t)size ? 0 : 1);
}

static int begin_check(struct certificates *certificates, struct chimera_error *err)
{
    struct tls_texts texts = certificates->served;
    int ends[2];
    if (certificates->is_starting) {
        certificates->checked = ORDER_NONE;
    } else if (certificates->checked == ORDER_AUTHORITIES) {
        texts.authorities_fd = certificates->tried.authorities_fd;
    } else {
        texts.certificate_fd = certificates->tried.certificate_fd;
        texts.key_fd = certificates->tried.key_fd;
    }
    if (pipe2(ends, O_CLOEXEC) < 0)
        return chimera_fail_errno(err, "pipe");
    const int kept[] = {texts.certificate_fd, texts.key_fd, texts.authorities_fd, ends[1]};
    const struct role_start start = {
        .role = ROLE_CERTIFICATE_CHECK, .kept = kept, .kept_count = sizeof(kept) / sizeof(kept[0])};
    pid_t pid = role_fork(&start, err);
    if (pid == 0)
        check(certificates, texts, ends[1]);
    close(ends[1]);
    if (pid < 0) {
        close(ends[0]);
        return pid;
    }
    certificates->check_fd = ends[0];
    chimera_buffer_init(&certificates->answer, ANSWER_MAX);
    return CHIMERA_OK;
}

/* --- Start and end --- */

static int list_files(struct certificates *certificates, const struct options *options,
                      struct chimera_error *err)
{
    size_t count = FIRST_AUTHORITY;
    certificates->list = strdup(options->client_ca_files ? options->client_ca_files : "");
    if (certificates->list) {
        for (const char *at = certificates->list; *at; at++)
            count += *at == ',';
        certificates->file = calloc(count + 1, sizeof(*certificates->file));
    }
    if (!certificates->file)
        return chimera_fail_memory(err);
    certificates->file[CERTIFICATE] = (struct certificate_file){
        .path = options->cert_file, .text = "TLS certificate file has been modified"};
    certificates->file[KEY] = (struct certificate_file){.path = options->key_file,
                                                        .text = "TLS key file has been modified"};
    certificates->file_count = FIRST_AUTHORITY;
    char *rest = certificates->list;
    for (char *path = strsep(&rest, ","); path; path = strsep(&rest, ","))
        if (*path)
            certificates->file[certificates->file_count++] = (struct certificate_file){
                .path = path, .text = "TLS client CA file has been modified"};
    return CHIMERA_OK;
}

static int copy_part(struct certificates *certificates, enum order_verb part, bool is_start,
                     struct tls_texts *texts, struct chimera_error *err)
{
    const struct certificate_file *file = certificates->file;
    if (part == ORDER_AUTHORITIES)
        return copy_files(file + FIRST_AUTHORITY, certificates->file_count - FIRST_AUTHORITY, true,
                          is_start, &texts->authorities_fd, err);
    int code = copy_files(file + CERTIFICATE, 1, false, is_start, &texts->certificate_fd, err);
    if (code == CHIMERA_OK)
        code = copy_files(file + KEY, 1, false, is_start, &texts->key_fd, err);
    return code;
}

int certificates_open(struct certificates *certificates, const struct config *config,
                      struct chimera_error *err)
{
    const struct options *options = &config->options;
    if (!options->cert_file)
        return CHIMERA_OK;
    certificates->options = options;
    int code = list_files(certificates, options, err);
    for (size_t i = 0; i < certificates->file_count; i++) {
        struct certificate_file *file = &certificates->file[i];
        file->served = file->seen = stamp_of(file->path);
    }
    if (code == CHIMERA_OK)
        code = copy_part(certificates, ORDER_CERTIFICATE, true, &certificates->served, err);
    if (code == CHIMERA_OK && options->client_ca_files)
        code = copy_part(certificates, ORDER_AUTHORITIES, true, &certificates->served, err);
    certificates->is_starting = code == CHIMERA_OK;
    return code < 0 ? code : begin_check(certificates, err);
}

void certificates_close(struct certificates *certificates)
{
    close_texts(&certificates->served);
    close_texts(&certificates->tried);
    close_text(&certificates->check_fd); /* the child ends with us */
    chimera_buffer_free(&certificates->answer);
    free(certificates->list);
    free(certificates->file);
    *certificates = CERTIFICATES_NONE;
}

/* --- Changes --- */

static void files_of(struct certificates *certificates, enum order_verb part,
                     struct certificate_file **ret_files, size_t *ret_count)
{
    bool is_pair = part == ORDER_CERTIFICATE;
    *ret_files = certificates->file + (is_pair ? CERTIFICATE : FIRST_AUTHORITY);
    *ret_count = is_pair ? FIRST_AUTHORITY : certificates->file_count - FIRST_AUTHORITY;
}

/* Both files of a pair must have changed, or one of the authorities. What was refused is not tried
 * again as long as it stays the same. */
static bool is_due(struct certificates *certificates, enum order_verb part)
{
    struct certificate_file *file;
    size_t count, changed = 0, news = 0;
    files_of(certificates, part, &file, &count);
    for (size_t i = 0; i < count; i++) {
        changed += !stamp_equal(file[i].seen, file[i].served);
        news += !stamp_equal(file[i].seen, file[i].refused);
    }
    return news > 0 && changed >= (part == ORDER_CERTIFICATE ? count : 1);
}

static void settle(struct certificates *certificates, enum order_verb part, bool is_served)
{
    struct certificate_file *file;
    size_t count;
    files_of(certificates, part, &file, &count);
    for (size_t i = 0; i < count; i++) {
        file[i].refused = is_served ? (struct stamp){0} : file[i].seen;
        if (is_served)
            file[i].served = file[i].seen;
    }
}

static bool says_the_same(const struct certificates *certificates, enum order_verb part)
{
    const struct tls_texts *served = &certificates->served, *tried = &certificates->tried;
    if (part == ORDER_AUTHORITIES)
        return is_same_text(served->authorities_fd, tried->authorities_fd);
    return is_same_text(served->certificate_fd, tried->certificate_fd) &&
           is_same_text(served->key_fd, tried->key_fd);
}

static void refuse_part(struct certificates *certificates, enum order_verb part, const char *why)
{
    CHIMERA_FREE char *text = NULL;
    if (asprintf(&text, "Failed to reload TLS certificates: %s", why) < 0)
        text = NULL;
    chimera_log(CHIMERA_LOG_ERROR, TARGET, chimera_slice_of(text ? text : "out of memory"));
    settle(certificates, part, false);
    close_texts(&certificates->tried);
}

/* True when a check of it has begun. */
static bool try_part(struct certificates *certificates, enum order_verb part)
{
    struct chimera_error err = {0};
    int code = copy_part(certificates, part, false, &certificates->tried, &err);
    if (code == CHIMERA_OK && says_the_same(certificates, part)) {
        settle(certificates, part, true);
        close_texts(&certificates->tried);
        return false;
    }
    chimera_log(CHIMERA_LOG_INFO, TARGET,
                part == ORDER_AUTHORITIES ? CHIMERA_SLICE("Reloading client CA certificates")
                                          : CHIMERA_SLICE("Reloading Server TLS certificates"));
    certificates->checked = part;
    if (code == CHIMERA_OK)
        code = begin_check(certificates, &err);
    if (code == CHIMERA_OK)
        return true;
    refuse_part(certificates, part, err.text);
    return false;
}

/* Until one is being checked, or there is none left. */
static void try_wanted(struct certificates *certificates)
{
    bool is_begun = false;
    if (certificates->wants_pair) {
        certificates->wants_pair = false;
        is_begun = try_part(certificates, ORDER_CERTIFICATE);
    }
    if (certificates->wants_authorities && !is_begun) {
        certificates->wants_authorities = false;
        try_part(certificates, ORDER_AUTHORITIES);
    }
}

void certificates_look(struct certificates *certificates, bool is_forced)
{
    if (certificates->file_count == 0)
        return;
    if (certificates->check_fd >= 0) {
        certificates->is_look_due = true;
        certificates->is_look_forced = certificates->is_look_forced || is_forced;
        return;
    }
    certificates->is_look_due = certificates->is_look_forced = false;
    for (size_t i = 0; i < certificates->file_count; i++) {
        struct certificate_file *file = &certificates->file[i];
        struct stamp now = stamp_of(file->path);
        if (stamp_equal(now, file->seen))
            continue;
        file->seen = now;
        chimera_log_with(CHIMERA_LOG_INFO, TARGET, chimera_slice_of(file->text),
                         CHIMERA_TEXT("path", chimera_slice_of(file->path)));
    }
    certificates->wants_pair = is_forced || is_due(certificates, ORDER_CERTIFICATE);
    certificates->wants_authorities = certificates->served.authorities_fd >= 0 &&
                                      (is_forced || is_due(certificates, ORDER_AUTHORITIES));
    try_wanted(certificates);
}

/* --- The answer --- */

static void take_text(int *served, int *tried)
{
    close_text(served);
    *served = *tried;
    *tried = -1;
}

static void take_tried(struct certificates *certificates, struct order *ret_order)
{
    struct tls_texts *served = &certificates->served, *tried = &certificates->tried;
    settle(certificates, certificates->checked, true);
    *ret_order = (struct order){.verb = certificates->checked};
    if (certificates->checked == ORDER_AUTHORITIES) {
        take_text(&served->authorities_fd, &tried->authorities_fd);
        ret_order->fds[ret_order->fd_count++] = served->authorities_fd;
    } else {
        take_text(&served->certificate_fd, &tried->certificate_fd);
        take_text(&served->key_fd, &tried->key_fd);
        ret_order->fds[ret_order->fd_count++] = served->certificate_fd;
        ret_order->fds[ret_order->fd_count++] = served->key_fd;
    }
    chimera_log(CHIMERA_LOG_INFO, TARGET,
                CHIMERA_SLICE("new connections meet the new TLS certificates"));
}

/* False: more is to come. */
static bool has_answered(struct certificates *certificates)
{
    char bytes[512];
    ssize_t size = read(certificates->check_fd, bytes, sizeof(bytes));
    if (size < 0)
        return errno != EINTR;
    chimera_buffer_append(&certificates->answer, (struct chimera_slice){bytes, (size_t)size});
    return size == 0;
}

int certificates_read(struct certificates *certificates, struct order *ret_order,
                      struct chimera_error *err)
{
    struct chimera_buffer *answer = &certificates->answer;
    int code = CHIMERA_OK;
    if (!has_answered(certificates))
        return CHIMERA_OK;
    close_text(&certificates->check_fd);
    bool is_good = answer->size == 1 && answer->data[0] == GOOD;
    chimera_buffer_byte(answer, '\0');
    const char *why = answer->size > 2 && !answer->failed ? answer->data : "the check did not end";
    if (certificates->is_starting) {
        /* What is not good at the start is the start's failure. */
        certificates->is_starting = false;
        code = is_good ? CHIMERA_OK : chimera_fail(err, CHIMERA_EINVAL, "%s", why);
    } else if (is_good) {
        take_tried(certificates, ret_order);
    } else
        refuse_part(certificates, certificates->checked, why);
    chimera_buffer_free(answer);
    if (code < 0)
        return code;
    try_wanted(certificates);
    if (certificates->is_look_due)
        certificates_look(certificates, certificates->is_look_forced);
    return CHIMERA_OK;
}
