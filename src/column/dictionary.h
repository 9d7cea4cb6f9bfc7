/*
 * dictionary.h - the distinct strings of a column, shared by its segments.
 *
 * Immutable once sealed, reference-counted, with an id unique in the process so that operators
 * can cache what they computed per distinct value (predicate results, group numbers). Entry
 * order is first appearance unless `sorted` (then codes compare like values).
 */
#ifndef TNI_COLUMN_DICTIONARY_H
#define TNI_COLUMN_DICTIONARY_H

#include "base/hash.h"
#include "column/type.h"

typedef struct tni_dictionary {
    tni_atomic_i32 references;
    tni_memory *memory;
    uint64_t id;               /* never 0, never reused */
    uint32_t count;
    bool sorted;
    bool unique;               /* no two entries are equal (Parquet files may break this) */
    const tni_string *values;  /* [count] */
    tni_buffer *values_buffer;
    tni_buffer *heap;          /* bytes of the long strings; may be NULL */
    tni_buffer *heap2;         /* a second owner (a mapped file page), may be NULL */
} tni_dictionary;

TNI_FN tni_dictionary *tni_dictionary_retain(tni_dictionary *dictionary);
TNI_FN void tni_dictionary_release(tni_dictionary *dictionary); /* NULL is fine */
/* Adopt `values` (a buffer of tni_string) and `heap` (may be NULL): references are taken over,
 * on failure too. */
TNI_FN trueno_status tni_dictionary_new(tni_memory *memory, tni_buffer *values, uint32_t count,
                                        tni_buffer *heap, bool unique, tni_dictionary **out,
                                        tni_error *error);

/* Equality, fast for strings that mostly are equal (the last bytes are looked at early). */
TNI_FN bool tni_string_same(const tni_string *a, const tni_string *b);

/* Interning: string -> code, growing. Not thread-safe. */
typedef struct tni_interner {
    tni_memory *memory;
    tni_arena heap;
    tni_string *values;
    uint64_t *hashes;
    size_t capacity;
    uint32_t count;
    uint32_t *slots; /* open addressing, code + 1, power of two */
    size_t slot_count;
} tni_interner;

TNI_FN void tni_interner_init(tni_interner *interner, tni_memory *memory);
TNI_FN void tni_interner_free(tni_interner *interner);
/* The code of `string` (its bytes are copied on first sight). LIMIT past 2^32 - 2 entries. */
TNI_FN trueno_status tni_interner_add(tni_interner *interner, const tni_string *string,
                                      uint64_t hash, uint32_t *code, tni_error *error);
TNI_FN bool tni_interner_find(const tni_interner *interner, const tni_string *string,
                              uint64_t hash, uint32_t *code);
/* Turn it into a dictionary, moving the strings; the interner is empty afterwards. `sort` also
 * reorders by value and gives remap[old code] = new code (remap: [count], may be NULL). */
TNI_FN trueno_status tni_interner_seal(tni_interner *interner, bool sort, uint32_t *remap,
                                       tni_dictionary **out, tni_error *error);

#endif
