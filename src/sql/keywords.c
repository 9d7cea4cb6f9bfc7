/*
 * keywords.c - the keyword table's lookups: by spelling, by index, by class.
 * The list itself is TNI_KEYWORD_LIST in lexer.h. Uses base/core.h only.
 */
#include "sql/lexer.h"
#include "sql/parser.h"

typedef struct tni_word_entry {
    const char *text;
    uint8_t length;
    uint8_t word_class;
} tni_word_entry;

static const tni_word_entry tni_word_table[TNI_WORD_COUNT] = {
    {"", 0, TNI_WORD_CLASS_U},
#define TNI_WORD_ENTRY(name, text, word_class)                                                     \
    {text, (uint8_t)(sizeof(text) - 1), TNI_WORD_CLASS_##word_class},
    TNI_KEYWORD_LIST(TNI_WORD_ENTRY)
#undef TNI_WORD_ENTRY
};

#define TNI_WORD_LONGEST 17u

/* <0, 0, >0 as the lower-cased `text` sorts before, at or after `entry`. */
static int tni_word_order(const char *text, size_t length, const tni_word_entry *entry) {
    size_t shared = TNI_MIN(length, (size_t)entry->length);
    int order = memcmp(text, entry->text, shared);
    if (order != 0) {
        return order;
    }
    return length < entry->length ? -1 : length > entry->length;
}

TNI_FN tni_word tni_word_find(const char *text, size_t length) {
    char lower[TNI_WORD_LONGEST];
    uint32_t low = 1, high = TNI_WORD_COUNT;
    if (length < 2 || length > TNI_WORD_LONGEST) {
        return TNI_WORD_NONE;
    }
    for (size_t i = 0; i < length; i++) {
        char c = text[i];
        lower[i] = c >= 'A' && c <= 'Z' ? (char)(c + 32) : c;
    }
    while (low < high) {
        uint32_t middle = (low + high) / 2;
        int order = tni_word_order(lower, length, &tni_word_table[middle]);
        if (order == 0) {
            return (tni_word)middle;
        }
        if (order < 0) {
            high = middle;
        } else {
            low = middle + 1;
        }
    }
    return TNI_WORD_NONE;
}

TNI_FN const char *tni_word_text(tni_word word) {
    return tni_word_table[word].text;
}

TNI_FN tni_word_class tni_word_class_of(tni_word word) {
    return (tni_word_class)tni_word_table[word].word_class;
}

TNI_FN const char *tni_keyword_at(uint32_t index) {
    return index < TNI_WORD_COUNT - 1u ? tni_word_table[index + 1].text : NULL;
}

#undef TNI_WORD_LONGEST
