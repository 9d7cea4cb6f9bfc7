#!/usr/bin/env python3
"""Random queries over one table, answered here, by duckdb and by sqlite3, and by ourselves again.

usage: differential.py [--seed N] [--count N] [--rows N] [--keep-going] [-v]

Query number N is a function of N alone: a failure prints `--seed N --count 1`, which repeats it.
- Against duckdb: types and values; integers, decimals and text exactly, floats to 1e-9.
- Against sqlite3, for the queries whose meaning both share (integers, text, NULL logic).
- Against ourselves (the answer may not depend on the machine): other instruction sets, other
  thread counts, table or Parquet file: the same bits, and ties of an ORDER BY in the same order.
Queries that fail must fail in both engines.
"""
import argparse
import collections
import os
import random
import sqlite3
import sys
import tempfile

import duckdb

import trueno

WORDS = ["", "a", "ab", "abc", "b", "ba", "Zed", "zed", "über", "naïve", "日本", "x%y", "x_y", "10",
         "-3", "2.5", "a rather long string that does not fit inline", "  pad ", "true",
         "2020-02-29"]

# name, type, how row i gets its value (SQL over i, h(k) = a hash of i and k below a million)
COLUMNS = [
    ("id", "INTEGER", "i"),
    ("i8", "TINYINT", "h(1) % 200 - 100"),
    ("i16", "SMALLINT", "h(2) % 2000 - 1000"),
    ("i32", "INTEGER", "h(3) % 50"),
    ("i64", "BIGINT", "(h(4) * 1000003 - 500000000000)"),
    ("u8", "UTINYINT", "h(5) % 256"),
    ("u32", "UINTEGER", "h(6) * 4000"),
    ("u64", "UBIGINT", "h(7)::HUGEINT * 17000000000000"),
    ("hg", "HUGEINT", "h(8)::HUGEINT * 1000000000000000000 - 500000000000000000000000"),
    ("f32", "FLOAT", "(h(9) % 4096) / 8.0"),
    ("f64", "DOUBLE", "h(10) / 7.0 - 20000"),
    ("d92", "DECIMAL(9,2)", "(h(11) - 500000) / 100"),
    ("d183", "DECIMAL(18,3)", "h(12)::DECIMAL(18,3) * 1001.5"),
    ("d304", "DECIMAL(30,4)", "h(13)::DECIMAL(30,4) * 1000000007.25"),
    ("b", "BOOLEAN", "h(14) % 3 = 0"),
    ("s", "VARCHAR", f"words[1 + h(15) % {len(WORDS)}]"),
    ("t", "VARCHAR", "'row ' || h(16)"),
    ("d", "DATE", "DATE '1999-12-20' + (h(17) % 9000)::INT"),
    ("ts", "TIMESTAMP", "TIMESTAMP '1968-01-01' + to_microseconds(h(18) * 1700000000 + h(19))"),
    ("tm", "TIME", "TIME '00:00:00' + to_microseconds(h(20) * 86399)"),
]
NULLS = {"id": 0, "i8": 10, "i16": 0, "i32": 7, "i64": 13, "u8": 0, "u32": 20, "u64": 5, "hg": 9,
         "f32": 0, "f64": 8, "d92": 0, "d183": 11, "d304": 6, "b": 12, "s": 10, "t": 0, "d": 9,
         "ts": 10, "tm": 30}

ORDERED, ANY, TIED = "ordered", "any order", "tied"


def table_sql(rows, salt):
    items = []
    for number, (name, kind, value) in enumerate(COLUMNS):
        for k in range(20, 0, -1):
            value = value.replace(f"h({k})", f"(hash(i * 64 + {k} + {salt} * 9973) % 1000000)::BIGINT")
        value = value.replace("words", "[" + ", ".join("'" + w + "'" for w in WORDS) + "]")
        if NULLS[name]:
            value = f"CASE WHEN hash(i * 64 + {number} + 40) % {NULLS[name]} = 0 THEN NULL " \
                    f"ELSE {value} END"
        items.append(f"({value})::{kind} AS {name}")
    return f"SELECT {', '.join(items)} FROM range({rows}) r(i)"


class Grammar:
    """Queries of one seed. `lite` keeps to what sqlite3 means the same by."""

    def __init__(self, seed, lite):
        self.random = random.Random(seed)
        self.lite = lite

    def pick(self, *options):
        return self.random.choice(options)

    def chance(self, percent):
        return self.random.random() * 100 < percent

    # -- columns and constants --

    def column(self, kind):
        names = {"int": ["i32", "i16", "id"] if self.lite else
                 ["i8", "i16", "i32", "i64", "u8", "u32", "id"],
                 "wide": ["hg", "u64"], "float": ["f64", "f32"],
                 "decimal": ["d92", "d183", "d304"],
                 "bool": ["b"], "text": ["s", "t"], "date": ["d"], "time": ["tm"],
                 "timestamp": ["ts"]}[kind]
        return self.random.choice(names)

    def constant(self, kind):
        r = self.random
        if self.chance(4) and not self.lite:
            return {"int": "NULL::INTEGER", "wide": "NULL::HUGEINT", "float": "NULL::DOUBLE",
                    "decimal": "NULL::DECIMAL(9,2)", "bool": "NULL::BOOLEAN",
                    "text": "NULL::VARCHAR", "date": "NULL::DATE", "time": "NULL::TIME",
                    "timestamp": "NULL::TIMESTAMP"}[kind]
        if kind == "int":
            return str(r.choice([0, 1, 2, 3, 7, 10, 100, -1, -5, r.randint(-1000, 1000)]))
        if kind == "wide":
            return f"{r.randint(-10**6, 10**6)}::HUGEINT"
        if kind == "float":
            return f"{r.choice([0.0, 1.0, 0.5, -2.25, 1e3, r.random() * 100])!r}::DOUBLE"
        if kind == "decimal":
            return f"{r.randint(-9999, 9999) / 100:.2f}"
        if kind == "bool":
            return r.choice(["true", "false"])
        if kind == "text":
            return "'" + r.choice(WORDS) + "'"
        if kind == "date":
            return f"DATE '20{r.randint(0, 24):02d}-{r.randint(1, 12):02d}-{r.randint(1, 28):02d}'"
        if kind == "time":
            return f"TIME '{r.randint(0, 23):02d}:{r.randint(0, 59):02d}:{r.randint(0, 59):02d}'"
        return f"TIMESTAMP '19{r.randint(68, 99)}-{r.randint(1, 12):02d}-{r.randint(1, 28):02d} " \
               f"{r.randint(0, 23):02d}:{r.randint(0, 59):02d}:{r.randint(0, 59):02d}'"

    def leaf(self, kind):
        return self.constant(kind) if self.chance(25) else self.column(kind)

    def kind(self):
        if self.lite:
            return self.pick("int", "int", "text", "bool")
        return self.pick("int", "int", "int", "wide", "float", "decimal", "bool", "text", "text",
                         "date", "timestamp", "time")

    # -- expressions --

    def expression(self, kind, depth):
        if depth <= 0 or self.chance(20):
            return self.leaf(kind) if not (self.lite and kind == "bool") else self.test(0)
        if self.chance(12):
            return self.general(kind, depth)
        return getattr(self, "make_" + kind)(depth - 1)

    def general(self, kind, depth):
        """What works for every type."""
        e = lambda: self.expression(kind, depth - 1)
        form = self.random.randrange(5)
        if form == 0:
            return f"CASE WHEN {self.test(depth - 1)} THEN {e()} ELSE {e()} END"
        if form == 1:
            return f"CASE WHEN {self.test(depth - 1)} THEN {e()} WHEN {self.test(depth - 1)} " \
                   f"THEN {e()} END"
        if form == 2:
            return f"coalesce({e()}, {e()})"
        if form == 3:
            return f"nullif({e()}, {e()})"
        return f"({e()})" if self.lite else f"{self.pick('greatest', 'least')}({e()}, {e()})"

    def make_int(self, depth):
        e = lambda: self.expression("int", depth)
        text = lambda: self.expression("text", depth)
        small = lambda: self.random.randint(1, 9)
        options = [lambda: f"({e()} + {e()})", lambda: f"({e()} - {e()})",
                   lambda: f"({e()} * {self.constant('int')})", lambda: f"(- {e()})" if self.lite else
                   f"(- {e()}::BIGINT)",  # duckdb refuses unsigned ones
                   lambda: f"abs({e()})", lambda: f"({e()} % {small()})",
                   lambda: f"length({text()})"]
        if not self.lite:
            date = lambda: self.expression("date", depth)
            stamp = lambda: self.expression("timestamp", depth)
            part = lambda: self.pick("year", "month", "day", "quarter", "week", "dow", "isodow",
                                     "doy", "decade", "century")
            clock = lambda: self.pick("hour", "minute", "second", "millisecond", "microsecond")
            options += [
                lambda: f"({e()} // {small()})", lambda: f"({e()} // {e()})",
                lambda: f"({e()} % {e()})", lambda: f"({e()}::BIGINT & {e()}::BIGINT)",
                lambda: f"({e()} | {small()})", lambda: f"xor({self.column('int')}::BIGINT, {small()})",
                lambda: f"sign({e()})", lambda: f"strpos({text()}, {self.constant('text')})",
                lambda: f"ascii({text()})", lambda: f"bit_count({e()})",
                lambda: f"extract({part()} FROM {self.pick(date, stamp)()})",
                lambda: f"date_part('{part()}', {self.pick(date, stamp)()})",
                lambda: f"extract({clock()} FROM {stamp()})",
                lambda: f"{self.pick('year', 'month', 'day', 'dayofweek', 'weekofyear')}({date()})",
                lambda: f"datediff('{self.pick('day', 'month', 'year', 'week', 'quarter')}', "
                        f"{date()}, {date()})",
                lambda: f"date_sub('{self.pick('day', 'month', 'year', 'hour')}', {stamp()}, {stamp()})",
                lambda: f"({date()} - {date()})",
                lambda: f"TRY_CAST({text()} AS INTEGER)",
                lambda: f"CAST({self.expression('bool', depth)} AS INTEGER)",
                lambda: f"TRY_CAST({self.expression('float', depth)} AS BIGINT)",
                lambda: f"TRY_CAST({self.expression('decimal', depth)} AS INTEGER)",
                lambda: f"TRY_CAST({e()} AS {self.pick('TINYINT', 'SMALLINT', 'INTEGER', 'UINTEGER')})",
                lambda: f"epoch_ms({stamp()})",
                lambda: f"levenshtein({self.column('text')}, {self.constant('text')})"]
        return self.random.choice(options)()

    def make_wide(self, depth):
        e = lambda: self.expression("wide", depth)
        return self.random.choice([
            lambda: f"({e()}::HUGEINT + {self.expression('int', depth)})",
            lambda: f"({e()}::HUGEINT - {e()}::HUGEINT)",
            lambda: f"({e()}::HUGEINT * {self.random.randint(-9, 9)})",
            lambda: f"({e()}::HUGEINT // {self.random.randint(1, 99)})",
            lambda: f"({e()}::HUGEINT % {self.random.randint(1, 99)})",
            lambda: f"{self.expression('int', depth)}::HUGEINT", lambda: f"abs({e()}::HUGEINT)",
            lambda: f"TRY_CAST({self.expression('text', depth)} AS HUGEINT)"])()

    def make_float(self, depth):
        e = lambda: self.expression("float", depth)
        return self.random.choice([
            lambda: f"({e()} + {e()})", lambda: f"({e()} - {e()})", lambda: f"({e()} * {e()})",
            lambda: f"({e()} / {e()})", lambda: f"({self.expression('int', depth)} / {self.expression('int', depth)})",
            lambda: f"abs({e()})", lambda: f"sqrt(abs({e()}))", lambda: f"round({e()}, {self.random.randint(0, 3)})",
            lambda: f"{self.pick('floor', 'ceil', 'trunc', 'round')}({e()})",
            lambda: f"ln(abs({e()}) + 1)", lambda: f"exp(-abs({e()}))",
            lambda: f"{self.expression('int', depth)}::DOUBLE", lambda: f"({e()})::FLOAT",
            lambda: f"{self.expression('decimal', depth)}::DOUBLE",
            lambda: f"TRY_CAST({self.expression('text', depth)} AS DOUBLE)",
            lambda: f"atan({e()})", lambda: f"pow(abs({e()}) + 1, 0.5)", lambda: f"(- {e()})",
            lambda: f"date_part('epoch', {self.expression('timestamp', depth)})"])()

    def make_decimal(self, depth):
        e = lambda: self.expression("decimal", depth)
        return self.random.choice([
            lambda: f"({e()} + {e()})", lambda: f"({e()} - {e()})",
            lambda: f"({self.column('decimal')} * {self.random.randint(1, 9)}.5)",
            lambda: f"abs({e()})", lambda: f"round({e()}, {self.random.randint(0, 3)})",
            lambda: f"(- {e()})", lambda: f"{self.pick('floor', 'ceil')}({e()})",
            lambda: f"TRY_CAST({e()} AS DECIMAL({self.pick('9,2', '18,4', '38,6', '5,0', '12,1')}))",
            lambda: f"TRY_CAST({self.expression('int', depth)} AS DECIMAL(18,2))",
            lambda: f"TRY_CAST({self.expression('float', depth)} AS DECIMAL(18,3))",
            lambda: f"TRY_CAST({self.expression('text', depth)} AS DECIMAL(9,2))",
            lambda: f"({self.column('decimal')} + {self.expression('int', depth)}::INTEGER)"
                    if self.chance(30) else e()])()

    def make_bool(self, depth):
        return f"({self.test(depth)})"

    def make_text(self, depth):
        e = lambda: self.expression("text", depth)
        n = lambda: self.random.randint(0, 6)
        options = [lambda: f"({e()} || {e()})",
                   lambda: f"substr({e()}, {self.random.randint(1, 5)}, {n()})",
                   lambda: f"replace({e()}, '{self.pick('a', 'b', 'row', '1')}', '{self.pick('', 'xy', 'b')}')",
                   lambda: f"trim({e()})", lambda: f"ltrim({e()})", lambda: f"rtrim({e()})"]
        if not self.lite:
            options += [
                lambda: f"upper({e()})", lambda: f"lower({e()})", lambda: f"reverse({e()})",
                lambda: f"left({e()}, {self.random.randint(-3, 5)})",
                lambda: f"right({e()}, {self.random.randint(-3, 5)})",
                lambda: f"repeat({e()}, {self.random.randint(0, 3)})",
                lambda: f"lpad({e()}, {n()}, '*')", lambda: f"rpad({e()}, {n()}, 'xy')",
                lambda: f"concat({e()}, {self.expression('int', depth)}, {e()})",
                lambda: f"concat_ws('-', {e()}, {e()})",
                lambda: f"split_part({e()}, '{self.pick(' ', 'a', '-')}', {self.random.randint(1, 3)})",
                lambda: f"regexp_replace({e()}, '{self.pick('[a-c]+', '[0-9]', '^.', '(.)(.)')}', "
                        f"'{self.pick('#', '<$>', '')}'{self.pick('', ', chr(103)')})",
                lambda: f"regexp_extract({e()}, '{self.pick('[a-z]+', '([0-9]+)', 'o.*')}')",
                lambda: f"translate({e()}, 'abr', 'xy')",
                lambda: f"{self.kind_cast(depth)}::VARCHAR",
                lambda: f"strftime({self.expression(self.pick('date', 'timestamp'), depth)}, "
                        f"'{self.pick('%Y-%m-%d', '%d/%m/%y %H:%M', '%A %j %W', '%b %-d, %Y')}')",
                lambda: f"dayname({self.expression('date', depth)})",
                lambda: f"monthname({self.expression('timestamp', depth)})",
                lambda: f"md5({e()})", lambda: f"hex({self.column('text')})"]
        return self.random.choice(options)()

    def kind_cast(self, depth):
        return "(" + self.expression(self.pick("int", "wide", "float", "decimal", "bool", "date",
                                               "timestamp", "time"), depth) + ")"

    def make_date(self, depth):
        e = lambda: self.expression("date", depth)
        return self.random.choice([
            lambda: f"({e()} + {self.random.randint(-400, 400)})",
            lambda: f"CAST({e()} {self.pick('+', '-')} INTERVAL {self.random.randint(0, 30)} {self.pick('DAY', 'MONTH', 'YEAR')} AS DATE)",
            lambda: f"CAST(date_trunc('{self.pick('month', 'year', 'week', 'quarter', 'decade')}', {e()}) AS DATE)",
            lambda: f"last_day({e()})", lambda: f"CAST({self.expression('timestamp', depth)} AS DATE)",
            lambda: f"TRY_CAST({self.expression('text', depth)} AS DATE)"])()

    def make_timestamp(self, depth):
        e = lambda: self.expression("timestamp", depth)
        unit = lambda: self.pick("second", "minute", "hour", "day", "week", "month", "quarter", "year")
        return self.random.choice([
            lambda: f"date_trunc('{unit()}', {e()})",
            lambda: f"({e()} {self.pick('+', '-')} INTERVAL {self.random.randint(0, 50)} {unit().upper()})"
                    .replace("QUARTER", "MONTH"),
            lambda: f"CAST({self.expression('date', depth)} AS TIMESTAMP)",
            lambda: f"time_bucket(INTERVAL {self.random.randint(1, 9)} {self.pick('DAY', 'HOUR', 'MONTH')}, {e()})",
            lambda: f"TRY_CAST({self.expression('text', depth)} AS TIMESTAMP)"])()

    def make_time(self, depth):
        return self.random.choice([
            lambda: f"CAST({self.expression('timestamp', depth)} AS TIME)",
            lambda: f"({self.expression('time', depth)} + INTERVAL {self.random.randint(0, 99)} "
                    f"{self.pick('MINUTE', 'SECOND', 'HOUR')})"])()

    def test(self, depth):
        kind = self.kind()
        if kind == "bool" and self.lite:
            kind = "int"
        e = lambda: self.expression(kind, depth - 1)
        c = lambda: self.constant(kind)
        compare = lambda: self.pick("=", "<>", "<", "<=", ">", ">=")
        options = [lambda: f"{self.column(kind)} {compare()} {c()}"] * 3 + [
            lambda: f"{e()} {compare()} {e()}", lambda: f"{e()} IS NULL",
            lambda: f"{e()} IS NOT NULL", lambda: f"{e()} BETWEEN {c()} AND {c()}",
            lambda: f"{e()} NOT BETWEEN {c()} AND {e()}",
            lambda: f"{self.column(kind)} {self.pick('IN', 'NOT IN')} "
                    f"({', '.join(c() for _ in range(self.random.randint(1, 5)))})",
            lambda: f"{e()} IN ({e()}, {e()}, {c()})"]
        if depth > 0:
            options += [lambda: f"({self.test(depth - 1)} AND {self.test(depth - 1)})",
                        lambda: f"({self.test(depth - 1)} OR {self.test(depth - 1)})",
                        lambda: f"(NOT {self.test(depth - 1)})"] * 2
        if kind == "text":
            like = lambda: self.pick("%a%", "a%", "%b", "_b%", "%e_", "row 1%", "%ow%9%", "", "%",
                                     "zed", "x!%y")
            options += [lambda: f"{e()} {self.pick('LIKE', 'NOT LIKE')} '{like()}'"] * 3
            if not self.lite:
                options += [lambda: f"{e()} ILIKE '{like()}'", lambda: f"{e()} LIKE '{like()}' ESCAPE '!'",
                            lambda: f"regexp_matches({e()}, '{self.pick('^a', 'b$', '[0-9]{2}', 'a|z', '.o.')}')",
                            lambda: f"contains({e()}, {c()})", lambda: f"starts_with({e()}, {c()})",
                            lambda: f"suffix({e()}, {c()})",
                            lambda: f"{e()} SIMILAR TO '{self.pick('a.*', '[ab]+', 'row [0-9]*')}'"]
        if not self.lite:
            options += [lambda: f"{e()} IS DISTINCT FROM {e()}",
                        lambda: f"{self.column(kind)} IS NOT DISTINCT FROM {c()}"]
            if kind == "bool":
                options += [lambda: f"({e()} IS TRUE)", lambda: f"({e()} IS NOT FALSE)", e]
            if kind == "float":
                options += [lambda: f"isnan({e()})", lambda: f"isfinite({e()})"]
        return self.random.choice(options)()

    # -- aggregates --

    def aggregate(self):
        text = self.plain_aggregate()
        if self.chance(15):
            text += f" FILTER (WHERE {self.test(1)})"
        return text

    def plain_aggregate(self):
        e = lambda kind: self.expression(kind, self.random.randint(0, 2))
        distinct = "DISTINCT " if self.chance(15) else ""
        number = lambda: self.pick("int") if self.lite else self.pick("int", "int", "decimal", "float", "wide")
        options = [lambda: "count(*)", lambda: f"count({distinct}{e(self.kind())})",
                   lambda: f"sum({distinct}{e('int')})", lambda: f"avg({distinct}{e('int')})",
                   lambda: f"{self.pick('min', 'max')}({distinct}{e(self.pick('int', 'text'))})"]
        if not self.lite:
            options += [
                lambda: f"sum({distinct}{e(number())})", lambda: f"avg({e(number())})",
                lambda: f"{self.pick('min', 'max')}({e(self.kind())})",
                lambda: f"count(DISTINCT {self.column(self.kind())})",
                lambda: f"{self.pick('stddev_samp', 'var_pop', 'stddev_pop', 'var_samp')}({self.column(self.pick('int', 'float'))})",
                # not of d304: duckdb interpolates wide decimals in doubles, we exactly
                lambda: f"median({self.pick('i32', 'f64', 'd92', 'd183', 'd', 'ts', 'i64')})",
                lambda: f"quantile_cont({self.column(self.pick('int', 'float'))}, {self.pick('0.1', '0.5', '0.9', '1')})",
                lambda: f"quantile_disc({self.column(self.pick('int', 'float', 'text', 'date', 'decimal'))}, {self.pick('0.25', '0.5', '0')})",
                lambda: f"{self.pick('bool_and', 'bool_or')}({e('bool')})",
                lambda: f"{self.pick('bit_and', 'bit_or', 'bit_xor')}({self.column('int')})",
                lambda: f"string_agg({self.column('text')}, ',' ORDER BY id)" if self.chance(30)
                        else f"string_agg(DISTINCT s, '|' ORDER BY s)",
                lambda: f"{self.pick('arg_min', 'arg_max')}({e(self.kind())}, id)",
                lambda: f"{self.pick('first', 'last')}({self.column(self.kind())} ORDER BY id)",
                lambda: f"{self.pick('corr', 'covar_pop', 'covar_samp', 'regr_slope', 'regr_r2')}(f32, i16)",
                lambda: f"count_if({self.test(1)})"]
        return self.random.choice(options)()

    # -- queries --

    def ordering(self, width, total):
        """ORDER BY ordinals; `total` lists them all."""
        places = list(range(1, width + 1))
        self.random.shuffle(places)
        if not total:
            places = places[:self.random.randint(1, width)]
        terms = []
        for p in places:
            term = str(p) + self.pick("", " ASC", " DESC")
            if self.lite:
                term += " NULLS LAST"
            elif self.chance(30):
                term += self.pick(" NULLS FIRST", " NULLS LAST")
            terms.append(term)
        return " ORDER BY " + ", ".join(terms)

    def tail(self, width):
        """(text, how rows come): ORDERED, in any order, or TIED, where a LIMIT cuts ties."""
        total, limit = self.chance(60), self.chance(60)
        if not self.chance(45):
            return "", ANY
        text = self.ordering(width, total)
        if limit:
            text += f" LIMIT {self.pick(0, 1, 5, 10, 100)}"
            if self.chance(40):
                text += f" OFFSET {self.pick(0, 1, 3, 20, 5000)}"
        return text, ORDERED if total else TIED if limit else ANY

    def where(self):
        return f" WHERE {self.test(self.random.randint(0, 3))}" if self.chance(60) else ""

    def rows(self, source):
        width = self.random.randint(1, 4)
        items = [self.expression(self.kind(), self.random.randint(0, 3)) for _ in range(width)]
        distinct = "DISTINCT " if self.chance(15) else ""
        names = ", ".join(f"{e} AS c{i}" for i, e in enumerate(items))
        tail, ordered = self.tail(width)
        return f"SELECT {distinct}{names} FROM {source}{self.where()}{tail}", ordered

    def grouped(self, source):
        keys = [self.column(self.kind()) if self.chance(65) else
                self.expression(self.kind(), 2) for _ in range(self.random.randint(1, 3))]
        if self.lite:
            keys = [self.expression(self.pick("int", "text"), self.random.randint(0, 1)) for _ in keys]
        values = [self.aggregate() for _ in range(self.random.randint(1, 3))]
        items = ", ".join([f"{k} AS k{i}" for i, k in enumerate(keys)] +
                          [f"{v} AS v{i}" for i, v in enumerate(values)])
        group = ", ".join(str(i + 1) for i in range(len(keys)))
        having = ""
        if self.chance(20):
            having = f" HAVING {self.pick('count(*)', 'min(id)', 'max(i32)')} {self.pick('<', '>', '>=')} " \
                     f"{self.pick(1, 2, 5, 40)}"
        tail, ordered = self.tail(len(keys) + len(values))
        return f"SELECT {items} FROM {source}{self.where()} GROUP BY {group}{having}{tail}", ordered

    def totals(self, source):
        values = [self.aggregate() for _ in range(self.random.randint(1, 5))]
        items = ", ".join(f"{v} AS v{i}" for i, v in enumerate(values))
        return f"SELECT {items} FROM {source}{self.where()}", ORDERED

    def query(self):
        source = "t"
        if self.chance(12):
            inner = "SELECT * FROM t" + self.where()
            if self.chance(50):
                inner += f" ORDER BY id LIMIT {self.pick(10, 1000, 3000)}"
            source = f"({inner}) AS q"
            if self.chance(40):
                make = self.pick(self.rows, self.grouped, self.totals)
                text, ordered = make("q")
                return f"WITH q AS ({inner}) {text}", ordered
        return self.pick(self.rows, self.rows, self.grouped, self.grouped, self.totals)(source)


# ---- running ----

def alike(kind):
    """Sums of decimals: 2.0 gives them a digit more than we and 1.5."""
    return "DECIMAL scale " + kind.split(",")[1] if kind.startswith("DECIMAL") else kind


class Runner:
    def __init__(self, options, library):
        self.options, self.library = options, library
        self.passed = self.failed = self.skipped = 0
        self.reasons = collections.Counter()
        self.folder = tempfile.mkdtemp(prefix="trueno_differential_")
        self.path = os.path.join(self.folder, "t.parquet")
        self.version = trueno.compared_with(duckdb)
        self.duck = duckdb.connect()
        self.duck.execute("SET TimeZone = 'UTC'")
        try:
            self.duck.execute("SET error_on_division_by_zero = false")  # NULL, as before 2.0
        except duckdb.Error:
            pass
        self.duck.execute(f"CREATE TABLE t AS {table_sql(options.rows, options.salt)}")
        self.duck.execute(f"COPY (SELECT * REPLACE (hg::DECIMAL(38,0) AS hg) FROM t) TO '{self.path}' (FORMAT parquet, ROW_GROUP_SIZE 40000)")
        self.lite = sqlite3.connect(":memory:")
        self.lite.execute("PRAGMA case_sensitive_like = on")
        self.fill_lite()
        self.main = self.open("table")
        self.twins = self.open_twins()

    def fill_lite(self):
        names = ["id", "i16", "i32", "s", "t"]
        self.lite.execute("CREATE TABLE t(id INTEGER, i16 INTEGER, i32 INTEGER, s TEXT, t TEXT)")
        rows = self.duck.execute(f"SELECT {', '.join(names)} FROM t").fetchall()
        self.lite.executemany("INSERT INTO t VALUES (?, ?, ?, ?, ?)", rows)

    def open(self, kind, **options):
        db = trueno.open(self.library, **options)
        how = "TABLE" if kind == "table" else "VIEW"
        db.query(f"CREATE {how} t AS SELECT * REPLACE (hg::HUGEINT AS hg) FROM '{self.path}'")
        return db

    def open_twins(self):
        """(label, database): a sample of instruction sets, thread counts and sources."""
        found = []
        for backend in ("scalar", "sse", "avx2", "avx512", "neon"):
            try:
                found.append((backend, self.open("table", backend=backend, threads=2)))
            except trueno.Error:
                continue  # not on this processor
        for threads in (1, 2, 7):
            found.append((f"{threads} threads", self.open("table", threads=threads)))
        for threads in (1, 7):
            found.append((f"file, {threads} threads", self.open("file", threads=threads)))
        return found

    def fail(self, seed, sql, why):
        self.failed += 1
        print(f"query {seed}: {why}\n    {sql}\n    repeat: tests/differential.py --seed {seed} "
              f"--count 1 --rows {self.options.rows}", flush=True)

    def skip(self, why):
        self.skipped += 1
        self.reasons[why[:100]] += 1

    def ours(self, db, sql):
        try:
            return db.query(sql), None
        except trueno.Error as error:
            return None, error

    def check_duck(self, sql, ordered, mine, error):
        """None or what differs; mine is our answer, or None with our error."""
        if self.version < (2, 0, 1) and "levenshtein(" in sql:
            return None  # counted bytes
        try:
            cursor = self.duck.execute(sql)
        except duckdb.Error as theirs:
            if error is None:
                return f"duckdb refuses: {str(theirs).splitlines()[0][:200]}"
            return None
        if error is not None:
            return f"we refuse: {error} (at {error.position})"
        types = [str(d[1]) for d in cursor.description]
        if [alike(t) for t in types] != [alike(t) for t in mine.types]:
            return f"types {mine.types}, expected {types}"
        casts = ", ".join(f"c{i}::VARCHAR" if t == "INTERVAL" else f"c{i}"
                          for i, t in enumerate(types))
        if "INTERVAL" in types:
            names = ", ".join(f"c{i}" for i in range(len(types)))
            cursor = self.duck.execute(f"SELECT {casts} FROM ({sql}) AS whole({names})")
        rows = [tuple(trueno.foreign(v) for v in row) for row in cursor.fetchall()]
        if ordered == TIED and len(rows) == len(mine.rows):
            return None
        return trueno.compare(mine.rows, rows, ordered == ORDERED)

    def check_lite(self, sql, ordered, mine):
        rows = self.lite.execute(sql).fetchall()
        if ordered == TIED and len(rows) == len(mine.rows):
            return None
        # sqlite has no booleans, and avg is its only float
        plain = [tuple(int(v) if isinstance(v, bool) else v for v in row) for row in mine.rows]
        return trueno.compare(plain, rows, ordered == ORDERED)

    def check_twins(self, sql, ordered, mine, error):
        # groups come in no order; ties of an ORDER BY and rows of a scan do
        groups = ordered == ANY and (" GROUP BY " in sql or sql.startswith("SELECT DISTINCT"))
        for label, db in self.twins:
            other, other_error = self.ours(db, sql)
            if (other is None) != (mine is None):
                return f"{label}: {other_error or 'answers'}, default: {error or 'answers'}"
            if mine is None:
                continue
            got, wanted = other.bits(), mine.bits()
            if groups and got != wanted:
                got, wanted = sorted(got, key=repr), sorted(wanted, key=repr)
            if got != wanted:
                same = sorted(map(repr, got)) == sorted(map(repr, wanted))
                rows = [(a, b) for a, b in zip(wanted, got) if a != b][:1]
                return f"{label}: {'another order of rows' if same else 'other bits'}: {rows}"
        return None

    def check(self, seed):
        lite = seed % 5 == 4
        sql, ordered = Grammar(seed, lite).query()
        if self.options.verbose:
            print(f"query {seed}: {sql}", flush=True)
        mine, error = self.ours(self.main, sql)
        if error is not None and error.status == "not supported":
            self.skip(f"{error}")
            return
        why = self.check_duck(sql, ordered, mine, error)
        if not why and lite and mine is not None:
            why = self.check_lite(sql, ordered, mine)
            why = why and "sqlite3: " + why
        why = why or self.check_twins(sql, ordered, mine, error)
        if why:
            self.fail(seed, sql, why)
        else:
            self.passed += 1

    def close(self):
        for _, db in self.twins + [("", self.main)]:
            db.close()
        os.remove(self.path)
        os.rmdir(self.folder)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--count", type=int, default=300)
    parser.add_argument("--rows", type=int, default=3000)
    parser.add_argument("--salt", type=int, default=1, help="other values in the table")
    parser.add_argument("-v", "--verbose", action="store_true")
    options = parser.parse_args()
    library = trueno.Library(trueno.build(os.environ.get("BUILD", "build")))
    runner = Runner(options, library)
    for seed in range(options.seed, options.seed + options.count):
        runner.check(seed)
    runner.close()
    for why, count in sorted(runner.reasons.items()):
        print(f"skipped: {count} x {why}")
    print(f"{runner.passed} passed, {runner.failed} failed, {runner.skipped} skipped")
    return 1 if runner.failed else 0


if __name__ == "__main__":
    sys.exit(main())
