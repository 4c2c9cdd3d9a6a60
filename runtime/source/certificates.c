/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/source/certificates.h"

#include <limits.h>
#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509.h>

#include "runtime/base/error.h"

static void drop_bio(BIO **bio)
{
    BIO_free(*bio);
}

#define OWNED_BIO __attribute__((cleanup(drop_bio))) BIO *

static int append_one(X509 *certificate, struct chimera_buffer *out)
{
    OWNED_BIO text = BIO_new(BIO_s_mem());
    char *data = NULL;
    if (!text || PEM_write_bio_X509(text, certificate) != 1)
        return CHIMERA_ENOMEM;
    long size = BIO_get_mem_data(text, &data);
    return chimera_buffer_append(out, (struct chimera_slice){data, (size_t)size});
}

static int append_der(struct chimera_slice bytes, struct chimera_buffer *out)
{
    const unsigned char *at = (const unsigned char *)bytes.data;
    X509 *certificate = d2i_X509(NULL, &at, (long)bytes.size);
    if (!certificate)
        return CHIMERA_EINVAL;
    int code = append_one(certificate, out);
    X509_free(certificate);
    return code;
}

/* Behind the last one OpenSSL complains of no further start line, and of nothing else. */
int chimera_certificates_append(struct chimera_slice bytes, struct chimera_buffer *out)
{
    if (bytes.size == 0 || bytes.size > INT_MAX)
        return CHIMERA_EINVAL;
    ERR_clear_error();
    OWNED_BIO bio = BIO_new_mem_buf(bytes.data, (int)bytes.size);
    X509 *certificate = NULL;
    size_t count = 0;
    int code = bio ? CHIMERA_OK : CHIMERA_ENOMEM;
    while (code == CHIMERA_OK && (certificate = PEM_read_bio_X509(bio, NULL, NULL, NULL))) {
        code = append_one(certificate, out);
        X509_free(certificate);
        count++;
    }
    bool is_end = ERR_GET_REASON(ERR_peek_last_error()) == PEM_R_NO_START_LINE;
    if (code == CHIMERA_OK && (count == 0 || !is_end))
        code = CHIMERA_EINVAL;
    if (code == CHIMERA_EINVAL)
        code = append_der(bytes, out);
    ERR_clear_error();
    return code;
}
