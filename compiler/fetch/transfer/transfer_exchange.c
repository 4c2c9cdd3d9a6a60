/* SPDX-License-Identifier: Apache-2.0 */
/* transfer_exchange.c - one request to one place on libcurl. */
#include <string.h>

#include "compiler/fetch/transfer/transfer_internal.h"

static void reset_answer(struct chimera_exchange *exchange)
{
    struct chimera_transfer_answer *answer = exchange->answer;
    uint64_t limit = exchange->request->limit;
    chimera_buffer_free(&answer->body);
    chimera_buffer_free(&answer->headers);
    chimera_buffer_init(&answer->body, limit > CHIMERA_TRANSFER_ERROR_BODY_MAX
                                           ? limit
                                           : CHIMERA_TRANSFER_ERROR_BODY_MAX);
    chimera_buffer_init(&answer->headers, CHIMERA_TRANSFER_HEADERS_MAX);
    answer->status = 0;
}

/* Before another try, which may bring less than the last, or nothing. */
static int restart_sink(struct chimera_exchange *exchange, struct chimera_error *err)
{
    const struct chimera_transfer_sink *sink = exchange->request->sink;
    if (!*exchange->has_taken || !sink->restart)
        return CHIMERA_OK;
    *exchange->has_taken = false;
    int code = sink->restart(sink->context);
    return code < 0 ? chimera_fail(err, code, "%s: what has come cannot be dropped",
                                   exchange->url->shown)
                    : code;
}

int chimera_exchange_run(struct chimera_exchange *exchange, struct chimera_error *err)
{
    __attribute__((cleanup(chimera_exchange_free_headers))) struct curl_slist *headers = NULL;
    struct chimera_error stop = {0};
    CURL *easy = exchange->transport->easy;
    exchange->outcome = CHIMERA_OUTCOME_STOPPED;
    exchange->is_unknown = false;
    exchange->stop = &stop;
    exchange->sent = exchange->received = 0;
    exchange->length = UINT64_MAX;
    reset_answer(exchange);
    int code = restart_sink(exchange, err);
    if (code == CHIMERA_OK)
        code = chimera_exchange_set_up(exchange, &headers, err);
    if (code < 0)
        return code;
    exchange->transport->has_ended = false;
    CURLcode result = curl_easy_perform(easy);
    code = CHIMERA_OK;
    unsigned status = exchange->answer->status;
    if (result == CURLE_OK && exchange->url->is_https && exchange->level != CHIMERA_LEVEL_PLAIN &&
        exchange->length == UINT64_MAX && !exchange->is_chunked &&
        strcmp(exchange->request->method, "HEAD") != 0 && status != 204 && status != 304 &&
        !exchange->transport->has_ended)
        result = CURLE_PARTIAL_FILE;
    if (result != CURLE_OK && !exchange->is_cut)
        code = chimera_exchange_fail(exchange, result, err);
    curl_easy_setopt(easy, CURLOPT_HTTPHEADER, NULL); /* which go out of scope */
    curl_easy_setopt(easy, CURLOPT_ERRORBUFFER, NULL);
    exchange->stop = NULL;
    return code;
}
