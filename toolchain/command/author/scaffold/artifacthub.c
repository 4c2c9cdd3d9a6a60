/* SPDX-License-Identifier: Apache-2.0 */
#include "toolchain/command/author/scaffold/artifacthub.h"

#include <string.h>

#include "runtime/json/tree.h"
#include "runtime/policy/version.h"
#include "runtime/source/image_reference.h"
#include "runtime/yaml/yaml.h"
#include "toolchain/command/author/scaffold/scaffold.h"
#include "toolchain/command/author/scaffold/web_address.h"

#define POLICY "io.kubewarden.policy."
#define HUB "io.artifacthub."
#define HIDDEN_UI "io.kubewarden.hidden-ui"
#define RELEASE_TAG "com.github.release.tag"
#define CONTROLLER "https://artifacthub.io/packages/helm/kubewarden/kubewarden-controller"
#define TEXT_MAX ((size_t)16 << 20)

struct package {
    const struct artifacthub_input *input;
    struct json_object *out; /* owned until it is handed over */
    const char *version;
    struct chimera_buffer image; /* ends in NUL */
    struct chimera_error *err;
};

static const char *annotation(const struct package *package, const char *key)
{
    return chimera_metadata_annotation(package->input->metadata, key);
}

static int refuse_missing(const struct package *package, const char *key)
{
    return chimera_fail(package->err, CHIMERA_EINVAL,
                        "policy metadata must specify \"%s\" in annotations", key);
}

static int refuse_malformed(const struct package *package, const char *key, const char *wanted,
                            const char *why)
{
    return chimera_fail(package->err, CHIMERA_EINVAL,
                        "annotation \"%s\" in policy metadata %s%s%.500s", key, wanted,
                        why ? ": " : "", why ? why : "");
}

#define MUST_BE_URL "must be a well formed URL"

static int add_required(struct package *package, const char *member, const char *key)
{
    const char *text = annotation(package, key);
    if (!text)
        return refuse_missing(package, key);
    scaffold_put_text(package->out, member, text);
    return CHIMERA_OK;
}

/* A buffer as a text of the document, and empty again. */
static struct json_object *take_text(struct chimera_buffer *text)
{
    struct json_object *out =
        json_object_new_string_len(text->size ? text->data : "", (int)text->size);
    chimera_buffer_free(text);
    return out;
}

static int check_version(struct package *package)
{
    struct chimera_version version;
    char room[160];
    package->version = annotation(package, POLICY "version");
    if (!package->version)
        return refuse_missing(package, POLICY "version");
    const char *wrong =
        chimera_version_parse(chimera_slice_of(package->version), &version, room, sizeof(room));
    if (wrong)
        return chimera_fail(package->err, CHIMERA_EINVAL, "policy version must be in semver: %s",
                            wrong);
    return CHIMERA_OK;
}

static int add_names(struct package *package)
{
    scaffold_put_text(package->out, "version", package->version);
    int code = add_required(package, "name", POLICY "title");
    if (code == 0)
        code = add_required(package, "displayName", HUB "displayName");
    scaffold_put_text(package->out, "createdAt", package->input->created_at);
    if (code == 0)
        code = add_required(package, "description", POLICY "description");
    scaffold_put_text(package->out, "license", annotation(package, POLICY "license"));
    return code;
}

static int add_home(struct package *package)
{
    const char *text = annotation(package, POLICY "url");
    struct chimera_buffer url;
    if (!text)
        return CHIMERA_OK;
    chimera_buffer_init(&url, WEB_ADDRESS_MAX);
    const char *wrong = web_address_write(text, &url);
    json_object_object_add(package->out, "homeURL", take_text(&url));
    return wrong ? refuse_malformed(package, POLICY "url", MUST_BE_URL, wrong) : CHIMERA_OK;
}

static int find_image(struct package *package)
{
    struct chimera_image_reference reference = {0};
    struct chimera_buffer text;
    struct chimera_error why = {0};
    const char *url = annotation(package, POLICY "ociUrl");
    if (!url)
        return refuse_missing(package, POLICY "ociUrl");
    chimera_buffer_init(&text, WEB_ADDRESS_MAX);
    chimera_buffer_print(&text, "%s:v%s", url, package->version);
    int code = chimera_image_reference_parse(chimera_buffer_slice(&text), &reference, &why);
    chimera_buffer_free(&text);
    if (code < 0)
        return refuse_malformed(package, POLICY "ociUrl", MUST_BE_URL, why.text);
    chimera_image_reference_write(&reference, &package->image);
    chimera_buffer_byte(&package->image, '\0');
    chimera_image_reference_done(&reference);
    return package->image.failed
               ? chimera_fail(package->err, package->image.failed, "the image's name is too long")
               : CHIMERA_OK;
}

static int add_images(struct package *package)
{
    int code = find_image(package);
    if (code < 0)
        return code;
    struct json_object *images = json_object_new_array(), *image = json_object_new_object();
    scaffold_put_text(image, "name", "policy");
    scaffold_put_text(image, "image", package->image.data);
    json_object_array_add(images, image);
    json_object_object_add(package->out, "containersImages", images);
    return CHIMERA_OK;
}

static int add_keywords(struct package *package)
{
    static const char key[] = HUB "keywords";
    const char *at = annotation(package, key);
    if (!at)
        return CHIMERA_OK;
    struct json_object *words = json_object_new_array();
    json_object_object_add(package->out, "keywords", words);
    for (bool is_end = false; !is_end; at++) {
        size_t begin = strspn(at, " "), size;
        at += begin;
        size = strcspn(at, ",");
        is_end = at[size] == '\0';
        size_t shown = size;
        while (shown > 0 && at[shown - 1] == ' ')
            shown--;
        if (shown == 0)
            return refuse_malformed(package, key, "is malformed, must be csv values", NULL);
        json_object_array_add(words, json_object_new_string_len(at, (int)shown));
        at += size;
    }
    return CHIMERA_OK;
}

static void add_link(struct json_object *links, const char *name, struct json_object *url)
{
    struct json_object *link = json_object_new_object();
    scaffold_put_text(link, "name", name);
    json_object_object_add(link, "url", url);
    json_object_array_add(links, link);
}

/* Where GitHub keeps the module of a release. */
static struct json_object *make_release_link(const struct package *package,
                                             struct chimera_slice source)
{
    struct chimera_buffer url;
    const char *tag = annotation(package, RELEASE_TAG);
    chimera_buffer_init(&url, WEB_ADDRESS_MAX);
    chimera_buffer_append(&url, source);
    chimera_buffer_text(&url, "/releases/download/");
    if (tag)
        web_address_encode_field(tag, &url);
    else
        chimera_buffer_print(&url, "v%s", package->version);
    chimera_buffer_text(&url, "/policy.wasm");
    return take_text(&url);
}

static int add_links(struct package *package)
{
    const char *text = annotation(package, POLICY "source");
    struct chimera_buffer source;
    if (!text)
        return CHIMERA_OK;
    chimera_buffer_init(&source, WEB_ADDRESS_MAX);
    const char *wrong = web_address_write(text, &source);
    struct json_object *links = json_object_new_array();
    json_object_object_add(package->out, "links", links);
    if (!wrong && chimera_slice_is(web_address_host(chimera_buffer_slice(&source)), "github.com"))
        add_link(links, "policy", make_release_link(package, chimera_buffer_slice(&source)));
    add_link(links, "source", take_text(&source));
    return wrong ? refuse_malformed(package, POLICY "source", MUST_BE_URL, wrong) : CHIMERA_OK;
}

static void add_install(struct package *package)
{
    struct chimera_buffer text;
    const char *image = package->image.data;
    chimera_buffer_init(&text, WEB_ADDRESS_MAX);
    chimera_buffer_print(
        &text,
        "The policy can be obtained using "
        "[kwctl](https://docs.kubewarden.io/howtos/install-kwctl):\n"
        "```console\nkwctl pull %s\n```\n"
        "Then, generate the policy manifest and tune it to your liking. For example:\n"
        "```console\nkwctl scaffold manifest -t ClusterAdmissionPolicy registry://%s\n```\n",
        image, image);
    json_object_object_add(package->out, "install", take_text(&text));
}

static int add_maintainers(struct package *package)
{
    static const char key[] = POLICY "author";
    const char *text = annotation(package, key);
    struct json_object *list = NULL;
    const char *wrong = text ? mail_addresses_read(text, &list) : NULL;
    if (list)
        json_object_object_add(package->out, "maintainers", list);
    return wrong ? refuse_malformed(package, key,
                                    "is malformed, must be csv values of \"name <email>\"", wrong)
                 : CHIMERA_OK;
}

static struct json_object *make_one(const char *key, const char *value)
{
    struct json_object *out = json_object_new_object();
    scaffold_put_text(out, key, value);
    return out;
}

static struct json_object *make_yaml(struct json_object *tree)
{
    struct chimera_buffer text;
    chimera_buffer_init(&text, TEXT_MAX);
    chimera_yaml_write(tree, &text);
    return take_text(&text);
}

/* In the order of their names. */
static int add_annotations(struct package *package)
{
    const struct chimera_metadata *metadata = package->input->metadata;
    struct json_object *resources = chimera_json_member(metadata->tree, "contextAwareResources");
    const char *hidden = annotation(package, HIDDEN_UI);
    struct json_object *out = json_object_new_object();
    json_object_object_add(package->out, "annotations", out);
    if (json_object_array_length(resources) > 0)
        json_object_object_add(out, "kubewarden/contextAwareResources", make_yaml(resources));
    scaffold_put_text(out, "kubewarden/hidden-ui", hidden);
    scaffold_put_text(out, "kubewarden/mutation", metadata->is_mutating ? "true" : "false");
    scaffold_put_text(out, "kubewarden/questions-ui", package->input->questions);
    scaffold_put_text(out, "kubewarden/resources", annotation(package, HUB "resources"));
    json_object_object_add(out, "kubewarden/rules",
                           make_yaml(chimera_json_member(metadata->tree, "rules")));
    if (hidden && strcmp(hidden, "true") != 0 && strcmp(hidden, "false") != 0)
        return refuse_malformed(package, HIDDEN_UI,
                                "is malformed, must be a string \"true\" or \"false\"", NULL);
    return CHIMERA_OK;
}

static int fill(struct package *package)
{
    struct json_object *annotations =
        chimera_json_member(package->input->metadata->tree, "annotations");
    int code = !annotations || json_object_object_length(annotations) == 0
                   ? chimera_fail(package->err, CHIMERA_EINVAL,
                                  "no annotations in policy metadata. policy metadata must specify "
                                  "annotations")
                   : CHIMERA_OK;
    if (code == 0)
        code = check_version(package);
    if (code == 0 && package->input->questions && !package->input->questions[0])
        code = chimera_fail(package->err, CHIMERA_EINVAL, "questions-ui content cannot be empty");
    if (code == 0)
        code = add_names(package);
    if (code == 0)
        code = add_home(package);
    if (code == 0)
        code = add_images(package);
    if (code == 0)
        code = add_keywords(package);
    if (code == 0)
        code = add_links(package);
    if (code == 0) {
        add_install(package);
        code = add_maintainers(package);
    }
    struct json_object *recommendations = json_object_new_array();
    json_object_object_add(package->out, "provider", make_one("name", "kubewarden"));
    json_object_array_add(recommendations, make_one("url", CONTROLLER));
    json_object_object_add(package->out, "recommendations", recommendations);
    return code == 0 ? add_annotations(package) : code;
}

int artifacthub_package(const struct artifacthub_input *input, struct json_object **ret_package,
                        struct chimera_error *err)
{
    struct package package = {.input = input, .out = json_object_new_object(), .err = err};
    chimera_buffer_init(&package.image, WEB_ADDRESS_MAX);
    int code = package.out ? fill(&package) : chimera_fail_memory(err);
    chimera_buffer_free(&package.image);
    if (code < 0)
        json_object_put(package.out);
    else
        *ret_package = package.out;
    return code;
}
