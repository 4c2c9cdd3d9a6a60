/* tls.h - OpenSSL, set up as policy-server.md §5 and libraries.md §3.3 (rule 3) want it.
 *
 * Files are read once, into `struct tls_files`; each loop makes a context of its own from that one
 * copy. No session is ever resumed: the API server does not ask for it.
 */
#ifndef CHIMERA_SERVER_TLS_H
#define CHIMERA_SERVER_TLS_H

#include <openssl/ssl.h>
#include <sys/types.h>

#include "runtime/base/error.h"

struct tls_files { /* owns all; NULL where there is none */
    X509 *certificate;
    STACK_OF(X509) * chain; /* behind the certificate, in its file */
    EVP_PKEY *key;
    STACK_OF(X509) * client_authorities; /* not NULL: clients must have a certificate */
};

/* `client_ca_files` is a list with commas, or NULL. */
int tls_files_read(const char *cert_file, const char *key_file, const char *client_ca_files,
                   struct tls_files *ret_files, struct chimera_error *err);
void tls_files_done(struct tls_files *files);

/* Owned by the caller, who ends it with SSL_CTX_free(). */
int tls_context_new(const struct tls_files *files, SSL_CTX **ret_context,
                    struct chimera_error *err);

/* The server's side of a new connection; the handshake happens within the first reads. NULL when
 * memory ran out. The descriptor stays the caller's. */
SSL *tls_accept(SSL_CTX *context, int fd);

/* Negative answers of the two below. */
enum { TLS_FAILED = -1, TLS_WANTS_READ = -2, TLS_WANTS_WRITE = -3 };

/* Bytes read, 0 at the end of the stream, or one of the above. */
ssize_t tls_read(SSL *tls, void *to, size_t size);
/* Bytes written, at least 1, or one of the above. A write that wanted to wait may be tried again
 * from another place in memory. */
ssize_t tls_write(SSL *tls, const void *from, size_t size);

#endif
