/* SPDX-License-Identifier: Apache-2.0 */
/* Any bytes as the manifest of a bundle; what is accepted survives being written and read again,
 * and names nothing outside. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "runtime/base/buffer.h"
#include "runtime/base/file.h"
#include "runtime/plugin/bundle.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(const struct chimera_bundle *first, const struct chimera_bundle *second)
{
    if (first->count != second->count ||
        memcmp(&first->policies, &second->policies, sizeof(first->policies)) != 0)
        abort();
    for (size_t i = 0; i < first->count; i++) {
        const struct chimera_bundle_plugin *a = &first->plugin[i], *b = &second->plugin[i];
        if (strcmp(a->stem, b->stem) != 0 || strchr(a->stem, '/') || strchr(a->stem, '.') ||
            a->module_count != b->module_count)
            abort();
        for (size_t k = 0; k < a->module_count; k++)
            if (strcmp(a->module[k].reference, b->module[k].reference) != 0 ||
                !a->module[k].image != !b->module[k].image ||
                (a->module[k].image && strcmp(a->module[k].image, b->module[k].image) != 0))
                abort();
        if (memcmp(a->file, b->file, sizeof(a->file)) != 0)
            abort();
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char folder[] = "/tmp/chimera-fuzz-XXXXXX", path[64];
    struct chimera_slice input = {size ? (const char *)data : "", size};
    struct chimera_bundle first = {0}, second = {0};
    struct chimera_buffer text;
    if (chimera_bundle_parse(input, "manifest.json", &first, NULL) < 0)
        return 0;
    if (!mkdtemp(folder))
        abort();
    snprintf(path, sizeof(path), "%s/manifest.json", folder);
    chimera_buffer_init(&text, (size_t)64 << 20);
    if (chimera_bundle_write(folder, &first, NULL) < 0 ||
        chimera_file_read(path, &text, NULL) < 0 ||
        chimera_bundle_parse(chimera_buffer_slice(&text), path, &second, NULL) < 0)
        abort();
    check(&first, &second);
    chimera_buffer_free(&text);
    chimera_bundle_done(&first);
    chimera_bundle_done(&second);
    chimera_folder_remove(folder, NULL);
    return 0;
}
