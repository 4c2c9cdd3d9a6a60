/* SPDX-License-Identifier: Apache-2.0 */
/* check.h - all that can be told of a bundle from its files alone: that they are what they must be
 * (chain.h), and that its documents say what is so (claims.h). */
#ifndef CHIMERA_TOOLCHAIN_COMMAND_BUNDLE_VERIFY_CHECK_H
#define CHIMERA_TOOLCHAIN_COMMAND_BUNDLE_VERIFY_CHECK_H

#include "toolchain/command/bundle/verify/chain.h"

/* As bundle_chain_check(): the caller ends *ret_chain in any case. */
int bundle_check(const struct bundle_files *files, struct bundle_chain *ret_chain,
                 struct chimera_error *err);

#endif
