/*
 * test.h - the whole of our unit-test framework.
 *
 * A test program is a plain main that checks and ends with `return tni_test_report();`. A failed
 * check prints `file:line: what` and goes on. Tests that need absent data call TNI_SKIP with the
 * reason. The last line, `N passed, N failed[, N skipped]`, is what the Makefile adds up.
 */
#ifndef TNI_TEST_H
#define TNI_TEST_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#if defined(__GNUC__)
#define TNI_TEST_FN static __attribute__((unused))
#else
#define TNI_TEST_FN static
#endif

static unsigned long tni_test_passed, tni_test_failed, tni_test_skipped;

TNI_TEST_FN bool tni_test_check(bool ok, const char *file, int line, const char *what) {
    if (ok) {
        tni_test_passed++;
    } else {
        tni_test_failed++;
        printf("%s:%d: %s\n", file, line, what);
    }
    return ok;
}

TNI_TEST_FN bool tni_test_int(long long got, long long wanted, const char *file, int line,
                              const char *what) {
    if (!tni_test_check(got == wanted, file, line, what)) {
        printf("    got %lld, expected %lld\n", got, wanted);
    }
    return got == wanted;
}

TNI_TEST_FN bool tni_test_uint(unsigned long long got, unsigned long long wanted, const char *file,
                               int line, const char *what) {
    if (!tni_test_check(got == wanted, file, line, what)) {
        printf("    got %llu, expected %llu\n", got, wanted);
    }
    return got == wanted;
}

/* Bit for bit, so that -0.0 and NaN are told apart; any NaN equals any NaN. */
TNI_TEST_FN bool tni_test_double(double got, double wanted, const char *file, int line,
                                 const char *what) {
    uint64_t a, b;
    bool ok;
    memcpy(&a, &got, sizeof a);
    memcpy(&b, &wanted, sizeof b);
    ok = a == b || (got != got && wanted != wanted);
    if (!tni_test_check(ok, file, line, what)) {
        printf("    got %.17g, expected %.17g\n", got, wanted);
    }
    return ok;
}

TNI_TEST_FN bool tni_test_text(const char *got, const char *wanted, const char *file, int line,
                               const char *what) {
    bool ok = got && wanted ? strcmp(got, wanted) == 0 : got == wanted;
    if (!tni_test_check(ok, file, line, what)) {
        printf("    got      \"%s\"\n    expected \"%s\"\n", got ? got : "(NULL)",
               wanted ? wanted : "(NULL)");
    }
    return ok;
}

TNI_TEST_FN bool tni_test_bytes(const void *got, const void *wanted, size_t size, const char *file,
                                int line, const char *what) {
    const unsigned char *a = (const unsigned char *)got, *b = (const unsigned char *)wanted;
    size_t i = 0;
    while (i < size && a[i] == b[i]) {
        i++;
    }
    if (!tni_test_check(i == size, file, line, what)) {
        printf("    byte %lu of %lu: got 0x%02x, expected 0x%02x\n", (unsigned long)i,
               (unsigned long)size, a[i], b[i]);
    }
    return i == size;
}

/* Each gives true when it held, so that what depends on it can be skipped. */
#define TNI_CHECK(cond) tni_test_check(!!(cond), __FILE__, __LINE__, #cond)
#define TNI_CHECK_EQ_INT(got, wanted)                                                              \
    tni_test_int((long long)(got), (long long)(wanted), __FILE__, __LINE__, #got " == " #wanted)
#define TNI_CHECK_EQ_UINT(got, wanted)                                                             \
    tni_test_uint((unsigned long long)(got), (unsigned long long)(wanted), __FILE__, __LINE__,     \
                  #got " == " #wanted)
#define TNI_CHECK_EQ_DOUBLE(got, wanted)                                                           \
    tni_test_double((got), (wanted), __FILE__, __LINE__, #got " == " #wanted)
#define TNI_CHECK_TEXT(got, wanted)                                                                \
    tni_test_text((got), (wanted), __FILE__, __LINE__, #got " == " #wanted)
#define TNI_CHECK_BYTES(got, wanted, size)                                                         \
    tni_test_bytes((got), (wanted), (size), __FILE__, __LINE__, #got " == " #wanted)
#define TNI_SKIP(reason) tni_test_skip(__FILE__, __LINE__, (reason))

TNI_TEST_FN void tni_test_skip(const char *file, int line, const char *reason) {
    tni_test_skipped++;
    printf("%s:%d: skipped: %s\n", file, line, reason);
}

/* Folder of the shared test data: $TRUENO_SHARED, or ../shared beside the repository. */
TNI_TEST_FN const char *tni_test_shared(void) {
    const char *folder = getenv("TRUENO_SHARED");
    return folder && *folder ? folder : "../shared";
}

TNI_TEST_FN int tni_test_report(void) {
    printf("%lu passed, %lu failed", tni_test_passed, tni_test_failed);
    if (tni_test_skipped) {
        printf(", %lu skipped", tni_test_skipped);
    }
    printf("\n");
    return tni_test_failed ? 1 : 0;
}

#endif
