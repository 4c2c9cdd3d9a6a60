/* SPDX-License-Identifier: Apache-2.0 */
#include "compiler/fetch/signature_image.h"

#include "compiler/fetch/signature/sign.h"
#include "compiler/fetch/signature/statement.h"
#include "runtime/json/tree.h"

#define EMPTY_CONFIG "{}"

static void write_descriptor(const char *media_type, uint64_t size, const char *digest,
                             struct chimera_buffer *out)
{
    chimera_buffer_text(out, "{\"mediaType\":");
    chimera_json_write_string(chimera_slice_of(media_type), out);
    chimera_buffer_print(out, ",\"size\":%llu,\"digest\":\"%s\"", (unsigned long long)size, digest);
}

static void write_digest_of(const char *media_type, struct chimera_slice bytes,
                            struct chimera_buffer *out)
{
    char digest[CHIMERA_OCI_DIGEST_MAX];
    if (chimera_oci_digest_of(bytes, NULL, digest) < 0)
        out->failed = CHIMERA_ENOMEM;
    else
        write_descriptor(media_type, bytes.size, digest, out);
}

int chimera_signature_image_write(const struct chimera_descriptor *subject,
                                  struct chimera_slice bundle, const char *created,
                                  struct chimera_buffer *out, struct chimera_error *err)
{
    chimera_buffer_text(out, "{\"schemaVersion\":2,\"mediaType\":\"" CHIMERA_MEDIA_OCI_MANIFEST
                             "\",\"config\":");
    write_digest_of(CHIMERA_MEDIA_OCI_EMPTY, CHIMERA_SLICE(EMPTY_CONFIG), out);
    chimera_buffer_text(out, ",\"artifactType\":\"" CHIMERA_MEDIA_BUNDLE "\"},\"layers\":[");
    write_digest_of(CHIMERA_MEDIA_BUNDLE, bundle, out);
    chimera_buffer_text(
        out, "}],\"annotations\":{\"dev.sigstore.bundle.content\":\"dsse-envelope\","
             "\"dev.sigstore.bundle.predicateType\":\"" CHIMERA_PREDICATE_SIGNATURE "\"");
    if (created) {
        chimera_buffer_text(out, ",\"org.opencontainers.image.created\":");
        chimera_json_write_string(chimera_slice_of(created), out);
    }
    chimera_buffer_text(out, "},\"subject\":");
    write_descriptor(subject->media_type, subject->size, subject->digest, out);
    chimera_buffer_text(out, "},\"artifactType\":\"" CHIMERA_MEDIA_BUNDLE "\"}");
    return out->failed ? chimera_fail(err, out->failed, "the manifest does not fit") : CHIMERA_OK;
}
