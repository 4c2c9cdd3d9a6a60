/* SPDX-License-Identifier: Apache-2.0 */
/* part.h - one source of a plugin on its way through compiler and linker. */
#ifndef CHIMERA_COMPILER_NATIVE_PART_H
#define CHIMERA_COMPILER_NATIVE_PART_H

#include <stdbool.h>

struct chimera_part {
    const char *source; /* the .c file; relative to the job's folder, or absolute */
    const char *object; /* where the object goes; likewise */
    bool is_giant;      /* -O0 instead of -O1; decided by size alone */
};

#endif
