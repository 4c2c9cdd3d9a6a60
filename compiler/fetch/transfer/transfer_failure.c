/* SPDX-License-Identifier: Apache-2.0 */
/* transfer_failure.c - what to say of a request that has no answer: the place, the reason, and what
 * to do about it where something can be done. No query, no header and no login of a proxy is told.
 */
#include <openssl/x509_vfy.h>
#include <string.h>

#include "compiler/fetch/transfer/transfer_internal.h"

static const char *explain_certificate(long why)
{
    switch (why) {
    case X509_V_ERR_CERT_HAS_EXPIRED:
    case X509_V_ERR_CERT_NOT_YET_VALID:
        return "its certificate is not valid at this time (the clock of this machine may be wrong)";
    case X509_V_ERR_HOSTNAME_MISMATCH:
    case X509_V_ERR_IP_ADDRESS_MISMATCH:
    case X509_V_OK: /* libcurl compares the names itself, before it asks for this */
    case X509_V_ERR_UNSPECIFIED:
        return "its certificate is for another host";
    case X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT:
        return "its certificate is self-signed, and nobody here trusts it: list it below "
               "source_authorities of sources.yaml, or the host below insecure_sources";
    default:
        return "its certificate is not from an authority that is trusted here: list that below "
               "source_authorities of sources.yaml, or the host below insecure_sources";
    }
}

static int fail_certificate(struct chimera_exchange *exchange, struct chimera_error *err)
{
    long why = X509_V_OK;
    curl_easy_getinfo(exchange->transport->easy, CURLINFO_SSL_VERIFYRESULT, &why);
    exchange->is_unknown = why == X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT ||
                           why == X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY ||
                           why == X509_V_ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE ||
                           why == X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT ||
                           why == X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN;
    return chimera_fail(
        err, CHIMERA_EIO, "%s: %s (%s)", exchange->url->shown, explain_certificate(why),
        why == X509_V_OK || why == X509_V_ERR_UNSPECIFIED ? exchange->why
                                                          : X509_verify_cert_error_string(why));
}

static int fail_proxy(const struct chimera_exchange *exchange, const char *why,
                      struct chimera_error *err)
{
    return chimera_fail(err, CHIMERA_EIO,
                        "%s: the proxy %s %s; proxies are named by sources.yaml, HTTPS_PROXY and "
                        "HTTP_PROXY, exceptions by NO_PROXY",
                        exchange->url->shown, chimera_route_proxy_place(exchange->proxy), why);
}

static int fail_connect(const struct chimera_exchange *exchange, CURLcode result,
                        struct chimera_error *err)
{
    if (exchange->proxy[0] && result != CURLE_COULDNT_RESOLVE_HOST)
        return fail_proxy(exchange, "cannot be reached", err);
    if (result == CURLE_COULDNT_RESOLVE_HOST)
        return chimera_fail(err, CHIMERA_EIO, "%s: nobody knows the host's address (%s)",
                            exchange->url->shown, exchange->why);
    return chimera_fail(err, CHIMERA_EIO, "%s: cannot connect (%s)", exchange->url->shown,
                        exchange->why[0] ? exchange->why : curl_easy_strerror(result));
}

static int fail_other(const struct chimera_exchange *exchange, CURLcode result,
                      struct chimera_error *err)
{
    const char *why = exchange->why[0] ? exchange->why : curl_easy_strerror(result);
    const char *what = "the connection failed";
    long tunnel = 0;
    curl_easy_getinfo(exchange->transport->easy, CURLINFO_HTTP_CONNECTCODE, &tunnel);
    if (exchange->proxy[0] && tunnel >= 300)
        return fail_proxy(exchange, tunnel == 407 ? "wants a login, or another one" : "refuses",
                          err);
    if (result == CURLE_PARTIAL_FILE)
        what = "the answer is cut off";
    else if (result == CURLE_OPERATION_TIMEDOUT)
        what = "no answer in time";
    else if (result == CURLE_GOT_NOTHING)
        what = "no answer came";
    else if (result == CURLE_SSL_CACERT_BADFILE)
        what = "this machine has no list of authorities (ca-certificates, or SSL_CERT_FILE)";
    else if (result == CURLE_SSL_CONNECT_ERROR)
        what = "the host does not speak TLS as it should (a plain one belongs below "
               "insecure_sources of sources.yaml)";
    return chimera_fail(err, CHIMERA_EIO, "%s: %s (%s)", exchange->url->shown, what, why);
}

static enum chimera_outcome outcome_of(const struct chimera_exchange *exchange, CURLcode result)
{
    double connected = 0;
    switch (result) {
    case CURLE_COULDNT_RESOLVE_PROXY:
    case CURLE_COULDNT_RESOLVE_HOST:
    case CURLE_COULDNT_CONNECT:
        return CHIMERA_OUTCOME_UNREACHED;
    case CURLE_SSL_CONNECT_ERROR:
        return strstr(exchange->why, "SSL_ERROR_SYSCALL") ||
                       strstr(exchange->why, "reset by peer") ||
                       strstr(exchange->why, "unexpected eof")
                   ? CHIMERA_OUTCOME_UNREACHED
                   : CHIMERA_OUTCOME_UNTRUSTED;
    case CURLE_PEER_FAILED_VERIFICATION:
    case CURLE_SSL_CACERT_BADFILE:
        return CHIMERA_OUTCOME_UNTRUSTED;
    case CURLE_OPERATION_TIMEDOUT: /* before there was a connection, too */
        curl_easy_getinfo(exchange->transport->easy, CURLINFO_PRETRANSFER_TIME, &connected);
        return connected > 0 ? CHIMERA_OUTCOME_INTERRUPTED : CHIMERA_OUTCOME_UNREACHED;
    case CURLE_SEND_ERROR:
    case CURLE_SEND_FAIL_REWIND:
    case CURLE_RECV_ERROR:
    case CURLE_PARTIAL_FILE:
    case CURLE_GOT_NOTHING:
        return CHIMERA_OUTCOME_INTERRUPTED;
    default:
        return CHIMERA_OUTCOME_STOPPED;
    }
}

int chimera_exchange_fail(struct chimera_exchange *exchange, CURLcode result,
                          struct chimera_error *err)
{
    if (exchange->stop->code < 0)
        return chimera_fail(err, exchange->stop->code, "%s", exchange->stop->text);
    exchange->outcome = outcome_of(exchange, result);
    switch (result) {
    case CURLE_OUT_OF_MEMORY: /* of libcurl's bounded buffer for a line, most likely */
        return chimera_fail(err, CHIMERA_ELIMIT,
                            "%s: a header line of more than 100 KiB, or memory ran out",
                            exchange->url->shown);
    case CURLE_PEER_FAILED_VERIFICATION:
        return fail_certificate(exchange, err);
    case CURLE_COULDNT_RESOLVE_PROXY:
    case CURLE_COULDNT_RESOLVE_HOST:
    case CURLE_COULDNT_CONNECT:
        return fail_connect(exchange, result, err);
    default:
        return fail_other(exchange, result, err);
    }
}
