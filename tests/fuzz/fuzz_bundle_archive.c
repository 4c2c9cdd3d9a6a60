/* SPDX-License-Identifier: Apache-2.0 */
/* Any bytes as the archive of a bundle: what is listed lies within it, in one order, and is judged
 * without harm. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "toolchain/command/bundle/files/archive.h"
#include "toolchain/command/bundle/verify/check.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_list(const struct bundle_files *files, size_t size)
{
    for (size_t i = 0; i < files->count; i++) {
        const struct bundle_file *file = &files->list[i];
        if (file->offset > size || file->size > size - file->offset)
            __builtin_trap(); /* it leads out of the archive */
        if (i > 0 && strcmp(files->list[i - 1].name, file->name) >= 0)
            __builtin_trap(); /* there are two of one name */
        if (bundle_files_find(files, file->name) != file)
            __builtin_trap();
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct bundle_chain chain = {0};
    struct chimera_error err = {0};
    struct bundle_files files = {
        .path = "fuzz", .fd = memfd_create("fuzz", MFD_CLOEXEC), .is_archive = true};
    if (files.fd < 0 || write(files.fd, data, size) != (ssize_t)size)
        abort();
    int code = bundle_archive_list(&files, size, &err);
    if (code < 0 && err.text[0] == '\0')
        __builtin_trap(); /* a refusal without a reason */
    if (code == CHIMERA_OK) {
        check_list(&files, size);
        bundle_check(&files, &chain, NULL);
        bundle_chain_done(&chain);
    }
    bundle_files_done(&files);
    return 0;
}
