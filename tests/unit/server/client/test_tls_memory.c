/* SPDX-License-Identifier: Apache-2.0 */
/* What OpenSSL takes for a connection is counted where it is taken (server/client/tls_memory.h):
 * against what the heap itself says, in each stage of a handshake. `test_tls_memory -v` prints the
 * figures that docs/internals/loops.md has. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
/* cmocka wants those before it */
#include <cmocka.h>

#include <fcntl.h>
#include <openssl/x509v3.h>
#include <sys/socket.h>
#include <unistd.h>

#include "server/client/tls.h"
#include "server/client/tls_memory.h"

static SSL_CTX *plain_server, *strict_server, *client, *client_with_certificate;
static bool is_told;

static void tell(const char *what, size_t bytes)
{
    if (is_told)
        print_message("%-45s %6zu bytes\n", what, bytes);
}

static EVP_PKEY *make_key(void)
{
    EVP_PKEY *key = EVP_EC_gen("P-256");
    assert_non_null(key);
    return key;
}

static X509 *make_certificate(EVP_PKEY *key)
{
    X509 *made = X509_new();
    X509_NAME *name = X509_get_subject_name(made);
    assert_int_equal(X509_set_version(made, X509_VERSION_3), 1);
    ASN1_INTEGER_set(X509_get_serialNumber(made), 1);
    X509_gmtime_adj(X509_getm_notBefore(made), -60);
    X509_gmtime_adj(X509_getm_notAfter(made), 3600);
    X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC, (const unsigned char *)"test", -1, -1, 0);
    X509_set_issuer_name(made, name);
    X509_set_pubkey(made, key);
    assert_true(X509_sign(made, key, EVP_sha256()) > 0);
    return made;
}

static SSL_CTX *make_server(X509 *certificate, EVP_PKEY *key, X509 *authority)
{
    SSL_CTX *made = NULL;
    struct tls_files files = {.certificate = certificate, .key = key};
    if (authority) {
        files.client_authorities = sk_X509_new_null();
        sk_X509_push(files.client_authorities, authority);
    }
    assert_int_equal(tls_context_new(&files, &made, NULL), CHIMERA_OK);
    sk_X509_free(files.client_authorities);
    return made;
}

static int set_up(void **state)
{
    (void)state;
    assert_true(tls_memory_begin());
    EVP_PKEY *key = make_key();
    X509 *certificate = make_certificate(key);
    plain_server = make_server(certificate, key, NULL);
    strict_server = make_server(certificate, key, certificate);
    client = SSL_CTX_new(TLS_client_method());
    client_with_certificate = SSL_CTX_new(TLS_client_method());
    SSL_CTX_use_certificate(client_with_certificate, certificate);
    SSL_CTX_use_PrivateKey(client_with_certificate, key);
    X509_free(certificate);
    EVP_PKEY_free(key);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    SSL_CTX_free(plain_server);
    SSL_CTX_free(strict_server);
    SSL_CTX_free(client);
    SSL_CTX_free(client_with_certificate);
    return 0;
}

struct pair {
    int fds[2];
    SSL *server, *client;
    size_t taken; /* by the server's side */
};

static struct pair open_pair(SSL_CTX *of_server, SSL_CTX *of_client)
{
    struct pair pair = {.taken = 0};
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, pair.fds), 0);
    size_t before = tls_memory_taken();
    pair.server = tls_accept(of_server, pair.fds[0]);
    pair.taken = tls_memory_taken() - before;
    pair.client = SSL_new(of_client);
    SSL_set_fd(pair.client, pair.fds[1]);
    SSL_set_connect_state(pair.client);
    return pair;
}

static ssize_t read_of(struct pair *pair)
{
    char bytes[256];
    size_t before = tls_memory_taken();
    ssize_t size = tls_read(pair->server, bytes, sizeof(bytes));
    pair->taken += tls_memory_taken() - before;
    return size;
}

static void shake_hands(struct pair *pair)
{
    for (unsigned i = 0; i < 10; i++) {
        SSL_do_handshake(pair->client);
        assert_int_equal(read_of(pair), TLS_WANTS_READ);
        if (SSL_is_init_finished(pair->server) && SSL_is_init_finished(pair->client))
            return;
    }
    fail();
}

/* Nothing of it is left in the account. */
static void close_pair(struct pair *pair)
{
    size_t before = tls_memory_taken();
    SSL_free(pair->server);
    assert_int_equal(before - tls_memory_taken(), pair->taken);
    SSL_free(pair->client);
    close(pair->fds[0]);
    close(pair->fds[1]);
}

/* The first time of all fills what OpenSSL keeps for all connections. */
static void do_it_once(void)
{
    struct pair pair = open_pair(plain_server, client);
    shake_hands(&pair);
    SSL_free(pair.server);
    SSL_free(pair.client);
    close(pair.fds[0]);
    close(pair.fds[1]);
    pair = open_pair(strict_server, client_with_certificate);
    shake_hands(&pair);
    SSL_free(pair.server);
    SSL_free(pair.client);
    close(pair.fds[0]);
    close(pair.fds[1]);
}

static void each_stage_is_counted_and_given_back(void **state)
{
    (void)state;
    do_it_once();
    struct pair pair = open_pair(plain_server, client);
    size_t accepted = pair.taken;
    tell("accepted", accepted);
    assert_int_equal(write(pair.fds[1], "\x16\x03\x01\x02\x00\x01", 6), 6);
    assert_int_equal(read_of(&pair), TLS_WANTS_READ);
    tell("six bytes of a ClientHello", pair.taken);
    assert_true(pair.taken > accepted);
    close_pair(&pair);

    pair = open_pair(plain_server, client);
    SSL_do_handshake(pair.client);
    assert_int_equal(read_of(&pair), TLS_WANTS_READ);
    tell("ClientHello, and nothing behind it", pair.taken);
    size_t halfway = pair.taken;
    shake_hands(&pair);
    tell("idle", pair.taken);
    assert_true(pair.taken < halfway);
    size_t idle = pair.taken;

    assert_int_equal(SSL_write(pair.client, "x", 1), 1);
    assert_int_equal(read_of(&pair), 1);
    assert_int_equal(read_of(&pair), TLS_WANTS_READ);
    assert_int_equal(pair.taken, idle); /* it does not grow by requests */
    assert_int_equal(write(pair.fds[1], "\x17\x03\x03\x40\x00\x00", 6), 6);
    assert_int_equal(read_of(&pair), TLS_WANTS_READ);
    tell("idle, with the start of a record", pair.taken);
    assert_true(pair.taken > idle + 16384);
    close_pair(&pair);
}

static void a_certificate_of_the_client_is_counted_and_names_it(void **state)
{
    (void)state;
    struct pair pair = open_pair(strict_server, client_with_certificate);
    struct peer_name name = {0}, again = {0};
    assert_false(tls_peer_name(pair.server, &name));
    shake_hands(&pair);
    tell("idle, with a client's certificate", pair.taken);
    assert_true(tls_peer_name(pair.server, &name));
    assert_true(name.is_certificate);
    assert_memory_not_equal(name.bytes, again.bytes, PEER_NAME_BYTES); /* it has one */
    close_pair(&pair);
    pair = open_pair(strict_server, client_with_certificate);
    shake_hands(&pair);
    assert_true(tls_peer_name(pair.server, &again));
    assert_memory_equal(name.bytes, again.bytes, PEER_NAME_BYTES);
    close_pair(&pair);
    pair = open_pair(plain_server, client_with_certificate);
    shake_hands(&pair);
    assert_false(tls_peer_name(pair.server, &again));
    close_pair(&pair);
}

static void what_is_counted_is_what_the_heap_gave(void **state)
{
    (void)state;
    size_t before = tls_memory_taken();
    char *at = OPENSSL_malloc(1000);
    assert_true(tls_memory_taken() - before >= 1000);
    at = OPENSSL_realloc(at, 100000);
    assert_true(tls_memory_taken() - before >= 100000);
    at = OPENSSL_realloc(at, 10);
    assert_true(tls_memory_taken() - before < 100000);
    OPENSSL_free(at);
    assert_int_equal(tls_memory_taken(), before);
    at = OPENSSL_malloc(1000);
    assert_null(OPENSSL_realloc(at, 0));
    assert_int_equal(tls_memory_taken(), before);
    assert_null(OPENSSL_malloc(0));
    OPENSSL_free(NULL);
    assert_int_equal(tls_memory_taken(), before);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_stage_is_counted_and_given_back),
        cmocka_unit_test(a_certificate_of_the_client_is_counted_and_names_it),
        cmocka_unit_test(what_is_counted_is_what_the_heap_gave),
    };
    is_told = argc > 1 && strcmp(argv[1], "-v") == 0;
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
