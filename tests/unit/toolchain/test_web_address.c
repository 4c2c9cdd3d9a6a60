/* SPDX-License-Identifier: Apache-2.0 */
/* URLs as Rust's url crate writes and refuses them, and mail addresses as kwctl 1.36 took them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "toolchain/command/author/scaffold/web_address.h"

#define COUNT(table) (sizeof(table) / sizeof((table)[0]))

static void urls_are_written_anew(void **state)
{
    (void)state;
    static const struct {
        const char *text, *want, *host;
    } cases[] = {
        {"https://github.com", "https://github.com/", "github.com"},
        {"https://github.com/home", "https://github.com/home", "github.com"},
        {"  HTTPS://GitHub.COM:443/A/../b/./c  ", "https://github.com/b/c", "github.com"},
        {"http://a.example:80", "http://a.example/", "a.example"},
        {"http://a.example:8080/", "http://a.example:8080/", "a.example"},
        {"https://u:p@a.example/x", "https://u:p@a.example/x", "a.example"},
        {"https:\\\\a.example\\x", "https://a.example/x", "a.example"},
        {"https:a.example", "https://a.example/", "a.example"},
        {"https://a.example/x y\"<>`{}?q=1 2#f g",
         "https://a.example/x%20y%22%3C%3E%60%7B%7D?q=1%202#f%20g", "a.example"},
        {"https://a.example/\xc3\xa9", "https://a.example/%C3%A9", "a.example"},
        {"https://a.example?x", "https://a.example/?x", "a.example"},
        {"https://a.example/a/..", "https://a.example/", "a.example"},
        {"https://a.example/..", "https://a.example/", "a.example"},
        {"https://a.example/.", "https://a.example/", "a.example"},
        {"https://a.example/a/b/", "https://a.example/a/b/", "a.example"},
        {"https://[::1]:9/x", "https://[::1]:9/x", "[::1"},
        {"mailto:x@example.org", "mailto:x@example.org", NULL},
        {"relative/path", NULL, "relative URL without a base"},
        {"", NULL, "relative URL without a base"},
        {"1http://x", NULL, "relative URL without a base"},
        {"https://", NULL, "empty host"},
        {"https:///", NULL, "empty host"},
        {"https://a.example:x/", NULL, "invalid port number"},
        {"https://a.example:65536/", NULL, "invalid port number"},
        {"https://a b/", NULL, "invalid domain character"},
        {"https://a%41/", NULL, "invalid domain character"},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct chimera_buffer out;
        chimera_buffer_init(&out, WEB_ADDRESS_MAX);
        const char *wrong = web_address_write(cases[i].text, &out);
        if (!cases[i].want) {
            assert_non_null(wrong);
            assert_string_equal(wrong, cases[i].host);
        } else {
            struct chimera_slice host = web_address_host(chimera_buffer_slice(&out));
            if (wrong || !chimera_slice_is(chimera_buffer_slice(&out), cases[i].want))
                fail_msg("%s: %s, %.*s", cases[i].text, wrong ? wrong : "", (int)out.size,
                         out.data);
            if (cases[i].host)
                assert_true(chimera_slice_is(host, cases[i].host));
            else
                assert_null(host.data);
        }
        chimera_buffer_free(&out);
    }
}

static void fields_are_escaped(void **state)
{
    (void)state;
    struct chimera_buffer out;
    chimera_buffer_init(&out, 256);
    web_address_encode_field("policies/v1.0 *-._~+", &out);
    assert_true(chimera_slice_is(chimera_buffer_slice(&out), "policies%2Fv1.0+*-._%7E%2B"));
    chimera_buffer_free(&out);
}

static void mail_addresses_are_names_and_mails(void **state)
{
    (void)state;
    static const struct {
        const char *text, *want;
    } cases[] = {
        {"Tux Tuxedo <tux@example.com>, Pidgin <pidgin@example.com>",
         "[{\"name\":\"Tux Tuxedo\",\"email\":\"tux@example.com\"},{\"name\":\"Pidgin\","
         "\"email\":\"pidgin@example.com\"}]"},
        {"tux@example.com", "[{\"name\":\"\",\"email\":\"tux@example.com\"}]"},
        {"<tux@example.com>", "[{\"name\":\"\",\"email\":\"tux@example.com\"}]"},
        {"\"Tuxedo, Tux \\\"T\\\"\" <t.u-x+y@sub.example.com>",
         "[{\"name\":\"Tuxedo, Tux \\\"T\\\"\",\"email\":\"t.u-x+y@sub.example.com\"}]"},
        {"A <a@b>,", "[{\"name\":\"A\",\"email\":\"a@b\"}]"},
        {"", NULL},
        {"Tux", NULL},
        {"Tux <tux>", NULL},
        {"Tux <@example.com>", NULL},
        {"Tux <tux@>", NULL},
        {"Tux <tux@example.com", NULL},
        {"Tux <t..ux@example.com>", NULL},
        {"Tux <t ux@example.com>", NULL},
        {"Tux <tux@exa_mple.com>", NULL},
        {"Tux <tux@example..com>", NULL},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct json_object *list = NULL;
        const char *wrong = mail_addresses_read(cases[i].text, &list);
        if (!cases[i].want) {
            assert_non_null(wrong);
            assert_null(list);
            continue;
        }
        assert_null(wrong);
        assert_string_equal(json_object_to_json_string_ext(list, JSON_C_TO_STRING_PLAIN),
                            cases[i].want);
        json_object_put(list);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(urls_are_written_anew),
        cmocka_unit_test(fields_are_escaped),
        cmocka_unit_test(mail_addresses_are_names_and_mails),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
