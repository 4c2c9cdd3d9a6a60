/* SPDX-License-Identifier: Apache-2.0 */
/* crypto.c - answers crypto/v1/is_certificate_trusted (guest-abis.md §5.5). No network, no state
 * but the system's roots, which are read when the first certificate without a chain comes.
 */
#include <openssl/err.h>
#include <pthread.h>
#include <stdlib.h>

#include "plugins/crypto/path.h"
#include "plugins/crypto/system_roots.h"
#include "runtime/base/clock.h"
#include "runtime/capability/provider_answer.h"
#include "runtime/json/tree.h"
#include "runtime/rego/builtins/time/time_layout.h"

#define TEXT_MAX ((size_t)1 << 20) /* of a certificate, as PEM */
#define CHAIN_MAX 1000
#define BYTE_UNITS 8 /* to read one out of a tree */

extern const struct chimera_provider chimera_provider;

struct crypto {
    pthread_mutex_t mutex;  /* guards the roots' first reading */
    STACK_OF(X509) * roots; /* owned; NULL before; later only read */
};

struct chain { /* owns */
    STACK_OF(X509) * anchors, *intermediates;
    enum fault broken; /* of an intermediate that cannot be read */
};

/* The bytes of a certificate in the request, as DER. */
static int read_der(struct json_object *certificate, struct chimera_account *account,
                    struct chimera_buffer *out, struct chimera_error *err)
{
    struct json_object *data = chimera_json_member(certificate, "data");
    const char *encoding = json_object_get_string(chimera_json_member(certificate, "encoding"));
    size_t size = json_object_is_type(data, json_type_array) ? json_object_array_length(data) : 0;
    struct chimera_buffer bytes;
    if (!encoding || (strcmp(encoding, "Pem") != 0 && strcmp(encoding, "Der") != 0))
        return chimera_fail(err, CHIMERA_EINVAL, "not a request about a certificate");
    if (chimera_account_spend(account, BYTE_UNITS * size) < 0)
        return chimera_fail(err, CHIMERA_EDEADLINE, "no answer in time");
    chimera_buffer_init(&bytes, TEXT_MAX);
    for (size_t i = 0; i < size && !bytes.failed; i++)
        chimera_buffer_byte(&bytes,
                            (uint8_t)json_object_get_int(json_object_array_get_idx(data, i)));
    struct chimera_error why = {0};
    int code = CHIMERA_OK;
    if (bytes.failed)
        code =
            chimera_fail(err, CHIMERA_ELIMIT, "the certificate is larger than %zu bytes", TEXT_MAX);
    else if (encoding[0] == 'D')
        chimera_buffer_append(out, chimera_buffer_slice(&bytes));
    else if (certificate_from_pem(chimera_buffer_slice(&bytes), out, &why) < 0)
        code = chimera_fail(err, CHIMERA_EINVAL, "Certificate PEM data is not valid: %s", why.text);
    chimera_buffer_free(&bytes);
    return code;
}

/* --- The chain --- */

/* The last one is trusted, the others lead to it. */
static int add_certificate(struct chain *chain, struct chimera_slice der, bool is_last,
                           struct chimera_error *err)
{
    X509 *certificate = NULL;
    enum fault fault = certificate_read(der, is_last, &certificate);
    if (fault != FAULT_NONE && is_last)
        return chimera_fail(err, CHIMERA_EINVAL, "%s", fault_text(fault));
    if (fault != FAULT_NONE) {
        if (fault_rank(fault) > fault_rank(chain->broken))
            chain->broken = fault;
        return CHIMERA_OK;
    }
    if (sk_X509_push(is_last ? chain->anchors : chain->intermediates, certificate) > 0)
        return CHIMERA_OK;
    X509_free(certificate);
    return chimera_fail_memory(err);
}

static int read_chain(struct json_object *list, struct chimera_account *account,
                      struct chain *chain, struct chimera_error *err)
{
    size_t count = json_object_array_length(list);
    int code = CHIMERA_OK;
    if (count > CHAIN_MAX)
        return chimera_fail(err, CHIMERA_ELIMIT, "a chain of more than %d certificates", CHAIN_MAX);
    chain->anchors = sk_X509_new_null();
    chain->intermediates = sk_X509_new_null();
    if (!chain->anchors || !chain->intermediates)
        return chimera_fail_memory(err);
    /* From its end, where the one that is trusted is. */
    for (size_t i = count; code == CHIMERA_OK && i-- > 0;) {
        struct chimera_buffer der;
        chimera_buffer_init(&der, TEXT_MAX);
        code = read_der(json_object_array_get_idx(list, i), account, &der, err);
        if (code == CHIMERA_OK)
            code = add_certificate(chain, chimera_buffer_slice(&der), i + 1 == count, err);
        chimera_buffer_free(&der);
    }
    return code;
}

static int find_roots(struct crypto *crypto, STACK_OF(X509) * *ret_roots, struct chimera_error *err)
{
    int code = CHIMERA_OK;
    pthread_mutex_lock(&crypto->mutex);
    if (!crypto->roots)
        code = system_roots_read(&crypto->roots, err);
    *ret_roots = crypto->roots;
    pthread_mutex_unlock(&crypto->mutex);
    return code;
}

/* --- The request --- */

/* As chrono reads RFC 3339, which takes small letters, and a blank between date and time. */
static int read_time(struct json_object *value, int64_t *ret_seconds, struct chimera_error *err)
{
    char text[64];
    struct chimera_layout_time time;
    size_t size = (size_t)json_object_get_string_len(value);
    *ret_seconds = (int64_t)(chimera_clock_wall_ms() / 1000);
    if (!value || size == 0)
        return CHIMERA_OK;
    bool is_good = size < sizeof(text) && size > 11;
    if (is_good) {
        memcpy(text, json_object_get_string(value), size);
        if (text[10] == 't' || text[10] == ' ')
            text[10] = 'T';
        if (text[size - 1] == 'z')
            text[size - 1] = 'Z';
        is_good = !memchr(text, ',', size) &&
                  chimera_layout_parse(CHIMERA_SLICE("RFC3339"), (struct chimera_slice){text, size},
                                       &time, NULL) == CHIMERA_OK;
    }
    if (!is_good)
        return chimera_fail(err, CHIMERA_EINVAL, "Timestamp not_after is not in RFC3339 format");
    *ret_seconds = time.seconds - time.offset;
    return CHIMERA_OK;
}

static void give(enum fault fault, struct chimera_provider_answer *answer)
{
    struct json_object *value = json_object_new_object();
    char reason[128] = "";
    if (fault == FAULT_EXPIRED)
        snprintf(reason, sizeof(reason), "Certificate is being used after its expiration date");
    else if (fault == FAULT_NOT_YET)
        snprintf(reason, sizeof(reason), "Certificate is being used before its validity date");
    else if (fault == FAULT_SIGNATURE || fault == FAULT_UNKNOWN_ISSUER)
        snprintf(reason, sizeof(reason), "Certificate is not trusted by the provided cert chain");
    else if (fault != FAULT_NONE)
        snprintf(reason, sizeof(reason), "Certificate not trusted: %s", fault_text(fault));
    json_object_object_add(value, "trusted", json_object_new_boolean(fault == FAULT_NONE));
    json_object_object_add(value, "reason", json_object_new_string(reason));
    chimera_provider_answer_give(answer, value, 0);
    json_object_put(value);
}

/* The certificate in question, and the time, in the reference's order. */
static int read_question(struct json_object *asked, struct path_question *question,
                         X509 **ret_certificate, struct chimera_error *err)
{
    struct chimera_buffer der;
    chimera_buffer_init(&der, TEXT_MAX);
    int code = read_der(chimera_json_member(asked, "cert"), question->account, &der, err);
    if (code == CHIMERA_OK) {
        enum fault fault = certificate_read(chimera_buffer_slice(&der), false, ret_certificate);
        if (fault != FAULT_NONE)
            code = chimera_fail(err, CHIMERA_EINVAL,
                                "Certificate is not a valid end-entity certificate: %s",
                                fault_text(fault));
    }
    chimera_buffer_free(&der);
    return code < 0 ? code
                    : read_time(chimera_json_member(asked, "not_after"), &question->time, err);
}

static int judge(struct crypto *crypto, struct json_object *asked, struct path_question *question,
                 enum fault *ret_fault, struct chimera_error *err)
{
    struct json_object *list = chimera_json_member(asked, "cert_chain");
    struct chain chain = {0};
    X509 *certificate = NULL;
    STACK_OF(X509) *roots = NULL;
    int code = read_question(asked, question, &certificate, err);
    if (code == CHIMERA_OK)
        code = json_object_is_type(list, json_type_array)
                   ? read_chain(list, question->account, &chain, err)
                   : find_roots(crypto, &roots, err);
    if (code == CHIMERA_OK) {
        question->anchors = roots ? roots : chain.anchors;
        question->intermediates = chain.intermediates;
        question->broken = chain.broken;
        *ret_fault = path_find(question, certificate);
        if (*ret_fault == FAULT_LATE)
            code = chimera_fail(err, CHIMERA_EDEADLINE, "%s", fault_text(FAULT_LATE));
    }
    X509_free(certificate);
    sk_X509_pop_free(chain.anchors, X509_free);
    sk_X509_pop_free(chain.intermediates, X509_free);
    ERR_clear_error();
    return code;
}

static void call(void *self, const struct chimera_host_request *request, uint64_t deadline_ns,
                 struct chimera_provider_answer *answer)
{
    struct chimera_account account;
    struct chimera_error err = {0};
    enum fault fault = FAULT_NONE;
    struct path_question question = {.account = &account};
    struct json_object *asked = chimera_json_member(request->fields, "request");
    chimera_account_open(&account, deadline_ns, UINT64_MAX);
    int code = request->kind == CHIMERA_ASK_CERTIFICATE && asked
                   ? judge(self, asked, &question, &fault, &err)
                   : chimera_fail(&err, CHIMERA_EINVAL, "not a request about a certificate");
    if (code < 0)
        chimera_provider_answer_fail(answer, CHIMERA_CAUSES(err.text));
    else
        give(fault, answer);
}

static int open_crypto(const struct chimera_provider_host *host, void **ret_self,
                       struct chimera_error *err)
{
    struct crypto *crypto = calloc(1, sizeof(*crypto));
    (void)host;
    if (!crypto)
        return chimera_fail_memory(err);
    pthread_mutex_init(&crypto->mutex, NULL);
    *ret_self = crypto;
    return CHIMERA_OK;
}

static void close_crypto(void *self)
{
    struct crypto *crypto = self;
    sk_X509_pop_free(crypto->roots, X509_free);
    pthread_mutex_destroy(&crypto->mutex);
    free(crypto);
}

__attribute__((visibility("default"))) const struct chimera_provider chimera_provider = {
    .abi = CHIMERA_PROVIDER_ABI,
    .name = "crypto",
    .open = open_crypto,
    .call = call,
    .close = close_crypto,
};
