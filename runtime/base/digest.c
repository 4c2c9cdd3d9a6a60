/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/base/digest.h"

#include <errno.h>
#include <openssl/evp.h>
#include <openssl/sha.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "runtime/base/hex.h"

int chimera_digest_of(struct chimera_slice bytes, struct chimera_digest *ret_digest)
{
    return SHA256((const uint8_t *)bytes.data, bytes.size, ret_digest->bytes) ? CHIMERA_OK
                                                                              : CHIMERA_ENOMEM;
}

/* `size` -1: up to the end. */
static int digest_blocks(int fd, off_t from, off_t size, EVP_MD_CTX *context,
                         struct chimera_error *err)
{
    char block[32 * 1024]; /* not one for each thread: the worker has many */
    for (off_t at = 0; at != size;) {
        size_t left =
            size < 0 || size - at > (off_t)sizeof(block) ? sizeof(block) : (size_t)(size - at);
        ssize_t got = pread(fd, block, left, from + at);
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return chimera_fail_errno(err, "cannot read");
        if (got == 0)
            return size < 0 ? CHIMERA_OK
                            : chimera_fail(err, CHIMERA_EIO, "cannot read: it became shorter");
        if (!EVP_DigestUpdate(context, block, (size_t)got))
            return chimera_fail(err, CHIMERA_ENOMEM, "cannot compute a digest");
        at += got;
    }
    return CHIMERA_OK;
}

int chimera_digest_of_part(int fd, off_t from, off_t size, struct chimera_digest *ret_digest,
                           struct chimera_error *err)
{
    EVP_MD_CTX *context = EVP_MD_CTX_new();
    if (!context || !EVP_DigestInit_ex(context, EVP_sha256(), NULL)) {
        EVP_MD_CTX_free(context);
        return chimera_fail(err, CHIMERA_ENOMEM, "cannot compute a digest");
    }
    struct chimera_digest digest;
    int code = digest_blocks(fd, from, size, context, err);
    if (code == 0 && EVP_DigestFinal_ex(context, digest.bytes, NULL))
        *ret_digest = digest;
    EVP_MD_CTX_free(context);
    return code;
}

int chimera_digest_of_fd(int fd, struct chimera_digest *ret_digest, struct chimera_error *err)
{
    return chimera_digest_of_part(fd, 0, -1, ret_digest, err);
}

void chimera_digest_hex(const struct chimera_digest *digest, char ret_hex[CHIMERA_DIGEST_HEX])
{
    static const char digits[] = "0123456789abcdef";
    for (size_t i = 0; i < CHIMERA_DIGEST_BYTES; i++) {
        ret_hex[2 * i] = digits[digest->bytes[i] >> 4];
        ret_hex[2 * i + 1] = digits[digest->bytes[i] & 15];
    }
    ret_hex[2 * CHIMERA_DIGEST_BYTES] = '\0';
}

bool chimera_digest_parse(struct chimera_slice hex, struct chimera_digest *ret_digest)
{
    if (hex.size != 2 * CHIMERA_DIGEST_BYTES)
        return false;
    struct chimera_digest digest;
    for (size_t i = 0; i < CHIMERA_DIGEST_BYTES; i++) {
        int high = chimera_hex_value(hex.data[2 * i]), low = chimera_hex_value(hex.data[2 * i + 1]);
        if (high < 0 || low < 0)
            return false;
        digest.bytes[i] = (uint8_t)(high << 4 | low);
    }
    *ret_digest = digest;
    return true;
}
