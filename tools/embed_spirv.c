/*
 * embed_spirv.c - turns SPIR-V modules into trueno_db_spirv.h.
 *
 *     embed_spirv OUT A.spv B.spv ...
 *
 * Each module becomes a table named after its file (tni_spirv_<name>), and all of them one table to
 * look names up in. Words of SPIR-V are mostly small numbers: each is packed into as few bytes as
 * its value needs, seven bits a byte, the lowest first, the eighth bit set where more follow
 * (LEB128); half the size, four such bytes to a number of the table, the first in its low bits.
 Modules are written in the order of their names, whatever
 * the order of the arguments, and words as numbers, whatever the byte order of the machine: the
 * same modules give the same header. OUT is left alone when it would not change.
 *
 * What a driver has no use for is left out, an eighth of the modules: sources, lines, names. Those
 * names stay that src/gpu/spirv_module.c looks for.
 */
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SPIRV_MAGIC 0x07230203u
#define SPIRV_MAGIC_SWAPPED 0x03022307u
#define WORDS_PER_LINE 8

typedef struct module {
    char name[128];
    const char *path;
    uint32_t *words;
    size_t count;
} module;

typedef struct text {
    char *data;
    size_t length, capacity;
} text;

static void fail(const char *path, const char *reason) {
    fprintf(stderr, "embed_spirv: %s: %s\n", path, reason);
    exit(1);
}

static void *allocate(void *block, size_t size) {
    void *grown = realloc(block, size ? size : 1);
    if (!grown) {
        fail("memory", "exhausted");
    }
    return grown;
}

static void add(text *t, const char *string) {
    size_t length = strlen(string);
    if (t->capacity - t->length < length + 1) {
        t->capacity = (t->capacity + length + 4096) * 2;
        t->data = (char *)allocate(t->data, t->capacity);
    }
    memcpy(t->data + t->length, string, length + 1);
    t->length += length;
}

static unsigned char *read_whole(const char *path, size_t *length) {
    FILE *f = fopen(path, "rb");
    unsigned char *data = NULL;
    size_t capacity = 0, got;
    *length = 0;
    if (!f) {
        return NULL;
    }
    do {
        if (capacity - *length < 65536) {
            capacity = capacity * 2 + 131072;
            data = (unsigned char *)allocate(data, capacity);
        }
        got = fread(data + *length, 1, capacity - *length, f);
        *length += got;
    } while (got > 0);
    fclose(f);
    return data;
}

/* The file's name without folder and extension, as an identifier. */
static void name_of(const char *path, char *out, size_t size) {
    const char *base = strrchr(path, '/');
    size_t i;
    base = base ? base + 1 : path;
    for (i = 0; base[i] && base[i] != '.' && i + 1 < size; i++) {
        char c = base[i];
        bool word = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
        out[i] = word ? c : '_';
    }
    out[i] = '\0';
}

static void load(module *m, const char *path) {
    size_t length, i;
    unsigned char *bytes = read_whole(path, &length);
    uint32_t magic;
    bool swapped;
    if (!bytes) {
        fail(path, "cannot be read");
    }
    if (length < 20 || length % 4 != 0) {
        fail(path, "is no SPIR-V module: wrong size");
    }
    magic = (uint32_t)bytes[0] | (uint32_t)bytes[1] << 8 | (uint32_t)bytes[2] << 16 |
            (uint32_t)bytes[3] << 24;
    swapped = magic == SPIRV_MAGIC_SWAPPED;
    if (!swapped && magic != SPIRV_MAGIC) {
        fail(path, "is no SPIR-V module: wrong magic number");
    }
    name_of(path, m->name, sizeof m->name);
    m->path = path;
    m->count = length / 4;
    m->words = (uint32_t *)allocate(NULL, length);
    for (i = 0; i < m->count; i++) {
        const unsigned char *b = bytes + i * 4;
        m->words[i] = swapped ? (uint32_t)b[3] | (uint32_t)b[2] << 8 | (uint32_t)b[1] << 16 |
                                    (uint32_t)b[0] << 24
                              : (uint32_t)b[0] | (uint32_t)b[1] << 8 | (uint32_t)b[2] << 16 |
                                    (uint32_t)b[3] << 24;
    }
    free(bytes);
}

/* Does an OpName say one of the names that the emitter looks for? */
static bool is_wanted(const uint32_t *string, size_t words) {
    static const char *const names[] = {"column",  "pairs",   "push",   "q_valid",
                                        "q_error", "q_value", "q_row(", "main"};
    char name[8] = {0};
    size_t i;
    for (i = 0; i < sizeof name - 1 && i / 4 < words; i++) {
        name[i] = (char)(string[i / 4] >> (i % 4 * 8) & 255);
    }
    for (i = 0; i < sizeof names / sizeof *names; i++) {
        if (strncmp(name, names[i], strlen(names[i])) == 0) {
            return true;
        }
    }
    return false;
}

/* Leave out OpSourceContinued, OpSource, OpSourceExtension, OpName, OpMemberName, OpString,
 * OpLine, OpNoLine and OpModuleProcessed. */
static void strip(module *m) {
    size_t place = 5, kept = 5, length;
    for (; place < m->count; place += length) {
        const uint32_t *at = m->words + place;
        uint32_t op = at[0] & 65535;
        length = at[0] >> 16;
        if (length == 0 || length > m->count - place) {
            fail(m->path, "is no SPIR-V module: an instruction of the wrong length");
        }
        if ((op >= 2 && op <= 4) || (op == 5 && !is_wanted(at + 2, length - 2)) ||
            (op >= 6 && op <= 8) || op == 317 || op == 330) {
            continue;
        }
        memmove(m->words + kept, at, length * sizeof *at);
        kept += length;
    }
    m->count = kept;
}

static int compare_modules(const void *a, const void *b) {
    return strcmp(((const module *)a)->name, ((const module *)b)->name);
}

/* The module's words, packed. `out` has room for five bytes a word; gives the count of numbers. */
static size_t pack(const module *m, uint32_t *out) {
    size_t bytes = 0, i;
    memset(out, 0, (m->count * 5 + 3) / 4 * sizeof *out);
    for (i = 0; i < m->count; i++) {
        uint32_t word = m->words[i];
        do {
            uint32_t byte = (word & 127) | (word > 127 ? 128u : 0u);
            out[bytes / 4] |= byte << (bytes % 4 * 8);
            bytes++;
            word >>= 7;
        } while (word != 0);
    }
    return (bytes + 3) / 4;
}

static void write_module(text *out, const module *m) {
    char line[256];
    uint32_t *packed = (uint32_t *)allocate(NULL, (m->count * 5 + 3) / 4 * sizeof *packed);
    size_t count = pack(m, packed), i;
    (void)snprintf(line, sizeof line, "\n/* >>spirv_%s: %lu bytes */\n", m->name,
                   (unsigned long)(count * 4));
    add(out, line);
    (void)snprintf(line, sizeof line, "static const uint32_t tni_spirv_%s[] = {", m->name);
    add(out, line);
    for (i = 0; i < count; i++) {
        (void)snprintf(line, sizeof line, "%s0x%08x,", i % WORDS_PER_LINE ? " " : "\n    ",
                       packed[i]);
        add(out, line);
    }
    add(out, "\n};\n");
    free(packed);
}

static void write_table(text *out, const module *modules, size_t count) {
    char line[512];
    size_t i;
    add(out, "\ntypedef struct tni_spirv_module {\n"
             "    const char *name;\n"
             "    const uint32_t *packed;\n"
             "    uint32_t count; /* words, unpacked */\n"
             "} tni_spirv_module;\n\n"
             "static const tni_spirv_module tni_spirv_modules[] = {\n");
    for (i = 0; i < count; i++) {
        (void)snprintf(line, sizeof line, "    {\"%s\", tni_spirv_%s, %luu},\n", modules[i].name,
                       modules[i].name, (unsigned long)modules[i].count);
        add(out, line);
    }
    add(out, "};\n");
}

int main(int argc, char **argv) {
    size_t count, i, length;
    module *modules;
    text out = {0};
    unsigned char *present;
    FILE *f;
    if (argc < 3) {
        fprintf(stderr, "usage: embed_spirv OUT MODULE.spv ...\n");
        return 2;
    }
    count = (size_t)argc - 2;
    modules = (module *)allocate(NULL, count * sizeof *modules);
    for (i = 0; i < count; i++) {
        load(&modules[i], argv[i + 2]);
        strip(&modules[i]);
    }
    qsort(modules, count, sizeof *modules, compare_modules);
    add(&out,
        "/*\n"
        " * trueno_db_spirv.h - the GPU kernels of trueno_db.h, compiled. Keep it beside that\n"
        " * header; without it everything runs on the CPU.\n"
        " *\n"
        " * SPDX-License-Identifier: MIT. Generated from src/gpu/kernels by\n"
        " * tools/embed_spirv.c: edit there.\n"
        " */\n"
        "#ifndef TRUENO_DB_SPIRV_H\n"
        "#define TRUENO_DB_SPIRV_H\n\n"
        "#include <stdint.h>\n");
    for (i = 0; i < count; i++) {
        if (i > 0 && strcmp(modules[i].name, modules[i - 1].name) == 0) {
            fail(modules[i].path, "has the same name as another module");
        }
        write_module(&out, &modules[i]);
    }
    write_table(&out, modules, count);
    add(&out, "\n#endif /* TRUENO_DB_SPIRV_H */\n");
    present = read_whole(argv[1], &length);
    if (!present || length != out.length || memcmp(present, out.data, length) != 0) {
        f = fopen(argv[1], "wb");
        if (!f || fwrite(out.data, 1, out.length, f) != out.length || fclose(f) != 0) {
            fail(argv[1], "cannot be written");
        }
    }
    free(present);
    for (i = 0; i < count; i++) {
        free(modules[i].words);
    }
    free(modules);
    free(out.data);
    return 0;
}
