/*
 * csv_sniff.h - detection: the sets of types a value may have, and samples of columns.
 */
#ifndef TNI_FORMAT_CSV_CSV_SNIFF_H
#define TNI_FORMAT_CSV_CSV_SNIFF_H

#include "format/csv/csv_parts.h"

#define TNI_CSV_KIND_BOOL 1u
#define TNI_CSV_KIND_INT 2u
#define TNI_CSV_KIND_HUGE 4u
#define TNI_CSV_KIND_DOUBLE 8u
#define TNI_CSV_KIND_TIME 16u
#define TNI_CSV_KIND_YMD 32u
#define TNI_CSV_KIND_DMY 64u
#define TNI_CSV_KIND_MDY 128u
#define TNI_CSV_KIND_TS 256u
#define TNI_CSV_KIND_TSTZ 512u
#define TNI_CSV_KIND_DATES (TNI_CSV_KIND_YMD | TNI_CSV_KIND_DMY | TNI_CSV_KIND_MDY)
#define TNI_CSV_KINDS 1023u
#define TNI_CSV_SEEN_NUMBER 1024u /* digits: inf and nan alone make no number column */
#define TNI_CSV_SEEN_REAL 2048u

typedef struct tni_csv_sampling {
    const tni_csv_rules *rules;
    const char *date_format, *timestamp_format; /* NULL: detect */
} tni_csv_sampling;

typedef struct tni_csv_column_sample {
    uint32_t possible; /* kinds every value allows */
    uint32_t seen;
    uint64_t values;   /* not NULL */
} tni_csv_column_sample;

TNI_FN uint32_t tni_csv_kinds_of(const tni_csv_sampling *sampling, const uint8_t *text,
                                 size_t length, tni_text *scratch);
TNI_FN void tni_csv_column_add(tni_csv_column_sample *column, uint32_t kinds);
TNI_FN void tni_csv_column_type(const tni_csv_sampling *sampling,
                                const tni_csv_column_sample *column, tni_csv_format *out);
TNI_FN bool tni_csv_kinds_match(const tni_csv_format *format, uint32_t kinds);

#endif
