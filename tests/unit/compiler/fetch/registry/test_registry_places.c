/* SPDX-License-Identifier: Apache-2.0 */
/* Which hosts a registry asks, by which URLs, with whose login, and where its headers lead. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "compiler/fetch/registry/registry_internal.h"
#include "runtime/base/cleanup.h"

static const struct chimera_credential docker = {.username = (char[]){"d"}},
                                       mirror = {.username = (char[]){"m"}};
static const struct chimera_login logins[] = {{"index.docker.io", &docker},
                                              {"mirror.example:5000", &mirror}};

static struct chimera_registry *make(const char *host, const struct chimera_sources *sources)
{
    const struct chimera_registry_options options = {
        .host = host, .sources = sources, .logins = logins, .login_count = 2};
    struct chimera_registry *registry = NULL;
    assert_int_equal(chimera_registry_new(&options, &registry, NULL), CHIMERA_OK);
    return registry;
}

static void assert_url(const struct chimera_place *place, const char *repository, const char *want)
{
    const struct chimera_image_reference image = {.repository = (char *)(uintptr_t)repository};
    CHIMERA_FREE char *url = chimera_registry_url(place, &image, "manifests/%s", "v1");
    assert_string_equal(url, want);
}

static void dockers_registry_is_asked_as_it_is_reached(void **state)
{
    (void)state;
    static const char *const names[] = {"docker.io", "index.docker.io"};
    for (size_t i = 0; i < 4; i++) {
        char *places[] = {(char[]){"mirror.example:5000/hub/x/"}, (char[]){"docker.io"}, NULL};
        struct chimera_mirror mirrors[] = {
            {.host = (char[]){"other.example"}},
            {.host = (char *)(uintptr_t)names[i / 2], .places = places}};
        const struct chimera_sources sources = {.mirrors = mirrors, .mirror_count = 2};
        struct chimera_registry *registry = make(names[i % 2], &sources);
        assert_int_equal(registry->place_count, 3);
        assert_ptr_equal(registry->places[0].credential, &mirror);
        assert_ptr_equal(registry->places[1].credential, &docker);
        assert_ptr_equal(registry->places[2].credential, &docker);
        assert_url(&registry->places[0], "library/a",
                   "https://mirror.example:5000/v2/hub/x/library/a/manifests/v1");
        assert_url(&registry->places[1], "a", "https://index.docker.io/v2/a/manifests/v1");
        assert_ptr_equal(chimera_registry_home(registry), &registry->places[2]);
        CHIMERA_FREE char *scope = chimera_registry_scope(&registry->places[0], "a", "pull");
        assert_string_equal(scope, "repository:hub/x/a:pull");
        chimera_registry_free(registry);
    }
}

static void a_host_that_has_neither_mirrors_nor_a_login(void **state)
{
    (void)state;
    struct chimera_mirror mirrors[] = {{.host = (char[]){"a.example"}, .places = NULL}};
    const struct chimera_sources sources = {.mirrors = mirrors, .mirror_count = 1};
    static const char *const hosts[] = {"a.example", "a.example:5000", "mirror.example"};
    for (size_t i = 0; i < 3; i++) {
        struct chimera_registry *registry = make(hosts[i], i == 2 ? NULL : &sources);
        assert_int_equal(registry->place_count, 1);
        assert_null(registry->places[0].credential);
        chimera_registry_free(registry);
    }
}

struct lead {
    const char *host;
    bool is_plain;
    const char *from, *target, *url; /* NULL: refused */
    bool is_home;
};

static void headers_lead_somewhere(void **state)
{
    (void)state;
#define FROM "https://r.example:5000/v2/a/blobs/uploads/"
    static const struct lead leads[] = {
        {"r.example:5000", false, FROM, "/v2/x?a=%2F&b", "https://r.example:5000/v2/x?a=%2F&b",
         true},
        {"r.example:5000", false, FROM, "x", FROM "x", true},
        {"r.example:5000", false, FROM, "https://r.example:5000/x", "https://r.example:5000/x",
         true},
        {"r.example:5000", false, FROM, "https://R.example:5000/x", "https://R.example:5000/x",
         true},
        {"r.example:5000", false, FROM, "//r.example:5000/x", "https://r.example:5000/x", true},
        /* the port was left out */
        {"r.example:5000", false, FROM, "https://r.example/x?q", "https://r.example:5000/x?q",
         true},
        {"r.example:443", false, "https://r.example:443/", "https://r.example/x",
         "https://r.example:443/x", true},
        {"r.example", false, "https://r.example/", "https://r.example:443/x",
         "https://r.example:443/x", true},
        /* elsewhere */
        {"r.example:5000", false, FROM, "https://r.example:5001/x", "https://r.example:5001/x",
         false},
        {"r.example:5000", false, FROM, "https://s.example:5000/x", "https://s.example:5000/x",
         false},
        {"r.example:5000", false, FROM, "https://r.example.evil:5000/x",
         "https://r.example.evil:5000/x", false},
        {"r.example:5000", false, FROM, "http://r.example:5000/x", "http://r.example:5000/x",
         false},
        {"r.example", false, "https://r.example/", "https://r.example:5000/x",
         "https://r.example:5000/x", false},
        /* the answer came from elsewhere: what is relative is there, too */
        {"r.example:5000", false, "https://s.example/", "x", "https://s.example/x", false},
        /* without TLS both schemes are the same place */
        {"r.example:5000", true, FROM, "http://r.example:5000/x", "http://r.example:5000/x", true},
        {"r.example:5000", true, FROM, "/x", "https://r.example:5000/x", true},
        /* refused */
        {"r.example", false, FROM, "ftp://r.example/x", NULL, false},
        {"r.example", false, FROM, "https://u:p@r.example/x", NULL, false},
    };
    for (size_t i = 0; i < sizeof(leads) / sizeof(*leads); i++) {
        struct chimera_registry *registry = make(leads[i].host, NULL);
        const struct chimera_call call = {.place = registry->places, .what = "x"};
        const struct chimera_transfer_answer answer = {.url = (char *)(uintptr_t)leads[i].from};
        CHIMERA_FREE char *url = NULL;
        bool is_home = !leads[i].is_home;
        registry->places->is_plain = leads[i].is_plain;
        int code = chimera_registry_resolve_url(&call, &answer, chimera_slice_of(leads[i].target),
                                                &url, &is_home, NULL);
        assert_int_equal(code, leads[i].url ? CHIMERA_OK : CHIMERA_EREFUSED);
        if (leads[i].url) {
            assert_string_equal(url, leads[i].url);
            assert_int_equal(is_home, leads[i].is_home);
        }
        chimera_registry_free(registry);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(dockers_registry_is_asked_as_it_is_reached),
        cmocka_unit_test(a_host_that_has_neither_mirrors_nor_a_login),
        cmocka_unit_test(headers_lead_somewhere),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
