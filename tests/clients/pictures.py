"""PNG pictures, drawn here so that none has to be kept."""

import random
import struct
import zlib


def _png(width, height, rows, level):
    def chunk(kind, body):
        return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))

    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    pixels = zlib.compress(b"".join(b"\0" + row for row in rows), level)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", pixels) + chunk(b"IEND", b"")


def small():
    """320 × 200 pixels that go from red to blue: a few hundred bytes."""
    row = b"".join(bytes((255 - x * 255 // 319, 64, x * 255 // 319)) for x in range(320))
    return _png(320, 200, [row] * 200, 9)


def large():
    """1250 × 1200 pixels of noise: 4.5 MB, which every client cuts into several segments, and below the limit of 5 MB."""
    noise = random.Random(1)
    return _png(1250, 1200, [noise.randbytes(1250 * 3) for _ in range(1200)], 0)


def plain(number):
    """48 × 48 pixels of one colour, another for each number below 2^24."""
    return _png(48, 48, [number.to_bytes(3, "big") * 48] * 48, 9)
