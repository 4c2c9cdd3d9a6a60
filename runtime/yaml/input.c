/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/yaml/input.h"

#include "runtime/base/error.h"

/* libyaml gets its input in pieces: between two of them there is a look at the clock, for some of
 * what it does is quadratic. */
#define PIECE_BYTES ((size_t)1024)
/* What it makes of a byte of input, at most: a tag directive of 14 bytes takes it 160. */
#define SCRATCH_PER_BYTE 12
/* Its buffers and ours. */
#define SCRATCH_BYTES ((uint64_t)96 << 10)

int chimera_yaml_input_take(struct chimera_yaml_input *input, uint64_t scratch_bytes)
{
    int code = chimera_account_take(input->account, scratch_bytes);
    input->scratch += code < 0 ? 0 : scratch_bytes;
    return code;
}

/* libyaml's read handler. */
static int read_piece(void *data, unsigned char *to, size_t room, size_t *ret_size)
{
    struct chimera_yaml_input *input = data;
    size_t size = input->rest.size < room ? input->rest.size : room;
    if (input->account && size > PIECE_BYTES)
        size = PIECE_BYTES;
    if (chimera_account_has_time(input->account, 0) < 0 ||
        chimera_yaml_input_take(input, size * SCRATCH_PER_BYTE) < 0)
        return 0;
    if (size)
        memcpy(to, input->rest.data, size);
    input->rest = (struct chimera_slice){input->rest.data + size, input->rest.size - size};
    *ret_size = size;
    return 1;
}

int chimera_yaml_input_open(struct chimera_yaml_input *input, yaml_parser_t *parser)
{
    int code = chimera_yaml_input_take(input, SCRATCH_BYTES);
    if (code < 0)
        return code;
    if (!yaml_parser_initialize(parser))
        return CHIMERA_ENOMEM;
    yaml_parser_set_encoding(parser, YAML_UTF8_ENCODING);
    yaml_parser_set_input(parser, read_piece, input);
    return CHIMERA_OK;
}

void chimera_yaml_input_close(struct chimera_yaml_input *input)
{
    chimera_account_give_back(input->account, input->scratch);
    input->scratch = 0;
}
