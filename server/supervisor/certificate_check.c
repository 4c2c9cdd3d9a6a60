/* SPDX-License-Identifier: Apache-2.0 */
#include "server/supervisor/certificate_check.h"

#include <openssl/err.h>
#include <openssl/x509v3.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "runtime/log/log.h"

#define TARGET "server::certificates"
#define DAY_S ((time_t)24 * 60 * 60)
#define SKEW_S ((time_t)5 * 60) /* by which clocks of a cluster may differ */
#define NAME_SIZE 200
#define DATE_SIZE 40

/* What crypto/tls of Go 1.22 and later offers, by which API servers speak; OpenSSL's names. */
#define API_SERVER_GROUPS "X25519:P-256:P-384:P-521"
#define API_SERVER_RSA_MAX 8192
#define API_SERVER_SIGNATURES                                                 \
    "rsa_pss_rsae_sha256:ecdsa_secp256r1_sha256:ed25519:rsa_pss_rsae_sha384:" \
    "rsa_pss_rsae_sha512:RSA+SHA256:RSA+SHA384:RSA+SHA512:"                   \
    "ecdsa_secp384r1_sha384:ecdsa_secp521r1_sha512:RSA+SHA1:ECDSA+SHA1"

/* --- What a certificate says --- */

static void print_name(const X509 *certificate, char ret_text[NAME_SIZE])
{
    BIO *bio = BIO_new(BIO_s_mem());
    char *text = NULL;
    long size = 0;
    if (bio && X509_NAME_print_ex(bio, X509_get_subject_name(certificate), 0, XN_FLAG_RFC2253) > 0)
        size = BIO_get_mem_data(bio, &text);
    if (size > 0)
        snprintf(ret_text, NAME_SIZE, "\"%.*s\"", size < NAME_SIZE ? (int)size : NAME_SIZE, text);
    else
        snprintf(ret_text, NAME_SIZE, "without a subject");
    BIO_free(bio);
    ERR_clear_error();
}

static void print_date(const ASN1_TIME *date, char ret_text[DATE_SIZE])
{
    struct tm tm = {0};
    ret_text[0] = '\0';
    if (ASN1_TIME_to_tm(date, &tm) == 1)
        strftime(ret_text, DATE_SIZE, "%Y-%m-%d %H:%M:%S UTC", &tm);
}

/* Is `date` before the moment that is `seconds` from now on? One that cannot be read is always. */
static bool is_before(const ASN1_TIME *date, time_t seconds)
{
    time_t at = time(NULL) + seconds;
    return X509_cmp_time(date, &at) <= 0;
}

__attribute__((format(printf, 3, 4))) static void warn(const char *file, const X509 *certificate,
                                                       const char *format, ...)
{
    char name[NAME_SIZE], text[300];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(text, sizeof(text), format, arguments);
    va_end(arguments);
    print_name(certificate, name);
    chimera_log_with(CHIMERA_LOG_WARN, TARGET, chimera_slice_of(text),
                     CHIMERA_TEXT("path", chimera_slice_of(file)),
                     CHIMERA_TEXT("certificate", chimera_slice_of(name)));
}

/* Why nobody takes it now; fills `err`. */
static int check_dates(const char *file, const X509 *certificate, struct chimera_error *err)
{
    const ASN1_TIME *from = X509_get0_notBefore(certificate), *to = X509_get0_notAfter(certificate);
    char name[NAME_SIZE], from_text[DATE_SIZE], to_text[DATE_SIZE];
    print_name(certificate, name);
    print_date(from, from_text);
    print_date(to, to_text);
    if (is_before(to, 0))
        return chimera_fail(err, CHIMERA_EREFUSED,
                            "%s: the certificate %s has expired: it was valid from %s to %s; renew "
                            "it",
                            file, name, from_text, to_text);
    if (!is_before(from, SKEW_S))
        return chimera_fail(err, CHIMERA_EREFUSED,
                            "%s: the certificate %s is not valid yet: it is from %s to %s; look at "
                            "the clocks of this machine and of who issued it",
                            file, name, from_text, to_text);
    return CHIMERA_OK;
}

/* What will be so soon, or has just become so. */
static void warn_of_dates(const char *file, const X509 *certificate)
{
    const ASN1_TIME *from = X509_get0_notBefore(certificate), *to = X509_get0_notAfter(certificate);
    char date[DATE_SIZE];
    if (!is_before(from, 0)) {
        print_date(from, date);
        warn(file, certificate, "the certificate is not valid before %s", date);
    }
    if (is_before(to, DAY_S)) {
        print_date(to, date);
        warn(file, certificate, "the certificate expires within a day: on %s", date);
    }
}

/* What the API server, or another client, may refuse. */
static void warn_of_uses(const char *file, X509 *certificate)
{
    uint32_t uses = X509_get_extended_key_usage(certificate); /* all, if it names none */
    if (!(uses & (XKU_SSL_SERVER | XKU_ANYEKU)))
        warn(file, certificate,
             "the certificate is for other uses than serverAuth: clients that check it refuse it");
    if (X509_get_ext_by_NID(certificate, NID_subject_alt_name, -1) < 0)
        warn(file, certificate,
             "the certificate has no subjectAltName: clients find no name in it, and the API "
             "server refuses it");
    const EVP_PKEY *key = X509_get0_pubkey(certificate);
    if (key && EVP_PKEY_is_a(key, "RSA") && EVP_PKEY_get_bits(key) > API_SERVER_RSA_MAX)
        warn(file, certificate, "the API server refuses RSA keys of more than %d bits",
             API_SERVER_RSA_MAX);
    if (X509_check_ca(certificate) == 1)
        warn(file, certificate,
             "the certificate is an authority's: some clients refuse it for a server");
}

/* --- What can be done with it --- */

/* As SSL_CTX_set_security_level() has them. */
static int bits_of_level(int level)
{
    static const int bits[] = {0, 80, 112, 128, 192, 256};
    return bits[level < 0 ? 0 : level > 5 ? 5 : level];
}

static int check_key(const char *file, const struct tls_files *files, struct chimera_error *err)
{
    char name[NAME_SIZE];
    SSL_CTX *context = SSL_CTX_new(TLS_server_method());
    int wanted = context ? bits_of_level(SSL_CTX_get_security_level(context)) : 0;
    int bits = EVP_PKEY_get_security_bits(files->key);
    SSL_CTX_free(context);
    if (bits >= wanted)
        return CHIMERA_OK;
    print_name(files->certificate, name);
    return chimera_fail(err, CHIMERA_EREFUSED,
                        "%s: the key of the certificate %s, %s of %d bits, is too small: it gives "
                        "%d bits of security, and this machine's OpenSSL wants %d, which is RSA of "
                        "2048 bits or P-256; make a new pair",
                        file, name, EVP_PKEY_get0_type_name(files->key),
                        EVP_PKEY_get_bits(files->key), bits, wanted);
}

/* A client that believes everybody. `is_api_server`: with what API servers offer; else all of
 * OpenSSL's. */
static SSL_CTX *make_client(bool is_api_server, int version)
{
    SSL_CTX *context = SSL_CTX_new(TLS_client_method());
    if (!context)
        return NULL;
    SSL_CTX_set_verify(context, SSL_VERIFY_NONE, NULL);
    bool is_set = SSL_CTX_set_min_proto_version(context, version) == 1 &&
                  SSL_CTX_set_max_proto_version(context, version) == 1;
    if (is_api_server)
        is_set = is_set && SSL_CTX_set1_groups_list(context, API_SERVER_GROUPS) == 1 &&
                 SSL_CTX_set1_sigalgs_list(context, API_SERVER_SIGNATURES) == 1;
    if (is_set)
        return context;
    SSL_CTX_free(context);
    return NULL;
}

/* Each side reads what the other has written, by turns, until both are through or one gives up. */
static bool shake(SSL *server, SSL *client)
{
    for (int turns = 0; turns < 20; turns++) {
        int a = SSL_connect(client), b = SSL_accept(server);
        if (a == 1 && b == 1)
            return true;
        if ((a <= 0 && SSL_get_error(client, a) != SSL_ERROR_WANT_READ) ||
            (b <= 0 && SSL_get_error(server, b) != SSL_ERROR_WANT_READ))
            return false;
    }
    return false;
}

/* In memory. */
static bool can_shake(SSL_CTX *server_context, bool is_api_server, int version)
{
    SSL_CTX *client_context = make_client(is_api_server, version);
    SSL *server = SSL_new(server_context);
    SSL *client = client_context ? SSL_new(client_context) : NULL;
    BIO *server_end = NULL, *client_end = NULL;
    bool is_done = false;
    if (server && client && BIO_new_bio_pair(&server_end, 0, &client_end, 0) == 1) {
        SSL_set_bio(server, server_end, server_end); /* now theirs */
        SSL_set_bio(client, client_end, client_end);
        is_done = shake(server, client);
    }
    SSL_free(server);
    SSL_free(client);
    SSL_CTX_free(client_context);
    ERR_clear_error();
    return is_done;
}

static bool serves(SSL_CTX *server, bool is_api_server)
{
    return can_shake(server, is_api_server, TLS1_3_VERSION) ||
           can_shake(server, is_api_server, TLS1_2_VERSION);
}

/* Asks OpenSSL itself, by trying: what it takes depends on its version and configuration. */
static int check_handshake(const char *file, const struct tls_files *files,
                           struct chimera_error *err)
{
    struct tls_files own = *files;
    struct chimera_error why = {0};
    char name[NAME_SIZE], curve[80] = "";
    SSL_CTX *context = NULL;
    size_t length = 0;
    own.client_authorities = NULL; /* the clients here have no certificate */
    print_name(files->certificate, name);
    EVP_PKEY_get_group_name(files->key, curve, sizeof(curve), &length); /* "": it has none */
    if (tls_context_new(&own, &context, &why) < 0)
        return chimera_fail(err, why.code, "%s: certificate %s: %s", file, name, why.text);
    int code = CHIMERA_OK;
    if (!serves(context, false))
        code = chimera_fail(err, CHIMERA_EREFUSED,
                            "%s: no client can be served with the certificate %s: its key (%s%s%s) "
                            "has no place in TLS 1.2 and 1.3; make a new pair, with P-256 or RSA",
                            file, name, EVP_PKEY_get0_type_name(files->key), *curve ? ", " : "",
                            curve);
    else if (!serves(context, true))
        warn(file, files->certificate,
             "the API server cannot be served with the certificate: it does not know keys such as "
             "%s%s%s",
             EVP_PKEY_get0_type_name(files->key), *curve ? ", " : "", curve);
    SSL_CTX_free(context);
    return code;
}

/* --- Authorities --- */

/* One that is valid is enough for some client. */
static int check_authorities(const char *list, const struct tls_files *files,
                             struct chimera_error *err)
{
    struct chimera_error why = {0};
    int count = files->client_authorities ? sk_X509_num(files->client_authorities) : 0, good = 0;
    for (int i = count - 1; i >= 0; i--)
        good += check_dates(list, sk_X509_value(files->client_authorities, i), &why) == CHIMERA_OK;
    if (count > 0 && good == 0)
        return chimera_fail(err, CHIMERA_EREFUSED, "no client can be certified: %.900s", why.text);
    for (int i = 0; i < count && good < count; i++)
        if (check_dates(list, sk_X509_value(files->client_authorities, i), &why) < 0)
            chimera_log_with(CHIMERA_LOG_WARN, TARGET,
                             CHIMERA_SLICE("a client authority certifies nobody"),
                             CHIMERA_TEXT("error", chimera_slice_of(why.text)));
    return CHIMERA_OK;
}

int certificate_check(const struct tls_files *files, const struct options *options,
                      struct chimera_error *err)
{
    const char *file = options->cert_file;
    int code = check_dates(file, files->certificate, err);
    if (code == CHIMERA_OK)
        code = check_key(file, files, err);
    if (code == CHIMERA_OK)
        code = check_handshake(file, files, err);
    if (code == CHIMERA_OK)
        code = check_authorities(options->client_ca_files, files, err);
    if (code < 0)
        return code;
    warn_of_dates(file, files->certificate);
    warn_of_uses(file, files->certificate);
    /* Clients may know another way to a root than an expired part of the chain. */
    struct chimera_error why = {0};
    for (int i = 0; i < sk_X509_num(files->chain); i++) {
        const X509 *certificate = sk_X509_value(files->chain, i);
        if (check_dates(file, certificate, &why) < 0)
            chimera_log_with(CHIMERA_LOG_WARN, TARGET,
                             CHIMERA_SLICE("a certificate of the chain is of no use"),
                             CHIMERA_TEXT("error", chimera_slice_of(why.text)));
        else
            warn_of_dates(file, certificate);
    }
    return CHIMERA_OK;
}
