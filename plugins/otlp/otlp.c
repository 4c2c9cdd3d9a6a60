/* SPDX-License-Identifier: Apache-2.0 */
/* otlp.c - exports metrics and traces by OTLP over gRPC: the plugin's entry and its loop.
 *
 * One thread around one curl_multi_poll(): the calls, the pipe of spans, the order to end.
 * docs/internals/telemetry.md has the whole picture.
 */
#include <stdlib.h>

#include "plugins/otlp/metric_push.h"
#include "plugins/otlp/span_queue.h"
#include "runtime/base/clock.h"
#include "runtime/log/log_writer.h"

#define TARGET "otlp"
#define LOG_MS 200
#define LAST_MS 3000 /* for what is left at the end; the server's own end waits for it */

extern const struct chimera_exporter chimera_exporter;

struct exporter {
    const struct chimera_exporter_start *start;
    struct settings settings;
    CURLM *multi; /* owned */
    struct pushed pushed;
    struct queued queued;
    int64_t until_ms; /* 0 before the order to end */
};

static int open_all(struct exporter *exporter, struct chimera_error *err)
{
    const struct chimera_exporter_start *start = exporter->start;
    int code = settings_read(&exporter->settings, err);
    const struct encode_origin origin = {&exporter->settings, start->version};
    if (code < 0)
        return code;
    if (curl_global_init(CURL_GLOBAL_DEFAULT) != 0 || !(exporter->multi = curl_multi_init()))
        return chimera_fail(err, CHIMERA_ENOMEM, "libcurl does not start");
    /* Calls at the same time have connections of their own: sharing one fails with libcurl 7.88. */
    curl_multi_setopt(exporter->multi, CURLMOPT_PIPELINING, (long)CURLPIPE_NOTHING);
    if (start->has_metrics)
        code = pushed_open(&exporter->pushed, start, &origin, err);
    if (code == CHIMERA_OK && start->has_traces)
        code = queued_open(&exporter->queued, start, &origin, err);
    return code;
}

static int64_t pass_time(struct exporter *exporter)
{
    int64_t now = chimera_clock_ms(), at_ms = INT64_MAX;
    if (exporter->start->has_metrics && !exporter->until_ms)
        at_ms = pushed_pass_time(&exporter->pushed, exporter->multi, now);
    if (exporter->start->has_traces) {
        int64_t other_ms = queued_pass_time(&exporter->queued, exporter->multi, now);
        at_ms = other_ms < at_ms ? other_ms : at_ms;
    }
    if (exporter->until_ms && exporter->until_ms < at_ms)
        at_ms = exporter->until_ms;
    return at_ms;
}

static bool is_done(const struct exporter *exporter)
{
    if (!exporter->until_ms)
        return false;
    if (chimera_clock_ms() >= exporter->until_ms)
        return true;
    return !exporter->pushed.is_under_way && exporter->queued.count == 0 &&
           sender_state(&exporter->queued.sender) == SENDER_IDLE;
}

static void wait_for_something(struct exporter *exporter, int64_t at_ms)
{
    const struct chimera_exporter_start *start = exporter->start;
    struct curl_waitfd waited[2] = {{.fd = start->stop_fd, .events = CURL_WAIT_POLLIN},
                                    {.fd = start->span_fd, .events = CURL_WAIT_POLLIN}};
    /* The order to end stays readable. */
    unsigned from = exporter->until_ms ? 1 : 0,
             to = start->has_traces && !exporter->until_ms ? 2 : 1;
    int64_t left_ms = at_ms - chimera_clock_ms();
    int timeout_ms = left_ms < 0 ? 0 : left_ms > 60000 ? 60000 : (int)left_ms;
    curl_multi_poll(exporter->multi, waited + from, to - from, timeout_ms, NULL);
    if (from < to && waited[0].revents) {
        /* Everything that is left goes out now, once. */
        exporter->until_ms = chimera_clock_ms() + LAST_MS;
        if (exporter->start->has_traces) {
            queued_read(&exporter->queued, chimera_clock_ms());
            exporter->queued.is_ending = true;
            exporter->queued.sender.retry_at_ms = exporter->queued.sender.retry_at_ms ? 1 : 0;
        }
        if (exporter->start->has_metrics)
            pushed_begin(&exporter->pushed, exporter->multi);
    } else if (to == 2 && waited[1].revents) {
        queued_read(&exporter->queued, chimera_clock_ms());
    }
}

static void export_all(struct exporter *exporter)
{
    while (!is_done(exporter)) {
        int running;
        curl_multi_perform(exporter->multi, &running);
        CURLMsg *message;
        int left;
        while ((message = curl_multi_info_read(exporter->multi, &left))) {
            CURLcode result = message->data.result;
            if (message->easy_handle == exporter->pushed.sender.call.easy)
                pushed_ended(&exporter->pushed, exporter->multi, result, chimera_clock_ms());
            else
                queued_ended(&exporter->queued, exporter->multi, result, chimera_clock_ms());
        }
        int64_t at_ms =
            pass_time(exporter); /* a call that begins here does not let the wait begin */
        if (!is_done(exporter))
            wait_for_something(exporter, at_ms);
    }
}

static int run_export(const struct chimera_exporter_start *start, struct chimera_error *err)
{
    struct exporter *exporter = calloc(1, sizeof(*exporter)); /* large */
    if (!exporter)
        return chimera_fail_memory(err);
    chimera_log_open(start->log_fd, start->log_form, start->log_from);
    exporter->start = start;
    int code = chimera_log_buffer(NULL, NULL, err);
    if (code == CHIMERA_OK)
        code = chimera_log_start_writer(NULL, NULL, err);
    if (code == CHIMERA_OK)
        code = open_all(exporter, err);
    if (code == CHIMERA_OK) {
        start->ready(start->context);
        export_all(exporter);
    }
    if (exporter->start->has_metrics)
        pushed_close(&exporter->pushed);
    if (exporter->start->has_traces)
        queued_close(&exporter->queued);
    curl_multi_cleanup(exporter->multi);
    curl_global_cleanup();
    chimera_log_finish(LOG_MS);
    free(exporter);
    return code;
}

__attribute__((visibility("default"))) const struct chimera_exporter chimera_exporter = {
    .abi = CHIMERA_EXPORTER_ABI, .size = sizeof(struct chimera_exporter), .run = run_export};
