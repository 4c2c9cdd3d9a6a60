/* SPDX-License-Identifier: Apache-2.0 */
#include "compiler/fetch/push.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "compiler/fetch/artifact/policy_image.h"
#include "compiler/fetch/child/network_child.h"
#include "compiler/fetch/session.h"
#include "runtime/base/cleanup.h"
#include "runtime/base/digest.h"
#include "runtime/json/tree.h"
#include "runtime/login/logins.h"

#define CONFIG "{}"
#define SOURCE_KEY "org.opencontainers.image.source"
#define POLICY_SOURCE_KEY "io.kubewarden.policy.source"

struct push { /* the child has a copy by its fork */
    const struct chimera_fetch_options *options;
    struct chimera_image_reference image;
    struct chimera_logins logins;
    int fd; /* the module */
    uint64_t size;
    char digest[CHIMERA_OCI_DIGEST_MAX], config_digest[CHIMERA_OCI_DIGEST_MAX];
    struct chimera_buffer manifest;
};

/* --- The manifest --- */

/* Registries and their users want annotations of one line. */
static struct json_object *keep_annotations(const struct chimera_push_input *input)
{
    struct json_object *kept = json_object_new_object();
    if (!kept || !input->annotations)
        return kept;
    struct json_object_iterator at = json_object_iter_begin(input->annotations),
                                end = json_object_iter_end(input->annotations);
    for (; !json_object_iter_equal(&at, &end); json_object_iter_next(&at)) {
        const char *key = json_object_iter_peek_name(&at);
        struct json_object *value = json_object_iter_peek_value(&at);
        struct chimera_slice text = chimera_slice_trim((struct chimera_slice){
            json_object_get_string(value), (size_t)json_object_get_string_len(value)});
        if (memchr(text.data, '\n', text.size))
            input->skip(input->context, key);
        else
            json_object_object_add(kept, key,
                                   json_object_new_string_len(text.data, (int)text.size));
    }
    struct json_object *source = json_object_object_get(kept, POLICY_SOURCE_KEY);
    if (source && !json_object_object_get(kept, SOURCE_KEY))
        json_object_object_add(kept, SOURCE_KEY, json_object_get(source));
    return kept;
}

/* With a title, so that tools which know nothing of policies write a file of that name. */
static struct json_object *describe_layer(const struct push *push)
{
    char title[300];
    const char *slash = strrchr(push->image.repository, '/');
    struct json_object *layer =
        chimera_oci_describe(CHIMERA_MEDIA_WASM_LAYER, push->digest, push->size);
    struct json_object *annotations = json_object_new_object();
    snprintf(title, sizeof(title), "%s.wasm", slash ? slash + 1 : push->image.repository);
    json_object_object_add(annotations, CHIMERA_TITLE_ANNOTATION, json_object_new_string(title));
    json_object_object_add(layer, "annotations", annotations);
    return layer;
}

/* Keys sorted and no blanks: the same policy has the same digest. */
static int write_manifest(struct push *push, const struct chimera_push_input *input,
                          struct chimera_error *err)
{
    CHIMERA_JSON struct json_object *manifest = json_object_new_object();
    struct json_object *layers = json_object_new_array(), *kept = keep_annotations(input);
    json_object_array_add(layers, describe_layer(push));
    json_object_object_add(manifest, "schemaVersion", json_object_new_int(2));
    json_object_object_add(manifest, "layers", layers);
    json_object_object_add(
        manifest, "config",
        chimera_oci_describe(CHIMERA_MEDIA_WASM_CONFIG, push->config_digest, strlen(CONFIG)));
    if (json_object_object_length(kept) > 0)
        json_object_object_add(manifest, "annotations", kept);
    else
        json_object_put(kept);
    chimera_json_write(manifest, &push->manifest);
    return push->manifest.failed ? chimera_fail(err, push->manifest.failed, "the manifest: %s",
                                                chimera_code_text(push->manifest.failed))
                                 : CHIMERA_OK;
}

/* --- The upload --- */

static int upload_all(struct push *push, struct chimera_registry *registry,
                      struct chimera_buffer *out, struct chimera_error *err)
{
    const struct chimera_transfer_body module = {.fd = push->fd, .size = push->size},
                                       config = {.bytes = CHIMERA_SLICE(CONFIG), .fd = -1};
    struct chimera_published published = {0};
    int code = chimera_registry_put_blob(registry, &push->image, push->digest, &module, NULL, err);
    if (code == CHIMERA_OK)
        code = chimera_registry_put_blob(registry, &push->image, push->config_digest, &config, NULL,
                                         err);
    if (code == CHIMERA_OK)
        code =
            chimera_registry_put_manifest(registry, &push->image, CHIMERA_MEDIA_OCI_MANIFEST,
                                          chimera_buffer_slice(&push->manifest), &published, err);
    if (code == CHIMERA_OK)
        chimera_network_put_text(out, published.digest);
    return code;
}

static int run_push(void *context, struct chimera_buffer *out, struct chimera_error *err)
{
    struct push *push = context;
    struct chimera_session session;
    const struct chimera_session_input input = {
        .sources = push->options->sources,
        .image = &push->image,
        .logins = push->logins.list,
        .login_count = push->logins.count,
        .title = push->options->shows_progress ? push->image.repository : NULL};
    int code = chimera_session_open(&session, &input, err);
    if (code == CHIMERA_OK)
        code = upload_all(push, session.registry, out, err);
    chimera_session_close(&session);
    return code;
}

/* --- Before it --- */

static int read_target(const char *uri, struct chimera_image_reference *ret_image,
                       struct chimera_error *err)
{
    static const char scheme[] = "registry://";
    struct chimera_error why = {0};
    bool has_scheme = strncmp(uri, scheme, strlen(scheme)) == 0;
    if (!has_scheme && strstr(uri, "://"))
        return chimera_fail(err, CHIMERA_EINVAL,
                            "%s: policies are pushed to registries only: registry://…", uri);
    int code = chimera_image_reference_parse(
        chimera_slice_of(has_scheme ? uri + strlen(scheme) : uri), ret_image, &why);
    if (code < 0)
        return chimera_fail(err, code, "%s: %s", uri, why.text);
    if (ret_image->digest)
        return chimera_fail(err, CHIMERA_EINVAL,
                            "%s: a policy is pushed to a tag; its digest is what comes out", uri);
    return CHIMERA_OK;
}

static int open_module(struct push *push, const char *path, struct chimera_error *err)
{
    struct stat status;
    struct chimera_digest digest;
    char hex[CHIMERA_DIGEST_HEX];
    push->fd = open(path, O_RDONLY | O_CLOEXEC);
    if (push->fd < 0 || fstat(push->fd, &status) < 0)
        return chimera_fail_errno(err, path);
    push->size = (uint64_t)status.st_size;
    if (push->size > CHIMERA_POLICY_BYTES_MAX)
        return chimera_fail(err, CHIMERA_ELIMIT, "%s is larger than a policy may be", path);
    int code = chimera_digest_of_fd(push->fd, &digest, err);
    if (code < 0)
        return code;
    chimera_digest_hex(&digest, hex);
    snprintf(push->digest, sizeof(push->digest), "sha256:%s", hex);
    code = chimera_oci_digest_of(CHIMERA_SLICE(CONFIG), NULL, push->config_digest);
    return code < 0 ? chimera_fail(err, code, "%s", chimera_code_text(code)) : code;
}

static int start_push(struct push *push, const struct chimera_push_input *input,
                      struct chimera_buffer *out, struct chimera_error *err)
{
    int code = read_target(input->uri, &push->image, err);
    if (code == CHIMERA_OK)
        code = open_module(push, input->path, err);
    if (code == CHIMERA_OK)
        code = write_manifest(push, input, err);
    if (code == CHIMERA_OK)
        code = chimera_logins_find(push->options->docker_config, &push->image,
                                   push->options->sources, &push->logins, err);
    return code < 0 ? code
                    : chimera_network_run((struct chimera_network_folder){.keeps_files = true},
                                          run_push, push, out, err);
}

int chimera_push(const struct chimera_fetch_options *options,
                 const struct chimera_push_input *input, char **ret_reference,
                 struct chimera_error *err)
{
    struct push push = {.options = options, .fd = -1};
    struct chimera_buffer said;
    chimera_buffer_init(&push.manifest, CHIMERA_MANIFEST_MAX);
    chimera_buffer_init(&said, CHIMERA_NETWORK_ANSWER_MAX);
    int code = start_push(&push, input, &said, err);
    struct chimera_slice rest = chimera_buffer_slice(&said);
    const char *digest = code == CHIMERA_OK ? chimera_network_take_text(&rest) : NULL;
    if (code == CHIMERA_OK && (!digest || asprintf(ret_reference, "%s/%s@%s", push.image.registry,
                                                   push.image.repository, digest) < 0))
        code = chimera_fail(err, CHIMERA_EIO, "the process that pushes said half of an answer");
    if (push.fd >= 0)
        close(push.fd);
    chimera_image_reference_done(&push.image);
    chimera_logins_done(&push.logins);
    chimera_buffer_free(&push.manifest);
    chimera_buffer_free(&said);
    return code;
}
