/* SPDX-License-Identifier: Apache-2.0 */
/* transfer.c - from a request to its answer: the ways to speak to a host, retries, redirects. */
#include "compiler/fetch/transfer/transfer.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "compiler/fetch/transfer/transfer_internal.h"
#include "runtime/base/clock.h"

#define STALL_SECONDS 60
#define REDIRECTS_MAX 10
#define TRIES_MAX 6
#define WAIT_FIRST_MS 250
#define WAIT_LONGEST_MS 3000
#define WAITING_MAX_MS 60000 /* of all waits of one request, which a server may tell */
#define REACHING_MAX_MS 5000 /* a host that nobody reaches is not asked again after it */
#define WAIT_SLICE_MS 100    /* between looks at Ctrl-C */

static pthread_once_t is_begun = PTHREAD_ONCE_INIT;
static CURLcode begun = CURLE_FAILED_INIT;

static void begin_curl(void)
{
    begun = curl_global_init(CURL_GLOBAL_DEFAULT);
    chimera_exchange_begin();
}

int chimera_transport_new(const struct chimera_transport_options *options,
                          struct chimera_transport **ret_transport, struct chimera_error *err)
{
    pthread_once(&is_begun, begin_curl);
    if (begun != CURLE_OK)
        return chimera_fail(err, CHIMERA_EIO, "libcurl: %s", curl_easy_strerror(begun));
    struct chimera_transport *transport = calloc(1, sizeof(*transport));
    if (!transport)
        return chimera_fail_memory(err);
    transport->options = *options;
    if (transport->options.stall_seconds == 0)
        transport->options.stall_seconds = STALL_SECONDS;
    if (transport->options.tries_max == 0)
        transport->options.tries_max = TRIES_MAX;
    transport->easy = curl_easy_init();
    int code = transport->easy ? chimera_route_init(transport, err) : chimera_fail_memory(err);
    if (code < 0)
        chimera_transport_free(transport);
    else
        *ret_transport = transport;
    return code;
}

void chimera_transport_free(struct chimera_transport *transport)
{
    if (!transport)
        return;
    curl_easy_cleanup(transport->easy);
    chimera_route_done(transport);
    free(transport);
}

void chimera_transport_set_deadline(struct chimera_transport *transport, uint64_t deadline_ns)
{
    transport->deadline_ns = deadline_ns;
}

/* --- The ways to speak to a host --- */

/* An insecure host that has not answered yet is asked in turn by https, by https whoever answers,
 * and without TLS; what it answered to is remembered. */
static int reach(struct chimera_exchange *exchange, struct chimera_error *err)
{
    struct chimera_error first = {0}, why = {0};
    struct chimera_transfer_host *host = NULL;
    int code = chimera_route_host(exchange->transport, exchange->url, &host, err);
    if (code < 0)
        return code;
    if (!exchange->url->is_https && !host->is_insecure)
        return chimera_fail(err, CHIMERA_EREFUSED,
                            "%s: plain http is for hosts that sources.yaml lists below "
                            "insecure_sources",
                            exchange->url->shown);
    exchange->host = host;
    exchange->level = exchange->url->is_https ? host->level : CHIMERA_LEVEL_PLAIN;
    for (;; exchange->level++) {
        /* Once more when the system's authorities were not all looked at. */
        code = chimera_exchange_run(exchange, &why);
        if (code < 0 && exchange->is_unknown && exchange->level == CHIMERA_LEVEL_VERIFIED &&
            chimera_route_widen(exchange->transport, exchange->url, host))
            code = chimera_exchange_run(exchange, &why);
        if (code == CHIMERA_OK && exchange->url->is_https) {
            host->level = exchange->level;
            host->is_known = true;
        }
        if (code == CHIMERA_OK || exchange->outcome == CHIMERA_OUTCOME_STOPPED ||
            !host->is_insecure || host->is_known || exchange->level == CHIMERA_LEVEL_PLAIN)
            break;
        if (first.code == 0)
            first = why;
    }
    if (code == CHIMERA_OK)
        return code;
    if (first.code != 0 && exchange->outcome != CHIMERA_OUTCOME_STOPPED)
        return chimera_fail(err, code, "%.480s; and without TLS: %.480s", first.text, why.text);
    return chimera_fail(err, code, "%s", why.text);
}

/* --- Retries --- */

/* Seconds or a date; -1: it says nothing that can be read. */
static int64_t read_retry_after(const struct chimera_transfer_answer *answer)
{
    struct chimera_slice value = chimera_transfer_header(answer, "retry-after", 0);
    char text[64];
    int64_t seconds = 0;
    size_t i = 0;
    if (!value.data || value.size == 0 || value.size >= sizeof(text))
        return -1;
    for (; i < value.size && value.data[i] >= '0' && value.data[i] <= '9'; i++)
        if (seconds < WAITING_MAX_MS)
            seconds = seconds * 10 + (value.data[i] - '0');
    if (i == value.size)
        return seconds * 1000;
    memcpy(text, value.data, value.size);
    text[value.size] = '\0';
    time_t when = curl_getdate(text, NULL);
    if (when < 0)
        return -1;
    int64_t left = (int64_t)when * 1000 - (int64_t)chimera_clock_wall_ms();
    return left > 0 ? left : 0;
}

/* Doubled each time, a tenth more or less, so that many clients do not come at once. */
static int64_t back_off(unsigned tries)
{
    int64_t wait = WAIT_FIRST_MS;
    for (unsigned i = 1; i < tries && wait < WAIT_LONGEST_MS; i++)
        wait *= 2;
    if (wait > WAIT_LONGEST_MS)
        wait = WAIT_LONGEST_MS;
    int64_t tenth = wait / 10;
    return wait - tenth + (int64_t)(chimera_clock_ns() / 1000 % (uint64_t)(2 * tenth + 1));
}

struct patience { /* with one place */
    unsigned tries;
    int64_t begun_ms, waited_ms;
};

/* How long to wait before another try; -1: there is none. */
static int64_t plan_retry(const struct patience *patience, const struct chimera_exchange *exchange,
                          int code)
{
    bool is_idempotent = exchange->request->is_idempotent;
    int64_t wait = back_off(patience->tries);
    if (patience->tries >= exchange->transport->options.tries_max)
        return -1;
    if (code < 0 && exchange->outcome == CHIMERA_OUTCOME_UNREACHED) {
        if (chimera_clock_ms() - patience->begun_ms > REACHING_MAX_MS || patience->tries > 3)
            return -1;
    } else if (code < 0) {
        if (!is_idempotent || exchange->outcome != CHIMERA_OUTCOME_INTERRUPTED)
            return -1;
    } else {
        int64_t told = read_retry_after(exchange->answer);
        unsigned status = exchange->answer->status;
        if (!is_idempotent ||
            (status != 408 && status != 429 && (status < 500 || status == 501 || status == 505)))
            return -1;
        wait = told > wait ? told : wait;
    }
    uint64_t deadline_ns = exchange->transport->deadline_ns;
    if (deadline_ns && chimera_clock_ns() + (uint64_t)wait * 1000000 >= deadline_ns)
        return -1;
    return patience->waited_ms + wait > WAITING_MAX_MS ? -1 : wait;
}

static int insist(struct chimera_exchange *exchange, struct chimera_error *err)
{
    struct patience patience = {.begun_ms = chimera_clock_ms()};
    for (;;) {
        struct chimera_error why = {0};
        int code = reach(exchange, &why);
        patience.tries++;
        int64_t wait = plan_retry(&patience, exchange, code);
        if (wait < 0)
            return code < 0 ? chimera_fail(err, code, "%s", why.text) : code;
        const struct chimera_transport_options *options = &exchange->transport->options;
        for (int64_t until = chimera_clock_ms() + wait, left = wait; left > 0;
             left = until - chimera_clock_ms()) {
            int64_t slice = left < WAIT_SLICE_MS ? left : WAIT_SLICE_MS;
            nanosleep(&(struct timespec){.tv_nsec = slice * 1000000}, NULL);
            if (options->progress && options->progress(options->context, 0, 0) != 0)
                return chimera_fail(err, CHIMERA_EIO, "%s: interrupted", exchange->url->shown);
        }
        patience.waited_ms += wait;
    }
}

/* --- Redirects --- */

static int fail_redirect(const struct chimera_exchange *exchange, const char *to, const char *why,
                         struct chimera_error *err)
{
    return chimera_fail(err, CHIMERA_EREFUSED, "%s: redirects to %s: %s", exchange->url->shown, to,
                        why);
}

/* Whether `next` may be asked in place of where the exchange was, and with what. */
static int follow(struct chimera_exchange *exchange, const struct chimera_url *next,
                  struct chimera_error *err)
{
    bool was_plain = !exchange->url->is_https || exchange->level == CHIMERA_LEVEL_PLAIN;
    bool is_same = chimera_url_is_same_origin(exchange->url, was_plain, next);
    const char *method = exchange->request->method;
    bool is_read = strcmp(method, "GET") == 0 || strcmp(method, "HEAD") == 0;
    unsigned status = exchange->answer->status;
    if (!next->is_https && !was_plain)
        return fail_redirect(exchange, next->shown, "from https to http is not followed", err);
    if (!is_read && status != 307 && status != 308)
        return fail_redirect(exchange, next->shown, "what is sent is not sent again there", err);
    if (!is_same) {
        if (exchange->has_body)
            return fail_redirect(exchange, next->shown, "what is sent does not go to another host",
                                 err);
        exchange->authorization = NULL;
    }
    return CHIMERA_OK;
}

static int read_location(const struct chimera_exchange *exchange, struct chimera_slice location,
                         struct chimera_url *ret_url, struct chimera_error *err)
{
    struct chimera_error why = {0};
    char *text = strndup(location.data, location.size);
    if (!text)
        return chimera_fail_memory(err);
    int code = chimera_url_parse(exchange->url->text, text, ret_url, &why);
    free(text);
    return code < 0 ? chimera_fail(err, code, "%s: redirects: %s", exchange->url->shown, why.text)
                    : code;
}

/* Takes `url`, and moves it to where the redirects lead. */
static int travel(struct chimera_exchange *exchange, struct chimera_url *url,
                  struct chimera_error *err)
{
    for (unsigned hops = 0;; hops++) {
        struct chimera_url next;
        exchange->url = url;
        int code = insist(exchange, err);
        unsigned status = exchange->answer->status;
        if (code < 0 ||
            (status != 301 && status != 302 && status != 303 && status != 307 && status != 308))
            return code;
        struct chimera_slice location = chimera_transfer_header(exchange->answer, "location", 0);
        if (!location.data)
            return code;
        if (hops == REDIRECTS_MAX)
            return fail_redirect(exchange, "yet another place", "more than 10 in a row", err);
        code = read_location(exchange, location, &next, err);
        if (code < 0)
            return code;
        code = follow(exchange, &next, err);
        if (code < 0) {
            chimera_url_done(&next);
            return code;
        }
        chimera_url_done(url);
        *url = next;
    }
}

int chimera_transfer(struct chimera_transport *transport,
                     const struct chimera_transfer_request *request,
                     struct chimera_transfer_answer *ret_answer, struct chimera_error *err)
{
    struct chimera_transfer_answer answer = {0};
    struct chimera_url url = {0};
    bool has_taken = false;
    struct chimera_exchange exchange = {
        .transport = transport,
        .request = request,
        .authorization = request->authorization,
        .has_body = request->body.fd >= 0 ? request->body.size > 0 : request->body.bytes.size > 0,
        .answer = &answer,
        .has_taken = &has_taken,
    };
    int code = chimera_url_parse(NULL, request->url, &url, err);
    if (code >= 0)
        code = travel(&exchange, &url, err);
    if (code >= 0) {
        answer.url = url.text;
        answer.was_plain = !url.is_https || exchange.level == CHIMERA_LEVEL_PLAIN;
        answer.was_unverified = url.is_https && exchange.level == CHIMERA_LEVEL_UNVERIFIED;
        url.text = NULL; /* now the answer's */
        *ret_answer = answer;
    } else {
        chimera_transfer_answer_done(&answer);
    }
    chimera_url_done(&url);
    return code;
}

void chimera_transfer_answer_done(struct chimera_transfer_answer *answer)
{
    chimera_buffer_free(&answer->body);
    chimera_buffer_free(&answer->headers);
    free(answer->url);
    answer->url = NULL;
}

struct chimera_slice chimera_transfer_header(const struct chimera_transfer_answer *answer,
                                             const char *name, size_t number)
{
    struct chimera_slice rest = chimera_buffer_slice(&answer->headers);
    size_t size = strlen(name);
    while (rest.size > 0) {
        const char *end = memchr(rest.data, '\n', rest.size);
        struct chimera_slice line = {rest.data, (size_t)(end - rest.data)};
        rest = (struct chimera_slice){end + 1, rest.size - line.size - 1};
        if (chimera_slice_starts(line, name) && line.size >= size + 2 && line.data[size] == ':' &&
            number-- == 0)
            return (struct chimera_slice){line.data + size + 2, line.size - size - 2};
    }
    return (struct chimera_slice){0};
}
