/* SPDX-License-Identifier: Apache-2.0 */
/* reference.h - URIs and relative references as Go's net/url reads, joins and writes them, which is
 * laxer than RFC 3986 in some places and stricter in others. Private to builtins/.
 */
#ifndef CHIMERA_REGO_BUILTINS_URI_REFERENCE_H
#define CHIMERA_REGO_BUILTINS_URI_REFERENCE_H

#include "runtime/base/buffer.h"
#include "runtime/base/error.h"
#include "runtime/rego/region.h"

struct chimera_uri {             /* all texts in the region that it was read into */
    struct chimera_slice scheme; /* in lower case */
    struct chimera_slice opaque; /* what follows a scheme without a slash */
    struct chimera_slice user, password;
    struct chimera_slice host;                   /* with the port, and brackets around IPv6 */
    struct chimera_slice path, fragment;         /* decoded */
    struct chimera_slice raw_path, raw_fragment; /* as they stood */
    struct chimera_slice query;                  /* never decoded */
    bool has_user, has_password;
    bool has_empty_query; /* a '?' with nothing behind */
    bool omits_host;      /* one slash behind the scheme */
};

/* CHIMERA_EINVAL in Go's words, or the region's code. */
int chimera_uri_parse(struct chimera_slice text, struct chimera_region *region,
                      struct chimera_uri *ret_uri, struct chimera_error *err);

/* The host without port and brackets, and the port. */
void chimera_uri_split_host(const struct chimera_uri *uri, struct chimera_slice *ret_host,
                            struct chimera_slice *ret_port);

/* Did the path stand as Go would encode it? */
bool chimera_uri_has_usual_path(const struct chimera_uri *uri);

/* The text of it. */
void chimera_uri_write(const struct chimera_uri *uri, struct chimera_buffer *out);

/* The text of `reference` as seen from `base`, whose own fragment does not count. */
void chimera_uri_resolve(const struct chimera_uri *base, const struct chimera_uri *reference,
                         struct chimera_buffer *out);

/* An address as Go's net/netip reads it: 4 or 6 for its kind, 0 for none. *ret_has_zone: IPv6 with
 * a zone behind it. */
int chimera_uri_address(struct chimera_slice text, bool *ret_has_zone);

#endif
