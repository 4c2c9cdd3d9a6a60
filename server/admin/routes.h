/* SPDX-License-Identifier: Apache-2.0 */
/* routes.h - what the admin port answers: /healthz, /metrics, /policies, /rejections, and a page at
 * /.
 *
 * Reads the scoreboard and the counters, and writes texts. What is in the counters came from
 * clients and policies, and may have been spoilt by a worker that a guest took over: it is copied,
 * checked and escaped, and decides nothing.
 */
#ifndef CHIMERA_SERVER_ADMIN_ROUTES_H
#define CHIMERA_SERVER_ADMIN_ROUTES_H

#include "runtime/broker/tally.h"
#include "server/counters/counters.h"
#include "server/counters/scoreboard.h"
#include "server/http/answer.h"
#include "server/http/http1.h"

struct admin {
    const struct scoreboard *scoreboard;
    const struct counters *counters;
    const struct chimera_tally *tally; /* of the broker; NULL: none */
    const char *hosts;                 /* of --admin-hosts; NULL: none */
    int statm_fd; /* /proc/self/statm, opened before the lock-down; -1: not there */
};

/* The answer to a request, of a client on this machine or another; its body is appended to `body`.
 */
void admin_answer(const struct admin *admin, const struct http_head *head, bool is_local,
                  struct chimera_buffer *body, struct answer *ret_answer);

/* --- For the files that write one thing each. --- */

/* Everything about one policy, or a group. */
struct admin_policy {
    uint32_t number;
    struct chimera_slice id;
    struct scoreboard_spec spec;
    struct worker_score_view
        score; /* of the worker that serves; all zeros: none does, or it says nothing */
    struct counters_view counts;
};
void admin_read_policy(const struct admin *admin, const struct scoreboard_server *server,
                       uint32_t number, struct admin_policy *ret_policy);

/* "loaded", "failed", "fetching", "building", "built", "loading", "removed" */
const char *admin_state_of(const struct scoreboard_server *server,
                           const struct admin_policy *policy);
/* "quick" or "full"; "" while nothing is known. */
const char *admin_tier_of(const struct admin_policy *policy);
/* The class of a typical evaluation by its CPU time: "10 µs" means more than 1 µs and up to that.
 * "" while there is no sample. */
const char *admin_cpu_class_of(const struct counters_view *counts);
/* How many modules of the build that is under way are there; all zeros while there is none. */
struct admin_progress {
    uint32_t built, of;
};
void admin_read_progress(const struct admin *admin, const struct scoreboard_server *server,
                         struct admin_progress *ret_progress);
/* Whether requests are served, and else why not: a line without its end. */
bool admin_is_healthy(const struct scoreboard_server *server, const char **ret_why);

void admin_write_metrics(const struct admin *admin, struct chimera_buffer *out);
/* Of all, or of one. */
void admin_write_page(const struct admin *admin, uint32_t policy, struct chimera_buffer *out);
void admin_write_policies(const struct admin *admin, struct chimera_buffer *out);
/* One that has or had a place of its own on the scoreboard, with its members and last rejections.
 */
void admin_write_policy(const struct admin *admin, uint32_t number, struct chimera_buffer *out);

/* The last rejections, the newest first, at most REJECTIONS_MAX: of one policy or group, and for a
 * member those of its group; ADMIN_ALL: of all. */
#define ADMIN_ALL SCOREBOARD_OTHER
size_t admin_read_rejections(const struct admin *admin, uint32_t policy,
                             struct rejection *ret_list);
void admin_write_rejections(const struct admin *admin, uint32_t policy, struct chimera_buffer *out);
void admin_write_rejection_list(const struct admin *admin, uint32_t policy,
                                struct chimera_buffer *out); /* without what is around it */

#endif
