/*
 * sort_words.c - stable sort of entries by their 64-bit word.
 *
 * Only bits in which the words differ are looked at. Few entries: insertion, then merging.
 * Medium: least significant digit first, in cache. Many: one pass over the most significant
 * digit cuts them into buckets that fit a cache, each sorted on its own. Every step moves between
 * two arrays, and the direction is chosen so that little is copied at the end. May use: sort.h.
 */
#include "exec/sort.h"

#define TNI_SORT_INSERTION 24u
#define TNI_SORT_MERGE 384u    /* entries up to which merging beats histograms */
#define TNI_SORT_CACHE 16384u  /* entries that stay in the second level cache, twice */
#define TNI_SORT_DIGIT 8u
#define TNI_SORT_TOP 10u       /* bits of the digit that cuts into buckets */
#define TNI_SORT_DEPTH 8u      /* cuts of 10 bits until none of 64 is left */

/* What differs between the words; *sorted tells whether they ascend already. */
static uint64_t tni_sort_difference(const tni_sort_entry *entries, size_t count, bool *sorted) {
    uint64_t first = entries[0].word, last = first, difference = 0, descents = 0;
    size_t i;
    for (i = 1; i < count; i++) {
        uint64_t word = entries[i].word;
        difference |= word ^ first;
        descents |= (uint64_t)(word < last);
        last = word;
    }
    *sorted = descents == 0;
    return difference;
}

static void tni_sort_insertion(tni_sort_entry *entries, size_t count) {
    size_t i, j;
    for (i = 1; i < count; i++) {
        tni_sort_entry entry = entries[i];
        for (j = i; j > 0 && entries[j - 1].word > entry.word; j--) {
            entries[j] = entries[j - 1];
        }
        entries[j] = entry;
    }
}

/* Merge from[0 .. middle) and from[middle .. count), the first part winning ties. */
static void tni_sort_merge_two(const tni_sort_entry *from, size_t middle, size_t count,
                               tni_sort_entry *to) {
    const tni_sort_entry *a = from, *a_end = from + middle, *b = a_end, *b_end = from + count;
    while (a < a_end && b < b_end) {
        bool second = b->word < a->word;
        *to++ = *(second ? b : a);
        b += second;
        a += !second;
    }
    memcpy(to, a, (size_t)(a_end - a) * sizeof *to);
    memcpy(to + (a_end - a), b, (size_t)(b_end - b) * sizeof *to);
}

/* Bottom up; true when the result is in `spare`. */
static bool tni_sort_merging(tni_sort_entry *entries, tni_sort_entry *spare, size_t count) {
    tni_sort_entry *from = entries, *to = spare;
    size_t width, i;
    for (i = 0; i < count; i += TNI_SORT_INSERTION) {
        tni_sort_insertion(entries + i, TNI_MIN(count - i, TNI_SORT_INSERTION));
    }
    for (width = TNI_SORT_INSERTION; width < count; width *= 2) {
        tni_sort_entry *swap = from;
        for (i = 0; i < count; i += 2 * width) {
            size_t part = TNI_MIN(count - i, 2 * width);
            tni_sort_merge_two(from + i, TNI_MIN(width, part), part, to + i);
        }
        from = to;
        to = swap;
    }
    return from == spare;
}

/* One stable pass by the digit at `shift`. */
static void tni_sort_scatter(const tni_sort_entry *from, tni_sort_entry *to, size_t count,
                             uint32_t shift) {
    uint32_t places[1u << TNI_SORT_DIGIT];
    const uint64_t mask = (1u << TNI_SORT_DIGIT) - 1;
    uint32_t sum = 0;
    size_t i;
    memset(places, 0, sizeof places);
    for (i = 0; i < count; i++) {
        places[(from[i].word >> shift) & mask]++;
    }
    for (i = 0; i <= mask; i++) {
        uint32_t size = places[i];
        places[i] = sum;
        sum += size;
    }
    for (i = 0; i < count; i++) {
        to[places[(from[i].word >> shift) & mask]++] = from[i];
    }
}

/* Least significant digit first over the differing bits; true when the result is in `spare`. */
static bool tni_sort_digits(tni_sort_entry *entries, tni_sort_entry *spare, size_t count,
                            uint64_t difference) {
    tni_sort_entry *from = entries, *to = spare;
    while (difference != 0) {
        tni_sort_entry *swap = from;
        uint32_t shift = TNI_MIN(tni_ctz64(difference), 64 - TNI_SORT_DIGIT);
        tni_sort_scatter(from, to, count, shift);
        difference &= ~(tni_low_bits(TNI_SORT_DIGIT) << shift);
        from = to;
        to = swap;
    }
    return from == spare;
}

static bool tni_sort_into(const tni_env *env, tni_sort_entry *entries, tni_sort_entry *spare,
                          size_t count, bool to_spare, uint32_t depth);

/* Cut into buckets by the most significant differing bits: they come to lie in `spare`. */
static bool tni_sort_buckets(const tni_env *env, tni_sort_entry *entries, tni_sort_entry *spare,
                             size_t count, uint64_t difference, bool to_spare, uint32_t depth) {
    size_t ends[1u << TNI_SORT_TOP], begin = 0, sum = 0, i;
    uint32_t top = 64 - tni_clz64(difference);
    uint32_t shift = top > TNI_SORT_TOP ? top - TNI_SORT_TOP : 0;
    const uint64_t mask = (1u << TNI_SORT_TOP) - 1;
    if (tni_env_check(env, NULL) != TRUENO_OK) {
        return false;
    }
    memset(ends, 0, sizeof ends);
    for (i = 0; i < count; i++) {
        ends[(entries[i].word >> shift) & mask]++;
    }
    for (i = 0; i <= mask; i++) {
        size_t size = ends[i];
        ends[i] = sum;
        sum += size;
    }
    for (i = 0; i < count; i++) {
        spare[ends[(entries[i].word >> shift) & mask]++] = entries[i];
    }
    for (i = 0; i <= mask; i++) {
        if (ends[i] > begin && !tni_sort_into(env, spare + begin, entries + begin,
                                              ends[i] - begin, !to_spare, depth + 1)) {
            return false;
        }
        begin = ends[i];
    }
    return true;
}

/* Sort `entries`, leaving the result there or in `spare`, as asked. */
static bool tni_sort_into(const tni_env *env, tni_sort_entry *entries, tni_sort_entry *spare,
                          size_t count, bool to_spare, uint32_t depth) {
    bool sorted, in_spare = false;
    uint64_t difference = tni_sort_difference(entries, count, &sorted);
    if (sorted) {
        in_spare = false;
    } else if (count <= TNI_SORT_INSERTION) {
        tni_sort_insertion(entries, count);
    } else if (count <= TNI_SORT_MERGE) {
        in_spare = tni_sort_merging(entries, spare, count);
    } else if (count <= TNI_SORT_CACHE || depth == TNI_SORT_DEPTH) {
        in_spare = tni_sort_digits(entries, spare, count, difference);
    } else {
        return tni_sort_buckets(env, entries, spare, count, difference, to_spare, depth);
    }
    if (in_spare != to_spare) {
        memcpy(to_spare ? spare : entries, to_spare ? entries : spare, count * sizeof *entries);
    }
    return true;
}

TNI_FN bool tni_sort_words(const tni_env *env, tni_sort_entry *entries, tni_sort_entry *spare,
                           size_t count) {
    return count < 2 || tni_sort_into(env, entries, spare, count, false, 0);
}

#undef TNI_SORT_INSERTION
#undef TNI_SORT_MERGE
#undef TNI_SORT_CACHE
#undef TNI_SORT_DIGIT
#undef TNI_SORT_TOP
#undef TNI_SORT_DEPTH
