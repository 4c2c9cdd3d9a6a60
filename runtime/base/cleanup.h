/* SPDX-License-Identifier: Apache-2.0 */
/* cleanup.h - cleanup attributes for locals that own. Handing over is assigning NULL or -1. */
#ifndef CHIMERA_BASE_CLEANUP_H
#define CHIMERA_BASE_CLEANUP_H

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static inline void chimera_cleanup_free(void *pointer)
{
    free(*(void **)pointer);
}

static inline void chimera_cleanup_close(const int *fd)
{
    if (*fd >= 0)
        close(*fd);
}

static inline void chimera_cleanup_fclose(FILE **file)
{
    if (*file)
        fclose(*file);
}

#define CHIMERA_FREE __attribute__((cleanup(chimera_cleanup_free)))
#define CHIMERA_CLOSE __attribute__((cleanup(chimera_cleanup_close)))
#define CHIMERA_FCLOSE __attribute__((cleanup(chimera_cleanup_fclose)))

#endif
