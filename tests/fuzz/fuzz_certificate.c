/* SPDX-License-Identifier: Apache-2.0 */
/* Any bytes as a signer's certificate: its form, its names, its timestamps, its chain. */
#include <openssl/err.h>
#include <stdint.h>
#include <string.h>

#include "compiler/fetch/signature/trust/certificate.h"
#include "compiler/fetch/signature/trust/certificate_names.h"
#include "compiler/fetch/signature/trust/sct.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(X509 *certificate, const struct chimera_trust_root *root)
{
    struct chimera_identity identity = {0};
    struct chimera_error err;
    X509 *issuer = NULL;
    int64_t start = 0;
    (void)chimera_certificate_check(certificate, &err);
    if (chimera_certificate_names(certificate, &identity, &err) == CHIMERA_OK &&
        (!identity.subject[0] || !identity.issuer[0] || strpbrk(identity.subject, "\r\n\033")))
        __builtin_trap();
    chimera_identity_done(&identity);
    (void)chimera_sct_check(certificate, certificate, root, &err);
    if (chimera_certificate_time(X509_get0_notBefore(certificate), &start))
        (void)chimera_certificate_check_chain(certificate, root, start, &issuer, &err);
    X509_free(issuer);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct chimera_trust_root root;
    X509 *certificate = NULL;
    if (root.log_count == 0 && chimera_trust_root_read(NULL, &root, NULL) < 0)
        __builtin_trap();
    if (chimera_certificate_read((struct chimera_slice){(const char *)data, size}, &certificate,
                                 NULL) == CHIMERA_OK)
        check(certificate, &root);
    X509_free(certificate);
    ERR_clear_error();
    return 0;
}
