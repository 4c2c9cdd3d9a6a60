/* SPDX-License-Identifier: Apache-2.0 */
/* policies_bundle.h - the policies of a bundle (runtime/plugin/bundle.h), each with its plugin.
 *
 * For whoever serves them, and whoever tries what will be served. Errors say what to do.
 */
#ifndef CHIMERA_SOURCE_POLICIES_BUNDLE_H
#define CHIMERA_SOURCE_POLICIES_BUNDLE_H

#include "runtime/plugin/bundle.h"
#include "runtime/source/policy_spec.h"

/* FOLDER/policies.yml, the bytes of which must be those that the manifest states. The caller ends
 * *ret_policies with policies_done(). */
int policies_read_bundle(const char *folder, const struct chimera_bundle *bundle,
                         enum policies_limits limits, struct policies *ret_policies,
                         struct chimera_error *err);

/* Points each policy to its plugin in the folder, and locks it to the digest of the plugin's
 * manifest. All that the bundle lacks is told at once; what it has besides is a line more of the
 * policies' warnings. */
int policies_take_plugins(const char *folder, const struct chimera_bundle *bundle,
                          struct policies *policies, struct chimera_error *err);

/* A bundle that stands for itself: its manifest, and its policies with their plugins. The caller
 * ends both, with chimera_bundle_done() and policies_done(); after a failure there is nothing to
 * end. */
int policies_open_bundle(const char *folder, struct chimera_bundle *ret_bundle,
                         struct policies *ret_policies, struct chimera_error *err);

#endif
