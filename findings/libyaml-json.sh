#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# PyYAML 6.0.2, libyaml 0.2.5: not all JSON is YAML to them; an emoji of json.dumps() is refused or broken.
#
# YAML 1.2 calls itself a superset of JSON; these read 1.1. Python, Java and others write a character beyond
# U+FFFF as two escapes, a surrogate pair, unless told otherwise. libyaml, below CSafeLoader and many other
# languages' readers, refuses each half; PyYAML's own reader gives two halves that are no text. A character that
# JSON needs not escape, U+0085, becomes a space without a word, and a colon that stands on the next line is an
# error.
#
# Seen: emoji: SafeLoader gives '\ud83d\ude00', CSafeLoader: found invalid Unicode character escape code
#       (and so on)
set -eu
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"

python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check PyYAML==6.0.2 || exit 77

cat > read.py <<'PY'
import json, sys, yaml

print("PyYAML", yaml.__version__, "libyaml", yaml._yaml.get_version_string())
EMOJI = "\N{GRINNING FACE}"
TEXTS = {
    "emoji": json.dumps(EMOJI),
    "next line": json.dumps("one\x85two", ensure_ascii=False),
    "colon below its key": '{"key"\n: 1}',
    "colon beside its key": '{"key": 1}',
}

def read(text, loader):
    try:
        return ascii(yaml.load(text, loader))
    except yaml.YAMLError as error:
        return error.problem

seen = [f"{name}: {loader.__name__}: {read(text, loader)}" for name, text in TEXTS.items()
        for loader in (yaml.SafeLoader, yaml.CSafeLoader)]
for text in TEXTS.values():
    json.loads(text)
print("\n".join(seen))
STATED = r"""emoji: SafeLoader: '\ud83d\ude00'
emoji: CSafeLoader: found invalid Unicode character escape code
next line: SafeLoader: 'one two'
next line: CSafeLoader: 'one two'
colon below its key: SafeLoader: expected ',' or '}', but got ':'
colon below its key: CSafeLoader: did not find expected ',' or '}'
colon beside its key: SafeLoader: {'key': 1}
colon beside its key: CSafeLoader: {'key': 1}"""
print("as stated" if "\n".join(seen) == STATED else "changed")
sys.exit("\n".join(seen) != STATED)
PY
venv/bin/python read.py
