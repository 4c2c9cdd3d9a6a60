/* SPDX-License-Identifier: Apache-2.0 */
/* Vector instructions of a module that is lowered: their types are a table. They are copied. */
#include "compiler/lower/body.h"
#include "compiler/wasm/body.h"

static const struct run {
    uint8_t first, last;
    const char *params; /* letters as in plugin.h; V is a vector */
    char result;        /* 0: none */
} runs[] = {
    {0, 10, "i", 'V'},     {11, 11, "iV", 0},     {12, 12, "", 'V'},     {13, 14, "VV", 'V'},
    {15, 17, "i", 'V'},    {18, 18, "I", 'V'},    {19, 19, "f", 'V'},    {20, 20, "F", 'V'},
    {21, 22, "V", 'i'},    {23, 23, "Vi", 'V'},   {24, 25, "V", 'i'},    {26, 26, "Vi", 'V'},
    {27, 27, "V", 'i'},    {28, 28, "Vi", 'V'},   {29, 29, "V", 'I'},    {30, 30, "VI", 'V'},
    {31, 31, "V", 'f'},    {32, 32, "Vf", 'V'},   {33, 33, "V", 'F'},    {34, 34, "VF", 'V'},
    {35, 76, "VV", 'V'},   {77, 77, "V", 'V'},    {78, 81, "VV", 'V'},   {82, 82, "VVV", 'V'},
    {83, 83, "V", 'i'},    {84, 87, "iV", 'V'},   {88, 91, "iV", 0},     {92, 93, "i", 'V'},
    {94, 98, "V", 'V'},    {99, 100, "V", 'i'},   {101, 102, "VV", 'V'}, {103, 106, "V", 'V'},
    {107, 109, "Vi", 'V'}, {110, 115, "VV", 'V'}, {116, 117, "V", 'V'},  {118, 121, "VV", 'V'},
    {122, 122, "V", 'V'},  {123, 123, "VV", 'V'}, {124, 129, "V", 'V'},  {130, 130, "VV", 'V'},
    {131, 132, "V", 'i'},  {133, 134, "VV", 'V'}, {135, 138, "V", 'V'},  {139, 141, "Vi", 'V'},
    {142, 147, "VV", 'V'}, {148, 148, "V", 'V'},  {149, 153, "VV", 'V'}, {155, 159, "VV", 'V'},
    {160, 161, "V", 'V'},  {163, 164, "V", 'i'},  {167, 170, "V", 'V'},  {171, 173, "Vi", 'V'},
    {174, 174, "VV", 'V'}, {177, 177, "VV", 'V'}, {181, 186, "VV", 'V'}, {188, 191, "VV", 'V'},
    {192, 193, "V", 'V'},  {195, 196, "V", 'i'},  {199, 202, "V", 'V'},  {203, 205, "Vi", 'V'},
    {206, 206, "VV", 'V'}, {209, 209, "VV", 'V'}, {213, 223, "VV", 'V'}, {224, 225, "V", 'V'},
    {227, 227, "V", 'V'},  {228, 235, "VV", 'V'}, {236, 237, "V", 'V'},  {239, 239, "V", 'V'},
    {240, 247, "VV", 'V'}, {248, 255, "V", 'V'},
};

static const struct run *find_run(uint32_t operation)
{
    size_t low = 0, high = sizeof(runs) / sizeof(*runs);
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (operation < runs[middle].first)
            high = middle;
        else if (operation > runs[middle].last)
            low = middle + 1;
        else
            return &runs[middle];
    }
    return NULL;
}

void body_vector(struct lower_body *body)
{
    uint32_t operation = opcode_vector(body->reader);
    const struct run *run = find_run(operation);
    if (!run)
        reader_fail(body->reader, CHIMERA_EMODULE, "0xfd 0x%02x is not an instruction", operation);
    else
        body_apply(body, run->params, run->result);
}
