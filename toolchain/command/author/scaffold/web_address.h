/* SPDX-License-Identifier: Apache-2.0 */
/* web_address.h - URLs and mail addresses as authors write them into metadata, checked and written
 * anew as browsers and the reference do. For documents: nothing is fetched by them. */
#ifndef CHIMERA_TOOLCHAIN_COMMAND_AUTHOR_SCAFFOLD_WEB_ADDRESS_H
#define CHIMERA_TOOLCHAIN_COMMAND_AUTHOR_SCAFFOLD_WEB_ADDRESS_H

#include <json-c/json.h>

#include "runtime/base/buffer.h"

#define WEB_ADDRESS_MAX ((size_t)64 << 10)

/* Appends the URL: of http and https with a host in small letters, no port that is the usual one,
 * and a path, without `.` and `..`; others with a small scheme. NULL, or what is wrong with it, in
 * the words of Rust's url crate. */
const char *web_address_write(const char *text, struct chimera_buffer *out);

/* The host of what web_address_write() wrote; .data NULL: it has none. */
struct chimera_slice web_address_host(struct chimera_slice url);

/* A text as a form's field holds it: a blank is a plus, all but letters, digits and `*-._` is
 * escaped. */
void web_address_encode_field(const char *text, struct chimera_buffer *out);

/* "Name <mail>, Name <mail>" as [{name, email}], names without their quotes, "" where there is
 * none. NULL, or what is wrong. On success the caller owns *ret_list. */
const char *mail_addresses_read(const char *text, struct json_object **ret_list);

#endif
