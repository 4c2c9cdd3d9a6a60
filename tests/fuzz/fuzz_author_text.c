/* SPDX-License-Identifier: Apache-2.0 */
/* Any text as what authors write: Markdown, URLs, mail addresses. A URL that was written anew is
 * written so again. */
#include <stdlib.h>

#include "runtime/base/cleanup.h"
#include "runtime/text/printable.h"
#include "toolchain/command/author/markdown.h"
#include "toolchain/command/author/scaffold/web_address.h"

#define OUT_MAX ((size_t)16 << 20)
#define WIDTH 20

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void try_markdown(const char *text)
{
    struct chimera_buffer shown, out;
    chimera_buffer_init(&shown, OUT_MAX);
    chimera_buffer_init(&out, OUT_MAX);
    chimera_printable_append(chimera_slice_of(text), "\n", &shown);
    markdown_write(chimera_buffer_slice(&shown), WIDTH, &out);
    chimera_buffer_free(&out);
    chimera_buffer_free(&shown);
}

static void try_url(const char *text)
{
    struct chimera_buffer once, twice;
    chimera_buffer_init(&once, WEB_ADDRESS_MAX);
    chimera_buffer_init(&twice, WEB_ADDRESS_MAX);
    if (!web_address_write(text, &once) && !once.failed) {
        web_address_host(chimera_buffer_slice(&once));
        chimera_buffer_byte(&once, '\0');
        if (!once.failed && (web_address_write(once.data, &twice) ||
                             !chimera_slice_is(chimera_buffer_slice(&twice), once.data)))
            abort();
    }
    chimera_buffer_free(&once);
    chimera_buffer_free(&twice);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    CHIMERA_FREE char *text = strndup(size ? (const char *)data : "", size);
    struct json_object *list = NULL;
    if (!text)
        return 0;
    try_markdown(text);
    try_url(text);
    if (!mail_addresses_read(text, &list))
        json_object_put(list);
    return 0;
}
