/*
 * csv_sniff.c - detection of dialect, header and types.
 *
 * Every candidate dialect (delimiter, quote, escape) reads the same sample with the state
 * machine. It is scored by how many records have one number of fields, by faults in its quoting,
 * and by how many fields still hold another candidate's delimiter. Preamble lines are accepted
 * only when all that follows agrees and they look nothing like it; a best dialect that leaves
 * records unexplained is used and noted, and the reader then names the first such line: rows
 * never vanish and columns never melt into one for the sake of a guess.
 *
 * Then the types come from the sample without its first record, and the first record is a header
 * when it does not fit them, or when all columns are text.
 *
 * Uses: csv_sniff.h, input.h.
 */
#include "format/csv/csv_sniff.h"

#define TNI_CSV_DIALECT_RECORDS 2048u
#define TNI_CSV_DIALECT_BYTES ((size_t)1 << 20)
#define TNI_CSV_SAMPLE_ROWS 20480u
#define TNI_CSV_SAMPLE_CELLS 4000000u
#define TNI_CSV_MOST_PREAMBLE 32u

typedef struct tni_csv_sniffer {
    tni_env *env;
    const tni_csv_options *options;
    const char *path;
    const uint8_t *text;
    size_t size;
    size_t begin;       /* after the lines to skip */
    tni_arena *arena;
    tni_csv_table table;
    tni_text scratch;
    uint32_t *counts;   /* [TNI_CSV_DIALECT_RECORDS] fields per record */
    bool *spare;        /* [TNI_CSV_DIALECT_RECORDS] the last of several fields is empty */
    size_t *offsets;    /* [TNI_CSV_DIALECT_RECORDS] */
    tni_csv_rules rules;
    tni_csv_sampling sampling;
    tni_error *error;
} tni_csv_sniffer;

typedef struct tni_csv_verdict {
    tni_csv_dialect dialect;
    double score;
    uint32_t columns;
    uint32_t records, agreeing;
    uint32_t preamble;      /* records before the first that counts */
    uint32_t quoted, faults;
    size_t begin;           /* offset of the first record that counts */
    bool typed_single;      /* one column, and all of it of one type but text */
} tni_csv_verdict;

/* -------------------------------------------------------------------------------- scoring --- */

/* A field that another delimiter would cut. Commas between digits may be decimal. */
static bool tni_csv_is_odd_field(const uint8_t *p, size_t length, uint8_t delimiter) {
    size_t i;
    for (i = 0; i < length; i++) {
        uint8_t c = p[i];
        if (c == delimiter) {
            continue;
        }
        if (c == ';' || c == '|' || c == '\t' || c == '"') {
            return true;
        }
        if (c == ',' && (i == 0 || i + 1 == length || p[i - 1] < '0' || p[i - 1] > '9' ||
                         p[i + 1] < '0' || p[i + 1] > '9')) {
            return true;
        }
    }
    return false;
}

static uint32_t tni_csv_count_odd(const tni_csv_sniffer *sniffer,
                                  const tni_csv_dialect *dialect) {
    const tni_csv_table *table = &sniffer->table;
    uint32_t odd = 0;
    size_t i;
    for (i = 0; i < table->fields; i++) {
        const uint8_t *p = table->base + table->starts[i];
        size_t length = table->ends[i] - table->starts[i];
        if (dialect->quote == 0 || length == 0 || p[0] != dialect->quote) {
            odd += tni_csv_is_odd_field(p, length, dialect->delimiter[0]);
        }
    }
    return odd;
}

static uint32_t tni_csv_most_common(const uint32_t *counts, uint32_t n) {
    uint32_t i, j, best = 0, best_votes = 0;
    for (i = 0; i < n; i++) {
        uint32_t votes = 0;
        if (i > 0 && counts[i] == counts[i - 1] && counts[i] != best) {
            /* counted when its run began, unless it is the current best */
            continue;
        }
        for (j = i; j < n; j++) {
            votes += counts[j] == counts[i];
        }
        if (votes > best_votes || (votes == best_votes && counts[i] > best)) {
            best = counts[i];
            best_votes = votes;
        }
        if (best_votes * 2 > n) {
            break;
        }
    }
    return best;
}

static trueno_status tni_csv_sample_record(tni_csv_sniffer *sniffer,
                                           const tni_csv_dialect *dialect, size_t at,
                                           uint32_t columns, tni_csv_column_sample *samples,
                                           uint32_t *kinds, bool *nulls,
                                           tni_csv_record *record);

/* Record `first` is plainly a header: nothing in it is typed, some column below is. */
static bool tni_csv_header_at(tni_csv_sniffer *sniffer, const tni_csv_dialect *dialect,
                              uint32_t first, uint32_t n, uint32_t columns) {
    tni_csv_column_sample samples[64];
    uint32_t i, width = TNI_MIN(columns, 64);
    bool typed = false;
    tni_csv_record record;
    memset(samples, 0, sizeof samples);
    for (i = first; i < n && i < first + 32; i++) {
        uint32_t c;
        if (tni_csv_sample_record(sniffer, dialect, sniffer->offsets[i], width, samples, NULL,
                                  NULL, &record) != TRUENO_OK) {
            return false;
        }
        for (c = 0; i == first && c < width; c++) {
            if (samples[c].possible != 0) {
                return false;
            }
            samples[c].values = 0;
        }
    }
    for (i = 0; i < width; i++) {
        typed = typed || (samples[i].values > 0 && samples[i].possible != 0);
    }
    return typed;
}

/* Records at the front that are no part of the table: all the rest agrees, none of them has as
 * many fields, and they look nothing like it or a plain header follows them. */
static uint32_t tni_csv_preamble(tni_csv_sniffer *sniffer, const tni_csv_dialect *dialect,
                                 uint32_t n, uint32_t columns, bool spare) {
    uint32_t first = n, i, widest = 0;
    if (columns < 2 || sniffer->options->skip_set) {
        return 0;
    }
    while (first > 0 && (sniffer->counts[first - 1] == columns ||
                         (spare && sniffer->counts[first - 1] == columns + 1))) {
        first--;
    }
    if (first > TNI_CSV_MOST_PREAMBLE || n - first < 2) {
        return 0;
    }
    for (i = 0; i < first; i++) {
        widest = TNI_MAX(widest, sniffer->counts[i]);
    }
    if (widest >= columns || (widest > columns / 2 &&
                              !tni_csv_header_at(sniffer, dialect, first, n, columns))) {
        return 0;
    }
    return first;
}

/* "a,b" over "1,2,": the spare delimiter at the end of every record means nothing. */
static bool tni_csv_has_spare(const tni_csv_sniffer *sniffer, uint32_t n, uint32_t columns) {
    uint32_t i = n;
    while (i > 0 && sniffer->counts[i - 1] == columns) {
        if (!sniffer->spare[--i]) {
            return false;
        }
    }
    if (columns <= 2 || i == 0 || i == n || sniffer->counts[i - 1] != columns - 1 ||
        sniffer->options->null_padding) {
        return false;
    }
    while (i > 0 && sniffer->counts[i - 1] < columns) {
        i--;
    }
    return i == 0;
}

/* How much of the sample a table of `columns` fields explains. */
static double tni_csv_explain(tni_csv_sniffer *sniffer, uint32_t n, uint32_t columns,
                              tni_csv_verdict *verdict) {
    const tni_csv_options *options = sniffer->options;
    bool spare, fixed = options->column_count > 0;
    uint32_t i;
    spare = tni_csv_has_spare(sniffer, n, fixed ? columns + 1 : columns);
    verdict->columns = columns - (spare && !fixed ? 1 : 0);
    verdict->preamble = fixed ? 0
                              : tni_csv_preamble(sniffer, &verdict->dialect, n, verdict->columns,
                                                 spare);
    verdict->agreeing = 0;
    for (i = verdict->preamble; i < n; i++) {
        uint32_t count = sniffer->counts[i];
        verdict->agreeing += count == verdict->columns ||
                             (count == verdict->columns + 1 && spare) ||
                             (options->null_padding && count < verdict->columns);
    }
    verdict->begin = sniffer->offsets[verdict->preamble];
    return (double)verdict->agreeing / (double)(n - verdict->preamble);
}

/* The width that explains most: the commonest one, or that of the last record. */
static double tni_csv_find_width(tni_csv_sniffer *sniffer, uint32_t n,
                                 tni_csv_verdict *verdict) {
    const tni_csv_options *options = sniffer->options;
    uint32_t common = options->column_count, i;
    double explained;
    if (common == 0) {
        common = tni_csv_most_common(sniffer->counts, n);
        for (i = 0; options->null_padding && i < n; i++) {
            common = TNI_MAX(common, sniffer->counts[i]);
        }
    }
    explained = tni_csv_explain(sniffer, n, common, verdict);
    if (explained < 1.0 && options->column_count == 0 && !options->null_padding &&
        sniffer->counts[n - 1] > common) {
        tni_csv_verdict other = *verdict;
        double more = tni_csv_explain(sniffer, n, sniffer->counts[n - 1], &other);
        if (more == 1.0) {
            *verdict = other;
            explained = more;
        }
    }
    return explained;
}

static trueno_status tni_csv_judge(tni_csv_sniffer *sniffer, tni_csv_verdict *verdict) {
    const tni_csv_dialect *dialect = &verdict->dialect;
    size_t limit = sniffer->begin + TNI_CSV_DIALECT_BYTES, at = sniffer->begin;
    uint32_t n = 0, faults = 0, odd = 0, looked = 0;
    const tni_csv_options *options = sniffer->options;
    uint32_t wanted = options->column_count;
    tni_csv_column_sample sample = TNI_ZERO;
    tni_csv_format format;
    double explained, score;
    while (n < TNI_CSV_DIALECT_RECORDS && at < sniffer->size && (at < limit || n < 16)) {
        tni_csv_record record;
        at = tni_csv_skip_blank(dialect, sniffer->text, sniffer->size, at);
        if (at >= sniffer->size) {
            break;
        }
        sniffer->table.fields = 0;
        sniffer->table.base = sniffer->text + at;
        TNI_TRY(tni_csv_read_record(dialect, sniffer->text, sniffer->size, at, &sniffer->table,
                                    &record, sniffer->error));
        faults += record.fault >= 0 || (dialect->relaxed && record.open_at_end);
        verdict->quoted += record.quoted;
        sniffer->counts[n] = record.fields;
        sniffer->offsets[n] = at;
        sniffer->spare[n] = record.fields > 1 && sniffer->table.starts[record.fields - 1] ==
                                                     sniffer->table.ends[record.fields - 1];
        if (looked < 4096) {
            looked += record.fields;
            odd += tni_csv_count_odd(sniffer, dialect);
        }
        if (record.fields == 1 && n > 0 && sample.values < 256) {
            size_t length = sniffer->table.ends[0] - sniffer->table.starts[0];
            tni_csv_column_add(&sample, tni_csv_kinds_of(&sniffer->sampling,
                                                         sniffer->table.base +
                                                             sniffer->table.starts[0],
                                                         length, &sniffer->scratch));
        }
        at = record.next;
        n++;
    }
    verdict->records = n;
    verdict->begin = n > 0 ? sniffer->offsets[0] : sniffer->size;
    if (n == 0) {
        verdict->columns = wanted > 0 ? wanted : 1;
        return TRUENO_OK;
    }
    explained = tni_csv_find_width(sniffer, n, verdict);
    score = explained * (1.0 - 0.6 * (double)odd / (double)TNI_MAX(looked, 1u));
    score *= verdict->columns > 1 ? 1.0 - 0.2 / (double)verdict->columns : 0.2;
    score *= 1.0 - 0.7 * (double)faults / (double)n;
    score -= verdict->preamble > 0 ? 0.02 : 0.0;
    score += verdict->quoted > 0 && faults == 0 ? 0.05 : 0.0;
    verdict->score = score;
    verdict->faults = faults;
    if (verdict->columns == 1 && sample.values > 0) {
        tni_csv_column_type(&sniffer->sampling, &sample, &format);
        verdict->typed_single = format.type.id != TRUENO_TYPE_VARCHAR;
    }
    return TRUENO_OK;
}

/* ----------------------------------------------------------------------------- candidates --- */

/* Whether `quote` opens a field somewhere in the sample. */
static bool tni_csv_has_quote(const tni_csv_sniffer *sniffer, uint8_t quote) {
    size_t i, end = TNI_MIN(sniffer->size, sniffer->begin + TNI_CSV_DIALECT_BYTES);
    for (i = sniffer->begin; i < end; i++) {
        if (sniffer->text[i] == quote) {
            uint8_t before = i == sniffer->begin ? '\n' : sniffer->text[i - 1];
            if (before != ' ' && !(before >= '0' && before <= '9') &&
                !((before | 32) >= 'a' && (before | 32) <= 'z') && before < 0x80) {
                return true;
            }
        }
    }
    return false;
}

static bool tni_csv_has_pair(const tni_csv_sniffer *sniffer, uint8_t first, uint8_t second) {
    size_t i, end = TNI_MIN(sniffer->size, sniffer->begin + TNI_CSV_DIALECT_BYTES);
    for (i = sniffer->begin; i + 1 < end; i++) {
        if (sniffer->text[i] == first && sniffer->text[i + 1] == second) {
            return true;
        }
    }
    return false;
}

static bool tni_csv_has_comment_line(const tni_csv_sniffer *sniffer) {
    return (sniffer->begin < sniffer->size && sniffer->text[sniffer->begin] == '#') ||
           tni_csv_has_pair(sniffer, '\n', '#') || tni_csv_has_pair(sniffer, '\r', '#');
}

typedef struct tni_csv_candidates {
    uint8_t quotes[4], escapes[4]; /* pairs */
    uint32_t quoting;
} tni_csv_candidates;

static void tni_csv_add_quoting(tni_csv_candidates *c, uint8_t quote, uint8_t escape) {
    c->quotes[c->quoting] = quote;
    c->escapes[c->quoting] = escape;
    c->quoting++;
}

static void tni_csv_quotings(const tni_csv_sniffer *sniffer, tni_csv_candidates *c) {
    const tni_csv_options *options = sniffer->options;
    uint8_t quotes[2];
    uint32_t n = 0, i;
    memset(c, 0, sizeof *c);
    if (options->quote_set) {
        quotes[n++] = (uint8_t)options->quote;
    } else {
        quotes[n++] = '"'; /* stays active even when the sample has none */
        if (tni_csv_has_quote(sniffer, '\'')) {
            quotes[n++] = '\'';
        }
    }
    for (i = 0; i < n; i++) {
        if (options->escape_set) {
            tni_csv_add_quoting(c, quotes[i], (uint8_t)options->escape);
        } else {
            tni_csv_add_quoting(c, quotes[i], quotes[i]);
            if (quotes[i] != 0 && tni_csv_has_pair(sniffer, '\\', quotes[i])) {
                tni_csv_add_quoting(c, quotes[i], '\\');
            }
        }
    }
}

static trueno_status tni_csv_try(tni_csv_sniffer *sniffer, const char *delimiter,
                                 const tni_csv_candidates *c, uint8_t comment,
                                 tni_csv_verdict *best) {
    uint32_t i;
    for (i = 0; i < c->quoting; i++) {
        tni_csv_verdict verdict;
        tni_csv_dialect *d = &verdict.dialect;
        uint64_t limit = sniffer->options->max_record;
        memset(&verdict, 0, sizeof verdict);
        d->delimiter_length = (uint8_t)strlen(delimiter);
        memcpy(d->delimiter, delimiter, d->delimiter_length);
        d->quote = c->quotes[i];
        d->escape = c->quotes[i] == 0 ? 0 : c->escapes[i];
        d->comment = comment;
        d->relaxed = sniffer->options->relaxed;
        if (limit == 0) {
            limit = sniffer->env->limits != NULL && sniffer->env->limits->record_bytes > 0
                        ? sniffer->env->limits->record_bytes
                        : (uint32_t)1 << 30;
        }
        d->max_record = (uint32_t)TNI_MIN(limit, (uint64_t)1 << 30);
        tni_csv_dialect_finish(d);
        TNI_TRY(tni_csv_judge(sniffer, &verdict));
        if (best->columns == 0 || verdict.score > best->score + 1e-9) {
            *best = verdict;
        }
    }
    return TRUENO_OK;
}

static trueno_status tni_csv_find_dialect(tni_csv_sniffer *sniffer, tni_csv_verdict *best) {
    static const char *const common[] = {",", ";", "\t", "|"};
    static const char *const rare[] = {":", "~", "^"};
    const tni_csv_options *options = sniffer->options;
    uint8_t comment = (uint8_t)options->comment;
    tni_csv_candidates c;
    size_t i;
    memset(best, 0, sizeof *best);
    if (options->no_detection) {
        memset(&c, 0, sizeof c);
        tni_csv_add_quoting(&c, options->quote_set ? (uint8_t)options->quote : '"', 0);
        c.escapes[0] = options->escape_set ? (uint8_t)options->escape : c.quotes[0];
        return tni_csv_try(sniffer, options->delimiter[0] ? options->delimiter : ",", &c, comment,
                           best);
    }
    tni_csv_quotings(sniffer, &c);
    if (options->delimiter[0] != '\0') {
        TNI_TRY(tni_csv_try(sniffer, options->delimiter, &c, comment, best));
    } else {
        for (i = 0; i < TNI_COUNT_OF(common); i++) {
            TNI_TRY(tni_csv_try(sniffer, common[i], &c, comment, best));
        }
        for (i = 0; i < TNI_COUNT_OF(rare) && best->score < 0.6 && !best->typed_single; i++) {
            tni_csv_verdict found = *best;
            TNI_TRY(tni_csv_try(sniffer, rare[i], &c, comment, &found));
            /* as long as nothing contradicts it */
            if (found.records > 1 && found.faults == 0 && found.preamble == 0 &&
                found.agreeing == found.records) {
                *best = found;
            }
        }
    }
    if (comment == 0 && (best->agreeing < best->records || best->columns == 1) &&
        tni_csv_has_comment_line(sniffer)) {
        tni_csv_verdict with = *best;
        c.quotes[0] = best->dialect.quote;
        c.escapes[0] = best->dialect.escape;
        c.quoting = 1;
        with.columns = 0;
        if (options->delimiter[0] != '\0') {
            TNI_TRY(tni_csv_try(sniffer, options->delimiter, &c, '#', &with));
        }
        for (i = 0; i < TNI_COUNT_OF(common) && options->delimiter[0] == '\0'; i++) {
            TNI_TRY(tni_csv_try(sniffer, common[i], &c, '#', &with));
        }
        if (with.columns > 1 && with.agreeing == with.records) {
            *best = with;
        }
    }
    return TRUENO_OK;
}

/* --------------------------------------------------------------------------------- names --- */

/* "column0", zero padded to the width of the last one. */
static const char *tni_csv_default_name(tni_arena *arena, uint32_t index, uint32_t columns) {
    char name[32] = "column", digits[24], last[24];
    size_t width = tni_print_u64(columns - 1, last), length = tni_print_u64(index, digits);
    size_t at = 6;
    for (; length < width; width--) {
        name[at++] = '0';
    }
    memcpy(name + at, digits, length);
    return tni_arena_text(arena, name, at + length);
}

static uint64_t tni_csv_name_hash(const char *name) {
    uint64_t hash = UINT64_C(1469598103934665603);
    for (; *name != '\0'; name++) {
        char c = *name >= 'A' && *name <= 'Z' ? (char)(*name + 32) : *name;
        hash = (hash ^ (uint8_t)c) * UINT64_C(1099511628211);
    }
    return hash ^ hash >> 32;
}

/* The place of `name` among the slots: its own or a free one. */
static uint32_t tni_csv_name_slot(const uint32_t *slots, uint32_t mask, const char **names,
                                  const char *name) {
    uint32_t at = (uint32_t)tni_csv_name_hash(name) & mask;
    while (slots[at] != 0 && !tni_name_equal(names[slots[at] - 1], name)) {
        at = (at + 1) & mask;
    }
    return at;
}

/* The second "a" becomes "a_1". A counter per name keeps thousands of equal ones cheap. */
static trueno_status tni_csv_unique_names(tni_arena *arena, const char **names, uint32_t count,
                                          tni_error *error) {
    uint32_t slot_count = 16, i, at, base;
    uint32_t *slots, *used;
    while (slot_count < count * 2) {
        slot_count *= 2;
    }
    slots = (uint32_t *)tni_arena_alloc(arena, slot_count * sizeof *slots);
    used = (uint32_t *)tni_arena_alloc(arena, count * sizeof *used);
    if (slots == NULL || used == NULL) {
        return tni_fail_memory(error, slot_count * sizeof *slots);
    }
    for (i = 0; i < count; i++) {
        const char *name = names[i];
        at = tni_csv_name_slot(slots, slot_count - 1, names, name);
        base = slots[at];
        while (slots[at] != 0) {
            char digits[24];
            size_t length = strlen(name), extra = tni_print_u64(++used[base - 1], digits);
            char *longer = (char *)tni_arena_alloc(arena, length + extra + 2);
            if (longer == NULL) {
                return tni_fail_memory(error, length + extra + 2);
            }
            memcpy(longer, name, length);
            longer[length] = '_';
            memcpy(longer + length + 1, digits, extra);
            names[i] = longer;
            at = tni_csv_name_slot(slots, slot_count - 1, names, longer);
        }
        slots[at] = i + 1;
    }
    return TRUENO_OK;
}

/* Names from the header record in the table, or column0... */
static trueno_status tni_csv_make_names(tni_csv_sniffer *sniffer, const tni_csv_dialect *dialect,
                                        uint32_t fields, bool header, tni_csv_shape *out) {
    uint32_t i;
    out->names =
        (const char **)tni_arena_alloc(sniffer->arena, out->columns * sizeof *out->names);
    if (out->names == NULL) {
        return tni_fail_memory(sniffer->error, out->columns * sizeof *out->names);
    }
    for (i = 0; i < out->columns; i++) {
        tni_csv_cell cell;
        memset(&cell, 0, sizeof cell);
        if (header && i < fields) {
            uint32_t start = sniffer->table.starts[i], end = sniffer->table.ends[i];
            if (!tni_csv_cell_read(dialect, sniffer->table.base + start, end - start,
                                   &sniffer->scratch, &cell)) {
                return tni_fail_memory(sniffer->error, end - start);
            }
            if (!tni_utf8_valid(cell.data, cell.length)) {
                return tni_fail(sniffer->error, TRUENO_ERROR_FORMAT,
                                "%s: line %llu: the header is not valid UTF-8; set encoding = "
                                "'latin-1', 'cp1252' or 'utf-16' if that is what it is",
                                sniffer->path,
                                (unsigned long long)tni_csv_line_of(
                                    sniffer->text,
                                    (size_t)(sniffer->table.base - sniffer->text) + start));
            }
            while (cell.length > 0 && cell.data[0] == ' ') {
                cell.data++;
                cell.length--;
            }
            while (cell.length > 0 && cell.data[cell.length - 1] == ' ') {
                cell.length--;
            }
        }
        out->names[i] = cell.length > 0 ? tni_arena_text(sniffer->arena, (const char *)cell.data,
                                                         cell.length)
                                        : tni_csv_default_name(sniffer->arena, i, out->columns);
        if (out->names[i] == NULL) {
            return tni_fail_memory(sniffer->error, cell.length + 32);
        }
    }
    return tni_csv_unique_names(sniffer->arena, out->names, out->columns, sniffer->error);
}

/* ---------------------------------------------------------------------------------- types --- */

typedef struct tni_csv_first_row {
    size_t next;            /* offset after it */
    uint32_t fields;
    uint32_t *kinds;        /* [columns] */
    bool *nulls;            /* [columns] */
    bool all_null;
    bool exists;
} tni_csv_first_row;

/* Kinds of the fields of the record at `at`, which stays in the table. */
static trueno_status tni_csv_sample_record(tni_csv_sniffer *sniffer,
                                           const tni_csv_dialect *dialect, size_t at,
                                           uint32_t columns, tni_csv_column_sample *samples,
                                           uint32_t *kinds, bool *nulls,
                                           tni_csv_record *record) {
    static const tni_csv_format text_format = {{TRUENO_TYPE_VARCHAR, 0, 0, 0}, 0, false, NULL};
    uint32_t i;
    sniffer->table.fields = 0;
    sniffer->table.base = sniffer->text + at;
    TNI_TRY(tni_csv_read_record(dialect, sniffer->text, sniffer->size, at, &sniffer->table,
                                record, sniffer->error));
    if (record->fault >= 0 && samples != NULL) {
        return TRUENO_OK;
    }
    for (i = 0; i < columns && i < record->fields; i++) {
        uint32_t start = sniffer->table.starts[i], end = sniffer->table.ends[i], found;
        tni_csv_cell cell;
        if (samples != NULL && samples[i].values > 0 && samples[i].possible == 0) {
            continue; /* text already */
        }
        if (!tni_csv_cell_read(dialect, sniffer->table.base + start, end - start,
                               &sniffer->scratch, &cell)) {
            return tni_fail_memory(sniffer->error, end - start);
        }
        if (tni_csv_is_null(&sniffer->rules, &text_format, &cell)) {
            if (nulls != NULL) {
                nulls[i] = true;
            }
            continue;
        }
        if (cell.copied) {
            found = 0; /* escapes: text */
        } else {
            found = tni_csv_kinds_of(&sniffer->sampling, cell.data, cell.length,
                                     &sniffer->scratch);
        }
        if (samples != NULL) {
            tni_csv_column_add(&samples[i], found);
        }
        if (kinds != NULL) {
            kinds[i] = found;
        }
    }
    return TRUENO_OK;
}

static trueno_status tni_csv_sample_rows(tni_csv_sniffer *sniffer, const tni_csv_shape *shape,
                                         size_t at, tni_csv_column_sample *samples,
                                         uint64_t *rows) {
    uint64_t limit = sniffer->options->sample_rows;
    if (limit == 0) { /* wide files: fewer rows are proof enough, and opening stays quick */
        limit = TNI_MIN(TNI_CSV_SAMPLE_ROWS, TNI_MAX(TNI_CSV_SAMPLE_CELLS / shape->columns, 256u));
    }
    *rows = 0;
    while (*rows < limit) {
        tni_csv_record record;
        at = tni_csv_skip_blank(&shape->dialect, sniffer->text, sniffer->size, at);
        if (at >= sniffer->size) {
            break;
        }
        TNI_TRY(tni_csv_sample_record(sniffer, &shape->dialect, at, shape->columns, samples, NULL,
                                      NULL, &record));
        at = record.next;
        (*rows)++;
    }
    return TRUENO_OK;
}

/* Whether the first record is a header, given the types of the rest. */
static bool tni_csv_is_header(const tni_csv_shape *shape, const tni_csv_first_row *first,
                              uint64_t rows) {
    uint32_t i;
    bool all_text = true, fits = true;
    for (i = 0; i < shape->columns; i++) {
        const tni_csv_format *format = &shape->formats[i];
        if (format->type.id == TRUENO_TYPE_VARCHAR) {
            continue;
        }
        all_text = false;
        if (i >= first->fields || (!first->nulls[i] && !tni_csv_kinds_match(format,
                                                                           first->kinds[i]))) {
            fits = false;
        }
    }
    (void)rows;
    return all_text || first->all_null || !fits;
}

static trueno_status tni_csv_find_types(tni_csv_sniffer *sniffer, tni_csv_shape *shape) {
    const tni_csv_options *options = sniffer->options;
    tni_csv_column_sample *samples, *with_first;
    tni_csv_first_row first;
    uint64_t rows = 0;
    uint32_t i;
    size_t at = tni_csv_skip_blank(&shape->dialect, sniffer->text, sniffer->size,
                                   shape->header_start);
    tni_csv_record record;
    bool header;
    memset(&first, 0, sizeof first);
    samples = (tni_csv_column_sample *)tni_arena_alloc(sniffer->arena,
                                                       shape->columns * 2 * sizeof *samples);
    shape->formats = (tni_csv_format *)tni_arena_alloc(
        sniffer->arena, shape->columns * sizeof *shape->formats);
    first.kinds =
        (uint32_t *)tni_arena_alloc(sniffer->arena, shape->columns * sizeof *first.kinds);
    first.nulls = (bool *)tni_arena_alloc(sniffer->arena, shape->columns);
    if (samples == NULL || shape->formats == NULL || first.kinds == NULL ||
        first.nulls == NULL) {
        return tni_fail_memory(sniffer->error, shape->columns * 64);
    }
    with_first = samples + shape->columns;
    for (i = 0; i < shape->columns; i++) {
        shape->formats[i].type = tni_type_make(TRUENO_TYPE_VARCHAR);
    }
    shape->data_start = at;
    shape->header_start = at;
    shape->header = options->header == TNI_CSV_YES;
    if (at < sniffer->size) {
        TNI_TRY(tni_csv_sample_record(sniffer, &shape->dialect, at, shape->columns, NULL,
                                      first.kinds, first.nulls, &record));
        first.exists = true;
        first.fields = record.fields;
        first.next = record.next;
        first.all_null = true;
        for (i = 0; i < shape->columns && i < first.fields; i++) {
            first.all_null = first.all_null && first.nulls[i];
        }
        if (!options->no_detection) {
            TNI_TRY(tni_csv_sample_rows(sniffer, shape, record.next, samples, &rows));
        }
    }
    for (i = 0; i < shape->columns; i++) {
        with_first[i] = samples[i];
        if (first.exists && i < first.fields && !first.nulls[i]) {
            tni_csv_column_add(&with_first[i], first.kinds[i]);
        }
        if (!options->no_detection) {
            tni_csv_column_type(&sniffer->sampling, rows > 0 ? &samples[i] : &with_first[i],
                                &shape->formats[i]);
        }
    }
    header = options->header == TNI_CSV_YES ||
             (options->header == TNI_CSV_DETECT && !options->no_detection && first.exists &&
              options->name_count < shape->columns &&
              tni_csv_is_header(shape, &first, rows));
    header = header && first.exists;
    for (i = 0; i < shape->columns && !options->no_detection; i++) {
        tni_csv_column_type(&sniffer->sampling, header ? &samples[i] : &with_first[i],
                            &shape->formats[i]);
    }
    shape->header = header;
    if (header) {
        shape->data_start = first.next;
        /* the table was reused by the sample: read the header again */
        TNI_TRY(tni_csv_sample_record(sniffer, &shape->dialect, at, shape->columns, NULL, NULL,
                                      NULL, &record));
        if (record.fault == (int)TNI_CSV_FAULT_QUOTE) {
            return tni_fail(sniffer->error, TRUENO_ERROR_FORMAT,
                            "%s: line %llu: the header has a quote that is not closed, or text "
                            "after a closing quote",
                            sniffer->path,
                            (unsigned long long)tni_csv_line_of(sniffer->text, record.fault_at));
        }
    }
    return tni_csv_make_names(sniffer, &shape->dialect, first.fields, header, shape);
}

/* ---------------------------------------------------------------------------- the functions --- */

static trueno_status tni_csv_sniffer_init(tni_csv_sniffer *sniffer, tni_env *env,
                                          const tni_csv_options *options, const char *path,
                                          const tni_input *input, tni_arena *arena,
                                          tni_error *error) {
    uint64_t line;
    memset(sniffer, 0, sizeof *sniffer);
    sniffer->env = env;
    sniffer->options = options;
    sniffer->path = path;
    sniffer->text = input->text;
    sniffer->size = input->size;
    sniffer->arena = arena;
    sniffer->error = error;
    tni_csv_table_init(&sniffer->table, env->memory);
    tni_text_init(&sniffer->scratch, env->memory);
    if (options != NULL) {
        tni_csv_rules_make(options, &sniffer->rules);
        sniffer->sampling.rules = &sniffer->rules;
        sniffer->sampling.date_format = options->date_format;
        sniffer->sampling.timestamp_format = options->timestamp_format;
        for (line = 0; line < options->skip && sniffer->begin < sniffer->size; line++) {
            sniffer->begin = tni_csv_skip_line(sniffer->text, sniffer->size, sniffer->begin);
        }
    }
    return TRUENO_OK;
}

static trueno_status tni_csv_sniff_all(tni_csv_sniffer *sniffer, tni_csv_shape *out) {
    tni_csv_verdict verdict;
    uint64_t limit = sniffer->env->limits != NULL && sniffer->env->limits->columns > 0
                         ? sniffer->env->limits->columns
                         : 32768;
    sniffer->counts = (uint32_t *)tni_arena_alloc(
        sniffer->arena, TNI_CSV_DIALECT_RECORDS * sizeof *sniffer->counts);
    sniffer->offsets = (size_t *)tni_arena_alloc(
        sniffer->arena, TNI_CSV_DIALECT_RECORDS * sizeof *sniffer->offsets);
    sniffer->spare = (bool *)tni_arena_alloc(sniffer->arena, TNI_CSV_DIALECT_RECORDS);
    if (sniffer->counts == NULL || sniffer->offsets == NULL || sniffer->spare == NULL) {
        return tni_fail_memory(sniffer->error, TNI_CSV_DIALECT_RECORDS * 16);
    }
    TNI_TRY(tni_csv_find_dialect(sniffer, &verdict));
    if (verdict.columns > limit) {
        return tni_fail(sniffer->error, TRUENO_ERROR_LIMIT,
                        "%s: %u columns, the limit is %llu columns", sniffer->path,
                        verdict.columns, (unsigned long long)limit);
    }
    out->dialect = verdict.dialect;
    out->columns = verdict.columns;
    out->dialect.blank_records = verdict.columns == 1;
    out->header_start = verdict.begin;
    out->skip = tni_csv_line_of(sniffer->text, out->header_start) - 1;
    if (verdict.agreeing + verdict.preamble < verdict.records) {
        out->note = "some records of the sample have another number of fields";
    } else if (verdict.preamble > 0) {
        out->note = "lines before the header were left out";
    }
    if (out->note != NULL && sniffer->env->log != NULL && sniffer->env->log->write != NULL) {
        tni_text_clear(&sniffer->scratch);
        tni_text_format(&sniffer->scratch, "%s: %s", sniffer->path, out->note);
        if (!sniffer->scratch.failed) {
            sniffer->env->log->write(sniffer->env->log->user, TRUENO_LOG_WARN,
                                     sniffer->scratch.data);
        }
    }
    return tni_csv_find_types(sniffer, out);
}

TNI_FN trueno_status tni_csv_sniff(tni_env *env, const tni_csv_options *options,
                                   const char *path, const tni_input *input, tni_arena *arena,
                                   tni_csv_shape *out, tni_error *error) {
    tni_csv_sniffer sniffer;
    trueno_status status;
    memset(out, 0, sizeof *out);
    TNI_TRY(tni_csv_sniffer_init(&sniffer, env, options, path, input, arena, error));
    status = tni_csv_sniff_all(&sniffer, out);
    tni_csv_table_free(&sniffer.table);
    tni_text_free(&sniffer.scratch);
    return status;
}

static trueno_status tni_csv_header_only(tni_csv_sniffer *sniffer, const tni_csv_shape *like,
                                         tni_csv_shape *out) {
    tni_csv_record record;
    size_t at = 0;
    uint64_t line;
    for (line = 0; line < like->skip && at < sniffer->size; line++) {
        at = tni_csv_skip_line(sniffer->text, sniffer->size, at);
    }
    at = tni_csv_skip_blank(&like->dialect, sniffer->text, sniffer->size, at);
    out->header_start = at;
    out->data_start = at;
    if (!like->header || at >= sniffer->size) {
        return tni_csv_make_names(sniffer, &like->dialect, 0, false, out);
    }
    sniffer->table.base = sniffer->text + at;
    TNI_TRY(tni_csv_read_record(&like->dialect, sniffer->text, sniffer->size, at,
                                &sniffer->table, &record, sniffer->error));
    out->data_start = record.next;
    out->columns = record.fields;
    return tni_csv_make_names(sniffer, &like->dialect, record.fields, true, out);
}

TNI_FN trueno_status tni_csv_sniff_header(tni_env *env, const tni_csv_shape *like,
                                          const char *path, const tni_input *input,
                                          tni_arena *arena, tni_csv_shape *out,
                                          tni_error *error) {
    tni_csv_sniffer sniffer;
    trueno_status status;
    *out = *like;
    TNI_TRY(tni_csv_sniffer_init(&sniffer, env, NULL, path, input, arena, error));
    status = tni_csv_header_only(&sniffer, like, out);
    tni_csv_table_free(&sniffer.table);
    tni_text_free(&sniffer.scratch);
    return status;
}

#undef TNI_CSV_DIALECT_RECORDS
#undef TNI_CSV_DIALECT_BYTES
#undef TNI_CSV_SAMPLE_ROWS
#undef TNI_CSV_SAMPLE_CELLS
#undef TNI_CSV_MOST_PREAMBLE
