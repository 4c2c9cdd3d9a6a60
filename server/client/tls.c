/* SPDX-License-Identifier: Apache-2.0 */
#include "server/client/tls.h"

#include <errno.h>
#include <limits.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "runtime/base/slice.h"
#include "runtime/log/log.h"

#define CIPHERS_OF_TLS12                                           \
    "ECDHE-ECDSA-AES256-GCM-SHA384:ECDHE-ECDSA-AES128-GCM-SHA256:" \
    "ECDHE-ECDSA-CHACHA20-POLY1305:ECDHE-RSA-AES256-GCM-SHA384:"   \
    "ECDHE-RSA-AES128-GCM-SHA256:ECDHE-RSA-CHACHA20-POLY1305"

/* OpenSSL knows the first of the first list from 3.5 on; before, the second list is taken. Not
 * constant, because OpenSSL's macro casts; nobody writes to them. */
static char groups[] = "X25519MLKEM768:X25519:P-256:P-384";
static char groups_before[] = "X25519:P-256:P-384";

struct mapping {
    char *data;
    size_t size;
};

static void unmap(struct mapping *mapping)
{
    if (mapping->data)
        munmap(mapping->data, mapping->size);
}

#define UNMAP __attribute__((cleanup(unmap)))

static void free_bio(BIO **bio)
{
    BIO_free(*bio);
}

static int map_text(int fd, const char *name, struct mapping *ret_text, struct chimera_error *err)
{
    off_t size = lseek(fd, 0, SEEK_END); /* fstat() is another call in each libc */
    if (size == 0)
        return CHIMERA_OK;
    void *at = size > 0 ? mmap(NULL, (size_t)size, PROT_READ, MAP_PRIVATE, fd, 0) : MAP_FAILED;
    if (at == MAP_FAILED)
        return chimera_fail(err, CHIMERA_EIO, "cannot map %s: %s", name, strerror(errno));
    *ret_text = (struct mapping){.data = at, .size = (size_t)size};
    return CHIMERA_OK;
}

/* All certificates of one file, appended to `stack`; what is no certificate is passed over. */
static int read_certificates(struct chimera_slice text, const char *path, STACK_OF(X509) * stack,
                             struct chimera_error *err)
{
    __attribute__((cleanup(free_bio))) BIO *bio =
        BIO_new_mem_buf(text.size ? text.data : "", (int)text.size);
    if (!bio)
        return chimera_fail(err, CHIMERA_ENOMEM, "%s: out of memory", path);
    char *name = NULL, *header = NULL;
    unsigned char *der = NULL;
    long size = 0;
    while (PEM_read_bio(bio, &name, &header, &der, &size) == 1) {
        const unsigned char *at = der;
        bool is_certificate =
            strcmp(name, PEM_STRING_X509) == 0 || strcmp(name, PEM_STRING_X509_OLD) == 0;
        X509 *certificate = is_certificate ? d2i_X509(NULL, &at, size) : NULL;
        OPENSSL_free(name);
        OPENSSL_free(header);
        OPENSSL_free(der);
        if (certificate && sk_X509_push(stack, certificate) <= 0) {
            X509_free(certificate);
            return chimera_fail(err, CHIMERA_ENOMEM, "%s: out of memory", path);
        }
    }
    ERR_clear_error(); /* the end of the file is one */
    return CHIMERA_OK;
}

static int read_server_certificate(int fd, const char *path, struct tls_files *files,
                                   struct chimera_error *err)
{
    UNMAP struct mapping text = {0};
    files->chain = sk_X509_new_null();
    if (!files->chain)
        return chimera_fail(err, CHIMERA_ENOMEM, "%s: out of memory", path);
    int code = map_text(fd, path, &text, err);
    if (code == CHIMERA_OK)
        code = read_certificates((struct chimera_slice){text.data, text.size}, path, files->chain,
                                 err);
    if (code < 0)
        return code;
    files->certificate = sk_X509_shift(files->chain);
    if (!files->certificate)
        return chimera_fail(err, CHIMERA_EINVAL,
                            "Expected exactly one certificate in certificate file, found 0: %s",
                            path);
    return CHIMERA_OK;
}

static int read_key(int fd, const char *path, struct tls_files *files, struct chimera_error *err)
{
    UNMAP struct mapping text = {0};
    int code = map_text(fd, path, &text, err);
    if (code < 0)
        return code;
    __attribute__((cleanup(free_bio))) BIO *bio =
        BIO_new_mem_buf(text.size ? text.data : "", (int)text.size);
    if (!bio)
        return chimera_fail(err, CHIMERA_ENOMEM, "%s: out of memory", path);
    /* The empty text is the passphrase: without it OpenSSL would ask at the terminal. */
    files->key = PEM_read_bio_PrivateKey(bio, NULL, NULL, (void *)(uintptr_t)"");
    ERR_clear_error();
    if (!files->key)
        return chimera_fail(err, CHIMERA_EINVAL,
                            "Expected exactly one key in key file, found 0: %s", path);
    bool is_pair = X509_check_private_key(files->certificate, files->key) == 1;
    ERR_clear_error();
    if (!is_pair)
        return chimera_fail(err, CHIMERA_EINVAL, "%s: the key does not belong to the certificate",
                            path);
    return CHIMERA_OK;
}

static int read_client_authorities(int fd, const char *list, struct tls_files *files,
                                   struct chimera_error *err)
{
    UNMAP struct mapping text = {0};
    files->client_authorities = sk_X509_new_null();
    if (!files->client_authorities)
        return chimera_fail(err, CHIMERA_ENOMEM, "%s: out of memory", list);
    int code = map_text(fd, list, &text, err);
    for (size_t at = 0; at < text.size && code == CHIMERA_OK;) {
        size_t size = strnlen(text.data + at, text.size - at);
        code = read_certificates((struct chimera_slice){text.data + at, size}, list,
                                 files->client_authorities, err);
        at += size + 1;
    }
    if (code < 0)
        return code;
    if (sk_X509_num(files->client_authorities) == 0)
        return chimera_fail(err, CHIMERA_EINVAL,
                            "Cannot build client verifier: no certificate in %s", list);
    return CHIMERA_OK;
}

int tls_files_read(const struct tls_texts *texts, const struct options *options,
                   struct tls_files *ret_files, struct chimera_error *err)
{
    struct tls_files files = {0};
    int code = read_server_certificate(texts->certificate_fd, options->cert_file, &files, err);
    if (code == CHIMERA_OK)
        code = read_key(texts->key_fd, options->key_file, &files, err);
    if (code == CHIMERA_OK && texts->authorities_fd >= 0)
        code =
            read_client_authorities(texts->authorities_fd, options->client_ca_files, &files, err);
    ERR_clear_error(); /* of memory that ran out; else the next connection would see it */
    if (code < 0) {
        tls_files_done(&files);
        return code;
    }
    *ret_files = files;
    return CHIMERA_OK;
}

void tls_files_announce(const struct tls_files *files)
{
    if (files->client_authorities)
        chimera_log_with(CHIMERA_LOG_INFO, "tls", CHIMERA_SLICE("Loaded client CA certificates"),
                         CHIMERA_NUMBER("count", sk_X509_num(files->client_authorities)));
}

void tls_files_done(struct tls_files *files)
{
    X509_free(files->certificate);
    sk_X509_pop_free(files->chain, X509_free);
    EVP_PKEY_free(files->key);
    sk_X509_pop_free(files->client_authorities, X509_free);
    *files = (struct tls_files){0};
}

static bool set_protocol(SSL_CTX *context)
{
    /* The client's order of ciphers counts, as in the reference: all of ours are good, and the API
     * server knows whether AES is fast on its machine. */
    SSL_CTX_set_options(context,
                        SSL_OP_NO_TICKET | SSL_OP_NO_RENEGOTIATION | SSL_OP_IGNORE_UNEXPECTED_EOF);
    SSL_CTX_set_mode(context, SSL_MODE_RELEASE_BUFFERS | SSL_MODE_ENABLE_PARTIAL_WRITE |
                                  SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
    SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_OFF);
    SSL_CTX_set_read_ahead(context, 1); /* one read(2) for a record's head and body */
    bool has_groups = SSL_CTX_set1_groups_list(context, groups) == 1 ||
                      SSL_CTX_set1_groups_list(context, groups_before) == 1;
    ERR_clear_error();
    return has_groups && SSL_CTX_set_num_tickets(context, 0) == 1 &&
           SSL_CTX_set_min_proto_version(context, TLS1_2_VERSION) == 1 &&
           SSL_CTX_set_cipher_list(context, CIPHERS_OF_TLS12) == 1;
}

/* Every certificate of the files is an anchor, be it an authority or the client's own. */
static bool set_client_authorities(SSL_CTX *context, const struct tls_files *files)
{
    X509_STORE *store = SSL_CTX_get_cert_store(context);
    X509_VERIFY_PARAM *parameters = SSL_CTX_get0_param(context);
    if (X509_VERIFY_PARAM_set_flags(parameters, X509_V_FLAG_PARTIAL_CHAIN) != 1)
        return false;
    for (int i = 0; i < sk_X509_num(files->client_authorities); i++) {
        X509 *authority = sk_X509_value(files->client_authorities, i);
        if (X509_STORE_add_cert(store, authority) != 1 ||
            SSL_CTX_add_client_CA(context, authority) != 1)
            return false;
    }
    SSL_CTX_set_verify(context, SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, NULL);
    return true;
}

int tls_context_new(const struct tls_files *files, SSL_CTX **ret_context, struct chimera_error *err)
{
    SSL_CTX *context = SSL_CTX_new(TLS_server_method());
    char why[200] = "";
    bool is_set =
        context && set_protocol(context) &&
        SSL_CTX_use_certificate(context, files->certificate) == 1 &&
        SSL_CTX_use_PrivateKey(context, files->key) == 1 &&
        (sk_X509_num(files->chain) == 0 || SSL_CTX_set1_chain(context, files->chain) == 1) &&
        (!files->client_authorities || set_client_authorities(context, files));
    if (!is_set)
        ERR_error_string_n(ERR_get_error(), why, sizeof(why));
    ERR_clear_error(); /* OpenSSL can do without some of the memory that it asks for */
    if (is_set) {
        *ret_context = context;
        return CHIMERA_OK;
    }
    SSL_CTX_free(context);
    return chimera_fail(err, CHIMERA_EINVAL, "cannot set TLS up: %s", why);
}

SSL *tls_accept(SSL_CTX *context, int fd)
{
    SSL *tls = SSL_new(context);
    if (tls && SSL_set_fd(tls, fd) == 1) {
        SSL_set_accept_state(tls);
        return tls;
    }
    SSL_free(tls);
    ERR_clear_error();
    return NULL;
}

bool tls_peer_name(SSL *tls, struct peer_name *ret_name)
{
    unsigned char digest[EVP_MAX_MD_SIZE];
    struct peer_name name = {.is_certificate = true};
    X509 *certificate = SSL_get0_peer_certificate(tls);
    if (!certificate || SSL_get_verify_result(tls) != X509_V_OK ||
        X509_digest(certificate, EVP_sha256(), digest, NULL) != 1) {
        ERR_clear_error();
        return false;
    }
    memcpy(name.bytes, digest, sizeof(name.bytes));
    *ret_name = name;
    return true;
}

static ssize_t explain(SSL *tls, int result)
{
    switch (SSL_get_error(tls, result)) {
    case SSL_ERROR_WANT_READ:
        return TLS_WANTS_READ;
    case SSL_ERROR_WANT_WRITE:
        return TLS_WANTS_WRITE;
    case SSL_ERROR_ZERO_RETURN:
        return 0;
    default:
        ERR_clear_error(); /* else the next connection of this thread would see it */
        return TLS_FAILED;
    }
}

ssize_t tls_read(SSL *tls, void *to, size_t size)
{
    int count = SSL_read(tls, to, size < INT_MAX ? (int)size : INT_MAX);
    return count > 0 ? count : explain(tls, count);
}

ssize_t tls_write(SSL *tls, const void *from, size_t size)
{
    int count = SSL_write(tls, from, size < INT_MAX ? (int)size : INT_MAX);
    if (count > 0)
        return count;
    ssize_t code = explain(tls, count);
    return code == 0 ? TLS_FAILED : code;
}
