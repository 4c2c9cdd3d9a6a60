/* SPDX-License-Identifier: Apache-2.0 */
/* transfer_url.h - an http or https URL in its parts: where it leads, and whether that is where
 * another led. Parsing and joining are libcurl's. One thread.
 */
#ifndef CHIMERA_COMPILER_FETCH_TRANSFER_TRANSFER_URL_H
#define CHIMERA_COMPILER_FETCH_TRANSFER_TRANSFER_URL_H

#include <stdbool.h>

#include "runtime/base/error.h"

struct chimera_url { /* owns its texts */
    char *text;      /* whole, without a fragment */
    char *shown;     /* for messages: without what is behind a `?`, where tokens travel */
    char *plain;     /* the same place by http, which is port 80 where none was written */
    char *host;      /* in lower case, IPv6 in brackets */
    char *name;      /* host[:port] as it was written, which is what sources.yml names */
    unsigned port, plain_port;
    bool is_https;
};

/* CHIMERA_EREFUSED: another scheme than http and https, or a login within. `base` NULL: `text` is
 * whole; else it may be relative to it. The caller ends *ret_url. */
int chimera_url_parse(const char *base, const char *text, struct chimera_url *ret_url,
                      struct chimera_error *err);
void chimera_url_done(struct chimera_url *url);

/* Whether scheme, host and port are the same, so that a login for `a` may go to `b`. With
 * `is_plain` https was given up for the host of `a`, so http to it is the same place. */
bool chimera_url_is_same_origin(const struct chimera_url *a, bool is_plain,
                                const struct chimera_url *b);

#endif
