"""Measures of reading, used by ocr.py and explained there: errors with and without the order, characters right, intervals."""
import math
import unicodedata

from against_ocrmypdf import distance, plain

TAKEN = "\0"
LEAST_BY_CHANCE = 4  # edits of a line from the closest place it has by chance
SMALL_CAPITALS = 3  # letters side by side of another case


def sweep(line, text, anywhere):
    """Distances of `line` to text[s:j] for j = 0 to the end, s free (anywhere) or 0: bit-parallel as distance()."""
    places = {}
    for i, c in enumerate(line):
        places[c] = places.get(c, 0) | 1 << i
    mask, top, first = (1 << len(line)) - 1, 1 << len(line) - 1, 0 if anywhere else 1
    plus, minus, score = mask, 0, len(line)
    out = [score]
    for c in text:
        equal = places.get(c, 0)
        vertical = equal | minus
        horizontal = (((equal & plus) + plus) ^ plus) | equal
        up = minus | ~(horizontal | plus)
        down = plus & horizontal
        score += bool(up & top) - bool(down & top)
        up, down = up << 1 | first, down << 1
        plus = (down | ~(vertical | up)) & mask
        minus = up & vertical & mask
        out.append(score)
    return out


def place(line, text, near=0):
    """(edits, start, end) of the part of `text` that is closest to `line`; of equals the one that begins nearest to `near`."""
    at, starts = text.find(line), []
    while at >= 0:
        starts.append(at)
        at = text.find(line, at + 1)
    if starts:
        start = min(starts, key=lambda s: abs(s - near))
        return 0, start, start + len(line)
    scores = sweep(line, text, True)
    edits = min(scores)
    end = min((j for j, score in enumerate(scores) if score == edits), key=lambda j: abs(j - len(line) - near))
    back = sweep(line[::-1], text[max(0, end - 2 * len(line)):end][::-1], False)
    return edits, end - back.index(min(back)), end


def is_certain(line, text, edits):
    """Whether `line`, so many edits from its place in `text`, belongs there: its letters from back to front, which stand nowhere,
    find no place that is half as close. Short lines find one anywhere, whether they are right or wrong, and belong nowhere."""
    by_chance = place(line[::-1], text)[0]
    return by_chance >= LEAST_BY_CHANCE and 2 * edits <= by_chance


def lay(lines, text, certain=False):
    """For each line its (edits, start, end) in `text`, no place used twice, and how many characters of the text are left over.
    A line of which nothing is found has an empty place. What stands in the text several times is taken where the line's own
    place is to be expected. `certain`: lines that do not belong to their place get none, and take it from no other."""
    found = [(len(line), 0, 0) for line in lines]
    total, ahead, near = sum(map(len, lines)), 0, []
    for line in lines:
        near.append(len(text) * ahead / max(1, total))
        ahead += len(line)
    order = sorted((k for k, line in enumerate(lines) if line), key=lambda k: -len(lines[k]))
    # Whole lines first: a damaged long one must not take the place of a short one that is there.
    for exact in (True, False):
        for k in list(order):
            if exact and lines[k] not in text:
                continue
            edits, start, end = place(lines[k], text, near[k])
            order.remove(k)
            if is_certain(lines[k], text, edits) if certain else edits < len(lines[k]):
                found[k] = edits, start, end
                text = text[:start] + TAKEN * (end - start) + text[end:]
    return found, len(text) - text.count(TAKEN)


def errors(truth, text):
    """(edits, edits in the best order, characters of the truth)."""
    want, got = plain(truth), plain(text)
    edits = distance(want, got)
    found, left = lay([plain(line) for line in truth.splitlines()], got)
    return edits, min(edits, sum(e for e, _, _ in found) + left), len(want)


def right_ones(read, truth):
    """For each character of `read` whether the true one stands there, in a shortest alignment. Words in small capitals, which true
    texts have in small letters, are right either way: several letters side by side of which the case alone differs."""
    rows = [list(range(len(truth) + 1))]
    for i, a in enumerate(read, 1):
        row = [i]
        for j, b in enumerate(truth, 1):
            row.append(min(rows[-1][j] + 1, row[-1] + 1, rows[-1][j - 1] + (a != b)))
        rows.append(row)
    out, case, i, j = [False] * len(read), [False] * len(read), len(read), len(truth)
    while i and j:
        if rows[i][j] == rows[i - 1][j - 1] + (read[i - 1] != truth[j - 1]):
            i, j = i - 1, j - 1
            out[i] = read[i] == truth[j]
            case[i] = not out[i] and read[i].lower() == truth[j].lower()
        elif rows[i][j] == rows[i - 1][j] + 1:
            i -= 1
        else:
            j -= 1
    for i in range(len(read) - SMALL_CAPITALS + 1):
        if all(case[i : i + SMALL_CAPITALS]):
            out[i : i + SMALL_CAPITALS] = [True] * SMALL_CAPITALS
    return out


def wilson(right, count, z=1.96):
    """The 95 % interval of a share."""
    if not count:
        return 0.0, 1.0
    p, n = right / count, count
    middle, half = p + z * z / (2 * n), z * math.sqrt(p * (1 - p) / n + z * z / (4 * n * n))
    return (middle - half) / (1 + z * z / n), (middle + half) / (1 + z * z / n)


def class_of(c):
    if "\u3400" <= c <= "\u9fff" or c == "\u3007" or ord(c) >= 0x20000:
        return "han"
    kind = unicodedata.category(c)
    if kind == "Nd":
        return "digit"
    if kind[0] == "L":
        return "latin" if "LATIN" in unicodedata.name(c, "") else "other"
    return "punct" if kind[0] in "PS" else "other"
