/* SPDX-License-Identifier: Apache-2.0 */
#include "plugins/kubernetes/objects/status.h"

#include <stdio.h>

#include "runtime/json/number.h"
#include "runtime/json/shape.h"

enum { CODE, MESSAGE, FIELDS };

static const struct chimera_shape_field fields[FIELDS] = {
    [CODE] = {{"code", 4}, CHIMERA_SHAPE_U16, .is_optional = true},
    [MESSAGE] = {{"message", 7}, CHIMERA_SHAPE_STRING, .is_optional = true}};
static const struct chimera_shape shape = {
    .name = "Status", .field = fields, .count = FIELDS, .is_lenient = true};

void kube_status_text(struct chimera_slice literal, char *ret_text, size_t size)
{
    size_t length = 0;
    if (literal.size >= 2)
        length = chimera_scan_decode((struct chimera_slice){literal.data + 1, literal.size - 2},
                                     ret_text, size - 1);
    ret_text[length] = '\0';
}

void kube_status_read(struct chimera_slice body, unsigned http_code, struct kube_status *ret_status)
{
    struct chimera_slice value[FIELDS] = {0};
    struct chimera_scan scan;
    *ret_status = (struct kube_status){.code = http_code};
    if (!chimera_shape_read_all(&scan, body, &shape, value)) {
        snprintf(ret_status->message, sizeof(ret_status->message), "HTTP status %u", http_code);
        return;
    }
    if (value[CODE].size)
        ret_status->code = (unsigned)chimera_number_read(value[CODE]).u64;
    kube_status_text(value[MESSAGE], ret_status->message, sizeof(ret_status->message));
    if (!ret_status->message[0])
        snprintf(ret_status->message, sizeof(ret_status->message), "HTTP status %u",
                 ret_status->code);
}
