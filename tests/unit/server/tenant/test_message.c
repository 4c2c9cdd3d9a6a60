/* SPDX-License-Identifier: Apache-2.0 */
/* Requests and verdicts between a worker and its tenants: all of them arrive, and nothing else
 * does.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
/* cmocka wants those before it */
#include <cmocka.h>

#include <stdlib.h>

#include "server/base/channel.c"
#include "server/tenant/message.h"

#define S(text) CHIMERA_SLICE(text)
#define I(text) {(text), sizeof(text) - 1} /* in initialisers of constants */

static struct chimera_buffer out;
static struct chimera_arena arena;

static int set_up(void **state)
{
    (void)state;
    chimera_buffer_init(&out, 1 << 24);
    chimera_arena_init(&arena, 1 << 24);
    return 0;
}

static int take_down(void **state)
{
    (void)state;
    chimera_buffer_free(&out);
    chimera_arena_free(&arena);
    return 0;
}

static void same(struct chimera_slice a, struct chimera_slice b)
{
    assert_int_equal(a.data == NULL, b.data == NULL);
    assert_true(chimera_slice_equal(a, b));
}

static struct chimera_cause causes[] = {
    {.message = I("m"), .field = I("f"), .next = &causes[1]},
    {.message = {NULL, 0}, .reason = I("")},
};

static const struct chimera_response full = {
    .allowed = true,
    .is_failure = true,
    .patch_type = I("JSONPatch"),
    .patch = I("W3sib3AiOiJhZGQifV0="),
    .has_status = true,
    .status = {.status = I("Failure"),
               .message = I("n\xc3\xa4\0o"),
               .reason = I(""),
               .has_details = true,
               .details_name = I("a"),
               .details_group = I("b"),
               .details_kind = I("c"),
               .details_uid = I("d"),
               .causes = &causes[0],
               .has_retry_after = true,
               .retry_after_seconds = 4000000000,
               .has_code = true,
               .code = 65535},
    .audit_annotations = I("{\"a\":\"b\"}"),
    .warnings = I("[\"w\"]"),
};

static void a_verdict_arrives_whole(void **state)
{
    struct chimera_response got = {.uid = S("u")};
    int code = 1;
    (void)state;
    message_put_response(&out, 0, &full);
    assert_int_equal(out.failed, 0);
    assert_true(message_get_response(chimera_buffer_slice(&out), &arena, &code, &got));
    assert_int_equal(code, 0);
    same(got.uid, S("u"));
    assert_true(got.allowed);
    assert_true(got.is_failure);
    same(got.patch_type, full.patch_type);
    same(got.patch, full.patch);
    same(got.audit_annotations, full.audit_annotations);
    same(got.warnings, full.warnings);
    assert_true(got.has_status && got.status.has_details && got.status.has_retry_after &&
                got.status.has_code);
    same(got.status.status, full.status.status);
    same(got.status.message, full.status.message);
    same(got.status.reason, full.status.reason);
    same(got.status.details_name, full.status.details_name);
    same(got.status.details_group, full.status.details_group);
    same(got.status.details_kind, full.status.details_kind);
    same(got.status.details_uid, full.status.details_uid);
    assert_int_equal(got.status.retry_after_seconds, 4000000000);
    assert_int_equal(got.status.code, 65535);
    same(got.status.causes->message, S("m"));
    same(got.status.causes->field, S("f"));
    assert_null(got.status.causes->reason.data);
    assert_null(got.status.causes->next->message.data);
    same(got.status.causes->next->reason, S(""));
    assert_null(got.status.causes->next->next);
}

static void an_empty_verdict_and_a_failure_arrive(void **state)
{
    struct chimera_response got = {.uid = S("u")};
    int code = 1;
    (void)state;
    message_put_response(&out, 0, &(struct chimera_response){0});
    assert_true(message_get_response(chimera_buffer_slice(&out), &arena, &code, &got));
    assert_false(got.allowed || got.has_status || got.patch.data || got.warnings.data);
    chimera_buffer_reset(&out);
    message_put_response(&out, CHIMERA_ELIMIT, NULL);
    assert_true(message_get_response(chimera_buffer_slice(&out), &arena, &code, &got));
    assert_int_equal(code, CHIMERA_ELIMIT);
}

static void a_request_arrives_whole(void **state)
{
    struct chimera_request request = {
        .is_raw = true, .uid = S("u"), .operation = S(""), .object = S("{\"a\":1}")};
    struct chimera_request got;
    struct message_call call = {.verb = MESSAGE_EVALUATE, .policy = 7, .limit_ms = 4294967295},
                        taken;
    (void)state;
    chimera_pieces_add(&request.json, S("{\"object\":"));
    chimera_pieces_add(&request.json, S("{\"a\":1}"));
    chimera_pieces_add(&request.json, S("}"));
    message_put_call(&out, &call, &request);
    assert_true(message_get_call(chimera_buffer_slice(&out), &taken, &got));
    assert_int_equal(taken.policy, 7);
    assert_int_equal(taken.limit_ms, 4294967295);
    assert_true(got.is_raw);
    same(got.uid, request.uid);
    assert_null(got.name_space.data);
    same(got.operation, request.operation);
    same(got.object, request.object);
    assert_int_equal(got.json.count, 1);
    same(got.json.piece[0], S("{\"object\":{\"a\":1}}"));
}

/* The object is sent once, where it is a part of the JSON. */
static void an_object_is_found_in_its_request(void **state)
{
    static const char body[] = "{\"uid\":1,\"object\":{\"a\":1}}";
    struct chimera_request request = {.object = {body + 18, 7}}, got;
    struct message_call taken;
    (void)state;
    chimera_pieces_add(&request.json, S("--"));
    chimera_pieces_add(&request.json, (struct chimera_slice){body, sizeof(body) - 1});
    message_put_call(&out, &(struct message_call){.verb = MESSAGE_EVALUATE}, &request);
    assert_true(out.size < 80 + sizeof(body));
    assert_true(message_get_call(chimera_buffer_slice(&out), &taken, &got));
    same(got.object, S("{\"a\":1}"));
    assert_true(got.object.data > got.json.piece[0].data &&
                got.object.data < got.json.piece[0].data + got.json.piece[0].size);
    chimera_buffer_reset(&out);
    request.object = (struct chimera_slice){NULL, 0};
    message_put_call(&out, &(struct message_call){.verb = MESSAGE_EVALUATE}, &request);
    assert_true(message_get_call(chimera_buffer_slice(&out), &taken, &got));
    assert_null(got.object.data);
}

static void whatever_is_cut_off_or_longer_is_refused(void **state)
{
    struct chimera_response got;
    struct chimera_request request;
    struct message_call call;
    int code;
    (void)state;
    message_put_response(&out, 0, &full);
    for (size_t size = 0; size < out.size; size++)
        assert_false(
            message_get_response((struct chimera_slice){out.data, size}, &arena, &code, &got));
    chimera_buffer_byte(&out, 0);
    assert_false(message_get_response(chimera_buffer_slice(&out), &arena, &code, &got));
    chimera_buffer_reset(&out);
    message_put_call(&out, &(struct message_call){.verb = MESSAGE_EVALUATE},
                     &(struct chimera_request){0});
    for (size_t size = 0; size < out.size; size++)
        assert_false(message_get_call((struct chimera_slice){out.data, size}, &call, &request));
}

/* What goes into the worker's answer unescaped must be what it is taken for. */
static void texts_that_are_not_what_they_should_be_are_refused(void **state)
{
    static const struct chimera_response bad[] = {
        {.patch = I("W10=\"")},
        {.patch = I("a b")},
        {.warnings = I("[\"w\"")},
        {.warnings = I("")},
        {.warnings = I("[],\"x\":1")},
        {.audit_annotations = I("{}}")},
        {.audit_annotations = I("{a:1}")},
    };
    struct chimera_response got;
    int code;
    (void)state;
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        chimera_buffer_reset(&out);
        message_put_response(&out, 0, &bad[i]);
        if (message_get_response(chimera_buffer_slice(&out), &arena, &code, &got))
            fail_msg("case %zu", i);
    }
}

static void changed_bytes_do_no_harm(void **state)
{
    struct chimera_response got;
    int code;
    (void)state;
    message_put_response(&out, 0, &full);
    srand(1);
    for (int i = 0; i < 200000; i++) {
        size_t at = (size_t)rand() % out.size;
        char before = out.data[at];
        out.data[at] = (char)rand();
        message_get_response(chimera_buffer_slice(&out), &arena, &code, &got);
        out.data[at] = before;
        chimera_arena_reset(&arena);
    }
}

static void send_all(int fd, uint32_t sequence, struct chimera_slice message)
{
    size_t offset = 0;
    assert_int_equal(channel_send(fd, sequence, message, &offset), 0);
    assert_int_equal(offset, message.size);
}

static void messages_of_any_length_come_through(void **state)
{
    static const size_t sizes[] = {0, 1, 65535, 65536, 65537, 131072, 150000};
    struct chimera_buffer in;
    int fds[2];
    (void)state;
    chimera_buffer_init(&in, 1 << 24);
    assert_int_equal(channel_open(fds, NULL), 0);
    for (uint32_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
        char *bytes = malloc(sizes[i] + 1);
        uint32_t sequence = 0;
        int code;
        for (size_t at = 0; at < sizes[i]; at++)
            bytes[at] = (char)(at * 31 + i);
        send_all(fds[1], 100 + i, (struct chimera_slice){bytes, sizes[i]});
        while ((code = channel_receive(fds[0], &in, &sequence)) == 0)
            ;
        assert_int_equal(code, 1);
        assert_int_equal(sequence, 100 + i);
        assert_int_equal(in.size, sizes[i]);
        if (sizes[i])
            assert_memory_equal(in.data, bytes, sizes[i]);
        chimera_buffer_reset(&in);
        free(bytes);
    }
    assert_int_equal(channel_receive(fds[0], &in, &(uint32_t){0}), 0); /* nothing there: no wait */
    close(fds[1]);
    assert_int_equal(channel_receive(fds[0], &in, &(uint32_t){0}), CHIMERA_EIO);
    close(fds[0]);
    chimera_buffer_free(&in);
}

/* A tenant died while it read or wrote: what is left of that message is passed over. */
static void a_new_end_finds_the_next_message(void **state)
{
    static char bytes[150000];
    struct chimera_buffer in;
    uint32_t sequence = 0;
    int fds[2], code;
    (void)state;
    chimera_buffer_init(&in, 1 << 24);
    assert_int_equal(channel_open(fds, NULL), 0);
    send_all(fds[1], 1, (struct chimera_slice){bytes, sizeof(bytes)});
    assert_int_equal(channel_receive(fds[0], &in, &sequence), 0); /* by the one that died */
    chimera_buffer_reset(&in);
    send_all(fds[1], 2, S("next"));
    while ((code = channel_receive(fds[0], &in, &sequence)) == 0)
        ;
    assert_int_equal(code, 1);
    assert_int_equal(sequence, 2);
    same(chimera_buffer_slice(&in), S("next"));
    chimera_buffer_reset(&in);
    /* and one whose sender died: its first packet, then a whole message */
    struct packet_head head = {.sequence = 3, .size = 100000};
    assert_int_equal(send_packet(fds[1], &head, (struct chimera_slice){bytes, 65536}), 0);
    send_all(fds[1], 4, S("whole"));
    while ((code = channel_receive(fds[0], &in, &sequence)) == 0)
        ;
    assert_int_equal(sequence, 4);
    same(chimera_buffer_slice(&in), S("whole"));
    close(fds[0]);
    close(fds[1]);
    chimera_buffer_free(&in);
}

static void heads_that_lie_do_no_harm(void **state)
{
    static const struct packet_head heads[] = {{1, 10, 4000000000u},
                                               {1, 0, 0},
                                               {1, 3, 2},
                                               {1, 4294967295u, 0},
                                               {1, 4294967295u, 4294967290u}};
    struct chimera_buffer in;
    uint32_t sequence = 0;
    int fds[2];
    (void)state;
    chimera_buffer_init(&in, 1 << 20);
    assert_int_equal(channel_open(fds, NULL), 0);
    for (size_t i = 0; i < sizeof(heads) / sizeof(heads[0]); i++) {
        struct packet_head head = heads[i];
        assert_int_equal(send_packet(fds[1], &head, S("abcd")), 0);
        assert_int_equal(channel_receive(fds[0], &in, &sequence), 0);
        assert_true(in.size <= 4);
    }
    /* Longer than the buffer may be: an error, and no more. */
    int code = 0;
    chimera_buffer_reset(&in);
    for (uint32_t i = 0; i < 20 && code == 0; i++) {
        static char bytes[65536];
        struct packet_head head = {.sequence = 9, .size = 4294967295u, .offset = i * 65536};
        assert_int_equal(send_packet(fds[1], &head, (struct chimera_slice){bytes, 65536}), 0);
        code = channel_receive(fds[0], &in, &sequence);
    }
    assert_int_equal(code, CHIMERA_ELIMIT);
    close(fds[0]);
    close(fds[1]);
    chimera_buffer_free(&in);
}

static void costs_arrive_and_impossible_ones_do_not(void **state)
{
    const struct chimera_run_report sent = {.stop = 2,
                                            .resets = 1,
                                            .pages = 77,
                                            .reset_ns = 1u << 31,
                                            .wall_ns = UINT64_C(6) << 32,
                                            .cpu_ns = UINT64_C(5) << 32};
    struct chimera_run_report bad[] = {sent, sent}, got = {0};
    (void)state;
    chimera_buffer_reset(&out);
    message_put_cost(&out, &sent);
    chimera_buffer_byte(&out, 'x');
    struct chimera_slice bytes = chimera_buffer_slice(&out);
    assert_true(message_take_cost(&bytes, &got));
    assert_int_equal(bytes.size, 1);
    assert_memory_equal(&got, &sent, sizeof(sent));
    for (size_t size = 0; size < out.size - 1; size++) {
        bytes = (struct chimera_slice){out.data, size};
        assert_false(message_take_cost(&bytes, &got));
    }
    bad[0].resets = 2;
    bad[1].pages = (UINT64_C(1) << 20) + 1;
    for (size_t i = 0; i < 2; i++) {
        chimera_buffer_reset(&out);
        message_put_cost(&out, &bad[i]);
        bytes = chimera_buffer_slice(&out);
        assert_false(message_take_cost(&bytes, &got));
    }
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, take_down)
    const struct CMUnitTest tests[] = {
        TEST(costs_arrive_and_impossible_ones_do_not),
        TEST(a_verdict_arrives_whole),
        TEST(an_empty_verdict_and_a_failure_arrive),
        TEST(a_request_arrives_whole),
        TEST(an_object_is_found_in_its_request),
        TEST(whatever_is_cut_off_or_longer_is_refused),
        TEST(texts_that_are_not_what_they_should_be_are_refused),
        TEST(changed_bytes_do_no_harm),
        TEST(messages_of_any_length_come_through),
        TEST(a_new_end_finds_the_next_message),
        TEST(heads_that_lie_do_no_harm),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
