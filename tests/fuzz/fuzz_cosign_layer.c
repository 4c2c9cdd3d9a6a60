/* SPDX-License-Identifier: Apache-2.0 */
/* Annotations as JSON, a NUL, and a payload, as a layer of cosign's old scheme; what is taken apart
 * is about the digest that was asked for. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "compiler/fetch/signature/evidence.h"
#include "runtime/json/tree.h"

#define DIGEST "sha256:b66968f10f2495145aa96c39a33d534d45280cfa77f3af24094b9a768b98dc03"
#define ARENA_MAX ((size_t)8 << 20)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(const struct chimera_evidence *evidence, struct chimera_slice payload)
{
    if (evidence->signature.size == 0 || evidence->chain_count > CHIMERA_CHAIN_MAX ||
        evidence->entry_count > 1 || evidence->timestamp_count > 1 ||
        !chimera_slice_equal(evidence->message, payload) ||
        !memmem(payload.data, payload.size, "docker", 6))
        abort();
    for (size_t i = 0; i < evidence->entry_count; i++)
        if (evidence->entries[i].log_id.size != CHIMERA_HASH_BYTES ||
            evidence->entries[i].body.size == 0 || evidence->entries[i].promise.size == 0)
            abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const char *text = size ? (const char *)data : "";
    size_t head = strnlen(text, size);
    struct chimera_slice payload = {text + head, size - head};
    CHIMERA_JSON struct json_object *annotations = NULL;
    struct chimera_arena arena;
    struct chimera_evidence evidence;
    struct chimera_error err = {0};
    if (payload.size > 0) {
        payload.data++;
        payload.size--;
    }
    if (chimera_json_parse((struct chimera_slice){text, head}, &annotations, NULL) < 0)
        return 0;
    chimera_arena_init(&arena, ARENA_MAX);
    if (chimera_evidence_from_layer(payload, annotations, DIGEST, &arena, &evidence, &err) == 0) {
        check(&evidence, payload);
        chimera_evidence_done(&evidence);
    } else if (!err.text[0]) {
        abort();
    }
    chimera_arena_free(&arena);
    return 0;
}
