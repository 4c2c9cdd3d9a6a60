/* SPDX-License-Identifier: Apache-2.0 */
/* page_internal.h - what the files of the page know of each other. */
#ifndef CHIMERA_SERVER_ADMIN_PAGE_INTERNAL_H
#define CHIMERA_SERVER_ADMIN_PAGE_INTERNAL_H

#include "server/admin/routes.h"

struct page_row { /* what the order of the table goes by */
    uint32_t number;
    uint32_t head;  /* of a member its group, which it stands behind; else itself */
    bool is_failed; /* it, or one of its group: these come first */
    uint64_t busy;  /* evaluations of the head */
};

struct page {
    const struct admin *admin;
    struct chimera_buffer *out;
    uint32_t shown; /* of one policy, or of a group with its members; ADMIN_ALL: of all */
    struct scoreboard_server server;
    struct admin_progress progress;
    uint64_t now_ms;
    struct page_row *rows; /* owned; NULL: no memory */
    uint32_t row_count, policy_count, failed_count;
    struct counters_view sum; /* of policies and groups, not of members */
};

static inline void page_put(const struct page *page, const char *text)
{
    chimera_buffer_text(page->out, text);
}

/* In page.c. */
void page_put_tag(const struct page *page, const char *text, const char *title, bool is_bad);
void page_put_ago(const struct page *page, uint64_t at_ms);
/* A reference to what there is of one policy: behind "/policies/", or "/?policy=". */
void page_put_id(const struct page *page, struct chimera_slice id);

/* In page_style.c: its parts, and NULL. */
extern const char *const page_style[];

/* In page_policies.c. */
void page_put_policies(const struct page *page);

/* In page_rejections.c. */
void page_put_rejections(const struct page *page);

#endif
