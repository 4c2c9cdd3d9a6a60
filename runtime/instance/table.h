/* SPDX-License-Identifier: Apache-2.0 */
/* table.h - tables of references. */
#ifndef CHIMERA_INSTANCE_TABLE_H
#define CHIMERA_INSTANCE_TABLE_H

#include <stdint.h>

#include "runtime/base/error.h"

struct chimera_guest;
struct chimera_snapshot;

#define CHIMERA_TABLE_MAX 10000000u /* entries; wasm tables of policies have some thousands */

int chimera_tables_make(struct chimera_guest *guest, struct chimera_error *err);
int chimera_tables_save(const struct chimera_guest *guest, struct chimera_snapshot *snapshot);
/* Together with the instance, which holds the tables' structs. */
void chimera_tables_restore(struct chimera_guest *guest);
void chimera_tables_free(struct chimera_guest *guest);
struct chimera_table *chimera_table_at(const struct chimera_guest *guest, uint32_t index);

#endif
