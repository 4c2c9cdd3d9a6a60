/* SPDX-License-Identifier: Apache-2.0 */
/* samples.h - the files of samples/, for the tests of signatures. */
#ifndef CHIMERA_TEST_SAMPLES_H
#define CHIMERA_TEST_SAMPLES_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
/* cmocka wants those before it */
#include <cmocka.h>

#include "runtime/base/base64.h"
#include "runtime/base/file.h"
#include "runtime/json/tree.h"

#define SAMPLES TEST_DATA "/unit/compiler/fetch/signature/samples/"

/* The caller frees *ret_text. */
static inline void read_sample(const char *name, struct chimera_buffer *ret_text)
{
    char path[512];
    struct chimera_error err = {0};
    snprintf(path, sizeof(path), SAMPLES "%s", name);
    chimera_buffer_init(ret_text, (size_t)1 << 20);
    if (chimera_file_read(path, ret_text, &err) < 0)
        fail_msg("%s: %s", path, err.text);
}

static inline void read_sample_json(const char *name, struct json_object **ret_tree)
{
    struct chimera_buffer text;
    struct chimera_error err = {0};
    read_sample(name, &text);
    if (chimera_json_parse(chimera_buffer_slice(&text), ret_tree, &err) < 0)
        fail_msg("%s: %s", name, err.text);
    chimera_buffer_free(&text);
}

/* A file of base64 on one line. */
static inline void read_sample_bytes(const char *name, struct chimera_buffer *ret_bytes)
{
    struct chimera_buffer text;
    size_t size = 0;
    read_sample(name, &text);
    chimera_buffer_init(ret_bytes, (size_t)1 << 20);
    char *bytes = chimera_buffer_reserve(ret_bytes, chimera_base64_decoded_max(text.size));
    assert_non_null(bytes);
    assert_true(chimera_base64_decode(chimera_buffer_slice(&text), 0, bytes, &size));
    ret_bytes->size = size;
    chimera_buffer_free(&text);
}

#endif
