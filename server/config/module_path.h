/* SPDX-License-Identifier: Apache-2.0 */
/* module_path.h - the one place where a policy's module becomes a local file, or the reason why
 * not.
 *
 * What is fetched from the network comes in here, with --sources-path, --docker-config-json-path
 * and --verification-path of the options.
 */
#ifndef CHIMERA_SERVER_CONFIG_MODULE_PATH_H
#define CHIMERA_SERVER_CONFIG_MODULE_PATH_H

#include "runtime/base/error.h"
#include "runtime/source/policies.h"
#include "server/config/options.h"

/* *ret_path is owned by the caller. err->text is what the reference prints. */
int module_find(const struct options *options, const struct policies *policies,
                const struct policy_spec *policy, char **ret_path, struct chimera_error *err);

#endif
