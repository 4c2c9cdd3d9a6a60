/* SPDX-License-Identifier: Apache-2.0 */
/* Where modules are kept (policy-server.md §1.5; cli-and-distribution.md §2 has the same layout).
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
/* cmocka wants those before it */
#include <cmocka.h>

#include "runtime/source/reference.h"

struct place {
    const char *module, *path; /* NULL: refused */
    bool is_floating;
};

static const struct place PLACES[] = {
    {"file:///a/b.wasm", "/a/b.wasm", false},
    {"file:///a%20b/%41.wasm", "/a b/A.wasm", false},
    {"file:///a%00b%zz", "/a%00b%zz", false}, /* neither is a byte of a path */
    {"file://host/a.wasm", NULL, false},
    {"file:a.wasm", NULL, false},
    {"file:/a/b.wasm", "/a/b.wasm", false},
    {"file://localhost/a/b.wasm", "/a/b.wasm", false},
    {"registry://registry.example/kubewarden/policies/pod-privileged:v0.2.2",
     "/s/registry/registry.example/kubewarden/policies/pod-privileged:v0.2.2", false},
    {"registry.example/a/b:v1", "/s/registry/registry.example/a/b:v1", false},
    {"localhost:5000/a", "/s/registry/localhost:5000/a:latest", true},
    {"registry://localhost:5000/a:latest", "/s/registry/localhost:5000/a:latest", true},
    {"registry://x.io/a@sha256:00", "/s/registry/x.io/a@sha256:00", false},
    {"registry://x.io/a:latest@sha256:00", "/s/registry/x.io/a:latest@sha256:00", false},
    {"https://github.com/o/r/releases/download/v0.1.6/policy.wasm",
     "/s/https/github.com/o/r/releases/download/v0.1.6/policy.wasm", false},
    {"https://Example.COM:443/A.wasm?q#f", "/s/https/example.com/A.wasm", false},
    {"http://h:80/a", "/s/http/h/a", false},
    {"http://h:443/a ", "/s/http/h:443/a", false},
    {"http://u:p@h/a", NULL, false},
    {"https://h/a/../b", NULL, false},
    {"https://h//b", NULL, false},
    {"https://h/b/", NULL, false},
    {"https://../b", NULL, false},
    {"https://h", NULL, false},
    {"registry:///a", NULL, false},
    {"registry://x/..", NULL, false},
    {"/abs/path.wasm", NULL, false},
    {"path.wasm", NULL, false},
    {"", NULL, false},
    {"ftp://h/a", NULL, false},
    {"://h/a", NULL, false},
    {"http+x://h/a", NULL, false},
};

static void a_module_has_one_place(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(PLACES) / sizeof(PLACES[0]); i++) {
        struct chimera_module_place place = {0};
        struct chimera_error err = {0};
        int code = chimera_module_locate(PLACES[i].module, "/s", &place, &err);
        if ((code == CHIMERA_OK) != (PLACES[i].path != NULL))
            fail_msg("%s: %s", PLACES[i].module, code < 0 ? err.text : place.path);
        if (code < 0)
            continue;
        assert_string_equal(place.path, PLACES[i].path);
        assert_int_equal(place.is_floating, PLACES[i].is_floating);
        free(place.path);
    }
}

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
    assert_string_equal(err.text, "cannot retrieve path from uri: file://h/a");
    for (enum chimera_dialect dialect = CHIMERA_DIALECT_SERVER; dialect <= CHIMERA_DIALECT_COMMAND;
         dialect++) {
        assert_int_equal(chimera_reference_read("ftp://h/a", dialect, &reference, &err),
                         CHIMERA_EINVAL);
        assert_string_equal(err.text, "unknown scheme: ftp");
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_module_has_one_place),
        cmocka_unit_test(the_command_reads_paths_and_uris),
        cmocka_unit_test(each_says_what_it_cannot_read),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
