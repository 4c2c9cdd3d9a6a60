/* SPDX-License-Identifier: Apache-2.0 */
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "compiler/fetch/artifact/attach.h"
#include "compiler/fetch/artifact/policy_image.h"
#include "compiler/fetch/fetch_plan.h"
#include "compiler/fetch/native_tagged.h"
#include "compiler/fetch/session.h"
#include "compiler/fetch/signature/evidence.h"
#include "compiler/fetch/signature/private_key.h"
#include "compiler/fetch/signature/sign.h"
#include "plugins/policy/plugin.h"
#include "runtime/base/cleanup.h"
#include "runtime/plugin/manifest.h"

enum { MANIFEST, CODE, IMAGE, NAMES, FILE_COUNT };

static const struct {
    const char *suffix, *media_type;
} kinds[FILE_COUNT] = {
    [MANIFEST] = {".json", CHIMERA_MEDIA_PLUGIN_MANIFEST},
    [CODE] = {".so", CHIMERA_MEDIA_PLUGIN_CODE},
    [IMAGE] = {".image", CHIMERA_MEDIA_PLUGIN_IMAGE},
    [NAMES] = {".names", CHIMERA_MEDIA_PLUGIN_NAMES},
};

struct native_push { /* the child has a copy by its fork */
    const struct chimera_fetch_options *options;
    struct chimera_fetch_plan plan;
    struct chimera_fetched fetched;
    int fd[FILE_COUNT]; /* -1: there is no such file */
    uint64_t size[FILE_COUNT];
    char *title[FILE_COUNT]; /* owned */
    struct chimera_manifest manifest;
    EVP_PKEY *key;  /* owned; NULL: not signed */
    bool is_tagged; /* it has no subject, but the name of plan.image */
};

const char *chimera_native_architecture(void)
{
    static struct utsname here;
    return uname(&here) < 0 ? "unknown" : here.machine;
}

/* --- In the child --- */

static void fill_file(const struct native_push *push, int kind, struct chimera_attached_file *file)
{
    *file =
        (struct chimera_attached_file){.media_type = kinds[kind].media_type,
                                       .title = push->title[kind],
                                       .body = {.fd = push->fd[kind], .size = push->size[kind]}};
}

static struct json_object *make_annotations(const struct native_push *push)
{
    char abi[16];
    struct json_object *annotations = json_object_new_object();
    snprintf(abi, sizeof(abi), "%d", CHIMERA_PLUGIN_ABI);
    json_object_object_add(annotations, CHIMERA_PLUGIN_ARCHITECTURE_KEY,
                           json_object_new_string(chimera_native_architecture()));
    json_object_object_add(annotations, CHIMERA_PLUGIN_ABI_KEY, json_object_new_string(abi));
    json_object_object_add(annotations, CHIMERA_PLUGIN_TOOLCHAIN_KEY,
                           json_object_new_string(push->manifest.toolchain));
    return annotations;
}

static int attach_plugin(const struct native_push *push, struct chimera_registry *registry,
                         const char *subject, char ret_digest[CHIMERA_OCI_DIGEST_MAX],
                         struct chimera_error *err)
{
    struct chimera_attached_file files[FILE_COUNT];
    struct chimera_attachment attachment = {.artifact_type = CHIMERA_MEDIA_PLUGIN,
                                            .files = files,
                                            .annotations = make_annotations(push)};
    fill_file(push, MANIFEST, &attachment.config);
    attachment.config.title = NULL;
    for (int kind = CODE; kind < FILE_COUNT; kind++)
        if (push->fd[kind] >= 0)
            fill_file(push, kind, &files[attachment.file_count++]);
    int code = chimera_attach(registry, &push->plan.image, subject, &attachment, ret_digest, err);
    json_object_put(attachment.annotations);
    return code;
}

static int sign_plugin(const struct native_push *push, struct chimera_registry *registry,
                       const char *digest, struct chimera_error *err)
{
    struct chimera_buffer bundle;
    if (!push->key)
        return CHIMERA_OK;
    chimera_buffer_init(&bundle, CHIMERA_EVIDENCE_MAX);
    int code = chimera_sign(push->key, digest, NULL, &bundle, err);
    if (code == CHIMERA_OK)
        code = chimera_attach_bundle(registry, &push->plan.image, digest,
                                     chimera_buffer_slice(&bundle), err);
    chimera_buffer_free(&bundle);
    return code;
}

/* That the plugin is of this policy is what its readers check first. */
static int check_module(const struct native_push *push, struct chimera_registry *registry,
                        char ret_subject[CHIMERA_OCI_DIGEST_MAX], struct chimera_error *err)
{
    struct chimera_oci_manifest policy = {0};
    const struct chimera_descriptor *layer = NULL;
    char hex[CHIMERA_DIGEST_HEX];
    int code = chimera_policy_image_get(registry, &push->plan.image, &policy, ret_subject, err);
    if (code < 0)
        return code;
    chimera_digest_hex(&push->manifest.wasm, hex);
    code = chimera_policy_image_layer(&policy, false, &layer, err);
    if (code == CHIMERA_OK && strcmp(layer->digest + strlen("sha256:"), hex) != 0)
        code = chimera_fail(err, CHIMERA_EINVAL,
                            "%s is another module (%s) than the plugin was built from (sha256:%s): "
                            "push the policy first, then the plugin",
                            push->plan.pull.uri, layer->digest, hex);
    chimera_oci_manifest_done(&policy);
    return code;
}

static int run_push(void *context, struct chimera_buffer *out, struct chimera_error *err)
{
    const struct native_push *push = context;
    struct chimera_session session;
    char subject[CHIMERA_OCI_DIGEST_MAX], digest[CHIMERA_OCI_DIGEST_MAX];
    const struct chimera_session_input input = {
        .sources = push->options->sources,
        .image = &push->plan.image,
        .logins = push->plan.logins.list,
        .login_count = push->plan.logins.count,
        .title = push->options->shows_progress ? push->title[CODE] : NULL};
    int code = chimera_session_open(&session, &input, err);
    if (code == CHIMERA_OK && !push->is_tagged)
        code = check_module(push, session.registry, subject, err);
    if (code == CHIMERA_OK)
        code = attach_plugin(push, session.registry, push->is_tagged ? NULL : subject, digest, err);
    if (code == CHIMERA_OK)
        code = sign_plugin(push, session.registry, digest, err);
    if (code == CHIMERA_OK)
        chimera_network_put_text(out, digest);
    chimera_session_close(&session);
    return code;
}

/* --- Before it --- */

/* Only the code and its manifest must be there. */
static int open_file(struct native_push *push, int kind, const char *stem,
                     struct chimera_error *err)
{
    CHIMERA_FREE char *path = NULL;
    struct stat status;
    const char *slash = strrchr(stem, '/');
    if (asprintf(&path, "%s%s", stem, kinds[kind].suffix) < 0 ||
        !(push->title[kind] = strdup(path + (slash ? slash + 1 - stem : 0)))) {
        return chimera_fail_memory(err);
    }
    push->fd[kind] = open(path, O_RDONLY | O_CLOEXEC);
    if (push->fd[kind] < 0 && (kind == IMAGE || kind == NAMES))
        return CHIMERA_OK;
    if (push->fd[kind] < 0 || fstat(push->fd[kind], &status) < 0)
        return chimera_fail_errno(err, path);
    push->size[kind] = (uint64_t)status.st_size;
    return kind == MANIFEST ? chimera_manifest_read(path, &push->manifest, err) : CHIMERA_OK;
}

static int open_files(struct native_push *push, const char *plugin, struct chimera_error *err)
{
    size_t size = strlen(plugin);
    if (size < 4 || strcmp(plugin + size - 3, ".so") != 0)
        return chimera_fail(err, CHIMERA_EINVAL, "%s is no plugin", plugin);
    CHIMERA_FREE char *stem = strndup(plugin, size - 3);
    int code = stem ? CHIMERA_OK : chimera_fail_memory(err);
    for (int kind = 0; code == CHIMERA_OK && kind < FILE_COUNT; kind++)
        code = open_file(push, kind, stem, err);
    return code;
}

static int start_push(struct native_push *push, const struct chimera_native_input *input,
                      struct chimera_buffer *out, struct chimera_error *err)
{
    int code = fetch_plan_read(push->options, input->uri, &push->plan, &push->fetched, err);
    if (code == CHIMERA_OK && !push->plan.pull.image)
        code = chimera_fail(err, CHIMERA_EINVAL, "%s: the name of a policy in a registry is wanted",
                            input->uri);
    if (code == CHIMERA_OK)
        code = open_files(push, input->plugin, err);
    if (code == CHIMERA_OK)
        code = input->key ? chimera_private_key_open(input->key, input->password, &push->key, err)
                          : CHIMERA_OK;
    if (code == CHIMERA_OK)
        code = fetch_plan_find_logins(push->options, &push->plan, err);
    return code < 0 ? code
                    : chimera_network_run((struct chimera_network_folder){.keeps_files = true},
                                          run_push, push, out, err);
}

static int push_plugin(const struct chimera_fetch_options *options,
                       const struct chimera_native_input *input, bool is_tagged,
                       char **ret_reference, struct chimera_error *err)
{
    struct native_push push = {.options = options, .fd = {-1, -1, -1, -1}, .is_tagged = is_tagged};
    struct chimera_buffer said;
    chimera_buffer_init(&said, CHIMERA_NETWORK_ANSWER_MAX);
    int code = start_push(&push, input, &said, err);
    struct chimera_slice rest = chimera_buffer_slice(&said);
    const char *digest = code == CHIMERA_OK ? chimera_network_take_text(&rest) : NULL;
    if (code == CHIMERA_OK &&
        (!digest || asprintf(ret_reference, "%s/%s@%s", push.plan.image.registry,
                             push.plan.image.repository, digest) < 0))
        code = chimera_fail(err, CHIMERA_EIO, "the process that pushes said half of an answer");
    for (int kind = 0; kind < FILE_COUNT; kind++) {
        if (push.fd[kind] >= 0)
            close(push.fd[kind]);
        free(push.title[kind]);
    }
    EVP_PKEY_free(push.key);
    chimera_manifest_done(&push.manifest);
    fetch_plan_done(&push.plan);
    chimera_fetched_done(&push.fetched);
    chimera_buffer_free(&said);
    return code;
}

int chimera_native_push(const struct chimera_fetch_options *options,
                        const struct chimera_native_input *input, char **ret_reference,
                        struct chimera_error *err)
{
    return push_plugin(options, input, false, ret_reference, err);
}

int chimera_native_push_tagged(const struct chimera_fetch_options *options,
                               const struct chimera_native_input *input, char **ret_reference,
                               struct chimera_error *err)
{
    return push_plugin(options, input, true, ret_reference, err);
}
