/* SPDX-License-Identifier: Apache-2.0 */
#include "compiler/translate/image_write.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "plugins/policy/plugin.h"
#include "runtime/base/cleanup.h"
#include "runtime/base/file.h"

#define STEP 4096u

static int check_fit(const struct chimera_module *module, uint32_t index, struct chimera_error *err)
{
    const struct wasm_data *data = &module->data[index];
    uint64_t memory = (uint64_t)chimera_module_memory_min(module) * CHIMERA_PAGE_BYTES;
    if (data->bytes.size <= memory && data->offset.value <= memory - data->bytes.size)
        return CHIMERA_OK;
    return chimera_fail(
        err, CHIMERA_EMODULE,
        "%s: data section: out of bounds memory access: segment %u (%zu bytes at %llu) "
        "does not fit into the initial memory of %llu bytes",
        module->file, index, data->bytes.size, (unsigned long long)data->offset.value,
        (unsigned long long)memory);
}

static int write_all(const struct chimera_module *module, const char *path, uint64_t size,
                     struct chimera_error *err)
{
    CHIMERA_CLOSE int fd =
        open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, CHIMERA_FILE_PRIVATE);
    if (fd < 0)
        return chimera_fail(err, CHIMERA_EIO, "cannot write %s: %s", path, strerror(errno));
    for (uint32_t i = 0; i < module->data_count; i++) {
        const struct wasm_data *data = &module->data[i];
        size_t length = data->bytes.size;
        if (data->mode == WASM_ACTIVE &&
            pwrite(fd, data->bytes.data, length, (off_t)data->offset.value) != (ssize_t)length)
            return chimera_fail(err, CHIMERA_EIO, "cannot write %s: %s", path, strerror(errno));
    }
    if (ftruncate(fd, (off_t)size) < 0)
        return chimera_fail(err, CHIMERA_EIO, "cannot write %s: %s", path, strerror(errno));
    return CHIMERA_OK;
}

int chimera_image_write(const struct chimera_module *module, const char *path, uint64_t *ret_size,
                        struct chimera_error *err)
{
    uint64_t end = 0;
    for (uint32_t i = 0; i < module->data_count; i++) {
        if (module->data[i].mode != WASM_ACTIVE)
            continue;
        int code = check_fit(module, i, err);
        if (code < 0)
            return code;
        const struct wasm_data *data = &module->data[i];
        size_t used = data->bytes.size; /* up to its last byte that is not zero */
        while (used > 0 && data->bytes.data[used - 1] == 0)
            used--;
        uint64_t segment_end = used == 0 ? 0 : data->offset.value + used;
        end = segment_end > end ? segment_end : end;
    }
    uint64_t size = (end + STEP - 1) / STEP * STEP;
    int code = size == 0 ? CHIMERA_OK : write_all(module, path, size, err);
    if (code == 0)
        *ret_size = size;
    return code;
}
