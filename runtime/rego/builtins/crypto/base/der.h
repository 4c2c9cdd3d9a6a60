/* SPDX-License-Identifier: Apache-2.0 */
/* der.h - a reader of DER (X.690), as strict as Go's cryptobyte: definite lengths in as few bytes
 * as can be, tags below 31. Nothing is copied. Private to builtins/crypto.
 */
#ifndef CHIMERA_REGO_DER_H
#define CHIMERA_REGO_DER_H

#include <stdint.h>

#include "runtime/base/slice.h"

enum chimera_der_tag {
    CHIMERA_DER_BOOLEAN = 0x01,
    CHIMERA_DER_INTEGER = 0x02,
    CHIMERA_DER_BIT_STRING = 0x03,
    CHIMERA_DER_OCTET_STRING = 0x04,
    CHIMERA_DER_OID = 0x06,
    CHIMERA_DER_UTF8 = 0x0C,
    CHIMERA_DER_NUMERIC = 0x12,
    CHIMERA_DER_PRINTABLE = 0x13,
    CHIMERA_DER_T61 = 0x14,
    CHIMERA_DER_IA5 = 0x16,
    CHIMERA_DER_UTC_TIME = 0x17,
    CHIMERA_DER_GENERALIZED_TIME = 0x18,
    CHIMERA_DER_BMP = 0x1E,
    CHIMERA_DER_SEQUENCE = 0x30,
    CHIMERA_DER_SET = 0x31,
};
#define CHIMERA_DER_CONTEXT(number) (0x80u | (number))
#define CHIMERA_DER_CONSTRUCTED 0x20u

/* All take from the front of `der` what they return, and return false when it is not there; then
 * `der` may be anywhere. */

/* An element of any tag: its inside, and with its header. The last two may be NULL. */
bool chimera_der_any(struct chimera_slice *der, unsigned *ret_tag, struct chimera_slice *ret_inside,
                     struct chimera_slice *ret_whole);
bool chimera_der_take(struct chimera_slice *der, unsigned tag, struct chimera_slice *ret_inside);
/* The same with its header. */
bool chimera_der_whole(struct chimera_slice *der, unsigned tag, struct chimera_slice *ret_whole);

/* Of an element that begins here: its header's size, and its inside's, which may not be there. */
bool chimera_der_header(struct chimera_slice der, size_t *ret_header, size_t *ret_size);

/* Whether an element of that tag begins here. */
static inline bool chimera_der_is_next(struct chimera_slice der, unsigned tag)
{
    return der.size > 0 && (uint8_t)der.data[0] == tag;
}

/* One of that tag if it is there, else an empty one. */
bool chimera_der_optional(struct chimera_slice *der, unsigned tag, bool *ret_is_there,
                          struct chimera_slice *ret_inside);

bool chimera_der_boolean(struct chimera_slice *der, bool *ret_value);
/* Two's complement, in as few bytes as can be; of whatever size. */
bool chimera_der_integer(struct chimera_slice *der, struct chimera_slice *ret_bytes);
bool chimera_der_int64(struct chimera_slice *der, unsigned tag, int64_t *ret_value);
/* One that is not negative, without leading zero bytes. */
bool chimera_der_unsigned(struct chimera_slice *der, struct chimera_slice *ret_bytes);

struct chimera_der_bits {
    struct chimera_slice bytes; /* the bits that are none are zero */
    unsigned unused;            /* of the last byte */
};
bool chimera_der_bit_string(struct chimera_slice *der, struct chimera_der_bits *ret_bits);

/* An object identifier, checked; compared as bytes. */
bool chimera_der_oid(struct chimera_slice *der, struct chimera_slice *ret_oid);
/* Of one that was checked: the next component of its rest, a number below 2^31; but the first value
 * holds two (X.690 §8.19.4). */
bool chimera_der_oid_next(struct chimera_slice *oid, uint32_t *ret_value);

/* UTCTime or GeneralizedTime, in the forms that Go's crypto/x509 reads: seconds since 1970, and the
 * zone's offset in seconds. */
struct chimera_der_time {
    int64_t seconds;
    int32_t offset;
};
bool chimera_der_time(struct chimera_slice *der, struct chimera_der_time *ret_time);

#endif
