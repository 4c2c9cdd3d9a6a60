/* SPDX-License-Identifier: Apache-2.0 */
#include "compiler/fetch/fetch_answer.h"

#include <stdlib.h>
#include <string.h>

#include "compiler/fetch/child/network_child.h"

static void put_lines(struct chimera_buffer *out, struct chimera_slice lines)
{
    chimera_buffer_append(out, lines);
    chimera_buffer_byte(out, 0);
}

void fetch_put_answer(const struct fetch_answer *answer, struct chimera_buffer *out)
{
    chimera_network_put_text(out, answer->digest);
    put_lines(out, answer->signers);
    chimera_network_put_text(out, answer->module);
    chimera_network_put_text(out, answer->plugin);
    put_lines(out, answer->plugin_note);
    put_lines(out, answer->trust_note);
}

/* NULL for what is empty, too. */
static bool copy_text(const char *text, char **ret_copy)
{
    *ret_copy = text && *text ? strdup(text) : NULL;
    return !text || !*text || *ret_copy;
}

int fetch_take_answer(struct chimera_slice said, struct chimera_fetched *fetched,
                      struct chimera_error *err)
{
    const char *digest = chimera_network_take_text(&said);
    const char *signers = chimera_network_take_text(&said);
    const char *module = chimera_network_take_text(&said);
    const char *plugin = chimera_network_take_text(&said);
    const char *note = chimera_network_take_text(&said);
    const char *trust_note = chimera_network_take_text(&said);
    if (!trust_note || strlen(digest) >= sizeof(fetched->manifest_digest) ||
        strlen(module) >= sizeof(fetched->module_digest))
        return chimera_fail(err, CHIMERA_EIO, "the process that fetches said half of an answer");
    memcpy(fetched->manifest_digest, digest, strlen(digest) + 1);
    memcpy(fetched->module_digest, module, strlen(module) + 1);
    if (!copy_text(signers, &fetched->signers) || !copy_text(plugin, &fetched->plugin) ||
        !copy_text(note, &fetched->plugin_note) || !copy_text(trust_note, &fetched->trust_note))
        return chimera_fail_memory(err);
    size_t size = fetched->signers ? strlen(fetched->signers) : 0;
    if (size > 0 && fetched->signers[size - 1] == '\n')
        fetched->signers[size - 1] = '\0'; /* lines, of which the last needs no end in logs */
    return CHIMERA_OK;
}
