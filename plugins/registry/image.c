/* SPDX-License-Identifier: Apache-2.0 */
/* image.c - digests, manifests and configurations of images (guest-abis.md §5.4). */
#include <sys/utsname.h>

#include "plugins/registry/manifest_json.h"
#include "plugins/registry/provider.h"
#include "runtime/json/tree.h"

#define CONFIG_MAX ((size_t)4 << 20)
#define CONFIG_TREE_MAX ((uint64_t)64 << 20) /* bytes of the tree that is made of one */
#define REGISTRY_FAILED "Fail to interact with OCI registry"

void image_fail(const struct image_call *call, const char *before, const char *why)
{
    char text[sizeof((struct chimera_error){0}.text) + 512];
    snprintf(text, sizeof(text), "%s: %s", before, why);
    chimera_provider_answer_fail(call->answer, CHIMERA_CAUSES(text, why));
}

/* Answers with {"digest": …}, or the failure. */
void image_answer_digest(const struct image_call *call)
{
    char digest[CHIMERA_OCI_DIGEST_MAX];
    struct chimera_error why = {0};
    struct session *session = NULL;
    struct session_pool *pool = &call->provider->pool;
    int code = session_take(pool, call->image, call->deadline_ns, &session, &why);
    if (code == CHIMERA_OK) {
        code = chimera_registry_resolve(session->registry, call->image, digest, &why);
        session_give(pool, session, code == CHIMERA_OK);
    }
    if (code < 0) {
        image_fail(call, REGISTRY_FAILED, why.text);
        return;
    }
    struct json_object *value = json_object_new_object();
    json_object_object_add(value, "digest", json_object_new_string(digest));
    chimera_provider_answer_give(call->answer, value, KEEP_MS);
    json_object_put(value);
}

void image_answer_manifest(const struct image_call *call)
{
    struct chimera_oci_manifest manifest = {0};
    struct chimera_error why = {0};
    struct json_object *value = NULL;
    struct session *session = NULL;
    struct session_pool *pool = &call->provider->pool;
    int code = session_take(pool, call->image, call->deadline_ns, &session, &why);
    if (code == CHIMERA_OK) {
        code = chimera_registry_get_manifest(session->registry, call->image, &manifest, &why);
        session_give(pool, session, code == CHIMERA_OK);
    }
    if (code == CHIMERA_OK)
        code = manifest_json_make(&manifest, &value, &why);
    chimera_oci_manifest_done(&manifest);
    if (code < 0)
        image_fail(call, REGISTRY_FAILED, why.text);
    else
        chimera_provider_answer_give(call->answer, value, KEEP_MS);
    json_object_put(value);
}

/* --- With the configuration --- */

/* As Go names what uname() names otherwise. */
static bool is_this_machine(const struct chimera_descriptor *entry)
{
    static const struct {
        const char *machine, *name;
    } names[] = {{"x86_64", "amd64"},
                 {"aarch64", "arm64"},
                 {"riscv64", "riscv64"},
                 {"ppc64le", "ppc64le"},
                 {"s390x", "s390x"}};
    struct utsname here;
    if (!entry->os || !entry->architecture || strcmp(entry->os, "linux") != 0 || uname(&here) < 0)
        return false;
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
        if (strcmp(here.machine, names[i].machine) == 0)
            return strcmp(entry->architecture, names[i].name) == 0;
    return false;
}

/* The image's manifest; of an index that of the first entry for this machine. */
static int get_image(struct chimera_registry *registry, const struct chimera_image_reference *image,
                     struct chimera_oci_manifest *ret_manifest, struct chimera_error *err)
{
    struct chimera_oci_manifest first = {0};
    struct chimera_image_reference child = *image; /* borrowed, but for the digest */
    char digest[CHIMERA_OCI_DIGEST_MAX] = "";
    int code = chimera_registry_get_manifest(registry, image, &first, err);
    if (code < 0 || !first.is_index) {
        *ret_manifest = first;
        return code;
    }
    for (size_t i = 0; i < first.entry_count && !*digest; i++)
        if (is_this_machine(&first.entries[i]))
            memcpy(digest, first.entries[i].digest, sizeof(digest));
    chimera_oci_manifest_done(&first);
    if (!*digest)
        return chimera_fail(err, CHIMERA_EINVAL,
                            "Image manifest not found: no entry found in image index manifest "
                            "matching client's default platform");
    child.digest = digest;
    code = chimera_registry_get_manifest(registry, &child, &first, err);
    if (code == CHIMERA_OK && first.is_index) {
        chimera_oci_manifest_done(&first);
        return chimera_fail(err, CHIMERA_EINVAL,
                            "Image manifest not found: received Image Index manifest instead");
    }
    *ret_manifest = first;
    return code;
}

/* The fields in the reference's order; the configuration's keys are sorted, as serde_json's values
 * are. */
static void give_config(const struct image_call *call, const struct chimera_oci_manifest *manifest,
                        struct json_object *shown, struct json_object *config)
{
    struct chimera_buffer *out = &call->answer->text;
    chimera_buffer_reset(out);
    chimera_buffer_text(out, "{\"manifest\":");
    chimera_json_write_ordered(shown, 0, out);
    chimera_buffer_text(out, ",\"digest\":");
    chimera_json_write_string(chimera_slice_of(manifest->digest), out);
    chimera_buffer_text(out, ",\"config\":");
    chimera_json_write(config, out);
    chimera_buffer_byte(out, '}');
    call->answer->keep_ms = KEEP_MS;
    if (out->failed)
        chimera_provider_answer_fail(call->answer, CHIMERA_CAUSES("the answer is too large"));
}

void image_answer_config(const struct image_call *call)
{
    struct chimera_oci_manifest manifest = {0};
    struct chimera_error why = {0};
    struct chimera_account account;
    struct chimera_buffer text;
    CHIMERA_JSON struct json_object *shown = NULL;
    CHIMERA_JSON struct json_object *config = NULL;
    struct session *session = NULL;
    struct session_pool *pool = &call->provider->pool;
    int code = session_take(pool, call->image, call->deadline_ns, &session, &why);
    chimera_account_open(&account, call->deadline_ns, CONFIG_TREE_MAX);
    chimera_buffer_init(&text, CONFIG_MAX);
    if (code == CHIMERA_OK) {
        code = get_image(session->registry, call->image, &manifest, &why);
        if (code == CHIMERA_OK)
            code = manifest_json_make(&manifest, &shown, &why);
        if (code == CHIMERA_OK)
            code = chimera_registry_read_blob(session->registry, call->image, &manifest.config,
                                              CONFIG_MAX, &text, &why);
        session_give(pool, session, code == CHIMERA_OK);
    }
    if (code < 0)
        image_fail(call, REGISTRY_FAILED, why.text);
    else if (chimera_json_parse_within(chimera_buffer_slice(&text), &account, &config, &why) < 0)
        chimera_provider_answer_fail(call->answer, CHIMERA_CAUSES(why.text));
    else
        give_config(call, &manifest, shown, config);
    chimera_buffer_free(&text);
    chimera_oci_manifest_done(&manifest);
}
