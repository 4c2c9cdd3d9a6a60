/* SPDX-License-Identifier: Apache-2.0 */
/* descriptors.h - what a child inherits. */
#ifndef CHIMERA_SERVER_BASE_DESCRIPTORS_H
#define CHIMERA_SERVER_BASE_DESCRIPTORS_H

#include <stddef.h>

/* Closes every descriptor but the first three and those of the list. */
void descriptors_keep(const int *kept, size_t count);

#endif
