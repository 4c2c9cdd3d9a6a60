/* SPDX-License-Identifier: Apache-2.0 */
/* by_certificate.h - signatures by the key of a certificate that the policy brings, with the
 * authorities that it believes (guest-abis.md §5.3).
 */
#ifndef CHIMERA_PLUGINS_REGISTRY_BY_CERTIFICATE_H
#define CHIMERA_PLUGINS_REGISTRY_BY_CERTIFICATE_H

#include <json-c/json.h>

#include "compiler/fetch/signature/evidence.h"
#include "compiler/fetch/signature/trust/trust_root.h"

struct by_certificate {         /* borrowed */
    struct json_object *fields; /* of the request */
    const struct chimera_trust_root *root;
    uint64_t deadline_ns;
};

/* A chimera_found_judge_fn; the context is the above. CHIMERA_EREFUSED: none is. */
int by_certificate_judge(const struct chimera_evidence *evidence, size_t count, void *context,
                         struct chimera_error *err);

#endif
