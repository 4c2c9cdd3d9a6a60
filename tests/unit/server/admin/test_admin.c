/* SPDX-License-Identifier: Apache-2.0 */
/* What the admin port answers when its numbers and texts are a hostile worker's: texts that can
 * still be read as what they are. tests/e2e/server/test_admin.py has the rest. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
/* cmocka wants those before it */
#include <cmocka.h>

#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>

#include "runtime/json/tree.h"
#include "runtime/text/printable.h"
#include "server/admin/host.h"
#include "server/admin/routes.h"
#include "server/config/plugins.h"

#define OUT_MAX ((size_t)256 << 20)
#define POLICIES 40

static struct shared scoreboard_memory, counters_memory;
static struct admin admin;
static struct chimera_buffer body;

static int set_up(void **state)
{
    struct policy_spec list[POLICIES] = {{0}};
    const struct policies policies = {.policy = list, .policy_count = POLICIES};
    struct scoreboard_server server = {.stage = SCOREBOARD_SERVING, .score = 3};
    char names[POLICIES][16], module[] = "https://ann:secret@example.com/x?a=@b";
    (void)state;
    assert_int_equal(scoreboard_make(&scoreboard_memory, NULL), CHIMERA_OK);
    assert_int_equal(counters_make(&counters_memory, NULL), CHIMERA_OK);
    for (size_t i = 0; i < POLICIES; i++) {
        snprintf(names[i], sizeof(names[i]), "p-%zu", i);
        list[i] = (struct policy_spec){
            .id = names[i], .name = names[i], .module = module, .group = NO_GROUP};
    }
    scoreboard_enter(scoreboard_memory.data, &policies);
    scoreboard_show(scoreboard_memory.data, &policies);
    scoreboard_tell(scoreboard_memory.data, &server);
    admin = (struct admin){
        .scoreboard = scoreboard_memory.data, .counters = counters_memory.data, .statm_fd = -1};
    chimera_buffer_init(&body, OUT_MAX);
    return 0;
}

static int take_down(void **state)
{
    (void)state;
    chimera_buffer_free(&body);
    shared_done(&scoreboard_memory);
    shared_done(&counters_memory);
    return 0;
}

static struct answer ask(const char *target)
{
    size_t size = strcspn(target, "?");
    const struct http_head head = {.method = CHIMERA_SLICE("GET"),
                                   .path = {target, size},
                                   .query =
                                       chimera_slice_of(target[size] ? target + size + 1 : "")};
    struct answer answer = {0};
    chimera_buffer_reset(&body);
    admin_answer(&admin, &head, true, &body, &answer);
    return answer;
}

/* Texts of markup and quotes where there is room for texts, noise elsewhere; each length, flag and
 * link by chance right or wrong. */
static const char text[] = "</bdi><script>\"'&\\\n\x01\x7f\xc2\x80\xff\xe2\x80\xae";

static void spoil_bytes(void *start, size_t size)
{
    unsigned char *bytes = start;
    for (size_t i = 0; i < size; i++)
        bytes[i] = rand() % 3 ? (unsigned char)text[i % sizeof(text)] : (unsigned char)rand();
}

static void spoil(unsigned seed)
{
    struct counters *counters = counters_memory.data;
    struct worker_score_policy *score = counters->score[3].policy;
    srand(seed);
    spoil_bytes(counters, offsetof(struct counters, policy[POLICIES + 2]));
    for (size_t i = 0; i < POLICIES; i += 2) { /* well-formed, but for what it holds */
        struct stop stop = {.at_ms = (uint64_t)rand() << 40,
                            .function_text.size = (uint16_t)(rand() % (2 * REJECTION_NAME_MAX))};
        spoil_bytes(stop.function, sizeof(stop.function));
        guarded_write(&counters->policy[i].stop_sequence, 7, counters->policy[i].stop_word, &stop,
                      sizeof(stop));
    }
    spoil_bytes(&counters->series, sizeof(counters->series));
    spoil_bytes(&counters->rejections, sizeof(counters->rejections));
    spoil_bytes(score, (POLICIES + 2) * sizeof(*score));
    for (size_t i = 0; i < POLICIES + 2; i++) {
        score[i].note.state = (uint8_t)(rand() % 4);
        atomic_store(&score[i].is_noted, (uint32_t)rand() % 2);
    }
    atomic_store(&counters->rejections.count, 60);
    for (size_t i = 0; i < REJECTIONS_MAX; i++) { /* half of them well-formed */
        struct rejection rejection = {.at_ms = (uint64_t)rand() << 33, .policy = (uint32_t)rand()};
        rejection.cause_count = (uint8_t)rand();
        for (size_t j = 0; j < REJECTION_CAUSES; j++)
            REJECTION_SET(&rejection.cause[j], message, ((struct chimera_slice){text, 17}));
        REJECTION_SET(&rejection, message, ((struct chimera_slice){text, 17}));
        rejection.uid_text.size = (uint16_t)(rand() % 2 ? 0 : rand());
        rejections_add(&counters->rejections, &rejection);
    }
}

static void assert_line_is_metric(struct chimera_slice line)
{
    const char *space = memrchr(line.data, ' ', line.size);
    if (line.data[0] == '#')
        return;
    assert_non_null(space);
    assert_true((line.data[0] >= 'a' && line.data[0] <= 'z'));
    for (const char *at = space + 1; at < line.data + line.size; at++)
        assert_non_null(strchr("0123456789.e+-NaN", *at));
}

static void assert_is_printable(struct chimera_slice page)
{
    char room[CHIMERA_PRINTABLE_SIZE];
    struct chimera_slice shown;
    for (size_t at = 0; at < page.size;) {
        struct chimera_slice rest = {page.data + at, page.size - at};
        at += chimera_printable_next(rest, CHIMERA_PRINTABLE_SHOWN, room, &shown);
        assert_true(rest.data[0] == '\n' || shown.data == rest.data);
    }
}

static struct json_object *ask_json(const char *target)
{
    struct json_object *tree = NULL;
    struct chimera_error err = {0};
    struct answer answer = ask(target);
    assert_int_equal(answer.status, 200);
    assert_int_equal(answer.type, ANSWER_JSON);
    chimera_json_parse(chimera_slice_trim(answer.body), &tree, &err);
    assert_string_equal(err.text, "");
    return tree;
}

static void noise_stays_text(void **state)
{
    (void)state;
    for (unsigned seed = 1; seed < 6; seed++) {
        spoil(seed);
        struct answer answer = ask("/metrics");
        assert_int_equal(answer.status, 200);
        assert_is_printable(answer.body);
        for (size_t at = 0; at < answer.body.size;) {
            const char *end = memchr(answer.body.data + at, '\n', answer.body.size - at);
            assert_non_null(end);
            size_t size = (size_t)(end - answer.body.data) - at;
            assert_line_is_metric((struct chimera_slice){answer.body.data + at, size});
            at += size + 1;
        }

        struct json_object *tree = ask_json("/policies");
        assert_int_equal(json_object_array_length(json_object_object_get(tree, "policies")),
                         POLICIES);
        json_object_put(tree);
        json_object_put(ask_json("/policies/p-3"));
        tree = ask_json("/rejections");
        size_t count = json_object_array_length(json_object_object_get(tree, "rejections"));
        assert_true(count > 0 && count <= REJECTIONS_MAX);
        json_object_put(tree);

        static const char *const pages[] = {"/", "/?policy=p-3"};
        for (size_t i = 0; i < 2; i++) {
            answer = ask(pages[i]);
            assert_int_equal(answer.status, 200);
            assert_null(memmem(answer.body.data, answer.body.size, "<script", 7));
            assert_is_printable(answer.body);
        }
    }
}

static void a_module_s_password_is_not_told(void **state)
{
    (void)state;
    struct answer answer = ask("/policies");
    assert_null(memmem(answer.body.data, answer.body.size, "secret", 6));
    assert_non_null(
        memmem(answer.body.data, answer.body.size, "\"module\":\"https://example.com/x\"", 32));
}

static bool says(struct chimera_slice page, const char *what)
{
    return memmem(page.data, page.size, what, strlen(what)) != NULL;
}

/* Who signed is a certificate's word, which anybody may have been given. */
static void what_was_fetched_is_told_with_its_signers(void **state)
{
    char id[] = "p-3";
    struct policy_spec policy = {.id = id, .name = id, .group = NO_GROUP};
    const struct policies policies = {.policy = &policy, .policy_count = 1};
    char digest[] = "sha256:00ff", signers[] = "<b>ann</b>";
    const struct built_plugin plugin = {
        .origin = {.digest = digest, .signers = signers, .fetched_s = 1700000000}};
    (void)state;
    assert_false(says(ask("/").body, "fetched "));
    scoreboard_show_origins(scoreboard_memory.data, &policies, &plugin);
    struct chimera_slice page = ask("/").body;
    assert_true(says(page, "sha256:00ff"));
    assert_true(says(page, "signed: "));
    assert_true(says(page, "&lt;b&gt;ann"));
    assert_false(says(page, "<b>ann"));
    assert_true(says(page, "2023-11-14 22:13"));
    struct chimera_slice list = ask("/policies").body;
    assert_true(says(list, "\"manifest_digest\":\"sha256:00ff\",\"signers\":\"<b>ann</b>\","
                           "\"fetched\":\"2023-11-14T22:13:20Z\""));
}

static void a_policy_that_is_being_fetched_says_so(void **state)
{
    char id[] = "p-3";
    struct policy_spec policy = {.id = id, .name = id, .group = NO_GROUP};
    const struct policies policies = {.policy = &policy, .policy_count = 1};
    struct scoreboard_server server = {
        .stage = SCOREBOARD_STARTING, .is_building_first = 1, .score = WORKER_SCORE_NONE};
    const uint8_t progress = BUILD_FETCHES;
    (void)state;
    scoreboard_tell(scoreboard_memory.data, &server);
    scoreboard_show_progress(scoreboard_memory.data, &policies, &progress);
    assert_true(says(ask("/").body, ">fetching<"));
    assert_true(says(ask("/policies").body, "\"state\":\"fetching\""));
}

static void reject(uint32_t policy, const char *uid)
{
    struct counters *counters = counters_memory.data;
    struct rejection rejection = {.policy = policy};
    REJECTION_SET(&rejection, uid, chimera_slice_of(uid));
    rejections_add(&counters->rejections, &rejection);
}

static void rejections_are_told_by_policy(void **state)
{
    char ids[3][8] = {"group", "group/m", "a b"};
    char module[] = "file:///x.wasm";
    struct policy_spec list[] = {
        {.id = ids[1], .name = ids[1], .module = module},
        {.id = ids[2], .name = ids[2], .module = module, .group = NO_GROUP}};
    char expression[] = "m()";
    struct group_spec groups[] = {{.name = ids[0], .expression = expression, .count = 1}};
    const struct policies policies = {
        .policy = list, .policy_count = 2, .group = groups, .group_count = 1};
    struct scoreboard *scoreboard = scoreboard_memory.data;
    (void)state;
    scoreboard_enter(scoreboard, &policies);
    scoreboard_show(scoreboard, &policies);
    reject(scoreboard_find(scoreboard, CHIMERA_SLICE("group")), "u-g");
    reject(scoreboard_find(scoreboard, CHIMERA_SLICE("a b")), "u-ab");
    assert_true(says(ask("/rejections").body, "u-g"));
    assert_true(says(ask("/rejections").body, "u-ab"));
    assert_true(says(ask("/rejections?policy=a%20b").body, "u-ab"));
    assert_false(says(ask("/rejections?policy=a%20b").body, "u-g"));
    /* Who says no is the group, whoever of it has said so. */
    assert_true(says(ask("/rejections?policy=group/m").body, "u-g"));
    assert_true(says(ask("/policies/group%2Fm").body, "u-g"));
    assert_false(says(ask("/policies/group/m").body, "u-ab"));
    assert_true(says(ask("/policies/group").body, "\"members\":[{\"id\":\"group/m\""));
    assert_true(says(ask("/?policy=a%20b").body, "u-ab"));
    assert_false(says(ask("/?policy=a%20b").body, "u-g"));
}

static void what_nobody_can_answer_is_refused(void **state)
{
    static const struct {
        const char *target;
        unsigned status;
    } cases[] = {{"/policies/", 404},
                 {"/policies/nobody", 404},
                 {"/policies/p-3", 200},
                 {"/policies/%70-3", 200},
                 {"/rejections?policy=nobody", 404},
                 {"/rejections?policy=", 404},
                 {"/rejections?policy=p-3", 200},
                 {"/rejections?policy=p-3&policy=p-4", 400},
                 {"/rejections?limit=3", 400},
                 {"/?policy=nobody", 404},
                 {"/?x", 400},
                 {"/rejections/", 404},
                 {"/policie", 404}};
    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
        if (ask(cases[i].target).status != cases[i].status)
            fail_msg("%s: %u", cases[i].target, ask(cases[i].target).status);
    assert_true(says(ask("/rejections?limit=3").body, "the query may be policy=ID, which is given "
                                                      "once, and nothing else"));
    assert_true(says(ask("/policies/nobody").body, "no policy has or had this id: /policies lists "
                                                   "those that there are"));
}

/* What was not measured is no zero, and of one evaluation the time is known. */
static void numbers_are_as_exact_as_they_are_known(void **state)
{
    struct counters *counters = counters_memory.data;
    struct counters_policy *policy =
        &counters->policy[scoreboard_find(scoreboard_memory.data, CHIMERA_SLICE("p-3"))];
    struct chimera_slice page = ask("/?policy=p-3").body;
    (void)state;
    assert_true(says(page, "data-name=\"p50, p99\">–</td>"));
    assert_true(says(page, "aria-label=\"nothing was measured\""));
    histogram_add(&policy->wall, 1234567);
    atomic_store(&policy->wall_ns, 1234567);
    page = ask("/?policy=p-3").body;
    assert_true(says(page, ">1.23 ms<small>once</small>"));
    assert_true(says(ask("/policies/p-3").body, "\"p50_us\":1234.6,\"p99_us\":1234.6"));
    histogram_add(&policy->wall, 1234567);
    atomic_store(&policy->wall_ns, 2469134);
    page = ask("/?policy=p-3").body;
    assert_false(says(page, "once"));
    assert_false(says(page, ">2.47 ms"));
}

static void a_start_says_how_far_it_is(void **state)
{
    char ids[3][8] = {"p-1", "p-2", "p-3"}, module[] = "file:///x.wasm";
    struct policy_spec list[3];
    for (size_t i = 0; i < 3; i++)
        list[i] =
            (struct policy_spec){.id = ids[i], .name = ids[i], .module = module, .group = NO_GROUP};
    const struct policies policies = {.policy = list, .policy_count = 3};
    struct scoreboard_server server = {
        .stage = SCOREBOARD_STARTING, .is_building_first = 1, .score = WORKER_SCORE_NONE};
    const uint8_t progress[] = {BUILD_QUICK, BUILD_FAILED, BUILD_FULL};
    (void)state;
    scoreboard_show(scoreboard_memory.data, &policies);
    scoreboard_tell(scoreboard_memory.data, &server);
    scoreboard_show_progress(scoreboard_memory.data, &policies, progress);
    assert_true(says(ask("/").body, "<span class=\"pill busy\">starting: 2 of 3 built</span>"));
    assert_true(says(ask("/policies").body, "\"building\":{\"built\":2,\"of\":3}"));
    server.is_building_full = 1;
    scoreboard_tell(scoreboard_memory.data, &server);
    assert_true(says(ask("/policies").body, "\"building\":{\"built\":1,\"of\":3}"));
    scoreboard_show_progress(scoreboard_memory.data, &policies, NULL);
    assert_true(says(ask("/policies").body, "\"building\":null"));
}

static void health_is_the_stage_s(void **state)
{
    static const unsigned statuses[] = {[SCOREBOARD_STARTING] = 503,
                                        [SCOREBOARD_LOADING] = 503,
                                        [SCOREBOARD_SERVING] = 200,
                                        [SCOREBOARD_STOPPED] = 503,
                                        [SCOREBOARD_STOPPING] = 503};
    (void)state;
    for (uint8_t stage = 0; stage < sizeof(statuses) / sizeof(statuses[0]); stage++) {
        const struct scoreboard_server server = {.stage = stage, .score = WORKER_SCORE_NONE};
        scoreboard_tell(scoreboard_memory.data, &server);
        assert_int_equal(ask("/healthz").status, statuses[stage]);
        assert_int_equal(body.data[body.size - 1], '\n');
    }
}

/* RFC 9110 §7.2 and §4.2.1 say what a Host looks like. */
static void only_known_hosts_are_answered(void **state)
{
    static const struct {
        const char *host;
        bool near, far; /* is it known, of a client on this machine, and on another */
    } cases[] = {
        {"127.0.0.1", true, true},
        {"127.0.0.1:9090", true, true},
        {"10.1.2.3:9090", true, true},
        {"[::1]:9090", true, true},
        {"[fd00::7]", true, true},
        {"localhost", true, false},
        {"LocalHost:9090", true, false},
        {"localhost.:9090", true, false},
        {"listed.example", true, true},
        {"Second.Example:9090", true, true},
        {"evil.example", false, false},
        {"evil.example:9090", false, false},
        {"localhost.evil.example", false, false},
        {"127.0.0.1.evil.example", false, false},
        {"listed.example.evil", false, false},
        {"listed", false, false},
        {"listed.example,second.example", false, false},
        {"127.1", false, false},
        {"::1", false, false},
        {"[::1", false, false},
        {"[listed.example]", false, false},
        {"[::1]evil.example", false, false},
        {"127.0.0.1:evil.example", false, false},
        {"localhost:9090:9090", false, false},
        {"", false, false},
        {":9090", false, false},
        {".", false, false},
        {"1111:2222:3333:4444:5555:6666:7777:8888:9999:aaaa:bbbb", false, false},
    };
    (void)state;
    admin.hosts = "listed.example,second.example";
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
        for (int is_local = 0; is_local < 2; is_local++) {
            const struct http_head head = {.method = CHIMERA_SLICE("GET"),
                                           .path = CHIMERA_SLICE("/healthz"),
                                           .host = chimera_slice_of(cases[i].host)};
            struct answer answer = {0};
            chimera_buffer_reset(&body);
            admin_answer(&admin, &head, is_local, &body, &answer);
            bool is_known = is_local ? cases[i].near : cases[i].far;
            if (answer.status != (is_known ? 200 : 421))
                fail_msg("Host: %s, %s: %u", cases[i].host, is_local ? "near" : "far",
                         answer.status);
        }
    assert_int_equal(ask("/healthz").status, 200); /* HTTP/1.0 may leave it out */
}

static void loopback_is_told_from_other_addresses(void **state)
{
    static const struct {
        const char *text;
        bool is_loopback;
    } cases[] = {{"127.0.0.1", true},
                 {"127.9.9.9", true},
                 {"128.0.0.1", false},
                 {"10.0.0.1", false},
                 {"::1", true},
                 {"::2", false},
                 {"::ffff:127.0.0.1", true},
                 {"::ffff:10.0.0.127", false},
                 {"fe80::7f00:1", false}};
    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct sockaddr_storage address = {0};
        struct sockaddr_in *v4 = (void *)&address;
        struct sockaddr_in6 *v6 = (void *)&address;
        address.ss_family = strchr(cases[i].text, ':') ? AF_INET6 : AF_INET;
        void *at = address.ss_family == AF_INET ? (void *)&v4->sin_addr : (void *)&v6->sin6_addr;
        assert_int_equal(inet_pton(address.ss_family, cases[i].text, at), 1);
        assert_int_equal(admin_host_is_loopback(&address), cases[i].is_loopback);
    }
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, take_down)
    const struct CMUnitTest tests[] = {
        TEST(noise_stays_text),
        TEST(a_module_s_password_is_not_told),
        TEST(what_was_fetched_is_told_with_its_signers),
        TEST(a_policy_that_is_being_fetched_says_so),
        TEST(rejections_are_told_by_policy),
        TEST(what_nobody_can_answer_is_refused),
        TEST(numbers_are_as_exact_as_they_are_known),
        TEST(a_start_says_how_far_it_is),
        TEST(health_is_the_stage_s),
        TEST(only_known_hosts_are_answered),
        TEST(loopback_is_told_from_other_addresses),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
