/* SPDX-License-Identifier: Apache-2.0 */
#include "plugins/crypto/system_roots.h"

#include <openssl/err.h>
#include <openssl/pem.h>
#include <stdlib.h>
#include <unistd.h>

#include "runtime/base/buffer.h"
#include "runtime/base/file.h"

#define FILE_MAX ((size_t)16 << 20)
#define ROOTS_MAX 4096

/* Debian and Alpine, Fedora, openSUSE, FreeBSD's ports. */
static const char *const places[] = {
    "/etc/ssl/certs/ca-certificates.crt",
    "/etc/pki/tls/certs/ca-bundle.crt",
    "/etc/ssl/ca-bundle.pem",
    "/etc/ssl/cert.pem",
};

int system_roots_read(STACK_OF(X509) * *ret_roots, struct chimera_error *err)
{
    const char *path = getenv("SSL_CERT_FILE");
    struct chimera_buffer text;
    if (path && !path[0])
        path = NULL;
    for (size_t i = 0; !path && i < sizeof(places) / sizeof(places[0]); i++)
        if (access(places[i], R_OK) == 0)
            path = places[i];
    if (!path)
        return chimera_fail(err, CHIMERA_EIO,
                            "the system has no file of Mozilla's roots: install "
                            "ca-certificates, or name one by SSL_CERT_FILE");
    chimera_buffer_init(&text, FILE_MAX);
    int code = chimera_file_read(path, &text, err);
    BIO *memory = code == CHIMERA_OK ? BIO_new_mem_buf(text.data, (int)text.size) : NULL;
    STACK_OF(X509) *roots = sk_X509_new_null();
    while (memory && roots && sk_X509_num(roots) < ROOTS_MAX) {
        X509 *root = PEM_read_bio_X509(memory, NULL, NULL, NULL);
        if (!root || sk_X509_push(roots, root) <= 0) {
            X509_free(root);
            break;
        }
    }
    ERR_clear_error();
    BIO_free(memory);
    chimera_buffer_free(&text);
    if (code == CHIMERA_OK && (!memory || !roots))
        code = chimera_fail_memory(err);
    else if (code == CHIMERA_OK && sk_X509_num(roots) == 0)
        code = chimera_fail(err, CHIMERA_EINVAL, "%s: no certificate in it", path);
    if (code == CHIMERA_OK)
        *ret_roots = roots;
    else
        sk_X509_pop_free(roots, X509_free);
    return code;
}
