/* SPDX-License-Identifier: Apache-2.0 */
/* Any bytes as sources.yml and as a verification file; what is refused is explained. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "runtime/source/sources.h"
#include "runtime/source/verification.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

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
    err = (struct chimera_error){0};
    if (chimera_verification_check_text(text, "v.yml", &err) < 0 && !err.text[0])
        abort();
    return 0;
}
