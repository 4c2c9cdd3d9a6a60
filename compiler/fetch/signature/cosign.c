/* SPDX-License-Identifier: Apache-2.0 */
/* Layers of cosign's old scheme (cli-and-distribution.md §5.3): the payload is the blob, all else
 * is in annotations. What is there must be right: a layer with a certificate, a log entry or a
 * timestamp that cannot be read is none. */
#include "compiler/fetch/signature/evidence.h"

#include <openssl/err.h>
#include <openssl/pem.h>

#include "runtime/base/base64.h"
#include "runtime/base/digest.h"
#include "runtime/json/key_twice.h"
#include "runtime/json/tree.h"

#define SIGNATURE "dev.cosignproject.cosign/signature"
#define CERTIFICATE "dev.sigstore.cosign/certificate"
#define CHAIN "dev.sigstore.cosign/chain"
#define BUNDLE "dev.sigstore.cosign/bundle"
#define TIMESTAMP "dev.sigstore.cosign/rfc3161timestamp"
#define A_SIGNATURE_OF_AN_IMAGE "cosign container image signature"

struct reader {
    struct json_object *annotations; /* borrowed; may be NULL */
    struct chimera_arena *arena;
    struct chimera_evidence *evidence;
    struct chimera_error *err;
};

/* A text, with all its bytes; .data is NULL when it is not there, or none. */
static struct chimera_slice text_of(struct json_object *object, const char *key)
{
    struct json_object *value = NULL;
    if (!json_object_is_type(object, json_type_object) ||
        !json_object_object_get_ex(object, key, &value) ||
        !json_object_is_type(value, json_type_string))
        return (struct chimera_slice){NULL, 0};
    return (struct chimera_slice){json_object_get_string(value),
                                  (size_t)json_object_get_string_len(value)};
}

static bool number_of(struct json_object *object, const char *key, int64_t *ret_number)
{
    struct json_object *value = NULL;
    if (!json_object_object_get_ex(object, key, &value) ||
        !json_object_is_type(value, json_type_int) || json_object_get_int64(value) < 0 ||
        json_object_get_int64(value) == INT64_MAX)
        return false;
    *ret_number = json_object_get_int64(value);
    return true;
}

/* Base64 of something that is not empty. */
static int decode(const struct reader *reader, struct chimera_slice text, const char *what,
                  struct chimera_slice *ret_bytes)
{
    if (text.size == 0)
        return chimera_fail(reader->err, CHIMERA_EINVAL, "%s is missing", what);
    int code =
        text.size > CHIMERA_EVIDENCE_MAX
            ? CHIMERA_ELIMIT
            : chimera_base64_decode_in(reader->arena, text, CHIMERA_BASE64_STANDARD, ret_bytes);
    if (code == CHIMERA_ELIMIT)
        return chimera_fail(reader->err, code, "%s is too long", what);
    return code < 0 ? chimera_fail(reader->err, code, "%s is not base64", what) : CHIMERA_OK;
}

/* The annotation, which is there, as a tree of JSON. */
static int parse(const struct reader *reader, const char *key, struct json_object **ret_tree)
{
    struct chimera_slice text = text_of(reader->annotations, key);
    struct chimera_error why = {0};
    if (text.size > CHIMERA_EVIDENCE_MAX)
        return chimera_fail(reader->err, CHIMERA_ELIMIT, "%s is too long", key);
    int code = chimera_json_parse(text, ret_tree, &why);
    return code < 0 ? chimera_fail(reader->err, code, "%s: %s", key, why.text) : CHIMERA_OK;
}

/* --- Certificates --- */

/* The next certificate of a PEM text; *ret_is_end when there is none. */
static int read_certificate(const struct reader *reader, BIO *bio, const char *key,
                            bool *ret_is_end)
{
    struct chimera_evidence *evidence = reader->evidence;
    char *name = NULL, *header = NULL;
    unsigned char *der = NULL;
    long size = 0;
    int code = CHIMERA_OK;
    if (PEM_read_bio(bio, &name, &header, &der, &size) != 1) {
        *ret_is_end = ERR_GET_REASON(ERR_peek_last_error()) == PEM_R_NO_START_LINE;
        ERR_clear_error();
        return *ret_is_end ? CHIMERA_OK
                           : chimera_fail(reader->err, CHIMERA_EINVAL, "%s is not PEM", key);
    }
    struct chimera_slice bytes = {(char *)der, (size_t)size};
    if (strcmp(name, PEM_STRING_X509) != 0 || evidence->chain_count == CHIMERA_CHAIN_MAX)
        code = chimera_fail(reader->err, CHIMERA_EINVAL,
                            "%s is not a chain of at most %d certificates", key, CHIMERA_CHAIN_MAX);
    else
        bytes = chimera_arena_copy(reader->arena, bytes);
    if (code == CHIMERA_OK && !bytes.data)
        code = chimera_fail(reader->err, CHIMERA_ELIMIT, "%s is too long", key);
    if (code == CHIMERA_OK)
        evidence->chain[evidence->chain_count++] = bytes;
    OPENSSL_free(name);
    OPENSSL_free(header);
    OPENSSL_free(der);
    return code;
}

static int read_certificates(const struct reader *reader, const char *key, size_t *ret_count)
{
    struct chimera_slice text = text_of(reader->annotations, key);
    size_t before = reader->evidence->chain_count;
    bool is_end = false;
    int code = CHIMERA_OK;
    if (text.size > CHIMERA_EVIDENCE_MAX)
        return chimera_fail(reader->err, CHIMERA_ELIMIT, "%s is too long", key);
    BIO *bio = text.size ? BIO_new_mem_buf(text.data, (int)text.size) : NULL;
    while (bio && code == CHIMERA_OK && !is_end)
        code = read_certificate(reader, bio, key, &is_end);
    BIO_free(bio);
    *ret_count = reader->evidence->chain_count - before;
    return code;
}

/* The leaf stands alone; without one the others mean nothing. */
static int read_chain(const struct reader *reader)
{
    size_t count = 0;
    if (!text_of(reader->annotations, CERTIFICATE).data)
        return CHIMERA_OK;
    int code = read_certificates(reader, CERTIFICATE, &count);
    if (code == CHIMERA_OK && count != 1)
        code = chimera_fail(reader->err, CHIMERA_EINVAL, CERTIFICATE " is not one certificate");
    return code < 0 ? code : read_certificates(reader, CHAIN, &count);
}

/* --- Log and timestamp --- */

static int read_payload_of_entry(const struct reader *reader, struct json_object *payload,
                                 struct chimera_log_entry *entry)
{
    struct chimera_digest id;
    int64_t index = 0;
    if (!json_object_is_type(payload, json_type_object) ||
        !number_of(payload, "integratedTime", &entry->integrated_time) ||
        !number_of(payload, "logIndex", &index) ||
        !chimera_digest_parse(text_of(payload, "logID"), &id))
        return chimera_fail(reader->err, CHIMERA_EINVAL,
                            BUNDLE ": Payload must have integratedTime, logIndex and logID");
    entry->log_index = (uint64_t)index;
    entry->log_id = chimera_arena_copy(reader->arena,
                                       (struct chimera_slice){(char *)id.bytes, sizeof(id.bytes)});
    if (!entry->log_id.data)
        return chimera_fail(reader->err, CHIMERA_ELIMIT, BUNDLE " is too long");
    return decode(reader, text_of(payload, "body"), BUNDLE ": body", &entry->body);
}

static int read_bundle(const struct reader *reader)
{
    CHIMERA_JSON struct json_object *tree = NULL;
    struct json_object *payload = NULL;
    struct chimera_log_entry entry = {0};
    if (!text_of(reader->annotations, BUNDLE).data)
        return CHIMERA_OK;
    int code = parse(reader, BUNDLE, &tree);
    if (code == CHIMERA_OK)
        code = decode(reader, text_of(tree, "SignedEntryTimestamp"),
                      BUNDLE ": SignedEntryTimestamp", &entry.promise);
    if (code == CHIMERA_OK) {
        json_object_object_get_ex(tree, "Payload", &payload);
        code = read_payload_of_entry(reader, payload, &entry);
    }
    if (code == CHIMERA_OK)
        reader->evidence->entries[reader->evidence->entry_count++] = entry;
    return code;
}

static int read_timestamp(const struct reader *reader)
{
    CHIMERA_JSON struct json_object *tree = NULL;
    struct chimera_evidence *evidence = reader->evidence;
    if (!text_of(reader->annotations, TIMESTAMP).data)
        return CHIMERA_OK;
    int code = parse(reader, TIMESTAMP, &tree);
    if (code == CHIMERA_OK)
        code = decode(reader, text_of(tree, "SignedRFC3161Timestamp"), TIMESTAMP,
                      &evidence->timestamps[0]);
    if (code == CHIMERA_OK)
        evidence->timestamp_count = 1;
    return code;
}

/* --- Payload --- */

/* What the signer added by himself: the two that the format has of its own are left out. */
static int keep_annotations(const struct reader *reader, struct json_object *optional)
{
    if (!optional)
        return CHIMERA_OK;
    if (!json_object_is_type(optional, json_type_object))
        return chimera_fail(reader->err, CHIMERA_EINVAL, "the payload: `optional` is not a map");
    struct json_object *kept = json_object_new_object();
    if (!kept)
        return chimera_fail_memory(reader->err);
    json_object_object_foreach(optional, key, value)
    {
        if (strcmp(key, "creator") == 0 || strcmp(key, "timestamp") == 0)
            continue;
        if (json_object_object_add(kept, key, json_object_get(value)) != 0) {
            json_object_put(value);
            json_object_put(kept);
            return chimera_fail_memory(reader->err);
        }
    }
    reader->evidence->annotations = kept;
    return CHIMERA_OK;
}

static int read_payload(const struct reader *reader, const char *digest)
{
    CHIMERA_JSON struct json_object *tree = NULL;
    struct json_object *critical = NULL, *image = NULL, *optional = NULL;
    struct chimera_error why = {0};
    int code = chimera_json_parse(reader->evidence->payload, &tree, &why);
    if (code < 0)
        return chimera_fail(reader->err, code, "the payload: %s", why.text);
    if (!json_object_is_type(tree, json_type_object))
        return chimera_fail(reader->err, CHIMERA_EINVAL, "the payload is not a map");
    if (chimera_json_has_key_twice(tree, reader->evidence->payload))
        return chimera_fail(reader->err, CHIMERA_EINVAL, "the payload has a key twice");
    json_object_object_get_ex(tree, "critical", &critical);
    json_object_object_get_ex(tree, "optional", &optional);
    if (!chimera_slice_is(text_of(critical, "type"), A_SIGNATURE_OF_AN_IMAGE))
        return chimera_fail(reader->err, CHIMERA_EINVAL,
                            "the payload is not a \"" A_SIGNATURE_OF_AN_IMAGE "\"");
    json_object_object_get_ex(critical, "image", &image);
    if (!chimera_slice_is(text_of(image, "docker-manifest-digest"), digest))
        return chimera_fail(reader->err, CHIMERA_EREFUSED,
                            "the payload is about something else than %s", digest);
    return keep_annotations(reader, optional);
}

int chimera_evidence_from_layer(struct chimera_slice payload, struct json_object *annotations,
                                const char *digest, struct chimera_arena *arena,
                                struct chimera_evidence *ret_evidence, struct chimera_error *err)
{
    struct chimera_evidence evidence = {
        .form = CHIMERA_SIMPLE_SIGNING, .payload = payload, .message = payload};
    struct reader reader = {annotations, arena, &evidence, err};
    if (payload.size == 0 || payload.size > CHIMERA_EVIDENCE_MAX)
        return chimera_fail(err, CHIMERA_ELIMIT, "the payload is empty or too long");
    int code = decode(&reader, text_of(annotations, SIGNATURE), SIGNATURE, &evidence.signature);
    if (code == CHIMERA_OK)
        code = read_chain(&reader);
    if (code == CHIMERA_OK)
        code = read_bundle(&reader);
    if (code == CHIMERA_OK)
        code = read_timestamp(&reader);
    if (code == CHIMERA_OK)
        code = read_payload(&reader, digest);
    if (code < 0)
        chimera_evidence_done(&evidence);
    else
        *ret_evidence = evidence;
    return code;
}
