"""Which words of Chinese follow which (stages/reading/word_pairs.h), of the statistics that Debian's package sunpinyin-data has: Open-Gram's
model of three words, CC BY-SA 3.0, as SunPinyin threads it. Of its 2.5 million pairs those are kept that say most. Called by unpack.py.
"""
import array
import hashlib
import math
import struct
from pathlib import Path

PACKAGE = "sunpinyin-data"
DIGESTS = {  # of version 0.1.22+20170109-2
    "lm_sc.t3g": "768b8dfc6cf6b1769e4df0bccfa4a2ac28d9abc6bcad7d8a74d08be7fc61a19d",
    "pydict_sc.bin": "cdfddfa11d9137aacfb6cfc2a453c9fc0f4dcb1524f0d61be598a35eeecf374c",
}
COPYRIGHT = Path("/usr/share/doc") / PACKAGE / "copyright"
LONGEST, MARKS = 4, "，。；？！：“”、"
STOPS, TWO_STOPS = "，。；：、", -5  # chat has rows of them, print has none; a comma and its specks look like two
LEAST_WORTH = 4.0366e-7  # keeps 350,000 pairs
STEP = 12  # of logarithms to one


def data_files():
    """Name -> path; None where the package is not installed. SystemExit where a file is another than was looked at."""
    found = {}
    for name, digest in DIGESTS.items():
        path = next(iter(sorted(Path("/usr/lib").glob(f"*/sunpinyin/data/{name}"))), None)
        if path is None:
            return None
        if hashlib.sha256(path.read_bytes()).hexdigest() != digest:
            raise SystemExit(f"{path}: SHA-256 differs from the one in scripts/word_pairs.py; not used")
        found[name] = path
    return found


def is_word(text):
    return 0 < len(text) <= LONGEST and all("\u4e00" <= c <= "\u9fff" for c in text) or len(text) == 1 and text in MARKS


def key_of(text):
    """As in stages/reading/word_pairs.cpp: FNV-1a."""
    key = 2166136261
    for c in text:
        for byte in (ord(c) & 255, ord(c) >> 8):
            key = (key ^ byte) * 16777619 & 0xFFFFFFFF
    return key


def in_steps(logarithm):
    return max(-127, min(127, round(logarithm * STEP)))


def read_words(path):
    """By number. The file's header gives their count and, last but one of its first words, where they begin."""
    data = path.read_bytes()
    count, _, begin, _ = struct.unpack_from("<4I", data)
    return data[begin:].decode("utf-32-le").split("\0")[:count]


def read_levels(path):
    """Tables of probabilities and of what is left for words that were not seen behind one, and the nodes of single words and pairs: three
    numbers each, of 18 bits the word, 14 the second table's row, 16 the first's, and the first of its pairs."""
    data = path.read_bytes()
    levels, logarithms = struct.unpack_from("<2I", data)
    if levels != 3 or logarithms:
        raise SystemExit(f"{path}: not a model of three words with plain probabilities")
    sizes = struct.unpack_from("<4I", data, 8)
    at = 24
    tables = []
    for kind, count in ("f", 1 << 16), ("f", 1 << 14), ("I", 3 * sizes[0]), ("I", 3 * sizes[1]), ("I", 3 * sizes[2]):
        tables.append(array.array(kind, data[at : at + 4 * count]))
        at += 4 * count
    return tables[0], tables[1], tables[3], tables[4]


def pairs_of(files):
    """Key -> steps: how much likelier the second of a pair is behind the first than anywhere; for a word, how much less likely any is that
    was not seen behind it."""
    words = read_words(files["pydict_sc.bin"])
    chances, rests, singles, pairs = read_levels(files["lm_sc.t3g"])
    usual = {}
    for i in range(0, len(singles) - 3, 3):
        usual[singles[i] & 0x3FFFF] = chances[singles[i + 1] & 0xFFFF]
    known = {number for number in usual if is_word(words[number])}
    out = {key_of(a + "|" + b): in_steps(TWO_STOPS) for a in STOPS for b in STOPS}
    for i in range(0, len(singles) - 3, 3):
        first, rest = singles[i] & 0x3FFFF, rests[singles[i] >> 18]
        if first not in known:
            continue
        if rest < 1:
            out[key_of(words[first])] = in_steps(math.log(rest))
        begin, end = ((singles[k + 1] >> 16 | singles[k + 2] >> 25 << 16) * 3 for k in (i, i + 3))
        for k in range(begin, end, 3):
            second = pairs[k] & 0x3FFFF
            if second not in known:
                continue
            if words[first] in STOPS and words[second] in STOPS:
                continue
            chance = chances[pairs[k + 1] & 0xFFFF]
            ratio = math.log(chance / usual[second])
            if usual[first] * chance * abs(ratio - math.log(rest)) >= LEAST_WORTH:
                out[key_of(words[first] + "|" + words[second])] = in_steps(ratio)
    return out


def write(files, target):
    found = pairs_of(files)
    keys = sorted(found)
    with open(target, "wb") as out:
        out.write(b"RPR1" + struct.pack("<I", len(keys)))
        out.write(struct.pack(f"<{len(keys)}I", *keys))
        out.write(struct.pack(f"<{len(keys)}b", *(found[key] for key in keys)))
