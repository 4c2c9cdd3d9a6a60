/* SPDX-License-Identifier: Apache-2.0 */
/* store_sink.h - the body of an answer into a new file of the store. */
#ifndef CHIMERA_COMPILER_FETCH_STORE_STORE_SINK_H
#define CHIMERA_COMPILER_FETCH_STORE_STORE_SINK_H

#include "compiler/fetch/store/store.h"
#include "compiler/fetch/transfer/transfer.h"

/* Writes to the file, which outlives the sink. */
struct chimera_transfer_sink chimera_store_sink(struct chimera_store_file *file);

#endif
