/* SPDX-License-Identifier: Apache-2.0 */
#include "compiler/fetch/signature/sign.h"

#include "compiler/fetch/signature/key.h"
#include "compiler/fetch/signature/private_key.h"
#include "compiler/fetch/signature/statement.h"
#include "runtime/base/base64.h"
#include "runtime/base/digest.h"
#include "runtime/json/tree.h"

#define STATEMENT_MAX ((size_t)256 << 10)
#define SIGNATURE_MAX 4096
#define PAYLOAD_TYPE "application/vnd.in-toto+json"
#define SHA256 "sha256:"

/* In the order and the form in which cosign has them; tools compare bytes. */
static int write_statement(const char *digest, struct json_object *annotations,
                           struct chimera_buffer *out, struct chimera_error *err)
{
    struct chimera_digest bytes;
    if (strncmp(digest, SHA256, strlen(SHA256)) != 0 ||
        !chimera_digest_parse(chimera_slice_of(digest + strlen(SHA256)), &bytes))
        return chimera_fail(err, CHIMERA_EFEATURE,
                            "only an artifact with a digest in SHA-256 can "
                            "be signed");
    chimera_buffer_print(out,
                         "{\"_type\":\"https://in-toto.io/Statement/v1\",\"subject\":[{\"digest\":"
                         "{\"sha256\":\"%s\"},\"annotations\":",
                         digest + strlen(SHA256));
    if (annotations)
        chimera_json_write(annotations, out);
    else
        chimera_buffer_text(out, "{}");
    chimera_buffer_text(out, "}],\"predicateType\":\"" CHIMERA_PREDICATE_SIGNATURE
                             "\",\"predicate\":{}}");
    return out->failed ? chimera_fail(err, out->failed, "the annotations are too long")
                       : CHIMERA_OK;
}

/* Over DSSE's pre-authentication encoding. */
static int sign_statement(EVP_PKEY *key, struct chimera_slice statement, struct chimera_buffer *out,
                          struct chimera_error *err)
{
    struct chimera_buffer message;
    chimera_buffer_init(&message, STATEMENT_MAX + 100);
    chimera_buffer_print(&message, "DSSEv1 %zu %s %zu ", strlen(PAYLOAD_TYPE), PAYLOAD_TYPE,
                         statement.size);
    chimera_buffer_append(&message, statement);
    int code = message.failed
                   ? chimera_fail(err, message.failed, "the annotations are too long")
                   : chimera_private_key_sign(key, chimera_buffer_slice(&message), out, err);
    chimera_buffer_free(&message);
    return code;
}

static void write_signer(const char *hint, struct chimera_buffer *out)
{
    chimera_buffer_print(out,
                         "{\"mediaType\":\"" CHIMERA_MEDIA_BUNDLE "\",\"verificationMaterial\":"
                         "{\"publicKey\":{\"hint\":\"%s\"}},",
                         hint);
}

int chimera_sign(EVP_PKEY *key, const char *digest, struct json_object *annotations,
                 struct chimera_buffer *out, struct chimera_error *err)
{
    struct chimera_buffer statement, signature;
    char hint[CHIMERA_KEY_HINT_SIZE];
    chimera_buffer_init(&statement, STATEMENT_MAX);
    chimera_buffer_init(&signature, SIGNATURE_MAX);
    int code = write_statement(digest, annotations, &statement, err);
    if (code == CHIMERA_OK)
        code = chimera_key_hint(key, hint, err);
    if (code == CHIMERA_OK)
        code = sign_statement(key, chimera_buffer_slice(&statement), &signature, err);
    if (code == CHIMERA_OK) {
        write_signer(hint, out);
        chimera_buffer_text(out, "\"dsseEnvelope\":{\"payload\":\"");
        chimera_base64_encode(chimera_buffer_slice(&statement), CHIMERA_BASE64_STANDARD, out);
        chimera_buffer_text(out,
                            "\",\"payloadType\":\"" PAYLOAD_TYPE "\",\"signatures\":[{\"sig\":\"");
        chimera_base64_encode(chimera_buffer_slice(&signature), CHIMERA_BASE64_STANDARD, out);
        chimera_buffer_text(out, "\"}]}}");
        if (out->failed)
            code = chimera_fail(err, out->failed, "the bundle does not fit");
    }
    chimera_buffer_free(&statement);
    chimera_buffer_free(&signature);
    return code;
}

/* By the hash that goes with the key; plain Ed25519 has none, but cosign wants a digest here. */
static int write_message_digest(EVP_PKEY *key, struct chimera_slice file,
                                struct chimera_buffer *out, struct chimera_error *err)
{
    unsigned char digest[EVP_MAX_MD_SIZE];
    unsigned size = 0;
    const EVP_MD *hash = NULL;
    int code = chimera_key_hash(key, &hash, err);
    if (code < 0)
        return code;
    if (EVP_PKEY_get_base_id(key) == EVP_PKEY_ED25519)
        hash = EVP_sha256();
    if (EVP_Digest(file.data, file.size, digest, &size, hash, NULL) != 1)
        return chimera_fail(err, CHIMERA_EIO, "the file cannot be hashed");
    chimera_buffer_print(out, "\"messageDigest\":{\"algorithm\":\"SHA2_%u\",\"digest\":\"",
                         8 * size);
    chimera_base64_encode((struct chimera_slice){(const char *)digest, size},
                          CHIMERA_BASE64_STANDARD, out);
    chimera_buffer_text(out, "\"},");
    return CHIMERA_OK;
}

int chimera_sign_file(EVP_PKEY *key, struct chimera_slice file, struct chimera_buffer *out,
                      struct chimera_error *err)
{
    struct chimera_buffer signature;
    char hint[CHIMERA_KEY_HINT_SIZE];
    chimera_buffer_init(&signature, SIGNATURE_MAX);
    int code = chimera_key_hint(key, hint, err);
    if (code == CHIMERA_OK)
        code = chimera_private_key_sign_file(key, file, &signature, err);
    if (code == CHIMERA_OK) {
        write_signer(hint, out);
        chimera_buffer_text(out, "\"messageSignature\":{");
        code = write_message_digest(key, file, out, err);
        chimera_buffer_text(out, "\"signature\":\"");
        chimera_base64_encode(chimera_buffer_slice(&signature), CHIMERA_BASE64_STANDARD, out);
        chimera_buffer_text(out, "\"}}");
    }
    if (code == CHIMERA_OK && out->failed)
        code = chimera_fail(err, out->failed, "the bundle does not fit");
    chimera_buffer_free(&signature);
    return code;
}
