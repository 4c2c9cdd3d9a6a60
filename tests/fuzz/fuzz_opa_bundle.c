/* SPDX-License-Identifier: Apache-2.0 */
/* Any bytes as an OPA bundle, as they are and, since a fuzzer does not guess checksums, as the tar
 * in one; with FUZZ_OPA_KEY in the environment they must be signed by the key in that file. What
 * comes out is a module that is whole, and the canonical form of JSON is its own. */
#include <stdint.h>
#include <stdlib.h>
#include <zlib.h>

#include "compiler/opa/archive.h"
#include "compiler/opa/bundle.h"
#include "compiler/opa/canonical.h"
#include "compiler/opa/signature.h"
#include "compiler/wasm/decode.h"

#define LIMIT ((size_t)1 << 20)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void try_bundle(struct chimera_slice bytes)
{
    struct chimera_buffer out;
    chimera_buffer_init(&out, LIMIT);
    opa_archive_is(bytes);
    if (chimera_opa_bundle_module("b", bytes, &out, NULL) == CHIMERA_OK &&
        chimera_module_check_frame("b", chimera_buffer_slice(&out), NULL) < 0)
        abort();
    chimera_buffer_free(&out);
}

static void try_json(struct chimera_slice text)
{
    struct chimera_buffer once, twice;
    chimera_buffer_init(&once, LIMIT);
    chimera_buffer_init(&twice, LIMIT);
    if (opa_canonical_json(text, &once, NULL) == CHIMERA_OK &&
        (opa_canonical_json(chimera_buffer_slice(&once), &twice, NULL) < 0 ||
         !chimera_slice_equal(chimera_buffer_slice(&once), chimera_buffer_slice(&twice))))
        abort();
    chimera_buffer_free(&once);
    chimera_buffer_free(&twice);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static unsigned char packed[1 << 17];
    z_stream zip = {.next_in = (z_const Bytef *)(uintptr_t)data,
                    .avail_in = (uInt)size,
                    .next_out = packed,
                    .avail_out = sizeof(packed)};
    struct chimera_slice bytes = {size ? (const char *)data : "", size};
    const char *key = getenv("FUZZ_OPA_KEY");
    if (key && !opa_signature_is_required() && chimera_opa_require_signature(key, NULL, NULL) < 0)
        abort();
    try_json(bytes);
    try_bundle(bytes);
    if (size > sizeof(packed) / 2 ||
        deflateInit2(&zip, Z_BEST_SPEED, Z_DEFLATED, 16 + MAX_WBITS, 8, Z_DEFAULT_STRATEGY) != Z_OK)
        return 0;
    deflate(&zip, Z_FINISH);
    try_bundle((struct chimera_slice){(const char *)packed, sizeof(packed) - zip.avail_out});
    deflateEnd(&zip);
    return 0;
}
