/* SPDX-License-Identifier: Apache-2.0 */
/* What a verification file says, and how an entry of it is shown: as the reference shows it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
/* cmocka wants those before it */
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>

#include "runtime/base/buffer.h"
#include "runtime/source/verification.h"

#define KEY                                                              \
    "-----BEGIN PUBLIC KEY-----\n"                                       \
    "MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAE3nhFUv8UqpfgaHiNlJVDKWltGCk3\n" \
    "mOULFhDs2N9RGGP+VeoPcP2iSmSJ6IEFCOoN/n3V+ktgkFxckBli4oZxfw==\n"     \
    "-----END PUBLIC KEY-----"
#define KEY_INDENTED                                                       \
    "  -----BEGIN PUBLIC KEY-----\n"                                       \
    "  MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAE3nhFUv8UqpfgaHiNlJVDKWltGCk3\n" \
    "  mOULFhDs2N9RGGP+VeoPcP2iSmSJ6IEFCOoN/n3V+ktgkFxckBli4oZxfw==\n"     \
    "  -----END PUBLIC KEY-----\n"

#define KEY_DEEP                                                               \
    "      -----BEGIN PUBLIC KEY-----\n"                                       \
    "      MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAE3nhFUv8UqpfgaHiNlJVDKWltGCk3\n" \
    "      mOULFhDs2N9RGGP+VeoPcP2iSmSJ6IEFCOoN/n3V+ktgkFxckBli4oZxfw==\n"     \
    "      -----END PUBLIC KEY-----\n"

static void read_good(const char *text, struct chimera_verification *ret_verification)
{
    struct chimera_error err = {0};
    if (chimera_verification_parse(chimera_slice_of(text), "v.yml", ret_verification, &err) < 0)
        fail_msg("%s: %s", text, err.text);
}

static void expect_shown(const struct chimera_constraint *constraint, const char *want)
{
    struct chimera_buffer out;
    chimera_buffer_init(&out, 4096);
    chimera_constraint_write(constraint, &out);
    chimera_buffer_byte(&out, 0);
    assert_int_equal(out.failed, 0);
    assert_string_equal(out.data, want);
    chimera_buffer_free(&out);
}

static void what_a_file_says_is_kept(void **state)
{
    struct chimera_verification verification;
    (void)state;
    read_good("apiVersion: v1\n"
              "allOf:\n"
              "- {kind: githubAction, owner: kubewarden, repo: policies,\n"
              "   annotations: {z: last, env: prod}}\n"
              "- {kind: githubAction, owner: kubewarden}\n"
              "anyOf:\n"
              "  minimumMatches: 2\n"
              "  signatures:\n"
              "  - kind: pubKey\n"
              "    owner: alice\n"
              "    key: |\n" KEY_DEEP "  - kind: genericIssuer\n"
              "    issuer: https://x.example\n"
              "    subject: {equal: a@x.example}\n",
              &verification);
    assert_int_equal(verification.all_count, 2);
    assert_int_equal(verification.any_count, 2);
    assert_int_equal(verification.minimum_matches, 2);
    assert_true(verification.has_any_of);
    const struct chimera_constraint *action = &verification.all_of[0];
    assert_int_equal(action->kind, CHIMERA_GITHUB_ACTION);
    assert_string_equal(action->owner, "kubewarden");
    assert_string_equal(action->repository, "policies");
    assert_string_equal(json_object_get_string(json_object_object_get(action->annotations, "env")),
                        "prod");
    assert_null(verification.all_of[1].repository);
    assert_null(verification.all_of[1].annotations);
    assert_string_equal(verification.any_of[0].key, KEY "\n");
    assert_string_equal(verification.any_of[1].subject, "a@x.example");
    assert_null(verification.any_of[1].url_prefix);
    chimera_verification_done(&verification);
    assert_int_equal(verification.all_count, 0);
}

static void defaults_are_the_references(void **state)
{
    struct chimera_verification verification;
    (void)state;
    read_good("anyOf: {signatures: []}", &verification); /* without apiVersion, too */
    assert_int_equal(verification.minimum_matches, 1);
    assert_true(verification.has_any_of);
    assert_int_equal(verification.any_count, 0);
    chimera_verification_done(&verification);
    read_good("allOf: []\nanyOf: null", &verification);
    assert_false(verification.has_any_of);
    chimera_verification_done(&verification);
}

/* The forms of the reference's own unit tests, and of serde_yaml. */
static void entries_are_shown_as_the_reference_shows_them(void **state)
{
    struct chimera_verification verification;
    (void)state;
    read_good("allOf:\n"
              "- {kind: genericIssuer, issuer: https://github.com/login/oauth, "
              "subject: {equal: user3@provider.com}}\n"
              "- {kind: genericIssuer, issuer: i, subject: {urlPrefix: https://github.com/org}}\n"
              "- {kind: genericIssuer, issuer: i, subject: {equal: '123'}}\n"
              "- {kind: githubAction, owner: o, annotations: {env: prod, a: 'true'}}\n"
              "- {kind: githubAction, owner: o, repo: r, annotations: {}}\n"
              "- kind: pubKey\n"
              "  owner: alice\n"
              "  key: |\n" KEY_DEEP "- kind: pubKey\n"
              "  key: |-\n" KEY_DEEP,
              &verification);
    expect_shown(&verification.all_of[0], "kind: genericIssuer\n"
                                          "issuer: https://github.com/login/oauth\n"
                                          "subject: !equal user3@provider.com\n"
                                          "annotations: null\n");
    expect_shown(&verification.all_of[1], "kind: genericIssuer\n"
                                          "issuer: i\n"
                                          "subject: !urlPrefix https://github.com/org/\n"
                                          "annotations: null\n");
    expect_shown(&verification.all_of[2], "kind: genericIssuer\n"
                                          "issuer: i\n"
                                          "subject: !equal '123'\n"
                                          "annotations: null\n");
    expect_shown(&verification.all_of[3], "kind: githubAction\n"
                                          "owner: o\n"
                                          "repo: null\n"
                                          "annotations:\n"
                                          "  a: 'true'\n"
                                          "  env: prod\n");
    expect_shown(&verification.all_of[4], "kind: githubAction\n"
                                          "owner: o\n"
                                          "repo: r\n"
                                          "annotations: {}\n");
    expect_shown(&verification.all_of[5], "kind: pubKey\n"
                                          "owner: alice\n"
                                          "key: |\n" KEY_INDENTED "annotations: null\n");
    expect_shown(&verification.all_of[6], "kind: pubKey\n"
                                          "owner: null\n"
                                          "key: |-\n" KEY_INDENTED "annotations: null\n");
    chimera_verification_done(&verification);
}

static void a_prefix_ends_in_a_slash(void **state)
{
    static const char *const CASES[][2] = {
        {"https://github.com/org", "https://github.com/org/"},
        {"https://github.com/org/", "https://github.com/org/"},
        {"https://github.com", "https://github.com/"},
        {"HTTPS://GitHub.com/Org", "https://github.com/Org/"},
        {"https://github.com/org?a=b/c", "https://github.com/org/?a=b/c"},
        {"https://github.com#f", "https://github.com/#f"},
        {"https://AZ.example:443@[::1]`/AZ", "https://az.example:443@[::1]`/AZ/"},
        {"https://", "https:///"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof(CASES) / sizeof(CASES[0]); i++) {
        struct chimera_verification verification;
        char text[256];
        snprintf(text, sizeof(text),
                 "allOf: [{kind: genericIssuer, issuer: i, subject: {urlPrefix: '%s'}}]",
                 CASES[i][0]);
        read_good(text, &verification);
        assert_string_equal(verification.all_of[0].url_prefix, CASES[i][1]);
        chimera_verification_done(&verification);
    }
}

static void wrong_files_are_refused_and_nothing_is_kept(void **state)
{
    static const char *const BAD[] = {
        "",
        "{}",
        "apiVersion: v2\nallOf: []",
        "allOf: {}",
        "allOf: [7]",
        "allOf: [{kind: other}]",
        "allOf: [{kind: pubKey}]",
        "allOf: [{kind: pubKey, key: x}]",
        "allOf: [{kind: githubAction}]",
        "allOf: [{kind: githubAction, owner: o, extra: x}]",
        "allOf: [{kind: githubAction, owner: o, annotations: {a: 1}}]",
        "allOf: [{kind: githubAction, owner: \"o\\0p\"}]",
        "allOf: [{kind: githubAction, owner: o, annotations: {a: \"b\\0\"}}]",
        "allOf: [{kind: genericIssuer, issuer: i}]",
        "allOf: [{kind: genericIssuer, issuer: i, subject: x}]",
        "allOf: [{kind: genericIssuer, issuer: i, subject: {equal: a, urlPrefix: https://b}}]",
        "allOf: [{kind: genericIssuer, issuer: i, subject: {urlPrefix: \"https://h/\\0x\"}}]",
        "anyOf: {minimumMatches: 1}",
        "anyOf: {minimumMatches: 256, signatures: []}",
        "anyOf: {minimumMatches: -1, signatures: []}",
        "allOf: []\nallOf: []",
    };
    struct chimera_verification verification = {.all_count = 77};
    (void)state;
    for (size_t i = 0; i < sizeof(BAD) / sizeof(BAD[0]); i++) {
        struct chimera_error err = {0};
        if (chimera_verification_parse(chimera_slice_of(BAD[i]), "v.yml", &verification, &err) !=
                CHIMERA_EINVAL ||
            !err.text[0])
            fail_msg("%s", BAD[i]);
    }
    assert_int_equal(verification.all_count, 77);
    struct chimera_error err = {0};
    assert_int_equal(chimera_verification_read("/nowhere/v.yml", NULL, &err), CHIMERA_EIO);
    assert_string_equal(err.text, "failed to read verification file: /nowhere/v.yml: No such file "
                                  "or directory (os error 2)");
}

/* A refusal shows how a text begins, and here that may be much of the key. */
static void a_private_key_is_not_shown(void **state)
{
    static const char *const BAD[] = {
        "allOf: [{kind: pubKey, key: \"-----BEGIN PRIVATE KEY-----\\nMC4CAQAwBQYDK2VwBCIEIJ1\"}]",
        "allOf:\n- kind: pubKey\n  key: |\n" KEY_DEEP "      -----BEGIN PRIVATE KEY-----\n"
        "      MC4CAQAwBQYDK2VwBCIEIJ1\n",
    };
    (void)state;
    for (size_t i = 0; i < sizeof(BAD) / sizeof(BAD[0]); i++) {
        struct chimera_error err = {0};
        assert_int_equal(chimera_verification_parse(chimera_slice_of(BAD[i]), "v.yml", NULL, &err),
                         CHIMERA_EINVAL);
        assert_non_null(strstr(err.text, "found a private one"));
        assert_null(strstr(err.text, "MC4C"));
    }
}

static void entries_can_be_added(void **state)
{
    struct chimera_verification verification = {0};
    (void)state;
    for (int i = 0; i < 3; i++) {
        struct chimera_constraint one = {.kind = CHIMERA_PUBLIC_KEY, .key = strdup("k")};
        assert_int_equal(chimera_verification_add(&verification, &one, NULL), CHIMERA_OK);
        assert_null(one.key);
    }
    assert_int_equal(verification.all_count, 3);
    assert_string_equal(verification.all_of[2].key, "k");
    chimera_verification_done(&verification);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_a_file_says_is_kept),
        cmocka_unit_test(defaults_are_the_references),
        cmocka_unit_test(entries_are_shown_as_the_reference_shows_them),
        cmocka_unit_test(a_prefix_ends_in_a_slash),
        cmocka_unit_test(wrong_files_are_refused_and_nothing_is_kept),
        cmocka_unit_test(a_private_key_is_not_shown),
        cmocka_unit_test(entries_can_be_added),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
