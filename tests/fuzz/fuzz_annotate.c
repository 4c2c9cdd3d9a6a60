/* SPDX-License-Identifier: Apache-2.0 */
/* Any bytes as an author's metadata, and as a module to put metadata into. What is read can be
 * written as a section, and reads back as the same; a module has its metadata once, and is the same
 * when it gets them again. */
#include <stdlib.h>

#include "compiler/wasm/annotate.h"
#include "compiler/wasm/decode.h"
#include "runtime/json/tree.h"
#include "runtime/policy/metadata.h"

#define OUT_MAX ((size_t)64 << 20)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void try_metadata(struct chimera_slice input)
{
    struct chimera_metadata metadata = {0}, again = {0};
    struct chimera_error err = {0};
    struct chimera_buffer section;
    if (chimera_metadata_parse_yaml(input, &metadata, &err) < 0)
        return;
    chimera_metadata_check(&metadata, &err);
    if (chimera_metadata_set_annotation(&metadata, "key", CHIMERA_SLICE("value")) < 0 ||
        chimera_metadata_set_protocol(&metadata, CHIMERA_PROTOCOL_V1) < 0)
        abort();
    chimera_buffer_init(&section, OUT_MAX);
    chimera_metadata_write(&metadata, &section);
    if (section.failed ||
        chimera_metadata_parse(chimera_buffer_slice(&section), &again, NULL) < 0 ||
        !json_object_equal(metadata.tree, again.tree))
        abort();
    chimera_buffer_free(&section);
    chimera_metadata_done(&again);
    chimera_metadata_done(&metadata);
}

static void try_module(struct chimera_slice input)
{
    static const char name[] = "io";
    struct chimera_slice found, payload = CHIMERA_SLICE("payload");
    struct chimera_buffer once, twice;
    chimera_buffer_init(&once, OUT_MAX);
    chimera_buffer_init(&twice, OUT_MAX);
    if (chimera_module_annotate("m", input, name, payload, &once, NULL) == CHIMERA_OK) {
        struct chimera_slice made = chimera_buffer_slice(&once);
        if (chimera_module_check_frame("m", made, NULL) < 0 ||
            !chimera_module_custom_section(made, name, &found) ||
            !chimera_slice_equal(found, payload) ||
            chimera_module_annotate("m", made, name, payload, &twice, NULL) < 0 ||
            !chimera_slice_equal(made, chimera_buffer_slice(&twice)))
            abort();
    }
    chimera_buffer_free(&once);
    chimera_buffer_free(&twice);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct chimera_slice input = {size ? (const char *)data : "", size};
    try_metadata(input);
    try_module(input);
    return 0;
}
