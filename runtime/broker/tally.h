/* SPDX-License-Identifier: Apache-2.0 */
/* tally.h - what the broker's providers count, as a text that another process reads: Prometheus'
 * format, in memory that both map.
 *
 * The broker writes it, and is believed nothing: the reader takes lines of plain letters that name
 * a metric of ours, and leaves out the rest.
 */
#ifndef CHIMERA_BROKER_TALLY_H
#define CHIMERA_BROKER_TALLY_H

#include <stdatomic.h>

#include "runtime/base/buffer.h"

#define CHIMERA_TALLY_TEXT ((size_t)32 << 10)

struct chimera_tally {         /* zeroed: nothing was written */
    _Atomic uint32_t sequence; /* odd while the text is being written */
    _Atomic uint32_t size;
    char text[CHIMERA_TALLY_TEXT];
};

/* The broker's only thread that writes. What does not fit is cut at a line. */
void chimera_tally_write(struct chimera_tally *tally, struct chimera_slice text);
/* Appends what may be shown. Nothing when the text changes all the time. */
void chimera_tally_read(const struct chimera_tally *tally, struct chimera_buffer *out);

#endif
