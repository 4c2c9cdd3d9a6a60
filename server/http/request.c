/* SPDX-License-Identifier: Apache-2.0 */
#include "server/http/request.h"

#include <stdlib.h>

/* A policy's ID is a part of the path, unless it had to be decoded. */
static bool is_id_decoded(const struct http_request *request)
{
    const struct chimera_slice *path = &request->head.path, *id = &request->route.policy_id;
    return id->size > 0 && id->data + id->size != path->data + path->size;
}

size_t http_request_route(struct http_request *request, const struct route_rules *rules,
                          struct chimera_arena *arena)
{
    const struct http_head *head = &request->head;
    route_find(head, rules, arena, &request->route);
    size_t size = head->method.size + head->path.size + head->query.size + head->host.size;
    size += head->query.size > 0; /* its '?' */
    return is_id_decoded(request) ? size + request->route.policy_id.size : size;
}

static char *move_text(struct chimera_slice *text, char *to)
{
    if (text->data)
        text->data = memcpy(to, text->data, text->size);
    return to + text->size;
}

bool http_request_keep(struct http_request *request, size_t size)
{
    struct http_head *head = &request->head;
    struct chimera_slice *id = &request->route.policy_id;
    bool is_decoded = is_id_decoded(request);
    char *to = request->texts;
    if (size > sizeof(request->texts)) {
        to = request->longer = malloc(size);
        if (!to)
            return false;
        request->longer_size = size;
    }
    /* Path and query stand together as they were sent: a span shows them as one. */
    to = move_text(&head->path, to);
    if (head->query.size > 0)
        *to++ = '?';
    to = move_text(&head->query, to);
    if (is_decoded)
        to = move_text(id, to);
    else if (id->size > 0)
        id->data = head->path.data + head->path.size - id->size;
    to = move_text(&head->method, to);
    move_text(&head->host, to);
    head->content_type = (struct chimera_slice){NULL, 0}; /* the route has it in it */
    return true;
}

bool http_request_drop(struct http_request *request)
{
    if (!request->longer)
        return false;
    free(request->longer);
    request->longer = NULL;
    request->longer_size = 0;
    return true;
}
