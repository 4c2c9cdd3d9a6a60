/* SPDX-License-Identifier: Apache-2.0 */
#include "plugins/crypto/path.h"

#include <openssl/x509v3.h>

#define DEPTH_MAX 6          /* authorities between certificate and anchor */
#define SIGNATURES_MAX 100   /* that are checked */
#define CALLS_MAX 200000     /* steps of the search */
#define STEP_UNITS 64        /* of a comparison of names and little else */
#define SIGNATURE_NS 1000000 /* that of the slowest keys, and more than most */

struct search {
    const struct path_question *question;
    X509 *path[DEPTH_MAX + 1]; /* the certificate first; borrowed */
    size_t size;
    unsigned signatures, calls;
};

static bool is_fatal(enum fault fault)
{
    return fault >= FAULT_SIGNATURES;
}

static enum fault worse(enum fault a, enum fault b)
{
    return fault_rank(a) >= fault_rank(b) ? a : b;
}

/* All signatures from the anchor down. */
static enum fault check_signatures(struct search *search, X509 *anchor)
{
    X509 *issuer = anchor;
    for (size_t i = search->size; i-- > 0; issuer = search->path[i]) {
        if (search->signatures++ == SIGNATURES_MAX)
            return FAULT_SIGNATURES;
        if (chimera_account_has_time(search->question->account, SIGNATURE_NS) < 0)
            return FAULT_LATE;
        enum fault fault = certificate_check_signature(search->path[i], issuer);
        if (fault != FAULT_NONE)
            return fault;
    }
    return FAULT_NONE;
}

/* Whether the names of a certificate are what an authority may sign for. OpenSSL passes over an
 * alternative name that it cannot read. */
static enum fault check_names_of(X509 *certificate, NAME_CONSTRAINTS *allowed)
{
    int status = 0;
    GENERAL_NAMES *own = X509_get_ext_d2i(certificate, NID_subject_alt_name, &status, NULL);
    bool is_read = own || status == -1;
    GENERAL_NAMES_free(own);
    if (!is_read)
        return FAULT_DER;
    return NAME_CONSTRAINTS_check(certificate, allowed) == X509_V_OK ? FAULT_NONE : FAULT_NAME;
}

/* They bind all that are below it. */
static enum fault check_names(struct search *search, X509 *anchor)
{
    enum fault fault = FAULT_NONE;
    for (size_t i = search->size + 1; i-- > 1 && fault == FAULT_NONE;) {
        X509 *authority = i == search->size ? anchor : search->path[i];
        int status = 0;
        NAME_CONSTRAINTS *names = X509_get_ext_d2i(authority, NID_name_constraints, &status, NULL);
        if (!names && status != -1)
            fault = FAULT_DER;
        for (size_t j = 0; names && j < i && fault == FAULT_NONE; j++)
            fault = check_names_of(search->path[j], names);
        NAME_CONSTRAINTS_free(names);
    }
    return fault;
}

static enum fault try_anchors(struct search *search)
{
    const STACK_OF(X509) *anchors = search->question->anchors;
    enum fault worst = FAULT_UNKNOWN_ISSUER;
    for (int i = 0; anchors && i < sk_X509_num(anchors); i++) {
        X509 *anchor = sk_X509_value(anchors, i);
        if (chimera_account_spend(search->question->account, STEP_UNITS) < 0)
            return FAULT_LATE;
        if (!certificate_names_issuer(search->path[search->size - 1], anchor))
            continue;
        enum fault fault = check_signatures(search, anchor);
        if (fault == FAULT_NONE)
            fault = check_names(search, anchor);
        if (fault == FAULT_NONE || is_fatal(fault))
            return fault;
        worst = worse(worst, fault);
    }
    return worst;
}

/* Whether one of that name and key is on the path already (RFC 4158 §5.2). */
static bool is_on_path(const struct search *search, X509 *issuer)
{
    for (size_t i = 0; i < search->size; i++)
        if (X509_NAME_cmp(X509_get_subject_name(search->path[i]), X509_get_subject_name(issuer)) ==
                0 &&
            X509_PUBKEY_eq(X509_get_X509_PUBKEY(search->path[i]), X509_get_X509_PUBKEY(issuer)) ==
                1)
            return true;
    return false;
}

/* As deep as DEPTH_MAX allows. */
static enum fault search_from(struct search *search) /* NOLINT(misc-no-recursion) */
{
    const STACK_OF(X509) *issuers = search->question->intermediates;
    X509 *head = search->path[search->size - 1];
    size_t above = search->size - 1; /* the certificate itself is no authority */
    enum fault worst =
        certificate_check(head, search->question->time, above > 0, above > 0 ? above - 1 : 0);
    if (worst != FAULT_NONE)
        return worst;
    worst = try_anchors(search);
    if (worst != FAULT_NONE && !is_fatal(worst))
        worst = worse(worst, search->question->broken);
    for (int i = 0; issuers && i < sk_X509_num(issuers); i++) {
        X509 *issuer = sk_X509_value(issuers, i);
        if (worst == FAULT_NONE || is_fatal(worst))
            return worst;
        if (chimera_account_spend(search->question->account, STEP_UNITS) < 0)
            return FAULT_LATE;
        if (!certificate_names_issuer(head, issuer) || is_on_path(search, issuer))
            continue;
        if (search->calls++ == CALLS_MAX)
            return FAULT_CALLS;
        if (search->size > DEPTH_MAX) {
            worst = worse(worst, FAULT_DEPTH);
            continue;
        }
        search->path[search->size++] = issuer;
        enum fault fault = search_from(search);
        search->size--;
        worst = fault == FAULT_NONE || is_fatal(fault) ? fault : worse(worst, fault);
    }
    return worst;
}

enum fault path_find(const struct path_question *question, X509 *certificate)
{
    struct search search = {.question = question, .path = {certificate}, .size = 1};
    return search_from(&search);
}
