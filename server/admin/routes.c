/* SPDX-License-Identifier: Apache-2.0 */
#include "server/admin/routes.h"

#include "runtime/base/percent.h"
#include "server/admin/host.h"
#include "server/config/plugins.h"

#define TEXT_421                                                                         \
    "the admin port is not known by this name: ask for it by its address, or start the " \
    "server with --admin-hosts\n"

#define TEXT_404 "no policy has or had this id: /policies lists those that there are\n"
#define TEXT_400 "the query may be policy=ID, which is given once, and nothing else\n"

enum page {
    PAGE_NONE,
    PAGE_HEALTH,
    PAGE_METRICS,
    PAGE_POLICIES,
    PAGE_POLICY,
    PAGE_REJECTIONS,
    PAGE_ROOT
};

static const char *const stage_texts[] = {
    [SCOREBOARD_STARTING] = "starting: the policies are being built",
    [SCOREBOARD_LOADING] = "not serving: a worker is loading the policies",
    [SCOREBOARD_SERVING] = "ok",
    [SCOREBOARD_STOPPED] = "not serving: a signal has stopped the worker",
    [SCOREBOARD_STOPPING] = "stopping",
};

bool admin_is_healthy(const struct scoreboard_server *server, const char **ret_why)
{
    *ret_why = server->stage <= SCOREBOARD_STOPPING ? stage_texts[server->stage] : "unknown";
    return server->stage == SCOREBOARD_SERVING;
}

void admin_read_policy(const struct admin *admin, const struct scoreboard_server *server,
                       uint32_t number, struct admin_policy *ret_policy)
{
    ret_policy->number = number;
    ret_policy->id = scoreboard_id(admin->scoreboard, number);
    ret_policy->score = (struct worker_score_view){0};
    scoreboard_read(admin->scoreboard, number, &ret_policy->spec);
    if (server->score < WORKER_SCORES)
        worker_score_read(&admin->counters->score[server->score], number, &ret_policy->score);
    counters_read(admin->counters, number, &ret_policy->counts);
}

const char *admin_state_of(const struct scoreboard_server *server,
                           const struct admin_policy *policy)
{
    if (!policy->spec.is_configured)
        return "removed";
    if (policy->score.note.state == WORKER_SCORE_LOADED)
        return "loaded";
    if (policy->score.note.state == WORKER_SCORE_FAILED)
        return "failed";
    if (!server->is_building_first)
        return "loading";
    if (policy->spec.progress == BUILD_FAILED)
        return "failed";
    if (policy->spec.progress == BUILD_FETCHES)
        return "fetching";
    return policy->spec.progress > BUILD_WAITS ? "built" : "building";
}

void admin_read_progress(const struct admin *admin, const struct scoreboard_server *server,
                         struct admin_progress *ret_progress)
{
    uint8_t least = server->is_building_full ? BUILD_FULL : BUILD_QUICK;
    *ret_progress = (struct admin_progress){0};
    for (uint32_t i = SCOREBOARD_OTHER + 1; i < scoreboard_count(admin->scoreboard); i++) {
        struct scoreboard_spec spec;
        scoreboard_read(admin->scoreboard, i, &spec);
        if (!spec.is_configured || spec.is_group || spec.progress == BUILD_NONE)
            continue;
        ret_progress->of++;
        ret_progress->built += spec.progress >= least && spec.progress < BUILD_FAILED;
    }
}

const char *admin_tier_of(const struct admin_policy *policy)
{
    if (policy->spec.is_group || policy->score.note.state != WORKER_SCORE_LOADED)
        return "";
    return policy->score.note.is_quick ? "quick" : "full";
}

const char *admin_cpu_class_of(const struct counters_view *counts)
{
    static const char *const names[COUNTERS_CPU_CLASSES] = {
        "1 µs", "10 µs", "100 µs", "1 ms", "10 ms", "100 ms", "1 s", "10 s", "over 10 s"};
    uint64_t total = 0, before = 0;
    for (unsigned i = 0; i < COUNTERS_CPU_CLASSES; i++)
        total += counts->cpu_class[i];
    for (unsigned i = 0; total && i < COUNTERS_CPU_CLASSES; i++) {
        before += counts->cpu_class[i];
        if (before >= total - total / 2)
            return names[i];
    }
    return "";
}

static enum page page_of(struct chimera_slice path)
{
    static const struct {
        const char *path;
        enum page page;
    } pages[] = {{"/healthz", PAGE_HEALTH},
                 {"/metrics", PAGE_METRICS},
                 {"/policies", PAGE_POLICIES},
                 {"/rejections", PAGE_REJECTIONS},
                 {"/", PAGE_ROOT}};
    for (size_t i = 0; i < sizeof(pages) / sizeof(pages[0]); i++)
        if (chimera_slice_is(path, pages[i].path))
            return pages[i].page;
    return chimera_slice_starts(path, "/policies/") ? PAGE_POLICY : PAGE_NONE;
}

/* The number of an encoded id; SCOREBOARD_OTHER: nobody's. */
static uint32_t find_policy(const struct admin *admin, struct chimera_slice encoded)
{
    char id[HTTP_HEAD_MAX];
    size_t size = 0;
    if (encoded.size > sizeof(id) ||
        !chimera_percent_decode(encoded, CHIMERA_PERCENT_LENIENT, id, &size))
        return SCOREBOARD_OTHER;
    return scoreboard_find(admin->scoreboard, (struct chimera_slice){id, size});
}

/* Which policy a request is about, and ADMIN_ALL where it names none. 0, or the status of a
 * refusal. */
static unsigned choose_policy(const struct admin *admin, enum page page,
                              const struct http_head *head, uint32_t *ret_policy)
{
    static const char path[] = "/policies/", key[] = "policy=";
    struct chimera_slice id = {NULL, 0};
    *ret_policy = ADMIN_ALL;
    if (page == PAGE_POLICY) {
        id = (struct chimera_slice){head->path.data + strlen(path), head->path.size - strlen(path)};
    } else if ((page == PAGE_REJECTIONS || page == PAGE_ROOT) && head->query.size > 0) {
        if (!chimera_slice_starts(head->query, key) ||
            memchr(head->query.data, '&', head->query.size))
            return 400;
        id = (struct chimera_slice){head->query.data + strlen(key), head->query.size - strlen(key)};
    }
    if (!id.data)
        return 0;
    *ret_policy = find_policy(admin, id);
    return *ret_policy == SCOREBOARD_OTHER ? 404 : 0;
}

static void answer_health(const struct admin *admin, struct chimera_buffer *body,
                          struct answer *answer)
{
    struct scoreboard_server server;
    const char *why;
    scoreboard_read_server(admin->scoreboard, &server);
    answer->status = admin_is_healthy(&server, &why) ? 200 : 503;
    answer->type = ANSWER_TEXT;
    chimera_buffer_print(body, "%s\n", why);
}

static void refuse(unsigned status, const char *text, struct answer *answer)
{
    answer->status = status;
    answer->type = ANSWER_TEXT;
    answer->body = chimera_slice_of(text);
}

static void write_page(const struct admin *admin, enum page page, uint32_t policy,
                       struct chimera_buffer *body, struct answer *answer)
{
    answer->status = 200;
    switch (page) {
    case PAGE_HEALTH:
        answer_health(admin, body, answer);
        break;
    case PAGE_METRICS:
        answer->type = ANSWER_METRICS;
        admin_write_metrics(admin, body);
        break;
    case PAGE_POLICIES:
        answer->type = ANSWER_JSON;
        admin_write_policies(admin, body);
        break;
    case PAGE_POLICY:
        answer->type = ANSWER_JSON;
        admin_write_policy(admin, policy, body);
        break;
    case PAGE_REJECTIONS:
        answer->type = ANSWER_JSON;
        admin_write_rejections(admin, policy, body);
        break;
    case PAGE_ROOT:
        answer->type = ANSWER_PAGE;
        admin_write_page(admin, policy, body);
        break;
    case PAGE_NONE:
        answer->status = 404;
        break;
    }
}

void admin_answer(const struct admin *admin, const struct http_head *head, bool is_local,
                  struct chimera_buffer *body, struct answer *ret_answer)
{
    enum page page = page_of(head->path);
    uint32_t policy;
    *ret_answer = (struct answer){.closes = true, .is_http10 = head->is_http10};
    ret_answer->is_head = chimera_slice_is(head->method, "HEAD");
    if (!admin_host_is_known(head->host, admin->hosts, is_local)) {
        refuse(421, TEXT_421, ret_answer);
        return;
    }
    if (page != PAGE_NONE && !ret_answer->is_head && !chimera_slice_is(head->method, "GET")) {
        ret_answer->status = 405;
        ret_answer->allow = "GET,HEAD";
        return;
    }
    unsigned status = choose_policy(admin, page, head, &policy);
    if (status) {
        refuse(status, status == 400 ? TEXT_400 : TEXT_404, ret_answer);
        return;
    }
    write_page(admin, page, policy, body, ret_answer);
    if (body->failed)
        *ret_answer = (struct answer){.status = 500, .closes = true};
    else
        ret_answer->body = chimera_buffer_slice(body);
}
