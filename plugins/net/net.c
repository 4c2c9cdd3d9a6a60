/* SPDX-License-Identifier: Apache-2.0 */
/* net.c - answers net/v1/dns_lookup_host: the addresses of a name (guest-abis.md §5.2).
 *
 * The resolver cannot be interrupted and may take longer than whoever asks waits. So each question
 * has a thread, which is left alone when the time is up, and ends when the resolver does. How many
 * there may be is bounded.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <netdb.h>
#include <pthread.h>
#include <stdlib.h>

#include "runtime/base/clock.h"
#include "runtime/capability/provider_answer.h"
#include "runtime/json/tree.h"

#define LOOKUPS_MAX 64 /* at once, those that nobody waits for included */
#define STACK_BYTES ((size_t)256 << 10)

extern const struct chimera_provider chimera_provider;

struct net {
    pthread_mutex_t mutex; /* guards all of this, and what lookups say of themselves */
    pthread_cond_t is_done;
    pthread_attr_t attributes;
    unsigned running;       /* threads that have not done */
    struct lookup *ended;   /* that nobody waited for, to be joined; owned */
    uint64_t asked, failed; /* for metrics */
};

struct lookup { /* owned by who waits; later by the list of those that have ended */
    struct net *net;
    struct lookup *next;
    pthread_t thread;
    bool is_done, is_left;
    int code, number; /* getaddrinfo()'s, and errno with EAI_SYSTEM */
    struct addrinfo *addresses;
    char host[];
};

/* Its thread has done, or is about to: its code must not go before it. */
static void end_lookup(struct lookup *lookup)
{
    pthread_join(lookup->thread, NULL);
    if (lookup->addresses)
        freeaddrinfo(lookup->addresses);
    free(lookup);
}

static void *run_lookup(void *context)
{
    struct lookup *lookup = context;
    struct net *net = lookup->net;
    const struct addrinfo hints = {.ai_socktype = SOCK_STREAM};
    struct addrinfo *addresses = NULL;
    int code = getaddrinfo(lookup->host, NULL, &hints, &addresses);
    int number = errno;
    pthread_mutex_lock(&net->mutex);
    lookup->code = code;
    lookup->number = number;
    lookup->addresses = addresses;
    lookup->is_done = true;
    if (lookup->is_left) {
        lookup->next = net->ended;
        net->ended = lookup;
    }
    net->running--;
    pthread_cond_broadcast(&net->is_done);
    pthread_mutex_unlock(&net->mutex);
    return NULL;
}

static void give_addresses(const struct lookup *lookup, struct chimera_provider_answer *answer)
{
    struct json_object *value = json_object_new_object(), *list = json_object_new_array();
    for (const struct addrinfo *at = lookup->addresses; at; at = at->ai_next) {
        char text[INET6_ADDRSTRLEN];
        const struct sockaddr_in *v4 = (const void *)at->ai_addr;
        const struct sockaddr_in6 *v6 = (const void *)at->ai_addr;
        const void *address =
            at->ai_family == AF_INET ? (const void *)&v4->sin_addr : (const void *)&v6->sin6_addr;
        if ((at->ai_family == AF_INET || at->ai_family == AF_INET6) &&
            inet_ntop(at->ai_family, address, text, sizeof(text)))
            json_object_array_add(list, json_object_new_string(text));
    }
    json_object_object_add(value, "ips", list);
    chimera_provider_answer_give(answer, value, 0);
    json_object_put(value);
}

/* In the words of Rust's standard library, as the reference has them. */
static void fail_lookup(const struct lookup *lookup, struct chimera_provider_answer *answer)
{
    struct chimera_error err = {0};
    if (lookup->code == EAI_SYSTEM)
        chimera_fail_os(&err, lookup->number);
    else
        chimera_fail(&err, CHIMERA_EIO, "failed to lookup address information: %s",
                     gai_strerror(lookup->code));
    chimera_provider_answer_fail(answer, CHIMERA_CAUSES(err.text));
}

static void end_lookups(struct net *net)
{
    pthread_mutex_lock(&net->mutex);
    struct lookup *ended = net->ended;
    net->ended = NULL;
    pthread_mutex_unlock(&net->mutex);
    while (ended) {
        struct lookup *next = ended->next;
        end_lookup(ended);
        ended = next;
    }
}

/* Starts the thread of a question; NULL: there are too many, or no memory. */
static struct lookup *start_lookup(struct net *net, struct chimera_slice host)
{
    struct lookup *lookup = calloc(1, sizeof(*lookup) + host.size + 1);
    if (!lookup)
        return NULL;
    end_lookups(net);
    lookup->net = net;
    memcpy(lookup->host, host.data, host.size);
    pthread_mutex_lock(&net->mutex);
    bool is_started = net->running < LOOKUPS_MAX &&
                      pthread_create(&lookup->thread, &net->attributes, run_lookup, lookup) == 0;
    net->running += is_started;
    pthread_mutex_unlock(&net->mutex);
    if (!is_started) {
        free(lookup);
        return NULL;
    }
    return lookup;
}

static void answer_lookup(struct net *net, struct chimera_slice host, uint64_t deadline_ns,
                          struct chimera_provider_answer *answer)
{
    struct lookup *lookup = start_lookup(net, host);
    if (!lookup) {
        chimera_provider_answer_fail(
            answer, CHIMERA_CAUSES("failed to lookup address information: too many names are "
                                   "being looked up"));
        return;
    }
    pthread_mutex_lock(&net->mutex);
    while (!lookup->is_done && chimera_clock_await(&net->is_done, &net->mutex, deadline_ns))
        ;
    bool is_done = lookup->is_done;
    lookup->is_left = !is_done;
    pthread_mutex_unlock(&net->mutex);
    if (!is_done) /* the lookup is the list's now */
        chimera_provider_answer_fail(
            answer, CHIMERA_CAUSES("failed to lookup address information: no answer in time"));
    else if (lookup->code != 0)
        fail_lookup(lookup, answer);
    else
        give_addresses(lookup, answer);
    if (is_done)
        end_lookup(lookup);
}

static void call(void *self, const struct chimera_host_request *request, uint64_t deadline_ns,
                 struct chimera_provider_answer *answer)
{
    struct net *net = self;
    struct json_object *value = chimera_json_member(request->fields, "host");
    struct chimera_slice host = {0};
    if (request->kind == CHIMERA_ASK_ADDRESSES && json_object_is_type(value, json_type_string))
        host = (struct chimera_slice){json_object_get_string(value),
                                      (size_t)json_object_get_string_len(value)};
    if (!host.data)
        chimera_provider_answer_fail(answer, CHIMERA_CAUSES("not a request for addresses"));
    else if (memchr(host.data, '\0', host.size))
        chimera_provider_answer_fail(answer, CHIMERA_CAUSES("data provided contains a nul byte"));
    else if (host.size > NI_MAXHOST) /* what the resolver says of it */
        chimera_provider_answer_fail(
            answer,
            CHIMERA_CAUSES("failed to lookup address information: Name or service not known"));
    else
        answer_lookup(net, host, deadline_ns, answer);
    pthread_mutex_lock(&net->mutex);
    net->asked++;
    net->failed += answer->is_error;
    pthread_mutex_unlock(&net->mutex);
}

static int open_net(const struct chimera_provider_host *host, void **ret_self,
                    struct chimera_error *err)
{
    struct net *net = calloc(1, sizeof(*net));
    (void)host;
    if (!net)
        return chimera_fail_memory(err);
    pthread_mutex_init(&net->mutex, NULL);
    pthread_cond_init(&net->is_done, NULL);
    pthread_attr_init(&net->attributes);
    pthread_attr_setstacksize(&net->attributes, STACK_BYTES);
    *ret_self = net;
    return CHIMERA_OK;
}

/* Waits for the threads that nobody waited for. */
static void close_net(void *self)
{
    struct net *net = self;
    pthread_mutex_lock(&net->mutex);
    while (net->running > 0)
        pthread_cond_wait(&net->is_done, &net->mutex);
    pthread_mutex_unlock(&net->mutex);
    end_lookups(net);
    pthread_attr_destroy(&net->attributes);
    pthread_cond_destroy(&net->is_done);
    pthread_mutex_destroy(&net->mutex);
    free(net);
}

static void count(void *self, struct chimera_buffer *out)
{
    struct net *net = self;
    pthread_mutex_lock(&net->mutex);
    chimera_buffer_print(out,
                         "# TYPE chimera_dns_lookups_total counter\n"
                         "chimera_dns_lookups_total{result=\"success\"} %llu\n"
                         "chimera_dns_lookups_total{result=\"failure\"} %llu\n",
                         (unsigned long long)(net->asked - net->failed),
                         (unsigned long long)net->failed);
    pthread_mutex_unlock(&net->mutex);
}

__attribute__((visibility("default"))) const struct chimera_provider chimera_provider = {
    .abi = CHIMERA_PROVIDER_ABI,
    .name = "net",
    .open = open_net,
    .call = call,
    .count = count,
    .close = close_net,
};
