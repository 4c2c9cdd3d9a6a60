# SPDX-License-Identifier: Apache-2.0
"""Makes a browser's picture small: a PNG of 8 bits a colour, with or without transparency, becomes one of a palette. Colours
that are near each other become one where there are more than 256."""
import struct, zlib


def chunks(data):
    at = 8
    while at < len(data):
        size, kind = struct.unpack(">I4s", data[at:at + 8])
        yield kind, data[at + 8:at + 8 + size]
        at += 12 + size


def paeth(left, up, corner):
    to = left + up - corner
    return min((left, up, corner), key=lambda one: abs(to - one))


def rows_of(data):
    """(width, a list of rows, each a list of (red, green, blue))"""
    parts = list(chunks(data))
    width, height, depth, kind, *_, laced = struct.unpack(">IIBBBBB", parts[0][1])
    assert (depth, laced) == (8, 0) and kind in (2, 6), "another kind of PNG"
    step = 3 if kind == 2 else 4
    raw = zlib.decompress(b"".join(body for name, body in parts if name == b"IDAT"))
    above, rows = bytearray(width * step), []
    for y in range(height):
        at = y * (width * step + 1)
        how, line = raw[at], bytearray(raw[at + 1:at + 1 + width * step])
        for x in range(len(line) if how else 0):
            left = line[x - step] if x >= step else 0
            corner = above[x - step] if x >= step else 0
            line[x] = (line[x] + (left, above[x], (left + above[x]) // 2, paeth(left, above[x], corner))[how - 1]) & 255
        above = line
        rows.append(list(zip(line[0::step], line[1::step], line[2::step])))
    return width, rows


def distance(one, other):
    return sum((a - b) ** 2 for a, b in zip(one, other))


def shrink(data):
    width, rows = rows_of(data)
    found = {}
    for row in rows:
        for colour in row:
            found[colour] = found.get(colour, 0) + 1
    often = sorted(found, key=found.get, reverse=True)
    # The frequent ones stay as they are, and those that are least like any of them; the others become the nearest of these.
    kept = often[:192]
    far = {colour: min(distance(colour, one) for one in kept) for colour in often[192:]}
    while far and len(kept) < 256:
        kept.append(max(far, key=far.get))
        del far[kept[-1]]
        far = {colour: min(was, distance(colour, kept[-1])) for colour, was in far.items()}
    place = {colour: kept.index(min(kept, key=lambda one: distance(one, colour))) for colour in often}
    body = b"".join(b"\0" + bytes(place[colour] for colour in row) for row in rows)
    out = b"\x89PNG\r\n\x1a\n"
    for name, part in ((b"IHDR", struct.pack(">IIBBBBB", width, len(rows), 8, 3, 0, 0, 0)),
                       (b"PLTE", b"".join(bytes(colour) for colour in kept)), (b"IDAT", zlib.compress(body, 9)), (b"IEND", b"")):
        out += struct.pack(">I", len(part)) + name + part + struct.pack(">I", zlib.crc32(name + part))
    return out
