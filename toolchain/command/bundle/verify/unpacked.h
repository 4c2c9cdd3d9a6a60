/* SPDX-License-Identifier: Apache-2.0 */
/* unpacked.h - the bundle of a container image, in a folder of our own while it is looked at. */
#ifndef CHIMERA_TOOLCHAIN_COMMAND_BUNDLE_VERIFY_UNPACKED_H
#define CHIMERA_TOOLCHAIN_COMMAND_BUNDLE_VERIFY_UNPACKED_H

#include "compiler/fetch/registry/oci_digest.h"
#include "toolchain/command/bundle/files/files.h"

struct bundle_unpacked {
    char *folder;                        /* owned; NULL: it is no image */
    char digest[CHIMERA_OCI_DIGEST_MAX]; /* the image's; "": it is no image */
};

/* As bundle_files_open(), also for oci:DIR[:TAG], once all of that image is what its digests say.
 * The caller ends both, in any case. */
int bundle_unpacked_open(const char *path, struct bundle_unpacked *ret_unpacked,
                         struct bundle_files *ret_files, struct chimera_error *err);
void bundle_unpacked_done(struct bundle_unpacked *unpacked);

#endif
