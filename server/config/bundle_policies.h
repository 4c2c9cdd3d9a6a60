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

/* The file by which a bundle is known to be another; owned by the caller. NULL without a bundle,
 * and when memory ran out. */
char *bundle_manifest(const struct options *options);
/* The same of its signature; NULL also when nobody asks for signatures. */
char *bundle_signature(const struct options *options);

#endif
