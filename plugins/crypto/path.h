/* SPDX-License-Identifier: Apache-2.0 */
/* path.h - a path from a certificate to one that is trusted, searched for as webpki does.
 *
 * OpenSSL's own search takes the first issuer that fits and tells other reasons, so only its
 * checks of one certificate are used. Issuers are untrusted and may name each other in any way: the
 * numbers of steps and of signatures are bounded as in webpki, and so is the time.
 */
#ifndef CHIMERA_PLUGINS_CRYPTO_PATH_H
#define CHIMERA_PLUGINS_CRYPTO_PATH_H

#include <stdint.h>

#include "plugins/crypto/certificate.h"
#include "runtime/base/account.h"

struct path_question {                              /* borrowed */
    const STACK_OF(X509) * anchors, *intermediates; /* NULL: none */
    enum fault broken; /* the worst of intermediates that cannot be read */
    int64_t time;      /* seconds since 1970 */
    struct chimera_account *account;
};

/* FAULT_NONE: the certificate is trusted. */
enum fault path_find(const struct path_question *question, X509 *certificate);

#endif
