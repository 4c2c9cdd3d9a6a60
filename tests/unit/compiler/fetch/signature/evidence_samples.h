/* SPDX-License-Identifier: Apache-2.0 */
/* evidence_samples.h - evidence out of samples/, and one bit of it changed. */
#ifndef CHIMERA_TEST_EVIDENCE_SAMPLES_H
#define CHIMERA_TEST_EVIDENCE_SAMPLES_H

#include "compiler/fetch/signature/bundle.h"
#include "compiler/fetch/signature/key.h"
#include "tests/unit/compiler/fetch/signature/samples.h"

struct evidence_sample {
    struct chimera_arena arena;
    struct chimera_buffer file; /* that a bundle without an envelope is over */
    struct chimera_evidence evidence;
};

/* `file` NULL: it has an envelope. */
static inline void open_bundle(const char *name, const char *file, struct evidence_sample *sample)
{
    struct chimera_buffer text;
    struct chimera_slice digest;
    struct chimera_error err = {0};
    *sample = (struct evidence_sample){0};
    chimera_arena_init(&sample->arena, CHIMERA_BUNDLE_ARENA_MAX);
    read_sample(name, &text);
    if (chimera_sigstore_bundle_read(chimera_buffer_slice(&text), &sample->arena, &sample->evidence,
                                     &digest, &err) < 0)
        fail_msg("%s: %s", name, err.text);
    chimera_buffer_free(&text);
    if (file) {
        read_sample(file, &sample->file);
        sample->evidence.payload = sample->evidence.message = chimera_buffer_slice(&sample->file);
    }
}

/* Appendix A's: the old scheme, by a key, in Rekor v1. */
static inline void open_appendix_a(struct evidence_sample *sample)
{
    CHIMERA_JSON struct json_object *annotations = json_object_new_object();
    struct chimera_buffer signature, bundle;
    struct chimera_error err = {0};
    *sample = (struct evidence_sample){0};
    chimera_arena_init(&sample->arena, CHIMERA_BUNDLE_ARENA_MAX);
    read_sample("appendix-a/payload.json", &sample->file);
    read_sample("appendix-a/signature", &signature);
    read_sample("appendix-a/bundle.json", &bundle);
    json_object_object_add(annotations, "dev.cosignproject.cosign/signature",
                           json_object_new_string_len(signature.data, (int)signature.size));
    json_object_object_add(annotations, "dev.sigstore.cosign/bundle",
                           json_object_new_string_len(bundle.data, (int)bundle.size));
    if (chimera_evidence_from_layer(
            chimera_buffer_slice(&sample->file), annotations,
            "sha256:f3cfc9d0dbf931d3db4685ec659b7ac68e2a578219da4aae65427886e649b06b",
            &sample->arena, &sample->evidence, &err) < 0)
        fail_msg("%s", err.text);
    chimera_buffer_free(&signature);
    chimera_buffer_free(&bundle);
}

static inline void close_sample(struct evidence_sample *sample)
{
    chimera_evidence_done(&sample->evidence);
    chimera_buffer_free(&sample->file);
    chimera_arena_free(&sample->arena);
}

/* The SPKI of samples/NAME. The caller frees it. */
static inline void read_spki(const char *name, struct chimera_buffer *ret_der)
{
    struct chimera_buffer text;
    EVP_PKEY *key = NULL;
    read_sample(name, &text);
    assert_int_equal(chimera_key_read(chimera_buffer_slice(&text), &key, NULL), CHIMERA_OK);
    chimera_buffer_init(ret_der, 4096);
    assert_int_equal(chimera_key_write(key, ret_der, NULL), CHIMERA_OK);
    EVP_PKEY_free(key);
    chimera_buffer_free(&text);
}

/* With one bit of each byte changed, it must be refused; and with its last byte cut. */
static inline void each_byte_counts(struct chimera_slice *field, const char *what,
                                    bool (*is_accepted)(void *context), void *context)
{
    struct chimera_slice whole = *field;
    char *copy = malloc(whole.size);
    assert_non_null(copy);
    assert_int_not_equal(whole.size, 0);
    memcpy(copy, whole.data, whole.size);
    *field = (struct chimera_slice){copy, whole.size};
    for (size_t at = 0; at < whole.size; at++) {
        char bit = (char)(1 << at % 8);
        copy[at] = (char)(copy[at] ^ bit);
        if (is_accepted(context))
            fail_msg("%s: byte %zu of %zu does not count", what, at, whole.size);
        copy[at] = (char)(copy[at] ^ bit);
    }
    field->size--;
    if (is_accepted(context))
        fail_msg("%s: its end does not count", what);
    *field = whole;
    free(copy);
    assert_true(is_accepted(context));
}

#endif
