/* SPDX-License-Identifier: Apache-2.0 */
/* list.h - a list through links that lie in its members; each operation takes the same time.
 *
 * The head is a link, too, so the list is a circle. A link that is in no list is a circle of its
 * own: it can be removed again, and its place can be asked for. Owns nothing. One thread.
 */
#ifndef CHIMERA_BASE_LIST_H
#define CHIMERA_BASE_LIST_H

#include <stdbool.h>
#include <stddef.h>

struct chimera_list { /* a head, or the link of a member */
    struct chimera_list *next, *previous;
};

/* The struct that the link is the named member of. */
#define CHIMERA_LIST_MEMBER(link, type, member) \
    ((type *)(void *)((char *)(link) - offsetof(type, member)))

static inline void chimera_list_init(struct chimera_list *link)
{
    link->next = link->previous = link;
}

/* Of a head: nothing is in the list. Of a link: it is in none. */
static inline bool chimera_list_is_empty(const struct chimera_list *link)
{
    return link->next == link;
}

static inline void chimera_list_remove(struct chimera_list *link)
{
    link->next->previous = link->previous;
    link->previous->next = link->next;
    chimera_list_init(link);
}

/* At the end of the list, from wherever it was. */
static inline void chimera_list_append(struct chimera_list *head, struct chimera_list *link)
{
    chimera_list_remove(link);
    link->next = head;
    link->previous = head->previous;
    head->previous->next = link;
    head->previous = link;
}

/* At its start. */
static inline void chimera_list_prepend(struct chimera_list *head, struct chimera_list *link)
{
    chimera_list_remove(link);
    chimera_list_append(head->next, link); /* before the one that is first now */
}

/* NULL when there is none. */
static inline struct chimera_list *chimera_list_first(struct chimera_list *head)
{
    return chimera_list_is_empty(head) ? NULL : head->next;
}

#endif
