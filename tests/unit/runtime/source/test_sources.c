/* SPDX-License-Identifier: Apache-2.0 */
/* What sources.yml says is kept as it says it; certificates come out as PEM, whatever they were. */
#include <openssl/bio.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

#include "runtime/base/buffer.h"
#include "runtime/base/file.h"
#include "runtime/source/sources.h"

static X509 *certificates[2];
static char folder[] = "/tmp/test-sources-XXXXXX";

static X509 *make_certificate(const char *name)
{
    EVP_PKEY *key = EVP_EC_gen("P-256");
    X509 *certificate = X509_new();
    X509_NAME *subject = X509_get_subject_name(certificate);
    X509_NAME_add_entry_by_txt(subject, "CN", MBSTRING_ASC, (const unsigned char *)name, -1, -1, 0);
    X509_set_issuer_name(certificate, subject);
    X509_gmtime_adj(X509_getm_notBefore(certificate), 0);
    X509_gmtime_adj(X509_getm_notAfter(certificate), 3600);
    X509_set_pubkey(certificate, key);
    X509_sign(certificate, key, EVP_sha256());
    EVP_PKEY_free(key);
    return certificate;
}

/* Ends in NUL; the caller frees. */
static char *pem_of(X509 *certificate, const char *indent)
{
    struct chimera_buffer out;
    char line[256];
    BIO *bio = BIO_new(BIO_s_mem());
    PEM_write_bio_X509(bio, certificate);
    chimera_buffer_init(&out, 1 << 16);
    while (BIO_gets(bio, line, sizeof(line)) > 0)
        chimera_buffer_print(&out, "%s%s", indent, line);
    chimera_buffer_byte(&out, '\0');
    BIO_free(bio);
    return out.data;
}

static void write_file(const char *name, const void *data, size_t size, char path[64])
{
    struct chimera_error err = {0};
    snprintf(path, 64, "%s/%s", folder, name);
    assert_int_equal(chimera_file_write(path, (struct chimera_slice){data, size}, 0600, &err), 0);
}

static void write_der(X509 *certificate, const char *name, char path[64])
{
    unsigned char *der = NULL;
    int size = i2d_X509(certificate, &der);
    write_file(name, der, (size_t)size, path);
    OPENSSL_free(der);
}

static int read_text(const char *text, struct chimera_sources *sources, char **warnings,
                     struct chimera_error *err)
{
    return chimera_sources_read_text(chimera_slice_of(text), "s.yml", sources, warnings, err);
}

static void hosts_mirrors_and_proxies_are_kept(void **state)
{
    static const char TEXT[] = "insecure_sources: [a.example, 'b.example:5000', 7]\n"
                               "mirrors:\n"
                               "  docker.io: ['m.example:5000/hub', n.example]\n"
                               "  c.example: []\n"
                               "proxies: {https_proxy: 'http://p:3128', no_proxy: 'x,.y'}\n";
    struct chimera_sources sources;
    struct chimera_error err = {0};
    char *warnings = NULL;
    (void)state;
    assert_int_equal(read_text(TEXT, &sources, &warnings, &err), 0);
    assert_null(warnings);
    assert_string_equal(sources.insecure[0], "a.example");
    assert_string_equal(sources.insecure[1], "b.example:5000");
    assert_string_equal(sources.insecure[2], "7");
    assert_null(sources.insecure[3]);
    assert_int_equal(sources.mirror_count, 2);
    assert_string_equal(sources.mirrors[0].host, "docker.io");
    assert_string_equal(sources.mirrors[0].places[0], "m.example:5000/hub");
    assert_string_equal(sources.mirrors[0].places[1], "n.example");
    assert_null(sources.mirrors[0].places[2]);
    assert_non_null(sources.mirrors[1].places);
    assert_null(sources.mirrors[1].places[0]);
    assert_string_equal(sources.https_proxy, "http://p:3128");
    assert_string_equal(sources.no_proxy, "x,.y");
    assert_string_equal(sources.http_proxy, ""); /* a map that does not name it: none */
    chimera_sources_done(&sources);
}

static void without_proxies_the_environment_has_its_say(void **state)
{
    struct chimera_sources sources;
    struct chimera_error err = {0};
    char *warnings = NULL;
    (void)state;
    assert_int_equal(read_text("", &sources, &warnings, &err), 0);
    assert_null(sources.http_proxy);
    assert_null(sources.https_proxy);
    assert_null(sources.no_proxy);
    assert_null(sources.insecure);
    assert_int_equal(sources.authority_count, 0);
    chimera_sources_done(&sources);
}

static void certificates_of_a_host_become_one_pem(void **state)
{
    char der[64], bundle[64], *first = pem_of(certificates[0], ""),
                              *second = pem_of(certificates[1], ""),
                              *indented = pem_of(certificates[1], "        ");
    struct chimera_buffer text, both;
    struct chimera_sources sources;
    struct chimera_error err = {0};
    char *warnings = NULL;
    (void)state;
    chimera_buffer_init(&both, 1 << 16);
    chimera_buffer_print(&both, "# one\n%s\nand another\n%s", first, second);
    write_der(certificates[0], "one.der", der);
    write_file("both.pem", both.data, both.size, bundle);
    chimera_buffer_init(&text, 1 << 16);
    chimera_buffer_print(&text,
                         "source_authorities:\n"
                         "  'a.example:1':\n"
                         "    - {type: Path, path: %s}\n"
                         "    - type: Data\n"
                         "      data: |\n"
                         "%s"
                         "  b.example: [{type: Path, path: %s}]\n",
                         der, indented, bundle);
    chimera_buffer_byte(&text, '\0');
    assert_int_equal(read_text(text.data, &sources, &warnings, &err), 0);
    chimera_buffer_reset(&both);
    chimera_buffer_print(&both, "%s%s", first, second);
    chimera_buffer_byte(&both, '\0');
    assert_int_equal(sources.authority_count, 2);
    assert_string_equal(sources.authorities[0].host, "a.example:1");
    assert_string_equal(sources.authorities[0].certificates, both.data);
    assert_string_equal(sources.authorities[1].host, "b.example");
    assert_string_equal(sources.authorities[1].certificates, both.data);
    chimera_sources_done(&sources);
    chimera_buffer_free(&both);
    chimera_buffer_free(&text);
    free(first);
    free(second);
    free(indented);
}

static void all_that_is_wrong_is_told(void **state)
{
    static const struct {
        const char *text, *why;
    } CASES[] = {
        {"mirrors: {a: ['https://b']}", "host[:port][/prefix]"},
        {"mirrors: {a: ['b/../c']}", "host[:port][/prefix]"},
        {"mirrors: {a: ['u@b']}", "host[:port][/prefix]"},
        {"mirrors: {a: ['b/']}", "host[:port][/prefix]"},
        {"mirrors: {a: b}", "a list of places"},
        {"mirrors: [a]", "a map from hosts"},
        {"insecure_sources: [[a]]", "a host, or a host and its port"},
        {"source_authorities: {a: [{type: Path, path: /nowhere}]}", "Cannot read certificate"},
        {"source_authorities: {a: [{type: Data, data: x}]}", "not in PEM nor in DER"},
        {"source_authorities: {a: [{type: File, path: x}]}", "Path or Data"},
        {"source_authorities: {a: [{data: x}]}", "Path or Data"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof(CASES) / sizeof(CASES[0]); i++) {
        struct chimera_sources sources = {.mirror_count = 77};
        struct chimera_error err = {0};
        char *warnings = NULL;
        assert_int_equal(read_text(CASES[i].text, &sources, &warnings, &err), CHIMERA_EINVAL);
        assert_non_null(strstr(err.text, CASES[i].why));
        assert_int_equal(sources.mirror_count, 77); /* untouched */
    }
}

/* Half of an authority list would be trusted without anybody knowing which half. */
static void a_broken_certificate_behind_a_good_one_is_refused(void **state)
{
    char path[64], text[256], *good = pem_of(certificates[0], "");
    struct chimera_buffer bundle;
    struct chimera_sources sources;
    struct chimera_error err = {0};
    char *warnings = NULL;
    (void)state;
    chimera_buffer_init(&bundle, 1 << 16);
    chimera_buffer_print(&bundle,
                         "%s-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n", good);
    write_file("half.pem", bundle.data, bundle.size, path);
    snprintf(text, sizeof(text), "source_authorities: {a: [{type: Path, path: %s}]}", path);
    assert_int_equal(read_text(text, &sources, &warnings, &err), CHIMERA_EINVAL);
    assert_non_null(strstr(err.text, "not in PEM nor in DER"));
    chimera_buffer_free(&bundle);
    free(good);
}

static void unknown_keys_are_a_warning(void **state)
{
    struct chimera_sources sources;
    struct chimera_error err = {0};
    char *warnings = NULL;
    (void)state;
    assert_int_equal(read_text("insecure_source: [a]", &sources, &warnings, &err), 0);
    assert_non_null(warnings);
    assert_non_null(strstr(warnings, "insecure_source"));
    assert_null(sources.insecure);
    free(warnings);
    chimera_sources_done(&sources);
}

static int begin(void **state)
{
    (void)state;
    certificates[0] = make_certificate("one");
    certificates[1] = make_certificate("two");
    return mkdtemp(folder) ? 0 : -1;
}

static int end(void **state)
{
    (void)state;
    X509_free(certificates[0]);
    X509_free(certificates[1]);
    return chimera_folder_remove(folder, NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(hosts_mirrors_and_proxies_are_kept),
        cmocka_unit_test(without_proxies_the_environment_has_its_say),
        cmocka_unit_test(certificates_of_a_host_become_one_pem),
        cmocka_unit_test(all_that_is_wrong_is_told),
        cmocka_unit_test(a_broken_certificate_behind_a_good_one_is_refused),
        cmocka_unit_test(unknown_keys_are_a_warning),
    };
    return cmocka_run_group_tests(tests, begin, end);
}
