/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/capability/provider_answer.h"

#include "runtime/json/tree.h"

/* Lines but the first are indented as far as the first one's text. */
static void put_cause(struct chimera_buffer *out, const char *text, const char *indent)
{
    for (const char *end; (end = strchr(text, '\n')); text = end + 1) {
        chimera_buffer_append(out, (struct chimera_slice){text, (size_t)(end - text) + 1});
        chimera_buffer_text(out, indent);
    }
    chimera_buffer_text(out, text);
}

void chimera_provider_answer_fail(struct chimera_provider_answer *answer, const char *const *causes)
{
    struct chimera_buffer *out = &answer->text;
    bool has_several = causes[1] && causes[2];
    chimera_buffer_reset(out);
    chimera_buffer_text(out, causes[0]);
    if (causes[1])
        chimera_buffer_text(out, "\n\nCaused by:");
    for (size_t i = 1; causes[i]; i++) {
        if (has_several)
            chimera_buffer_print(out, "\n%5zu: ", i - 1);
        else
            chimera_buffer_text(out, "\n    ");
        put_cause(out, causes[i], has_several ? "       " : "    ");
    }
    answer->is_error = true;
    answer->keep_ms = 0;
}

void chimera_provider_answer_give(struct chimera_provider_answer *answer, struct json_object *value,
                                  uint32_t keep_ms)
{
    chimera_buffer_reset(&answer->text);
    chimera_json_write_ordered(value, 0, &answer->text);
    answer->is_error = false;
    answer->keep_ms = keep_ms;
    if (answer->text.failed)
        chimera_provider_answer_fail(answer, CHIMERA_CAUSES("the answer is too large"));
}
