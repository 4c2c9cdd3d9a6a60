/* SPDX-License-Identifier: Apache-2.0 */
/* descriptors.h - what a child inherits, and how many there may be. */
#ifndef CHIMERA_SERVER_BASE_DESCRIPTORS_H
#define CHIMERA_SERVER_BASE_DESCRIPTORS_H

#include <stddef.h>

/* Closes every descriptor but the first three, those of the list and `also`; -1: none. */
void descriptors_keep(const int *kept, size_t count, int also);

/* As many as the hard limit allows: the soft one is often 1024. */
void descriptors_raise_limit(void);

#endif
