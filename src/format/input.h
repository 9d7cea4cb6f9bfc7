/*
 * input.h - a text file as one block of UTF-8 in memory.
 *
 * Mapped where the files' callbacks can map, else read whole; gzip and zstd are undone when the
 * name or the magic says so; a byte order mark is dropped, UTF-16 and the Latin encodings are
 * turned into UTF-8. The text stays valid as long as somebody holds `buffer`.
 */
#ifndef TNI_FORMAT_INPUT_H
#define TNI_FORMAT_INPUT_H

#include "column/env.h"

typedef enum tni_input_packing {
    TNI_INPUT_PACKING_AUTO, /* by magic; a name that ends in .gz or .zst demands it */
    TNI_INPUT_PACKING_NONE,
    TNI_INPUT_PACKING_GZIP,
    TNI_INPUT_PACKING_ZSTD
} tni_input_packing;

typedef enum tni_input_charset {
    TNI_INPUT_UTF8, /* a UTF-16 byte order mark still wins */
    TNI_INPUT_UTF16,
    TNI_INPUT_LATIN1,
    TNI_INPUT_CP1252
} tni_input_charset;

typedef struct tni_input {
    tni_buffer *buffer; /* the owner of the text, counted */
    const uint8_t *text;
    size_t size;
    uint64_t file_bytes; /* what was read, before unpacking */
} tni_input;

/* On failure *out is all zero. Errors: IO, FORMAT, LIMIT, MEMORY, UNSUPPORTED, MISUSE. */
TNI_FN trueno_status tni_input_open(tni_env *env, const char *path, tni_input_packing packing,
                                    tni_input_charset charset, tni_input *out, tni_error *error);
TNI_FN void tni_input_close(tni_input *input);
/* Names as SQL options spell them; false when unknown. */
TNI_FN bool tni_input_packing_by_name(const char *name, size_t length, tni_input_packing *out);
TNI_FN bool tni_input_charset_by_name(const char *name, size_t length, tni_input_charset *out);

#endif
