/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/broker/client.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#include "runtime/base/clock.h"
#include "runtime/json/tree.h"

#define NO_ANSWER "Error obtaining response over callback channel"
#define TOO_LATE "Callback evaluation failure: there was no answer in time"
#define NO_LINE "Error sending request over callback channel: Full(..)"

#define VERSIONS_BYTES (CHIMERA_VERSION_COUNT * sizeof(uint64_t))
#define SEALS (F_SEAL_SHRINK | F_SEAL_WRITE)

/* --- Lines --- */

/* A line in use is replaced when it is let go. */
static void replace_line(struct chimera_broker_line *line, int fd)
{
    int *place = line->is_taken ? &line->next : &line->fd;
    if (*place >= 0)
        close(*place);
    *place = fd;
}

/* Those that were dealt out last, in place of the ones before; the mutex is held. */
static void take_supply(struct chimera_broker_client *client)
{
    int fds[CHIMERA_BROKER_LINES + 1];
    size_t count;
    while ((count = chimera_broker_receive_lines(client->supply, fds, CHIMERA_BROKER_LINES + 1)) >
           1) {
        int versions = fds[--count];
        void *mapped = mmap(NULL, VERSIONS_BYTES, PROT_READ, MAP_SHARED, versions, 0);
        close(versions);
        for (size_t i = 0; i < count; i++)
            replace_line(&client->line[i], fds[i]);
        /* The old one stays mapped: another thread may be looking at it. There is one a start of
         * the broker, which is rare, and it is small. */
        client->versions = mapped == MAP_FAILED ? NULL : mapped;
        chimera_answers_empty(&client->cache);
    }
}

static struct chimera_broker_line *find_line(struct chimera_broker_client *client)
{
    for (size_t i = 0; i < CHIMERA_BROKER_LINES; i++)
        if (client->line[i].fd >= 0 && !client->line[i].is_taken)
            return &client->line[i];
    return NULL;
}

static bool has_any(const struct chimera_broker_client *client)
{
    for (size_t i = 0; i < CHIMERA_BROKER_LINES; i++)
        if (client->line[i].fd >= 0)
            return true;
    return false;
}

/* NULL: there is no broker, or all lines were in use until the time was up. */
static struct chimera_broker_line *take_line(struct chimera_broker_client *client,
                                             uint64_t deadline_ns, const char **ret_why)
{
    struct chimera_broker_line *line = NULL;
    bool is_in_time = true;
    pthread_mutex_lock(&client->mutex);
    take_supply(client);
    *ret_why = NO_LINE;
    while (!(line = find_line(client)) && has_any(client) && is_in_time)
        is_in_time = chimera_clock_await(&client->freed, &client->mutex, deadline_ns);
    if (line) {
        line->is_taken = true;
        line->question = ++client->next_question;
    } else if (!has_any(client)) {
        *ret_why = NO_ANSWER;
    }
    pthread_mutex_unlock(&client->mutex);
    return line;
}

/* A line that is broken is closed. */
static void free_line(struct chimera_broker_client *client, struct chimera_broker_line *line,
                      bool is_broken)
{
    pthread_mutex_lock(&client->mutex);
    if (is_broken) {
        close(line->fd);
        line->fd = -1;
    }
    line->is_taken = false;
    if (line->next >= 0) {
        replace_line(line, line->next);
        line->next = -1;
    }
    pthread_cond_signal(&client->freed);
    pthread_mutex_unlock(&client->mutex);
}

/* --- Answers --- */

struct mapped {
    struct chimera_shared_bytes shared;
    size_t size;
};

static void unmap(struct chimera_shared_bytes *shared)
{
    struct mapped *mapped = (struct mapped *)(void *)shared; /* its first member */
    if (mapped->size > 0)
        munmap((void *)(uintptr_t)shared->bytes.data, mapped->size);
    free(mapped);
}

/* Of a memory file that nobody can change or cut any more. */
static struct chimera_shared_bytes *map(int memory, uint64_t size)
{
    int seals = fcntl(memory, F_GET_SEALS);
    off_t real = lseek(memory, 0, SEEK_END);
    struct mapped *mapped = NULL;
    void *at = MAP_FAILED;
    if (seals >= 0 && (seals & SEALS) == SEALS && real >= 0 && (uint64_t)real >= size &&
        (mapped = malloc(sizeof(*mapped))) && size > 0)
        at = mmap(NULL, size, PROT_READ, MAP_SHARED, memory, 0);
    close(memory);
    if (!mapped || (size > 0 && at == MAP_FAILED)) {
        free(mapped);
        return NULL;
    }
    mapped->size = size;
    mapped->shared.bytes = (struct chimera_slice){size > 0 ? at : "", size};
    mapped->shared.free = unmap;
    atomic_init(&mapped->shared.users, 1);
    return &mapped->shared;
}

static struct chimera_shared_bytes *read_text(int fd, uint64_t size)
{
    struct chimera_shared_bytes *shared = NULL;
    char *text = size <= CHIMERA_BROKER_TEXT_MAX ? malloc(size + 1) : NULL;
    if (text && chimera_broker_read(fd, text, size, chimera_broker_stall()))
        shared = chimera_shared_bytes_copy((struct chimera_slice){text, size});
    free(text);
    return shared;
}

enum progress { COME, NOT_YET, BROKEN };

/* Passes over answers to questions whose time was up before. */
static enum progress read_answer(struct chimera_broker_line *line, uint64_t deadline_ns,
                                 struct chimera_broker_reply *reply,
                                 struct chimera_shared_bytes **ret_bytes)
{
    int memory;
    for (;;) {
        if (!chimera_broker_read_reply(line->fd, reply, &memory, deadline_ns))
            return chimera_clock_ns() >= deadline_ns ? NOT_YET : BROKEN;
        if ((memory >= 0) != (reply->has_memory != 0)) {
            if (memory >= 0)
                close(memory);
            return BROKEN;
        }
        *ret_bytes = memory >= 0 ? map(memory, reply->size) : read_text(line->fd, reply->size);
        if (!*ret_bytes)
            return BROKEN;
        if (reply->id == line->question)
            return COME;
        chimera_shared_bytes_drop(*ret_bytes);
    }
}

/* Asks the broker. False: why there is no answer. */
static bool ask_broker(struct chimera_broker_client *client, enum chimera_host_request_kind kind,
                       struct chimera_slice fields, uint64_t deadline_ns,
                       struct chimera_answered *ret_cached, const char **ret_why)
{
    struct chimera_broker_reply reply = {0};
    struct chimera_broker_line *line = take_line(client, deadline_ns, ret_why);
    if (!line)
        return false;
    const struct chimera_broker_question question = {.id = line->question,
                                                     .deadline_ns = deadline_ns,
                                                     .kind = kind,
                                                     .size = (uint32_t)fields.size};
    struct chimera_shared_bytes *bytes = NULL;
    const _Atomic uint64_t *versions = client->versions;
    enum progress progress = BROKEN;
    if (chimera_broker_write(line->fd, &question, sizeof(question), deadline_ns) &&
        chimera_broker_write(line->fd, fields.data, fields.size, deadline_ns))
        progress = read_answer(line, deadline_ns, &reply, &bytes);
    free_line(client, line, progress == BROKEN);
    *ret_why = progress == NOT_YET ? TOO_LATE : NO_ANSWER;
    if (progress != COME)
        return false;
    bool is_of_now = versions == client->versions; /* else another broker counts anew */
    *ret_cached = (struct chimera_answered){
        .bytes = bytes,
        .is_error = reply.is_error,
        .version_place =
            is_of_now && reply.version_place < CHIMERA_VERSION_COUNT ? reply.version_place : 0,
        .version = reply.version,
        .until_ns = reply.keep_ms ? chimera_clock_ns() + (uint64_t)reply.keep_ms * 1000000 : 0};
    return true;
}

static bool is_cached(const struct chimera_host_request *request)
{
    return request->kind != CHIMERA_ASK_ADDRESSES && request->kind != CHIMERA_ASK_HTTP &&
           !json_object_get_boolean(chimera_json_member(request->fields, "disable_cache"));
}

/* From the cache or the broker. */
static bool find_answer(struct chimera_broker_client *client,
                        const struct chimera_host_request *request, struct chimera_slice key,
                        uint64_t deadline_ns, struct chimera_answered *ret_cached,
                        const char **ret_why)
{
    struct chimera_slice fields = {key.data + 1, key.size - 1};
    if (!is_cached(request))
        return ask_broker(client, request->kind, fields, deadline_ns, ret_cached, ret_why);
    *ret_why = TOO_LATE;
    switch (chimera_answers_take(&client->cache, key, client->versions, deadline_ns, ret_cached)) {
    case CHIMERA_ANSWERS_HIT:
        return true;
    case CHIMERA_ANSWERS_LATE:
        return false;
    case CHIMERA_ANSWERS_MISS:
        break;
    }
    bool has_come = ask_broker(client, request->kind, fields, deadline_ns, ret_cached, ret_why);
    if (has_come)
        chimera_shared_bytes_use(ret_cached->bytes);
    else
        *ret_cached = (struct chimera_answered){0};
    chimera_answers_put(&client->cache, key, ret_cached);
    return has_come;
}

/* The error becomes the text, behind what the reference writes before it. */
static bool give_error(const struct chimera_answered *cached, struct chimera_buffer *text)
{
    chimera_buffer_text(text, "Callback evaluation failure: ");
    chimera_buffer_append(text, cached->bytes->bytes);
    chimera_shared_bytes_drop(cached->bytes);
    return false;
}

static bool client_ask(struct chimera_capability_source *source,
                       const struct chimera_host_request *request,
                       struct chimera_host_answer *answer)
{
    struct chimera_broker_client *client = (struct chimera_broker_client *)(void *)source;
    struct chimera_account *account = answer->text->account;
    uint64_t deadline_ns = account ? account->deadline_ns : CHIMERA_ACCOUNT_FOREVER;
    struct chimera_answered cached = {0};
    struct chimera_buffer key;
    const char *why;
    /* The key is the question: one byte for its kind, and its fields. */
    chimera_buffer_init_within(&key, CHIMERA_BROKER_QUESTION_MAX, account);
    chimera_buffer_byte(&key, (uint8_t)request->kind);
    chimera_json_write_ordered(request->fields, 0, &key);
    chimera_buffer_reset(answer->text);
    bool has_come = !key.failed && find_answer(client, request, chimera_buffer_slice(&key),
                                               deadline_ns, &cached, &why);
    bool is_made = !key.failed;
    chimera_buffer_free(&key);
    if (account)
        chimera_account_look(account);
    if (!has_come) {
        chimera_buffer_text(answer->text, is_made ? why : NO_LINE);
        return false;
    }
    if (cached.is_error)
        return give_error(&cached, answer->text);
    answer->shared = cached.bytes;
    answer->version = cached.version_place ? cached.version : 0;
    return true;
}

int chimera_broker_client_open(struct chimera_broker_client *client, int supply,
                               struct chimera_answers_counters *counters, struct chimera_error *err)
{
    *client = (struct chimera_broker_client){.source.ask = client_ask, .supply = supply};
    for (size_t i = 0; i < CHIMERA_BROKER_LINES; i++)
        client->line[i].fd = client->line[i].next = -1;
    int code = chimera_answers_open(&client->cache, counters, err);
    if (code < 0)
        return code;
    bool is_made = pthread_mutex_init(&client->mutex, NULL) == 0 &&
                   pthread_cond_init(&client->freed, NULL) == 0;
    if (is_made)
        return CHIMERA_OK;
    chimera_answers_close(&client->cache);
    return chimera_fail(err, CHIMERA_ENOMEM, "no memory for a client of the broker");
}

void chimera_broker_client_close(struct chimera_broker_client *client)
{
    for (size_t i = 0; i < CHIMERA_BROKER_LINES; i++)
        replace_line(&client->line[i], -1);
    if (client->versions)
        munmap((void *)(uintptr_t)client->versions, VERSIONS_BYTES);
    close(client->supply);
    chimera_answers_close(&client->cache);
    pthread_cond_destroy(&client->freed);
    pthread_mutex_destroy(&client->mutex);
}
