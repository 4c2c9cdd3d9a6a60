/* SPDX-License-Identifier: Apache-2.0 */
/* tls_memory.h - what OpenSSL takes from the heap, so that each connection can be charged for its
 * own.
 *
 * What a connection's state takes depends on OpenSSL's version, the stage of the handshake, the
 * certificates of the client and the records that are there in part: it is counted, not guessed.
 * Counted for each thread; whoever calls OpenSSL for a connection takes the difference.
 */
#ifndef CHIMERA_SERVER_CLIENT_TLS_MEMORY_H
#define CHIMERA_SERVER_CLIENT_TLS_MEMORY_H

#include <stdbool.h>
#include <stddef.h>

/* First of all, at the start of the process: false when OpenSSL has memory already, and then
 * nothing is counted. */
bool tls_memory_begin(void);

/* Bytes that OpenSSL took on this thread, less those it gave back here: below 0, as an unsigned
 * number, when others' are given back. Only differences mean anything. */
size_t tls_memory_taken(void);

#endif
