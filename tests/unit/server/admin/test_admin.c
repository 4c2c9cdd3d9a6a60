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

static struct answer ask(const char *path)
{
    const struct http_head head = {.method = CHIMERA_SLICE("GET"), .path = chimera_slice_of(path)};
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

        struct json_object *tree = NULL;
        struct chimera_error err = {0};
        answer = ask("/policies");
        chimera_json_parse(chimera_slice_trim(answer.body), &tree, &err);
        assert_string_equal(err.text, "");
        assert_int_equal(json_object_array_length(json_object_object_get(tree, "policies")),
                         POLICIES);
        json_object_put(tree);

        answer = ask("/");
        assert_int_equal(answer.status, 200);
        assert_null(memmem(answer.body.data, answer.body.size, "<script", 7));
        assert_is_printable(answer.body);
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
        TEST(health_is_the_stage_s),
        TEST(only_known_hosts_are_answered),
        TEST(loopback_is_told_from_other_addresses),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
