/* SPDX-License-Identifier: Apache-2.0 */
/* address.h - URLs as Go's net/url reads and writes them, and IP addresses. Private to
 * builtins/crypto.
 */
#ifndef CHIMERA_REGO_ADDRESS_H
#define CHIMERA_REGO_ADDRESS_H

#include <stdint.h>

#include "runtime/base/buffer.h"

struct chimera_rego_address { /* url.URL */
    struct chimera_slice scheme, opaque, host, path, raw_path, raw_query, fragment, raw_fragment;
    struct chimera_slice user, password;
    bool has_user, has_password, force_query, omit_host;
};

/* url.Parse. What had to be decoded lies in `store`, which is the address's until that is freed;
 * the rest is part of the text. */
bool chimera_rego_address_read(struct chimera_slice text, struct chimera_buffer *store,
                               struct chimera_rego_address *ret_address);

/* URL.String and URL.EscapedPath */
void chimera_rego_address_write(const struct chimera_rego_address *address,
                                struct chimera_buffer *out);
void chimera_rego_address_write_path(const struct chimera_rego_address *address,
                                     struct chimera_buffer *out);

/* net.ParseIP: 4 or 16 bytes, or 0 when it is none. */
size_t chimera_rego_address_ip(struct chimera_slice text, uint8_t ret_bytes[16]);

/* Of an address of 16 bytes the last four, when it is one of IPv4 in that form. */
struct chimera_slice chimera_rego_address_short(struct chimera_slice address);

/* A domain's name, roughly, or nothing; one of a constraint may begin with a dot. */
bool chimera_rego_address_is_domain(struct chimera_slice name, bool is_constraint);

/* A mailbox of RFC 5321: what is before the at sign is appended to `local` unless that is NULL, and
 * what is behind it is the domain. */
bool chimera_rego_address_mailbox(struct chimera_slice text, struct chimera_buffer *local,
                                  struct chimera_slice *ret_domain);

#endif
