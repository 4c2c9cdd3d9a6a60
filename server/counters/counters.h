/* SPDX-License-Identifier: Apache-2.0 */
/* counters.h - what the server counts: costs by policy, verdicts by label set, the last rejections.
 *
 * One shared mapping that outlasts workers and reloads, so nothing in it ever goes back. The
 * supervisor makes it, workers count in it with relaxed atomics, without locks and allocation, and
 * readers (the admin process, an exporter) copy out of it. A worker may have been taken over by a
 * guest, so a reader believes no length, number or text in it unchecked; the _read functions see to
 * that. Policies are told apart by their number on the scoreboard (scoreboard.h); number 0 is all
 * those that found no place there.
 */
#ifndef CHIMERA_SERVER_COUNTERS_COUNTERS_H
#define CHIMERA_SERVER_COUNTERS_COUNTERS_H

#include "runtime/broker/answers.h"
#include "runtime/policy/policy.h"
#include "server/base/shared_memory.h"
#include "server/counters/histogram.h"
#include "server/counters/label_series.h"
#include "server/counters/rejections.h"
#include "server/counters/worker_score.h"

#define COUNTERS_POLICIES SCOREBOARD_POLICIES
/* CPU time of an evaluation by powers of ten: up to 1 µs, 10 µs, … 10 s, and more. */
#define COUNTERS_CPU_CLASSES 9

/* The plain counters, as a list so that writers and readers cannot disagree. A row is the name, and
 * the family of its own that a counter is on /metrics (NULL: none) with its help, and what a number
 * is multiplied by, 0: nothing. The verdicts are the "counts" on /policies. */
#define COUNTERS_VERDICTS(X)                                                                      \
    X(evaluations, NULL, NULL, 0) /* by this policy's own code, also as a member of a group; of a \
                                     group */                                                     \
    X(accepted, NULL, NULL, 0)    /* of these: the guest's verdict */                             \
    X(rejected, NULL, NULL, 0)                                                                    \
    X(errors, NULL, NULL, 0) /* rejections with code 500: it could not be evaluated */            \
    X(mutated, "chimera_policy_mutations_total",                                                  \
      "Evaluations that proposed a change of the object.", 0)                                     \
    X(monitored, "chimera_policy_monitored_total",                                                \
      "Verdicts that monitor mode changed to an acceptance.", 0)                                  \
    X(traps, "chimera_policy_traps_total", "Evaluations that ended in a trap.", 0)                \
    X(deadlines, "chimera_policy_deadlines_total",                                                \
      "Evaluations that were stopped at their time limit.", 0)                                    \
    X(failures, "chimera_policy_failures_total",                                                  \
      "Evaluations that could not begin: no instance could be made.",                             \
      0) /* answered with 500, not an evaluation */                                               \
    X(start_errors, "chimera_policy_start_errors_total",                                          \
      "Requests that were rejected because the policy has not started.", 0)
#define COUNTERS_COSTS(X)                                                                          \
    X(log_lines_dropped, "chimera_policy_log_lines_dropped_total",                                 \
      "Log lines that were dropped because the policy wrote too many.", 0)                         \
    X(wall_ns, NULL, NULL, 0)                                                                      \
    X(cpu_ns, "chimera_policy_cpu_seconds_total",                                                  \
      "CPU time of evaluations; sampled where they are short.", 1e-9) /* see counters_begin() */   \
    X(cpu_samples, NULL, NULL, 0)                                     /* how many were measured */ \
    X(cpu_sample_ns, NULL, NULL, 0)                                                                \
    X(resets, "chimera_policy_resets_total", "Instances brought back to their start.", 0)          \
    X(dirty_pages, "chimera_policy_dirty_pages_total", "Pages of 4 KiB that resets copied back.",  \
      0)                                                                                           \
    X(reset_ns, "chimera_policy_reset_seconds_total", "Time that resets took.", 1e-9)              \
    X(reused, "chimera_policy_verdicts_reused_total",                                              \
      "Verdicts that were given again without an evaluation.", 0)                                  \
    X(ruled_out, "chimera_policy_reuse_ruled_out_total",                                           \
      "Times that an evaluation contradicted a kept verdict: the policy's are not reused since.",  \
      0)
#define COUNTERS_LIST(X) COUNTERS_VERDICTS(X) COUNTERS_COSTS(X)

/* Answers are told apart by these; the last place is for all others. */
#define COUNTERS_STATUSES 16
extern const uint16_t counters_statuses[COUNTERS_STATUSES - 1];

struct stop {       /* of a guest: by a trap, or at its deadline */
    uint64_t at_ms; /* since 1970; 0: none has been */
    struct rejection_text function_text;
    char function[REJECTION_NAME_MAX];
};

struct counters_policy { /* all zeros: nothing counted */
#define X(name, ...) _Atomic uint64_t name;
    COUNTERS_LIST(X)
#undef X
    _Atomic uint32_t series_count; /* label sets */
    _Atomic uint32_t cpu_share;    /* CPU by wall time of the last sample, in 1/1024 */
    _Atomic uint64_t last_wall_ns; /* of the last evaluation */
    _Atomic uint64_t cpu_class[COUNTERS_CPU_CLASSES]; /* samples by powers of ten */
    struct histogram wall;                            /* of evaluations */
    _Atomic uint64_t stops, stop_sequence; /* guarded.h; of the last one that had a place */
    _Atomic uint64_t stop_word[GUARDED_WORDS(struct stop)];
};

struct reuse_counters { /* of all policies (review/reuse.h) */
    _Atomic uint64_t hits, misses;
    _Atomic uint64_t checks; /* hits that were evaluated all the same */
};

struct decision_counters {    /* of the decision log */
    _Atomic uint64_t lines;   /* written */
    _Atomic uint64_t crowded; /* dropped: there was no room for them */
    _Atomic uint64_t beyond;  /* dropped: there were too many in a second */
    _Atomic uint64_t errors;  /* attempts to write or to open it that failed */
};

struct counters {
    struct decision_counters decisions;
    _Atomic uint64_t answers[COUNTERS_STATUSES]; /* on the main port */
    _Atomic uint64_t log_lines_dropped;          /* for which the log had no room */
    struct chimera_answers_counters host_calls;  /* answers that are kept; worker's or tenants' */
    struct reuse_counters reuse;
    struct counters_policy policy[COUNTERS_POLICIES];
    struct series_table series;
    struct rejections rejections;
    struct worker_score score[WORKER_SCORES];
};

int counters_make(struct shared *shared, struct chimera_error *err);

/* For the supervisor: empties a score, for the next worker. */
void counters_empty_worker_score(const struct shared *shared, uint32_t score);

/* --- For workers. `policy` may be NULL: then nothing is counted. --- */

struct counters_policy *counters_policy(struct counters *counters, uint32_t number);
struct worker_score *counters_worker_score(struct counters *counters,
                                           uint32_t score); /* NULL for WORKER_SCORE_NONE */

struct counters_meter { /* one evaluation, on one thread */
    uint64_t began_ns, cpu_began_ns;
    bool is_sampled;
};

/* Around an evaluation. CPU time is measured for every eighth evaluation, and for all of a policy
 * that takes long, because asking for it costs a system call; for the others it is estimated by the
 * share of the time that the last sample needed. Who evaluates in another process measures both
 * times there, and is believed as far as it is possible: up to what was waited for it. */
void counters_begin(const struct counters_policy *policy, struct counters_meter *ret_meter);
void counters_end(struct counters_policy *policy, const struct counters_meter *meter, int code,
                  const struct chimera_response *response, const struct chimera_run_report *cost);

/* A group has no code of its own: only its verdict and its time count. */
void counters_count_group(struct counters_policy *policy, uint64_t wall_ns,
                          const struct chimera_response *response);

/* One request, for the reference's metrics and the list of rejections. `response` is the verdict
 * before monitor mode, mutation rule and message. */
struct counters_request {
    const struct chimera_request *request;
    const struct chimera_response *response;
    uint32_t policy;
    bool is_monitor, is_audit;
    uint64_t latency_ns;
};
void counters_count_request(struct counters *counters, const struct counters_request *counted,
                            struct chimera_arena *arena);
/* One request of a policy that has not started. */
void counters_count_start_error(struct counters *counters, uint32_t number);

/* A guest of the policy was stopped in that function, by the request with this uid, on the calling
 * thread: kept for the policy, and for the rejection that the request comes to. */
void counters_note_stop(struct counters *counters, uint32_t number, struct chimera_slice uid,
                        struct chimera_slice function);

/* Whatever goes out on the main port. */
void counters_count_answer(struct counters *counters, unsigned status);

/* --- For readers. --- */

struct counters_view {
#define X(name, ...) uint64_t name;
    COUNTERS_LIST(X)
#undef X
    uint64_t cpu_class[COUNTERS_CPU_CLASSES];
    struct histogram_copy wall;
};

/* Of the time of evaluations, in nanoseconds, within 7 %; of a single one its time. 0: none. */
uint64_t counters_quantile(const struct counters_view *view, double quantile);

/* Where its last guest was stopped, as far as that is known; all zeros: nowhere. */
void counters_read_stop(const struct counters *counters, uint32_t number, struct stop *ret_stop);

/* A copy of one policy's numbers. They are not of one moment, but each only ever rises. */
void counters_read(const struct counters *counters, uint32_t number,
                   struct counters_view *ret_view);

#endif
