/* SPDX-License-Identifier: Apache-2.0 */
/* tls.h - OpenSSL, set up as policy-server.md §5 and libraries.md §3.3 (rule 3) want it.
 *
 * Who parses has no files any more, so the supervisor hands over copies of them (certificates.h).
 * Each loop makes a context of its own from what was parsed. No session is ever resumed: the API
 * server does not ask for it.
 */
#ifndef CHIMERA_SERVER_CLIENT_TLS_H
#define CHIMERA_SERVER_CLIENT_TLS_H

#include <openssl/ssl.h>
#include <sys/types.h>

#include "runtime/base/error.h"
#include "server/client/peer.h"
#include "server/config/options.h"

/* Copies of the files in memory, none of which ever changes: sealed memfds. -1: none. The
 * authorities are all files of the list, each followed by a NUL. */
struct tls_texts {
    int certificate_fd, key_fd, authorities_fd;
};

#define TLS_TEXTS_NONE ((struct tls_texts){-1, -1, -1})
#define TLS_TEXT_MAX ((size_t)4 << 20)

struct tls_files { /* owns all; NULL where there is none */
    X509 *certificate;
    STACK_OF(X509) * chain; /* behind the certificate, in its file */
    EVP_PKEY *key;
    STACK_OF(X509) * client_authorities; /* not NULL: clients must have a certificate */
};

/* What is there must be good: a certificate, the key that belongs to it, an authority. The options
 * have the names, for messages. */
int tls_files_read(const struct tls_texts *texts, const struct options *options,
                   struct tls_files *ret_files, struct chimera_error *err);
/* Says in the log how many authorities there are. */
void tls_files_announce(const struct tls_files *files);
void tls_files_done(struct tls_files *files);

/* Owned by the caller, who ends it with SSL_CTX_free(). */
int tls_context_new(const struct tls_files *files, SSL_CTX **ret_context,
                    struct chimera_error *err);

/* The server's side of a new connection; the handshake happens within the first reads. NULL when
 * memory ran out. The descriptor stays the caller's. */
SSL *tls_accept(SSL_CTX *context, int fd);

/* Whose certificate it is, once the handshake is over; false: it has shown none. */
bool tls_peer_name(SSL *tls, struct peer_name *ret_name);

/* Negative answers of the two below. */
enum { TLS_FAILED = -1, TLS_WANTS_READ = -2, TLS_WANTS_WRITE = -3 };

/* Bytes read, 0 at the end of the stream, or one of the above. */
ssize_t tls_read(SSL *tls, void *to, size_t size);
/* Bytes written, at least 1, or one of the above. A write that wanted to wait may be tried again
 * from another place in memory. */
ssize_t tls_write(SSL *tls, const void *from, size_t size);

#endif
