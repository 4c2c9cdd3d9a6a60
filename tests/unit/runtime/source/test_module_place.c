/* SPDX-License-Identifier: Apache-2.0 */
/* Where modules are kept (cli-and-distribution.md §2; policy-server.md §1.5 has the same layout).
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
/* cmocka wants those before it */
#include <cmocka.h>

#include "runtime/source/module_place.h"

#define DIGEST "sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"

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
    {"registry://x.io/a@" DIGEST, "/s/registry/x.io/a@" DIGEST, false},
    {"registry://x.io/a:latest@" DIGEST, "/s/registry/x.io/a:latest@" DIGEST, false},
    {"registry://x.io/a@sha256:00", NULL, false},
    {"registry://x.io/A:1", NULL, false},
    {"registry://busybox", "/s/registry/docker.io/library/busybox:latest", true},
    {"registry://a/b:1", "/s/registry/docker.io/a/b:1", false},
    {"a/b:1", "/s/registry/docker.io/a/b:1", false},
    {"busybox:1", NULL, false}, /* more likely a file's */
    {"https://h/a b\"#c", "/s/https/h/a%20b%22", false},
    {"https://h/\xC3\xA4{}`<>%zz%2F^|", "/s/https/h/%C3%A4%7B%7D%60%3C%3E%zz%2F^|", false},
    {"https://h/a/%2E%2e/b", NULL, false},
    {"https://h/.%2e", NULL, false},
    {"https://h/...", "/s/https/h/...", false},
    {"https://h/a\\b", NULL, false},
    {"https://h/a\tb", NULL, false},
    {"https://github.com/o/r/releases/download/v0.1.6/policy.wasm",
     "/s/https/github.com/o/r/releases/download/v0.1.6/policy.wasm", false},
    {"https://Example.COM:443/A.wasm?q#f", "/s/https/example.com/A.wasm", false},
    {"http://h:80/a", "/s/http/h/a", false},
    {"http://h:443/a ", "/s/http/h:443/a", false},
    {"http://u:p@h/a", NULL, false},
    {"https://h:443:443/a", NULL, false},
    {"https://h:/a", NULL, false},
    {"https://h:0443/a", NULL, false},
    {"https://h:x/a", NULL, false},
    {"https://:80/a", NULL, false},
    {"https://[::1]:443/a", "/s/https/[::1]/a", false},
    {"http://[::1]:5000/a", "/s/http/[::1]:5000/a", false},
    {"http://[::1/a", NULL, false},
    {"http://[::1]x/a", NULL, false},
    {"http://[]/a", "/s/http/[]/a", false}, /* that it is nowhere, the network will tell */
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
        int code = chimera_module_locate(PLACES[i].module, "/s/", &place, &err);
        if ((code == CHIMERA_OK) != (PLACES[i].path != NULL))
            fail_msg("%s: %s", PLACES[i].module, code < 0 ? err.text : place.path);
        if (code < 0)
            continue;
        assert_string_equal(place.path, PLACES[i].path);
        assert_int_equal(place.is_floating, PLACES[i].is_floating);
        chimera_module_place_done(&place);
    }
}

/* What is listed leads back to the same file. */
static void a_place_has_one_uri(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(PLACES) / sizeof(PLACES[0]); i++) {
        struct chimera_module_place place = {0}, again = {0};
        if (!PLACES[i].path || chimera_module_locate(PLACES[i].module, "/s", &place, NULL) < 0)
            continue;
        assert_int_equal(place.is_local, !place.uri);
        if (place.uri) {
            assert_int_equal(chimera_module_locate(place.uri, "/s", &again, NULL), CHIMERA_OK);
            assert_string_equal(again.path, place.path);
            assert_string_equal(again.uri, place.uri);
            chimera_module_place_done(&again);
        }
        chimera_module_place_done(&place);
    }
}

static void a_failure_says_what_is_wanted(void **state)
{
    struct chimera_module_place place;
    struct chimera_error err;
    (void)state;
    assert_int_equal(chimera_module_locate("registry://h/a@sha256:" DIGEST, "/s", &place, &err),
                     CHIMERA_EINVAL);
    assert_string_equal(err.text, "cannot parse registry://h/a@sha256:" DIGEST
                                  ": invalid reference format; a host and the path of a module are "
                                  "wanted; a local file is named as file:///…");
    assert_int_equal(chimera_module_locate("a.wasm", "/s", &place, &err), CHIMERA_EINVAL);
    assert_string_equal(err.text, "cannot parse a.wasm: a host and the path of a module are "
                                  "wanted; a local file is named as file:///…");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_module_has_one_place),
        cmocka_unit_test(a_place_has_one_uri),
        cmocka_unit_test(a_failure_says_what_is_wanted),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
