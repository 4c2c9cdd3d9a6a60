/* SPDX-License-Identifier: Apache-2.0 */
/* Any bytes as a bundle; what can be taken apart is judged by the shipped trust root. */
#include <stdint.h>

#include "compiler/fetch/signature/bundle.h"
#include "compiler/fetch/signature/identity.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct chimera_trust_root root;
    static const char digest[] = "sha256:"
                                 "b66968f10f2495145aa96c39a33d534d45280cfa77f3af24094b9a768b98dc03";
    struct chimera_slice bundle = {(const char *)data, size}, said;
    struct chimera_evidence evidence = {0};
    struct chimera_identity identity = {0};
    struct chimera_error err;
    struct chimera_arena arena;
    if (root.log_count == 0 && chimera_trust_root_read(NULL, &root, NULL) < 0)
        __builtin_trap();
    chimera_arena_init(&arena, CHIMERA_BUNDLE_ARENA_MAX);
    if (chimera_evidence_from_bundle(bundle, digest, &arena, &evidence, &err) == CHIMERA_OK)
        chimera_evidence_done(&evidence);
    if (chimera_evidence_from_file(bundle, CHIMERA_SLICE("file"), &arena, &evidence, &err) == 0)
        chimera_evidence_done(&evidence);
    if (chimera_sigstore_bundle_read(bundle, &arena, &evidence, &said, &err) == CHIMERA_OK) {
        (void)chimera_identity_prove(&evidence, &root, &identity, &err);
        chimera_identity_done(&identity);
        (void)chimera_evidence_check_log(&evidence, CHIMERA_SLICE("key"), &root, &err);
    }
    chimera_arena_free(&arena);
    return 0;
}
