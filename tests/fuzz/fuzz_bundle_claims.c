/* SPDX-License-Identifier: Apache-2.0 */
/* Any JSON as the SBOM and the provenance of a bundle: what it claims is judged without harm, and a
 * document that says nothing is never found good. */
#include <stdint.h>
#include <stdlib.h>

#include "runtime/json/tree.h"
#include "toolchain/command/bundle/verify/claims.h"
#include "toolchain/command/bundle/verify/rewrite.h"

#define DIGEST "\"sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef\""

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char manifest[] =
    "{\"format\":2,\"policies\":" DIGEST ",\"sbom\":" DIGEST ",\"provenance\":" DIGEST
    ",\"plugins\":[{\"stem\":\"a\",\"wasm\":" DIGEST ",\"files\":{\"json\":" DIGEST
    ",\"so\":" DIGEST "},\"modules\":[{\"reference\":\"./p.wasm\"},{\"reference\":\"registry://h/"
    "r:v1\",\"image\":" DIGEST "}]}]}";

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct chimera_slice text = {size ? (const char *)data : "", size};
    struct chimera_manifest plugin = {.toolchain = (char *)(uintptr_t)"chimera-1 clang-2"};
    struct bundle_chain chain = {.manifest = &plugin};
    if (chimera_json_parse(text, &chain.sbom, NULL) < 0)
        return 0;
    chain.provenance = json_object_get(chain.sbom);
    if (chimera_bundle_parse(CHIMERA_SLICE(manifest), "m", &chain.bundle, NULL) < 0)
        abort();
    if (bundle_claims_check_sbom(&chain, NULL) < 0 ||
        bundle_claims_check_provenance(&chain, NULL) < 0)
        abort();
    if (!chimera_problems_any(&chain.problems))
        __builtin_trap(); /* one document cannot be both */
    chimera_problems_done(&chain.problems);
    chain.problems = (struct chimera_problems){0};
    bundle_rewrite_check(&chain, NULL);
    chain.manifest = NULL; /* ours */
    bundle_chain_done(&chain);
    return 0;
}
