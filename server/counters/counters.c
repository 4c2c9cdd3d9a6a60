/* SPDX-License-Identifier: Apache-2.0 */
#include "server/counters/counters.h"

#include "runtime/base/clock.h"
#include "runtime/instance/guest.h"
#include "runtime/text/utf8.h"

#define SAMPLE_EVERY 8       /* a power of two */
#define SAMPLE_ALL_NS 100000 /* where a sample costs less than one in a hundred */
#define WHOLE_SHARE 1024u

const uint16_t counters_statuses[COUNTERS_STATUSES - 1] = {200, 400, 404, 405, 408, 413, 415, 417,
                                                           422, 429, 431, 500, 501, 503, 505};

int counters_make(struct shared *shared, struct chimera_error *err)
{
    return shared_make(shared, "chimera-counters", sizeof(struct counters), false, err);
}

void counters_empty_worker_score(const struct shared *shared, uint32_t score)
{
    shared_empty(shared, offsetof(struct counters, score) + score * sizeof(struct worker_score),
                 sizeof(struct worker_score));
}

struct worker_score *counters_worker_score(struct counters *counters, uint32_t score)
{
    return counters && score < WORKER_SCORES ? &counters->score[score] : NULL;
}

struct counters_policy *counters_policy(struct counters *counters, uint32_t number)
{
    if (!counters)
        return NULL;
    return &counters->policy[number < COUNTERS_POLICIES ? number : 0];
}

static uint64_t load(const _Atomic uint64_t *counter)
{
    return atomic_load_explicit(counter, memory_order_relaxed);
}

static void add(_Atomic uint64_t *counter, uint64_t amount)
{
    if (amount)
        atomic_fetch_add_explicit(counter, amount, memory_order_relaxed);
}

void counters_begin(const struct counters_policy *policy, struct counters_meter *ret_meter)
{
    *ret_meter = (struct counters_meter){0};
    if (!policy)
        return;
    ret_meter->is_sampled = load(&policy->evaluations) % SAMPLE_EVERY == 0 ||
                            load(&policy->last_wall_ns) >= SAMPLE_ALL_NS;
    if (ret_meter->is_sampled)
        ret_meter->cpu_began_ns = chimera_clock_thread_ns();
    ret_meter->began_ns = chimera_clock_ns();
}

static void count_cpu_sample(struct counters_policy *policy, uint64_t cpu_ns, uint64_t wall_ns)
{
    uint64_t share = wall_ns && cpu_ns < wall_ns ? cpu_ns * WHOLE_SHARE / wall_ns : WHOLE_SHARE;
    atomic_store_explicit(&policy->cpu_share, (uint32_t)share, memory_order_relaxed);
    add(&policy->cpu_ns, cpu_ns);
    add(&policy->cpu_samples, 1);
    add(&policy->cpu_sample_ns, cpu_ns);
    unsigned class = 0;
    for (uint64_t limit = 1000; class < COUNTERS_CPU_CLASSES - 1 && cpu_ns > limit; limit *= 10)
        class ++;
    add(&policy->cpu_class[class], 1);
}

static void count_cpu(struct counters_policy *policy, const struct counters_meter *meter,
                      uint64_t wall_ns)
{
    if (meter->is_sampled) {
        count_cpu_sample(policy, chimera_clock_thread_ns() - meter->cpu_began_ns, wall_ns);
        return;
    }
    uint64_t share = atomic_load_explicit(&policy->cpu_share, memory_order_relaxed);
    add(&policy->cpu_ns, (uint64_t)((double)wall_ns * (double)share / WHOLE_SHARE));
}

static bool has_code(const struct chimera_response *response)
{
    return response->has_status && response->status.has_code;
}

static void count_verdict(struct counters_policy *policy, uint64_t wall_ns,
                          const struct chimera_response *response)
{
    histogram_add(&policy->wall, wall_ns);
    add(&policy->evaluations, 1);
    add(&policy->wall_ns, wall_ns);
    if (!response->allowed && has_code(response) && response->status.code == 500)
        add(&policy->errors, 1);
    else
        add(response->allowed ? &policy->accepted : &policy->rejected, 1);
    add(&policy->mutated, response->patch.data != NULL);
}

static uint64_t at_most(uint64_t value, uint64_t limit)
{
    return value < limit ? value : limit;
}

void counters_end(struct counters_policy *policy, const struct counters_meter *meter, int code,
                  const struct chimera_response *response, const struct chimera_run_report *cost)
{
    struct chimera_run_report report = *cost;
    if (!policy)
        return;
    if (code < 0) {
        add(&policy->failures, 1);
        return;
    }
    uint64_t wall_ns = chimera_clock_ns() - meter->began_ns;
    report.reset_ns = at_most(report.reset_ns, wall_ns);
    if (report.wall_ns) {
        wall_ns = at_most(report.wall_ns, wall_ns);
        count_cpu_sample(policy, at_most(report.cpu_ns, wall_ns), wall_ns);
    } else {
        count_cpu(policy, meter, wall_ns);
    }
    count_verdict(policy, wall_ns, response);
    atomic_store_explicit(&policy->last_wall_ns, wall_ns, memory_order_relaxed);
    add(&policy->traps, report.stop == CHIMERA_STOP_TRAP);
    add(&policy->deadlines, report.stop == CHIMERA_STOP_DEADLINE);
    add(&policy->resets, report.resets);
    add(&policy->dirty_pages, report.pages);
    add(&policy->reset_ns, report.reset_ns);
}

void counters_count_group(struct counters_policy *policy, uint64_t wall_ns,
                          const struct chimera_response *response)
{
    if (policy)
        count_verdict(policy, wall_ns, response);
}

/* The last stop on this thread, for the rejection that comes of it. */
static _Thread_local struct {
    struct rejection_text uid_text, function_text;
    char uid[REJECTION_NAME_MAX];
    char function[REJECTION_NAME_MAX];
} last_stop;

void counters_note_stop(struct counters *counters, uint32_t number, struct chimera_slice uid,
                        struct chimera_slice function)
{
    struct counters_policy *policy = counters_policy(counters, number);
    struct stop stop = {.at_ms = chimera_clock_wall_ms()};
    if (!policy || !function.size || !chimera_utf8_is_valid(function))
        return;
    REJECTION_SET(&stop, function, function);
    uint64_t next = atomic_fetch_add_explicit(&policy->stops, 1, memory_order_relaxed) + 1;
    guarded_write(&policy->stop_sequence, next, policy->stop_word, &stop, sizeof(stop));
    REJECTION_SET(&last_stop, uid, uid);
    REJECTION_SET(&last_stop, function, function);
}

/* Taken, so that it is nobody else's. */
static void take_stop(struct rejection *rejection)
{
    if (!last_stop.function_text.size)
        return;
    if (last_stop.uid_text.size == rejection->uid_text.size &&
        memcmp(last_stop.uid, rejection->uid, rejection->uid_text.size) == 0)
        REJECTION_SET(rejection, function,
                      ((struct chimera_slice){last_stop.function, last_stop.function_text.size}));
    last_stop.function_text.size = 0;
}

static void set_causes(struct rejection *rejection, const struct chimera_cause *cause)
{
    for (; cause && rejection->cause_count < UINT8_MAX; cause = cause->next) {
        if (rejection->cause_count < REJECTION_CAUSES) {
            struct rejection_cause *kept = &rejection->cause[rejection->cause_count];
            REJECTION_SET(kept, field, cause->field);
            REJECTION_SET(kept, message, cause->message);
        }
        rejection->cause_count++;
    }
}

static void keep_rejection(struct counters *counters, const struct counters_request *counted,
                           struct chimera_arena *arena)
{
    const struct chimera_request *request = counted->request;
    const struct chimera_response *response = counted->response;
    struct rejection rejection = {.at_ms = chimera_clock_wall_ms(),
                                  .policy = counted->policy,
                                  .is_monitor = counted->is_monitor,
                                  .is_audit = counted->is_audit,
                                  .has_error_code = has_code(response),
                                  .error_code = response->status.code};
    struct chimera_request_labels labels = {0};
    chimera_request_label(request, arena, &labels);
    REJECTION_SET(&rejection, uid, request->uid);
    REJECTION_SET(&rejection, operation, request->operation);
    REJECTION_SET(&rejection, kind, request->kind);
    REJECTION_SET(&rejection, name_space, request->name_space);
    REJECTION_SET(&rejection, name, labels.name);
    if (response->has_status) {
        REJECTION_SET(&rejection, message, response->status.message);
        set_causes(&rejection, response->status.causes);
    }
    take_stop(&rejection);
    rejections_add(&counters->rejections, &rejection);
}

void counters_count_request(struct counters *counters, const struct counters_request *counted,
                            struct chimera_arena *arena)
{
    struct counters_policy *policy = counters_policy(counters, counted->policy);
    if (!policy)
        return;
    const struct chimera_request *request = counted->request;
    const struct chimera_response *response = counted->response;
    const struct series_labels labels = {.policy = counted->policy,
                                         .is_monitor = counted->is_monitor,
                                         .is_accepted = response->allowed,
                                         .is_mutated = response->patch.data != NULL,
                                         .has_error_code = has_code(response),
                                         .error_code = response->status.code,
                                         .origin = request->is_raw     ? SERIES_RAW
                                                   : counted->is_audit ? SERIES_AUDIT
                                                                       : SERIES_VALIDATE,
                                         .kind = request->kind,
                                         .operation = request->operation,
                                         .name_space = request->name_space};
    series_add(&counters->series, &policy->series_count, &labels, counted->latency_ns);
    /* What the answer's post-processing will hide (policy-server.md §4.5). */
    add(&policy->monitored, counted->is_monitor && !counted->is_audit &&
                                (!counted->response->allowed || counted->response->patch.data));
    if (!counted->response->allowed)
        keep_rejection(counters, counted, arena);
}

void counters_count_start_error(struct counters *counters, uint32_t number)
{
    struct counters_policy *policy = counters_policy(counters, number);
    if (policy)
        add(&policy->start_errors, 1);
}

void counters_count_answer(struct counters *counters, unsigned status)
{
    size_t place = 0;
    while (place < COUNTERS_STATUSES - 1 && counters_statuses[place] != status)
        place++;
    if (counters)
        add(&counters->answers[place], 1);
}

void counters_read(const struct counters *counters, uint32_t number, struct counters_view *ret_view)
{
    const struct counters_policy *policy =
        &counters->policy[number < COUNTERS_POLICIES ? number : 0];
#define X(name, ...) ret_view->name = load(&policy->name);
    COUNTERS_LIST(X)
#undef X
    for (unsigned i = 0; i < COUNTERS_CPU_CLASSES; i++)
        ret_view->cpu_class[i] = load(&policy->cpu_class[i]);
    histogram_read(&policy->wall, &ret_view->wall);
}

/* The sum was read before the histogram, and may lack what is there. */
uint64_t counters_quantile(const struct counters_view *view, double quantile)
{
    bool is_exact = view->wall.total == 1 && view->wall_ns;
    return is_exact ? view->wall_ns : histogram_quantile(&view->wall, quantile);
}

void counters_read_stop(const struct counters *counters, uint32_t number, struct stop *ret_stop)
{
    const struct counters_policy *policy =
        &counters->policy[number < COUNTERS_POLICIES ? number : 0];
    uint64_t last = load(&policy->stop_sequence) / 2;
    struct stop stop;
    *ret_stop = (struct stop){0};
    if (last &&
        guarded_read(&policy->stop_sequence, last, policy->stop_word, &stop, sizeof(stop)) &&
        stop.function_text.size <= sizeof(stop.function) &&
        chimera_utf8_is_valid((struct chimera_slice){stop.function, stop.function_text.size}))
        *ret_stop = stop;
}
