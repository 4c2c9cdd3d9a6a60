/* SPDX-License-Identifier: Apache-2.0 */
/* mutant.h - which of the changes that run has written into the sources is on.
 *
 * CHIMERA_MUTANT names one by its number. CHIMERA_MUTANTS_SEEN names a file with a byte a change,
 * which is mapped shared: that byte is set where a test comes by with a value that the change would
 * make another one, in whatever process and however it ends.
 */
#ifndef CHIMERA_MUTANT_H
#define CHIMERA_MUTANT_H

extern int chimera_mutant;
extern unsigned char *chimera_mutants_seen;

#define MUTANT(number) __builtin_expect(chimera_mutant == (number), 0)
#define MUTANT_SEEN(number) (void)(chimera_mutants_seen[number] = 1)

#endif
