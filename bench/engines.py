"""The engines of the benchmark, each in a process of its own.

A worker is `python3 engines.py PEER THREADS LIBRARY`. It reads one JSON request a line and answers
with one JSON line: {"load": {table: parquet file}, "columns": [lower-case names] or null}, or
{"run": sql, "file": path or null, "save": path or null}. Every engine is timed by the same function: the wall clock and
the processor time of the whole process (all threads, user and system) around one call of
`execute`, which returns when the whole result is materialised in the engine's own form. Saving a
result for the comparison is never inside the timed part, and neither is freeing it.
"""
import ctypes
import gc
import importlib
import json
import os
import re
import resource
import sys
import time

PEERS = ("trueno", "duckdb", "polars", "datafusion", "sqlite")
UNCOMPRESSED = ("polars", "datafusion")  # tables as plain Arrow arrays: 8 GB for 10 M rows of hits


def quoted(path):
    return "'" + path.replace("'", "''") + "'"


def write_arrow(batches, schema, path):
    import pyarrow as pa
    with pa.OSFile(path, "wb") as sink, pa.ipc.new_file(sink, schema) as writer:
        for batch in batches:
            writer.write(batch)


class Config(ctypes.Structure):
    """trueno_config as far as `threads`; the rest stays zero, which means default."""
    _fields_ = [("backend", ctypes.c_int), ("threads", ctypes.c_uint32),
                ("rest", ctypes.c_uint64 * 64)]


class Trueno:
    def __init__(self, threads, library):
        lib = self.lib = ctypes.CDLL(os.path.abspath(library))
        pointer, text = ctypes.c_void_p, ctypes.c_char_p
        for name, result, arguments in (
                ("trueno_open", ctypes.c_int, [pointer, pointer]),
                ("trueno_version", text, []),
                ("trueno_error", text, [pointer]),
                ("trueno_load", ctypes.c_int, [pointer, text, text, text]),
                ("trueno_query", pointer, [pointer, text]),
                ("trueno_result_status", ctypes.c_int, [pointer]),
                ("trueno_result_error", text, [pointer]),
                ("trueno_result_row_count", ctypes.c_uint64, [pointer]),
                ("trueno_result_to_arrow", ctypes.c_int, [pointer, pointer]),
                ("trueno_result_free", None, [pointer])):
            function = getattr(lib, name)
            function.restype, function.argtypes = result, arguments
        self.db = ctypes.c_void_p()
        config = Config(threads=threads)
        if lib.trueno_open(ctypes.byref(config), ctypes.byref(self.db)) != 0:
            raise RuntimeError("trueno_open failed")
        self.version = lib.trueno_version().decode()

    def load(self, name, path, _columns):
        if self.lib.trueno_load(self.db, name.encode(), path.encode(), None) != 0:
            raise RuntimeError(self.lib.trueno_error(self.db).decode())

    def prepare(self, sql, file):
        return re.sub(r"\bFROM t\b", "FROM " + quoted(file), sql) if file else sql

    def execute(self, sql):
        result = self.lib.trueno_query(self.db, sql.encode())
        if self.lib.trueno_result_status(result) != 0:
            message = self.lib.trueno_result_error(result).decode(errors="replace")
            self.lib.trueno_result_free(result)
            raise RuntimeError(message)
        return result

    def rows(self, result):
        return self.lib.trueno_result_row_count(result)

    def save(self, result, path):
        import pyarrow as pa
        stream = (ctypes.c_uint64 * 5)()  # struct ArrowArrayStream: five pointers
        if self.lib.trueno_result_to_arrow(result, stream) != 0:
            raise RuntimeError("trueno_result_to_arrow failed")
        reader = pa.RecordBatchReader._import_from_c(ctypes.addressof(stream))
        write_arrow(reader, reader.schema, path)

    def free(self, result):
        self.lib.trueno_result_free(result)


class Peer:
    """What the engines with a Python interface share."""
    dialect = ()  # (pattern, replacement): spellings that this engine lacks
    version = ""

    def prepare(self, sql, file):
        for pattern, replacement in self.dialect:
            sql = re.sub(pattern, replacement, sql)
        return (sql, file)

    def free(self, result):
        pass


class DuckDB(Peer):
    def __init__(self, threads, _library):
        import duckdb
        self.version = duckdb.__version__
        self.db = duckdb.connect()
        self.db.execute(f"SET threads = {threads}")
        self.db.execute("SET enable_progress_bar = false")

    def load(self, name, path, _columns):
        self.db.execute(f"CREATE TABLE {name} AS SELECT * FROM {quoted(path)}")

    def prepare(self, sql, file):
        return re.sub(r"\bFROM t\b", "FROM " + quoted(file), sql) if file else sql

    def execute(self, sql):
        # DuckDB's own row collection: cheaper than any export, so the kindest way to time it.
        return self.db.sql(sql).materialize()

    def rows(self, result):
        return len(result)

    def save(self, result, path):
        table = result.to_arrow_table()
        write_arrow(table.to_batches(), table.schema, path)


class Polars(Peer):
    dialect = ((r"\bSTRLEN\(", "OCTET_LENGTH("), (r"(EventDate [<>]=) '", r"\1 DATE '"))

    def __init__(self, threads, _library):
        import polars  # POLARS_MAX_THREADS is set by the parent
        self.polars, self.version = polars, polars.__version__
        self.context = polars.SQLContext()
        if polars.thread_pool_size() != threads:
            raise RuntimeError("POLARS_MAX_THREADS was not honoured")

    def load(self, name, path, columns):
        scan = self.polars.scan_parquet(path)
        names = [c for c in scan.collect_schema().names() if not columns or c.lower() in columns]
        self.context.register(name, scan.select(names).collect())

    def execute(self, request):
        sql, file = request
        if file:
            scan = self.polars.scan_csv if file.endswith(".csv") else self.polars.scan_parquet
            self.context.register("t", scan(file))
        return self.context.execute(sql).collect()

    def rows(self, result):
        return result.height

    def save(self, result, path):
        table = result.to_arrow()
        write_arrow(table.to_batches(), table.schema, path)


class DataFusion(Peer):
    dialect = ((r"\bSTRLEN\(", "OCTET_LENGTH("), (r"\bquantile_cont\(", "percentile_cont("))

    def __init__(self, threads, _library):
        import datafusion
        self.version = datafusion.__version__
        config = datafusion.SessionConfig().with_target_partitions(threads)
        self.context = datafusion.SessionContext(config)

    def load(self, name, path, columns):
        # Unquoted names are folded to lower case here: the columns are named to match.
        self.context.register_parquet("source_file", path)
        names = [field.name for field in self.context.table("source_file").schema()]
        items = ", ".join(f'"{c}" AS "{c.lower()}"' for c in names
                          if not columns or c.lower() in columns)
        self.context.sql(f"CREATE TABLE {name} AS SELECT {items} FROM source_file").collect()
        self.context.deregister_table("source_file")

    def execute(self, request):
        sql, file = request
        if file:
            self.context.deregister_table("t")
            if file.endswith(".csv"):
                self.context.register_csv("t", file)
            else:
                self.context.register_parquet("t", file)
        frame = self.context.sql(sql)
        return frame.schema(), frame.collect()

    def rows(self, result):
        return sum(batch.num_rows for batch in result[1])

    def save(self, result, path):
        schema = result[1][0].schema if result[1] else result[0]
        write_arrow(result[1], schema, path)


class SQLite(Peer):
    """One thread: SQLite has no parallel queries. Tables come through pyarrow, row by row."""

    def __init__(self, _threads, _library):
        import sqlite3
        self.version = sqlite3.sqlite_version
        self.db = sqlite3.connect(":memory:")

    def load(self, name, path, _columns):
        import pyarrow.parquet as parquet
        source = parquet.ParquetFile(path)
        names = source.schema_arrow.names
        self.db.execute(f"CREATE TABLE {name} ({', '.join(names)})")
        marks = ", ".join("?" * len(names))
        for batch in source.iter_batches():
            columns = [column.to_pylist() for column in batch.columns]
            self.db.executemany(f"INSERT INTO {name} VALUES ({marks})", zip(*columns))
        self.db.execute("ANALYZE")

    def execute(self, request):
        cursor = self.db.execute(request[0])
        return [item[0] for item in cursor.description], cursor.fetchall()

    def rows(self, result):
        return len(result[1])

    def save(self, result, path):
        import pyarrow as pa
        names, rows = result
        columns = list(zip(*rows)) if rows else [()] * len(names)
        table = pa.table([pa.array(column) for column in columns], names=names)
        write_arrow(table.to_batches(), table.schema, path)


ENGINES = dict(zip(PEERS, (Trueno, DuckDB, Polars, DataFusion, SQLite)))


def missing(peer):
    """Why a peer cannot run here, or None."""
    module = {"trueno": None, "sqlite": "sqlite3"}.get(peer, peer)
    try:
        if module:
            importlib.import_module(module)
    except ImportError as error:
        return f"{peer}: {error} (pip install {module})"
    return None


def processor_seconds():
    usage = resource.getrusage(resource.RUSAGE_SELF)
    return usage.ru_utime + usage.ru_stime


def resident_bytes():
    with open("/proc/self/statm", encoding="ascii") as statm:
        return int(statm.read().split()[1]) * resource.getpagesize()


def run(engine, request):
    prepared = engine.prepare(request["run"], request.get("file"))
    gc.collect()
    gc.disable()
    cpu, wall = processor_seconds(), time.perf_counter()
    result = engine.execute(prepared)
    wall, cpu = time.perf_counter() - wall, processor_seconds() - cpu
    gc.enable()
    answer = {"wall": wall, "cpu": cpu, "rows": engine.rows(result)}
    if request.get("save"):
        engine.save(result, request["save"])
    engine.free(result)
    return answer


def load(engine, tables, columns):
    start = time.perf_counter()
    for name, path in tables.items():
        engine.load(name, path, columns)
    gc.collect()
    return {"seconds": time.perf_counter() - start, "resident": resident_bytes()}


def serve(peer, threads, library):
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)  # what an engine prints must not mix with the answers
    engine = ENGINES[peer](threads, library)
    print(json.dumps({"ready": peer, "version": engine.version}), file=answers, flush=True)
    for line in sys.stdin:
        request = json.loads(line)
        try:
            if "load" in request:
                answer = load(engine, request["load"], request.get("columns"))
            else:
                answer = run(engine, request)
        except BaseException as error:  # a panic of polars or datafusion is no Exception
            if isinstance(error, KeyboardInterrupt):
                raise
            text = " ".join(str(error).split()) or type(error).__name__
            answer = {"error": text[:400]}
        print(json.dumps(answer), file=answers, flush=True)


if __name__ == "__main__":
    serve(sys.argv[1], int(sys.argv[2]), sys.argv[3])
