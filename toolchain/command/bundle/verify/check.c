/* SPDX-License-Identifier: Apache-2.0 */
#include "toolchain/command/bundle/verify/check.h"

#include "toolchain/command/bundle/verify/claims.h"

int bundle_check(const struct bundle_files *files, struct bundle_chain *ret_chain,
                 struct chimera_error *err)
{
    int code = bundle_chain_check(files, ret_chain, err);
    if (code == CHIMERA_OK && ret_chain->sbom)
        code = bundle_claims_check_sbom(ret_chain, err);
    if (code == CHIMERA_OK && ret_chain->provenance)
        code = bundle_claims_check_provenance(ret_chain, err);
    return code;
}
