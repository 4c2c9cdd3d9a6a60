/* SPDX-License-Identifier: Apache-2.0 */
/* rewrite.h - the manifest and the documents of a bundle written again from what they tell of, and
 * compared: this program writes each in one way. */
#ifndef CHIMERA_TOOLCHAIN_COMMAND_BUNDLE_VERIFY_REWRITE_H
#define CHIMERA_TOOLCHAIN_COMMAND_BUNDLE_VERIFY_REWRITE_H

#include "toolchain/command/bundle/verify/chain.h"

/* Of a chain without problems; what differs becomes one. */
int bundle_rewrite_check(struct bundle_chain *chain, struct chimera_error *err);

#endif
