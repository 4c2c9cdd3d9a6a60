#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# tcc 0.9.27+git20200814 (Debian 12): the unary minus does not change the sign of a NaN.
#
# It subtracts from -0.0, which is right for every number, zeros included. IEEE 754 has negation copy its operand
# with the other sign, NaNs as well, and other compilers turn the bit; here a NaN comes back as it was. Who
# compiles WebAssembly's f64.neg as `-x` gets other bits with tcc.
#
# Seen: minus zero: 8000000000000000
#       minus NaN: 7ff8000000000000 (gcc 12: fff8000000000000)
set -eu
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"

apt-get -qq -o APT::Sandbox::User=root download tcc=0.9.27+git20200814.62c30a4a-1 || exit 77
dpkg-deb -x ./*.deb root
tcc() { root/usr/bin/tcc -B root/usr/lib/x86_64-linux-gnu/tcc "$@"; }
root/usr/bin/tcc -v

cat > minus.c <<'C'
#include <stdio.h>
#include <string.h>

static double minus(double x)
{
    return -x;
}

static void show(const char *what, unsigned long long bits)
{
    double value;
    memcpy(&value, &bits, sizeof(value));
    value = minus(value);
    memcpy(&bits, &value, sizeof(bits));
    printf("%s: %016llx\n", what, bits);
}

int main(void)
{
    show("minus zero", 0);
    show("minus one", 0x3ff0000000000000);
    show("minus NaN", 0x7ff8000000000000);
    return 0;
}
C
seen=$(tcc -run minus.c)
echo "$seen"
[ "$seen" = 'minus zero: 8000000000000000
minus one: bff0000000000000
minus NaN: 7ff8000000000000' ] || { echo 'changed'; exit 1; }
echo 'as stated'
