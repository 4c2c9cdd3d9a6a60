/* SPDX-License-Identifier: Apache-2.0 */
/* fault.h - the signal handlers that end a guest: memory faults and deadlines.
 *
 * A fault is the guest's only if the program counter is in its plugin's code and the address is in
 * its reservation or its stack's guard. Anything else goes to the handler that was there before,
 * which by default ends the process: a fault of the host is never taken for a policy's.
 */
#ifndef CHIMERA_FAULT_H
#define CHIMERA_FAULT_H

/* Installs both: once per process, by chimera_engine_start(). */
void chimera_fault_install(void);

#endif
