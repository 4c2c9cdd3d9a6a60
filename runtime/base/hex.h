/* SPDX-License-Identifier: Apache-2.0 */
/* hex.h - hexadecimal digits, in either case. */
#ifndef CHIMERA_BASE_HEX_H
#define CHIMERA_BASE_HEX_H

/* -1 when it is none. */
static inline int chimera_hex_value(char digit)
{
    if (digit >= '0' && digit <= '9')
        return digit - '0';
    char lower = (char)(digit | 0x20);
    return lower >= 'a' && lower <= 'f' ? lower - 'a' + 10 : -1;
}

#endif
