/* SPDX-License-Identifier: Apache-2.0 */
/* figures.h - numbers as people read them. */
#ifndef CHIMERA_TEXT_FIGURES_H
#define CHIMERA_TEXT_FIGURES_H

#include <stdint.h>

#include "runtime/base/buffer.h"

/* 1,234,567 */
void chimera_figure_count(uint64_t count, struct chimera_buffer *out);
/* 640 ns, 6.10 µs, 12.4 ms, 2.00 s */
void chimera_figure_duration(uint64_t ns, struct chimera_buffer *out);
/* 4.00 KiB, 1.30 MiB */
void chimera_figure_bytes(uint64_t bytes, struct chimera_buffer *out);

#endif
