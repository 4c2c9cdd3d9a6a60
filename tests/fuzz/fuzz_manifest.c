/* SPDX-License-Identifier: Apache-2.0 */
/* Any bytes as a plugin's manifest; what is accepted must survive being written and read again. */
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "runtime/plugin/manifest.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static bool is_same(const struct chimera_manifest *a, const struct chimera_manifest *b)
{
    bool has_data = a->data && b->data;
    bool has_metadata = a->metadata && b->metadata;
    return memcmp(&a->wasm, &b->wasm, sizeof(a->wasm)) == 0 &&
           memcmp(&a->so, &b->so, sizeof(a->so)) == 0 &&
           memcmp(&a->image, &b->image, sizeof(a->image)) == 0 && a->mode == b->mode &&
           strcmp(a->toolchain, b->toolchain) == 0 &&
           (has_metadata ? strcmp(a->metadata, b->metadata) == 0 : a->metadata == b->metadata) &&
           (has_data ? strcmp(a->data, b->data) == 0 : a->data == b->data);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const char path[] = "/tmp/chimera-fuzz-manifest.json";
    char input[64];
    struct chimera_manifest first = {0}, second = {0};
    int fd = memfd_create("manifest", MFD_CLOEXEC);
    if (fd < 0 || write(fd, data, size) != (ssize_t)size)
        __builtin_trap();
    snprintf(input, sizeof(input), "/proc/self/fd/%d", fd);
    if (chimera_manifest_read(input, &first, NULL) == CHIMERA_OK) {
        if (chimera_manifest_write(path, &first, NULL) < 0 ||
            chimera_manifest_read(path, &second, NULL) < 0 || !is_same(&first, &second))
            __builtin_trap();
    }
    chimera_manifest_done(&first);
    chimera_manifest_done(&second);
    close(fd);
    return 0;
}
