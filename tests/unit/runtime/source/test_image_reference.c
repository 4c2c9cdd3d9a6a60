/* SPDX-License-Identifier: Apache-2.0 */
/* The grammar of references to registries (cli-and-distribution.md §3.1). */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
/* cmocka wants those before it */
#include <cmocka.h>

#include "runtime/source/image_reference.h"

#define HEX32 "0123456789abcdef0123456789abcdef"
#define HEX64 HEX32 HEX32
#define A16 "aaaaaaaaaaaaaaaa"
#define A128 A16 A16 A16 A16 A16 A16 A16 A16

struct good {
    const char *text, *registry, *repository, *tag, *digest;
    const char *whole; /* NULL: as the text is */
};

static const struct good GOOD[] = {
    {"busybox", "docker.io", "library/busybox", "latest", NULL, "docker.io/library/busybox:latest"},
    {"test.com:tag", "docker.io", "library/test.com", "tag", NULL,
     "docker.io/library/test.com:tag"},
    {"test.com:5000", "docker.io", "library/test.com", "5000", NULL,
     "docker.io/library/test.com:5000"},
    {"test.com/repo:tag", "test.com", "repo", "tag", NULL, NULL},
    {"test:5000/repo", "test:5000", "repo", "latest", NULL, "test:5000/repo:latest"},
    {"test:5000/repo:tag", "test:5000", "repo", "tag", NULL, NULL},
    {"test:5000/repo@sha256:" HEX64, "test:5000", "repo", NULL, "sha256:" HEX64, NULL},
    {"test:5000/repo:tag@sha256:" HEX64, "test:5000", "repo", "tag", "sha256:" HEX64, NULL},
    {"test:5000/repo@sha384:" HEX64 HEX32, "test:5000", "repo", NULL, "sha384:" HEX64 HEX32, NULL},
    {"lowercase:Uppercase", "docker.io", "library/lowercase", "Uppercase", NULL,
     "docker.io/library/lowercase:Uppercase"},
    {"sub-dom1.foo.com/bar/baz/quux", "sub-dom1.foo.com", "bar/baz/quux", "latest", NULL,
     "sub-dom1.foo.com/bar/baz/quux:latest"},
    {"b.registry.example/test.example.com/my-app:test.example.com", "b.registry.example",
     "test.example.com/my-app", "test.example.com", NULL, NULL},
    {"xn--n3h.com/myimage:xn--n3h.com", "xn--n3h.com", "myimage", "xn--n3h.com", NULL, NULL},
    {"xn--7o8h.com/myimage:xn--7o8h.com@sha512:" HEX64 HEX64, "xn--7o8h.com", "myimage",
     "xn--7o8h.com", "sha512:" HEX64 HEX64, NULL},
    {"foo_bar.com:8080", "docker.io", "library/foo_bar.com", "8080", NULL,
     "docker.io/library/foo_bar.com:8080"},
    {"foo/foo_bar.com:8080", "docker.io", "foo/foo_bar.com", "8080", NULL,
     "docker.io/foo/foo_bar.com:8080"},
    {"opensuse/leap:15.3", "docker.io", "opensuse/leap", "15.3", NULL,
     "docker.io/opensuse/leap:15.3"},
    {"index.docker.io/a", "docker.io", "library/a", "latest", NULL, "docker.io/library/a:latest"},
    {"docker.io/a/b:1", "docker.io", "a/b", "1", NULL, NULL},
    {"localhost/a:1", "localhost", "a", "1", NULL, NULL},
    {"localhost:5000/a@sha256:" HEX64, "localhost:5000", "a", NULL, "sha256:" HEX64, NULL},
    {"127.0.0.1:5000/a:1", "127.0.0.1:5000", "a", "1", NULL, NULL},
    {"EXAMPLE.com/a:1", "EXAMPLE.com", "a", "1", NULL, NULL},
    {"h.io/a__b/c--d/e.f_g:_x", "h.io", "a__b/c--d/e.f_g", "_x", NULL, NULL},
    {"h.io/0/1:2", "h.io", "0/1", "2", NULL, NULL},
    {"h.io/a:" A128, "h.io", "a", A128, NULL, NULL},
    /* digits of a digest in capitals are the same */
    {"h.io/a@sha256:ABCDEF0123456789ABCDEF0123456789" HEX32, "h.io", "a", NULL,
     "sha256:abcdef0123456789abcdef0123456789" HEX32,
     "h.io/a@sha256:abcdef0123456789abcdef0123456789" HEX32},
};

static void check_text(const char *of, const char *is, const char *wanted)
{
    if (!is != !wanted || (is && strcmp(is, wanted) != 0))
        fail_msg("%s: %s, not %s", of, is ? is : "none", wanted ? wanted : "none");
}

static void a_reference_has_its_parts(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(GOOD) / sizeof(GOOD[0]); i++) {
        const struct good *good = &GOOD[i];
        struct chimera_image_reference reference;
        struct chimera_error err = {0};
        struct chimera_buffer whole;
        if (chimera_image_reference_parse(chimera_slice_of(good->text), &reference, &err) < 0)
            fail_msg("%s: %s", good->text, err.text);
        check_text(good->text, reference.registry, good->registry);
        check_text(good->text, reference.repository, good->repository);
        check_text(good->text, reference.tag, good->tag);
        check_text(good->text, reference.digest, good->digest);
        check_text(good->text, chimera_image_reference_version(&reference),
                   good->digest ? good->digest : good->tag);
        chimera_buffer_init(&whole, 1000);
        chimera_image_reference_write(&reference, &whole);
        chimera_buffer_byte(&whole, 0);
        check_text(good->text, whole.data, good->whole ? good->whole : good->text);
        chimera_buffer_free(&whole);
        chimera_image_reference_done(&reference);
    }
}

static const struct {
    const char *text, *why;
} BAD[] = {
    {"", "repository name must have at least one component"},
    {":justtag", "invalid reference format"},
    {"@sha256:" HEX64, "invalid reference format"},
    {"repo@sha256:" HEX32, "invalid checksum digest length"},
    {"repo@sha256:0123456789abcdef", "invalid reference format"},
    {"repo@sha512:" HEX64, "invalid checksum digest length"},
    {"validname@invaliddigest:" HEX64, "unsupported digest algorithm"},
    {"repo@sha256+x:" HEX64, "unsupported digest algorithm"},
    {"repo@sha256+:" HEX64, "invalid reference format"},
    {"repo@1sha:" HEX64, "invalid reference format"},
    {"repo@", "invalid reference format"},
    {"repo@sha256:" HEX32 "g" HEX32, "invalid reference format"},
    {"repo@sha256:" HEX64 "@sha256:" HEX64, "invalid reference format"},
    {"Uppercase:tag", "invalid reference format"},
    {"Uppercase/lowercase:tag", "invalid reference format"}, /* the reference takes it */
    {"test:5000/Uppercase/lowercase:tag", "invalid reference format"},
    {A128 A128, "repository name must not be more than 255 characters"},
    {"aa/asdf$$^/aa", "invalid reference format"},
    {"a:" A128 "a", "invalid reference format"},
    {"a:", "invalid reference format"},
    {"a:.x", "invalid reference format"},
    {"a:-x", "invalid reference format"},
    {"a:\xC3\xA4", "invalid reference format"},
    {"a:b:c", "invalid reference format"},
    {"h.io/", "invalid reference format"},
    {"h.io/:x", "invalid reference format"},
    {"/a", "invalid reference format"},
    {"h.io//a", "invalid reference format"},
    {"h.io/a/", "invalid reference format"},
    {"h.io/../a", "invalid reference format"},
    {"h.io/./a", "invalid reference format"},
    {"h.io:/a", "invalid reference format"},
    {"h.io:80x/a", "invalid reference format"},
    {"h..io:80/A", "invalid reference format"},
    {"-h.io:80/a", "invalid reference format"},
    {"h-.io:80/a", "invalid reference format"},
    {"h.io./a", "invalid reference format"},
    {"[::1]:80/a", "invalid reference format"},
    {"u:p@h.io/a", "invalid reference format"},
    {"h.io/a..b", "invalid reference format"},
    {"h.io/a___b", "invalid reference format"},
    {"h.io/a._b", "invalid reference format"},
    {"h.io/a-_b", "invalid reference format"},
    {"h.io/a_", "invalid reference format"},
    {"h.io/-a", "invalid reference format"},
    {" a", "invalid reference format"},
    {"a\n", "invalid reference format"},
    {"h.io/a b:1", "invalid reference format"},
    {"registry://h.io/a:1", "invalid reference format"},
    {A128 A128 ".io/a", "the name of a registry must not be more than 255 characters"},
};

static void what_is_none_is_refused(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(BAD) / sizeof(BAD[0]); i++) {
        struct chimera_image_reference reference;
        struct chimera_error err = {0};
        if (chimera_image_reference_parse(chimera_slice_of(BAD[i].text), &reference, &err) !=
            CHIMERA_EINVAL)
            fail_msg("%s was taken", BAD[i].text);
        check_text(BAD[i].text, err.text, BAD[i].why);
    }
    struct chimera_image_reference reference;
    assert_int_equal(
        chimera_image_reference_parse((struct chimera_slice){"a\0b", 3}, &reference, NULL),
        CHIMERA_EINVAL);
}

/* "library/" counts, as it does for the reference. */
static void a_repository_has_255_bytes(void **state)
{
    (void)state;
    char text[300];
    struct chimera_image_reference reference;
    memset(text, 'a', sizeof(text));
    for (size_t size = 246; size < 250; size++) {
        int code =
            chimera_image_reference_parse((struct chimera_slice){text, size}, &reference, NULL);
        assert_int_equal(code, size <= 247 ? CHIMERA_OK : CHIMERA_EINVAL);
        if (code == CHIMERA_OK)
            chimera_image_reference_done(&reference);
    }
}

static void docker_is_asked_elsewhere(void **state)
{
    (void)state;
    struct chimera_image_reference reference;
    assert_int_equal(chimera_image_reference_parse(CHIMERA_SLICE("a"), &reference, NULL), 0);
    assert_string_equal(chimera_image_reference_host(&reference), "index.docker.io");
    chimera_image_reference_done(&reference);
    assert_int_equal(chimera_image_reference_parse(CHIMERA_SLICE("h:1/a"), &reference, NULL), 0);
    assert_string_equal(chimera_image_reference_host(&reference), "h:1");
    chimera_image_reference_done(&reference);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_reference_has_its_parts),
        cmocka_unit_test(what_is_none_is_refused),
        cmocka_unit_test(a_repository_has_255_bytes),
        cmocka_unit_test(docker_is_asked_elsewhere),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
