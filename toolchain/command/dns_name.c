/* SPDX-License-Identifier: Apache-2.0 */
#include "toolchain/command/dns_name.h"

#include <string.h>

bool dns_is_label(struct chimera_slice text, size_t max)
{
    if (text.size == 0 || text.size > max || text.data[0] == '-' || text.data[text.size - 1] == '-')
        return false;
    for (size_t i = 0; i < text.size; i++) {
        char c = text.data[i];
        if ((c < 'a' || c > 'z') && (c < '0' || c > '9') && c != '-')
            return false;
    }
    return true;
}

bool dns_is_name(const char *text, size_t label_max)
{
    const char *end = text + strlen(text);
    if (end - text > DNS_NAME_MAX)
        return false;
    for (size_t size; text <= end; text += size + 1) {
        size = strcspn(text, ".");
        if (!dns_is_label((struct chimera_slice){text, size}, label_max))
            return false;
    }
    return true;
}
