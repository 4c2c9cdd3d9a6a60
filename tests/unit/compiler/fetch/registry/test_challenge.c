/* SPDX-License-Identifier: Apache-2.0 */
/* What servers that want a login say: challenges as RFC 9110 lets them be written, and tokens. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "compiler/fetch/registry/challenge.h"

/* All challenges of a header as one text: "scheme(realm|service|scope)", bad ones with a `!`. */
static void tell(const char *header, char *told, size_t room)
{
    static struct chimera_challenge challenge;
    struct chimera_slice text = chimera_slice_of(header);
    size_t at = 0;
    *told = '\0';
    while (chimera_challenge_next(&text, &challenge))
        at += (size_t)snprintf(told + at, room - at, "%.*s(%s|%s|%s)%s", (int)challenge.scheme.size,
                               challenge.scheme.data, challenge.realm, challenge.service,
                               challenge.scope, challenge.is_bad ? "!" : "");
}

struct sample {
    const char *header, *wanted;
};

static void challenges_are_told_apart(void **state)
{
    (void)state;
    static const struct sample samples[] = {
        {"", ""},
        {"  , ,", ""},
        {"Basic", "Basic(||)"},
        {"Basic realm=\"simple\"", "Basic(simple||)"},
        {"bAsIc REALM=simple", "bAsIc(simple||)"},
        {"Bearer "
         "realm=\"https://a.example/token\",service=\"registry\",scope=\"repository:a/b:pull,"
         "push\"",
         "Bearer(https://a.example/token|registry|repository:a/b:pull,push)"},
        /* blanks around, an order of its own, one that nobody knows */
        {"Bearer  scope = \"x y\" ,\terror=\"invalid_token\", realm= https://r/t?a=b",
         "Bearer(https://r/t?a=b||x y)"},
        /* RFC 9110 section 11.6.1 has such a one with two, and commas within and between */
        {"Basic realm=\"simple\", Newauth realm=\"apps\", type=1, title=\"Login to \\\"apps\\\"\"",
         "Basic(simple||)Newauth(apps||)"},
        {"Negotiate, Basic realm=\"a, Bearer realm=b\"", "Negotiate(||)Basic(a, Bearer realm=b||)"},
        {"Negotiate YIIB/+==, Bearer realm=\"https://r\"", "Negotiate(||)Bearer(https://r||)"},
        {"NTLM TlRMTVNTUAAC,Basic realm=x", "NTLM(||)Basic(x||)"},
        {"Basic realm=\"a\\\\b\\\"c\"", "Basic(a\\b\"c||)"},
        {"Basic realm=\"\"", "Basic(||)"},
        {"Basic realm=", "Basic(||)"},
        /* bad */
        {"Basic realm=\"no end", "Basic(no end||)!"},
        {"Basic realm=a,realm=b", "Basic(b||)!"},
        {"Bearer realm=\"a\001b\"", "Bearer(ab||)!"},
        {"Bearer realm=\"\xc3\xa9\"", "Bearer(||)!"},
        {"Bearer realm=\"a\\", "Bearer(a\\||)!"},
        {"Bearer title=\"\xc3\xa9\",realm=r", "Bearer(r||)"},
        {"=x", ""},
        {"\"Basic\"", ""},
    };
    for (size_t i = 0; i < sizeof(samples) / sizeof(*samples); i++) {
        char told[8192];
        tell(samples[i].header, told, sizeof(told));
        assert_string_equal(told, samples[i].wanted);
    }
}

static void a_value_that_is_too_long_is_bad(void **state)
{
    (void)state;
    static struct chimera_challenge challenge;
    for (size_t size = CHIMERA_CHALLENGE_TEXT_MAX - 2; size < CHIMERA_CHALLENGE_TEXT_MAX + 2;
         size++) {
        char header[CHIMERA_CHALLENGE_TEXT_MAX + 64] = "Bearer realm=\"";
        size_t start = strlen(header);
        memset(header + start, 'a', size);
        strcpy(header + start + size, "\",service=s");
        struct chimera_slice text = chimera_slice_of(header);
        assert_true(chimera_challenge_next(&text, &challenge));
        assert_int_equal(challenge.is_bad, size >= CHIMERA_CHALLENGE_TEXT_MAX);
        assert_string_equal(challenge.service, "s");
        assert_true(chimera_challenge_is(&challenge, "bearer"));
        assert_false(chimera_challenge_is(&challenge, "bear"));
    }
}

/* {"alg":"none"}.{"sub":"a","exp":1700000500}.x and {…"exp":1700000500.5}, by python's base64. */
#define JWT "eyJhbGciOiJub25lIn0.eyJzdWIiOiJhIiwiZXhwIjoxNzAwMDAwNTAwfQ.x"
#define JWT_FRACTION "eyJhbGciOiJub25lIn0.eyJzdWIiOiJhIiwiZXhwIjoxNzAwMDAwNTAwLjV9.x"

struct answer {
    const char *text, *token;
    unsigned lifetime;
};

static void a_token_tells_how_long_it_is_good(void **state)
{
    (void)state;
    static const struct answer answers[] = {
        {"{\"token\":\"t\"}", "t", 60},
        {"{\"access_token\":\"t\"}", "t", 60},
        {"{\"token\":\"a\",\"access_token\":\"b\"}", "a", 60},
        {"{\"token\":\"\",\"access_token\":\"b\"}", "b", 60},
        {"{\"token\":null,\"access_token\":\"b\"}", "b", 60},
        {"{\"token\":\"t\",\"expires_in\":300}", "t", 300},
        {"{\"token\":\"t\",\"expires_in\":0}", "t", 60},
        {"{\"token\":\"t\",\"expires_in\":-5}", "t", 60},
        {"{\"token\":\"t\",\"expires_in\":\"300\"}", "t", 60},
        {"{\"token\":\"t\",\"expires_in\":9223372036854775807}", "t", 86400},
        {"{\"token\":\"" JWT "\"}", JWT, 500},
        {"{\"token\":\"" JWT_FRACTION "\"}", JWT_FRACTION, 500},
        {"{\"token\":\"" JWT "\",\"expires_in\":7}", JWT, 7},
        {"{\"token\":\"a..b\"}", "a..b", 60},
        {"{\"token\":\"a.%%%.b\"}", "a.%%%.b", 60},
    };
    for (size_t i = 0; i < sizeof(answers) / sizeof(*answers); i++) {
        char *token = NULL;
        unsigned lifetime = 0;
        assert_int_equal(chimera_token_read(chimera_slice_of(answers[i].text), 1700000000, &token,
                                            &lifetime, NULL),
                         CHIMERA_OK);
        assert_string_equal(token, answers[i].token);
        assert_int_equal(lifetime, answers[i].lifetime);
        free(token);
    }
    char *token = NULL;
    unsigned lifetime = 1; /* it is over */
    assert_int_equal(chimera_token_read(CHIMERA_SLICE("{\"token\":\"" JWT "\"}"), 1700000500,
                                        &token, &lifetime, NULL),
                     CHIMERA_OK);
    assert_int_equal(lifetime, 0);
    free(token);
}

static void an_answer_without_a_token_is_refused(void **state)
{
    (void)state;
    static const char *const texts[] = {"",
                                        "<html>secret</html>",
                                        "[]",
                                        "null",
                                        "{}",
                                        "{\"token\":7}",
                                        "{\"token\":\"\"}",
                                        "{\"token\":\"secret\\r\\nX: y\"}",
                                        "{\"token\":\"se cret\"}",
                                        "{\"token\":\"secret\\u0000\"}",
                                        "{\"token\":\"secret\""};
    for (size_t i = 0; i < sizeof(texts) / sizeof(*texts); i++) {
        char *token = NULL;
        unsigned lifetime;
        struct chimera_error err;
        assert_int_equal(
            chimera_token_read(chimera_slice_of(texts[i]), 1700000000, &token, &lifetime, &err),
            CHIMERA_EIO);
        assert_null(token);
        assert_null(strstr(err.text, "secret"));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(challenges_are_told_apart),
        cmocka_unit_test(a_value_that_is_too_long_is_bad),
        cmocka_unit_test(a_token_tells_how_long_it_is_good),
        cmocka_unit_test(an_answer_without_a_token_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
