/* SPDX-License-Identifier: Apache-2.0 */
/* For check: a file with one place for each kind of change. It is compiled as it is and rewritten.
 */
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>

#define TWICE(x) ((x) + (x))

static int count;

static bool is_small(int number)
{
    return number < 3;
}

static int sum(int a, int b)
{
    if (a == 0 && b == 0)
        return -1;
    count = a;
    return a + TWICE(b);
}

int main(int argc, char **argv)
{
    int number = argc > 1 ? (int)strtol(argv[1], NULL, 10) : 0;
    int total = sum(number, 5);
    printf("%d %d %d\n", is_small(number), total, count);
    return 0;
}
