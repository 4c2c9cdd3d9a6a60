/* SPDX-License-Identifier: Apache-2.0 */
/* wapc_imports.h - what a waPC guest imports, for guests in C. Modules are linked against these by
 * name (plugins/policy/imports.h), so no header of the runtime has them.
 */
#ifndef CHIMERA_TESTS_WAPC_IMPORTS_H
#define CHIMERA_TESTS_WAPC_IMPORTS_H

#include <stdint.h>

struct chimera_guest;

void chimera_wapc_guest_request(struct chimera_guest *guest, uint32_t operation, uint32_t payload);
void chimera_wapc_guest_response(struct chimera_guest *guest, uint32_t at, uint32_t size);
void chimera_wapc_guest_error(struct chimera_guest *guest, uint32_t at, uint32_t size);
uint32_t chimera_wapc_host_call(struct chimera_guest *guest, uint32_t binding,
                                uint32_t binding_size, uint32_t name_space,
                                uint32_t name_space_size, uint32_t operation,
                                uint32_t operation_size, uint32_t payload, uint32_t payload_size);
uint32_t chimera_wapc_host_response_len(struct chimera_guest *guest);
void chimera_wapc_host_response(struct chimera_guest *guest, uint32_t at);
uint32_t chimera_wapc_host_error_len(struct chimera_guest *guest);
void chimera_wapc_host_error(struct chimera_guest *guest, uint32_t at);
void chimera_wapc_console_log(struct chimera_guest *guest, uint32_t at, uint32_t size);

#endif
