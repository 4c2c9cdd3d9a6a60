/* SPDX-License-Identifier: Apache-2.0 */
/* digest.h - SHA-256 (OpenSSL's). */
#ifndef CHIMERA_BASE_DIGEST_H
#define CHIMERA_BASE_DIGEST_H

#include <stdint.h>
#include <sys/types.h>

#include "runtime/base/error.h"
#include "runtime/base/slice.h"

#define CHIMERA_DIGEST_BYTES 32
#define CHIMERA_DIGEST_HEX (2 * CHIMERA_DIGEST_BYTES + 1) /* with its NUL */

struct chimera_digest {
    uint8_t bytes[CHIMERA_DIGEST_BYTES];
};

/* Its bytes, borrowed. */
static inline struct chimera_slice chimera_digest_slice(const struct chimera_digest *digest)
{
    return (struct chimera_slice){(const char *)digest->bytes, sizeof(digest->bytes)};
}

int chimera_digest_of(struct chimera_slice bytes, struct chimera_digest *ret_digest);

/* Reads the whole descriptor from offset 0 with pread; its position does not change. */
int chimera_digest_of_fd(int fd, struct chimera_digest *ret_digest, struct chimera_error *err);

/* The same of `size` bytes from an offset on, all of which must be there. */
int chimera_digest_of_part(int fd, off_t from, off_t size, struct chimera_digest *ret_digest,
                           struct chimera_error *err);

void chimera_digest_hex(const struct chimera_digest *digest, char ret_hex[CHIMERA_DIGEST_HEX]);

/* False unless `hex` is 64 hexadecimal digits. */
bool chimera_digest_parse(struct chimera_slice hex, struct chimera_digest *ret_digest);

#endif
