/* SPDX-License-Identifier: Apache-2.0 */
/* claims.h - what the documents of a bundle say of it is so: the provenance names all files as
 * subjects and all modules as what they were made of, and the SBOM has a package for each module
 * and each plugin; none has another. */
#ifndef CHIMERA_TOOLCHAIN_COMMAND_BUNDLE_VERIFY_CLAIMS_H
#define CHIMERA_TOOLCHAIN_COMMAND_BUNDLE_VERIFY_CLAIMS_H

#include "toolchain/command/bundle/verify/chain.h"

/* Adds what is wrong to the chain's problems. */
int bundle_claims_check_provenance(struct bundle_chain *chain, struct chimera_error *err);
int bundle_claims_check_sbom(struct bundle_chain *chain, struct chimera_error *err);

#endif
