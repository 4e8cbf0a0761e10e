"""Arrays for pages: .npy files written and read, a PNG, attention that is quick to make. Standard library only."""

import array
import ast
import math
import random
import struct
import zlib


def save_npy(path, shape, values):
    """float32, row by row."""
    header = repr({"descr": "<f4", "fortran_order": False, "shape": tuple(shape)}).encode()
    header += b" " * (-(len(header) + 11) % 64) + b"\n"
    data = values if isinstance(values, bytes) else array.array("f", values).tobytes()
    with open(path, "wb") as file:
        file.write(b"\x93NUMPY\x01\x00" + struct.pack("<H", len(header)) + header + data)


class Npy:
    """A float32 array of a file; [i, j, ...] gives a number."""

    def __init__(self, path):
        with open(path, "rb") as file:
            data = file.read()
        length = struct.unpack("<H", data[8:10])[0]
        facts = ast.literal_eval(data[10:10 + length].decode())
        assert facts["descr"] == "<f4" and not facts["fortran_order"], facts
        self.shape = facts["shape"]
        self.values = array.array("f", data[10 + length:])

    def __getitem__(self, place):
        at = 0
        for size, index in zip(self.shape, place):
            at = at * size + index
        return self.values[at]


def head(tokens, kind, seed, causal=True):
    """Weights of one head as bytes: random scores and one pattern."""
    source = random.Random(seed)
    rows = array.array("f")
    for query in range(tokens):
        allowed = query + 1 if causal else tokens
        scores = [math.exp(source.gauss(0, 1)) for _ in range(allowed)]
        if kind == "previous" and query > 0:
            scores[query - 1] *= 500
        if kind == "first":
            scores[0] *= 300
        total = sum(scores)
        rows.extend([score / total for score in scores] + [0.0] * (tokens - allowed))
    return rows.tobytes()


def attention(path, layers, heads, tokens, causal=True, seed=0, different=6):
    """[layers, heads, tokens, tokens] of so many different heads, of six kinds, that take turns."""
    names = ("", "previous", "first", "", "previous", "")
    kinds = [head(tokens, names[i % 6], seed + i, causal) for i in range(different)]
    save_npy(path, (layers, heads, tokens, tokens),
             b"".join(kinds[(7 * i + seed) % different] for i in range(layers * heads)))


def save_png(path, width, height):
    """A picture of a slope."""
    def part(name, data):
        return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))
    rows = b"".join(b"\0" + bytes((x * 3 + y * 2) % 256 for x in range(width)) for y in range(height))
    with open(path, "wb") as file:
        file.write(b"\x89PNG\r\n\x1a\n" + part(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)) +
                   part(b"IDAT", zlib.compress(rows)) + part(b"IEND", b""))


class Png:
    """A picture of 8 bits and four colours, as browsers save it; [x, y] gives red, green, blue, alpha."""

    def __init__(self, data):
        assert data[:8] == b"\x89PNG\r\n\x1a\n", data[:8]
        at, packed = 8, b""
        while at < len(data):
            length, kind = struct.unpack(">I4s", data[at:at + 8])
            part = data[at + 8:at + 8 + length]
            if kind == b"IHDR":
                self.width, self.height, *form = struct.unpack(">IIBBBBB", part)
                assert form == [8, 6, 0, 0, 0], form
            packed += part if kind == b"IDAT" else b""
            at += 12 + length
        self.rows = self.unfiltered(zlib.decompress(packed))

    def unfiltered(self, data):
        length, rows, above = 4 * self.width, [], bytearray(4 * self.width)
        for start in range(0, len(data), length + 1):
            row = bytearray(data[start + 1:start + 1 + length])
            predict = (lambda left, up, corner: 0, lambda left, up, corner: left, lambda left, up, corner: up,
                       lambda left, up, corner: (left + up) // 2, paeth)[data[start]]
            for i, value in enumerate(row):
                left, corner = (row[i - 4], above[i - 4]) if i >= 4 else (0, 0)
                row[i] = (value + predict(left, above[i], corner)) & 255
            rows.append(row)
            above = row
        return rows

    def __getitem__(self, place):
        x, y = place
        return tuple(self.rows[y][4 * x:4 * x + 4])


def paeth(left, up, corner):
    """The neighbour that is nearest to left + up - corner; see the specification of PNG."""
    wish = left + up - corner
    return min((abs(wish - left), 0, left), (abs(wish - up), 1, up), (abs(wish - corner), 2, corner))[2]
