/* The HTTP parser (libraries.md §3.3, rule 5; RFC 9112). It is the server's own, so it comes in
 * whole. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
/* cmocka wants those before it */
#include <cmocka.h>

#include "server/http.c"

#define HOST "Host: h\r\n"

static int parse(const char *text, struct http_head *ret_head)
{
    size_t scanned = 0;
    return http_head_parse(chimera_slice_of(text), &scanned, ret_head);
}

static void assert_slice(struct chimera_slice slice, const char *text)
{
    assert_int_equal(slice.size, strlen(text));
    assert_memory_equal(slice.data, text, slice.size);
}

static void parse_reads_what_the_api_server_sends(void **state)
{
    const char *text = "POST /validate/x?timeout=10s HTTP/1.1\r\nHost: x.y.svc:443\r\n"
                       "User-Agent: kube-apiserver-admission\r\nContent-Length: 12\r\n"
                       "Accept: application/json, */*\r\nContent-Type: application/json\r\n"
                       "Accept-Encoding: gzip\r\n\r\nhello";
    struct http_head head;
    (void)state;
    assert_int_equal(parse(text, &head), HTTP_DONE);
    assert_slice(head.method, "POST");
    assert_slice(head.path, "/validate/x");
    assert_slice(head.query, "timeout=10s");
    assert_slice(head.content_type, "application/json");
    assert_int_equal(head.content_length, 12);
    assert_true(head.keeps_alive);
    assert_false(head.is_chunked);
    assert_int_equal(head.size, strlen(text) - strlen("hello"));
}

struct head_case {
    const char *text;
    int code;
};

static const struct head_case GOOD[] = {
    {"GET / HTTP/1.1\r\n" HOST "\r\n", HTTP_DONE},
    {"GET / HTTP/1.0\r\n\r\n", HTTP_DONE},
    {"GET http://h/path?q HTTP/1.1\r\n" HOST "\r\n", HTTP_DONE},
    {"GET / HTTP/1.1\r\nhOsT:h\r\n\r\n", HTTP_DONE},
    {"GET / HTTP/1.1\r\n" HOST "X: \t a\tb \xc3\xa9 \t\r\n\r\n", HTTP_DONE},
    {"GET / HTTP/1.1\r\n" HOST "X:\r\n\r\n", HTTP_DONE},
    {"POST / HTTP/1.1\r\n" HOST "Content-Length: 0\r\n\r\n", HTTP_DONE},
    {"POST / HTTP/1.1\r\n" HOST "Transfer-Encoding: Chunked\r\n\r\n", HTTP_DONE},
    {"POST / HTTP/1.1\r\n" HOST "Expect: 100-Continue\r\n\r\n", HTTP_DONE},
    {"", HTTP_MORE},
    {"GET / HTTP/1.1", HTTP_MORE},
    {"GET / HTTP/1.1\r\n" HOST, HTTP_MORE},
    {"GET / HTTP/1.1\r\n" HOST "\r", HTTP_MORE},
};

static const struct head_case BAD[] = {
    /* two lengths, or none to trust */
    {"POST / HTTP/1.1\r\n" HOST "Content-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n", 400},
    {"POST / HTTP/1.1\r\n" HOST "Content-Length: 1\r\nContent-Length: 1\r\n\r\n", 400},
    {"POST / HTTP/1.1\r\n" HOST "Content-Length: 1, 1\r\n\r\n", 400},
    {"POST / HTTP/1.1\r\n" HOST "Content-Length: +1\r\n\r\n", 400},
    {"POST / HTTP/1.1\r\n" HOST "Content-Length: -1\r\n\r\n", 400},
    {"POST / HTTP/1.1\r\n" HOST "Content-Length: 0x1\r\n\r\n", 400},
    {"POST / HTTP/1.1\r\n" HOST "Content-Length:\r\n\r\n", 400},
    {"POST / HTTP/1.1\r\n" HOST "Content-Length: 9999999999999999999\r\n\r\n", 400},
    {"POST / HTTP/1.1\r\n" HOST "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n",
     400},
    {"POST / HTTP/1.1\r\n" HOST "Transfer-Encoding: gzip, chunked\r\n\r\n", 501},
    {"POST / HTTP/1.1\r\n" HOST "Transfer-Encoding: \vchunked\r\n\r\n", 400},
    {"POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n", 400},
    /* lines */
    {"GET / HTTP/1.1\n" HOST "\r\n", 400},
    {"GET / HTTP/1.1\r\n" HOST "\n", 400},
    {"GET / HTTP/1.1\r\nHost : h\r\n\r\n", 400},
    {"GET / HTTP/1.1\r\n" HOST " folded: x\r\n\r\n", 400},
    {"GET / HTTP/1.1\r\n" HOST "no colon\r\n\r\n", 400},
    {"GET / HTTP/1.1\r\n" HOST ": no name\r\n\r\n", 400},
    {"GET / HTTP/1.1\r\n" HOST "X: a\x01"
     "b\r\n\r\n",
     400},
    {"GET / HTTP/1.1\r\n" HOST "X: a\r\r\n\r\n", 400},
    {"\r\n", 400},
    /* the request line */
    {"GET /\r\n" HOST "\r\n", 400},
    {"GET  HTTP/1.1\r\n" HOST "\r\n", 400},
    {"GET /a b HTTP/1.1\r\n" HOST "\r\n", 400},
    {"G(T / HTTP/1.1\r\n" HOST "\r\n", 400},
    {"GET /\x7f HTTP/1.1\r\n" HOST "\r\n", 400},
    {"GET / HTTP/1.1 \r\n" HOST "\r\n", 400},
    {"GET / http/1.1\r\n" HOST "\r\n", 400},
    {"GET / HTTP/11\r\n" HOST "\r\n", 400},
    {"GET / HTTP/2.0\r\n" HOST "\r\n", 505},
    {"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 505},
    /* Host */
    {"GET / HTTP/1.1\r\n\r\n", 400},
    {"GET / HTTP/1.1\r\n" HOST HOST "\r\n", 400},
    {"GET / HTTP/1.1\r\nHost: a b\r\n\r\n", 400},
    {"GET / HTTP/1.1\r\nHost: a/b\r\n\r\n", 400},
    {"GET / HTTP/1.1\r\nHost: a@b\r\n\r\n", 400},
    {"GET http:/// HTTP/1.1\r\n" HOST "\r\n", 400},
    {"GET https://a@b/ HTTP/1.1\r\n" HOST "\r\n", 400},
    {"POST / HTTP/1.1\r\n" HOST "Expect: miracles\r\n\r\n", 417},
};

static void parse_accepts_what_is_well_formed(void **state)
{
    struct http_head head;
    (void)state;
    for (size_t i = 0; i < sizeof(GOOD) / sizeof(GOOD[0]); i++)
        if (parse(GOOD[i].text, &head) != GOOD[i].code)
            fail_msg("case %zu: %s", i, GOOD[i].text);
}

static void the_absolute_form_names_a_path(void **state)
{
    static const struct {
        const char *text, *path, *query;
    } cases[] = {
        {"GET http://h/a?b HTTP/1.1\r\n" HOST "\r\n", "/a", "b"},
        {"GET HTTPS://h:1/a HTTP/1.1\r\n" HOST "\r\n", "/a", ""},
        {"GET http://h HTTP/1.1\r\n" HOST "\r\n", "/", ""},
        {"GET http://h?/a?b HTTP/1.1\r\n" HOST "\r\n", "/", "/a?b"},
        {"GET /http://h/a HTTP/1.1\r\n" HOST "\r\n", "/http://h/a", ""},
    };
    struct http_head head;
    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        assert_int_equal(parse(cases[i].text, &head), HTTP_DONE);
        assert_slice(head.path, cases[i].path);
        assert_slice(head.query, cases[i].query);
    }
}

static void parse_refuses_what_two_parsers_could_read_differently(void **state)
{
    struct http_head head;
    (void)state;
    for (size_t i = 0; i < sizeof(BAD) / sizeof(BAD[0]); i++)
        if (parse(BAD[i].text, &head) != BAD[i].code)
            fail_msg("case %zu: %s", i, BAD[i].text);
}

/* Whatever the pieces it comes in, a head is read the same; at each length in a block of exactly
 * that size, so that the sanitizer sees a read too far. */
static void parse_does_not_care_how_a_head_is_cut(void **state)
{
    const char *text = "POST /a HTTP/1.1\r\n" HOST "Content-Length: 3\r\n\r\n";
    size_t size = strlen(text), scanned = 0;
    struct http_head head;
    (void)state;
    for (size_t i = 0; i <= size; i++) {
        char *exact = malloc(i ? i : 1);
        memcpy(exact, text, i);
        assert_int_equal(http_head_parse((struct chimera_slice){exact, i}, &scanned, &head),
                         i == size ? HTTP_DONE : HTTP_MORE);
        free(exact);
    }
    assert_int_equal(head.content_length, 3);
}

static void parse_refuses_a_head_over_the_limit(void **state)
{
    char *text = malloc(2 * HTTP_HEAD_MAX);
    struct http_head head;
    size_t scanned = 0;
    (void)state;
    memset(text, 'a', 2 * HTTP_HEAD_MAX);
    memcpy(text, "GET /", 5);
    assert_int_equal(
        http_head_parse((struct chimera_slice){text, HTTP_HEAD_MAX - 1}, &scanned, &head),
        HTTP_MORE);
    assert_int_equal(http_head_parse((struct chimera_slice){text, HTTP_HEAD_MAX}, &scanned, &head),
                     414);
    memcpy(text, "GET / HTTP/1.1\r\n", 16);
    assert_int_equal(http_head_parse((struct chimera_slice){text, HTTP_HEAD_MAX}, &scanned, &head),
                     431);
    free(text);
}

static void connection_options_decide_whether_it_is_kept(void **state)
{
    struct http_head head;
    (void)state;
    assert_int_equal(parse("GET / HTTP/1.1\r\n" HOST "Connection: x, CLOSE\r\n\r\n", &head),
                     HTTP_DONE);
    assert_false(head.keeps_alive);
    assert_int_equal(parse("GET / HTTP/1.0\r\n\r\n", &head), HTTP_DONE);
    assert_false(head.keeps_alive);
    assert_int_equal(parse("GET / HTTP/1.0\r\nConnection: Keep-Alive\r\n\r\n", &head), HTTP_DONE);
    assert_true(head.keeps_alive);
    assert_int_equal(parse("GET / HTTP/1.1\r\n" HOST
                           "Connection: keep-alive\r\nConnection: close\r\n\r\n",
                           &head),
                     HTTP_DONE);
    assert_false(head.keeps_alive);
}

static void an_absolute_target_is_read_as_its_path(void **state)
{
    struct http_head head;
    (void)state;
    assert_int_equal(parse("GET http://h:1/a/b?c=d HTTP/1.1\r\n" HOST "\r\n", &head), HTTP_DONE);
    assert_slice(head.path, "/a/b");
    assert_slice(head.query, "c=d");
    assert_int_equal(parse("GET http://h HTTP/1.1\r\n" HOST "\r\n", &head), HTTP_DONE);
    assert_slice(head.path, "/");
}

struct chunk_case {
    const char *text;
    int code;
    const char *body;
    size_t rest; /* bytes behind the body */
};

static const struct chunk_case CHUNKS[] = {
    {"0\r\n\r\n", HTTP_DONE, "", 0},
    {"5\r\nhello\r\n0\r\n\r\n", HTTP_DONE, "hello", 0},
    {"5\r\nhello\r\nA;x=y\r\n 123456789\r\n000\r\n\r\nGET", HTTP_DONE, "hello 123456789", 3},
    {"1\r\na\r\n0\r\nTrailer: x\r\nOther: y\r\n\r\n", HTTP_DONE, "a", 0},
    {"5\r\nhel", HTTP_MORE, "hel", 0},
    {"5\r\nhello\r\n0\r\n", HTTP_MORE, "hello", 0},
    {"\r\n", 400, "", 0},
    {"g\r\n", 400, "", 0},
    {"-1\r\n", 400, "", 0},
    {" 1\r\n", 400, "", 0},
    {"1 \r\n", 400, "", 0},
    {"1\n", 400, "", 0},
    {"1\ra", 400, "", 0},
    {"1\r\nab", 400, "a", 0},
    {"1\r\na\n", 400, "a", 0},
    {"1;\n\r\n", 400, "", 0},
    {"ffffffffffffffff\r\n", 400, "", 0},
    {"0\r\n\n", 400, "", 0},
    {"0\r\nTrailer: x\n\r\n", 400, "", 0},
};

static void chunks_are_decoded_in_place(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(CHUNKS) / sizeof(CHUNKS[0]); i++) {
        const struct chunk_case *wanted = &CHUNKS[i];
        char *data = strdup(wanted->text);
        struct http_chunks chunks = {0};
        size_t used = 0, kept = 0, size = strlen(data);
        int code = http_chunks_decode(&chunks, data, size, &used, &kept);
        if (code != wanted->code || kept != strlen(wanted->body) ||
            memcmp(data, wanted->body, kept) != 0)
            fail_msg("case %zu: code %d, %zu bytes kept", i, code, kept);
        if (code == HTTP_DONE)
            assert_int_equal(size - used, wanted->rest);
        free(data);
    }
}

static void chunks_may_come_byte_by_byte(void **state)
{
    const char *text = "5;a=b\r\nhello\r\n1\r\n!\r\n0\r\nT: x\r\n\r\n";
    struct http_chunks chunks = {0};
    char body[16] = "";
    size_t size = 0;
    int code = HTTP_MORE;
    (void)state;
    for (const char *at = text; *at; at++) {
        char byte = *at;
        size_t used = 0, kept = 0;
        assert_int_equal(code, HTTP_MORE);
        code = http_chunks_decode(&chunks, &byte, 1, &used, &kept);
        if (kept)
            body[size++] = byte;
    }
    assert_int_equal(code, HTTP_DONE);
    assert_string_equal(body, "hello!");
}

static void trailers_and_extensions_have_a_limit(void **state)
{
    char text[CHUNK_TRAILERS_MAX + 64];
    struct http_chunks chunks = {0};
    size_t used = 0, kept = 0;
    (void)state;
    memset(text, 'a', sizeof(text));
    memcpy(text, "0\r\n", 3);
    assert_int_equal(http_chunks_decode(&chunks, text, sizeof(text), &used, &kept), 400);
    chunks = (struct http_chunks){0};
    memset(text, 'a', sizeof(text));
    memcpy(text, "1;", 2);
    assert_int_equal(http_chunks_decode(&chunks, text, CHUNK_EXTENSIONS_MAX + 8, &used, &kept),
                     400);
    chunks = (struct http_chunks){0}; /* of all chunks together */
    const char *chunk = "1;aaaaaa\r\n \r\n";
    for (size_t i = 0; i + strlen(chunk) <= sizeof(text); i += strlen(chunk))
        memcpy(text + i, chunk, strlen(chunk));
    assert_int_equal(http_chunks_decode(&chunks, text, sizeof(text) - 64, &used, &kept), 400);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(parse_reads_what_the_api_server_sends),
        cmocka_unit_test(parse_accepts_what_is_well_formed),
        cmocka_unit_test(the_absolute_form_names_a_path),
        cmocka_unit_test(parse_refuses_what_two_parsers_could_read_differently),
        cmocka_unit_test(parse_does_not_care_how_a_head_is_cut),
        cmocka_unit_test(parse_refuses_a_head_over_the_limit),
        cmocka_unit_test(connection_options_decide_whether_it_is_kept),
        cmocka_unit_test(an_absolute_target_is_read_as_its_path),
        cmocka_unit_test(chunks_are_decoded_in_place),
        cmocka_unit_test(chunks_may_come_byte_by_byte),
        cmocka_unit_test(trailers_and_extensions_have_a_limit),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
