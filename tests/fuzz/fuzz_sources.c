/* SPDX-License-Identifier: Apache-2.0 */
/* Any bytes as sources.yml and as a verification file; what is refused is explained. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "runtime/base/buffer.h"
#include "runtime/source/sources.h"
#include "runtime/source/verification.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* What is taken can be shown. */
static void check_verification(struct chimera_slice text)
{
    struct chimera_verification verification;
    struct chimera_buffer shown;
    struct chimera_error err = {0};
    if (chimera_verification_parse(text, "v.yml", &verification, &err) < 0) {
        if (!err.text[0])
            abort();
        return;
    }
    chimera_buffer_init(&shown, (size_t)64 << 20);
    for (size_t i = 0; i < verification.all_count; i++)
        chimera_constraint_write(&verification.all_of[i], &shown);
    for (size_t i = 0; i < verification.any_count; i++)
        chimera_constraint_write(&verification.any_of[i], &shown);
    chimera_buffer_free(&shown);
    chimera_verification_done(&verification);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct chimera_slice text = {size ? (const char *)data : "", size};
    struct chimera_error err = {0};
    /* Which files are opened is not for chance to say. */
    bool opens_files = size > 0 && memmem(data, size, "Path", 4);
    struct chimera_sources sources = {0};
    char *warnings = NULL;
    if (!opens_files && chimera_sources_read_text(text, "s.yml", &sources, &warnings, &err) < 0 &&
        !err.text[0])
        abort();
    chimera_sources_done(&sources);
    free(warnings);
    check_verification(text);
    return 0;
}
