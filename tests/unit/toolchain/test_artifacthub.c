/* SPDX-License-Identifier: Apache-2.0 */
/* A policy's package for Artifact Hub: cli-and-distribution.md §1.10; the documents were compared
 * with those of kwctl 1.36. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "runtime/json/tree.h"
#include "runtime/yaml/yaml.h"
#include "toolchain/command/author/scaffold/artifacthub.h"

#define COUNT(table) (sizeof(table) / sizeof((table)[0]))
#define POLICY "  io.kubewarden.policy."
#define LEAST                                                                                  \
    "rules: []\nmutating: false\nannotations:\n" POLICY "version: 0.2.1\n" POLICY              \
    "title: verify\n"                                                                          \
    "  io.artifacthub.displayName: Verify Them\n" POLICY "description: A description\n" POLICY \
    "ociUrl: registry.example/policies/verify\n"

static int make(const char *text, const char *questions, struct chimera_buffer *out,
                struct chimera_error *err)
{
    struct chimera_metadata metadata = {0};
    CHIMERA_JSON struct json_object *package = NULL;
    int code = chimera_metadata_parse_yaml(chimera_slice_of(text), &metadata, err);
    const struct artifacthub_input input = {
        .metadata = &metadata, .created_at = "2026-11-29T05:00:00Z", .questions = questions};
    if (code == 0)
        code = artifacthub_package(&input, &package, err);
    if (code == 0)
        chimera_yaml_write(package, out);
    chimera_buffer_byte(out, '\0');
    chimera_metadata_done(&metadata);
    return code;
}

static void assert_package(const char *text, const char *questions, const char *want)
{
    struct chimera_buffer out;
    struct chimera_error err = {0};
    chimera_buffer_init(&out, 1 << 16);
    if (make(text, questions, &out, &err) < 0)
        fail_msg("%s", err.text);
    assert_string_equal(out.data, want);
    chimera_buffer_free(&out);
}

static void the_least_is_enough(void **state)
{
    (void)state;
    assert_package(
        LEAST, NULL,
        "version: 0.2.1\nname: verify\ndisplayName: Verify Them\n"
        "createdAt: 2026-11-29T05:00:00Z\ndescription: A description\n"
        "containersImages:\n- name: policy\n  image: registry.example/policies/verify:v0.2.1\n"
        "install: |\n"
        "  The policy can be obtained using "
        "[kwctl](https://docs.kubewarden.io/howtos/install-kwctl):\n"
        "  ```console\n  kwctl pull registry.example/policies/verify:v0.2.1\n  ```\n"
        "  Then, generate the policy manifest and tune it to your liking. For example:\n"
        "  ```console\n  kwctl scaffold manifest -t ClusterAdmissionPolicy "
        "registry://registry.example/policies/verify:v0.2.1\n  ```\n"
        "provider:\n  name: kubewarden\nrecommendations:\n"
        "- url: https://artifacthub.io/packages/helm/kubewarden/kubewarden-controller\n"
        "annotations:\n  kubewarden/mutation: 'false'\n  kubewarden/rules: |\n    []\n");
}

static void everything_has_its_place(void **state)
{
    (void)state;
    assert_package(
        LEAST POLICY "author: Tux Tuxedo <tux@example.com>, Pidgin <pidgin@example.com>\n" POLICY
                     "url: https://github.com/home\n" POLICY
                     "source: https://github.com/repo\n" POLICY "license: Apache-2.0\n"
                     "  io.artifacthub.resources: Pod, Deployment\n"
                     "  io.artifacthub.keywords: pod,  signature \n"
                     "  io.kubewarden.hidden-ui: true\n"
                     "contextAwareResources: [{apiVersion: v1, kind: Pod}]\n",
        "questions:\n- a: b\n",
        "version: 0.2.1\nname: verify\ndisplayName: Verify Them\n"
        "createdAt: 2026-11-29T05:00:00Z\ndescription: A description\nlicense: Apache-2.0\n"
        "homeURL: https://github.com/home\n"
        "containersImages:\n- name: policy\n  image: registry.example/policies/verify:v0.2.1\n"
        "keywords:\n- pod\n- signature\n"
        "links:\n- name: policy\n"
        "  url: https://github.com/repo/releases/download/v0.2.1/policy.wasm\n"
        "- name: source\n  url: https://github.com/repo\n"
        "install: |\n"
        "  The policy can be obtained using "
        "[kwctl](https://docs.kubewarden.io/howtos/install-kwctl):\n"
        "  ```console\n  kwctl pull registry.example/policies/verify:v0.2.1\n  ```\n"
        "  Then, generate the policy manifest and tune it to your liking. For example:\n"
        "  ```console\n  kwctl scaffold manifest -t ClusterAdmissionPolicy "
        "registry://registry.example/policies/verify:v0.2.1\n  ```\n"
        "maintainers:\n- name: Tux Tuxedo\n  email: tux@example.com\n- name: Pidgin\n"
        "  email: pidgin@example.com\n"
        "provider:\n  name: kubewarden\nrecommendations:\n"
        "- url: https://artifacthub.io/packages/helm/kubewarden/kubewarden-controller\n"
        "annotations:\n  kubewarden/contextAwareResources: |\n    - apiVersion: v1\n"
        "      kind: Pod\n  kubewarden/hidden-ui: 'true'\n  kubewarden/mutation: 'false'\n"
        "  kubewarden/questions-ui: |\n    questions:\n    - a: b\n"
        "  kubewarden/resources: Pod, Deployment\n  kubewarden/rules: |\n    []\n");
}

static void assert_holds(const char *more, const char *want, const char *wants_not)
{
    char text[2000];
    struct chimera_buffer out;
    struct chimera_error err = {0};
    chimera_buffer_init(&out, 1 << 16);
    snprintf(text, sizeof(text), LEAST "%s", more);
    if (make(text, NULL, &out, &err) < 0)
        fail_msg("%s", err.text);
    if (!strstr(out.data, want) || (wants_not && strstr(out.data, wants_not)))
        fail_msg("%s: %s", want, out.data);
    chimera_buffer_free(&out);
}

static void releases_are_githubs_alone(void **state)
{
    (void)state;
    assert_holds("  com.github.release.tag: policies/v1 2\n" POLICY
                 "source: https://github.com/repo\n",
                 "/releases/download/policies%2Fv1+2/policy.wasm\n", "/v0.2.1/");
    assert_holds(POLICY "source: https://gitlab.example/repo\n",
                 "links:\n- name: source\n  url: https://gitlab.example/repo\n", "releases");
}

static void what_is_missing_or_malformed_is_named(void **state)
{
    (void)state;
    static const struct {
        const char *drop, *add, *questions, *want;
    } cases[] = {
        {"version: 0.2.1", "", NULL,
         "policy metadata must specify \"io.kubewarden.policy.version\" in annotations"},
        {"title: verify", "", NULL,
         "policy metadata must specify \"io.kubewarden.policy.title\" in annotations"},
        {"displayName: Verify Them", "", NULL,
         "policy metadata must specify \"io.artifacthub.displayName\" in annotations"},
        {"description: A description", "", NULL,
         "policy metadata must specify \"io.kubewarden.policy.description\" in annotations"},
        {"ociUrl: registry.example/policies/verify", "", NULL,
         "policy metadata must specify \"io.kubewarden.policy.ociUrl\" in annotations"},
        {"version: 0.2.1", POLICY "version: 1.0\n", NULL,
         "policy version must be in semver: unexpected end of input while parsing minor version "
         "number"},
        {"", "", "", "questions-ui content cannot be empty"},
        {"", POLICY "url: not a url\n", NULL,
         "annotation \"io.kubewarden.policy.url\" in policy metadata must be a well formed URL: "
         "relative URL without a base"},
        {"", POLICY "source: foo\n", NULL,
         "annotation \"io.kubewarden.policy.source\" in policy metadata must be a well formed "
         "URL: relative URL without a base"},
        {"", "  io.artifacthub.keywords: a,, b\n", NULL,
         "annotation \"io.artifacthub.keywords\" in policy metadata is malformed, must be csv "
         "values"},
        {"", "  io.artifacthub.keywords: a, \n", NULL,
         "annotation \"io.artifacthub.keywords\" in policy metadata is malformed, must be csv "
         "values"},
        {"", POLICY "author: Tux\n", NULL,
         "annotation \"io.kubewarden.policy.author\" in policy metadata is malformed, must be csv "
         "values of \"name <email>\": Missing separator character '@'."},
        {"", "  io.kubewarden.hidden-ui: maybe\n", NULL,
         "annotation \"io.kubewarden.hidden-ui\" in policy metadata is malformed, must be a "
         "string \"true\" or \"false\""},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        char text[2000] = LEAST;
        struct chimera_buffer out;
        struct chimera_error err = {0};
        char *dropped = cases[i].drop[0] ? strstr(text, cases[i].drop) : NULL;
        if (dropped)
            memset(dropped - 1, '#', 1); /* its key is another one */
        strncat(text, cases[i].add, sizeof(text) - strlen(text) - 1);
        chimera_buffer_init(&out, 1 << 16);
        assert_true(make(text, cases[i].questions, &out, &err) < 0);
        assert_string_equal(err.text, cases[i].want);
        chimera_buffer_free(&out);
    }
}

static void annotations_must_be_there(void **state)
{
    (void)state;
    static const char *const texts[] = {"rules: []\nmutating: true\n",
                                        "rules: []\nmutating: true\nannotations: {}\n"};
    for (size_t i = 0; i < COUNT(texts); i++) {
        struct chimera_buffer out;
        struct chimera_error err = {0};
        chimera_buffer_init(&out, 1 << 16);
        assert_true(make(texts[i], NULL, &out, &err) < 0);
        assert_string_equal(err.text, "no annotations in policy metadata. policy metadata must "
                                      "specify annotations");
        chimera_buffer_free(&out);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_least_is_enough),
        cmocka_unit_test(everything_has_its_place),
        cmocka_unit_test(releases_are_githubs_alone),
        cmocka_unit_test(what_is_missing_or_malformed_is_named),
        cmocka_unit_test(annotations_must_be_there),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
