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

static int digest_blocks(int fd, EVP_MD_CTX *context, struct chimera_error *err)
{
    char block[32 * 1024]; /* not one for each thread: the worker has many */
    for (off_t at = 0;;) {
        ssize_t got = pread(fd, block, sizeof(block), at);
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return chimera_fail_errno(err, "cannot read");
        if (got == 0)
            return CHIMERA_OK;
        if (!EVP_DigestUpdate(context, block, (size_t)got))
            return chimera_fail(err, CHIMERA_ENOMEM, "cannot compute a digest");
        at += got;
    }
}

int chimera_digest_of_fd(int fd, struct chimera_digest *ret_digest, struct chimera_error *err)
{
    EVP_MD_CTX *context = EVP_MD_CTX_new();
    if (!context || !EVP_DigestInit_ex(context, EVP_sha256(), NULL)) {
        EVP_MD_CTX_free(context);
        return chimera_fail(err, CHIMERA_ENOMEM, "cannot compute a digest");
    }
    struct chimera_digest digest;
    int code = digest_blocks(fd, context, err);
    if (code == 0 && EVP_DigestFinal_ex(context, digest.bytes, NULL))
        *ret_digest = digest;
    EVP_MD_CTX_free(context);
    return code;
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
