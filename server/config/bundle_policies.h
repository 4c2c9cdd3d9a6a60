/* SPDX-License-Identifier: Apache-2.0 */
/* bundle_policies.h - the policies that the options ask for: of a file, of a bundle, or of a file
 * by the plugins of a bundle. */
#ifndef CHIMERA_SERVER_CONFIG_BUNDLE_POLICIES_H
#define CHIMERA_SERVER_CONFIG_BUNDLE_POLICIES_H

#include "runtime/base/error.h"
#include "runtime/source/policies.h"
#include "server/config/options.h"

/* As policies_read(). With --bundle each policy has its plugin, so that there is nothing to build;
 * a module that the bundle does not hold is an error. */
int bundle_policies(const struct options *options, struct policies *ret_policies,
                    struct chimera_error *err);

/* The files that say whether there are other policies: of a bundle its manifest and, where somebody
 * asks for signatures, that file; policies.yml; the policies' options. */
#define POLICIES_FILES_MAX 4
struct policies_files {
    char *manifest, *signature;           /* owned; NULL: none */
    const char *path[POLICIES_FILES_MAX]; /* all of them; borrowed */
    size_t count;
};
/* Without memory some are missing. The caller ends *ret_files with policies_files_done(). */
void policies_files_find(const struct options *options, struct policies_files *ret_files);
void policies_files_done(struct policies_files *files);

#endif
