// group_rows.glsl - the skeleton of GROUP BY over a morsel of encoded columns.
//
// The library replaces q_row by code made from the query (see scan_aggregate.glsl): beside the
// slots it puts key k into q_value[SLOTS + k] and sets bit SLOTS + k of q_valid when the key is
// not NULL, and bit 31 when the row passes the filter.
//
// The keys become one number, word = sum of code * factor, and the row's values join the row of
// that group. Everything added is an integer and every maximum is one, so that no order of rows,
// lanes or workgroups can change a bit. Float sums are limbs of 32 bits on an absolute grid
// (exec/agg_state.c): a value's digits go to the positions of a window that begins at the highest
// grid of any value.
//
// Workgroups keep the groups they meet first in shared memory, where frequent ones meet again and
// again without the whole device waiting for one address; the rest goes to device memory.
//
// WIDE: 64-bit atomics; otherwise two of 32 bits, the carry of the first going into the second.
#if WIDE
#extension GL_EXT_shader_atomic_int64 : require
#endif
#include "group.glsl"

layout(constant_id = 21) const uint SHARED_WORDS = 1u;
layout(constant_id = 23) const uint TUPLES_AT = 0u; // the buffer with them, behind the inputs
layout(local_size_x_id = 22) in;

layout(set = 0, binding = 0, std430) readonly buffer Words { uint w[]; } column[COLUMNS];
layout(set = 0, binding = 0, std430) readonly buffer Pairs { uvec2 w[]; } pairs[COLUMNS];
layout(set = 0, binding = 1, std430) buffer Control { CONTROL_MEMBERS } control;
layout(set = 0, binding = 2, std430) buffer Table { uint t32[]; };
layout(set = 0, binding = 2, std430) buffer Table64 { uint64_t t64[]; };

layout(push_constant, std430) uniform Push {
    uint rows;
    uint blocks;
    uint64_t literal[15];
} push;

uint q_valid;
uint q_error;
uint64_t q_value[VALUES];

// The stand-in: it touches what a spliced body needs, so that the types exist.
void q_row(const uint row, const uint segment) {
    uint code = column[0].w[row];
    uvec2 wide = pairs[0].w[row];
    q_valid = code == 0u && push.literal[0] == packUint2x32(wide) ? 255u : segment;
#if FLOATS
    double real = packDouble2x32(wide) + 1.0lf;
    q_value[0] = packUint2x32(unpackDouble2x32(real));
#else
    q_value[0] = uint64_t(code);
#endif
    q_error = 0u;
}

shared uint bank[SHARED_WORDS];
uint failed = 0u;
Field fields[8];
uint mask;     // rows of the hash table, less one
uint probes;
uint limit;    // rows of a table by index
uint grids[8]; // of the first position of a slot's float sums
uint cells;    // of groups in shared memory
uint replicas; // of each of them: a power of two

// ------------------------------------------------------------------------------ floats ---

// One digit: r rounded to a multiple of 2^bits, half to even; what is left stays in r.
int64_t digit(inout int64_t r, const int bits) {
    int64_t d = int64_t(0);
    if (bits <= 0) {
        d = r << -bits;
        r = int64_t(0);
    } else if (bits < 60) {
        int64_t rest;
        int64_t middle = int64_t(1) << (bits - 1);
        d = r >> bits;
        rest = r - (d << bits);
        d += rest > middle || (rest == middle && (d & int64_t(1)) != int64_t(0)) ? int64_t(1)
                                                                                : int64_t(0);
        r -= d << bits;
    }
    return d;
}

struct Real {
    uint flags;       // 1 NaN, 2 +inf, 4 -inf
    uint grid;        // twice its grid, plus one unless it is zero; 0 when flags are set
    int64_t digits[3];
};

Real real_of(const uint64_t bits) {
    Real x;
    uint high = uint(bits >> 32);
    uint exponent = high >> 20 & 0x7ffu;
    bool negative = high >> 31 != 0u;
    int64_t r = int64_t(bits & ((uint64_t(1) << 52) - uint64_t(1)));
    int at;
    x.flags = 0u;
    x.digits[0] = x.digits[1] = x.digits[2] = int64_t(0);
    if (exponent == 0x7ffu) {
        x.flags = r != int64_t(0) ? 1u : negative ? 4u : 2u;
        x.grid = 0u;
        return x;
    }
    x.grid = exponent <= 118u ? 1u : min((exponent - 118u + 31u) / 32u + 1u, 61u);
    // the value is r * 2^(max(exponent, 1) - 1075), the first digit counts 2^(32 * grid - 960)
    at = 32 * int(x.grid) - 960 - (int(max(exponent, 1u)) - 1075);
    x.grid = x.grid * 2u + (exponent != 0u || r != int64_t(0) ? 1u : 0u);
    r |= exponent != 0u ? int64_t(1) << 52 : int64_t(0);
    r = negative ? -r : r;
    x.digits[0] = digit(r, at);
    x.digits[1] = digit(r, at - 32);
    x.digits[2] = digit(r, at - 64);
    return x;
}

// ------------------------------------------------------------------ a row in device memory ---

#if WIDE
void add_pair(const uint at, const uint64_t v) {
    atomicAdd(t64[at >> 1], v);
}

// Whether the pair wrapped.
uint add_carry(const uint at, const uint64_t v) {
    uint64_t old = atomicAdd(t64[at >> 1], v);
    return old + v < old ? 1u : 0u;
}

void most_pair(const uint at, const uint64_t v) {
    if (t64[at >> 1] < v) { // it only grows, so a stale one is safe
        atomicMax(t64[at >> 1], v);
    }
}
#else
uint add_carry(const uint at, const uint64_t v) {
    uint low = uint(v), high = uint(v >> 32), carry = 0u, old;
    if (low != 0u) {
        old = atomicAdd(t32[at], low);
        carry = old + low < old ? 1u : 0u;
    }
    if (high == 0xffffffffu && carry == 1u) {
        return 1u;
    }
    high += carry;
    if (high == 0u) {
        return 0u;
    }
    old = atomicAdd(t32[at + 1u], high);
    return old + high < old ? 1u : 0u;
}

void add_pair(const uint at, const uint64_t v) {
    add_carry(at, v);
}

void most_pair(const uint at, const uint64_t v) { // not reached: the host refuses these
}
#endif

void add_single(const uint at, const uint v) {
    if (v != 0u) {
        atomicAdd(t32[at], v);
    }
}

void most_single(const uint at, const uint v) {
    if (t32[at] < v) {
        atomicMax(t32[at], v);
    }
}

// A sum of 64-bit values: `high` is what lies above the pair.
void add_wide(const uint row, const uint place, const uint64_t v, const uint high) {
    uint carry = v != uint64_t(0) ? add_carry(row + PAIR_AT(place), v) : 0u;
    add_single(row + WORD_AT(place), high + carry);
}

uint narrow_key(const uint64_t v, const uint place, const uint kind) {
    uint k = uint(v) ^ (IS_SIGNED(place) ? 0x80000000u : 0u);
    return kind == KIND_MIN ? ~k : k;
}

void add_digit(const uint row, const uint place, const uint position, const int64_t d) {
    if (d != int64_t(0) && position < POSITIONS) {
        add_pair(row + PAIR_AT(place) + position * 2u, uint64_t(d));
    }
}

// ------------------------------------------------------------------ a row in shared memory ---
//
// Word w of cell c, replica r: bank[(w * cells + c) * replicas + r].

uint value_words(const uint kind, const uint place) {
    if (kind == KIND_SUM_SMALL) {
        return 2u;
    }
    if (kind == KIND_SUM_I64 || kind == KIND_SUM_U64) {
        return 3u;
    }
    if (kind == KIND_SUM_F64) {
        return 2u + 2u * POSITIONS;
    }
    return IS_NARROW(place) ? 1u : 0u;
}

uint counted_words(const uint place) {
    return IS_COUNTED(place) ? 1u : 0u;
}

#define SHARED_NEED(s) (counted_words(PLACE##s) + value_words(KIND##s, PLACE##s))

uint bank_at(const uint word, const uint lane) {
    return word * (cells * replicas) + lane;
}

// Add to two words of the bank; whether they wrapped.
uint bank_carry(const uint word, const uint lane, const uint64_t v) {
    uint low = uint(v), high = uint(v >> 32), carry = 0u, old;
    if (low != 0u) {
        old = atomicAdd(bank[bank_at(word, lane)], low);
        carry = old + low < old ? 1u : 0u;
    }
    if (high == 0xffffffffu && carry == 1u) {
        return 1u;
    }
    high += carry;
    if (high == 0u) {
        return 0u;
    }
    old = atomicAdd(bank[bank_at(word + 1u, lane)], high);
    return old + high < old ? 1u : 0u;
}

void bank_most(const uint word, const uint lane, const uint v) {
    if (bank[bank_at(word, lane)] < v) {
        atomicMax(bank[bank_at(word, lane)], v);
    }
}

// ------------------------------------------------------------------- a value joins a group ---
//
// Drivers inline all of this for each of the eight slots before they know which kinds there are:
// every function has one caller, so that compiling stays short.

// Where a row's group is: its row in device memory and, if it is kept, its lane of the bank.
bool kept;
uint at_row, at_lane;

void join_sum(const uint kind, const uint place, const uint word, const uint64_t v) {
    uint high = kind == KIND_SUM_I64 && int64_t(v) < int64_t(0) ? 0xffffffffu : 0u;
    if (kept) {
        high += bank_carry(word, at_lane, v);
        if (kind != KIND_SUM_SMALL && high != 0u) {
            atomicAdd(bank[bank_at(word + 2u, at_lane)], high);
        }
    } else if (kind == KIND_SUM_SMALL) {
        add_pair(at_row + PAIR_AT(place), v);
    } else {
        add_wide(at_row, place, v, high);
    }
}

void join_bound(const uint kind, const uint place, const uint word, const uint64_t v) {
    if (!IS_NARROW(place)) {
        most_pair(at_row + PAIR_AT(place), kind == KIND_MIN ? ~v : v);
    } else if (kept) {
        bank_most(word, at_lane, narrow_key(v, place, kind));
    } else {
        most_single(at_row + WORD_AT(place), narrow_key(v, place, kind));
    }
}

void join_real(const uint place, const uint s, const uint word, const uint64_t v) {
    Real x = real_of(v);
    uint first = grids[s] - (x.grid >> 1), single = at_row + WORD_AT(place);
    if (x.flags != 0u) {
        if (kept) {
            atomicOr(bank[bank_at(word + 1u, at_lane)], x.flags);
        } else {
            atomicOr(t32[single + 1u], x.flags);
        }
        return;
    }
    if (kept) {
        bank_most(word, at_lane, x.grid);
    } else {
        most_single(single, x.grid);
    }
    for (uint j = 0u; j < 3u && (x.grid & 1u) != 0u; j++) {
        int64_t d = j == 0u ? x.digits[0] : j == 1u ? x.digits[1] : x.digits[2];
        if (kept && d != int64_t(0) && first + j < POSITIONS) {
            bank_carry(word + 2u + (first + j) * 2u, at_lane, uint64_t(d));
        } else if (!kept) {
            add_digit(at_row, place, first + j, d);
        }
    }
}

// `kind` and `place` are constants once inlined.
void join(const uint kind, const uint place, const uint s, const uint word) {
    uint value = word + counted_words(place);
    if (kind == KIND_NONE || (q_valid & (1u << s)) == 0u) {
        return;
    }
    if (IS_COUNTED(place) && kept) {
        atomicAdd(bank[bank_at(word, at_lane)], 1u);
    } else if (IS_COUNTED(place)) {
        atomicAdd(t32[at_row + COUNT_AT(place)], 1u);
    }
    if (kind == KIND_SUM_SMALL || kind == KIND_SUM_I64 || kind == KIND_SUM_U64) {
        join_sum(kind, place, value, q_value[s]);
    } else if (kind == KIND_MIN || kind == KIND_MAX) {
        join_bound(kind, place, value, q_value[s]);
    } else if (kind == KIND_SUM_F64) {
        join_real(place, s, value, q_value[s]);
    }
}

#define JOIN(s)                                                                                    \
    join(KIND##s, PLACE##s, s, word);                                                              \
    word += SHARED_NEED(s);

void join_all() {
    uint word = 1u;
    if (kept) {
        atomicAdd(bank[at_lane], 1u);
    } else {
        atomicAdd(t32[at_row + KEY_WORDS], 1u);
    }
    ALL(JOIN)
}

uint bank_total(const uint word, const uint cell) {
    uint total = 0u;
    for (uint r = 0u; r < replicas; r++) {
        total += bank[bank_at(word, cell * replicas + r)];
    }
    return total;
}

uint64_t bank_pair(const uint word, const uint lane) {
    return packUint2x32(uvec2(bank[bank_at(word, lane)], bank[bank_at(word + 1u, lane)]));
}

// The replicas of a cell's slot join the group's row.
void bank_flush(const uint kind, const uint place, const uint s, const uint word,
                const uint cell, const uint row) {
    uint at = word + counted_words(place);
    if (kind == KIND_NONE) {
        return;
    }
    if (IS_COUNTED(place)) {
        add_single(row + COUNT_AT(place), bank_total(word, cell));
    }
    for (uint r = 0u; r < replicas; r++) {
        uint lane = cell * replicas + r;
        if (kind == KIND_SUM_SMALL) {
            uint64_t v = bank_pair(at, lane);
            if (v != uint64_t(0)) {
                add_pair(row + PAIR_AT(place), v);
            }
        } else if (kind == KIND_SUM_I64 || kind == KIND_SUM_U64) {
            add_wide(row, place, bank_pair(at, lane), bank[bank_at(at + 2u, lane)]);
        } else if ((kind == KIND_MIN || kind == KIND_MAX) && IS_NARROW(place)) {
            most_single(row + WORD_AT(place), bank[bank_at(at, lane)]);
        } else if (kind == KIND_SUM_F64) {
            uint flags = bank[bank_at(at + 1u, lane)];
            most_single(row + WORD_AT(place), bank[bank_at(at, lane)]);
            if (flags != 0u) {
                atomicOr(t32[row + WORD_AT(place) + 1u], flags);
            }
            for (uint j = 0u; j < POSITIONS; j++) {
                add_digit(row, place, j, int64_t(bank_pair(at + 2u + j * 2u, lane)));
            }
        }
    }
}

// ----------------------------------------------------------------------------- the keys ---

// The group's number. Rows whose key leaves its range are dropped and reported.
bool key_word(out uint64_t word) {
    bool ok = (q_valid >> 31) != 0u;
    word = uint64_t(0);
    [[unroll]] for (uint k = 0u; k < 8u; k++) {
        if (k < (KEYS & 255u)) {
            Field field = fields[k];
            uint64_t code = q_value[SLOTS + k] - field.minimum;
            bool there = (q_valid >> (SLOTS + k) & 1u) != 0u;
            bool out_of_range = there ? field.range != uint64_t(0) && code >= field.range
                                      : (KEYS >> (8u + k) & 1u) == 0u;
            if (ok && out_of_range) {
                failed |= 2u;
                ok = false;
            }
            word += (there ? code : field.range) * field.factor;
        }
    }
    return ok;
}

// Take or find word `at` of a row for a key; false: another key has it.
bool claim(const uint at, const uint part) {
    uint seen = t32[at]; // final once it is not 0, so a stale 0 is the only error possible
    if (seen == 0u) {
        seen = atomicCompSwap(t32[at], 0u, part);
        seen = seen == 0u ? part : seen;
    }
    return seen == part;
}

// The row of a key in the hash table, as its first word; ~0 when there is none. Words are taken in
// order and never given back, so every thread with one key ends at one row.
uint find(const uint64_t key) {
    uint slot = hash_of(key);
    for (uint i = 0u; i < probes; i++) {
        uint at = (slot + i & mask) * STRIDE;
        if (claim(at, key_part(key, 0u)) &&
            (KEY_WORDS < 2u || claim(at + 1u, key_part(key, 1u))) &&
            (KEY_WORDS < 3u || claim(at + 2u, key_part(key, 2u)))) {
            return at;
        }
    }
    control.full = 1u;
    return ~0u;
}

// ------------------------------------------------------------------------------- forms ---

#define ADD_NEED(s) word += SHARED_NEED(s);

// Behind the words of the cells: the row in device memory whose group a cell holds, plus one.
uint tag_at(const uint cell) {
    uint word = 1u;
    ALL(ADD_NEED)
    return word * cells + cell;
}

// Whether the row's group is kept in the cell.
bool keep(const uint cell) {
    uint tag = bank[tag_at(cell)];
    if (tag == 0u) {
        tag = atomicCompSwap(bank[tag_at(cell)], 0u, at_row + 1u);
        tag = tag == 0u ? at_row + 1u : tag;
    }
    return tag == at_row + 1u;
}

// Find the place of a key's group; false when there is none.
bool place_of(const uint64_t key) {
    uint index = uint(key);
    if (FORM == FORM_HASH || FORM == FORM_TUPLES) {
        at_row = find(key);
        if (at_row == ~0u) {
            return false;
        }
    } else {
        if ((key >> 32) != uint64_t(0) || index >= limit) {
            failed |= 2u;
            return false;
        }
        at_row = index * STRIDE;
    }
    if (FORM == FORM_DENSE) {
        kept = true;
        at_lane = index * replicas + (gl_LocalInvocationID.x & (replicas - 1u));
    } else {
        at_lane = at_row / STRIDE & (cells - 1u);
        kept = SHARED_WORDS > 1u && keep(at_lane);
    }
    return true;
}

// ------------------------------------------------------------------------------ tuples ---
//
// A tuple: the key, the bits of q_valid when a slot has NULLs, the values of the slots.

uint tuple_bits() {
    return (PLACE0 | PLACE1 | PLACE2 | PLACE3 | PLACE4 | PLACE5 | PLACE6 | PLACE7) >> 24 & 1u;
}

uint tuple_need(const uint kind, const uint place) {
    if (kind == KIND_NONE || kind == KIND_COUNT) {
        return 0u;
    }
    return kind == KIND_SUM_SMALL || IS_NARROW(place) ? 1u : 2u;
}

#define TUPLE_NEED(s) words += tuple_need(KIND##s, PLACE##s);

uint tuple_words() {
    uint words = (KEY_WORDS > 1u ? 2u : 1u) + tuple_bits();
    ALL(TUPLE_NEED)
    return words;
}

uint partition_of(const uint64_t key) {
    return (hash_of(key) & mask) >> control.shift;
}

#define PUT_VALUE(s)                                                                               \
    if (tuple_need(KIND##s, PLACE##s) > 0u) {                                                      \
        t32[at++] = uint(q_value[s]);                                                              \
    }                                                                                              \
    if (tuple_need(KIND##s, PLACE##s) > 1u) {                                                      \
        t32[at++] = uint(q_value[s] >> 32);                                                        \
    }

void put_tuple(const uint64_t key, const uint number) {
    uint at = number * tuple_words();
    t32[at++] = uint(key);
    if (KEY_WORDS > 1u) {
        t32[at++] = uint(key >> 32);
    }
    if (tuple_bits() != 0u) {
        t32[at++] = q_valid;
    }
    ALL(PUT_VALUE)
}

#define TUPLES column[TUPLES_AT].w

uint64_t tuple_value(const uint kind, const uint place, inout uint at) {
    uint need = tuple_need(kind, place), low, high;
    if (need == 0u) {
        return uint64_t(0);
    }
    low = TUPLES[at++];
    high = IS_SIGNED(place) && int(low) < 0 ? 0xffffffffu : 0u;
    if (need > 1u) {
        high = TUPLES[at++];
    }
    return packUint2x32(uvec2(low, high));
}

#define GET_VALUE(s) q_value[s] = tuple_value(KIND##s, PLACE##s, at);

uint64_t get_tuple(const uint number) {
    uint at = number * tuple_words();
    uint64_t key = uint64_t(TUPLES[at++]);
    if (KEY_WORDS > 1u) {
        key |= uint64_t(TUPLES[at++]) << 32;
    }
    q_valid = 255u;
    if (tuple_bits() != 0u) {
        q_valid = TUPLES[at++];
    }
    ALL(GET_VALUE)
    return key;
}

void survey(const uint kind, const uint s) {
    if (kind == KIND_SUM_F64 && (q_valid & (1u << s)) != 0u) {
        uint exponent = uint(q_value[s] >> 52) & 0x7ffu;
        bool zero = (q_value[s] << 1) == uint64_t(0);
        uint grid = exponent <= 118u ? 1u : min((exponent - 118u + 31u) / 32u + 1u, 61u);
        if (!zero && exponent != 0x7ffu && bank[s] < grid) {
            atomicMax(bank[s], grid);
        }
    }
}

#define SURVEY(s) survey(KIND##s, s);

// `turn`: SCATTER sees each row twice.
void row(const uint number, const uint turn) {
    uint64_t key;
    if (FORM == FORM_TUPLES) {
        key = get_tuple(number);
    } else {
        q_row(number, number >> 16);
        failed |= q_error;
        if (FORM == FORM_SURVEY) {
            ALL(SURVEY)
            return;
        }
        if (!key_word(key)) {
            return;
        }
        if (FORM == FORM_SPREAD || FORM == FORM_SCATTER) {
            uint to = atomicAdd(bank[partition_of(key)], 1u);
            if (turn == 1u) {
                put_tuple(key, to);
            }
            return;
        }
    }
    if (place_of(key)) {
        join_all();
    }
}

#define BANK_FLUSH(s)                                                                              \
    bank_flush(KIND##s, PLACE##s, s, word, cell, at);                                              \
    word += SHARED_NEED(s);

void flush_bank() {
    for (uint cell = gl_LocalInvocationID.x; cell < cells; cell += gl_WorkGroupSize.x) {
        uint rows = bank_total(0u, cell), word = 1u;
        uint at = FORM == FORM_DENSE ? cell * STRIDE : bank[tag_at(cell)] - 1u;
        if (rows != 0u) {
            atomicAdd(t32[at + KEY_WORDS], rows);
            ALL(BANK_FLUSH)
        }
    }
}

void flush_parts() {
    uint parts = mask + 1u >> control.shift;
    for (uint p = gl_LocalInvocationID.x; p < parts; p += gl_WorkGroupSize.x) {
        if (bank[p] != 0u) {
            atomicAdd(control.parts[p], bank[p]);
        }
    }
}

// Between SCATTER's turns: places are reserved for what the first one counted.
void turn_over(const uint turn) {
    uint parts = mask + 1u >> control.shift;
    barrier();
    for (uint p = gl_LocalInvocationID.x; p < parts; p += gl_WorkGroupSize.x) {
        bank[p] = turn == 1u && bank[p] != 0u ? atomicAdd(control.parts[p], bank[p]) : 0u;
    }
    barrier();
}

void start() {
    [[unroll]] for (uint k = 0u; k < 8u; k++) {
        if (k < (KEYS & 255u)) {
            fields[k] = control.fields[k];
        }
        grids[k] = control.grids[k];
    }
    mask = control.mask;
    probes = control.probes;
    cells = control.cells;
    replicas = control.replicas;
    limit = control.rows;
    if (SHARED_WORDS > 1u) {
        for (uint i = gl_LocalInvocationID.x; i < SHARED_WORDS; i += gl_WorkGroupSize.x) {
            bank[i] = 0u;
        }
        barrier();
    }
}

void finish() {
    uint me = gl_LocalInvocationID.x;
    if (SHARED_WORDS > 1u) {
        barrier();
        if (FORM == FORM_SPREAD) {
            flush_parts();
        } else if (FORM == FORM_SURVEY) {
            if (me < 8u && grids[me] < bank[me]) {
                atomicMax(control.grids[me], bank[me]);
            }
        } else if (FORM != FORM_SCATTER) {
            flush_bank();
        }
    }
    if (failed != 0u) {
        atomicOr(control.error, failed);
    }
}

void main() {
    uint group = gl_WorkGroupID.y * gl_NumWorkGroups.x + gl_WorkGroupID.x;
    uint groups = gl_NumWorkGroups.x * gl_NumWorkGroups.y;
    uint rows = push.rows, tile = 4096u;
    start();
    if (FORM == FORM_TUPLES) { // small tiles: rows at work at a time share a stretch of the table
        rows = control.parts[(mask >> control.shift)];
        tile = 256u;
    }
    for (uint block = group; block < push.blocks; block += groups) {
        uint end = min(rows, block * tile + tile);
        if ((FORM == FORM_HASH || FORM == FORM_TUPLES) && control.full != 0u) {
            break;
        }
        for (uint turn = 0u; turn < (FORM == FORM_SCATTER ? 2u : 1u); turn++) {
            if (FORM == FORM_SCATTER) {
                turn_over(turn);
            }
            for (uint i = block * tile + gl_LocalInvocationID.x; i < end;
                 i += gl_WorkGroupSize.x) {
                row(i, turn);
            }
        }
    }
    finish();
}
