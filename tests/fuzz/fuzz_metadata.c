/* SPDX-License-Identifier: Apache-2.0 */
/* Any bytes as the metadata of a policy. What is taken, written out again, is taken again as the
 * same. */
#include <stdlib.h>

#include "runtime/json/tree.h"
#include "runtime/policy/metadata.h"

#define TEXT_MAX ((size_t)64 << 20)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct chimera_metadata metadata, again;
    struct chimera_buffer text;
    enum chimera_mode mode;
    struct chimera_slice input = {size ? (const char *)data : "", size};
    if (chimera_metadata_parse(input, &metadata, NULL) < 0)
        return 0;
    chimera_metadata_check_version(&metadata, CHIMERA_READER_SERVER, NULL);
    chimera_metadata_server_mode(&metadata, &mode, NULL);
    chimera_buffer_init(&text, TEXT_MAX);
    chimera_json_write(metadata.tree, &text);
    if (chimera_metadata_parse(chimera_buffer_slice(&text), &again, NULL) < 0 ||
        !json_object_equal(metadata.tree, again.tree))
        abort();
    chimera_metadata_done(&again);
    chimera_buffer_free(&text);
    chimera_metadata_done(&metadata);
    return 0;
}
