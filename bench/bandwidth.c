/*
 * bandwidth.c - how fast this machine reads memory: the floor under every scan.
 *
 * Usage: bandwidth [threads] [MiB]   (default 2 threads, 1024 MiB). Each thread sums its share of
 * one array of 64-bit words; the best of several passes is printed, in GB/s, on one line.
 */
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { MAX_THREADS = 256, PASSES = 15 };

typedef struct share {
    const uint64_t *words;
    size_t count;
    uint64_t sum;
} share;

static void *read_share(void *context) {
    share *s = (share *)context;
    uint64_t sums[32] = {0}; /* enough independent chains to keep the loads in flight */
    size_t i, k;
    for (i = 0; i + 32 <= s->count; i += 32) {
        for (k = 0; k < 32; k++) {
            sums[k] += s->words[i + k];
        }
    }
    for (k = 0; k < 32; k++) {
        s->sum += sums[k];
    }
    return NULL;
}

static double now(void) {
    struct timespec t;
    timespec_get(&t, TIME_UTC);
    return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

static double pass(share *shares, unsigned threads) {
    pthread_t ids[MAX_THREADS];
    double start = now();
    unsigned i, made = 0;
    while (made + 1 < threads &&
           pthread_create(&ids[made], NULL, read_share, &shares[made + 1]) == 0) {
        made++;
    }
    read_share(&shares[0]);
    for (i = made + 1; i < threads; i++) {
        read_share(&shares[i]);
    }
    for (i = 0; i < made; i++) {
        pthread_join(ids[i], NULL);
    }
    return now() - start;
}

static unsigned number(const char *text, unsigned least, unsigned most) {
    unsigned long value = strtoul(text, NULL, 10);
    return value < least ? least : value > most ? most : (unsigned)value;
}

int main(int argc, char **argv) {
    unsigned threads = argc > 1 ? number(argv[1], 1, MAX_THREADS) : 2;
    size_t bytes = (size_t)(argc > 2 ? number(argv[2], 1, 65536) : 1024) << 20;
    share shares[MAX_THREADS];
    size_t each = bytes / sizeof(uint64_t) / threads;
    uint64_t *words = (uint64_t *)malloc(bytes), sum = 0;
    double best = 1e9;
    unsigned i;
    if (words == NULL) {
        fprintf(stderr, "bandwidth: no memory for %zu bytes\n", bytes);
        return 1;
    }
    memset(words, 1, bytes);
    for (i = 0; i < threads; i++) {
        shares[i].words = words + each * i;
        shares[i].count = each;
        shares[i].sum = 0;
    }
    for (i = 0; i < PASSES; i++) {
        double seconds = pass(shares, threads);
        best = seconds < best ? seconds : best;
    }
    for (i = 0; i < threads; i++) {
        sum += shares[i].sum; /* used, so that the loop stays */
    }
    printf("%.1f GB/s read by %u threads (%zu MiB, checksum %llx)\n",
           (double)bytes / best * 1e-9, threads, bytes >> 20, (unsigned long long)sum);
    free(words);
    return 0;
}
