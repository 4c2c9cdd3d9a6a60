/* SPDX-License-Identifier: Apache-2.0 */
#include "server/base/process_page.h"

#include "runtime/log/log_writer.h"

int process_page_make(struct shared *page, struct chimera_error *err)
{
    return shared_make(page, "chimera-process", sizeof(struct process_page), false, err);
}

int process_page_enter(const struct shared *page, _Atomic uint64_t *counter,
                       struct chimera_error *err)
{
    struct process_page *data = page->data;
    return chimera_log_buffer(&data->log, counter, err);
}

void process_page_end(struct shared *page)
{
    struct process_page *data = page->data;
    if (data)
        chimera_log_take_over(&data->log);
    shared_done(page);
}
