# SPDX-License-Identifier: Apache-2.0
"""A strict reader of Prometheus' text format 0.0.4, after its documentation (exposition_formats.md): whatever that does not
allow is an error here, also what Prometheus itself would let pass."""
import re

NAME = r"[a-zA-Z_:][a-zA-Z0-9_:]*"
LABEL = re.compile(r'([a-zA-Z_][a-zA-Z0-9_]*)="((?:[^"\\\n]|\\["\\n])*)"(,|\}$)')
TYPES = {"counter": ("",), "gauge": ("",), "histogram": ("_bucket", "_sum", "_count"), "summary": ("", "_sum", "_count")}


class Wrong(Exception):
    pass


def number(text):
    if text not in ("NaN", "+Inf", "-Inf") and not re.fullmatch(r"-?[0-9]+(\.[0-9]+)?([eE][+-]?[0-9]+)?", text):
        raise Wrong("no number: " + text)
    return float(text.replace("Inf", "inf"))


def unescape(text):
    return re.sub(r'\\(.)', lambda match: "\n" if match[1] == "n" else match[1], text)


def labels_of(text):
    found, at = {}, 0
    while at < len(text):
        match = LABEL.match(text, at)
        if not match or match[1] in found or match[1].startswith("__"):
            raise Wrong("labels: {" + text)
        found[match[1]] = unescape(match[2])
        at = match.end()
    return found


def sample_of(line):
    match = re.fullmatch(rf"({NAME})(?:\{{(.*\}}))? (\S+)", line, re.S)
    if not match:
        raise Wrong("no sample: " + line)
    return match[1], labels_of(match[2]) if match[2] else {}, number(match[3])


def check_histogram(name, samples):
    series = {}
    for sample, labels, value in samples:
        rest = frozenset((k, v) for k, v in labels.items() if k != "le")
        series.setdefault(rest, {}).setdefault(sample[len(name):], []).append((labels.get("le"), value))
    for rest, parts in series.items():
        if set(parts) != {"_bucket", "_sum", "_count"}:
            raise Wrong(f"{name}{set(rest)} has {set(parts)}")
        bounds = [number(le) for le, _ in parts["_bucket"]]
        counts = [count for _, count in parts["_bucket"]]
        if bounds != sorted(set(bounds)) or bounds[-1] != float("inf"):
            raise Wrong(f"{name}: bounds {bounds}")
        if counts != sorted(counts) or counts[-1] != parts["_count"][0][1]:
            raise Wrong(f"{name}: counts {counts}, {parts['_count']}")


def check_family(name, kind, samples):
    seen = set()
    for sample, labels, value in samples:
        if sample not in {name + suffix for suffix in TYPES[kind]}:
            raise Wrong(f"{sample} in the family {name}")
        identity = sample, frozenset(labels.items())
        if identity in seen:
            raise Wrong(f"twice: {identity}")
        seen.add(identity)
        if (sample.endswith("_bucket") and kind == "histogram") != ("le" in labels) or (kind == "counter" and value < 0):
            raise Wrong(f"{sample} {labels} {value}")
    if kind == "histogram":
        check_histogram(name, samples)


def parse(text):
    """{family: (type, [(sample's name, labels, value)])}"""
    families, name, kind = {}, None, None
    if not text.endswith("\n") or "\n\n" in text:
        raise Wrong("lines")
    for line in text[:-1].split("\n"):
        helped = re.fullmatch(rf"# HELP ({NAME}) (\S.*)", line)
        typed = re.fullmatch(rf"# TYPE ({NAME}) (\w+)", line)
        if helped:
            name, kind = helped[1], None
            if name in families or re.search(r"\\[^\\n]", helped[2]):
                raise Wrong("family: " + line)
        elif typed:
            if typed[1] != name or kind or typed[2] not in TYPES:
                raise Wrong("type: " + line)
            kind = typed[2]
            families[name] = kind, []
        elif line.startswith("#") or not kind:
            raise Wrong("outside of a family: " + line)
        else:
            families[name][1].append(sample_of(line))
    for name, (kind, samples) in families.items():
        check_family(name, kind, samples)
    return families
