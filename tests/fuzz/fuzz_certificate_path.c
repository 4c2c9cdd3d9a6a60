/* SPDX-License-Identifier: Apache-2.0 */
/* Any bytes as certificates in PEM, behind each other: whatever can be read is judged by all of
 * them as roots, and as intermediates of the last. */
#include <openssl/err.h>
#include <stdlib.h>

#include "plugins/crypto/certificate.c"
#include "plugins/crypto/path.c"

#define CERTIFICATES_MAX 8

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Those of the text that can be read; the caller ends the list. */
static STACK_OF(X509) * read_all(struct chimera_slice text)
{
    static const char end[] = "-----END CERTIFICATE-----";
    STACK_OF(X509) *found = sk_X509_new_null();
    while (text.size > 0 && sk_X509_num(found) < CERTIFICATES_MAX) {
        const char *at = memmem(text.data, text.size, end, sizeof(end) - 1);
        size_t whole = at ? (size_t)(at - text.data) + sizeof(end) - 1 : text.size;
        struct chimera_buffer der;
        struct chimera_error err = {0};
        X509 *certificate = NULL;
        chimera_buffer_init(&der, 1 << 20);
        int code = certificate_from_pem((struct chimera_slice){text.data, whole}, &der, &err);
        if (code < 0 && !err.text[0])
            abort();
        if (code == CHIMERA_OK &&
            certificate_read(chimera_buffer_slice(&der), false, &certificate) == FAULT_NONE)
            sk_X509_push(found, certificate);
        chimera_buffer_free(&der);
        text = chimera_slice_behind(text, whole);
    }
    return found;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    STACK_OF(X509) *all = read_all((struct chimera_slice){(const char *)data, size});
    STACK_OF(X509) *last = sk_X509_new_null();
    int count = sk_X509_num(all);
    if (count > 0)
        sk_X509_push(last, sk_X509_value(all, count - 1));
    for (int i = 0; i < count; i++) {
        const struct path_question by_all = {.anchors = all, .time = 1800000000};
        const struct path_question by_last = {
            .anchors = last, .intermediates = all, .time = 1800000000};
        enum fault one = path_find(&by_all, sk_X509_value(all, i));
        enum fault two = path_find(&by_last, sk_X509_value(all, i));
        /* What stands between it and the last is in the list of all, too. */
        if (two == FAULT_NONE && one != FAULT_NONE)
            abort();
    }
    sk_X509_free(last);
    sk_X509_pop_free(all, X509_free);
    ERR_clear_error();
    return 0;
}
