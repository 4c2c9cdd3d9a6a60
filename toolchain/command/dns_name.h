/* SPDX-License-Identifier: Apache-2.0 */
/* dns_name.h - names as Kubernetes has them, after RFC 1123. */
#ifndef CHIMERA_TOOLCHAIN_COMMAND_DNS_NAME_H
#define CHIMERA_TOOLCHAIN_COMMAND_DNS_NAME_H

#include <stdbool.h>

#include "runtime/base/slice.h"

#define DNS_NAME_MAX 253
#define DNS_LABEL_MAX 63

/* Lower case letters, digits and '-', a letter or digit at both ends. */
bool dns_is_label(struct chimera_slice text, size_t max);
/* One and more of such, with dots between; each of at most so many characters, which Kubernetes,
 * unlike DNS, leaves open for its own names: DNS_NAME_MAX. */
bool dns_is_name(const char *text, size_t label_max);

#endif
