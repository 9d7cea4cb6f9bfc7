/*
 * partition.c - a key's partition, and the bounds of ranges; see partition.h.
 */
#include "column/partition.h"
#include "base/hash.h"

/* ------------------------------------------------------------------------ making, freeing --- */

TNI_FN bool tni_partition_takes(tni_type type) {
    return type.id != TRUENO_TYPE_INTERVAL && type.id != TRUENO_TYPE_NULL;
}

TNI_FN trueno_status tni_partitioning_new(tni_memory *memory, tni_partition_kind kind,
                                          uint32_t field, tni_type type, uint32_t count,
                                          tni_partitioning **out, tni_error *error) {
    tni_partitioning *made = (tni_partitioning *)tni_alloc_zero(memory, sizeof *made);
    *out = made;
    if (!made) {
        return tni_memory_fail(memory, sizeof *made, error);
    }
    TNI_ASSERT(count > 0 && count <= TNI_PARTITION_MOST && tni_partition_takes(type));
    tni_atomic_store_i32(&made->references, 1);
    tni_arena_init(&made->arena, memory);
    made->memory = memory;
    made->kind = kind;
    made->field = field;
    made->type = type;
    made->count = kind == TNI_PARTITION_RANGE ? 1 : count;
    return TRUENO_OK;
}

TNI_FN tni_partitioning *tni_partitioning_retain(tni_partitioning *partitioning) {
    if (partitioning) {
        (void)tni_atomic_add_i32(&partitioning->references, 1);
    }
    return partitioning;
}

TNI_FN void tni_partitioning_release(tni_partitioning *partitioning) {
    if (partitioning && tni_atomic_add_i32(&partitioning->references, -1) == 1) {
        tni_arena_free(&partitioning->arena);
        tni_free(partitioning->memory, partitioning, sizeof *partitioning);
    }
}

/* ---------------------------------------------------------------------------------- ranges --- */

static void tni_partition_sift(tni_value *values, size_t root, size_t count) {
    while (root * 2 + 1 < count) {
        size_t child = root * 2 + 1;
        tni_value value;
        if (child + 1 < count && tni_value_compare(&values[child], &values[child + 1]) < 0) {
            child++;
        }
        if (tni_value_compare(&values[root], &values[child]) >= 0) {
            return;
        }
        value = values[root];
        values[root] = values[child];
        values[child] = value;
        root = child;
    }
}

static void tni_partition_sort(tni_value *values, size_t count) {
    size_t i;
    for (i = count / 2; i-- > 0;) {
        tni_partition_sift(values, i, count);
    }
    for (i = count; i-- > 1;) {
        tni_value value = values[0];
        values[0] = values[i];
        values[i] = value;
        tni_partition_sift(values, 0, i);
    }
}

TNI_FN trueno_status tni_partitioning_choose(tni_partitioning *partitioning, uint32_t count,
                                             tni_value *sample, size_t rows, tni_error *error) {
    tni_arena *arena = &partitioning->arena;
    size_t size = count * sizeof *partitioning->bounds;
    uint32_t p;
    partitioning->bounds = (tni_value *)tni_arena_alloc(arena, size);
    if (!partitioning->bounds) {
        return tni_memory_fail(partitioning->memory, size, error);
    }
    tni_partition_sort(sample, rows);
    partitioning->count = 1;
    for (p = 1; p < count && rows > 0; p++) {
        tni_value bound = sample[(size_t)((uint64_t)rows * p / count)];
        const tni_value *before =
            partitioning->count > 1 ? &partitioning->bounds[partitioning->count - 2] : &sample[0];
        if (tni_value_compare(before, &bound) >= 0) {
            continue; /* nothing would lie below it */
        }
        if (tni_type_is_string(bound.type)) {
            size_t length = bound.as.string.length;
            void *copy = tni_arena_bytes(arena, length + 1);
            if (!copy) {
                return tni_memory_fail(partitioning->memory, length, error);
            }
            memcpy(copy, tni_string_data(&bound.as.string), length);
            bound.as.string = tni_string_make(copy, length);
        }
        partitioning->bounds[partitioning->count - 1] = bound;
        partitioning->count++;
    }
    return TRUENO_OK;
}

static uint32_t tni_partition_of_range(const tni_partitioning *partitioning,
                                       const tni_value *value) {
    uint32_t low = 0, high = partitioning->count - 1;
    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        if (tni_value_compare(value, &partitioning->bounds[middle]) < 0) {
            high = middle;
        } else {
            low = middle + 1;
        }
    }
    return low;
}

/* ---------------------------------------------------------------------------------- hashes --- */

static uint64_t tni_partition_hash(const tni_value *value) {
    double number = value->as.number;
    uint64_t bits;
    switch (tni_type_physical(value->type)) {
    case TNI_PHYSICAL_BOOL: return tni_hash_u64(value->as.boolean ? 1 : 0);
    case TNI_PHYSICAL_I128:
        return tni_hash_combine(tni_hash_u64(value->as.huge.low), (uint64_t)value->as.huge.high);
    case TNI_PHYSICAL_F32:
    case TNI_PHYSICAL_F64:
        if (number != number) {
            return TNI_HASH_NULL;
        }
        number = number == 0 ? 0.0 : number;
        memcpy(&bits, &number, sizeof bits);
        return tni_hash_u64(bits);
    case TNI_PHYSICAL_STRING: return tni_hash_string(&value->as.string);
    default: return tni_hash_u64(value->as.natural);
    }
}

TNI_FN uint32_t tni_partition_of(const tni_partitioning *partitioning, const tni_value *value) {
    bool range = partitioning->kind == TNI_PARTITION_RANGE;
    if (value->is_null) {
        return range ? partitioning->count - 1 : 0;
    }
    return range ? tni_partition_of_range(partitioning, value)
                 : (uint32_t)(tni_partition_hash(value) % partitioning->count);
}

/* ----------------------------------------------------------------------------------- split --- */

static uint32_t tni_partition_of_integer(const tni_partitioning *partitioning, int64_t key) {
    uint32_t low = 0, high = partitioning->count - 1;
    if (partitioning->kind == TNI_PARTITION_HASH) {
        return (uint32_t)(tni_hash_u64((uint64_t)key) % partitioning->count);
    }
    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        if (key < partitioning->bounds[middle].as.integer) {
            high = middle;
        } else {
            low = middle + 1;
        }
    }
    return low;
}

/* Partitions of flat integers of 4 and 8 bytes, as tni_partition_of gives them; false: others. */
static bool tni_partition_integers(const tni_partitioning *partitioning, const tni_vector *key,
                                   uint32_t rows, uint16_t *of) {
    tni_physical physical = tni_type_physical(key->type);
    tni_value null = tni_value_null(key->type);
    uint32_t i;
    if (key->form != TNI_FORM_FLAT ||
        (physical != TNI_PHYSICAL_I32 && physical != TNI_PHYSICAL_I64)) {
        return false;
    }
    for (i = 0; i < rows; i++) {
        int64_t value = physical == TNI_PHYSICAL_I32 ? ((const int32_t *)key->data)[i]
                                                     : ((const int64_t *)key->data)[i];
        bool valid = !key->validity || tni_bit_get(key->validity, i);
        of[i] = (uint16_t)(valid ? tni_partition_of_integer(partitioning, value)
                                 : tni_partition_of(partitioning, &null));
    }
    return true;
}

TNI_FN void tni_partition_split(const tni_partitioning *partitioning, const tni_vector *key,
                                uint32_t rows, uint16_t *positions, uint32_t *starts) {
    uint16_t of[TNI_VECTOR_ROWS];
    uint32_t i, p, at[TNI_PARTITION_MOST];
    bool constant = key->form == TNI_FORM_CONSTANT;
    bool done = tni_partition_integers(partitioning, key, rows, of);
    memset(starts, 0, (partitioning->count + 1) * sizeof *starts);
    for (i = 0; i < rows; i++) {
        if (!done && (i == 0 || !constant)) {
            tni_value value = tni_vector_value(key, i);
            of[i] = (uint16_t)tni_partition_of(partitioning, &value);
        } else if (!done) {
            of[i] = of[0];
        }
        starts[of[i] + 1]++;
    }
    for (p = 0; p < partitioning->count; p++) {
        starts[p + 1] += starts[p];
        at[p] = starts[p];
    }
    for (i = 0; i < rows; i++) {
        positions[at[of[i]]++] = (uint16_t)i;
    }
}
