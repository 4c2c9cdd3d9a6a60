/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/mutation/mutant.h"

#include <fcntl.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

static unsigned char nowhere[CHIMERA_MUTANTS];
int chimera_mutant = -1;
unsigned char *chimera_mutants_seen = nowhere;

static __attribute__((constructor(101))) void read_choice(void)
{
    const char *number = getenv("CHIMERA_MUTANT"), *path = getenv("CHIMERA_MUTANTS_SEEN");
    if (number)
        chimera_mutant = (int)strtol(number, NULL, 10);
    int fd = path ? open(path, O_RDWR | O_CLOEXEC) : -1;
    if (fd < 0)
        return;
    void *seen = mmap(NULL, CHIMERA_MUTANTS, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    if (seen != MAP_FAILED)
        chimera_mutants_seen = seen;
    close(fd);
}
