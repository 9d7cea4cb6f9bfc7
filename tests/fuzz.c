/*
 * fuzz.c - drives a fuzz target where the compiler has no libFuzzer.
 *
 *     target [-seconds N] [-seed N] [-size N] [FILE or FOLDER ...]
 *
 * First every given file is run as it is, then random children of them until the time is over:
 * bytes flipped, set to edge values, cut out, repeated, spliced from another parent. When the
 * target dies, the input that killed it is written to crash-<seed>-<round>; `target FILE` repeats
 * it. The tally on the last line counts inputs.
 */
#include <dirent.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define MAX_PARENTS 4096

typedef struct input {
    uint8_t *data;
    size_t size;
} input;

static input parents[MAX_PARENTS];
static size_t parent_count;
static size_t largest = 65536;
static const uint8_t *running;
static size_t running_size;
static unsigned long long seed = 1, rounds;
static uint64_t state;

static uint64_t next_random(void) {
    state += UINT64_C(0x9e3779b97f4a7c15);
    {
        uint64_t z = state;
        z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
        z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
        return z ^ (z >> 31);
    }
}

static size_t below(size_t bound) {
    return bound ? (size_t)(next_random() % bound) : 0;
}

static void died(int signal_number) {
    char name[64];
    FILE *f;
    (void)snprintf(name, sizeof name, "crash-%llu-%llu", seed, rounds);
    f = fopen(name, "wb");
    if (f) {
        (void)fwrite(running, 1, running_size, f);
        (void)fclose(f);
    }
    fprintf(stderr, "the input is in %s (%lu bytes)\n", name, (unsigned long)running_size);
    (void)signal(signal_number, SIG_DFL);
    (void)raise(signal_number);
}

static void run(const uint8_t *data, size_t size) {
    running = data;
    running_size = size;
    (void)LLVMFuzzerTestOneInput(data, size);
    rounds++;
}

static void add_file(const char *path) {
    FILE *f = fopen(path, "rb");
    input *parent;
    if (!f || parent_count == MAX_PARENTS) {
        if (f) {
            fclose(f);
        }
        return;
    }
    parent = &parents[parent_count];
    parent->data = (uint8_t *)malloc(largest);
    parent->size = parent->data ? fread(parent->data, 1, largest, f) : 0;
    fclose(f);
    parent_count += parent->data != NULL;
}

static void add_path(const char *path) {
    DIR *folder = opendir(path);
    struct dirent *entry;
    if (!folder) {
        add_file(path);
        return;
    }
    while ((entry = readdir(folder)) != NULL) {
        char full[2048];
        if (entry->d_name[0] != '.') {
            (void)snprintf(full, sizeof full, "%s/%s", path, entry->d_name);
            add_file(full);
        }
    }
    closedir(folder);
}

/* One change in place; gives the new size. */
static size_t mutate(uint8_t *data, size_t size) {
    static const uint8_t edges[] = {0, 1, 0x7f, 0x80, 0xff, '\'', '"', '\n', ',', '('};
    size_t at = below(size), n = 1 + below(16);
    switch (below(8)) {
    case 0:
        if (size) {
            data[at] ^= (uint8_t)(1u << below(8));
        }
        return size;
    case 1:
        if (size) {
            data[at] = edges[below(sizeof edges)];
        }
        return size;
    case 2:
        if (size) {
            data[at] = (uint8_t)(data[at] + below(17) - 8);
        }
        return size;
    case 3: /* cut out */
        n = n < size - at ? n : size - at;
        memmove(data + at, data + at + n, size - at - n);
        return size - n;
    case 4: /* repeat */
        n = n < size - at ? n : size - at;
        n = n < largest - size ? n : largest - size;
        memmove(data + at + n, data + at, size - at);
        return size + n;
    case 5: { /* splice */
        const input *other = &parents[below(parent_count)];
        size_t from = below(other->size);
        n = other->size - from;
        n = n < largest - at ? n : largest - at;
        memcpy(data + at, other->data + from, n);
        return at + n;
    }
    case 6: /* random bytes in place */
        n = n < size - at ? n : size - at;
        while (n-- > 0) {
            data[at + n] = (uint8_t)next_random();
        }
        return size;
    default: /* random bytes put in */
        n = n < largest - size ? n : largest - size;
        memmove(data + at + n, data + at, size - at);
        size += n;
        while (n-- > 0) {
            data[at + n] = (uint8_t)next_random();
        }
        return size;
    }
}

int main(int argc, char **argv) {
    double seconds = 0;
    time_t stop;
    uint8_t *child;
    size_t i;
    int a;
    for (a = 1; a < argc; a++) {
        if (strcmp(argv[a], "-seconds") == 0 && a + 1 < argc) {
            seconds = atof(argv[++a]);
        } else if (strcmp(argv[a], "-seed") == 0 && a + 1 < argc) {
            seed = strtoull(argv[++a], NULL, 10);
        } else if (strcmp(argv[a], "-size") == 0 && a + 1 < argc) {
            largest = (size_t)strtoull(argv[++a], NULL, 10);
        } else {
            add_path(argv[a]);
        }
    }
    (void)signal(SIGABRT, died);
    for (i = 0; i < parent_count; i++) {
        run(parents[i].data, parents[i].size);
    }
    if (parent_count == 0) {
        parents[parent_count++].data = (uint8_t *)calloc(1, largest);
    }
    child = (uint8_t *)malloc(largest);
    if (!child || !parents[0].data) {
        return 1;
    }
    stop = time(NULL) + (time_t)seconds;
    while (seconds > 0 && time(NULL) < stop) {
        for (a = 0; a < 64; a++) {
            const input *parent;
            size_t size, changes;
            state = seed * 1000003 + rounds; /* a round depends on its number alone */
            parent = &parents[below(parent_count)];
            size = parent->size;
            memcpy(child, parent->data, size);
            for (changes = 1 + below(6); changes > 0; changes--) {
                size = mutate(child, size);
            }
            run(child, size);
        }
    }
    printf("%llu passed, 0 failed\n", rounds);
    for (i = 0; i < parent_count; i++) {
        free(parents[i].data);
    }
    free(child);
    return 0;
}
