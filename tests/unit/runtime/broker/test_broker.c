/* SPDX-License-Identifier: Apache-2.0 */
/* A broker in a process of its own, with a provider of the tests', and a client here. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "runtime/base/clock.h"
#include "runtime/broker/client.h"
#include "runtime/broker/deal.h"
#include "runtime/broker/parent_call.h"
#include "runtime/broker/serve.h"

#define SECOND_NS UINT64_C(1000000000)
#define NO_ANSWER "Error obtaining response over callback channel"

struct fixture {
    pid_t broker;
    struct chimera_broker_ends ends;
    int supply[2];
    struct chimera_broker_client client;
    struct chimera_answers_counters counters;
};

static void start_broker(struct fixture *fixture, const char *settings)
{
    static const char *const folders[] = {"/nowhere", PROVIDER_FOLDER, NULL};
    assert_int_equal(chimera_broker_ends_make(&fixture->ends, NULL), CHIMERA_OK);
    fixture->broker = fork();
    if (fixture->broker == 0) {
        const struct chimera_broker_input input = {.control = fixture->ends.broker_control,
                                                   .versions = fixture->ends.versions,
                                                   .settings = json_tokener_parse(settings),
                                                   .plugin_folders = folders};
        close(fixture->ends.control);
        close(fixture->supply[0]);
        close(fixture->supply[1]);
        _exit(chimera_broker_serve(&input));
    }
    close(fixture->ends.broker_control);
    fixture->ends.broker_control = -1;
    assert_int_equal(chimera_broker_deal(&fixture->ends, fixture->supply[1], NULL), CHIMERA_OK);
}

static void end_broker(struct fixture *fixture)
{
    int status = -1;
    chimera_broker_ends_close(&fixture->ends);
    assert_int_equal(waitpid(fixture->broker, &status, 0), fixture->broker);
}

static struct fixture *open_fixture(const char *settings)
{
    static struct fixture fixture;
    memset(&fixture, 0, sizeof(fixture));
    assert_int_equal(chimera_broker_supply_make(fixture.supply, NULL), CHIMERA_OK);
    start_broker(&fixture, settings);
    assert_int_equal(
        chimera_broker_client_open(&fixture.client, fixture.supply[0], &fixture.counters, NULL),
        CHIMERA_OK);
    return &fixture;
}

static void close_fixture(struct fixture *fixture)
{
    chimera_broker_client_close(&fixture->client);
    close(fixture->supply[1]);
    end_broker(fixture);
}

/* What comes of asking for `word` until the time is up. */
static bool ask(struct fixture *fixture, enum chimera_host_request_kind kind, const char *word,
                uint64_t time_ns, char ret_text[128])
{
    struct chimera_account account;
    struct chimera_buffer text;
    struct chimera_host_request request = {kind, json_object_new_object()};
    json_object_object_add(request.fields, kind == CHIMERA_ASK_ADDRESSES ? "host" : "image",
                           json_object_new_string(word));
    chimera_account_open(
        &account, time_ns == CHIMERA_ACCOUNT_FOREVER ? time_ns : chimera_clock_ns() + time_ns,
        CHIMERA_ACCOUNT_FOREVER);
    chimera_buffer_init_within(&text, 65536, &account);
    struct chimera_host_answer answer = {.text = &text};
    struct chimera_capability_source *source = &fixture->client.source;
    bool is_good = source->ask(source, &request, &answer);
    struct chimera_slice bytes = chimera_host_answer_bytes(&answer);
    snprintf(ret_text, 128, "%.*s", (int)bytes.size, bytes.data ? bytes.data : "");
    chimera_host_answer_end(&answer);
    chimera_buffer_free(&text);
    chimera_host_request_end(&request);
    return is_good;
}

static void expect(struct fixture *fixture, enum chimera_host_request_kind kind, const char *word,
                   bool is_good, const char *want)
{
    char got[128];
    bool was_good = ask(fixture, kind, word, CHIMERA_ACCOUNT_FOREVER, got);
    assert_string_equal(got, want);
    assert_int_equal(was_good, is_good);
}

static void answers_come_as_text_or_memory(void **state)
{
    struct fixture *fixture = open_fixture("{}");
    (void)state;
    expect(fixture, CHIMERA_ASK_ADDRESSES, "a", true, "a 0");
    expect(fixture, CHIMERA_ASK_ADDRESSES, "a", true, "a 1");
    expect(fixture, CHIMERA_ASK_ADDRESSES, "fail", false, "Callback evaluation failure: it failed");
    expect(fixture, CHIMERA_ASK_ADDRESSES, "memory", true, "from memory");
    expect(fixture, CHIMERA_ASK_CERTIFICATE, "x", false,
           "Callback evaluation failure: the provider crypto is not installed: there is no "
           "chimera-provider-crypto.so");
    close_fixture(fixture);
}

static void a_text_with_a_nul_is_no_other_text(void **state)
{
    struct fixture *fixture = open_fixture("{}");
    struct chimera_buffer text;
    const struct chimera_host_request request = {CHIMERA_ASK_MANIFEST, json_object_new_object()};
    (void)state;
    json_object_object_add(request.fields, "image", json_object_new_string_len("keep\0x", 6));
    chimera_buffer_init(&text, 65536);
    struct chimera_host_answer answer = {.text = &text};
    struct chimera_capability_source *source = &fixture->client.source;
    assert_false(source->ask(source, &request, &answer));
    chimera_buffer_byte(&text, '\0');
    assert_string_equal(text.data,
                        "Callback evaluation failure: a text of the request holds a NUL");
    chimera_buffer_free(&text);
    json_object_put(request.fields);
    close_fixture(fixture);
}

static void what_may_be_kept_is(void **state)
{
    struct fixture *fixture = open_fixture("{}");
    (void)state;
    expect(fixture, CHIMERA_ASK_MANIFEST, "keep", true, "keep 0");
    expect(fixture, CHIMERA_ASK_MANIFEST, "keep", true, "keep 0");
    expect(fixture, CHIMERA_ASK_MANIFEST_DIGEST, "keep", true, "keep 1");
    expect(fixture, CHIMERA_ASK_MANIFEST, "no", true, "no 2");
    expect(fixture, CHIMERA_ASK_MANIFEST, "no", true, "no 3");
    expect(fixture, CHIMERA_ASK_MANIFEST, "brief", true, "brief 4");
    poll(NULL, 0, 5);
    expect(fixture, CHIMERA_ASK_MANIFEST, "brief", true, "brief 5");
    expect(fixture, CHIMERA_ASK_MANIFEST, "fail", false, "Callback evaluation failure: it failed");
    expect(fixture, CHIMERA_ASK_MANIFEST, "after", true, "after 7");
    /* A version holds until it is another. */
    expect(fixture, CHIMERA_ASK_MANIFEST, "memory", true, "from memory");
    expect(fixture, CHIMERA_ASK_MANIFEST, "memory", true, "from memory");
    expect(fixture, CHIMERA_ASK_MANIFEST, "bump", true, "bump 9");
    expect(fixture, CHIMERA_ASK_MANIFEST, "memory", true, "from memory");
    expect(fixture, CHIMERA_ASK_MANIFEST, "after", true, "after 11");
    assert_int_equal(fixture->counters.hits, 2);
    assert_int_equal(fixture->counters.entries, 4);
    close_fixture(fixture);
}

struct asker {
    struct fixture *fixture;
    const char *word;
    char got[128];
};

static void *ask_in_thread(void *context)
{
    struct asker *asker = context;
    ask(asker->fixture, CHIMERA_ASK_MANIFEST, asker->word, CHIMERA_ACCOUNT_FOREVER, asker->got);
    return NULL;
}

static void ask_at_once(struct fixture *fixture, struct asker *askers, size_t count,
                        const char *word)
{
    pthread_t threads[64];
    for (size_t i = 0; i < count; i++) {
        askers[i] = (struct asker){.fixture = fixture, .word = word};
        assert_int_equal(pthread_create(&threads[i], NULL, ask_in_thread, &askers[i]), 0);
    }
    for (size_t i = 0; i < count; i++)
        pthread_join(threads[i], NULL);
}

static void one_asks_for_all_who_ask_the_same(void **state)
{
    struct fixture *fixture = open_fixture("{}");
    struct asker askers[64];
    (void)state;
    /* Whoever comes while the first asks gets its answer, kept or not. */
    ask_at_once(fixture, askers, 64, "slow-keep");
    for (size_t i = 0; i < 64; i++)
        if (strncmp(askers[i].got, "slow-keep ", 10) != 0)
            fail_msg("%s", askers[i].got);
    assert_true(fixture->counters.misses < 64);
    assert_int_equal(fixture->counters.misses + fixture->counters.joined, 64);
    close_fixture(fixture);
}

static void a_call_ends_at_its_deadline(void **state)
{
    struct fixture *fixture = open_fixture("{}");
    char got[128];
    (void)state;
    /* The first makes the broker load its provider. */
    expect(fixture, CHIMERA_ASK_ADDRESSES, "a", true, "a 0");
    assert_false(ask(fixture, CHIMERA_ASK_ADDRESSES, "slow", SECOND_NS / 100, got));
    /* The line's late answer is passed over. */
    poll(NULL, 0, 500);
    assert_true(ask(fixture, CHIMERA_ASK_ADDRESSES, "b", CHIMERA_ACCOUNT_FOREVER, got));
    assert_memory_equal(got, "b ", 2);
    close_fixture(fixture);
}

static void late_answers_cost_no_line(void **state)
{
    struct fixture *fixture = open_fixture("{}");
    char got[128];
    (void)state;
    for (size_t i = 0; i < 3 * CHIMERA_BROKER_LINES; i++)
        assert_false(ask(fixture, CHIMERA_ASK_ADDRESSES, "slow", SECOND_NS / 200, got));
    assert_true(ask(fixture, CHIMERA_ASK_ADDRESSES, "b", CHIMERA_ACCOUNT_FOREVER, got));
    assert_memory_equal(got, "b ", 2);
    for (size_t i = 0; i < CHIMERA_BROKER_LINES; i++)
        assert_true(fixture->client.line[i].fd >= 0);
    close_fixture(fixture);
}

static void a_broker_that_dies_is_replaced(void **state)
{
    struct fixture *fixture = open_fixture("{}");
    (void)state;
    expect(fixture, CHIMERA_ASK_MANIFEST, "keep", true, "keep 0");
    expect(fixture, CHIMERA_ASK_MANIFEST, "memory", true, "from memory");
    expect(fixture, CHIMERA_ASK_MANIFEST, "memory", true, "from memory");
    expect(fixture, CHIMERA_ASK_ADDRESSES, "die", false, NO_ANSWER);
    expect(fixture, CHIMERA_ASK_ADDRESSES, "b", false, NO_ANSWER);
    end_broker(fixture);
    /* Time goes on without it, but nobody tells what has changed any more. */
    expect(fixture, CHIMERA_ASK_MANIFEST, "keep", true, "keep 0");
    expect(fixture, CHIMERA_ASK_MANIFEST, "memory", false, NO_ANSWER);
    start_broker(fixture, "{}");
    expect(fixture, CHIMERA_ASK_MANIFEST, "memory", true, "from memory");
    expect(fixture, CHIMERA_ASK_ADDRESSES, "b", true, "b 0");
    expect(fixture, CHIMERA_ASK_MANIFEST, "memory", true, "from memory");
    assert_int_equal(fixture->counters.hits, 3);
    close_fixture(fixture);
}

static void without_a_broker_there_is_no_answer(void **state)
{
    struct fixture fixture = {.broker = 0};
    (void)state;
    assert_int_equal(chimera_broker_supply_make(fixture.supply, NULL), CHIMERA_OK);
    assert_int_equal(chimera_broker_client_open(&fixture.client, fixture.supply[0], NULL, NULL),
                     CHIMERA_OK);
    expect(&fixture, CHIMERA_ASK_ADDRESSES, "a", false, NO_ANSWER);
    expect(&fixture, CHIMERA_ASK_MANIFEST, "a", false, NO_ANSWER);
    chimera_broker_client_close(&fixture.client);
    close(fixture.supply[1]);
}

static void a_provider_that_refuses_says_why(void **state)
{
    struct fixture *fixture = open_fixture("{\"refuse\": true}");
    (void)state;
    for (int i = 0; i < 2; i++)
        expect(fixture, CHIMERA_ASK_ADDRESSES, "a", false,
               "Callback evaluation failure: this provider refuses");
    close_fixture(fixture);
}

static int run_call(void *context, const char *what, struct chimera_slice argument,
                    struct chimera_buffer *answer, struct chimera_error *err)
{
    if (*(bool *)context)
        return chimera_fail(err, CHIMERA_EREFUSED, "not this time");
    return chimera_buffer_print(answer, "%s of %.*s", what, (int)argument.size, argument.data);
}

static void *serve_parent(void *context)
{
    struct fixture *fixture = context;
    static struct chimera_parent_call call;
    for (int i = 0; i < 2; i++) {
        bool is_refused = i == 1;
        struct pollfd one = {.fd = fixture->ends.control, .events = POLLIN};
        while (poll(&one, 1, -1) >= 0 && chimera_parent_take(fixture->ends.control, &call) == 0)
            ;
        chimera_parent_answer(fixture->ends.control, &call, run_call, &is_refused);
    }
    return NULL;
}

static void the_parent_runs_what_it_is_asked_to(void **state)
{
    struct fixture *fixture = open_fixture("{}");
    pthread_t thread;
    (void)state;
    assert_int_equal(pthread_create(&thread, NULL, serve_parent, fixture), 0);
    expect(fixture, CHIMERA_ASK_ADDRESSES, "parent", true, "echo of argument");
    expect(fixture, CHIMERA_ASK_ADDRESSES, "parent", false,
           "Callback evaluation failure: not this time");
    pthread_join(thread, NULL);
    close_fixture(fixture);
}

/* A process with guests may send anything; only its own line ends. */
static void a_bad_question_ends_its_line_alone(void **state)
{
    struct fixture *fixture = open_fixture("{}");
    const struct chimera_broker_question large = {.id = 1, .size = CHIMERA_BROKER_QUESTION_MAX + 1};
    const struct chimera_broker_question odd = {
        .id = 2, .size = 3, .kind = 999, .deadline_ns = CHIMERA_ACCOUNT_FOREVER};
    struct chimera_broker_reply reply;
    char text[64] = "";
    int pair[2], memory;
    (void)state;
    for (int i = 0; i < 2; i++) {
        assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair), 0);
        assert_true(chimera_broker_send_lines(fixture->ends.control, &pair[1], 1));
        close(pair[1]);
        assert_true(chimera_broker_write(pair[0], i == 0 ? &large : &odd, sizeof(large),
                                         CHIMERA_ACCOUNT_FOREVER));
        if (i == 1)
            assert_true(chimera_broker_write(pair[0], "{}x", 3, CHIMERA_ACCOUNT_FOREVER));
        bool is_answered =
            chimera_broker_read_reply(pair[0], &reply, &memory, CHIMERA_ACCOUNT_FOREVER);
        assert_int_equal(is_answered, i == 1);
        if (is_answered) {
            assert_true(reply.is_error && reply.size < sizeof(text));
            assert_true(chimera_broker_read(pair[0], text, reply.size, CHIMERA_ACCOUNT_FOREVER));
            assert_string_equal(text, "the request is not understood");
        }
        close(pair[0]);
    }
    expect(fixture, CHIMERA_ASK_ADDRESSES, "a", true, "a 0");
    close_fixture(fixture);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(answers_come_as_text_or_memory),
        cmocka_unit_test(a_text_with_a_nul_is_no_other_text),
        cmocka_unit_test(what_may_be_kept_is),
        cmocka_unit_test(one_asks_for_all_who_ask_the_same),
        cmocka_unit_test(a_call_ends_at_its_deadline),
        cmocka_unit_test(late_answers_cost_no_line),
        cmocka_unit_test(a_broker_that_dies_is_replaced),
        cmocka_unit_test(without_a_broker_there_is_no_answer),
        cmocka_unit_test(a_provider_that_refuses_says_why),
        cmocka_unit_test(the_parent_runs_what_it_is_asked_to),
        cmocka_unit_test(a_bad_question_ends_its_line_alone),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
