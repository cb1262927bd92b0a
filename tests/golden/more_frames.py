"""Makes odd TFRecord files, lets TensorFlow read them, and writes down what it gave.

    python more_frames.py SEED COUNT OUT.jsonl
    RECORDMILL_MORE_FRAMES=OUT.jsonl cargo test --test rust more_rows

The form is that of the golden corpus, so the same test reads both. Lengths with a right checksum that are not there
are left out: TensorFlow can die of them.
"""

import json
import os
import random
import sys
import tempfile
import zlib

os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
import tensorflow as tf

GZIP, ZLIB = 31, 15
BUFFER = 262_144
TAILS = [b"\0", b"\0" * 512, b"garbage", b"\x1f", b"\x1f\x8b", b"\x1f\x8b\x08", b"\x78\x9c"]


class Maker:
    def __init__(self, seed: int, folder: str) -> None:
        self.random = random.Random(seed)
        self.path = os.path.join(folder, "frames")

    def frames(self, payloads: list[bytes]) -> bytes:
        with tf.io.TFRecordWriter(self.path) as writer:
            for payload in payloads:
                writer.write(payload)
        with open(self.path, "rb") as file:
            return file.read()

    def payloads(self, large: bool) -> list[bytes]:
        lengths = [0, 1, 5, 40, 200] + [70_000, BUFFER - 30, BUFFER - 12, BUFFER, 300_000] * large
        noise = [
            self.random.randbytes(self.random.choice(lengths)) for _ in range(self.random.randrange(1, 12 - 6 * large))
        ]
        return [payload if self.random.random() < 0.7 else b"ab" * self.random.randrange(100) for payload in noise]

    def stream(self, data: bytes, window_bits: int, level: int | None = None) -> bytes:
        level = self.random.choice([0, 1, 6, 9]) if level is None else level
        compress = zlib.compressobj(level, zlib.DEFLATED, window_bits)
        return compress.compress(data) + compress.flush()

    def streams(self, data: bytes, window_bits: int) -> bytes:
        cuts = sorted(self.random.randrange(len(data) + 1) for _ in range(self.random.randrange(5)))
        if self.random.random() < 0.4:
            cuts = sorted([*cuts, self.random.choice(cuts or [0])])
        parts = (data[start:end] for start, end in zip([0, *cuts], [*cuts, len(data)], strict=True))
        return b"".join(self.stream(part, window_bits) for part in parts)

    def straddling(self) -> bytes:
        """A first member that ends near a multiple of TensorFlow's buffer, and small ones after it."""
        target = BUFFER * self.random.choice([1, 1, 2]) + self.random.randrange(-12, 14)
        level, noise = self.random.choice([0, 6]), self.random.randbytes(target)
        length = target - 64
        for _ in range(60):
            first = self.stream(self.frames([noise[:length]]), GZIP, level)
            if len(first) == target:
                break
            length += target - len(first)
        rest = [self.frames([self.random.randbytes(50)]) for _ in range(2)]
        if self.random.random() < 0.3:
            rest.append(self.frames([self.random.randbytes(400_000)]))
        return first + b"".join(self.stream(data, GZIP) for data in rest)

    def damaged(self, data: bytes) -> bytes:
        chance = self.random.random()
        if chance < 0.3:
            return data[: self.random.randrange(len(data) + 1)]
        if chance < 0.55 and data:
            at = self.random.randrange(min(len(data), self.random.choice([12, 60, len(data)])))
            return data[:at] + bytes([data[at] ^ 1 << self.random.randrange(8)]) + data[at + 1 :]
        return data + self.random.choice(TAILS) if chance > 0.9 else data

    def file(self) -> tuple[str, bytes]:
        kind = self.random.choice(["plain", "gzip", "gzip", "gzip", "zlib", "straddling"])
        data = self.frames(self.payloads(kind != "plain" and self.random.random() < 0.15))
        if kind == "gzip":
            data = self.streams(data, GZIP)
        elif kind == "zlib":
            data = self.streams(data, ZLIB) if self.random.random() < 0.5 else self.stream(data, ZLIB)
        elif kind == "straddling":
            data = self.straddling()
        return kind, self.damaged(data)

    def row(self, number: int) -> dict[str, object]:
        kind, data = self.file()
        compression = {"plain": "", "zlib": "ZLIB"}.get(kind, "GZIP")
        with open(self.path, "wb") as file:
            file.write(data)
        records, error = [], None
        try:
            options = tf.io.TFRecordOptions(compression)
            records.extend(record.hex() for record in tf.compat.v1.io.tf_record_iterator(self.path, options))
        except tf.errors.OpError as caught:
            error = f"{type(caught).__name__}: {caught}"
        return {
            "name": f"{number} {kind}",
            "file_hex": data.hex(),
            "compression": compression,
            "records_hex": records,
            "error": error,
        }


def main() -> None:
    seed, count, path = int(sys.argv[1]), int(sys.argv[2]), sys.argv[3]
    with tempfile.TemporaryDirectory() as folder, open(path, "w") as out:
        maker = Maker(seed, folder)
        out.writelines(json.dumps(maker.row(number)) + "\n" for number in range(count))


if __name__ == "__main__":
    main()
