/* SPDX-License-Identifier: Apache-2.0 */
/* chain.h - whether a certificate leads to a root, as Go's crypto/x509 finds it out. Private to
 * builtins/crypto.
 */
#ifndef CHIMERA_REGO_X509_CHAIN_H
#define CHIMERA_REGO_X509_CHAIN_H

#include "runtime/rego/builtins/crypto/x509/x509.h"

#define CHIMERA_X509_CHAIN_MAX 101 /* no more signatures are looked at than 100 */
#define CHIMERA_X509_ANY_USE 1u

struct chimera_x509_chain {
    const struct chimera_x509
        *link[CHIMERA_X509_CHAIN_MAX]; /* from the leaf to the root; borrowed */
    size_t size;
};

struct chimera_x509_wanted {
    struct chimera_slice host; /* a name or an IP address; empty: any */
    int64_t now_ns;            /* since 1970 */
    unsigned uses; /* one of which must do; bit n is OID_USES' n-th; CHIMERA_X509_ANY_USE: any */
};

/* The first is the root, the last the leaf, and what is between them may be used. */
int chimera_x509_find_chain(const struct chimera_rego_call *call,
                            const struct chimera_x509 *certificates, size_t count,
                            const struct chimera_x509_wanted *wanted,
                            struct chimera_x509_chain *ret_chain, bool *ret_is_found);

/* --- What a chain must meet; a code when the account failed --- */

/* RFC 9618. */
int chimera_x509_check_policies(const struct chimera_rego_call *call,
                                const struct chimera_x509_chain *chain, bool *ret_is_met);
/* RFC 5280 §4.2.1.10. */
int chimera_x509_check_constraints(const struct chimera_rego_call *call,
                                   const struct chimera_x509_chain *chain, bool *ret_is_met);
/* Whether a certificate is for the host of that name or address. */
int chimera_x509_check_host(const struct chimera_rego_call *call,
                            const struct chimera_x509 *certificate, struct chimera_slice name,
                            bool *ret_is_met);

#endif
