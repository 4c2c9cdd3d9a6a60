/* SPDX-License-Identifier: Apache-2.0 */
/* roff.h - what a man page is written with.
 *
 * Texts are plain, and get their escapes here: dashes that can be copied, no line that reads as a
 * request. All is appended to `out`.
 */
#ifndef CHIMERA_CLI_ROFF_H
#define CHIMERA_CLI_ROFF_H

#include "runtime/base/buffer.h"
#include "runtime/base/error.h"
#include "runtime/cli/entry.h"

void roff_slice(struct chimera_buffer *out, struct chimera_slice text);
void roff_text(struct chimera_buffer *out, const char *text);
void roff_bold(struct chimera_buffer *out, const char *text);

/* The title, in capitals, and NAME. */
void roff_header(struct chimera_buffer *out, const char *name, int section, const char *about);
void roff_heading(struct chimera_buffer *out, const char *heading);

/* A paragraph for each line; one with a tab is a name, and what it means. */
void roff_paragraphs(struct chimera_buffer *out, const char *text);
/* A line each, as it is. */
void roff_example(struct chimera_buffer *out, const char *text);

/* Those whose uses are among `uses`, or that have none, below the heading, where there are any. */
void roff_entries(struct chimera_buffer *out, const char *heading,
                  const struct chimera_cli_entry *entries, unsigned uses);

/* "NAME(1), OTHER(5)", in bold. */
void roff_see_also(struct chimera_buffer *out, const char *pages);

/* FOLDER/NAME.SECTION. */
int roff_write(const char *folder, const char *name, int section, const struct chimera_buffer *page,
               struct chimera_error *err);

#endif
