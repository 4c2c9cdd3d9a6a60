/* SPDX-License-Identifier: Apache-2.0 */
/* signature.h - the signature of a bundle's manifest.json, wherever the bundle lies. */
#ifndef CHIMERA_TOOLCHAIN_COMMAND_BUNDLE_VERIFY_SIGNATURE_H
#define CHIMERA_TOOLCHAIN_COMMAND_BUNDLE_VERIFY_SIGNATURE_H

#include "compiler/fetch/fetch_options.h"
#include "toolchain/command/bundle/verify/chain.h"

bool bundle_signature_is_there(const struct bundle_files *files);

/* Judges it by options->verification: what is wrong is a problem of the chain. *ret_signers, owned
 * by the caller, says who signed; NULL: nobody that is believed. */
int bundle_signature_judge(struct bundle_chain *chain, const struct chimera_fetch_options *options,
                           char **ret_signers, struct chimera_error *err);

#endif
