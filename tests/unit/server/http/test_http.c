/* SPDX-License-Identifier: Apache-2.0 */
/* The HTTP parser (libraries.md §3.3, rule 5; RFC 9112). It is the server's own, so it comes in
 * whole. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
/* cmocka wants those before it */
#include <cmocka.h>

#include "server/http/http1.c"

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

/* RFC 9112 §3.2.2 */
static void the_host_is_the_target_s_or_the_field_s(void **state)
{
    struct http_head head;
    (void)state;
    assert_int_equal(parse("GET / HTTP/1.1\r\nHost:  a.b:1 \r\n\r\n", &head), HTTP_DONE);
    assert_slice(head.host, "a.b:1");
    assert_int_equal(parse("GET http://t:2/x HTTP/1.1\r\nHost: a.b:1\r\n\r\n", &head), HTTP_DONE);
    assert_slice(head.host, "t:2");
    assert_int_equal(parse("GET / HTTP/1.1\r\nHost:\r\n\r\n", &head), HTTP_DONE);
    assert_non_null(head.host.data);
    assert_int_equal(head.host.size, 0);
    assert_int_equal(parse("GET / HTTP/1.0\r\n\r\n", &head), HTTP_DONE);
    assert_null(head.host.data);
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
    {"0\r\nTrailer: x\rX", 400, "", 0},
    {"0\r\nTrailer: x\r\n\rX", 400, "", 0},
    {"1\r\na\r\n000000000000000\r\n\r\n", HTTP_DONE, "a", 0},
    {"1\r\na\r\n\r\n\r\n", 400, "a", 0},
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

/* RFC 9110 §5.6.2 has these bytes in a token, and no other. */
static void a_method_and_a_name_are_tokens(void **state)
{
    static const char token[] = "!#$%&'*+-.^_`|~0123456789abcdefghijklmnopqrstuvwxyz"
                                "ABCDEFGHIJKLMNOPQRSTUVWXYZ";
    struct http_head head;
    (void)state;
    for (int c = 1; c < 256; c++) {
        char line[64], field[64];
        bool is_token = strchr(token, c) != NULL;
        snprintf(line, sizeof(line), "%c / HTTP/1.1\r\n" HOST "\r\n", c);
        snprintf(field, sizeof(field), "GET / HTTP/1.1\r\n" HOST "%c:\r\n\r\n", c);
        if (parse(line, &head) != (is_token ? HTTP_DONE : 400) ||
            parse(field, &head) != (is_token ? HTTP_DONE : 400))
            fail_msg("byte %d", c);
    }
}

/* RFC 3986 §3.2.2 and §3.2.3: unreserved, sub-delims, a percent, and what addresses and ports need.
 */
static void a_host_has_the_bytes_of_an_authority(void **state)
{
    static const char host[] = "-._~!$&'()*+,;=%:[]0123456789abcdefghijklmnopqrstuvwxyz"
                               "ABCDEFGHIJKLMNOPQRSTUVWXYZ";
    struct http_head head;
    (void)state;
    for (int c = 1; c < 256; c++) {
        char text[64];
        snprintf(text, sizeof(text), "GET / HTTP/1.1\r\nHost: a%cb\r\n\r\n", c);
        if (parse(text, &head) != (strchr(host, c) ? HTTP_DONE : 400))
            fail_msg("byte %d", c);
    }
    assert_int_equal(parse("GET / HTTP/1.1\r\nHost:\r\n\r\n", &head), HTTP_DONE);
}

/* RFC 9110 §5.5: visible bytes, blanks and what is no ASCII; a target has no blanks either. */
static void values_and_targets_have_no_control_bytes(void **state)
{
    struct http_head head;
    (void)state;
    for (int c = 1; c < 256; c++) {
        char value[64], first[64], last[64], target[64];
        bool is_control = c < ' ' || c == 0x7f;
        snprintf(value, sizeof(value), "GET / HTTP/1.1\r\n" HOST "X: a%cb\r\n\r\n", c);
        snprintf(first, sizeof(first), "GET / HTTP/1.1\r\n" HOST "X:%ca\r\n\r\n", c);
        snprintf(last, sizeof(last), "GET / HTTP/1.1\r\n" HOST "X:a%c\r\n\r\n", c);
        snprintf(target, sizeof(target), "GET /a%cb HTTP/1.1\r\n" HOST "\r\n", c);
        if (parse(value, &head) != (is_control && c != '\t' ? 400 : HTTP_DONE))
            fail_msg("value: byte %d", c);
        if (parse(first, &head) != parse(value, &head) || parse(last, &head) != parse(value, &head))
            fail_msg("first or last: byte %d", c);
        if (parse(target, &head) != (is_control || c == ' ' ? 400 : HTTP_DONE))
            fail_msg("target: byte %d", c);
    }
}

static void versions_are_two_digits(void **state)
{
    static const struct head_case cases[] = {
        {"HTTP/1.9", HTTP_DONE}, {"HTTP/1.2", HTTP_DONE}, {"HTTP/0.9", 505}, {"HTTP/9.0", 505},
        {"HTTP/:.1", 400},       {"HTTP//.1", 400},       {"HTTP/1.:", 400}, {"HTTP/1./", 400},
        {"HTTP/1,1", 400},       {"HTTQ/1.1", 400},       {"HTTP/1.", 400},  {"HTTP/1.11", 400},
    };
    struct http_head head;
    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        char text[64];
        snprintf(text, sizeof(text), "GET / %s\r\n" HOST "\r\n", cases[i].text);
        if (parse(text, &head) != cases[i].code)
            fail_msg("%s", cases[i].text);
    }
}

static void a_length_has_up_to_18_digits(void **state)
{
    static const struct {
        const char *text;
        int code;
        uint64_t length;
    } cases[] = {
        {"0", HTTP_DONE, 0},
        {"0123456789", HTTP_DONE, 123456789},
        {"999999999999999999", HTTP_DONE, UINT64_C(999999999999999999)},
        {"0000000000000000000", 400, 0},
        {"1/", 400, 0},
        {"1:", 400, 0},
    };
    struct http_head head;
    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        char text[96];
        snprintf(text, sizeof(text), "POST / HTTP/1.1\r\n" HOST "Content-Length: %s\r\n\r\n",
                 cases[i].text);
        if (parse(text, &head) != cases[i].code)
            fail_msg("%s", cases[i].text);
        if (cases[i].code == HTTP_DONE)
            assert_int_equal(head.content_length, cases[i].length);
    }
}

/* What a head says is found in it, and nothing that another said. */
static void a_head_says_what_stands_in_it(void **state)
{
    struct http_head head;
    (void)state;
    assert_int_equal(parse("GET / HTTP/1.1\r\n" HOST "\r\n", &head), HTTP_DONE);
    assert_false(head.expects_continue || head.is_chunked || head.is_http10);
    assert_true(head.keeps_alive);
    assert_null(head.content_type.data);
    assert_int_equal(head.content_length, 0);
    assert_slice(head.query, "");
    assert_int_equal(parse("POST /?a?b HTTP/1.1\r\n" HOST "Expect: 100-continue\r\n"
                           "Transfer-Encoding: chunked\r\nContent-Type: a\r\n"
                           "Content-Type: b\r\n\r\n",
                           &head),
                     HTTP_DONE);
    assert_true(head.expects_continue && head.is_chunked);
    assert_slice(head.content_type, "a"); /* the first, as the reference has it */
    assert_slice(head.query, "a?b");
    assert_int_equal(parse("GET / HTTP/1.0\r\nExpect: 100-continue\r\n"
                           "Connection: , keep-alive ,x\r\n\r\n",
                           &head),
                     HTTP_DONE);
    assert_true(head.is_http10 && head.keeps_alive);
    assert_false(head.expects_continue);
    assert_int_equal(parse("GET / HTTP/1.1\r\n" HOST "Connection: closed\r\n\r\n", &head),
                     HTTP_DONE);
    assert_true(head.keeps_alive);
    assert_int_equal(parse("GET / HTTP/1.1\r\n" HOST "Connection: x,close\r\n\r\n", &head),
                     HTTP_DONE);
    assert_false(head.keeps_alive);
    assert_int_equal(parse("GET / HTTP/1.1\r\n" HOST
                           "Connection: xxxxxxxxxxxxxxxx,close\r\nX: a,b\r\n\r\n",
                           &head),
                     HTTP_DONE);
    assert_false(head.keeps_alive); /* the next field's comma is not this one's */
    assert_int_equal(parse("GET http:// HTTP/1.1\r\n" HOST "\r\n", &head), 400);
    assert_int_equal(parse("GET https:// HTTP/1.1\r\n" HOST "\r\n", &head), 400);
    assert_int_equal(parse("GET /a@b HTTP/1.1\r\n" HOST "\r\n", &head), HTTP_DONE);
    assert_int_equal(parse("GET http://h/a@b HTTP/1.1\r\n" HOST "\r\n", &head), HTTP_DONE);
    assert_slice(head.path, "/a@b");
    assert_int_equal(parse("POST / HTTP/1.1\r\n" HOST "Transfer-Encoding: gzip\r\n\r\n", &head),
                     501);
}

/* A refusal leaves what the caller had. */
static void a_refused_head_is_not_handed_out(void **state)
{
    struct http_head head = {.content_length = 77};
    (void)state;
    for (size_t i = 0; i < sizeof(BAD) / sizeof(BAD[0]); i++) {
        (void)parse(BAD[i].text, &head);
        assert_int_equal(head.content_length, 77);
    }
}

/* A head of 16 KiB to the byte is taken, whatever stands behind it. */
static void a_head_may_be_as_large_as_the_limit(void **state)
{
    static const char start[] = "GET / HTTP/1.1\r\n" HOST "X: ";
    char *text = malloc(HTTP_HEAD_MAX + 1);
    struct http_head head;
    (void)state;
    memset(text, 'a', HTTP_HEAD_MAX + 1);
    memcpy(text, start, strlen(start));
    memcpy(text + HTTP_HEAD_MAX - 4, "\r\n\r\n", 4);
    size_t scanned = 0;
    assert_int_equal(
        http_head_parse((struct chimera_slice){text, HTTP_HEAD_MAX + 1}, &scanned, &head),
        HTTP_DONE);
    assert_int_equal(head.size, HTTP_HEAD_MAX);
    memcpy(text + HTTP_HEAD_MAX - 4, "a\r\n\r\n", 5);
    scanned = 0;
    assert_int_equal(
        http_head_parse((struct chimera_slice){text, HTTP_HEAD_MAX + 1}, &scanned, &head), 431);
    free(text);
}

static int decode(struct http_chunks *chunks, const char *text, size_t size, size_t *ret_kept)
{
    char *data = malloc(size); /* exactly, for the sanitizer */
    size_t used;
    memcpy(data, text, size);
    int code = http_chunks_decode(chunks, data, size, &used, ret_kept);
    free(data);
    return code;
}

static void a_chunk_size_has_up_to_15_digits(void **state)
{
    struct http_chunks chunks = {0};
    size_t kept;
    (void)state;
    assert_int_equal(decode(&chunks, "fedcba987654321\r\n", 17, &kept), HTTP_MORE);
    assert_int_equal(chunks.left, UINT64_C(0xfedcba987654321));
    chunks = (struct http_chunks){0};
    assert_int_equal(decode(&chunks, "FEDCBA0987654321", 16, &kept), 400);
    /* Each size has digits of its own. */
    chunks = (struct http_chunks){0};
    assert_int_equal(decode(&chunks, "0000000001\r\na\r\n0000000002\r\nbc\r\n", 30, &kept),
                     HTTP_MORE);
    assert_int_equal(kept, 3);
    assert_int_equal(decode(&chunks, "\r\n", 2, &kept), 400); /* none at all */
}

/* The limits to the byte; and what extensions took is not taken from the trailers. */
static void extensions_and_trailers_may_be_as_long_as_their_limits(void **state)
{
    char extension[CHUNK_EXTENSIONS_MAX + 8], trailer[CHUNK_TRAILERS_MAX + 8];
    struct http_chunks chunks = {0};
    size_t kept;
    (void)state;
    memset(extension, 'x', sizeof(extension));
    memset(trailer, 't', sizeof(trailer));
    for (int more = 0; more < 2; more++) {
        chunks = (struct http_chunks){0};
        assert_int_equal(decode(&chunks, "0;", 2, &kept), HTTP_MORE);
        assert_int_equal(decode(&chunks, extension, (size_t)(CHUNK_EXTENSIONS_MAX + more), &kept),
                         more ? 400 : HTTP_MORE);
    }
    for (int more = 0; more < 2; more++) {
        chunks = (struct http_chunks){0};
        assert_int_equal(decode(&chunks, "0;", 2, &kept), HTTP_MORE);
        assert_int_equal(decode(&chunks, extension, CHUNK_EXTENSIONS_MAX, &kept), HTTP_MORE);
        assert_int_equal(decode(&chunks, "\r\n", 2, &kept), HTTP_MORE);
        assert_int_equal(decode(&chunks, trailer, (size_t)(CHUNK_TRAILERS_MAX + more), &kept),
                         more ? 400 : HTTP_MORE);
    }
    chunks.state = HTTP_CHUNK_TRAILER;
    chunks.line_bytes = 0;
    assert_int_equal(decode(&chunks, "a\tb\r\n\r\n", 7, &kept), HTTP_DONE);
}

static void control_bytes_end_a_body(void **state)
{
    (void)state;
    for (int c = 0; c < 256; c++) {
        static const enum http_chunk_state states[] = {HTTP_CHUNK_EXTENSION, HTTP_CHUNK_TRAILER,
                                                       HTTP_CHUNK_TRAILER_START};
        for (size_t i = 0; i < 3; i++) {
            struct http_chunks chunks = {.state = states[i]};
            char byte = (char)c;
            size_t kept;
            bool is_good = c >= ' ' || c == '\t' || c == '\r';
            if (decode(&chunks, &byte, 1, &kept) != (is_good ? HTTP_MORE : 400))
                fail_msg("state %d, byte %d", (int)states[i], c);
        }
    }
}

/* Data that comes in two pieces is neither kept twice nor looked at for frames. */
static void data_may_come_in_pieces(void **state)
{
    struct http_chunks chunks = {0};
    size_t kept, used;
    char rest[] = "lo\r\n0\r\n\r\nGET";
    (void)state;
    assert_int_equal(decode(&chunks, "5\r\nhel", 6, &kept), HTTP_MORE);
    assert_int_equal(kept, 3);
    assert_int_equal(chunks.left, 2);
    assert_int_equal(http_chunks_decode(&chunks, rest, 0, &used, &kept), HTTP_MORE);
    assert_int_equal(used + kept, 0);
    assert_int_equal(http_chunks_decode(&chunks, rest, strlen(rest), &used, &kept), HTTP_DONE);
    assert_int_equal(kept, 2);
    assert_int_equal(used, strlen(rest) - 3);
    assert_memory_equal(rest, "lo", 2);
}

#define TRACE "0af7651916cd43dd8448eb211c80319c"
#define SPAN "b7ad6b7169203331"
#define CALLER(value) "GET / HTTP/1.1\r\n" HOST "TraceParent: " value "\r\n\r\n"

/* W3C Trace Context §3.2.2 to §3.2.4 and §4.3. */
static void a_caller_is_read(void **state)
{
    static const struct {
        const char *text;
        bool is_there, is_sampled;
    } cases[] = {
        {CALLER("00-" TRACE "-" SPAN "-01"), true, true},
        {CALLER("00-" TRACE "-" SPAN "-00"), true, false},
        {CALLER("00-" TRACE "-" SPAN "-fe"), true, false},
        {CALLER("00-" TRACE "-" SPAN "-03"), true, true},
        {CALLER("01-" TRACE "-" SPAN "-01"), true, true},
        {CALLER("cc-" TRACE "-" SPAN "-01-what comes later"), true, true},
        {CALLER("cc-" TRACE "-" SPAN "-01what comes later"), false, false},
        {CALLER("00-" TRACE "-" SPAN "-01-more"), false, false},
        {CALLER("ff-" TRACE "-" SPAN "-01"), false, false},
        {CALLER("00-00000000000000000000000000000000-" SPAN "-01"), false, false},
        {CALLER("00-" TRACE "-0000000000000000-01"), false, false},
        {CALLER("00-0AF7651916CD43DD8448EB211C80319C-" SPAN "-01"), false, false},
        {CALLER("00-" TRACE "-" SPAN "-0g"), false, false},
        {CALLER("00-" TRACE "-" SPAN "-0"), false, false},
        {CALLER("00_" TRACE "-" SPAN "-01"), false, false},
        {CALLER(""), false, false},
        {"GET / HTTP/1.1\r\n" HOST "\r\n", false, false},
        {"GET / HTTP/1.1\r\n" HOST "traceparent: 00-" TRACE "-" SPAN "-01\r\n"
         "traceparent: 00-" TRACE "-" SPAN "-01\r\n\r\n",
         false, false},
    };
    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct http_head head = {.size = 0};
        size_t scanned = 0;
        if (http_head_parse(chimera_slice_of(cases[i].text), &scanned, &head) != HTTP_DONE)
            fail_msg("%s", cases[i].text);
        if (head.caller.span != (cases[i].is_there ? 0xb7ad6b7169203331u : 0))
            fail_msg("%s", cases[i].text);
        if (!cases[i].is_there)
            continue;
        assert_int_equal(head.caller.is_sampled, cases[i].is_sampled);
        assert_int_equal(head.caller.trace_id[0], 0x0a);
        assert_int_equal(head.caller.trace_id[15], 0x9c);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_caller_is_read),
        cmocka_unit_test(parse_reads_what_the_api_server_sends),
        cmocka_unit_test(parse_accepts_what_is_well_formed),
        cmocka_unit_test(the_absolute_form_names_a_path),
        cmocka_unit_test(the_host_is_the_target_s_or_the_field_s),
        cmocka_unit_test(parse_refuses_what_two_parsers_could_read_differently),
        cmocka_unit_test(parse_does_not_care_how_a_head_is_cut),
        cmocka_unit_test(parse_refuses_a_head_over_the_limit),
        cmocka_unit_test(connection_options_decide_whether_it_is_kept),
        cmocka_unit_test(an_absolute_target_is_read_as_its_path),
        cmocka_unit_test(chunks_are_decoded_in_place),
        cmocka_unit_test(chunks_may_come_byte_by_byte),
        cmocka_unit_test(trailers_and_extensions_have_a_limit),
        cmocka_unit_test(a_method_and_a_name_are_tokens),
        cmocka_unit_test(a_host_has_the_bytes_of_an_authority),
        cmocka_unit_test(values_and_targets_have_no_control_bytes),
        cmocka_unit_test(versions_are_two_digits),
        cmocka_unit_test(a_length_has_up_to_18_digits),
        cmocka_unit_test(a_head_says_what_stands_in_it),
        cmocka_unit_test(a_refused_head_is_not_handed_out),
        cmocka_unit_test(a_head_may_be_as_large_as_the_limit),
        cmocka_unit_test(a_chunk_size_has_up_to_15_digits),
        cmocka_unit_test(extensions_and_trailers_may_be_as_long_as_their_limits),
        cmocka_unit_test(control_bytes_end_a_body),
        cmocka_unit_test(data_may_come_in_pieces),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
