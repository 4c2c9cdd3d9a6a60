/* SPDX-License-Identifier: Apache-2.0 */
/* What the exporter reads: packets of spans, answers of collectors, settings. End to end, and as a
 * decoder of its own sees it: tests/e2e/server/test_otlp.py. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
/* cmocka wants those before it */
#include <cmocka.h>

#include "plugins/otlp/grpc_reply.c"
#include "plugins/otlp/otlp_encode.c"
#include "plugins/otlp/protobuf.c"

#define S(text) CHIMERA_SLICE(text)
#define HEAD_SIZE ((size_t)1 + CHIMERA_RECORD_TRACE_ID)

static const uint8_t trace_id[CHIMERA_RECORD_TRACE_ID] = {1, 2, 3};

static struct chimera_slice packet_of(const struct chimera_record *record)
{
    return (struct chimera_slice){record->bytes, record->size};
}

static void a_packet_gives_back_what_went_in(void **state)
{
    struct chimera_record record;
    const struct chimera_log_field fields[] = {CHIMERA_TEXT("t", S("text")),
                                               CHIMERA_NUMBER("n", -5), CHIMERA_BOOL("b", true)};
    const uint8_t *id;
    struct chimera_slice items;
    struct chimera_record_item item;
    struct chimera_record_field field;
    (void)state;
    chimera_record_begin(&record, trace_id);
    chimera_record_add_event(
        &record, &(struct chimera_record_event){7, 99, CHIMERA_LOG_WARN, S("target"), S("m")},
        fields, 3);
    chimera_record_add_span(
        &record, &(struct chimera_record_span){7, 6, 10, 20, true, S("validation"), true}, fields,
        1);
    assert_true(chimera_record_open(packet_of(&record), &id, &items));
    assert_memory_equal(id, trace_id, sizeof(trace_id));
    assert_true(chimera_record_next(&items, &item));
    assert_false(item.is_span);
    assert_int_equal(item.event.span, 7);
    assert_int_equal(item.event.at_ns, 99);
    assert_int_equal(item.event.level, CHIMERA_LOG_WARN);
    assert_true(chimera_slice_is(item.event.target, "target"));
    assert_true(chimera_record_next_field(&item.fields, &field) && field.is_text);
    assert_true(chimera_slice_is(field.name, "t") && chimera_slice_is(field.text, "text"));
    assert_true(chimera_record_next_field(&item.fields, &field) && field.number == -5);
    assert_true(chimera_record_next_field(&item.fields, &field) && field.is_bool && field.number);
    assert_false(chimera_record_next_field(&item.fields, &field));
    assert_true(chimera_record_next(&items, &item) && item.is_span && item.span.is_error);
    assert_true(item.span.id == 7 && item.span.parent == 6 && item.span.ended_ns == 20);
    assert_true(item.span.has_caller);
    assert_false(chimera_record_next(&items, &item));
}

/* A guest that says much must not push the spans out. */
static void outer_spans_find_room_behind_many_events(void **state)
{
    struct chimera_record record;
    const struct chimera_log_field field =
        CHIMERA_TEXT("data", S("0123456789012345678901234567890"));
    struct chimera_slice items;
    struct chimera_record_item item;
    const uint8_t *id;
    unsigned spans = 0, events = 0;
    (void)state;
    chimera_record_begin(&record, trace_id);
    for (int i = 0; i < 1000; i++)
        chimera_record_add_event(
            &record, &(struct chimera_record_event){2, 1, CHIMERA_LOG_INFO, S("t"), S("m")}, &field,
            1);
    for (int i = 0; i < 1000; i++)
        chimera_record_add_span(
            &record, &(struct chimera_record_span){2, 1, 1, 2, false, S("s"), false}, &field, 1);
    chimera_record_add_span(
        &record, &(struct chimera_record_span){1, 0, 1, 2, false, S("root"), false}, &field, 1);
    assert_true(record.size <= CHIMERA_RECORD_MAX);
    assert_true(chimera_record_open(packet_of(&record), &id, &items));
    while (chimera_record_next(&items, &item)) {
        spans += item.is_span;
        events += !item.is_span;
    }
    assert_int_equal(record.bytes[record.size - 1], '0'); /* the root is whole, and the last */
    assert_int_equal(spans, record.spans);
    assert_int_equal(record.spans + record.dropped_spans, 1001);
    assert_int_equal(events + record.dropped_events, 1000);
    assert_true(events > 10 && spans > 10);
}

static void a_cut_packet_is_read_up_to_the_cut(void **state)
{
    struct chimera_record record;
    struct chimera_buffer out;
    size_t begin[8], lost;
    (void)state;
    chimera_buffer_init(&out, 1 << 16);
    chimera_record_begin(&record, trace_id);
    chimera_record_add_span(
        &record, &(struct chimera_record_span){2, 1, 1, 2, false, S("a"), false}, NULL, 0);
    size_t first = record.size;
    chimera_record_add_span(
        &record, &(struct chimera_record_span){1, 0, 1, 2, false, S("b"), false}, NULL, 0);
    for (size_t size = 0; size <= record.size; size++) {
        chimera_buffer_reset(&out);
        size_t count =
            encode_packet((struct chimera_slice){record.bytes, size}, &out, begin, 8, &lost);
        assert_int_equal(count, size == record.size ? 2 : size >= first);
        assert_int_equal(lost, size < HEAD_SIZE);
    }
    assert_int_equal(encode_packet(packet_of(&record), &out, begin, 1, &lost), 1);
    assert_int_equal(lost, 1);
    chimera_buffer_free(&out);
}

static struct reply reply;

static enum reply_result answer(const char *status, const char *message, char why[600])
{
    char line[300];
    reply_reset(&reply);
    reply_add_header(&reply, S("HTTP/2 200 \r\n"));
    reply_add_header(&reply, S("content-type: application/grpc\r\n"));
    snprintf(line, sizeof(line), "grpc-status: %s\r\n", status);
    reply_add_header(&reply, chimera_slice_of(line));
    snprintf(line, sizeof(line), "Grpc-Message: %s\r\n", message);
    reply_add_header(&reply, chimera_slice_of(line));
    return reply_read(&reply, why, 600);
}

/* "OTLP/gRPC Failures": which codes may be tried again. */
static void codes_tell_whether_to_try_again(void **state)
{
    static const char retry[] = "0100100010110011"; /* by code, up to DATA_LOSS */
    char number[4], why[600];
    (void)state;
    for (int i = 1; i <= 16; i++) {
        snprintf(number, sizeof(number), "%d", i);
        assert_int_equal(answer(number, "why%20not", why),
                         i < 16 && retry[i] == '1' ? REPLY_RETRY : REPLY_FAILED);
        assert_non_null(strstr(why, ": why not"));
    }
    assert_int_equal(answer("0", "", why), REPLY_DONE);
    assert_string_equal(why, "");
    assert_int_equal(answer("99", "", why), REPLY_FAILED);
    assert_int_equal(answer("-1", "", why), REPLY_FAILED);
}

static void a_partial_success_is_told(void **state)
{
    /* partial_success = 1 { rejected = 1: 2, error_message = 2: "no" } in a frame */
    static const char body[] = "\0\0\0\0\x08\x0a\x06\x08\x02\x12\x02no";
    char why[600];
    (void)state;
    answer("0", "", why);
    for (size_t i = 0; i < sizeof(body) - 1; i++)
        reply_add_body(&reply, (struct chimera_slice){body + i, 1});
    assert_int_equal(reply_read(&reply, why, sizeof(why)), REPLY_DONE);
    assert_string_equal(why, "the collector refused 2 of it: no");
}

static void what_is_not_grpc_is_no_success(void **state)
{
    char why[600];
    (void)state;
    reply_reset(&reply);
    reply_add_header(&reply, S("HTTP/2 200"));
    assert_int_equal(reply_read(&reply, why, sizeof(why)), REPLY_FAILED);
    reply_add_header(&reply, S("HTTP/2 503"));
    assert_int_equal(reply_read(&reply, why, sizeof(why)), REPLY_RETRY);
    assert_non_null(strstr(why, "503"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_packet_gives_back_what_went_in),
        cmocka_unit_test(outer_spans_find_room_behind_many_events),
        cmocka_unit_test(a_cut_packet_is_read_up_to_the_cut),
        cmocka_unit_test(codes_tell_whether_to_try_again),
        cmocka_unit_test(a_partial_success_is_told),
        cmocka_unit_test(what_is_not_grpc_is_no_success),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
