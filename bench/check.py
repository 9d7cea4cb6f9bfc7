"""Are two results the same answer?

Row order counts only where ORDER BY fixes it, floating-point cells may differ by 1e-9 of their
size (1e-5 where an engine answers in single precision; 1e-14 of the column's largest value is
taken for zero), and rows that tie at a LIMIT may differ: for a query with LIMIT the reference is
the same query without it, so that every row of a limited answer is looked up among the rows that
could stand in its place.
"""
import re

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

DOUBLE, SINGLE = 1e-9, 1e-5
NOISE = 1e-14  # of a column's largest value: what cancellation leaves where the answer is zero
SMALL = 5000  # rows up to which an ordered answer is checked place by place


def split_top(text, separator=","):
    """Split at separators that stand outside parentheses and quotes."""
    parts, depth, quote, start = [], 0, False, 0
    for i, c in enumerate(text):
        if c == "'":
            quote = not quote
        elif not quote:
            depth += (c == "(") - (c == ")")
            if depth == 0 and c == separator:
                parts.append(text[start:i].strip())
                start = i + 1
    return parts + [text[start:].strip()]


class Shape:
    """The outer SELECT list, ORDER BY keys, LIMIT and OFFSET of a query text."""

    def __init__(self, sql):
        text = sql.strip().rstrip(";")
        match = re.search(r"\sLIMIT (\d+)(?: OFFSET (\d+))?$", text, re.I)
        self.limit = int(match.group(1)) if match else None
        self.offset = int(match.group(2) or 0) if match else 0
        self.body = text[:match.start()] if match else text
        order = re.search(r"\sORDER BY ((?:[^()]|\([^()]*\))*)$", self.body, re.I)
        keys = split_top(order.group(1)) if order else []
        self.keys = [re.sub(r"\s+(ASC|DESC)$", "", key, flags=re.I) for key in keys]

    def reference(self):
        """The text without LIMIT, the ORDER BY keys added as the last columns."""
        if not self.keys:
            return self.body
        end = next(m.start() for m in re.finditer(r"\sFROM\s", self.body, re.I)
                   if self.body.count("(", 0, m.start()) == self.body.count(")", 0, m.start()))
        keys = self.expand(self.body[len("SELECT "):end])
        return (self.body[:end] + "".join(f", {key} AS sort_key_{i}" for i, key in enumerate(keys))
                + self.body[end:])

    def expand(self, items):
        """The keys with aliases of the SELECT list replaced by what they stand for."""
        aliases = {}
        for item in split_top(items):
            match = re.match(r"(.*)\sAS\s(\w+)$", item, re.I | re.S)
            if match:
                aliases[match.group(2).lower()] = match.group(1)
        return [aliases.get(key.lower(), key) for key in self.keys]


def plain(array):
    """One contiguous array of int64, float64, string or what cannot be reduced to those."""
    array = array.combine_chunks() if isinstance(array, pa.ChunkedArray) else array
    if isinstance(array, pa.ChunkedArray):
        array = pa.concat_arrays(array.chunks) if array.num_chunks else pa.array([], array.type)
    kind = array.type
    if pa.types.is_dictionary(kind):
        return plain(array.dictionary_decode())
    if pa.types.is_decimal(kind):
        return array.cast(pa.int64() if kind.scale == 0 else pa.float64(), safe=False)
    if pa.types.is_boolean(kind) or pa.types.is_integer(kind) and kind != pa.uint64():
        return array.cast(pa.int64())
    if pa.types.is_floating(kind) and kind != pa.float64():
        return array.cast(pa.float64())
    if pa.types.is_timestamp(kind):
        return array.cast(pa.timestamp("us"), safe=False).cast(pa.int64())
    if pa.types.is_date(kind):
        return array.cast(pa.date32()).cast(pa.int32()).cast(pa.int64())
    if pa.types.is_string(kind) or pa.types.is_string_view(kind) or pa.types.is_large_string(kind):
        return array.cast(pa.large_string())
    return array


class Answer:
    """A result ready to compare."""

    def __init__(self, table):
        self.rows = table.num_rows
        self.single = [pa.types.is_float32(field.type) for field in table.schema]
        self.columns = [plain(column) for column in table.columns]


def unify(a, b):
    """Bring two columns to one type: text, integers or doubles. NULLs alone fit any type."""
    if a.type == b.type:
        return a, b
    if a.null_count == len(a):
        return pa.nulls(len(a), b.type), b
    if b.null_count == len(b):
        return a, pa.nulls(len(b), a.type)
    numbers = [pa.types.is_integer(x.type) or pa.types.is_floating(x.type) for x in (a, b)]
    if all(numbers):
        return a.cast(pa.float64(), safe=False), b.cast(pa.float64(), safe=False)
    return a.cast(pa.large_string()), b.cast(pa.large_string())


def close(a, b, tolerance):
    """Element by element: both NULL, or equal within the tolerance. numpy booleans."""
    null_a, null_b = np.asarray(a.is_null()), np.asarray(b.is_null())
    if pa.types.is_floating(a.type):
        x = np.asarray(a.fill_null(0.0)), np.asarray(b.fill_null(0.0))
        with np.errstate(invalid="ignore"):
            size = np.maximum(np.abs(x[0]), np.abs(x[1]))
            noise = NOISE * np.max(size[np.isfinite(size)], initial=0.0) if tolerance else 0.0
            same = np.abs(x[0] - x[1]) <= tolerance * size + noise
        same |= (x[0] == x[1]) | (np.isnan(x[0]) & np.isnan(x[1]))
    else:
        same = np.asarray(pc.equal(a, b).fill_null(True))
    return np.where(null_a | null_b, null_a & null_b, same)


def row_text(columns, row):
    return "(" + ", ".join(str(column[row].as_py()) for column in columns) + ")"


def ordering(pairs, which, codes):
    """Rows in an order that depends on the exact columns first and the doubles last."""
    keys = [np.nan_to_num(np.asarray(pair[which].fill_null(0.0)))
            for pair in pairs if pa.types.is_floating(pair[which].type)]
    mixed = np.zeros(len(pairs[0][which]), dtype=np.uint64)
    with np.errstate(over="ignore"):
        for code in codes:
            mixed = (mixed ^ code.astype(np.uint64)) * np.uint64(0x9E3779B97F4A7C15)
            mixed ^= mixed >> np.uint64(29)
    return np.lexsort(keys[::-1] + [mixed]) if keys else np.argsort(mixed, kind="stable")


def exact_codes(pairs):
    """Integer codes of the exact columns, the same on both sides: (codes of a, codes of b)."""
    codes = ([], [])
    for pair in pairs:
        if pa.types.is_floating(pair[0].type):
            continue
        both = pa.chunked_array(list(pair))
        if pa.types.is_int64(both.type) and both.null_count == 0:
            values = [np.asarray(column) for column in pair]
        else:
            both = both.dictionary_encode(null_encoding="encode").combine_chunks()
            both = both if isinstance(both, pa.DictionaryArray) else both.chunk(0)
            indices = np.asarray(both.indices)
            values = [indices[:len(pair[0])], indices[len(pair[0]):]]
        codes[0].append(values[0])
        codes[1].append(values[1])
    return codes


def tolerances(a, b, count):
    return [SINGLE if a.single[i] or b.single[i] else DOUBLE for i in range(count)]


def same_rows(a, b):
    """None when the two answers hold the same rows in any order, else the first difference."""
    if a.rows != b.rows:
        return f"{a.rows} rows, expected {b.rows}"
    if a.rows == 0:
        return None
    pairs = [unify(x, y) for x, y in zip(a.columns, b.columns)]
    codes = exact_codes(pairs)
    orders = [pa.array(ordering(pairs, side, codes[side])) for side in (0, 1)]
    limits = tolerances(a, b, len(pairs))
    for i, pair in enumerate(pairs):
        same = close(pair[0].take(orders[0]), pair[1].take(orders[1]), limits[i])
        if not same.all():
            row = int(np.argmin(same))
            wrong = int((~same).sum())
            got = row_text([p[0] for p in pairs], orders[0][row].as_py())
            want = row_text([p[1] for p in pairs], orders[1][row].as_py())
            return f"column {i + 1}, {wrong} rows differ: {got}, expected {want}"
    return None


def runs(reference, keys):
    """Where rows of equal sort keys begin and end: first row of every run, and the row count."""
    change = np.zeros(reference.rows, dtype=bool)
    change[0] = True
    for column in reference.columns[len(reference.columns) - keys:]:
        change[1:] |= ~close(column.slice(1), column.slice(0, reference.rows - 1), 0.0)
    return np.append(np.flatnonzero(change), reference.rows)


def same_places(a, reference, keys, offset, limit):
    """Every row of `a` is among the reference rows that may stand in its place."""
    expected = max(0, min(reference.rows - offset, limit))
    if a.rows != expected:
        return f"{a.rows} rows, expected {expected}"
    if expected == 0:
        return None
    count = len(reference.columns) - keys
    starts = runs(reference, keys) if keys else np.array([0, reference.rows])
    limits = tolerances(a, reference, count)
    pairs = [unify(a.columns[i], reference.columns[i]) for i in range(count)]
    used = np.zeros(reference.rows, dtype=bool)
    for row in range(expected):
        run = int(np.searchsorted(starts, offset + row, side="right")) - 1
        first, last = int(starts[run]), int(starts[run + 1])
        match = ~used[first:last]
        for i, (got, want) in enumerate(pairs):
            spread = got.take(pa.array(np.full(last - first, row)))
            match &= close(spread, want.slice(first, last - first), limits[i])
        if not match.any():
            return f"row {row + 1}: {row_text([p[0] for p in pairs], row)} is none of the " \
                   f"{last - first} rows that may stand there, such as " \
                   f"{row_text([p[1] for p in pairs], first)}"
        used[first + int(np.argmax(match))] = True
    return None


def read(path):
    with pa.memory_map(path) as source:
        return pa.ipc.open_file(source).read_all()


def compare(shape, result, reference):
    """The difference of a saved result from the saved reference, or None."""
    a, b = Answer(read(result)), Answer(read(reference))
    keys = len(shape.keys)
    if len(a.columns) != len(b.columns) - keys:
        return f"{len(a.columns)} columns, expected {len(b.columns) - keys}"
    if shape.limit is not None or keys and b.rows <= SMALL:
        limit = shape.limit if shape.limit is not None else b.rows
        return same_places(a, b, keys, shape.offset, limit)
    b.columns = b.columns[:len(a.columns)]
    return same_rows(a, b)
