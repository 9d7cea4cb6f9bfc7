"""The public interface through ctypes, for the tests written in Python.

    db = trueno.open(library, backend="avx2", threads=2)
    answer = db.query("SELECT 1 AS x")      # .names .types .rows, or trueno.Error
    answer.bits()                           # every value as bytes: equal means the same bits

Values are int, float, bool, str, bytes, Decimal, None; dates, times, timestamps and intervals come
as the text that the shell prints.
"""
import ctypes
import decimal
import os
import re
import subprocess
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(HERE)
SHARED = os.environ.get("TRUENO_SHARED", os.path.join(ROOT, "..", "shared"))

BACKENDS = ["auto", "scalar", "sse", "avx2", "avx512", "neon", "simd", "gpu"]

Pointer = ctypes.c_void_p


DUCKDB = "2.0.1"  # the version whose answers the tests expect; .ci/run installs it


def compared_with(module):
    """Say which duckdb the answers are compared with; its version as numbers."""
    note = "" if module.__version__ == DUCKDB else f" (expected is {DUCKDB})"
    print(f"compared with duckdb {module.__version__}{note}", flush=True)
    return tuple(int(n) for n in re.findall(r"\d+", module.__version__)[:3])


class Allocator(ctypes.Structure):
    _fields_ = [("alloc", Pointer), ("free", Pointer), ("user", Pointer)]


class Files(ctypes.Structure):
    _fields_ = [(name, Pointer) for name in
                "open size modified read write map close remove list user replace".split()]


class Jobs(ctypes.Structure):
    _fields_ = [("parallel_for", Pointer), ("workers", ctypes.c_uint32), ("user", Pointer)]


class Callback(ctypes.Structure):
    _fields_ = [("call", Pointer), ("user", Pointer)]


class Limits(ctypes.Structure):
    _fields_ = [(name, ctypes.c_uint32) for name in
                "sql_bytes expression_depth columns footer_bytes page_bytes record_bytes".split()]


class Config(ctypes.Structure):
    _fields_ = [("backend", ctypes.c_int), ("threads", ctypes.c_uint32),
                ("memory_limit", ctypes.c_uint64), ("gpu_cache_bytes", ctypes.c_uint64),
                ("morsel_bytes", ctypes.c_uint64), ("temp_directory", ctypes.c_char_p),
                ("no_file_access", ctypes.c_bool), ("no_spill", ctypes.c_bool),
                ("deadline_seconds", ctypes.c_double), ("allocator", Allocator),
                ("files", Files), ("jobs", Jobs), ("log", Callback), ("progress", Callback),
                ("limits", Limits), ("pipeline_cache", ctypes.c_char_p),
                ("rest", Pointer * 32)]  # what later versions add at the end: zero


class Batch(ctypes.Structure):
    _fields_ = [("first", ctypes.c_uint64), ("rows", ctypes.c_uint32), ("data", Pointer),
                ("validity", Pointer)]


class Text(ctypes.Structure):
    _fields_ = [("data", Pointer), ("length", ctypes.c_size_t)]


class Error(Exception):
    def __init__(self, status, message, position):
        super().__init__(f"{status}: {message}")
        self.status, self.message, self.position = status, message, position


WIDTHS = {"BOOLEAN": (1, "B"), "TINYINT": (1, "b"), "SMALLINT": (2, "h"), "INTEGER": (4, "i"),
          "BIGINT": (8, "q"), "UTINYINT": (1, "B"), "USMALLINT": (2, "H"), "UINTEGER": (4, "I"),
          "UBIGINT": (8, "Q"), "HUGEINT": (16, None), "FLOAT": (4, "f"), "DOUBLE": (8, "d")}


def build(folder):
    """The shared library from trueno_db.h; built again when the header is newer."""
    if os.environ.get("TRUENO_LIBRARY"):
        return os.environ["TRUENO_LIBRARY"]
    header = os.path.join(ROOT, "trueno_db.h")
    out = os.path.join(folder, "libtrueno_test.so")
    if not os.path.exists(out) or os.path.getmtime(out) < os.path.getmtime(header):
        os.makedirs(folder, exist_ok=True)
        part = f"{out}.{os.getpid()}"
        subprocess.run([os.environ.get("CC", "cc").split()[0], "-O1", "-ffp-contract=off",
                        "-shared", "-fPIC", "-w", "-x", "c", "-DTRUENO_DB_IMPLEMENTATION", header,
                        "-o", part, "-lpthread", "-ldl"], check=True)
        os.rename(part, out)
    return out


class Library:
    def __init__(self, path):
        self.path = path
        c = self.c = ctypes.CDLL(path)
        size, u32, u64 = ctypes.c_size_t, ctypes.c_uint32, ctypes.c_uint64
        for name, result, arguments in [
                ("trueno_open", ctypes.c_int, [Pointer, ctypes.POINTER(Pointer)]),
                ("trueno_close", None, [Pointer]),
                ("trueno_query", Pointer, [Pointer, ctypes.c_char_p]),
                ("trueno_status_name", ctypes.c_char_p, [ctypes.c_int]),
                ("trueno_type_name", ctypes.c_char_p, [ctypes.c_int]),
                ("trueno_result_status", ctypes.c_int, [Pointer]),
                ("trueno_result_error", ctypes.c_char_p, [Pointer]),
                ("trueno_result_error_position", size, [Pointer]),
                ("trueno_result_row_count", u64, [Pointer]),
                ("trueno_result_column_count", u32, [Pointer]),
                ("trueno_result_column_name", ctypes.c_char_p, [Pointer, u32]),
                ("trueno_result_column_type", ctypes.c_int, [Pointer, u32]),
                ("trueno_result_column_type_name", ctypes.c_char_p, [Pointer, u32]),
                ("trueno_get_is_null", ctypes.c_bool, [Pointer, u64, u32]),
                ("trueno_get_text", ctypes.c_char_p, [Pointer, u64, u32]),
                ("trueno_result_batch", ctypes.c_bool,
                 [Pointer, u32, u64, ctypes.POINTER(Batch)]),
                ("trueno_result_free", None, [Pointer])]:
            function = getattr(c, name)
            function.restype, function.argtypes = result, arguments


def blocks(c, result, column):
    """(first, rows, address, validity words or None) of each batch."""
    row, batch = 0, Batch()
    while c.trueno_result_batch(result, column, row, ctypes.byref(batch)) and batch.rows:
        words = None
        if batch.validity:
            words = (ctypes.c_uint64 * ((batch.rows + 63) // 64)).from_address(batch.validity)
        yield batch.first, batch.rows, batch.data, words
        row = batch.first + batch.rows


def column_values(c, result, column, kind, name):
    values = []
    for first, rows, data, words in blocks(c, result, column):
        if kind in ("VARCHAR", "BLOB"):
            texts = (Text * rows).from_address(data)
            block = [ctypes.string_at(t.data, t.length) if t.length else b"" for t in texts]
            if kind == "VARCHAR":
                block = [b.decode("utf-8", "surrogateescape") for b in block]
        elif kind == "DECIMAL":
            precision, scale = (int(x) for x in name[8:-1].split(","))
            block = [decimal.Decimal(v).scaleb(-scale, decimal.Context(prec=60))
                     for v in integers(data, rows, 8 if precision <= 18 else 16)]
        elif kind in WIDTHS:
            width, code = WIDTHS[kind]
            if code:
                block = memoryview((ctypes.c_char * (rows * width)).from_address(data)) \
                    .cast("B").cast(code).tolist()
            else:
                block = integers(data, rows, 16)
            if kind == "BOOLEAN":
                block = [v != 0 for v in block]
        else:
            block = [c.trueno_get_text(result, first + i, column).decode() for i in range(rows)]
        if words is not None:
            block = [v if words[i >> 6] >> (i & 63) & 1 else None for i, v in enumerate(block)]
        values.extend(block)
    return values


def integers(data, rows, width):
    raw = ctypes.string_at(data, rows * width)
    return [int.from_bytes(raw[i:i + width], sys.byteorder, signed=True)
            for i in range(0, len(raw), width)]


class Answer:
    def __init__(self, library, result):
        c = library.c
        self.names, self.types, columns, kinds = [], [], [], []
        for i in range(c.trueno_result_column_count(result)):
            self.names.append(c.trueno_result_column_name(result, i).decode())
            self.types.append(c.trueno_result_column_type_name(result, i).decode())
            kinds.append(c.trueno_type_name(c.trueno_result_column_type(result, i)).decode())
            columns.append(column_values(c, result, i, kinds[-1], self.types[-1]))
        self.rows = list(zip(*columns)) if columns else []
        self.count = c.trueno_result_row_count(result)

    def bits(self):
        """A form in which only the same bits are equal: -0.0 is not 0.0."""
        return [tuple(v.hex() if isinstance(v, float) else v for v in row) for row in self.rows]


class Database:
    def __init__(self, library, **options):
        self.library = library
        config = Config()
        for name, value in options.items():
            if name == "backend":
                value = BACKENDS.index(value)
            setattr(config, name, value)
        self.handle = Pointer()
        status = library.c.trueno_open(ctypes.byref(config), ctypes.byref(self.handle))
        if status:
            raise Error(library.c.trueno_status_name(status).decode(), "trueno_open", None)

    def query(self, sql):
        c = self.library.c
        result = c.trueno_query(self.handle, sql.encode("utf-8", "surrogateescape"))
        try:
            status = c.trueno_result_status(result)
            if status:
                position = c.trueno_result_error_position(result)
                raise Error(c.trueno_status_name(status).decode(),
                            c.trueno_result_error(result).decode(errors="replace"),
                            None if position == ctypes.c_size_t(-1).value else position)
            return Answer(self.library, result)
        finally:
            c.trueno_result_free(result)

    def close(self):
        if self.handle:
            self.library.c.trueno_close(self.handle)
            self.handle = None


def open(library, **options):
    return Database(library, **options)


# ---- the other engine's values in our terms ----

def foreign(value):
    """A value of duckdb's Python module as ours."""
    import datetime
    if isinstance(value, datetime.datetime):
        text = value.replace(tzinfo=None).isoformat(sep=" ")
        return text.rstrip("0") if "." in text else text
    if isinstance(value, datetime.date):
        return value.isoformat()
    if isinstance(value, datetime.time):
        text = value.isoformat()
        return text.rstrip("0") if "." in text else text
    if isinstance(value, (bytearray, memoryview)):
        return bytes(value)
    return value


def same(a, b, tolerance=1e-9):
    """Exact, but for floats: `tolerance` relative to the greater, or 1e-14 around zero."""
    if a is None or b is None:
        return a is b
    if isinstance(a, float) and isinstance(b, float):
        if a != a or b != b:
            return a != a and b != b
        return a == b or abs(a - b) <= max(tolerance * max(abs(a), abs(b)), 1e-14)
    if isinstance(a, bool) != isinstance(b, bool):
        return False
    if isinstance(a, decimal.Decimal) and isinstance(b, decimal.Decimal):
        return a == b and a.as_tuple().exponent == b.as_tuple().exponent
    return type(a) is type(b) and a == b


def order_key(row):
    """A total order for rows of mixed values; floats by their first ten digits."""
    def one(v):
        if v is None:
            return (0, "")
        if isinstance(v, float):
            return (1, "%.9e" % v if v else "0")
        return (1, str(v))
    return tuple(one(v) for v in row)


def compare(ours, theirs, ordered=True, tolerance=1e-9):
    """None, or what differs between two lists of rows."""
    if len(ours) != len(theirs):
        return f"{len(ours)} rows, expected {len(theirs)}"
    if not ordered:
        ours, theirs = sorted(ours, key=order_key), sorted(theirs, key=order_key)
    for i, (x, y) in enumerate(zip(ours, theirs)):
        if len(x) != len(y):
            return f"{len(x)} columns, expected {len(y)}"
        for j, (a, b) in enumerate(zip(x, y)):
            if not same(a, b, tolerance):
                return f"row {i}, column {j}: got {a!r}, expected {b!r} (rows {x!r} / {y!r})"[:600]
    return None
