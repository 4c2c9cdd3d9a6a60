/* SPDX-License-Identifier: Apache-2.0 */
/* glue_internal.h - shared by glue.c and glue_start.c, which write one file. */
#ifndef CHIMERA_COMPILER_TRANSLATE_GLUE_INTERNAL_H
#define CHIMERA_COMPILER_TRANSLATE_GLUE_INTERNAL_H

#include <stdio.h>

#include "compiler/translate/glue.h"

/* What wasm2c puts before the numbers of segments. */
const char *glue_segment_prefix(const struct glue_facts *facts);
void glue_write_function_name(FILE *file, const struct glue_facts *facts, uint32_t index);

/* The element segments, and the functions initialize() and start(). */
void glue_write_start(FILE *file, const struct glue_facts *facts);

#endif
