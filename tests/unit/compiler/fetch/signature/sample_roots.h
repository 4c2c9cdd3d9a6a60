/* SPDX-License-Identifier: Apache-2.0 */
/* sample_roots.h - the trust roots that vouch for the samples, for the tests of a group. */
#ifndef CHIMERA_TEST_SAMPLE_ROOTS_H
#define CHIMERA_TEST_SAMPLE_ROOTS_H

#include "compiler/fetch/signature/trust/trust_root.h"
#include "tests/unit/compiler/fetch/signature/samples.h"

static struct chimera_trust_root public_good, of_samples, of_intoto;

static inline int set_up_roots(void **state)
{
    (void)state;
    if (chimera_trust_root_read(NULL, &public_good, NULL) < 0 ||
        chimera_trust_root_read(SAMPLES "conformance/rekor-v1-intoto.trusted_root.json", &of_intoto,
                                NULL) < 0)
        return -1;
    return chimera_trust_root_read(SAMPLES "trusted_root.json", &of_samples, NULL);
}

static inline int tear_down_roots(void **state)
{
    (void)state;
    chimera_trust_root_done(&public_good);
    chimera_trust_root_done(&of_samples);
    chimera_trust_root_done(&of_intoto);
    return 0;
}

#endif
