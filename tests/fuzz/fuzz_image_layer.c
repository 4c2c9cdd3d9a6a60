/* SPDX-License-Identifier: Apache-2.0 */
/* Any bytes as a layer whose digest fits: what is unpacked stays in its folder, and is files. */
#include <ftw.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "compiler/fetch/registry/oci_digest.h"
#include "runtime/base/file.h"
#include "toolchain/command/image/layer_in.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static int check_entry(const char *path, const struct stat *status, int type, struct FTW *walk)
{
    (void)path;
    (void)type;
    if (walk->level > 2 || (!S_ISREG(status->st_mode) && !S_ISDIR(status->st_mode)))
        __builtin_trap();
    return 0;
}

static void unpack(int fd, const char *digest)
{
    struct chimera_error err = {0};
    char *folder = NULL;
    if (chimera_folder_make_temporary("chimera-fuzz", &folder, NULL) < 0)
        return;
    const struct image_layer_in layer = {.fd = fd, .name = "fuzz", .diff_id = digest};
    if (image_layer_read(&layer, folder, &err) < 0 && err.text[0] == '\0')
        __builtin_trap(); /* a refusal without a reason */
    nftw(folder, check_entry, 8, FTW_PHYS);
    chimera_folder_remove(folder, NULL);
    free(folder);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char digest[CHIMERA_OCI_DIGEST_MAX];
    int fd = memfd_create("layer", MFD_CLOEXEC);
    if (fd < 0)
        return 0;
    if (write(fd, data, size) == (ssize_t)size && lseek(fd, 0, SEEK_SET) == 0 &&
        chimera_oci_digest_of((struct chimera_slice){(const char *)data, size}, NULL, digest) == 0)
        unpack(fd, digest);
    close(fd);
    return 0;
}
