/*
 * csv_index.c - the structure of a chunk from bitmaps.
 *
 * One pass gives, per block of 64 bytes, the masks of delimiters, quotes and newlines. The prefix
 * XOR of the quote mask tells for each byte whether it lies inside quotes (a doubled quote closes
 * and opens again), so a delimiter or newline outside is structure:
 *
 *     text       a , " x , y " \n b       quotes   . . 1 . . . 1 . .
 *     inside     0 0 1 1 1 1 0 0 0        ends       ^           ^
 *
 * That holds as long as every opening quote follows a delimiter, a newline or a quote and every
 * closing one precedes one of them. A quote elsewhere makes the chunk irregular for the state it
 * started in; then csv_record.c reads it. Quote parity composes over chunks like XOR, which is
 * how chunks are cut in parallel and yet exactly (csv_source.c).
 *
 * Uses: csv_parts.h, bits, the kernels.
 */
#include "format/csv/csv_parts.h"

#include "base/bits.h"

TNI_FN void tni_csv_index_init(tni_csv_index *index, tni_memory *memory) {
    memset(index, 0, sizeof *index);
    index->memory = memory;
}

TNI_FN void tni_csv_index_free(tni_csv_index *index) {
    tni_memory *memory = index->memory;
    tni_free(memory, index->delimiters, index->capacity * 3 * sizeof(uint64_t));
    tni_free(memory, index->lasts, index->lasts_capacity * sizeof(uint32_t));
    tni_csv_index_init(index, memory);
}

/* Three equal arrays in one block. */
static trueno_status tni_csv_index_reserve(tni_csv_index *index, size_t blocks,
                                           tni_error *error) {
    size_t bytes = blocks * 3 * sizeof(uint64_t);
    if (blocks > index->capacity) {
        tni_free(index->memory, index->delimiters, index->capacity * 3 * sizeof(uint64_t));
        index->capacity = 0;
        index->delimiters = (uint64_t *)tni_alloc(index->memory, bytes);
        if (index->delimiters == NULL) {
            return tni_memory_fail(index->memory, bytes, error);
        }
        index->capacity = blocks;
        index->quotes = index->delimiters + blocks;
        index->newlines = index->quotes + blocks;
    }
    return TRUENO_OK;
}

TNI_FN trueno_status tni_csv_index_build(tni_csv_index *index, const tni_env *env,
                                         const tni_csv_dialect *dialect, const uint8_t *text,
                                         size_t begin, size_t end, tni_error *error) {
    size_t length = end - begin, whole = length / 64, rest = length % 64;
    uint8_t delimiter = dialect->delimiter[0];
    uint8_t quote = dialect->quote != 0 ? dialect->quote : delimiter;
    TNI_TRY(tni_csv_index_reserve(index, whole + 1, error));
    index->blocks = whole + (rest != 0);
    env->kernels->csv_index(text + begin, whole, delimiter, quote, index->delimiters,
                            index->quotes, index->newlines);
    if (rest != 0) {
        uint8_t tail[64] = TNI_ZERO;
        uint64_t keep = tni_low_bits((uint32_t)rest);
        memcpy(tail, text + begin + whole * 64, rest);
        env->kernels->csv_index(tail, 1, delimiter, quote, index->delimiters + whole,
                                index->quotes + whole, index->newlines + whole);
        index->delimiters[whole] &= keep;
        index->quotes[whole] &= keep;
        index->newlines[whole] &= keep;
    }
    if (dialect->quote == 0) {
        memset(index->quotes, 0, index->blocks * sizeof(uint64_t));
    }
    return TRUENO_OK;
}

/* Bit i = XOR of bits 0..i. */
TNI_INLINE uint64_t tni_csv_prefix_xor(uint64_t v) {
    v ^= v << 1;
    v ^= v << 2;
    v ^= v << 4;
    v ^= v << 8;
    v ^= v << 16;
    v ^= v << 32;
    return v;
}

/* A byte beside which a quote is where it belongs. */
static bool tni_csv_is_border(const tni_csv_dialect *dialect, uint8_t c) {
    return c == dialect->delimiter[0] || c == '\n' || c == '\r' || c == dialect->quote;
}

TNI_FN tni_csv_summary tni_csv_index_summary(const tni_csv_index *index,
                                             const tni_csv_dialect *dialect, const uint8_t *text,
                                             size_t begin, size_t end, size_t size, size_t from) {
    tni_csv_summary summary = TNI_ZERO;
    size_t b, first = (from - begin) / 64;
    uint64_t inside = 0, wrong[2] = {0, 0}, before;
    uint64_t keep = ~tni_low_bits((uint32_t)((from - begin) % 64));
    /* the byte before `from` and the one after the chunk; the text's ends count as newlines */
    before = from == 0 || tni_csv_is_border(dialect, text[from - 1]) ? 1u : 0u;
    for (b = first; b < index->blocks; b++) {
        uint64_t quotes = index->quotes[b] & keep, border, previous, next, open, close;
        border = index->delimiters[b] | index->newlines[b] | index->quotes[b];
        if (quotes != 0) {
            uint64_t after, state = tni_csv_prefix_xor(quotes) ^ inside;
            if (b + 1 < index->blocks) {
                after = (index->delimiters[b + 1] | index->newlines[b + 1] |
                         index->quotes[b + 1]) &
                        1;
            } else {
                after = end >= size || tni_csv_is_border(dialect, text[end]) ? 1u : 0u;
            }
            open = quotes & state;
            close = quotes & ~state;
            previous = border << 1 | before;
            next = border >> 1 | after << 63;
            if (b + 1 == index->blocks && (end - begin) % 64 != 0) {
                next |= after << ((end - begin) % 64 - 1);
            }
            wrong[0] |= (open & ~previous) | (close & ~next);
            wrong[1] |= (close & ~previous) | (open & ~next);
            inside = state >> 63 ? ~UINT64_C(0) : 0;
        }
        before = border >> 63;
        keep = ~UINT64_C(0);
    }
    summary.odd = inside != 0;
    summary.irregular[0] = wrong[0] != 0;
    summary.irregular[1] = wrong[1] != 0;
    return summary;
}

TNI_FN size_t tni_csv_index_first_newline(const tni_csv_index *index, size_t begin, size_t end,
                                          bool inside_quotes) {
    uint64_t inside = inside_quotes ? ~UINT64_C(0) : 0;
    size_t b;
    for (b = 0; b < index->blocks; b++) {
        uint64_t state = inside, newlines;
        if (index->quotes[b] != 0) {
            state = tni_csv_prefix_xor(index->quotes[b]) ^ inside;
            inside = state >> 63 ? ~UINT64_C(0) : 0;
        }
        newlines = index->newlines[b] & ~state;
        if (newlines != 0) {
            return begin + b * 64 + tni_ctz64(newlines);
        }
    }
    return end;
}

/* One column: of the newlines that follow a newline, those that only end a CRLF. */
static uint64_t tni_csv_crlf_tails(const uint8_t *block, const uint8_t *text, uint64_t repeated) {
    uint64_t tails = 0;
    while (repeated != 0) {
        uint32_t i = tni_ctz64(repeated);
        const uint8_t *p = block + i;
        if (*p == '\n' && p > text && p[-1] == '\r') {
            tails |= UINT64_C(1) << i;
        }
        repeated &= repeated - 1;
    }
    return tails;
}

static trueno_status tni_csv_index_room(tni_csv_index *index, tni_csv_table *table,
                                        tni_error *error) {
    void *lasts = index->lasts;
    trueno_status status = TRUENO_OK;
    if (table->fields + 64 > table->ends_capacity) {
        TNI_TRY(tni_csv_table_reserve(table, table->fields + 4096, false, error));
    }
    if (table->records + 64u > index->lasts_capacity) {
        status = tni_grow(index->memory, &lasts, &index->lasts_capacity, table->records + 4096u,
                          sizeof(uint32_t), error);
        index->lasts = (uint32_t *)lasts;
    }
    return status;
}

TNI_FN trueno_status tni_csv_index_extract(tni_csv_index *index, const tni_csv_dialect *dialect,
                                           const uint8_t *text, size_t begin, size_t size,
                                           size_t from, tni_csv_table *table, size_t *rest,
                                           tni_error *error) {
    size_t b, at;
    uint32_t shift = (uint32_t)((from - begin) % 64);
    uint64_t inside = 0, previous = 1, keep = ~tni_low_bits(shift);
    table->base = text + begin;
    table->fields = 0;
    table->records = 0;
    *rest = from;
    for (b = (from - begin) / 64; b < index->blocks; b++) {
        uint64_t state = inside, newlines, repeated, ends;
        uint32_t *out, offset = (uint32_t)(b * 64);
        TNI_TRY(tni_csv_index_room(index, table, error));
        if (index->quotes[b] != 0) {
            state = tni_csv_prefix_xor(index->quotes[b] & keep) ^ inside;
            inside = state >> 63 ? ~UINT64_C(0) : 0;
        }
        newlines = index->newlines[b] & keep & ~state;
        /* blank lines, and the second byte of a CRLF */
        repeated = newlines & (newlines << 1 | previous << shift);
        previous = newlines >> 63;
        shift = 0;
        if (dialect->blank_records && repeated != 0) {
            repeated = tni_csv_crlf_tails(text + begin + b * 64, text, repeated);
        }
        newlines &= ~repeated;
        ends = (index->delimiters[b] & keep & ~state) | newlines;
        /* record by record: in a regular file every such run has the same length */
        out = table->ends + table->fields;
        while (newlines != 0) {
            uint64_t through = newlines ^ (newlines - 1), run = ends & through;
            ends &= ~through;
            newlines &= newlines - 1;
            while (run != 0) {
                *out++ = offset + tni_ctz64(run);
                run &= run - 1;
            }
            index->lasts[table->records++] = (uint32_t)(out - table->ends) - 1;
        }
        while (ends != 0) {
            *out++ = offset + tni_ctz64(ends);
            ends &= ends - 1;
        }
        table->fields = (size_t)(out - table->ends);
        keep = ~UINT64_C(0);
    }
    if (table->records > 0) {
        uint32_t last = index->lasts[table->records - 1];
        table->fields = (size_t)last + 1;
        at = begin + table->ends[last];
        *rest = at + (text[at] == '\r' && at + 1 < size && text[at + 1] == '\n' ? 2 : 1);
    } else {
        table->fields = 0;
    }
    return TRUENO_OK;
}
