/* SPDX-License-Identifier: Apache-2.0 */
/* sprintf's integers beyond 64 bits, as Go's math/big formats them. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "runtime/rego/builtins/text/format.h"

#define CHUNK_DIGITS 9 /* decimal digits that are multiplied in at once */
#define CHUNK 1000000000u

struct natural {
    uint32_t *limbs; /* owned; the lowest first */
    size_t count, capacity;
};

static uint32_t read_chunk(struct chimera_slice digits)
{
    uint32_t chunk = 0;
    for (size_t i = 0; i < digits.size; i++)
        chunk = chunk * 10 + (uint32_t)(digits.data[i] - '0');
    return chunk;
}

/* Times `factor` plus `more`. The capacity is for all digits. */
static void multiply_add(struct natural *number, uint32_t factor, uint32_t more)
{
    uint64_t carry = more;
    for (size_t i = 0; i < number->count; i++) {
        carry += (uint64_t)number->limbs[i] * factor;
        number->limbs[i] = (uint32_t)carry;
        carry >>= 32;
    }
    if (carry)
        number->limbs[number->count++] = (uint32_t)carry;
}

/* The caller frees the limbs; false when the account or the heap refuses. */
static bool read_natural(struct chimera_account *account, struct chimera_slice digits,
                         struct natural *ret_number)
{
    size_t capacity = digits.size / CHUNK_DIGITS + 2;
    if (chimera_account_take(account, chimera_account_heap(capacity * sizeof(uint32_t))) < 0)
        return false;
    *ret_number =
        (struct natural){.limbs = calloc(capacity, sizeof(uint32_t)), .capacity = capacity};
    size_t size = digits.size % CHUNK_DIGITS;
    for (size_t at = 0; ret_number->limbs && at < digits.size; at += size, size = CHUNK_DIGITS) {
        size = size ? size : CHUNK_DIGITS;
        multiply_add(ret_number, size == CHUNK_DIGITS ? CHUNK : 0,
                     read_chunk((struct chimera_slice){digits.data + at, size}));
        if (chimera_account_spend(account, 1 + ret_number->count / 2) < 0)
            return false;
    }
    return ret_number->limbs != NULL;
}

/* `shift` bits a digit, the highest first, without zeros in front. */
static void put_digits(const struct natural *number, unsigned shift, bool upper,
                       struct chimera_buffer *out)
{
    const char *digits = upper ? "0123456789ABCDEF" : "0123456789abcdef";
    size_t bits = 32 * number->count, at = (bits + shift - 1) / shift;
    bool is_started = false;
    while (at-- > 0 && !out->failed) {
        size_t bit = at * shift, limb = bit / 32;
        uint64_t window = number->limbs[limb];
        if (limb + 1 < number->count)
            window |= (uint64_t)number->limbs[limb + 1] << 32;
        unsigned digit = (unsigned)(window >> bit % 32) & ((1u << shift) - 1);
        is_started = is_started || digit;
        if (is_started)
            chimera_buffer_byte(out, (uint8_t)digits[digit]);
    }
}

/* How Go shows a *big.Int that no verb has formatted: its sign and its 64-bit words. */
static void put_words(const struct natural *number, bool is_negative, struct chimera_buffer *out)
{
    chimera_buffer_print(out, "&{%s [", is_negative ? "true" : "false");
    for (size_t i = 0; i < number->count && !out->failed; i += 2) {
        uint64_t word = number->limbs[i];
        if (i + 1 < number->count)
            word |= (uint64_t)number->limbs[i + 1] << 32;
        chimera_buffer_print(out, "%s%" PRIu64, i ? " " : "", word);
    }
    chimera_buffer_text(out, "]}");
}

static bool put_converted(struct chimera_format *printer, struct chimera_slice digits,
                          bool is_negative, uint32_t verb, struct chimera_buffer *out)
{
    struct natural number = {0};
    struct chimera_account *account = printer->call->account;
    bool is_read = read_natural(account, digits, &number);
    if (is_read && verb == 'w')
        put_words(&number, is_negative, out);
    else if (is_read)
        put_digits(&number, verb == 'b' ? 1 : verb == 'o' || verb == 'O' ? 3 : 4, verb == 'X', out);
    free(number.limbs);
    chimera_account_give_back(account, chimera_account_heap(number.capacity * sizeof(uint32_t)));
    return is_read;
}

/* "0x" and its like. */
static const char *prefix_of(const struct chimera_format_flags *flags, uint32_t verb)
{
    if (verb == 'O')
        return "0o";
    if (!flags->sharp)
        return "";
    return verb == 'b' ? "0b" : verb == 'o' ? "0" : verb == 'x' ? "0x" : verb == 'X' ? "0X" : "";
}

/* Sign, prefix, zeros and digits at their width. */
static void put_padded(struct chimera_format *printer, const char *head,
                       struct chimera_slice digits)
{
    const struct chimera_format_flags *flags = &printer->flags;
    size_t zeros = flags->has_precision && (size_t)flags->precision > digits.size
                       ? (size_t)flags->precision - digits.size
                       : 0;
    size_t size = strlen(head) + zeros + digits.size;
    size_t room = flags->has_width && (size_t)flags->width > size ? (size_t)flags->width - size : 0;
    bool is_zero_filled = flags->zero && !flags->minus && !flags->has_precision;
    if (!flags->minus && !is_zero_filled)
        chimera_format_fill(printer, room, false);
    chimera_buffer_text(&printer->out, head);
    chimera_format_fill(printer, is_zero_filled ? room : zeros, true);
    chimera_buffer_append(&printer->out, digits);
    if (flags->minus)
        chimera_format_fill(printer, room, false);
}

bool chimera_format_big(struct chimera_format *printer, struct chimera_slice digits, uint32_t verb)
{
    struct chimera_buffer made;
    char head[8];
    if (!verb || verb > 127 || !strchr("vdsboOxXw", (int)verb))
        return false;
    const struct chimera_format_flags *flags = &printer->flags;
    bool is_negative = digits.data[0] == '-';
    digits = chimera_slice_behind(digits, is_negative);
    bool has_plus = flags->plus || flags->plus_of_v;
    snprintf(head, sizeof(head), "%s%s",
             is_negative    ? "-"
             : has_plus     ? "+"
             : flags->space ? " "
                            : "",
             prefix_of(flags, verb));
    chimera_rego_buffer(printer->call, &made);
    bool is_decimal = strchr("vds", (int)verb);
    if (is_decimal)
        put_padded(printer, head, digits);
    else if (!put_converted(printer, digits, is_negative, verb, &made) || made.failed)
        printer->out.failed =
            made.failed ? made.failed : chimera_node_failure(printer->call->account);
    else if (verb == 'w')
        chimera_buffer_print(&printer->out, "%%!w(*big.Int=%.*s)", (int)made.size, made.data);
    else
        put_padded(printer, head, chimera_buffer_slice(&made));
    chimera_buffer_free(&made);
    return true;
}
