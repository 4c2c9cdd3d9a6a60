/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/broker/serve.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include "runtime/base/clock.h"
#include "runtime/broker/message.h"
#include "runtime/broker/parent_call.h"
#include "runtime/broker/providers.h"
#include "runtime/confine/network.h"
#include "runtime/json/tree.h"
#include "runtime/log/log.h"

#define TARGET "chimera::broker"

/* Calls that wait for a cluster or a registry hold a thread each; those behind them wait. */
#define THREADS_MAX 32
#define LINES_MAX 4096
#define COUNTS_MS 2000 /* between two times that what is counted is told */

struct broker {
    struct chimera_providers providers;
    struct chimera_provider_host host;
    struct chimera_parent_line parent;
    int epoll;
    pthread_mutex_t mutex;
    pthread_cond_t ready;
    int waiting[LINES_MAX]; /* lines with a question, in their order: a ring */
    size_t first, count;
    unsigned threads, idle;
};

/* --- One question --- */

static void reply_with(int line, const struct chimera_broker_question *question,
                       struct chimera_provider_answer *answer)
{
    /* Whoever asked does not wait any more, and reads no long text. */
    bool is_late = chimera_clock_ns() >= question->deadline_ns;
    if (answer->text.failed || is_late) {
        chimera_buffer_free(&answer->text);
        chimera_buffer_text(&answer->text,
                            is_late ? "there was no time left for it" : "the answer is too large");
        answer->is_error = true;
        answer->keep_ms = answer->version_place = 0;
    }
    bool has_memory = !answer->is_error && answer->memory >= 0;
    const struct chimera_broker_reply reply = {
        .id = question->id,
        .size = has_memory ? answer->memory_size : answer->text.size,
        .version = answer->version,
        .version_place = answer->version_place,
        .keep_ms = answer->keep_ms,
        .is_error = answer->is_error,
        .has_memory = has_memory,
    };
    bool is_sent = chimera_broker_write_reply(line, &reply, has_memory ? answer->memory : -1) &&
                   (has_memory || chimera_broker_write(line, answer->text.data, answer->text.size,
                                                       chimera_broker_stall()));
    if (answer->memory >= 0)
        close(answer->memory);
    chimera_buffer_free(&answer->text);
    if (!is_sent)
        shutdown(line, SHUT_RDWR); /* the loop sees its end */
}

/* To libraries a NUL ends a text: what a cluster or a registry would be asked is then another
 * question. As deep as a payload's shape. */
static bool holds_nul(struct json_object *value)
{
    bool found = false;
    if (json_object_is_type(value, json_type_string))
        return memchr(json_object_get_string(value), '\0',
                      (size_t)json_object_get_string_len(value)) != NULL;
    if (json_object_is_type(value, json_type_array))
        for (size_t i = 0; i < json_object_array_length(value) && !found; i++)
            found = holds_nul(json_object_array_get_idx(value, i));
    if (json_object_is_type(value, json_type_object))
        for (const struct lh_entry *entry = json_object_get_object(value)->head; entry && !found;
             entry = entry->next)
            found = holds_nul((struct json_object *)lh_entry_v(entry));
    return found;
}

/* These providers look at it themselves: a name has the reference's words, a body may hold any. */
static bool may_hold_nul(uint32_t kind)
{
    return kind == CHIMERA_ASK_ADDRESSES || kind == CHIMERA_ASK_HTTP;
}

static void answer_question(struct broker *broker, int line,
                            const struct chimera_broker_question *question,
                            struct chimera_slice text)
{
    struct chimera_provider_answer answer = {.memory = -1};
    struct json_object *fields = NULL;
    chimera_buffer_init(&answer.text, CHIMERA_BROKER_TEXT_MAX);
    if (chimera_clock_ns() >= question->deadline_ns) {
        chimera_buffer_text(&answer.text, "there was no time left for it");
        answer.is_error = true;
    } else if (question->kind >= CHIMERA_ASK_COUNT || chimera_json_parse(text, &fields, NULL) < 0 ||
               !json_object_is_type(fields, json_type_object)) {
        chimera_buffer_text(&answer.text, "the request is not understood");
        answer.is_error = true;
    } else if (!may_hold_nul(question->kind) && holds_nul(fields)) {
        chimera_buffer_text(&answer.text, "a text of the request holds a NUL");
        answer.is_error = true;
    } else {
        const struct chimera_host_request request = {(enum chimera_host_request_kind)question->kind,
                                                     fields};
        chimera_providers_call(&broker->providers, &request, question->deadline_ns, &answer);
    }
    json_object_put(fields);
    reply_with(line, question, &answer);
}

/* What a line brings that cannot be read ends it. */
static void serve_line(struct broker *broker, int line)
{
    struct chimera_broker_question question;
    uint64_t until_ns = chimera_broker_stall();
    char *text = NULL;
    bool is_whole = chimera_broker_read(line, &question, sizeof(question), until_ns) &&
                    question.size <= CHIMERA_BROKER_QUESTION_MAX &&
                    (text = malloc(question.size + 1)) &&
                    chimera_broker_read(line, text, question.size, until_ns);
    if (is_whole)
        answer_question(broker, line, &question, (struct chimera_slice){text, question.size});
    else
        shutdown(line, SHUT_RDWR);
    free(text);
    struct epoll_event event = {.events = EPOLLIN | EPOLLRDHUP | EPOLLONESHOT, .data.fd = line};
    epoll_ctl(broker->epoll, EPOLL_CTL_MOD, line, &event);
}

static void *run_thread(void *context)
{
    struct broker *broker = context;
    pthread_mutex_lock(&broker->mutex);
    for (;;) {
        broker->idle++;
        while (broker->count == 0)
            pthread_cond_wait(&broker->ready, &broker->mutex);
        broker->idle--;
        int line = broker->waiting[broker->first];
        broker->first = (broker->first + 1) % LINES_MAX;
        broker->count--;
        pthread_mutex_unlock(&broker->mutex);
        serve_line(broker, line);
        pthread_mutex_lock(&broker->mutex);
    }
    return NULL;
}

/* A line is in the ring once at most, so it never overflows. */
static void hand_over(struct broker *broker, int line)
{
    pthread_t thread;
    pthread_mutex_lock(&broker->mutex);
    broker->waiting[(broker->first + broker->count++) % LINES_MAX] = line;
    if (broker->idle < broker->count && broker->threads < THREADS_MAX &&
        pthread_create(&thread, NULL, run_thread, broker) == 0) {
        pthread_detach(thread);
        broker->threads++;
    }
    pthread_cond_signal(&broker->ready);
    pthread_mutex_unlock(&broker->mutex);
}

/* --- The loop --- */

static void add_line(struct broker *broker, int line)
{
    struct epoll_event event = {.events = EPOLLIN | EPOLLRDHUP | EPOLLONESHOT, .data.fd = line};
    if (line >= LINES_MAX || epoll_ctl(broker->epoll, EPOLL_CTL_ADD, line, &event) < 0)
        close(line);
}

static void look_at_line(struct broker *broker, const struct epoll_event *event)
{
    char byte;
    int line = event->data.fd;
    if ((event->events & (EPOLLHUP | EPOLLRDHUP | EPOLLERR)) &&
        recv(line, &byte, 1, MSG_PEEK | MSG_DONTWAIT) <= 0)
        close(line);
    else
        hand_over(broker, line);
}

/* False: the parent is gone. */
static bool take_orders(struct broker *broker)
{
    int fds[CHIMERA_BROKER_LINES];
    size_t count;
    while ((count = chimera_parent_receive(&broker->parent, fds, CHIMERA_BROKER_LINES)) > 0 &&
           count != CHIMERA_PARENT_GONE)
        for (size_t i = 0; i < count; i++)
            add_line(broker, fds[i]);
    return count != CHIMERA_PARENT_GONE;
}

static void tell_counts(struct broker *broker, struct chimera_tally *tally)
{
    struct chimera_buffer text;
    chimera_buffer_init(&text, CHIMERA_TALLY_TEXT * 2);
    chimera_providers_count(&broker->providers, &text);
    if (text.size > 0)
        chimera_tally_write(tally, chimera_buffer_slice(&text));
    chimera_buffer_free(&text);
}

static void run_loop(struct broker *broker, int control, struct chimera_tally *tally)
{
    struct epoll_event events[16];
    int64_t told_ms = chimera_clock_ms();
    for (;;) {
        int count = epoll_wait(broker->epoll, events, 16, tally ? COUNTS_MS : -1);
        if (tally && chimera_clock_ms() - told_ms >= COUNTS_MS) {
            tell_counts(broker, tally);
            told_ms = chimera_clock_ms();
        }
        for (int i = 0; i < count; i++) {
            if (events[i].data.fd != control)
                look_at_line(broker, &events[i]);
            else if (!take_orders(broker))
                return;
        }
    }
}

/* --- Start --- */

static int ask_parent(const struct chimera_provider_host *host, const char *what,
                      struct chimera_slice argument, struct chimera_buffer *answer,
                      struct chimera_error *err)
{
    struct broker *broker =
        (struct broker *)((char *)(uintptr_t)host - offsetof(struct broker, host));
    return chimera_parent_ask(&broker->parent, what, argument, answer, err);
}

static int confine(const struct chimera_broker_input *input, struct chimera_error *err)
{
    const char *readable[32];
    size_t count = 0;
    const char *lack = input->must_confine ? chimera_network_lack() : NULL;
    if (lack)
        return chimera_fail(err, CHIMERA_EREFUSED,
                            "the process that answers host calls cannot be confined here (%s)",
                            lack);
    for (size_t i = 0; input->plugin_folders[i] && count < 30; i++)
        readable[count++] = input->plugin_folders[i];
    for (size_t i = 0; input->readable && input->readable[i] && count < 31; i++)
        readable[count++] = input->readable[i];
    readable[count] = NULL;
    const struct chimera_network_rights rights = {.readable = readable, .makes_memory = true};
    return chimera_network_confine(&rights, err);
}

static int start(struct broker *broker, const struct chimera_broker_input *input,
                 struct chimera_error *err)
{
    void *versions = mmap(NULL, CHIMERA_VERSION_COUNT * sizeof(uint64_t), PROT_READ | PROT_WRITE,
                          MAP_SHARED, input->versions, 0);
    if (versions == MAP_FAILED)
        return chimera_fail_errno(err, "the memory of versions");
    broker->host = (struct chimera_provider_host){
        .settings = input->settings, .versions = versions, .ask_parent = ask_parent};
    chimera_providers_open(&broker->providers, &broker->host, input->plugin_folders);
    chimera_parent_line_open(&broker->parent, input->control);
    pthread_mutex_init(&broker->mutex, NULL);
    pthread_cond_init(&broker->ready, NULL);
    struct epoll_event event = {.events = EPOLLIN, .data.fd = input->control};
    broker->epoll = epoll_create1(EPOLL_CLOEXEC);
    if (broker->epoll < 0 || epoll_ctl(broker->epoll, EPOLL_CTL_ADD, input->control, &event) < 0)
        return chimera_fail_errno(err, "epoll");
    return confine(input, err);
}

int chimera_broker_serve(const struct chimera_broker_input *input)
{
    static struct broker broker; /* its threads outlive this frame */
    struct chimera_error err = {0};
    struct rlimit files;
    signal(SIGPIPE, SIG_IGN);
    signal(SIGTERM, SIG_DFL);
    if (getrlimit(RLIMIT_NOFILE, &files) == 0) {
        files.rlim_cur = files.rlim_max < 2 * LINES_MAX ? files.rlim_max : 2 * LINES_MAX;
        setrlimit(RLIMIT_NOFILE, &files);
    }
    if (start(&broker, input, &err) < 0) {
        chimera_log_with(CHIMERA_LOG_ERROR, TARGET,
                         CHIMERA_SLICE("the process that answers host calls cannot start"),
                         CHIMERA_TEXT("error", chimera_slice_of(err.text)));
        return 1;
    }
    run_loop(&broker, input->control, input->tally);
    return 0;
}
