/*
 * files.h - columns that say which file a row came from, and the keys in the paths of files.
 *
 * A source over several files gets columns whose values are known before a file is read: the
 * key=value folders of its path ("hive partitioning"), its name, the rows' numbers in it.
 */
#ifndef TNI_FORMAT_FILES_H
#define TNI_FORMAT_FILES_H

#include "column/source.h"

typedef struct tni_file_column {
    const char *name;
    tni_type type;
    const tni_value *values; /* [files]; NULL: BIGINT, the row's number in its file from 0 */
} tni_file_column;

/* `inner` (a reference, which is taken whatever comes of it) with more columns behind its own;
 * one that an inner column has the name of stands in its place. Names and values are copied. A
 * scan leaves out the files whose values its conjuncts rule out. */
TNI_FN trueno_status tni_files_open(tni_env *env, tni_source *inner, uint32_t file_count,
                                    const tni_file_column *columns, uint32_t column_count,
                                    tni_source **out, tni_error *error);

/* The keys that folders of the paths name, sorted by name; none unless every path has the same.
 * Types: BIGINT or DATE when every value is one written in the usual way and `detect`, else
 * VARCHAR; __HIVE_DEFAULT_PARTITION__ is NULL. *differs (never NULL): a path with other keys than
 * the first, else UINT32_MAX. False when memory failed. */
TNI_FN bool tni_hive_columns(tni_arena *arena, const char *const *paths, uint32_t path_count,
                             bool detect, tni_file_column **out, uint32_t *count,
                             uint32_t *differs);

#endif
