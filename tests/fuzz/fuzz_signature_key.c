/* SPDX-License-Identifier: Apache-2.0 */
/* Any bytes as a public key and as a file with a private one. A public key that is taken has one
 * form; what a private key signs, it verifies. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "compiler/fetch/signature/key.h"
#include "compiler/fetch/signature/private_key.h"

#define MESSAGE CHIMERA_SLICE("a message")

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_public(EVP_PKEY *key, struct chimera_slice text)
{
    struct chimera_buffer der;
    EVP_PKEY *again = NULL;
    chimera_buffer_init(&der, (size_t)1 << 20);
    if (chimera_key_write(key, &der, NULL) < 0 ||
        chimera_key_read(chimera_buffer_slice(&der), &again, NULL) < 0 ||
        (text.data[0] == 0x30 && !chimera_slice_equal(text, chimera_buffer_slice(&der))))
        abort();
    if (chimera_key_verify(key, MESSAGE, text, NULL) == CHIMERA_OK)
        abort();
    chimera_buffer_free(&der);
    EVP_PKEY_free(again);
}

static void check_private(EVP_PKEY *key)
{
    struct chimera_buffer signature;
    chimera_buffer_init(&signature, (size_t)1 << 16);
    if (chimera_private_key_sign(key, MESSAGE, &signature, NULL) == CHIMERA_OK &&
        chimera_key_verify(key, MESSAGE, chimera_buffer_slice(&signature), NULL) < 0)
        abort();
    chimera_buffer_free(&signature);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct chimera_slice text = {size ? (const char *)data : "", size};
    struct chimera_error err = {0};
    EVP_PKEY *key = NULL;
    if (chimera_key_read(text, &key, &err) == CHIMERA_OK)
        check_public(key, text);
    else if (!err.text[0])
        abort();
    EVP_PKEY_free(key);
    key = NULL;
    err = (struct chimera_error){0};
    if (chimera_private_key_read(text, "", &key, &err) == CHIMERA_OK)
        check_private(key);
    else if (!err.text[0])
        abort();
    EVP_PKEY_free(key);
    return 0;
}
