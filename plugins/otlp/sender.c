/* SPDX-License-Identifier: Apache-2.0 */
#include "plugins/otlp/sender.h"

#include "runtime/log/log.h"

#define TARGET "otlp"
#define BACKOFF_FIRST_MS 1000
#define BACKOFF_MAX_MS 30000

static const char *const services[] = {
    "/opentelemetry.proto.collector.metrics.v1.MetricsService/Export",
    "/opentelemetry.proto.collector.trace.v1.TraceService/Export"};
static const char *const names[] = {"metrics", "traces"};

int sender_open(struct sender *sender, enum signal_kind kind, struct chimera_error *err)
{
    *sender = (struct sender){.what = names[kind]};
    int code = settings_read_signal(kind, &sender->settings, err);
    if (code == CHIMERA_OK)
        code = call_open(&sender->call, &sender->settings, services[kind], err);
    if (code == CHIMERA_OK)
        chimera_log_with(CHIMERA_LOG_INFO, TARGET, CHIMERA_SLICE("exporting"),
                         CHIMERA_TEXT("what", chimera_slice_of(sender->what)),
                         CHIMERA_TEXT("to", chimera_slice_of(sender->settings.origin)));
    return code;
}

void sender_close(struct sender *sender)
{
    call_close(&sender->call);
}

enum sender_state sender_state(const struct sender *sender)
{
    return sender->call.is_running || sender->retry_at_ms ? SENDER_BUSY : SENDER_IDLE;
}

bool sender_send(struct sender *sender, CURLM *multi, struct chimera_slice message)
{
    return call_prepare(&sender->call, message) == CHIMERA_OK &&
           call_start(&sender->call, multi) == CHIMERA_OK;
}

/* Once for each time that it begins, so that a collector that is away does not fill the log. */
static void tell_failure(struct sender *sender, const char *why, bool is_for_good)
{
    enum chimera_log_level level = sender->is_failing ? CHIMERA_LOG_DEBUG : CHIMERA_LOG_WARN;
    sender->is_failing = true;
    chimera_log_with(level, TARGET,
                     is_for_good ? CHIMERA_SLICE("the collector refuses what is exported")
                                 : CHIMERA_SLICE("cannot export; trying again from time to time"),
                     CHIMERA_TEXT("what", chimera_slice_of(sender->what)),
                     CHIMERA_TEXT("why", chimera_slice_of(why)));
}

enum reply_result sender_ended(struct sender *sender, CURLM *multi, CURLcode result, int64_t now_ms)
{
    char why[600];
    enum reply_result end = call_finish(&sender->call, multi, result, why, sizeof(why));
    if (end == REPLY_RETRY) {
        tell_failure(sender, why, false);
        sender->backoff_ms = sender->backoff_ms ? sender->backoff_ms * 2 : BACKOFF_FIRST_MS;
        if (sender->backoff_ms > BACKOFF_MAX_MS)
            sender->backoff_ms = BACKOFF_MAX_MS;
        sender->retry_at_ms = now_ms + sender->backoff_ms;
        return end;
    }
    sender->backoff_ms = 0;
    if (end == REPLY_FAILED) {
        tell_failure(sender, why, true);
    } else {
        if (sender->is_failing)
            chimera_log_with(CHIMERA_LOG_INFO, TARGET, CHIMERA_SLICE("exporting again"),
                             CHIMERA_TEXT("what", chimera_slice_of(sender->what)));
        sender->is_failing = false;
        if (why[0])
            chimera_log_with(CHIMERA_LOG_WARN, TARGET,
                             CHIMERA_SLICE("the collector took only a part of it"),
                             CHIMERA_TEXT("what", chimera_slice_of(sender->what)),
                             CHIMERA_TEXT("why", chimera_slice_of(why)));
    }
    return end;
}

void sender_pass_time(struct sender *sender, CURLM *multi, int64_t now_ms)
{
    if (!sender->retry_at_ms || now_ms < sender->retry_at_ms)
        return;
    if (call_start(&sender->call, multi) == CHIMERA_OK)
        sender->retry_at_ms = 0;
    else
        sender->retry_at_ms = now_ms + BACKOFF_MAX_MS;
}

void sender_give_up(struct sender *sender)
{
    sender->retry_at_ms = 0;
}
