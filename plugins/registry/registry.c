/* SPDX-License-Identifier: Apache-2.0 */
/* registry.c - answers what policies ask of registries: oci/… (guest-abis.md §5.2 to §5.4).
 *
 * It runs in the broker's confined process, where what registries send is read by the same client
 * as for policies that are fetched. Answers are kept by whoever asks; here are only connections.
 */
#include <stdlib.h>

#include "plugins/registry/provider.h"
#include "runtime/base/cleanup.h"
#include "runtime/json/tree.h"

extern const struct chimera_provider chimera_provider;

static const char *setting(const struct chimera_provider_host *host, const char *name)
{
    struct json_object *value = chimera_json_member(host->settings, name);
    return json_object_is_type(value, json_type_string) ? json_object_get_string(value) : NULL;
}

static int open_registry(const struct chimera_provider_host *host, void **ret_self,
                         struct chimera_error *err)
{
    struct registry_provider *provider = calloc(1, sizeof(*provider));
    CHIMERA_FREE char *warnings = NULL; /* the server has told them, which reads the file, too */
    const char *sources = setting(host, "sources");
    if (!provider)
        return chimera_fail_memory(err);
    int code =
        sources ? chimera_sources_read(sources, &provider->sources, &warnings, err) : CHIMERA_OK;
    if (code < 0) {
        free(provider);
        return code;
    }
    provider->trust_path = setting(host, "sigstore_trust_config");
    pthread_mutex_init(&provider->mutex, NULL);
    session_pool_init(&provider->pool, host, sources ? &provider->sources : NULL);
    *ret_self = provider;
    return CHIMERA_OK;
}

static void close_registry(void *self)
{
    struct registry_provider *provider = self;
    session_pool_done(&provider->pool);
    if (provider->has_trust)
        chimera_trust_root_done(&provider->trust);
    chimera_sources_done(&provider->sources);
    pthread_mutex_destroy(&provider->mutex);
    free(provider);
}

static void answer_about(const struct image_call *call, enum chimera_host_request_kind kind)
{
    switch (kind) {
    case CHIMERA_ASK_MANIFEST_DIGEST:
        image_answer_digest(call);
        break;
    case CHIMERA_ASK_MANIFEST:
        image_answer_manifest(call);
        break;
    case CHIMERA_ASK_MANIFEST_CONFIG:
        image_answer_config(call);
        break;
    case CHIMERA_ASK_VERIFY_KEYS:
    case CHIMERA_ASK_VERIFY_KEYLESS:
    case CHIMERA_ASK_VERIFY_PREFIX:
    case CHIMERA_ASK_VERIFY_GITHUB:
    case CHIMERA_ASK_VERIFY_CERTIFICATE:
        verify_answer(call, kind);
        break;
    default:
        chimera_provider_answer_fail(call->answer, CHIMERA_CAUSES("not a request about an image"));
    }
}

/* The reference looks at the name before it fetches, and so tells it without the words before it;
 * what it verifies it looks at later. */
static void call(void *self, const struct chimera_host_request *request, uint64_t deadline_ns,
                 struct chimera_provider_answer *answer)
{
    struct registry_provider *provider = self;
    struct chimera_image_reference image = {0};
    struct chimera_error why = {0};
    struct image_call call = {provider, request->fields, &image, deadline_ns, answer};
    struct json_object *value = chimera_json_member(request->fields, "image");
    bool is_text = json_object_is_type(value, json_type_string);
    struct chimera_slice name = {is_text ? json_object_get_string(value) : NULL,
                                 is_text ? (size_t)json_object_get_string_len(value) : 0};
    bool is_verification =
        request->kind >= CHIMERA_ASK_VERIFY_KEYS && request->kind <= CHIMERA_ASK_VERIFY_CERTIFICATE;
    if (is_verification && chimera_slice_starts(name, "registry://"))
        name = chimera_slice_behind(name, strlen("registry://"));
    if (!is_text)
        chimera_provider_answer_fail(answer, CHIMERA_CAUSES("not a request about an image"));
    else if (chimera_image_reference_parse(name, &image, &why) == CHIMERA_OK)
        answer_about(&call, request->kind);
    else if (is_verification)
        image_fail(&call, "Invalid OCI image reference", why.text);
    else
        chimera_provider_answer_fail(answer, CHIMERA_CAUSES(why.text));
    chimera_image_reference_done(&image);
    pthread_mutex_lock(&provider->mutex);
    provider->asked[request->kind]++;
    provider->failed[request->kind] += answer->is_error;
    pthread_mutex_unlock(&provider->mutex);
}

static void count(void *self, struct chimera_buffer *out)
{
    static const char *const names[] = {
        [CHIMERA_ASK_MANIFEST_DIGEST] = "manifest_digest",
        [CHIMERA_ASK_MANIFEST] = "oci_manifest",
        [CHIMERA_ASK_MANIFEST_CONFIG] = "oci_manifest_config",
        [CHIMERA_ASK_VERIFY_KEYS] = "verify_keys",
        [CHIMERA_ASK_VERIFY_KEYLESS] = "verify_keyless",
        [CHIMERA_ASK_VERIFY_PREFIX] = "verify_prefix",
        [CHIMERA_ASK_VERIFY_GITHUB] = "verify_github",
        [CHIMERA_ASK_VERIFY_CERTIFICATE] = "verify_certificate",
    };
    struct registry_provider *provider = self;
    chimera_buffer_text(out, "# TYPE chimera_registry_questions_total counter\n");
    pthread_mutex_lock(&provider->mutex);
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        uint64_t failed = provider->failed[i], good = provider->asked[i] - failed;
        chimera_buffer_print(
            out,
            "chimera_registry_questions_total{operation=\"%s\",result=\"success\"} %llu\n"
            "chimera_registry_questions_total{operation=\"%s\",result=\"failure\"} %llu\n",
            names[i], (unsigned long long)good, names[i], (unsigned long long)failed);
    }
    pthread_mutex_unlock(&provider->mutex);
}

__attribute__((visibility("default"))) const struct chimera_provider chimera_provider = {
    .abi = CHIMERA_PROVIDER_ABI,
    .name = "registry",
    .open = open_registry,
    .call = call,
    .count = count,
    .close = close_registry,
};
