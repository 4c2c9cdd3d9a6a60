/* SPDX-License-Identifier: Apache-2.0 */
/* client.c - asks one server for as long as told, and compares every answer.
 *
 *   bench-client PORT CONNECTIONS RATE WARM_MS MEASURE_MS EXCHANGES
 *
 * EXCHANGES names a file of what to send and what must come back: a line "SIZE SIZE", the request
 * as it goes over the wire, and the body of its answer, again and again. All connections play them
 * in turns over HTTPS on loopback. RATE is in requests a second, which are begun when they are due,
 * whatever became of those before, and timed from then on; 0: each connection asks as soon as it
 * has its answer. CONNECTIONS may end in "x": then each request has a connection of its own, and
 * the time for its handshake counts.
 *
 * Says "measuring" when the time to warm up is over and "measured" at the end, so that whoever
 * started this can look at the server's clocks, and then prints one JSON object; times are in
 * nanoseconds. An answer that differs, or none, ends the run with exit code 1.
 */
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "histogram.h"
#include "runtime/base/file.h"

#define FILE_MAX ((size_t)256 << 20)
#define HEAD_MAX ((size_t)8 << 10)
#define EVENTS_MAX 64
#define EXCHANGES_MAX 4096
#define NS_PER_MS ((uint64_t)1000000)
#define NS_PER_S ((uint64_t)1000000000)
/* What the Go client of the API server offers, in its order, as far as OpenSSL 3.0 has it. */
#define CIPHERS "TLS_AES_128_GCM_SHA256:TLS_AES_256_GCM_SHA384:TLS_CHACHA20_POLY1305_SHA256"
/* It also sends what its buffer holds first, and then the rest. */
#define FIRST_WRITE ((size_t)4096)

struct exchange {
    struct chimera_slice request, answer;
};

enum state { HANDSHAKE, SENDING, RECEIVING, IDLE };

struct connection {
    int fd;
    SSL *tls;
    enum state state;
    const struct exchange *exchange;
    size_t sent, received;
    char *in; /* owned; `room` of the load */
    uint64_t start_ns;
    struct connection *next_idle;
};

struct load {
    uint16_t port;
    bool is_once;         /* a connection for each request */
    uint64_t interval_ns; /* 0: no rate */
    uint64_t due_ns;      /* when the next request is, with a rate */
    struct exchange *exchange;
    size_t exchange_count, next_exchange;
    struct connection *connection, *idle;
    size_t connection_count, room;
    SSL_CTX *tls;
    int epoll_fd;
    uint64_t now_ns;
    struct histogram times;
};

static _Noreturn void die(const char *what, const char *why)
{
    fprintf(stderr, "bench-client: %s: %s\n", what, why);
    exit(1);
}

static _Noreturn void die_tls(const char *what)
{
    char why[256];
    int number = errno;
    unsigned long code = ERR_get_error();
    ERR_error_string_n(code, why, sizeof(why));
    die(what, code ? why : number ? strerror(number) : "the server closed the connection");
}

static uint64_t now_ns(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * NS_PER_S + (uint64_t)now.tv_nsec;
}

/* --- What is said --- */

static size_t number_at(struct chimera_slice *text, char end)
{
    size_t number = 0;
    while (text->size > 0 && *text->data >= '0' && *text->data <= '9') {
        number = number * 10 + (size_t)(*text->data - '0');
        text->data++;
        text->size--;
    }
    if (text->size == 0 || *text->data != end)
        die("the exchanges", "not a file of exchanges");
    text->data++;
    text->size--;
    return number;
}

static struct chimera_slice part_at(struct chimera_slice *text, size_t size)
{
    if (size > text->size)
        die("the exchanges", "the file ends too soon");
    struct chimera_slice part = {text->data, size};
    text->data += size;
    text->size -= size;
    return part;
}

static void read_exchanges(struct load *load, const char *path)
{
    static struct chimera_buffer text; /* the exchanges point into it */
    struct chimera_error err;
    chimera_buffer_init(&text, FILE_MAX);
    if (chimera_file_read(path, &text, &err) < 0)
        die("the exchanges", err.text);
    struct chimera_slice rest = chimera_buffer_slice(&text);
    load->exchange = calloc(EXCHANGES_MAX, sizeof(*load->exchange));
    while (load->exchange && rest.size > 0 && load->exchange_count < EXCHANGES_MAX) {
        size_t request_size = number_at(&rest, ' '), answer_size = number_at(&rest, '\n');
        struct exchange *exchange = &load->exchange[load->exchange_count++];
        exchange->request = part_at(&rest, request_size);
        exchange->answer = part_at(&rest, answer_size);
        if (load->room < HEAD_MAX + answer_size)
            load->room = HEAD_MAX + answer_size;
    }
    if (load->exchange_count == 0)
        die("the exchanges", "none");
}

/* The body's length; SIZE_MAX when the head is none of a good answer. */
static size_t body_size(const char *head, const char *end)
{
    static const char good[] = "HTTP/1.1 200 ", name[] = "\r\ncontent-length: ";
    size_t size = 0;
    if (strncmp(head, good, sizeof(good) - 1) != 0)
        return SIZE_MAX;
    for (const char *at = head; at < end; at++) {
        if (*at != '\r' || strncasecmp(at, name, sizeof(name) - 1) != 0)
            continue;
        for (at += sizeof(name) - 1; *at >= '0' && *at <= '9' && size < FILE_MAX; at++)
            size = size * 10 + (size_t)(*at - '0');
        return size;
    }
    return SIZE_MAX;
}

static _Noreturn void refuse_answer(const struct connection *connection)
{
    fprintf(stderr, "bench-client: this answer was not expected:\n%.*s\nbut:\n%.*s\n",
            (int)connection->received, connection->in, (int)connection->exchange->answer.size,
            connection->exchange->answer.data);
    exit(1);
}

/* True when all of the answer is there, and it is the right one. */
static bool has_answer(const struct connection *connection)
{
    static const char blank[] = "\r\n\r\n";
    const char *end = memmem(connection->in, connection->received, blank, sizeof(blank) - 1);
    if (!end)
        return false;
    size_t head = (size_t)(end - connection->in) + sizeof(blank) - 1;
    size_t size = body_size(connection->in, end);
    const struct chimera_slice *want = &connection->exchange->answer;
    if (size != want->size || connection->received > head + size)
        refuse_answer(connection);
    if (connection->received < head + size)
        return false;
    if (memcmp(connection->in + head, want->data, size) != 0)
        refuse_answer(connection);
    return true;
}

/* --- Connections --- */

static void connect_to(struct load *load, struct connection *connection)
{
    struct sockaddr_in to = {.sin_family = AF_INET,
                             .sin_port = htons(load->port),
                             .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    struct epoll_event event = {.events = EPOLLIN | EPOLLOUT | EPOLLET, .data.ptr = connection};
    connection->fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    connection->tls = SSL_new(load->tls);
    if (connection->fd < 0 || !connection->tls || SSL_set_fd(connection->tls, connection->fd) != 1)
        die_tls("a connection");
    setsockopt(connection->fd, IPPROTO_TCP, TCP_NODELAY, &(int){1}, sizeof(int));
    if ((connect(connection->fd, (struct sockaddr *)&to, sizeof(to)) < 0 && errno != EINPROGRESS) ||
        epoll_ctl(load->epoll_fd, EPOLL_CTL_ADD, connection->fd, &event) < 0)
        die("connect", strerror(errno));
    SSL_set_connect_state(connection->tls);
    connection->state = HANDSHAKE;
}

static void disconnect(struct connection *connection)
{
    SSL_shutdown(connection->tls);
    SSL_free(connection->tls);
    close(connection->fd);
    connection->tls = NULL;
}

static void begin(struct load *load, struct connection *connection, uint64_t start_ns)
{
    connection->exchange = &load->exchange[load->next_exchange++ % load->exchange_count];
    connection->sent = connection->received = 0;
    connection->start_ns = start_ns;
    if (!connection->tls)
        connect_to(load, connection);
    else if (connection->state == IDLE)
        connection->state = SENDING;
}

static void rest(struct load *load, struct connection *connection)
{
    connection->state = IDLE;
    connection->next_idle = load->idle;
    load->idle = connection;
}

/* Counts the answer, and goes on or not. */
static void finish(struct load *load, struct connection *connection)
{
    load->now_ns = now_ns();
    histogram_add(&load->times, load->now_ns - connection->start_ns);
    if (load->is_once)
        disconnect(connection);
    rest(load, connection);
}

/* False when the socket has to become ready. */
static bool goes_on(const struct connection *connection, int result)
{
    if (result > 0)
        return true;
    int why = SSL_get_error(connection->tls, result);
    if (why != SSL_ERROR_WANT_READ && why != SSL_ERROR_WANT_WRITE)
        die_tls("TLS");
    return false;
}

static size_t next_write(const struct connection *connection)
{
    size_t left = connection->exchange->request.size - connection->sent;
    return connection->sent == 0 && left > FIRST_WRITE ? FIRST_WRITE : left;
}

static bool step(struct load *load, struct connection *connection)
{
    SSL *tls = connection->tls;
    const struct chimera_slice *request = &connection->exchange->request;
    int count;
    switch (connection->state) {
    case HANDSHAKE:
        if (!goes_on(connection, SSL_do_handshake(tls)))
            return false;
        connection->state = SENDING;
        if (!load->is_once)
            connection->start_ns = now_ns();
        return true;
    case SENDING:
        count = SSL_write(tls, request->data + connection->sent, (int)next_write(connection));
        if (!goes_on(connection, count))
            return false;
        connection->sent += (size_t)count;
        connection->state = connection->sent == request->size ? RECEIVING : SENDING;
        return true;
    case RECEIVING:
        count = SSL_read(tls, connection->in + connection->received,
                         (int)(load->room - connection->received));
        if (!goes_on(connection, count))
            return false;
        connection->received += (size_t)count;
        if (has_answer(connection))
            finish(load, connection);
        return true;
    case IDLE:
        break;
    }
    return false;
}

static void advance(struct load *load, struct connection *connection)
{
    while (step(load, connection))
        ;
}

/* Gives idle connections what there is to ask. */
static void ask(struct load *load)
{
    while (load->idle && (!load->interval_ns || load->due_ns <= load->now_ns)) {
        struct connection *connection = load->idle;
        load->idle = connection->next_idle;
        begin(load, connection, load->interval_ns ? load->due_ns : load->now_ns);
        load->due_ns += load->interval_ns;
        advance(load, connection);
    }
}

/* Others are not made to wait for the rest of the events. */
static void serve(struct load *load, struct connection *connection)
{
    advance(load, connection);
    ask(load);
}

static void play_until(struct load *load, uint64_t end_ns)
{
    struct epoll_event events[EVENTS_MAX];
    while (load->now_ns < end_ns) {
        /* With a rate this polls: a sleep would wake too late. */
        int count = epoll_wait(load->epoll_fd, events, EVENTS_MAX, load->interval_ns ? 0 : 1000);
        load->now_ns = now_ns();
        for (int i = 0; i < count; i++)
            if (((struct connection *)events[i].data.ptr)->state != IDLE)
                serve(load, events[i].data.ptr);
        ask(load); /* what is due by now */
    }
}

/* --- The run --- */

static void open_all(struct load *load)
{
    load->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
    load->tls = SSL_CTX_new(TLS_client_method());
    load->connection = calloc(load->connection_count, sizeof(*load->connection));
    if (load->epoll_fd < 0 || !load->tls || !load->connection)
        die("the client", "no memory");
    if (SSL_CTX_set_ciphersuites(load->tls, CIPHERS) != 1)
        die_tls("ciphers");
    SSL_CTX_set_mode(load->tls,
                     SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
    SSL_CTX_set_options(load->tls, SSL_OP_IGNORE_UNEXPECTED_EOF);
    SSL_CTX_set_session_cache_mode(load->tls, SSL_SESS_CACHE_OFF);
    SSL_CTX_set_read_ahead(load->tls, 1);
    load->now_ns = load->due_ns = now_ns();
    for (size_t i = 0; i < load->connection_count; i++) {
        load->connection[i].in = calloc(1, load->room + 1);
        if (!load->connection[i].in)
            die("the client", "no memory");
        rest(load, &load->connection[i]);
    }
}

static uint64_t own_cpu_ns(void)
{
    struct timespec used;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &used);
    return (uint64_t)used.tv_sec * NS_PER_S + (uint64_t)used.tv_nsec;
}

static void say(const char *word)
{
    puts(word);
    fflush(stdout);
}

static void measure(struct load *load, uint64_t warm_ns, uint64_t measure_ns)
{
    ask(load);
    play_until(load, now_ns() + warm_ns);
    load->times = (struct histogram){0};
    say("measuring");
    uint64_t start_ns = now_ns(), cpu_ns = own_cpu_ns();
    play_until(load, start_ns + measure_ns);
    uint64_t took_ns = load->now_ns - start_ns;
    cpu_ns = own_cpu_ns() - cpu_ns;
    say("measured");
    const struct histogram *times = &load->times;
    printf("{\"requests\":%" PRIu64 ",\"ns\":%" PRIu64 ",\"p50\":%" PRIu64 ",\"p90\":%" PRIu64
           ",\"p99\":%" PRIu64 ",\"p999\":%" PRIu64 ",\"max\":%" PRIu64 ",\"client_cpu\":%" PRIu64
           "}\n",
           times->count, took_ns, histogram_at(times, 500), histogram_at(times, 900),
           histogram_at(times, 990), histogram_at(times, 999), times->max, cpu_ns);
}

static size_t argument(const char *text, size_t max)
{
    size_t number = 0;
    for (const char *at = text; *at >= '0' && *at <= '9' && number < max; at++)
        number = number * 10 + (size_t)(*at - '0');
    return number < max ? number : max;
}

int main(int argc, char **argv)
{
    static struct load load;
    if (argc != 7) {
        fputs("usage: bench-client PORT CONNECTIONS RATE WARM_MS MEASURE_MS EXCHANGES\n", stderr);
        return 2;
    }
    signal(SIGPIPE, SIG_IGN);
    load.port = (uint16_t)argument(argv[1], UINT16_MAX);
    load.connection_count = argument(argv[2], 10000);
    load.is_once = strchr(argv[2], 'x') != NULL;
    size_t rate = argument(argv[3], 1000000);
    load.interval_ns = rate ? NS_PER_S / rate : 0;
    read_exchanges(&load, argv[6]);
    open_all(&load);
    measure(&load, argument(argv[4], 3600000) * NS_PER_MS, argument(argv[5], 3600000) * NS_PER_MS);
    return 0;
}
