/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/capability/session.h"

#include <pthread.h>
#include <stdlib.h>

#include "runtime/base/file.h"
#include "runtime/capability/recorded.h"
#include "runtime/json/tree.h"
#include "runtime/log/log.h"
#include "runtime/text/utf8.h"
#include "runtime/yaml/adapt.h"
#include "runtime/yaml/yaml.h"

#define TARGET "chimera::capability"
#define FILE_MAX ((size_t)512 << 20)
#define REQUEST_MAX ((size_t)4 << 20)

#define FAILURE "Callback evaluation failure: "
/* What an error says of its causes, which the reference does not record. */
#define CAUSES "\n\nCaused by:\n"

struct exchange {
    struct chimera_host_request request; /* owned; played back only */
    char *recorded;                      /* owned: the request's text; recorded only */
    struct chimera_shared_bytes *bytes;  /* one use: the payload, or the error's message */
    bool is_error;
};

struct chimera_host_session {
    struct chimera_capability_source source;
    struct chimera_capability_source *inner; /* borrowed; NULL: it is played back */
    pthread_mutex_t lock;                    /* over all that follows */
    struct exchange *exchange;               /* owned */
    size_t count, capacity;
    size_t next;  /* to be played back */
    size_t bytes; /* recorded */
    int failed;   /* what could not be recorded, as a code */
};

/* --- Exchanges --- */

struct own_bytes {
    struct chimera_shared_bytes shared;
    char data[];
};

static void free_bytes(struct chimera_shared_bytes *shared)
{
    free(shared); /* what it is the first member of */
}

static struct chimera_shared_bytes *copy_bytes(struct chimera_slice text)
{
    struct own_bytes *own = malloc(sizeof(*own) + text.size);
    if (!own)
        return NULL;
    if (text.size)
        memcpy(own->data, text.data, text.size);
    own->shared = (struct chimera_shared_bytes){
        .users = 1, .bytes = {own->data, text.size}, .free = free_bytes};
    return &own->shared;
}

static void end_exchange(struct exchange *exchange)
{
    chimera_host_request_end(&exchange->request);
    free(exchange->recorded);
    chimera_shared_bytes_drop(exchange->bytes);
}

/* Takes the exchange whatever happens. */
static int add(struct chimera_host_session *session, struct exchange *exchange)
{
    if (session->count == session->capacity) {
        size_t capacity = session->capacity ? 2 * session->capacity : 16;
        struct exchange *more = realloc(session->exchange, capacity * sizeof(*more));
        if (!more) {
            end_exchange(exchange);
            return CHIMERA_ENOMEM;
        }
        session->exchange = more;
        session->capacity = capacity;
    }
    session->exchange[session->count++] = *exchange;
    return CHIMERA_OK;
}

/* --- Playing back --- */

static bool answer_error(struct chimera_buffer *text, struct chimera_slice message)
{
    chimera_buffer_reset(text);
    chimera_buffer_text(text, FAILURE);
    chimera_buffer_append(text, message);
    return false;
}

static bool is_same(const struct chimera_host_request *a, const struct chimera_host_request *b)
{
    return a->kind == b->kind && json_object_equal(a->fields, b->fields);
}

static bool play_back(struct chimera_host_session *session,
                      const struct chimera_host_request *request,
                      struct chimera_host_answer *answer)
{
    if (session->next == session->count)
        return answer_error(answer->text, CHIMERA_SLICE("the list of recorded responses is empty"));
    const struct exchange *exchange = &session->exchange[session->next++];
    if (!is_same(&exchange->request, request)) {
        answer_error(answer->text,
                     CHIMERA_SLICE("Replay error: unexpected request. Was expecting "));
        chimera_recorded_show(&exchange->request, answer->text);
        chimera_buffer_text(answer->text, ", got ");
        chimera_recorded_show(request, answer->text);
        chimera_buffer_text(answer->text, " instead");
        return false;
    }
    if (exchange->is_error)
        return answer_error(answer->text, exchange->bytes->bytes);
    answer->shared = chimera_shared_bytes_use(exchange->bytes);
    answer->version = 0;
    return true;
}

/* --- Recording --- */

/* What the reference would record of an error. */
static struct chimera_slice message_of(struct chimera_slice text)
{
    if (chimera_slice_starts(text, FAILURE))
        text = chimera_slice_behind(text, sizeof(FAILURE) - 1);
    const char *causes =
        text.size ? memmem(text.data, text.size, CAUSES, sizeof(CAUSES) - 1) : NULL;
    return causes ? (struct chimera_slice){text.data, (size_t)(causes - text.data)} : text;
}

static int keep(struct chimera_host_session *session, const struct chimera_host_request *request,
                struct chimera_slice text, bool is_good)
{
    struct chimera_buffer recorded;
    if (!is_good)
        text = message_of(text);
    if (!chimera_utf8_is_valid(text))
        return CHIMERA_EINVAL;
    chimera_buffer_init(&recorded, REQUEST_MAX);
    chimera_recorded_write(request, &recorded);
    chimera_buffer_byte(&recorded, 0);
    session->bytes += recorded.size + text.size;
    if (!recorded.failed && session->bytes > FILE_MAX)
        recorded.failed = CHIMERA_ELIMIT;
    if (recorded.failed) {
        int code = recorded.failed;
        chimera_buffer_free(&recorded);
        return code;
    }
    struct exchange exchange = {
        .recorded = recorded.data, .bytes = copy_bytes(text), .is_error = !is_good};
    if (!exchange.bytes) {
        end_exchange(&exchange);
        return CHIMERA_ENOMEM;
    }
    return add(session, &exchange);
}

/* --- Both --- */

static bool ask(struct chimera_capability_source *source,
                const struct chimera_host_request *request, struct chimera_host_answer *answer)
{
    struct chimera_host_session *session = (struct chimera_host_session *)source;
    bool is_good = session->inner && session->inner->ask(session->inner, request, answer);
    pthread_mutex_lock(&session->lock);
    if (!session->inner) {
        is_good = play_back(session, request, answer);
    } else if (!answer->text->failed) { /* else there is no answer, for the evaluation is over */
        int code = keep(session, request, chimera_host_answer_bytes(answer), is_good);
        session->failed = session->failed ? session->failed : code;
        answer->version = 0;
    }
    pthread_mutex_unlock(&session->lock);
    return is_good;
}

static struct chimera_host_session *make(struct chimera_capability_source *inner)
{
    struct chimera_host_session *session = calloc(1, sizeof(*session));
    if (!session)
        return NULL;
    session->source.ask = ask;
    session->inner = inner;
    pthread_mutex_init(&session->lock, NULL);
    return session;
}

int chimera_host_session_record(struct chimera_capability_source *inner,
                                struct chimera_host_session **ret_session,
                                struct chimera_error *err)
{
    *ret_session = make(inner);
    return *ret_session ? CHIMERA_OK : chimera_fail_memory(err);
}

void chimera_host_session_free(struct chimera_host_session *session)
{
    if (!session)
        return;
    for (size_t i = 0; i < session->count; i++)
        end_exchange(&session->exchange[i]);
    free(session->exchange);
    pthread_mutex_destroy(&session->lock);
    free(session);
}

struct chimera_capability_source *chimera_host_session_source(struct chimera_host_session *session)
{
    return &session->source;
}

size_t chimera_host_session_tell(struct chimera_host_session *session)
{
    pthread_mutex_lock(&session->lock);
    size_t at = session->inner ? session->count : session->next;
    pthread_mutex_unlock(&session->lock);
    return at;
}

void chimera_host_session_seek(struct chimera_host_session *session, size_t at)
{
    pthread_mutex_lock(&session->lock);
    if (!session->inner)
        session->next = at < session->count ? at : session->count;
    while (session->inner && session->count > at) {
        const struct exchange *last = &session->exchange[session->count - 1];
        session->bytes -= strlen(last->recorded) + 1 + last->bytes->bytes.size;
        end_exchange(&session->exchange[--session->count]);
    }
    pthread_mutex_unlock(&session->lock);
}

void chimera_host_session_warn_of_rest(struct chimera_host_session *session)
{
    struct chimera_buffer first;
    if (session->inner || session->next == session->count)
        return;
    chimera_buffer_init(&first, REQUEST_MAX);
    chimera_recorded_show(&session->exchange[session->next].request, &first);
    chimera_log_with(CHIMERA_LOG_WARN, TARGET,
                     CHIMERA_SLICE("Some of the recorded exchanges have not been replayed"),
                     CHIMERA_NUMBER("leftovers", (int64_t)(session->count - session->next)),
                     CHIMERA_TEXT("first", chimera_buffer_slice(&first)));
    chimera_buffer_free(&first);
}

/* --- Files --- */

/* The text member of that name, or a complaint. */
static bool take_text(struct json_object *map, const char *name, struct chimera_slice *ret_text,
                      struct chimera_error *err)
{
    struct json_object *value = chimera_json_member(map, name);
    if (!json_object_is_type(value, json_type_string)) {
        chimera_fail(err, CHIMERA_EINVAL, "expected a text as `%s`", name);
        return false;
    }
    *ret_text = (struct chimera_slice){json_object_get_string(value),
                                       (size_t)json_object_get_string_len(value)};
    return true;
}

static int read_exchange(struct json_object *entry, struct exchange *exchange,
                         struct chimera_error *err)
{
    struct json_object *response = chimera_json_member(entry, "response");
    struct chimera_slice type, request, text;
    if (!take_text(entry, "type", &type, err) || !take_text(entry, "request", &request, err))
        return CHIMERA_EINVAL;
    if (!chimera_slice_is(type, "Exchange"))
        return chimera_fail(err, CHIMERA_EINVAL, "unknown variant `%.*s`, expected `Exchange`",
                            type.size < 64 ? (int)type.size : 64, type.data);
    if (!take_text(response, "type", &type, err))
        return CHIMERA_EINVAL;
    exchange->is_error = chimera_slice_is(type, "Error");
    if (!exchange->is_error && !chimera_slice_is(type, "Success"))
        return chimera_fail(err, CHIMERA_EINVAL,
                            "unknown variant `%.*s`, expected `Success` or `Error`",
                            type.size < 64 ? (int)type.size : 64, type.data);
    if (!take_text(response, exchange->is_error ? "message" : "payload", &text, err))
        return CHIMERA_EINVAL;
    int code = chimera_recorded_read(request, &exchange->request, err);
    exchange->bytes = code == CHIMERA_OK ? copy_bytes(text) : NULL;
    return code < 0 || exchange->bytes ? code : chimera_fail_memory(err);
}

static int read_exchanges(struct chimera_host_session *session, struct json_object *list,
                          struct chimera_error *err)
{
    if (!json_object_is_type(list, json_type_array))
        return chimera_fail(err, CHIMERA_EINVAL, "expected a list of exchanges");
    for (size_t i = 0; i < json_object_array_length(list); i++) {
        struct exchange exchange = {0};
        struct chimera_error why = {0};
        int code = read_exchange(json_object_array_get_idx(list, i), &exchange, &why);
        if (code < 0 || exchange.request.kind == CHIMERA_ASK_COUNT)
            end_exchange(&exchange); /* or asked by the reference alone */
        else if ((code = add(session, &exchange)) < 0)
            return chimera_fail_memory(err);
        if (code < 0)
            return chimera_fail(err, code, "exchange %zu: %.800s", i + 1, why.text);
    }
    return CHIMERA_OK;
}

int chimera_host_session_parse(struct chimera_slice text, const char *path,
                               struct chimera_host_session **ret_session, struct chimera_error *err)
{
    const struct chimera_yaml_options options = {0};
    CHIMERA_JSON struct json_object *list = NULL;
    struct chimera_error why = {0};
    struct chimera_host_session *session = make(NULL);
    if (!session)
        return chimera_fail_memory(err);
    int code = chimera_yaml_parse(text, &options, &list, &why);
    if (code == CHIMERA_OK)
        code = read_exchanges(session, list, &why);
    if (code < 0) {
        chimera_host_session_free(session);
        return chimera_fail(err, code, "cannot deserialize contents of \"%.300s\": %.600s", path,
                            why.text);
    }
    *ret_session = session;
    return CHIMERA_OK;
}

int chimera_host_session_open(const char *path, struct chimera_host_session **ret_session,
                              struct chimera_error *err)
{
    struct chimera_buffer text;
    struct chimera_error why = {0};
    chimera_buffer_init(&text, FILE_MAX);
    int code = chimera_file_read(path, &text, &why);
    if (code == CHIMERA_OK)
        code = chimera_yaml_adapt(&text, &why);
    if (code == CHIMERA_OK)
        code = chimera_host_session_parse(chimera_buffer_slice(&text), path, ret_session, err);
    else
        chimera_fail(err, code, "Cannot open host capabilities interactions file: %.900s",
                     why.text);
    chimera_buffer_free(&text);
    return code;
}

/* {"type": …, …}; NULL when memory ran out. */
static struct json_object *map_of(const char *type, const char *key, struct json_object *value)
{
    struct json_object *map = json_object_new_object();
    if (map && value && json_object_object_add(map, "type", json_object_new_string(type)) == 0 &&
        json_object_object_add(map, key, value) == 0)
        return map;
    json_object_put(map);
    json_object_put(value);
    return NULL;
}

static int add_to_list(struct json_object *list, const struct exchange *exchange)
{
    struct chimera_slice text = exchange->bytes->bytes;
    struct json_object *value =
        text.size < INT32_MAX ? json_object_new_string_len(text.data, (int)text.size) : NULL;
    struct json_object *response = exchange->is_error ? map_of("Error", "message", value)
                                                      : map_of("Success", "payload", value);
    struct json_object *map =
        map_of("Exchange", "request", json_object_new_string(exchange->recorded));
    if (map && response && json_object_object_add(map, "response", response) == 0 &&
        json_object_array_add(list, map) == 0)
        return CHIMERA_OK;
    json_object_put(response);
    json_object_put(map);
    return CHIMERA_ENOMEM;
}

int chimera_host_session_save(struct chimera_host_session *session, const char *path,
                              struct chimera_error *err)
{
    CHIMERA_JSON struct json_object *list = json_object_new_array();
    struct chimera_buffer text;
    int code = list ? session->failed : CHIMERA_ENOMEM;
    for (size_t i = 0; i < session->count && code == CHIMERA_OK; i++)
        code = add_to_list(list, &session->exchange[i]);
    chimera_buffer_init(&text, 2 * FILE_MAX);
    if (code == CHIMERA_OK) {
        chimera_yaml_write(list, &text);
        code = text.failed;
    }
    if (code < 0)
        chimera_fail(err, code,
                     "Cannot record communication between host and policy, something went wrong "
                     "while capturing the exchange: %s",
                     chimera_code_text(code));
    else
        code = chimera_file_write(path, chimera_buffer_slice(&text), CHIMERA_FILE_PRIVATE, err);
    chimera_buffer_free(&text);
    return code;
}
