/* SPDX-License-Identifier: Apache-2.0 */
/* pass_check.h - what the quick pass says of a text, in each of its forms, against what the scanner
 * says that reads it byte by byte. Ends the program where they differ. */
#ifndef CHIMERA_FUZZ_PASS_CHECK_H
#define CHIMERA_FUZZ_PASS_CHECK_H

#include <stdlib.h>

#include "runtime/json/pass.h"
#include "runtime/json/scan.h"

static inline void pass_expect(bool is_right)
{
    if (!is_right)
        abort();
}

static inline const char *pass_take_nothing(const char *at, const char *end)
{
    (void)at;
    (void)end;
    return NULL;
}

/* The scanner's own way alone. */
static const struct chimera_pass_form pass_none = {"none", pass_take_nothing, NULL};

/* The value *at of the index is what stands at the scanner, and so is all that is in it. */
static inline void pass_check_value(struct chimera_scan *scan,
                                    const struct chimera_pass_index *index,
                                    const struct chimera_pass_value **at)
{
    struct chimera_scan_text key;
    const struct chimera_pass_value *value = (*at)++;
    int byte = chimera_scan_peek(scan), next = 0;
    pass_expect(value < index->end && value->start == scan->at);
    if (byte == '{' || byte == '[') {
        pass_expect(chimera_scan_open(scan));
        for (bool is_first = true;; is_first = false) {
            next = byte == '{' ? chimera_scan_next_key(scan, is_first, &key)
                               : chimera_scan_next_element(scan, is_first);
            if (next != 1)
                break;
            if (byte == '{') {
                pass_expect(chimera_scan_colon(scan) && *at < index->end);
                pass_expect((*at)->key == key.raw.data && (*at)->key_size == key.raw.size);
                pass_expect((*at)->is_key_escaped == key.is_escaped);
            }
            pass_check_value(scan, index, at);
        }
        pass_expect(next == 0);
        chimera_scan_close(scan);
    } else {
        struct chimera_slice ignored;
        pass_expect(chimera_scan_skip(scan, &ignored));
    }
    pass_expect(value->start + value->size == scan->at && value->next == *at);
}

static inline void pass_check_index(const struct chimera_pass_form *form,
                                    struct chimera_slice value, const char *end)
{
    struct chimera_pass_index index = {.first = calloc(value.size, sizeof(*index.first))};
    const struct chimera_pass_value *at = index.first;
    struct chimera_scan scan;
    pass_expect(index.first);
    index.room_end = index.first + value.size;
    chimera_scan_init(&scan, value);
    if (form->find_values(value.data, end, &index)) {
        pass_check_value(&scan, &index, &at);
        pass_expect(at == index.end && scan.at == scan.end);
        index.room_end = index.end - 1;
        pass_expect(!form->find_values(value.data, end, &index));
    } else {
        pass_expect(memmem(value.data, value.size, "\\u0000", 6)); /* in a key */
    }
    free(index.first);
}

/* The value at the start of the text, whatever follows it. */
static inline void pass_check_start(const struct chimera_pass_form *form, struct chimera_slice text)
{
    struct chimera_scan scan;
    struct chimera_slice value;
    chimera_scan_init(&scan, text);
    int byte = chimera_scan_peek(&scan);
    if (byte != '{' && byte != '[')
        return;
    const char *at = scan.at, *end = form->find_end(at, scan.end);
    struct chimera_pass_index none = {.first = NULL};
    pass_expect(!form->find_values(at, scan.end, &none));
    if (!end)
        return;
    chimera_pass_force(&pass_none);
    pass_expect(chimera_scan_skip(&scan, &value));
    pass_expect(value.data == at && value.data + value.size == end);
    pass_check_index(form, value, scan.end);
}

/* `text` lies in a heap block of its size, so that a sanitizer sees a step past its end. Leaves the
 * form that was there. */
static inline void pass_check(struct chimera_slice text)
{
    const struct chimera_pass_form *form, *before = chimera_pass;
    struct chimera_error want = {0};
    chimera_pass_force(&pass_none);
    int code = chimera_json_check(text, &want);
    for (unsigned i = 0; (form = chimera_pass_form(i)); i++) {
        struct chimera_error got = {0};
        chimera_pass_force(form);
        pass_expect(chimera_json_check(text, &got) == code);
        pass_expect(strcmp(want.text, got.text) == 0);
        pass_check_start(form, text);
    }
    chimera_pass_force(before);
}

#endif
