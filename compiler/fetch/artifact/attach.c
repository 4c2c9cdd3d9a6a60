/* SPDX-License-Identifier: Apache-2.0 */
#include "compiler/fetch/artifact/attach.h"

#include <string.h>

#include "compiler/fetch/signature/sign.h"
#include "runtime/base/cleanup.h"
#include "runtime/base/digest.h"
#include "runtime/json/tree.h"

#define EMPTY "{}"
#define SIGNATURE_PREDICATE "https://sigstore.dev/cosign/sign/v1"

struct attaching {
    struct chimera_registry *registry;
    struct chimera_image_reference at; /* borrowed, but for the version */
    char subject[CHIMERA_OCI_DIGEST_MAX];
    struct chimera_oci_manifest subject_manifest;
};

static int digest_body(const struct chimera_transfer_body *body,
                       char ret_digest[CHIMERA_OCI_DIGEST_MAX], struct chimera_error *err)
{
    struct chimera_digest digest;
    char hex[CHIMERA_DIGEST_HEX];
    int code = body->fd >= 0 ? chimera_digest_of_fd(body->fd, &digest, err)
                             : chimera_digest_of(body->bytes, &digest);
    if (code < 0)
        return body->fd >= 0 ? code : chimera_fail(err, code, "%s", chimera_code_text(code));
    chimera_digest_hex(&digest, hex);
    snprintf(ret_digest, CHIMERA_OCI_DIGEST_MAX, "sha256:%s", hex);
    return CHIMERA_OK;
}

/* Uploads one, and returns its descriptor. */
static int put_file(struct attaching *attaching, const struct chimera_attached_file *file,
                    struct json_object **ret_descriptor, struct chimera_error *err)
{
    char digest[CHIMERA_OCI_DIGEST_MAX];
    int code = digest_body(&file->body, digest, err);
    if (code == CHIMERA_OK)
        code = chimera_registry_put_blob(attaching->registry, &attaching->at, digest, &file->body,
                                         NULL, err);
    if (code < 0)
        return code;
    uint64_t size = file->body.fd >= 0 ? file->body.size : file->body.bytes.size;
    *ret_descriptor = chimera_oci_describe(file->media_type, digest, size);
    if (file->title) {
        struct json_object *annotations = json_object_new_object();
        json_object_object_add(annotations, CHIMERA_TITLE_ANNOTATION,
                               json_object_new_string(file->title));
        json_object_object_add(*ret_descriptor, "annotations", annotations);
    }
    return CHIMERA_OK;
}

static int put_files(struct attaching *attaching, const struct chimera_attachment *attachment,
                     struct json_object *manifest, struct chimera_error *err)
{
    struct json_object *config = NULL, *layers = json_object_new_array();
    json_object_object_add(manifest, "layers", layers);
    int code = put_file(attaching, &attachment->config, &config, err);
    if (code == CHIMERA_OK)
        json_object_object_add(manifest, "config", config);
    for (size_t i = 0; code == CHIMERA_OK && i < attachment->file_count; i++) {
        struct json_object *layer = NULL;
        code = put_file(attaching, &attachment->files[i], &layer, err);
        if (code == CHIMERA_OK)
            json_object_array_add(layers, layer);
    }
    return code;
}

static void put_rest(const struct attaching *attaching, const struct chimera_attachment *attachment,
                     struct json_object *manifest)
{
    const struct chimera_oci_manifest *subject = &attaching->subject_manifest;
    json_object_object_add(manifest, "schemaVersion", json_object_new_int(2));
    json_object_object_add(manifest, "mediaType",
                           json_object_new_string(CHIMERA_MEDIA_OCI_MANIFEST));
    json_object_object_add(manifest, "artifactType",
                           json_object_new_string(attachment->artifact_type));
    if (attaching->subject[0])
        json_object_object_add(
            manifest, "subject",
            chimera_oci_describe(subject->media_type, attaching->subject, subject->bytes.size));
    if (attachment->annotations)
        json_object_object_add(manifest, "annotations", json_object_get(attachment->annotations));
}

static int publish(struct attaching *attaching, const struct chimera_attachment *attachment,
                   struct json_object *manifest, char ret_digest[CHIMERA_OCI_DIGEST_MAX],
                   struct chimera_error *err)
{
    struct chimera_buffer text;
    struct chimera_published published = {0};
    chimera_buffer_init(&text, CHIMERA_MANIFEST_MAX);
    chimera_json_write(manifest, &text);
    int code = text.failed ? chimera_fail(err, text.failed, "the manifest: %s",
                                          chimera_code_text(text.failed))
                           : CHIMERA_OK;
    if (code == CHIMERA_OK && chimera_oci_digest_of(chimera_buffer_slice(&text), NULL, ret_digest))
        code = chimera_fail_memory(err);
    if (attaching->subject[0])
        attaching->at.digest = ret_digest;
    if (code == CHIMERA_OK)
        code = chimera_registry_put_manifest(attaching->registry, &attaching->at,
                                             CHIMERA_MEDIA_OCI_MANIFEST,
                                             chimera_buffer_slice(&text), &published, err);
    if (code == CHIMERA_OK && attaching->subject[0] && !published.knows_subject) {
        struct chimera_descriptor entry = {.media_type = CHIMERA_MEDIA_OCI_MANIFEST,
                                           .size = text.size,
                                           .artifact_type = attachment->artifact_type,
                                           .annotations = attachment->annotations};
        memcpy(entry.digest, published.digest, sizeof(entry.digest));
        code = chimera_registry_add_referrer(attaching->registry, &attaching->at,
                                             attaching->subject, &entry, err);
    }
    chimera_buffer_free(&text);
    return code;
}

int chimera_attach(struct chimera_registry *registry, const struct chimera_image_reference *image,
                   const char *subject, const struct chimera_attachment *attachment,
                   char ret_digest[CHIMERA_OCI_DIGEST_MAX], struct chimera_error *err)
{
    struct attaching attaching = {.registry = registry, .at = *image};
    int code = CHIMERA_OK;
    if (subject) {
        snprintf(attaching.subject, sizeof(attaching.subject), "%s", subject);
        attaching.at.tag = NULL;
        attaching.at.digest = attaching.subject;
        code = chimera_registry_get_manifest(registry, &attaching.at, &attaching.subject_manifest,
                                             err);
    }
    if (code < 0)
        return code;
    CHIMERA_JSON struct json_object *manifest = json_object_new_object();
    code = put_files(&attaching, attachment, manifest, err);
    if (code == CHIMERA_OK) {
        put_rest(&attaching, attachment, manifest);
        code = publish(&attaching, attachment, manifest, ret_digest, err);
    }
    chimera_oci_manifest_done(&attaching.subject_manifest);
    return code;
}

int chimera_attach_bundle(struct chimera_registry *registry,
                          const struct chimera_image_reference *image, const char *subject,
                          struct chimera_slice bundle, struct chimera_error *err)
{
    CHIMERA_JSON struct json_object *annotations = json_object_new_object();
    char digest[CHIMERA_OCI_DIGEST_MAX];
    const struct chimera_attached_file file = {.media_type = CHIMERA_MEDIA_BUNDLE,
                                               .body = {.bytes = bundle, .fd = -1}};
    const struct chimera_attachment attachment = {
        .artifact_type = CHIMERA_MEDIA_BUNDLE,
        .config = {.media_type = CHIMERA_MEDIA_OCI_EMPTY,
                   .body = {.bytes = CHIMERA_SLICE(EMPTY), .fd = -1}},
        .files = &file,
        .file_count = 1,
        .annotations = annotations,
    };
    json_object_object_add(annotations, "dev.sigstore.bundle.content",
                           json_object_new_string("dsse-envelope"));
    json_object_object_add(annotations, "dev.sigstore.bundle.predicateType",
                           json_object_new_string(SIGNATURE_PREDICATE));
    return chimera_attach(registry, image, subject, &attachment, digest, err);
}
