/* SPDX-License-Identifier: Apache-2.0 */
/* Names of modules (policy-server.md §1.5; cli-and-distribution.md §1.3). */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
/* cmocka wants those before it */
#include <cmocka.h>

#include "runtime/source/reference.h"

/* kwctl's: `^\w+://`, and what is no URI is a path (cli-and-distribution.md §1.3). */
static const struct {
    const char *argument, *path, *scheme; /* neither: refused */
} ARGUMENTS[] = {
    {"", "", NULL},
    {" a.wasm", " a.wasm", NULL},
    {"a%20b.wasm", "a%20b.wasm", NULL},
    {"file:/a.wasm", "file:/a.wasm", NULL},
    {"localhost:5000/a", "localhost:5000/a", NULL},
    {"git+ssh://h/a", "git+ssh://h/a", NULL},
    {"://h/a", "://h/a", NULL},
    {"./https://h/a", "./https://h/a", NULL},
    {"file:///a%20b/%41.wasm", "/a b/A.wasm", NULL},
    {"file://localhost/a", "localhost/a", NULL},
    {"file://a.wasm", "a.wasm", NULL},
    {"file:///a%zz", NULL, NULL},
    {"file:///a%00b", NULL, NULL},
    {"registry://h/a", NULL, "registry"},
    {"registry://", NULL, "registry"},
    {"https://h/a?q", NULL, "https"},
    {"http://h", NULL, "http"},
    {"HTTP://h", NULL, NULL},
    {"a_1://h", NULL, NULL},
};

static void the_command_reads_paths_and_uris(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(ARGUMENTS) / sizeof(ARGUMENTS[0]); i++) {
        const char *argument = ARGUMENTS[i].argument, *path = ARGUMENTS[i].path;
        struct chimera_reference reference = {0};
        struct chimera_error err = {0};
        int code = chimera_reference_read(argument, CHIMERA_DIALECT_COMMAND, &reference, &err);
        if ((code == CHIMERA_OK) != (path || ARGUMENTS[i].scheme) || !path != !reference.path)
            fail_msg("%s: %s", argument, code < 0 ? err.text : reference.path);
        if (path)
            assert_string_equal(reference.path, path);
        else if (code == CHIMERA_OK)
            assert_true(chimera_slice_is(reference.scheme, ARGUMENTS[i].scheme));
        free(reference.path);
    }
}

/* As in lists of policies; the blank is an escape's where it is meant. */
static void blanks_around_a_uri_are_no_part_of_it(void **state)
{
    struct chimera_reference reference;
    struct chimera_error err;
    (void)state;
    for (enum chimera_dialect dialect = CHIMERA_DIALECT_SERVER; dialect <= CHIMERA_DIALECT_COMMAND;
         dialect++) {
        reference = (struct chimera_reference){0};
        assert_int_equal(chimera_reference_read("https://h/a.wasm \n", dialect, &reference, &err),
                         0);
        assert_true(chimera_slice_is(reference.name, "a.wasm"));
        assert_int_equal(chimera_reference_read("registry://h/a:v1 ", dialect, &reference, &err),
                         0);
        assert_true(chimera_slice_is(reference.name, "a:v1"));
    }
}

static void each_says_what_it_cannot_read(void **state)
{
    struct chimera_reference reference;
    struct chimera_error err;
    (void)state;
    assert_int_equal(
        chimera_reference_read("file:///%zz", CHIMERA_DIALECT_COMMAND, &reference, &err),
        CHIMERA_EIO);
    assert_string_equal(err.text, "Cannot find policy with uri: file:///%zz");
    assert_int_equal(chimera_reference_read("file://h/a", CHIMERA_DIALECT_SERVER, &reference, &err),
                     CHIMERA_EINVAL);
    assert_string_equal(err.text,
                        "cannot retrieve path from uri: file://h/a; file:///DIR/NAME is wanted, or "
                        "file://./NAME from the folder of policies.yml");
    assert_int_equal(chimera_reference_read("~/a.wasm", CHIMERA_DIALECT_SERVER, &reference, &err),
                     CHIMERA_EINVAL);
    assert_string_equal(err.text,
                        "cannot parse ~/a.wasm: ~ is nobody's folder here; write the path out as "
                        "file:///DIR/NAME, or as ./NAME from the folder of policies.yml");
    for (enum chimera_dialect dialect = CHIMERA_DIALECT_SERVER; dialect <= CHIMERA_DIALECT_COMMAND;
         dialect++) {
        assert_int_equal(chimera_reference_read("ftp://h/a", dialect, &reference, &err),
                         CHIMERA_EINVAL);
        assert_string_equal(err.text, "unknown scheme: ftp");
    }
}

static void what_is_relative_is_beside_the_file_that_names_it(void **state)
{
    static const struct {
        const char *name, *location; /* NULL: it is not relative */
    } samples[] = {
        {"./x.wasm", "file:///a%20b%25/d/x.wasm"},
        {"././x y%20.wasm", "file:///a%20b%25/d/x%20y%2520.wasm"}, /* a path has no escapes */
        {" ../x.wasm\n", "file:///a%20b%25/d/../x.wasm"},
        {"file://./x%20y.wasm", "file:///a%20b%25/d/x%20y.wasm"}, /* a URI has */
        {"file://../x.wasm", "file:///a%20b%25/d/../x.wasm"},
        {"file:///x.wasm", NULL},
        {"file://x.wasm", NULL},
        {"x/y.wasm", NULL},
        {".x/y.wasm", NULL},
        {".../x", NULL},
        {"registry://./x", NULL},
        {"~/x.wasm", NULL},
        {"", NULL},
    };
    (void)state;
    for (size_t i = 0; i < sizeof(samples) / sizeof(samples[0]); i++) {
        char *location = NULL;
        assert_int_equal(chimera_reference_resolve(samples[i].name, "/a b%/d", &location, NULL), 0);
        if (samples[i].location)
            assert_string_equal(location, samples[i].location);
        else
            assert_null(location);
        free(location);
    }
}

static void assert_meant(const char *name, const char *folder, const char *wanted)
{
    char *meant = chimera_reference_meant(name, folder);
    if (wanted)
        assert_string_equal(meant, wanted);
    else
        assert_null(meant);
    free(meant);
}

static void a_file_in_the_place_of_a_reference_is_seen(void **state)
{
    (void)state;
    assert_meant("passwd", "/etc", "./passwd");
    assert_meant("etc/passwd", "/", "./etc/passwd");
    assert_meant("/etc/passwd", "/", "file:///etc/passwd");
    assert_meant("file:///etc/passwd", "/", NULL);
    assert_meant("registry://etc/passwd", "/", NULL);
    assert_meant("etc", "/", NULL); /* a folder */
    assert_meant("etc/no-such-file", "/", NULL);
    assert_meant("", "/", NULL);
}

static void what_may_be_a_secret_is_not_shown(void **state)
{
    static const struct {
        const char *name, *shown;
    } samples[] = {
        {"https://h/a.wasm?token=x", "https://h/a.wasm"},
        {"HTTPS://h/a.wasm#x", "HTTPS://h/a.wasm"},
        {"https://u:p?w@h/a", "https://h/a"},
        {"http://u:p@w@h:1/a@b?x", "http://h:1/a@b"},
        {"https://u:p@h", "https://h"},
        {"registry://u:p@h/a:v1", "registry://h/a:v1"},
        {"u:p@h/a:v1", "h/a:v1"},
        {"registry://h/a@sha256:00", "registry://h/a@sha256:00"},
        {"busybox@sha256:00", "busybox@sha256:00"},
        {"h/a:v1", "h/a:v1"},
        {"file:///a@b/c?d#e", "file:///a@b/c?d#e"},
        {"/a:b@c/d?e", "/a:b@c/d?e"},
        {"./a:b@c/d", "./a:b@c/d"},
        {"a@b/c.wasm", "a@b/c.wasm"},
        {"", ""},
    };
    static char many[5000];
    struct chimera_shown_name shown;
    (void)state;
    for (size_t i = 0; i < sizeof(samples) / sizeof(samples[0]); i++)
        assert_string_equal(chimera_reference_show(samples[i].name, &shown), samples[i].shown);
    memset(many, 'a', sizeof(many) - 1);
    assert_int_equal(strlen(chimera_reference_show(many, &shown)), sizeof(shown.text) - 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_command_reads_paths_and_uris),
        cmocka_unit_test(blanks_around_a_uri_are_no_part_of_it),
        cmocka_unit_test(each_says_what_it_cannot_read),
        cmocka_unit_test(what_is_relative_is_beside_the_file_that_names_it),
        cmocka_unit_test(a_file_in_the_place_of_a_reference_is_seen),
        cmocka_unit_test(what_may_be_a_secret_is_not_shown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
