/* SPDX-License-Identifier: Apache-2.0 */
/* Certificates and keys as they are handed over, and connections beside ones that fail. OpenSSL
 * makes the certificates and is the client. The file is the server's own, so it comes in whole. */
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>

#include <cmocka.h>

#include "server/client/tls.c"
#include "tests/unit/failing_allocation.h"

struct pair {
    EVP_PKEY *key;
    X509 *certificate;
};

static struct pair ours, others;
static const struct options options = {
    .cert_file = "c.pem", .key_file = "k.pem", .client_ca_files = "a.pem"};

static struct pair make_pair(const char *name)
{
    struct pair pair = {EVP_EC_gen("P-256"), X509_new()};
    X509_set_version(pair.certificate, X509_VERSION_3);
    ASN1_INTEGER_set(X509_get_serialNumber(pair.certificate), 1);
    X509_gmtime_adj(X509_getm_notBefore(pair.certificate), 0);
    X509_gmtime_adj(X509_getm_notAfter(pair.certificate), 3600);
    X509_set_pubkey(pair.certificate, pair.key);
    X509_NAME *subject = X509_get_subject_name(pair.certificate);
    X509_NAME_add_entry_by_txt(subject, "CN", MBSTRING_ASC, (const unsigned char *)name, -1, -1, 0);
    X509_set_issuer_name(pair.certificate, subject);
    assert_true(X509_sign(pair.certificate, pair.key, EVP_sha256()) > 0);
    return pair;
}

static void write_old(BIO *bio, X509 *certificate)
{
    unsigned char *der = NULL;
    int size = i2d_X509(certificate, &der);
    PEM_write_bio(bio, PEM_STRING_X509_OLD, "", der, size);
    OPENSSL_free(der);
}

/* A file with the certificates, keys and words that `parts` names: c, d: ours and the other's; o:
 * ours under the name that certificates once had; k, l: their keys; w: words; 0: a NUL. */
static int file_of(const char *parts)
{
    BIO *bio = BIO_new(BIO_s_mem());
    for (; *parts; parts++) {
        const struct pair *pair = strchr("ck", *parts) ? &ours : &others;
        if (strchr("cd", *parts))
            PEM_write_bio_X509(bio, pair->certificate);
        else if (strchr("kl", *parts))
            PEM_write_bio_PrivateKey(bio, pair->key, NULL, NULL, 0, NULL, NULL);
        else if (*parts == 'o')
            write_old(bio, ours.certificate);
        else if (*parts == 'w')
            BIO_puts(bio, "words\n");
        else
            BIO_write(bio, "", 1);
    }
    char *text;
    long size = BIO_get_mem_data(bio, &text);
    int fd = memfd_create("pem", MFD_CLOEXEC);
    assert_int_equal(write(fd, text, (size_t)size), size);
    BIO_free(bio);
    return fd;
}

/* `authorities` NULL: none are named. */
static int read_files(const char *certificates, const char *keys, const char *authorities,
                      struct tls_files *ret_files, struct chimera_error *err)
{
    struct tls_texts texts = {file_of(certificates), file_of(keys),
                              authorities ? file_of(authorities) : -1};
    int code = tls_files_read(&texts, &options, ret_files, err);
    close(texts.certificate_fd);
    close(texts.key_fd);
    if (authorities)
        close(texts.authorities_fd);
    assert_int_equal(ERR_peek_error(), 0); /* the next who asks would think it was his */
    return code;
}

static void what_is_there_is_read(void **state)
{
    struct tls_files files;
    (void)state;
    assert_int_equal(read_files("c", "k", NULL, &files, NULL), CHIMERA_OK);
    assert_int_equal(X509_cmp(files.certificate, ours.certificate), 0);
    assert_int_equal(sk_X509_num(files.chain), 0);
    assert_null(files.client_authorities);
    tls_files_done(&files);
    assert_null(files.certificate);
    assert_int_equal(read_files("wkcwd", "wcwk", "0c0wd0", &files, NULL), CHIMERA_OK);
    assert_int_equal(X509_cmp(files.certificate, ours.certificate), 0);
    assert_int_equal(sk_X509_num(files.chain), 1);
    assert_int_equal(X509_cmp(sk_X509_value(files.chain, 0), others.certificate), 0);
    assert_int_equal(sk_X509_num(files.client_authorities), 2);
    tls_files_done(&files);
    assert_int_equal(read_files("o", "k", "c", &files, NULL), CHIMERA_OK);
    assert_int_equal(X509_cmp(files.certificate, ours.certificate), 0);
    assert_int_equal(sk_X509_num(files.client_authorities), 1);
    tls_files_done(&files);
}

/* Rotations read them again and again. */
static void no_file_stays_mapped(void **state)
{
    static char maps[256 * 1024];
    struct tls_files files;
    (void)state;
    assert_int_equal(read_files("c", "k", "c", &files, NULL), CHIMERA_OK);
    tls_files_done(&files);
    assert_int_equal(read_files("c", "l", NULL, &files, NULL), CHIMERA_EINVAL);
    FILE *file = fopen("/proc/self/maps", "r");
    assert_non_null(file);
    maps[fread(maps, 1, sizeof(maps) - 1, file)] = '\0';
    fclose(file);
    assert_null(strstr(maps, "memfd:pem"));
}

static void what_is_not_there_is_named(void **state)
{
    static const struct {
        const char *certificates, *keys, *authorities, *wanted;
    } cases[] = {
        {"", "k", NULL, "Expected exactly one certificate in certificate file, found 0: c.pem"},
        {"0", "k", NULL, "Expected exactly one certificate in certificate file, found 0: c.pem"},
        {"wk", "k", NULL, "Expected exactly one certificate in certificate file, found 0: c.pem"},
        {"c", "", NULL, "Expected exactly one key in key file, found 0: k.pem"},
        {"c", "wc", NULL, "Expected exactly one key in key file, found 0: k.pem"},
        {"c", "l", NULL, "k.pem: the key does not belong to the certificate"},
        {"dc", "k", NULL, "k.pem: the key does not belong to the certificate"},
        {"c", "k", "", "Cannot build client verifier: no certificate in a.pem"},
        {"c", "k", "0w0k0", "Cannot build client verifier: no certificate in a.pem"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct chimera_error err = {0};
        struct tls_files files = {.key = ours.key};
        int code =
            read_files(cases[i].certificates, cases[i].keys, cases[i].authorities, &files, &err);
        if (code != CHIMERA_EINVAL || strcmp(err.text, cases[i].wanted) != 0)
            fail_msg("case %zu: %d %s", i, code, err.text);
        assert_ptr_equal(files.key, ours.key); /* untouched */
    }
    struct chimera_error err = {0};
    struct tls_files files;
    struct tls_texts texts = {-1, -1, -1};
    assert_int_equal(tls_files_read(&texts, &options, &files, &err), CHIMERA_EIO);
    assert_string_equal(err.text, "cannot map c.pem: Bad file descriptor");
    texts.certificate_fd = file_of("c");
    assert_int_equal(tls_files_read(&texts, &options, &files, &err), CHIMERA_EIO);
    assert_string_equal(err.text, "cannot map k.pem: Bad file descriptor");
    texts.key_fd = file_of("k");
    texts.authorities_fd = dup(texts.key_fd);
    close(texts.authorities_fd);
    assert_int_equal(tls_files_read(&texts, &options, &files, &err), CHIMERA_EIO);
    assert_string_equal(err.text, "cannot map a.pem: Bad file descriptor");
    close(texts.certificate_fd);
    close(texts.key_fd);
}

static void authorities_are_announced_and_nothing_else(void **state)
{
    int log_fd = memfd_create("log", MFD_CLOEXEC);
    char text[1024] = "";
    struct tls_files files;
    (void)state;
    chimera_log_open(log_fd, CHIMERA_LOG_TEXT, CHIMERA_LOG_INFO);
    assert_int_equal(read_files("c", "k", NULL, &files, NULL), CHIMERA_OK);
    tls_files_announce(&files);
    tls_files_done(&files);
    assert_int_equal(pread(log_fd, text, sizeof(text) - 1, 0), 0);
    assert_int_equal(read_files("c", "k", "c0d", &files, NULL), CHIMERA_OK);
    tls_files_announce(&files);
    tls_files_done(&files);
    assert_true(pread(log_fd, text, sizeof(text) - 1, 0) > 0);
    assert_non_null(strstr(text, "Loaded client CA certificates count=2"));
    chimera_log_open(-1, CHIMERA_LOG_TEXT, CHIMERA_LOG_SILENT);
    close(log_fd);
}

/* --- Contexts --- */

static SSL_CTX *context_of(const char *certificates)
{
    struct tls_files files;
    SSL_CTX *made = NULL;
    assert_int_equal(read_files(certificates, "k", NULL, &files, NULL), CHIMERA_OK);
    assert_int_equal(tls_context_new(&files, &made, NULL), CHIMERA_OK);
    assert_int_equal(ERR_peek_error(), 0);
    tls_files_done(&files);
    return made;
}

static void a_context_has_what_it_shall_speak(void **state)
{
    SSL_CTX *made = context_of("cd");
    STACK_OF(X509) *chain = NULL;
    (void)state;
    assert_int_equal(SSL_CTX_get_min_proto_version(made), TLS1_2_VERSION);
    assert_int_equal(SSL_CTX_get_num_tickets(made), 0);
    STACK_OF(SSL_CIPHER) *ciphers = SSL_CTX_get_ciphers(made);
    for (int i = 0; i < sk_SSL_CIPHER_num(ciphers); i++) {
        const char *name = SSL_CIPHER_get_name(sk_SSL_CIPHER_value(ciphers, i));
        assert_true(strstr(CIPHERS_OF_TLS12, name) || strncmp(name, "TLS_", 4) == 0);
    }
    assert_int_equal(SSL_CTX_get0_chain_certs(made, &chain), 1);
    assert_int_equal(sk_X509_num(chain), 1);
    SSL_CTX_free(made);
    made = context_of("c");
    assert_int_equal(SSL_CTX_get0_chain_certs(made, &chain), 1);
    assert_true(sk_X509_num(chain) <= 0);
    SSL_CTX_free(made);
}

static void a_context_that_cannot_be_says_why(void **state)
{
    struct tls_files files = {.certificate = ours.certificate, .key = others.key};
    struct chimera_error err = {0};
    SSL_CTX *made = NULL;
    (void)state;
    assert_int_equal(tls_context_new(&files, &made, &err), CHIMERA_EINVAL);
    assert_null(made);
    assert_non_null(strstr(err.text, "cannot set TLS up: error:"));
    assert_non_null(strstr(err.text, "key values mismatch"));
    assert_int_equal(ERR_peek_error(), 0);
    files = (struct tls_files){.key = ours.key};
    assert_int_equal(tls_context_new(&files, &made, &err), CHIMERA_EINVAL);
    assert_null(made);
    assert_null(tls_accept(NULL, 0)); /* as without memory */
    assert_int_equal(ERR_peek_error(), 0);
}

/* An encrypted key is none: nobody is asked for its passphrase. */
static void an_encrypted_key_is_refused(void **state)
{
    struct chimera_error err = {0};
    struct tls_files files;
    struct tls_texts texts = {file_of("c"), memfd_create("key", 0), -1};
    BIO *bio = BIO_new_fd(dup(texts.key_fd), BIO_CLOSE);
    (void)state;
    assert_int_equal(PEM_write_bio_PrivateKey(bio, ours.key, EVP_aes_128_cbc(),
                                              (const unsigned char *)"secret", 6, NULL, NULL),
                     1);
    BIO_free(bio);
    assert_int_equal(tls_files_read(&texts, &options, &files, &err), CHIMERA_EINVAL);
    assert_string_equal(err.text, "Expected exactly one key in key file, found 0: k.pem");
    close(texts.certificate_fd);
    close(texts.key_fd);
}

/* --- Connections --- */

struct line { /* a connection with both of its ends here */
    int fds[2];
    SSL *server, *client;
};

static SSL_CTX *server_context, *client_context;

static void open_line(struct line *line)
{
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, line->fds), 0);
    line->server = tls_accept(server_context, line->fds[0]);
    line->client = SSL_new(client_context);
    assert_non_null(line->server);
    SSL_set_fd(line->client, line->fds[1]);
    SSL_set_connect_state(line->client);
}

static void close_line(struct line *line)
{
    SSL_free(line->server);
    SSL_free(line->client);
    close(line->fds[0]);
    close(line->fds[1]);
}

static void shake_hands(struct line *line)
{
    char byte;
    for (int i = 0; i < 100 && !SSL_is_init_finished(line->client); i++) {
        SSL_do_handshake(line->client);
        assert_int_equal(tls_read(line->server, &byte, 1), TLS_WANTS_READ);
    }
    assert_true(SSL_is_init_finished(line->client) && SSL_is_init_finished(line->server));
}

static void expect_read(struct line *line, const char *text)
{
    char bytes[64];
    ssize_t count = tls_read(line->server, bytes, sizeof(bytes));
    assert_int_equal(count, strlen(text));
    assert_memory_equal(bytes, text, strlen(text));
}

/* Whether a client that knows this group only is understood. */
static bool speaks(const char *group)
{
    struct line line;
    char byte;
    open_line(&line);
    assert_int_equal(SSL_set1_groups_list(line.client, group), 1);
    for (int i = 0; i < 5; i++) {
        SSL_do_handshake(line.client);
        tls_read(line.server, &byte, 1);
    }
    bool is_done = SSL_is_init_finished(line.client) && SSL_is_init_finished(line.server);
    close_line(&line);
    ERR_clear_error();
    return is_done;
}

static void groups_are_those_of_the_reference(void **state)
{
    (void)state;
    assert_true(speaks("X25519") && speaks("P-256") && speaks("P-384"));
    assert_false(speaks("P-521"));
    assert_false(speaks("X448"));
}

/* It has said that it sends no more, and then it was gone. */
static void a_write_behind_the_client_s_end_fails(void **state)
{
    struct line line;
    char byte;
    (void)state;
    signal(SIGPIPE, SIG_IGN);
    open_line(&line);
    shake_hands(&line);
    SSL_shutdown(line.client);
    assert_int_equal(tls_read(line.server, &byte, 1), 0);
    shutdown(line.fds[1], SHUT_RDWR);
    assert_int_equal(tls_write(line.server, "x", 1), TLS_FAILED);
    close_line(&line);
}

/* Plain text on one connection, within the handshake and behind it; others do not hear of it. */
static void one_s_plain_text_does_not_break_another_s_record(void **state)
{
    struct line good, bad;
    char byte;
    (void)state;
    open_line(&good);
    shake_hands(&good);
    for (int is_later = 0; is_later < 2; is_later++) {
        open_line(&bad);
        if (is_later)
            shake_hands(&bad);
        assert_int_equal(write(bad.fds[1], "GET / HTTP/1.1\r\n\r\n", 18), 18);
        assert_int_equal(tls_read(bad.server, &byte, 1), TLS_FAILED);
        assert_int_equal(ERR_peek_error(), 0);
        assert_int_equal(tls_read(good.server, &byte, 1), TLS_WANTS_READ);
        assert_int_equal(SSL_write(good.client, "hello", 5), 5);
        expect_read(&good, "hello");
        assert_int_equal(tls_write(good.server, "x", 1), 1);
        assert_int_equal(SSL_read(good.client, &byte, 1), 1);
        assert_true(tls_write(bad.server, "x", 1) < 0);
        close_line(&bad);
    }
    SSL_shutdown(good.client);
    assert_int_equal(tls_read(good.server, &byte, 1), 0); /* an end is no failure */
    close_line(&good);
}

static void a_full_socket_wants_to_be_waited_for(void **state)
{
    static char block[64 * 1024];
    struct line line;
    ssize_t count, sent = 0, got = 0;
    (void)state;
    open_line(&line);
    shake_hands(&line);
    while ((count = tls_write(line.server, block, sizeof(block))) > 0)
        sent += count;
    assert_int_equal(count, TLS_WANTS_WRITE);
    for (int i = 0; i < 100000 && got < sent; i++) {
        int size = SSL_read(line.client, block, sizeof(block));
        got += size > 0 ? size : 0;
    }
    assert_int_equal(got, sent);
    assert_true(tls_write(line.server, block, sizeof(block)) > 0); /* the same bytes, again */
    while (SSL_read(line.client, block, sizeof(block)) > 0)
        ; /* what is left unread would make it a reset */
    shutdown(line.fds[1], SHUT_WR);
    char byte;
    assert_int_equal(tls_read(line.server, &byte, 1), 0); /* ends without saying so */
    close_line(&line);
}

/* OpenSSL makes thousands: each of the first, and fewer of the later ones. */
static void every_allocation_may_fail(void **state)
{
    (void)state;
    if (!CAN_FAIL_ALLOCATIONS)
        skip();
    struct tls_texts texts = {file_of("cd"), file_of("k"), file_of("c0d0")};
    for (unsigned long n = 1; n == 1 || has_failed; n += 1 + n / 32) {
        struct tls_files files = {.certificate = NULL};
        struct chimera_error err = {0};
        SSL_CTX *context = NULL;
        fail_allocation(n);
        int code = tls_files_read(&texts, &options, &files, &err);
        int made = code < 0 ? code : tls_context_new(&files, &context, &err);
        fail_allocation(0);
        if (n <= 2) /* the stack of certificates, and what it is read from; of later ones OpenSSL
                     * does without some */
            assert_int_equal(code, CHIMERA_ENOMEM);
        assert_true(code == CHIMERA_OK ? files.certificate && files.key : err.text[0] != '\0');
        assert_int_equal(made == CHIMERA_OK, context != NULL);
        assert_int_equal(ERR_peek_error(), 0);
        SSL_CTX_free(context);
        tls_files_done(&files);
    }
    close(texts.certificate_fd);
    close(texts.key_fd);
    close(texts.authorities_fd);
}

static int make_all(void **state)
{
    struct tls_files files;
    (void)state;
    ours = make_pair("ours");
    others = make_pair("others");
    client_context = SSL_CTX_new(TLS_client_method());
    if (!client_context || read_files("c", "k", NULL, &files, NULL) < 0 ||
        tls_context_new(&files, &server_context, NULL) < 0)
        return -1;
    tls_files_done(&files);
    return 0;
}

static int drop_all(void **state)
{
    (void)state;
    SSL_CTX_free(server_context);
    SSL_CTX_free(client_context);
    X509_free(ours.certificate);
    X509_free(others.certificate);
    EVP_PKEY_free(ours.key);
    EVP_PKEY_free(others.key);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_there_is_read),
        cmocka_unit_test(what_is_not_there_is_named),
        cmocka_unit_test(an_encrypted_key_is_refused),
        cmocka_unit_test(no_file_stays_mapped),
        cmocka_unit_test(authorities_are_announced_and_nothing_else),
        cmocka_unit_test(a_context_has_what_it_shall_speak),
        cmocka_unit_test(a_context_that_cannot_be_says_why),
        cmocka_unit_test(groups_are_those_of_the_reference),
        cmocka_unit_test(a_write_behind_the_client_s_end_fails),
        cmocka_unit_test(one_s_plain_text_does_not_break_another_s_record),
        cmocka_unit_test(a_full_socket_wants_to_be_waited_for),
        cmocka_unit_test(every_allocation_may_fail),
    };
    return cmocka_run_group_tests(tests, make_all, drop_all);
}
