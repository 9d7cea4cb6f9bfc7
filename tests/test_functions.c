/*
 * test_functions.c - scalar functions against answers taken from DuckDB.
 *
 * A case is a call with typed arguments and what comes out: "TYPE:text" each, "TYPE" alone for
 * NULL. Every case runs as constants, as vectors and mixed; among the rows of a vector are NULLs
 * and rows masked away, which may hold anything and never fail.
 *
 *     test_functions          the cases
 *     test_functions bench    nanoseconds a row of LIKE, regular expressions, dates, substring
 */
#include "plan/function.h"
#include "plan/regex.h"
#include "test.h"

#define MOST_ARGUMENTS 7
#define ROWS 130

typedef struct function_case {
    const char *name;
    const char *arguments[MOST_ARGUMENTS]; /* the first NULL ends them */
    const char *type;                      /* of the result */
    const char *result;                    /* NULL: NULL; type "!": fails */
} function_case;

static const function_case cases[] = {
    /* ---- math ---- */
    {"abs", {"TINYINT:-5"}, "TINYINT", "5"},
    {"abs", {"TINYINT:-128"}, "!", NULL},
    {"abs", {"BIGINT:-9223372036854775808"}, "!", NULL},
    {"abs", {"DECIMAL(2,1):-1.5"}, "DECIMAL(2,1)", "1.5"},
    {"abs", {"DECIMAL(30,1):-1.5"}, "DECIMAL(30,1)", "1.5"},
    {"abs", {"UTINYINT:5"}, "UTINYINT", "5"},
    {"abs", {"DOUBLE:-0.0"}, "DOUBLE", "0.0"},
    {"abs", {"FLOAT:-2.5"}, "FLOAT", "2.5"},
    {"abs", {"HUGEINT:-170141183460469231731687303715884105728"}, "!", NULL},
    {"abs", {"HUGEINT:-5"}, "HUGEINT", "5"},
    {"abs", {"INTEGER"}, "INTEGER", NULL},
    {"round", {"DECIMAL(2,1):2.5"}, "DECIMAL(2,0)", "3"},
    {"round", {"DECIMAL(4,3):2.345", "INTEGER:2"}, "DECIMAL(4,2)", "2.35"},
    {"round", {"DECIMAL(4,3):-2.345", "INTEGER:2"}, "DECIMAL(4,2)", "-2.35"},
    {"round", {"DECIMAL(4,3):2.345", "INTEGER:1"}, "DECIMAL(4,1)", "2.3"},
    {"round", {"DECIMAL(4,3):2.345", "INTEGER:7"}, "DECIMAL(4,3)", "2.345"},
    {"round", {"DECIMAL(4,3):2.345", "INTEGER:-1"}, "DECIMAL(4,0)", "0"},
    {"round", {"DECIMAL(5,1):1234.5", "INTEGER:-2"}, "DECIMAL(5,0)", "1200"},
    {"round", {"DECIMAL(5,1):1250.5", "INTEGER:-2"}, "DECIMAL(5,0)", "1300"},
    {"round", {"DECIMAL(4,2):99.95", "INTEGER:1"}, "DECIMAL(4,1)", "100.0"},
    {"round", {"DECIMAL(30,10):12345678901234567890.5555555555", "INTEGER:3"}, "DECIMAL(30,3)", "12345678901234567890.556"},
    {"round", {"INTEGER:25"}, "INTEGER", "25"},
    {"round", {"INTEGER:25", "INTEGER:-1"}, "INTEGER", "30"},
    {"round", {"INTEGER:-25", "INTEGER:-1"}, "INTEGER", "-30"},
    {"round", {"INTEGER:24", "INTEGER:5"}, "INTEGER", "24"},
    {"round", {"TINYINT:127", "INTEGER:-1"}, "!", NULL},
    {"round", {"INTEGER:2147483647", "INTEGER:-1"}, "!", NULL},
    {"round", {"INTEGER:123456", "INTEGER:-20"}, "INTEGER", "0"},
    {"round", {"BIGINT:123456", "INTEGER:-3"}, "BIGINT", "123000"},
    {"round", {"HUGEINT:15000000000000000000000000000", "INTEGER:-27"}, "HUGEINT", "15000000000000000000000000000"},
    {"round", {"DOUBLE:2.5"}, "DOUBLE", "3.0"},
    {"round", {"DOUBLE:-2.5"}, "DOUBLE", "-3.0"},
    {"round", {"DOUBLE:2.675", "INTEGER:2"}, "DOUBLE", "2.68"},
    {"round", {"DOUBLE:1e300", "INTEGER:2"}, "DOUBLE", "1e+300"},
    {"round", {"DOUBLE:nan", "INTEGER:2"}, "DOUBLE", "nan"},
    {"round", {"DOUBLE:inf"}, "DOUBLE", "inf"},
    {"round", {"FLOAT:1.5"}, "FLOAT", "2.0"},
    {"round", {"FLOAT:1.2345", "INTEGER:2"}, "FLOAT", "1.23"},
    {"round", {"DOUBLE:123.45", "INTEGER:400"}, "DOUBLE", "123.45"},
    {"round", {"DOUBLE:123.45", "INTEGER:-400"}, "DOUBLE", "0.0"},
    {"round", {"DOUBLE:12.5", "INTEGER:-1"}, "DOUBLE", "10.0"},
    {"round", {"DOUBLE:3.14159265", "INTEGER:4"}, "DOUBLE", "3.1416"},
    {"round", {"DOUBLE", "INTEGER:4"}, "DOUBLE", NULL},
    {"round", {"DOUBLE:1.5", "INTEGER"}, "DOUBLE", NULL},
    {"round_even", {"DECIMAL(2,1):2.5", "INTEGER:0"}, "DECIMAL(2,0)", "2"},
    {"round_even", {"DECIMAL(2,1):3.5", "INTEGER:0"}, "DECIMAL(2,0)", "4"},
    {"round_even", {"DOUBLE:2.5", "INTEGER:0"}, "DOUBLE", "2.0"},
    {"round_even", {"INTEGER:25", "INTEGER:-1"}, "INTEGER", "20"},
    {"round_even", {"INTEGER:35", "INTEGER:-1"}, "INTEGER", "40"},
    {"trunc", {"DECIMAL(4,3):2.567", "INTEGER:2"}, "DECIMAL(4,2)", "2.56"},
    {"trunc", {"DECIMAL(4,3):2.567"}, "DECIMAL(4,0)", "2"},
    {"trunc", {"DECIMAL(4,3):-2.567", "INTEGER:1"}, "DECIMAL(4,1)", "-2.5"},
    {"trunc", {"INTEGER:25", "INTEGER:-1"}, "INTEGER", "20"},
    {"trunc", {"DOUBLE:2.567", "INTEGER:2"}, "DOUBLE", "2.56"},
    {"trunc", {"DOUBLE:-2.567"}, "DOUBLE", "-2.0"},
    {"trunc", {"INTEGER:3"}, "INTEGER", "3"},
    {"floor", {"DECIMAL(2,1):2.5"}, "DECIMAL(2,0)", "2"},
    {"floor", {"DECIMAL(2,1):-2.5"}, "DECIMAL(2,0)", "-3"},
    {"floor", {"DECIMAL(30,5):-123456789012345678901234.5"}, "DECIMAL(30,0)", "-123456789012345678901235"},
    {"floor", {"INTEGER:3"}, "DOUBLE", "3.0"},
    {"floor", {"HUGEINT:3"}, "DOUBLE", "3.0"},
    {"floor", {"FLOAT:2.5"}, "FLOAT", "2.0"},
    {"floor", {"DOUBLE:-2.5"}, "DOUBLE", "-3.0"},
    {"ceil", {"DECIMAL(10,3):-2.5"}, "DECIMAL(10,0)", "-2"},
    {"ceil", {"DECIMAL(3,1):99.9"}, "DECIMAL(3,0)", "100"},
    {"ceil", {"DECIMAL(2,1):9.9"}, "DECIMAL(2,0)", "10"},
    {"ceil", {"DOUBLE:-0.5"}, "DOUBLE", "-0.0"},
    {"ceiling", {"DOUBLE:2.1"}, "DOUBLE", "3.0"},
    {"sqrt", {"DOUBLE:-1"}, "DOUBLE", "nan"},
    {"sqrt", {"DOUBLE:2"}, "DOUBLE", "1.4142135623730951"},
    {"sqrt", {"INTEGER:16"}, "DOUBLE", "4.0"},
    {"ln", {"DOUBLE:0"}, "DOUBLE", "-inf"},
    {"ln", {"DOUBLE:-1"}, "DOUBLE", "nan"},
    {"ln", {"DOUBLE:10"}, "DOUBLE", "2.302585092994046"},
    {"log", {"DOUBLE:0"}, "DOUBLE", "-inf"},
    {"log", {"DOUBLE:100"}, "DOUBLE", "2.0"},
    {"log", {"DOUBLE:2", "DOUBLE:8"}, "DOUBLE", "3.0"},
    {"log", {"DOUBLE:1", "DOUBLE:8"}, "DOUBLE", "inf"},
    {"log", {"DOUBLE:0", "DOUBLE:8"}, "DOUBLE", "-0.0"},
    {"log10", {"DOUBLE:1000"}, "DOUBLE", "3.0"},
    {"log2", {"DOUBLE:-1"}, "DOUBLE", "nan"},
    {"log2", {"DOUBLE:1024"}, "DOUBLE", "10.0"},
    {"exp", {"DOUBLE:1000"}, "DOUBLE", "inf"},
    {"exp", {"DOUBLE:1"}, "DOUBLE", "2.718281828459045"},
    {"pow", {"DOUBLE:0", "DOUBLE:-1"}, "DOUBLE", "inf"},
    {"pow", {"INTEGER:2", "INTEGER:10"}, "DOUBLE", "1024.0"},
    {"power", {"DOUBLE:2", "DOUBLE:0.5"}, "DOUBLE", "1.4142135623730951"},
    {"sign", {"DECIMAL(2,1):-2.5"}, "TINYINT", "-1"},
    {"sign", {"DECIMAL(25,1):-2.5"}, "TINYINT", "-1"},
    {"sign", {"DOUBLE:nan"}, "TINYINT", "0"},
    {"sign", {"DOUBLE:-0.0"}, "TINYINT", "0"},
    {"sign", {"UBIGINT:5"}, "TINYINT", "1"},
    {"sign", {"TINYINT:-5"}, "TINYINT", "-1"},
    {"sign", {"HUGEINT:5"}, "TINYINT", "1"},
    {"factorial", {"INTEGER:5"}, "HUGEINT", "120"},
    {"factorial", {"INTEGER:0"}, "HUGEINT", "1"},
    {"factorial", {"INTEGER:-1"}, "!", NULL},
    {"factorial", {"INTEGER:33"}, "HUGEINT", "8683317618811886495518194401280000000"},
    {"factorial", {"INTEGER:34"}, "!", NULL},
    {"gcd", {"INTEGER:12", "INTEGER:18"}, "BIGINT", "6"},
    {"gcd", {"BIGINT:-12", "BIGINT:18"}, "BIGINT", "6"},
    {"gcd", {"BIGINT:0", "BIGINT:0"}, "BIGINT", "0"},
    {"gcd", {"HUGEINT:12", "HUGEINT:18"}, "HUGEINT", "6"},
    {"gcd", {"HUGEINT:36893488147419103232", "HUGEINT:24"}, "HUGEINT", "8"},
    {"lcm", {"BIGINT:4", "BIGINT:6"}, "BIGINT", "12"},
    {"lcm", {"BIGINT:-4", "BIGINT:6"}, "BIGINT", "12"},
    {"lcm", {"BIGINT:0", "BIGINT:6"}, "BIGINT", "0"},
    {"lcm", {"BIGINT:9223372036854775807", "BIGINT:2"}, "!", NULL},
    {"pi", {NULL}, "DOUBLE", "3.141592653589793"},
    {"even", {"DOUBLE:2.1"}, "DOUBLE", "4.0"},
    {"even", {"DOUBLE:-2.1"}, "DOUBLE", "-4.0"},
    {"even", {"DOUBLE:3"}, "DOUBLE", "4.0"},
    {"even", {"DOUBLE:0.5"}, "DOUBLE", "2.0"},
    {"degrees", {"DOUBLE:1"}, "DOUBLE", "57.29577951308232"},
    {"radians", {"DOUBLE:180"}, "DOUBLE", "3.141592653589793"},
    {"cot", {"DOUBLE:1"}, "DOUBLE", "0.6420926159343306"},
    {"sin", {"DOUBLE:1"}, "DOUBLE", "0.8414709848078965"},
    {"cos", {"DOUBLE:1"}, "DOUBLE", "0.5403023058681398"},
    {"tan", {"DOUBLE:1"}, "DOUBLE", "1.5574077246549023"},
    {"asin", {"DOUBLE:2"}, "DOUBLE", "nan"},
    {"acos", {"DOUBLE:0.5"}, "DOUBLE", "1.0471975511965979"},
    {"atan", {"DOUBLE:1"}, "DOUBLE", "0.7853981633974483"},
    {"atan2", {"DOUBLE:1", "DOUBLE:-1"}, "DOUBLE", "2.356194490192345"},
    {"sinh", {"DOUBLE:1"}, "DOUBLE", "1.1752011936438014"},
    {"cosh", {"DOUBLE:1000"}, "DOUBLE", "inf"},
    {"tanh", {"DOUBLE:0.5"}, "DOUBLE", "0.46211715726000974"},
    {"asinh", {"DOUBLE:1"}, "DOUBLE", "0.881373587019543"},
    {"acosh", {"DOUBLE:0.5"}, "DOUBLE", "nan"},
    {"atanh", {"DOUBLE:1"}, "DOUBLE", "inf"},
    {"gamma", {"DOUBLE:5"}, "DOUBLE", "24.0"},
    {"gamma", {"DOUBLE:-1"}, "DOUBLE", "nan"},
    {"lgamma", {"DOUBLE:0"}, "DOUBLE", "inf"},
    {"cbrt", {"DOUBLE:-8"}, "DOUBLE", "-2.0"},
    {"nextafter", {"DOUBLE:1", "DOUBLE:2"}, "DOUBLE", "1.0000000000000002"},
    {"nextafter", {"DOUBLE:1", "DOUBLE:0"}, "DOUBLE", "0.9999999999999999"},
    {"nextafter", {"FLOAT:1", "FLOAT:2"}, "FLOAT", "1.0000001"},
    {"nextafter", {"DOUBLE:0", "DOUBLE:-1"}, "DOUBLE", "-5e-324"},
    {"bit_count", {"INTEGER:5"}, "TINYINT", "2"},
    {"bit_count", {"TINYINT:-1"}, "TINYINT", "8"},
    {"bit_count", {"BIGINT:-1"}, "TINYINT", "64"},
    {"bit_count", {"UTINYINT:7"}, "TINYINT", "3"},
    {"bit_count", {"HUGEINT:-1"}, "TINYINT", "-128"},
    {"isnan", {"FLOAT:nan"}, "BOOLEAN", "true"},
    {"isnan", {"DOUBLE:1"}, "BOOLEAN", "false"},
    {"isinf", {"DOUBLE:-inf"}, "BOOLEAN", "true"},
    {"isinf", {"TIMESTAMP:-infinity"}, "BOOLEAN", "true"},
    {"isfinite", {"INTEGER:1"}, "BOOLEAN", "true"},
    {"isfinite", {"DATE:infinity"}, "BOOLEAN", "false"},
    {"isfinite", {"DATE:2024-01-01"}, "BOOLEAN", "true"},
    {"signbit", {"DOUBLE:-0.0"}, "BOOLEAN", "true"},
    {"signbit", {"FLOAT:1"}, "BOOLEAN", "false"},
    {"mod", {"INTEGER:7", "INTEGER:3"}, "INTEGER", "1"},
    /* ---- text ---- */
    {"||", {"VARCHAR:a", "INTEGER:5"}, "VARCHAR", "a5"},
    {"||", {"INTEGER:1", "INTEGER:2"}, "VARCHAR", "12"},
    {"||", {"VARCHAR:hello", "VARCHAR: wide world"}, "VARCHAR", "hello wide world"},
    {"||", {"BLOB:a", "BLOB:b"}, "BLOB", "ab"},
    {"||", {"VARCHAR:a", "VARCHAR"}, "VARCHAR", NULL},
    {"concat", {"VARCHAR:a", "VARCHAR", "INTEGER:5", "BOOLEAN:true"}, "VARCHAR", "a5true"},
    {"concat", {"VARCHAR", "INTEGER"}, "VARCHAR", ""},
    {"concat_ws", {"VARCHAR:,", "VARCHAR:a", "VARCHAR", "INTEGER:5"}, "VARCHAR", "a,5"},
    {"concat_ws", {"VARCHAR", "VARCHAR:a"}, "VARCHAR", NULL},
    {"length", {"VARCHAR:h\303\251\303\251"}, "BIGINT", "3"},
    {"length", {"VARCHAR:a longer text with \303\274n\303\257code"}, "BIGINT", "26"},
    {"length", {"VARCHAR:"}, "BIGINT", "0"},
    {"strlen", {"VARCHAR:h\303\251\303\251"}, "BIGINT", "5"},
    {"octet_length", {"BLOB:abc"}, "BIGINT", "3"},
    {"bit_length", {"VARCHAR:h\303\251\303\251"}, "BIGINT", "40"},
    {"substring", {"VARCHAR:hello", "INTEGER:2"}, "VARCHAR", "ello"},
    {"substring", {"VARCHAR:hello", "INTEGER:2", "INTEGER:2"}, "VARCHAR", "el"},
    {"substring", {"VARCHAR:hello", "INTEGER:0", "INTEGER:2"}, "VARCHAR", "h"},
    {"substring", {"VARCHAR:hello", "INTEGER:-2", "INTEGER:2"}, "VARCHAR", "lo"},
    {"substring", {"VARCHAR:hello", "INTEGER:-2"}, "VARCHAR", "lo"},
    {"substring", {"VARCHAR:hello", "INTEGER:-10", "INTEGER:7"}, "VARCHAR", "he"},
    {"substring", {"VARCHAR:hello", "INTEGER:3", "INTEGER:-2"}, "VARCHAR", "he"},
    {"substring", {"VARCHAR:hello", "INTEGER:1", "INTEGER:-2"}, "VARCHAR", ""},
    {"substring", {"VARCHAR:hello", "INTEGER:0"}, "VARCHAR", "hello"},
    {"substring", {"VARCHAR:hello", "INTEGER:0", "INTEGER:-2"}, "VARCHAR", ""},
    {"substring", {"VARCHAR:hello", "INTEGER:-2", "INTEGER:-2"}, "VARCHAR", "el"},
    {"substring", {"VARCHAR:hello", "INTEGER:7"}, "VARCHAR", ""},
    {"substring", {"VARCHAR:hello", "INTEGER:6", "INTEGER:1"}, "VARCHAR", ""},
    {"substring", {"VARCHAR:h\303\251llo", "INTEGER:2", "INTEGER:2"}, "VARCHAR", "\303\251l"},
    {"substring", {"VARCHAR:the quick brown fox jumps over the lazy dog", "INTEGER:5", "INTEGER:20"}, "VARCHAR", "quick brown fox jump"},
    {"substring", {"VARCHAR:th\303\251 quick brown fox jumps over the lazy d\303\266g", "INTEGER:-20", "INTEGER:15"}, "VARCHAR", "ps over the laz"},
    {"substring", {"VARCHAR:hello", "BIGINT:3", "BIGINT:9223372036854775807"}, "VARCHAR", "llo"},
    {"substr", {"VARCHAR:hello", "INTEGER:2", "INTEGER:0"}, "VARCHAR", ""},
    {"substring", {"VARCHAR:hello", "INTEGER", "INTEGER:2"}, "VARCHAR", NULL},
    {"left", {"VARCHAR:hello", "INTEGER:2"}, "VARCHAR", "he"},
    {"left", {"VARCHAR:hello", "INTEGER:-2"}, "VARCHAR", "hel"},
    {"left", {"VARCHAR:hello", "INTEGER:-10"}, "VARCHAR", ""},
    {"left", {"VARCHAR:abc", "BIGINT:-9223372036854775808"}, "VARCHAR", ""},
    {"left", {"VARCHAR:th\303\251 quick brown fox jumps", "INTEGER:19"}, "VARCHAR", "th\303\251 quick brown fox"},
    {"right", {"VARCHAR:hello", "INTEGER:2"}, "VARCHAR", "lo"},
    {"right", {"VARCHAR:hello", "INTEGER:-2"}, "VARCHAR", "llo"},
    {"right", {"VARCHAR:h\303\251llo", "INTEGER:4"}, "VARCHAR", "\303\251llo"},
    {"right", {"VARCHAR:h\303\251llo", "INTEGER:-2"}, "VARCHAR", "llo"},
    {"right", {"VARCHAR:abc", "INTEGER:0"}, "VARCHAR", ""},
    {"right", {"VARCHAR:abc", "BIGINT:-9223372036854775808"}, "VARCHAR", ""},
    {"right", {"VARCHAR:th\303\251 quick brown fox jumps", "INTEGER:19"}, "VARCHAR", "ick brown fox jumps"},
    {"trim", {"VARCHAR:  a b  "}, "VARCHAR", "a b"},
    {"trim", {"VARCHAR:    "}, "VARCHAR", ""},
    {"trim", {"VARCHAR:  a considerably longer text   "}, "VARCHAR", "a considerably longer text"},
    {"trim", {"VARCHAR:xxaxx", "VARCHAR:x"}, "VARCHAR", "a"},
    {"trim", {"VARCHAR:xyaxy", "VARCHAR:yx"}, "VARCHAR", "a"},
    {"trim", {"VARCHAR:abc", "VARCHAR:"}, "VARCHAR", "abc"},
    {"trim", {"VARCHAR:abc", "VARCHAR"}, "VARCHAR", NULL},
    {"ltrim", {"VARCHAR:\303\251a\303\251", "VARCHAR:\303\251"}, "VARCHAR", "a\303\251"},
    {"rtrim", {"VARCHAR:\303\251a\303\251", "VARCHAR:\303\251"}, "VARCHAR", "\303\251a"},
    {"ltrim", {"VARCHAR: a "}, "VARCHAR", "a "},
    {"rtrim", {"VARCHAR: a  "}, "VARCHAR", " a"},
    {"replace", {"VARCHAR:aXbX", "VARCHAR:X", "VARCHAR:yy"}, "VARCHAR", "ayybyy"},
    {"replace", {"VARCHAR:abc", "VARCHAR:", "VARCHAR:x"}, "VARCHAR", "abc"},
    {"replace", {"VARCHAR:aaa", "VARCHAR:aa", "VARCHAR:b"}, "VARCHAR", "ba"},
    {"replace", {"VARCHAR:one two one two one two", "VARCHAR:one", "VARCHAR:three"}, "VARCHAR", "three two three two three two"},
    {"replace", {"VARCHAR:one two one two one two", "VARCHAR:two", "VARCHAR:"}, "VARCHAR", "one  one  one "},
    {"repeat", {"VARCHAR:ab", "INTEGER:3"}, "VARCHAR", "ababab"},
    {"repeat", {"VARCHAR:ab", "INTEGER:10"}, "VARCHAR", "abababababababababab"},
    {"repeat", {"VARCHAR:ab", "INTEGER:-1"}, "VARCHAR", ""},
    {"repeat", {"VARCHAR:", "BIGINT:9223372036854775807"}, "VARCHAR", ""},
    {"repeat", {"VARCHAR:ab", "BIGINT:3000000000"}, "!", NULL},
    {"repeat", {"BLOB:ab", "INTEGER:2"}, "BLOB", "abab"},
    {"lpad", {"VARCHAR:hi", "INTEGER:5", "VARCHAR:xy"}, "VARCHAR", "xyxhi"},
    {"lpad", {"VARCHAR:hello", "INTEGER:2", "VARCHAR:xy"}, "VARCHAR", "he"},
    {"lpad", {"VARCHAR:hello", "INTEGER:2", "VARCHAR:"}, "VARCHAR", "he"},
    {"lpad", {"VARCHAR:hi", "INTEGER:5", "VARCHAR:"}, "!", NULL},
    {"lpad", {"VARCHAR:hi", "INTEGER:-1", "VARCHAR:x"}, "VARCHAR", ""},
    {"lpad", {"VARCHAR:hi", "INTEGER:20", "VARCHAR:\303\244bc"}, "VARCHAR", "\303\244bc\303\244bc\303\244bc\303\244bc\303\244bc\303\244bchi"},
    {"rpad", {"VARCHAR:h\303\251", "INTEGER:5", "VARCHAR:xy"}, "VARCHAR", "h\303\251xyx"},
    {"rpad", {"VARCHAR:h\303\251", "INTEGER:25", "VARCHAR:xyz"}, "VARCHAR", "h\303\251xyzxyzxyzxyzxyzxyzxyzxy"},
    {"strpos", {"VARCHAR:abc", "VARCHAR:d"}, "BIGINT", "0"},
    {"strpos", {"VARCHAR:abc", "VARCHAR:b"}, "BIGINT", "2"},
    {"strpos", {"VARCHAR:abc", "VARCHAR:"}, "BIGINT", "1"},
    {"strpos", {"VARCHAR:abc", "VARCHAR:abcd"}, "BIGINT", "0"},
    {"instr", {"VARCHAR:h\303\251llo", "VARCHAR:l"}, "BIGINT", "3"},
    {"position", {"VARCHAR:the quick brown fox jumps over the lazy dog", "VARCHAR:lazy"}, "BIGINT", "36"},
    {"contains", {"VARCHAR:abc", "VARCHAR:b"}, "BOOLEAN", "true"},
    {"contains", {"VARCHAR:abc", "VARCHAR:"}, "BOOLEAN", "true"},
    {"contains", {"VARCHAR:the quick brown fox jumps over the lazy dog", "VARCHAR:fix"}, "BOOLEAN", "false"},
    {"contains", {"VARCHAR:the quick brown fox jumps over the lazy dog", "VARCHAR:dog"}, "BOOLEAN", "true"},
    {"starts_with", {"VARCHAR:abc", "VARCHAR:ab"}, "BOOLEAN", "true"},
    {"prefix", {"VARCHAR:abc", "VARCHAR:"}, "BOOLEAN", "true"},
    {"starts_with", {"VARCHAR:the quick brown fox", "VARCHAR:the quick brown dog"}, "BOOLEAN", "false"},
    {"ends_with", {"VARCHAR:abc", "VARCHAR:bc"}, "BOOLEAN", "true"},
    {"suffix", {"VARCHAR:abc", "VARCHAR:"}, "BOOLEAN", "true"},
    {"ends_with", {"VARCHAR:abc", "VARCHAR:abcd"}, "BOOLEAN", "false"},
    {"split_part", {"VARCHAR:a,b,c", "VARCHAR:,", "INTEGER:2"}, "VARCHAR", "b"},
    {"split_part", {"VARCHAR:a,b,c", "VARCHAR:,", "INTEGER:-1"}, "VARCHAR", "c"},
    {"split_part", {"VARCHAR:a,b,c", "VARCHAR:,", "INTEGER:-4"}, "VARCHAR", ""},
    {"split_part", {"VARCHAR:a,b,c", "VARCHAR:,", "INTEGER:0"}, "VARCHAR", ""},
    {"split_part", {"VARCHAR:a,b,c", "VARCHAR:,", "INTEGER:9"}, "VARCHAR", ""},
    {"split_part", {"VARCHAR:abc", "VARCHAR:", "INTEGER:2"}, "VARCHAR", "b"},
    {"split_part", {"VARCHAR:\303\244bc", "VARCHAR:", "INTEGER:-3"}, "VARCHAR", "\303\244"},
    {"split_part", {"VARCHAR:abc", "VARCHAR:", "INTEGER:4"}, "VARCHAR", ""},
    {"split_part", {"VARCHAR:", "VARCHAR:,", "INTEGER:1"}, "VARCHAR", ""},
    {"split_part", {"VARCHAR:one long part::another long part::the end", "VARCHAR:::", "INTEGER:2"}, "VARCHAR", "another long part"},
    {"overlay", {"VARCHAR:abcdef", "VARCHAR:XX", "INTEGER:2"}, "VARCHAR", "aXXdef"},
    {"overlay", {"VARCHAR:abcdef", "VARCHAR:XX", "INTEGER:2", "INTEGER:1"}, "VARCHAR", "aXXcdef"},
    {"overlay", {"VARCHAR:abcdef", "VARCHAR:XX", "INTEGER:0", "INTEGER:1"}, "VARCHAR", "XXabcdef"},
    {"overlay", {"VARCHAR:abcdef", "VARCHAR:XX", "INTEGER:10", "INTEGER:1"}, "VARCHAR", "abcdefXX"},
    {"overlay", {"VARCHAR:abcdef", "VARCHAR:XX", "INTEGER:2", "INTEGER:-1"}, "VARCHAR", "aXXdef"},
    {"overlay", {"VARCHAR:abcdef", "VARCHAR:XX", "INTEGER:2", "INTEGER:3"}, "VARCHAR", "aXXef"},
    /* ---- text2 ---- */
    {"upper", {"VARCHAR:h\303\251\303\237"}, "VARCHAR", "H\303\211\341\272\236"},
    {"lower", {"VARCHAR:h\303\251\303\237"}, "VARCHAR", "h\303\251\303\237"},
    {"reverse", {"VARCHAR:h\303\251\303\237"}, "VARCHAR", "\303\237\303\251h"},
    {"upper", {"VARCHAR:The Quick Brown Fox"}, "VARCHAR", "THE QUICK BROWN FOX"},
    {"lower", {"VARCHAR:The Quick Brown Fox"}, "VARCHAR", "the quick brown fox"},
    {"reverse", {"VARCHAR:The Quick Brown Fox"}, "VARCHAR", "xoF nworB kciuQ ehT"},
    {"upper", {"VARCHAR:stra\303\237e"}, "VARCHAR", "STRA\341\272\236E"},
    {"lower", {"VARCHAR:stra\303\237e"}, "VARCHAR", "stra\303\237e"},
    {"reverse", {"VARCHAR:stra\303\237e"}, "VARCHAR", "e\303\237arts"},
    {"upper", {"VARCHAR:\316\221\316\243"}, "VARCHAR", "\316\221\316\243"},
    {"lower", {"VARCHAR:\316\221\316\243"}, "VARCHAR", "\316\261\317\203"},
    {"reverse", {"VARCHAR:\316\221\316\243"}, "VARCHAR", "\316\243\316\221"},
    {"upper", {"VARCHAR:\307\206"}, "VARCHAR", "\307\204"},
    {"lower", {"VARCHAR:\307\206"}, "VARCHAR", "\307\206"},
    {"reverse", {"VARCHAR:\307\206"}, "VARCHAR", "\307\206"},
    {"upper", {"VARCHAR:"}, "VARCHAR", ""},
    {"lower", {"VARCHAR:"}, "VARCHAR", ""},
    {"reverse", {"VARCHAR:"}, "VARCHAR", ""},
    {"upper", {"VARCHAR:abc"}, "VARCHAR", "ABC"},
    {"lower", {"VARCHAR:abc"}, "VARCHAR", "abc"},
    {"reverse", {"VARCHAR:abc"}, "VARCHAR", "cba"},
    {"upper", {"VARCHAR:a longer text that is plain"}, "VARCHAR", "A LONGER TEXT THAT IS PLAIN"},
    {"lower", {"VARCHAR:a longer text that is plain"}, "VARCHAR", "a longer text that is plain"},
    {"reverse", {"VARCHAR:a longer text that is plain"}, "VARCHAR", "nialp si taht txet regnol a"},
    {"upper", {"VARCHAR:a longer text with \303\274n\303\257code in it"}, "VARCHAR", "A LONGER TEXT WITH \303\234N\303\217CODE IN IT"},
    {"lower", {"VARCHAR:a longer text with \303\274n\303\257code in it"}, "VARCHAR", "a longer text with \303\274n\303\257code in it"},
    {"reverse", {"VARCHAR:a longer text with \303\274n\303\257code in it"}, "VARCHAR", "ti ni edoc\303\257n\303\274 htiw txet regnol a"},
    {"upper", {"VARCHAR:\304\260"}, "VARCHAR", "\304\260"},
    {"lower", {"VARCHAR:\304\260"}, "VARCHAR", "i"},
    {"reverse", {"VARCHAR:\304\260"}, "VARCHAR", "\304\260"},
    {"reverse", {"VARCHAR:e\314\201x"}, "VARCHAR", "xe\314\201"},
    {"reverse", {"VARCHAR:\360\237\221\250\342\200\215\360\237\221\251a"}, "VARCHAR", "a\360\237\221\250\342\200\215\360\237\221\251"},
    {"reverse", {"VARCHAR:\360\237\207\251\360\237\207\252\360\237\207\253\360\237\207\267a"}, "VARCHAR", "a\360\237\207\253\360\237\207\267\360\237\207\251\360\237\207\252"},
    {"chr", {"INTEGER:65"}, "VARCHAR", "A"},
    {"chr", {"INTEGER:233"}, "VARCHAR", "\303\251"},
    {"chr", {"INTEGER:128512"}, "VARCHAR", "\360\237\230\200"},
    {"chr", {"INTEGER:-1"}, "!", NULL},
    {"chr", {"INTEGER:1114112"}, "!", NULL},
    {"chr", {"INTEGER:55296"}, "!", NULL},
    {"ascii", {"VARCHAR:abc"}, "INTEGER", "97"},
    {"unicode", {"VARCHAR:abc"}, "INTEGER", "97"},
    {"ord", {"VARCHAR:abc"}, "INTEGER", "97"},
    {"ascii", {"VARCHAR:\303\251"}, "INTEGER", "233"},
    {"unicode", {"VARCHAR:\303\251"}, "INTEGER", "233"},
    {"ord", {"VARCHAR:\303\251"}, "INTEGER", "233"},
    {"ascii", {"VARCHAR:"}, "INTEGER", "0"},
    {"unicode", {"VARCHAR:"}, "INTEGER", "-1"},
    {"ord", {"VARCHAR:"}, "INTEGER", "-1"},
    {"ascii", {"VARCHAR:\360\237\230\200"}, "INTEGER", "128512"},
    {"unicode", {"VARCHAR:\360\237\230\200"}, "INTEGER", "128512"},
    {"ord", {"VARCHAR:\360\237\230\200"}, "INTEGER", "128512"},
    {"translate", {"VARCHAR:abcabc", "VARCHAR:ab", "VARCHAR:x"}, "VARCHAR", "xcxc"},
    {"translate", {"VARCHAR:abc", "VARCHAR:", "VARCHAR:x"}, "VARCHAR", "abc"},
    {"translate", {"VARCHAR:aab", "VARCHAR:aa", "VARCHAR:xy"}, "VARCHAR", "xxb"},
    {"translate", {"VARCHAR:abc", "VARCHAR:abc", "VARCHAR:"}, "VARCHAR", ""},
    {"translate", {"VARCHAR:\303\244bc", "VARCHAR:\303\244", "VARCHAR:\303\266"}, "VARCHAR", "\303\266bc"},
    {"translate", {"VARCHAR:hello", "VARCHAR:el", "VARCHAR:ip"}, "VARCHAR", "hippo"},
    {"bar", {"DOUBLE:5", "DOUBLE:0", "DOUBLE:10", "DOUBLE:10"}, "VARCHAR", "\342\226\210\342\226\210\342\226\210\342\226\210\342\226\210     "},
    {"bar", {"DOUBLE:5", "DOUBLE:0", "DOUBLE:10"}, "VARCHAR", "\342\226\210\342\226\210\342\226\210\342\226\210\342\226\210\342\226\210\342\226\210\342\226\210\342\226\210\342\226\210\342\226\210\342\226\210\342\226\210\342\226\210\342\226\210\342\226\210\342\226\210\342\226\210\342\226\210\342\226\210\342\226\210\342\226\210\342\226\210\342\226\210\342\226\210\342\226\210\342\226\210\342\226\210\342\226\210\342\226\210\342\226\210\342\226\210\342\226\210\342\226\210\342\226\210\342\226\210\342\226\210\342\226\210\342\226\210\342\226\210                                        "},
    {"bar", {"DOUBLE:3.3", "DOUBLE:0", "DOUBLE:10", "DOUBLE:5"}, "VARCHAR", "\342\226\210\342\226\213   "},
    {"bar", {"DOUBLE:-1", "DOUBLE:0", "DOUBLE:10", "DOUBLE:5"}, "VARCHAR", "     "},
    {"bar", {"DOUBLE:100", "DOUBLE:0", "DOUBLE:10", "DOUBLE:5"}, "VARCHAR", "\342\226\210\342\226\210\342\226\210\342\226\210\342\226\210"},
    {"bar", {"DOUBLE:nan", "DOUBLE:0", "DOUBLE:10", "DOUBLE:10"}, "VARCHAR", "          "},
    {"bar", {"DOUBLE:5", "DOUBLE:0", "DOUBLE:10", "DOUBLE:0.5"}, "!", NULL},
    {"bar", {"DOUBLE:5", "DOUBLE:0", "DOUBLE:10", "DOUBLE:1001"}, "!", NULL},
    {"bar", {"DOUBLE:5", "DOUBLE:0", "DOUBLE:10", "DOUBLE:10.5"}, "VARCHAR", "\342\226\210\342\226\210\342\226\210\342\226\210\342\226\210\342\226\216    "},
    {"bar", {"DOUBLE:5", "DOUBLE:10", "DOUBLE:0", "DOUBLE:10"}, "VARCHAR", "          "},
    {"bar", {"DOUBLE:5", "DOUBLE:5", "DOUBLE:5", "DOUBLE:10"}, "VARCHAR", "          "},
    {"levenshtein", {"VARCHAR:kitten", "VARCHAR:sitting"}, "BIGINT", "3"},
    {"damerau_levenshtein", {"VARCHAR:kitten", "VARCHAR:sitting"}, "BIGINT", "3"},
    {"jaccard", {"VARCHAR:kitten", "VARCHAR:sitting"}, "DOUBLE", "0.42857142857142855"},
    {"jaro_similarity", {"VARCHAR:kitten", "VARCHAR:sitting"}, "DOUBLE", "0.746031746031746"},
    {"jaro_winkler_similarity", {"VARCHAR:kitten", "VARCHAR:sitting"}, "DOUBLE", "0.746031746031746"},
    {"hamming", {"VARCHAR:kitten", "VARCHAR:sitting"}, "!", NULL},
    {"levenshtein", {"VARCHAR:a", "VARCHAR:"}, "BIGINT", "1"},
    {"damerau_levenshtein", {"VARCHAR:a", "VARCHAR:"}, "BIGINT", "1"},
    {"jaccard", {"VARCHAR:a", "VARCHAR:"}, "!", NULL},
    {"jaro_similarity", {"VARCHAR:a", "VARCHAR:"}, "DOUBLE", "0.0"},
    {"jaro_winkler_similarity", {"VARCHAR:a", "VARCHAR:"}, "DOUBLE", "0.0"},
    {"hamming", {"VARCHAR:a", "VARCHAR:"}, "!", NULL},
    {"levenshtein", {"VARCHAR:", "VARCHAR:"}, "BIGINT", "0"},
    {"damerau_levenshtein", {"VARCHAR:", "VARCHAR:"}, "BIGINT", "0"},
    {"jaccard", {"VARCHAR:", "VARCHAR:"}, "!", NULL},
    {"jaro_similarity", {"VARCHAR:", "VARCHAR:"}, "DOUBLE", "0.0"},
    {"jaro_winkler_similarity", {"VARCHAR:", "VARCHAR:"}, "DOUBLE", "0.0"},
    {"hamming", {"VARCHAR:", "VARCHAR:"}, "!", NULL},
    {"levenshtein", {"VARCHAR:\303\251", "VARCHAR:e"}, "BIGINT", "2"},
    {"damerau_levenshtein", {"VARCHAR:\303\251", "VARCHAR:e"}, "BIGINT", "2"},
    {"jaccard", {"VARCHAR:\303\251", "VARCHAR:e"}, "DOUBLE", "0.0"},
    {"jaro_similarity", {"VARCHAR:\303\251", "VARCHAR:e"}, "DOUBLE", "0.0"},
    {"jaro_winkler_similarity", {"VARCHAR:\303\251", "VARCHAR:e"}, "DOUBLE", "0.0"},
    {"hamming", {"VARCHAR:\303\251", "VARCHAR:e"}, "!", NULL},
    {"levenshtein", {"VARCHAR:ca", "VARCHAR:abc"}, "BIGINT", "3"},
    {"damerau_levenshtein", {"VARCHAR:ca", "VARCHAR:abc"}, "BIGINT", "2"},
    {"jaccard", {"VARCHAR:ca", "VARCHAR:abc"}, "DOUBLE", "0.6666666666666666"},
    {"jaro_similarity", {"VARCHAR:ca", "VARCHAR:abc"}, "DOUBLE", "0.0"},
    {"jaro_winkler_similarity", {"VARCHAR:ca", "VARCHAR:abc"}, "DOUBLE", "0.0"},
    {"hamming", {"VARCHAR:ca", "VARCHAR:abc"}, "!", NULL},
    {"levenshtein", {"VARCHAR:ab", "VARCHAR:ba"}, "BIGINT", "2"},
    {"damerau_levenshtein", {"VARCHAR:ab", "VARCHAR:ba"}, "BIGINT", "1"},
    {"jaccard", {"VARCHAR:ab", "VARCHAR:ba"}, "DOUBLE", "1.0"},
    {"jaro_similarity", {"VARCHAR:ab", "VARCHAR:ba"}, "DOUBLE", "0.0"},
    {"jaro_winkler_similarity", {"VARCHAR:ab", "VARCHAR:ba"}, "DOUBLE", "0.0"},
    {"hamming", {"VARCHAR:ab", "VARCHAR:ba"}, "BIGINT", "2"},
    {"levenshtein", {"VARCHAR:duck", "VARCHAR:duckdb"}, "BIGINT", "2"},
    {"damerau_levenshtein", {"VARCHAR:duck", "VARCHAR:duckdb"}, "BIGINT", "2"},
    {"jaccard", {"VARCHAR:duck", "VARCHAR:duckdb"}, "DOUBLE", "0.8"},
    {"jaro_similarity", {"VARCHAR:duck", "VARCHAR:duckdb"}, "DOUBLE", "0.8888888888888888"},
    {"jaro_winkler_similarity", {"VARCHAR:duck", "VARCHAR:duckdb"}, "DOUBLE", "0.9333333333333333"},
    {"hamming", {"VARCHAR:duck", "VARCHAR:duckdb"}, "!", NULL},
    {"levenshtein", {"VARCHAR:martha", "VARCHAR:marhta"}, "BIGINT", "2"},
    {"damerau_levenshtein", {"VARCHAR:martha", "VARCHAR:marhta"}, "BIGINT", "1"},
    {"jaccard", {"VARCHAR:martha", "VARCHAR:marhta"}, "DOUBLE", "1.0"},
    {"jaro_similarity", {"VARCHAR:martha", "VARCHAR:marhta"}, "DOUBLE", "0.9444444444444445"},
    {"jaro_winkler_similarity", {"VARCHAR:martha", "VARCHAR:marhta"}, "DOUBLE", "0.9611111111111111"},
    {"hamming", {"VARCHAR:martha", "VARCHAR:marhta"}, "BIGINT", "2"},
    {"levenshtein", {"VARCHAR:dixon", "VARCHAR:dicksonx"}, "BIGINT", "4"},
    {"damerau_levenshtein", {"VARCHAR:dixon", "VARCHAR:dicksonx"}, "BIGINT", "4"},
    {"jaccard", {"VARCHAR:dixon", "VARCHAR:dicksonx"}, "DOUBLE", "0.625"},
    {"jaro_similarity", {"VARCHAR:dixon", "VARCHAR:dicksonx"}, "DOUBLE", "0.7666666666666666"},
    {"jaro_winkler_similarity", {"VARCHAR:dixon", "VARCHAR:dicksonx"}, "DOUBLE", "0.8133333333333332"},
    {"hamming", {"VARCHAR:dixon", "VARCHAR:dicksonx"}, "!", NULL},
    {"levenshtein", {"VARCHAR:abcd", "VARCHAR:axyz"}, "BIGINT", "3"},
    {"damerau_levenshtein", {"VARCHAR:abcd", "VARCHAR:axyz"}, "BIGINT", "3"},
    {"jaccard", {"VARCHAR:abcd", "VARCHAR:axyz"}, "DOUBLE", "0.14285714285714285"},
    {"jaro_similarity", {"VARCHAR:abcd", "VARCHAR:axyz"}, "DOUBLE", "0.5"},
    {"jaro_winkler_similarity", {"VARCHAR:abcd", "VARCHAR:axyz"}, "DOUBLE", "0.5"},
    {"hamming", {"VARCHAR:abcd", "VARCHAR:axyz"}, "BIGINT", "3"},
    {"levenshtein", {"VARCHAR:the quick brown fox", "VARCHAR:the quack brawn fix"}, "BIGINT", "3"},
    {"damerau_levenshtein", {"VARCHAR:the quick brown fox", "VARCHAR:the quack brawn fix"}, "BIGINT", "3"},
    {"jaccard", {"VARCHAR:the quick brown fox", "VARCHAR:the quack brawn fix"}, "DOUBLE", "0.8823529411764706"},
    {"jaro_similarity", {"VARCHAR:the quick brown fox", "VARCHAR:the quack brawn fix"}, "DOUBLE", "0.8947368421052632"},
    {"jaro_winkler_similarity", {"VARCHAR:the quick brown fox", "VARCHAR:the quack brawn fix"}, "DOUBLE", "0.9368421052631579"},
    {"hamming", {"VARCHAR:the quick brown fox", "VARCHAR:the quack brawn fix"}, "BIGINT", "3"},
    {"levenshtein", {"VARCHAR:aab", "VARCHAR:ab"}, "BIGINT", "1"},
    {"damerau_levenshtein", {"VARCHAR:aab", "VARCHAR:ab"}, "BIGINT", "1"},
    {"jaccard", {"VARCHAR:aab", "VARCHAR:ab"}, "DOUBLE", "1.0"},
    {"jaro_similarity", {"VARCHAR:aab", "VARCHAR:ab"}, "DOUBLE", "0.611111111111111"},
    {"jaro_winkler_similarity", {"VARCHAR:aab", "VARCHAR:ab"}, "DOUBLE", "0.611111111111111"},
    {"hamming", {"VARCHAR:aab", "VARCHAR:ab"}, "!", NULL},
    {"hamming", {"VARCHAR:abc", "VARCHAR:abd"}, "BIGINT", "1"},
    {"jaro_similarity", {"VARCHAR:martha", "VARCHAR:marhta", "DOUBLE:0.95"}, "DOUBLE", "0.0"},
    {"hex", {"VARCHAR:abc"}, "VARCHAR", "616263"},
    {"bin", {"VARCHAR:abc"}, "VARCHAR", "011000010110001001100011"},
    {"hex", {"INTEGER:255"}, "VARCHAR", "FF"},
    {"bin", {"INTEGER:255"}, "VARCHAR", "11111111"},
    {"hex", {"BIGINT:-1"}, "VARCHAR", "FFFFFFFFFFFFFFFF"},
    {"bin", {"BIGINT:-1"}, "VARCHAR", "1111111111111111111111111111111111111111111111111111111111111111"},
    {"hex", {"INTEGER:0"}, "VARCHAR", "0"},
    {"bin", {"INTEGER:0"}, "VARCHAR", "0"},
    {"hex", {"TINYINT:-5"}, "VARCHAR", "FFFFFFFFFFFFFFFB"},
    {"bin", {"TINYINT:-5"}, "VARCHAR", "1111111111111111111111111111111111111111111111111111111111111011"},
    {"hex", {"UBIGINT:12345678901234567890"}, "VARCHAR", "AB54A98CEB1F0AD2"},
    {"bin", {"UBIGINT:12345678901234567890"}, "VARCHAR", "1010101101010100101010011000110011101011000111110000101011010010"},
    {"hex", {"HUGEINT:-1"}, "VARCHAR", "FFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFF"},
    {"bin", {"HUGEINT:-1"}, "VARCHAR", "11111111111111111111111111111111111111111111111111111111111111111111111111111111111111111111111111111111111111111111111111111111"},
    {"hex", {"BLOB:abc"}, "VARCHAR", "616263"},
    {"hex", {"VARCHAR:"}, "VARCHAR", ""},
    {"bin", {"VARCHAR:"}, "VARCHAR", ""},
    {"hex", {"UTINYINT:255"}, "VARCHAR", "FF"},
    {"bin", {"UTINYINT:255"}, "VARCHAR", "11111111"},
    {"unhex", {"VARCHAR:ff0"}, "BLOB", "\\x0F\\xF0"},
    {"unhex", {"VARCHAR:zz"}, "!", NULL},
    {"unhex", {"VARCHAR:4142"}, "BLOB", "AB"},
    {"unhex", {"VARCHAR:"}, "BLOB", ""},
    {"unhex", {"VARCHAR:deadBEEF0123456789abcdef01"}, "BLOB", "\\xDE\\xAD\\xBE\\xEF\\x01#Eg\\x89\\xAB\\xCD\\xEF\\x01"},
    {"unbin", {"VARCHAR:101"}, "BLOB", "\\x05"},
    {"unbin", {"VARCHAR:0110000101100010"}, "BLOB", "ab"},
    {"unbin", {"VARCHAR:2"}, "!", NULL},
    {"unbin", {"VARCHAR:"}, "BLOB", ""},
    {"to_base64", {"BLOB:"}, "VARCHAR", ""},
    {"to_base64", {"BLOB:a"}, "VARCHAR", "YQ=="},
    {"to_base64", {"BLOB:ab"}, "VARCHAR", "YWI="},
    {"to_base64", {"BLOB:abc"}, "VARCHAR", "YWJj"},
    {"to_base64", {"BLOB:a longer text to encode"}, "VARCHAR", "YSBsb25nZXIgdGV4dCB0byBlbmNvZGU="},
    {"to_base64", {"VARCHAR:\303\251"}, "VARCHAR", "w6k="},
    {"from_base64", {"VARCHAR:YWI="}, "BLOB", "ab"},
    {"from_base64", {"VARCHAR:YWI"}, "!", NULL},
    {"from_base64", {"VARCHAR:YW=I"}, "BLOB", "a"},
    {"from_base64", {"VARCHAR:"}, "BLOB", ""},
    {"from_base64", {"VARCHAR:Y==="}, "!", NULL},
    {"from_base64", {"VARCHAR:!!!!"}, "!", NULL},
    {"from_base64", {"VARCHAR:YSBsb25nZXIgdGV4dCB0byBlbmNvZGU="}, "BLOB", "a longer text to encode"},
    {"url_encode", {"VARCHAR:a b/\303\251?"}, "VARCHAR", "a%20b%2F%C3%A9%3F"},
    {"url_encode", {"VARCHAR:"}, "VARCHAR", ""},
    {"url_encode", {"VARCHAR:AZaz09-_.~!*"}, "VARCHAR", "AZaz09-_.~%21%2A"},
    {"url_decode", {"VARCHAR:a%20b%2F%C3%A9"}, "VARCHAR", "a b/\303\251"},
    {"url_decode", {"VARCHAR:a+b%zz"}, "VARCHAR", "a+b%zz"},
    {"url_decode", {"VARCHAR:%ff"}, "!", NULL},
    {"url_decode", {"VARCHAR:%41%zz%4"}, "VARCHAR", "A%zz%4"},
    {"encode", {"VARCHAR:\303\251"}, "BLOB", "\\xC3\\xA9"},
    {"decode", {"BLOB:\\xC3\\xA9"}, "VARCHAR", "\303\251"},
    {"decode", {"BLOB:\\xC3"}, "!", NULL},
    {"md5", {"VARCHAR:"}, "VARCHAR", "d41d8cd98f00b204e9800998ecf8427e"},
    {"sha1", {"VARCHAR:"}, "VARCHAR", "da39a3ee5e6b4b0d3255bfef95601890afd80709"},
    {"sha256", {"VARCHAR:"}, "VARCHAR", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"},
    {"md5", {"VARCHAR:a"}, "VARCHAR", "0cc175b9c0f1b6a831c399e269772661"},
    {"sha1", {"VARCHAR:a"}, "VARCHAR", "86f7e437faa5a7fce15d1ddcb9eaeaea377667b8"},
    {"sha256", {"VARCHAR:a"}, "VARCHAR", "ca978112ca1bbdcafac231b39a23dc4da786eff8147c4e72b9807785afee48bb"},
    {"md5", {"VARCHAR:abc"}, "VARCHAR", "900150983cd24fb0d6963f7d28e17f72"},
    {"sha1", {"VARCHAR:abc"}, "VARCHAR", "a9993e364706816aba3e25717850c26c9cd0d89d"},
    {"sha256", {"VARCHAR:abc"}, "VARCHAR", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"},
    {"md5", {"VARCHAR:The quick brown fox jumps over the lazy dog"}, "VARCHAR", "9e107d9d372bb6826bd81d3542a419d6"},
    {"sha1", {"VARCHAR:The quick brown fox jumps over the lazy dog"}, "VARCHAR", "2fd4e1c67a2d28fced849ee1bb76e7391b93eb12"},
    {"sha256", {"VARCHAR:The quick brown fox jumps over the lazy dog"}, "VARCHAR", "d7a8fbb307d7809469ca9abcb0082e4f8d5651e46d3cdb762d02d0bf37c9e592"},
    {"md5", {"VARCHAR:1234567890123456789012345678901234567890123456789012345"}, "VARCHAR", "c9ccf168914a1bcfc3229f1948e67da0"},
    {"sha1", {"VARCHAR:1234567890123456789012345678901234567890123456789012345"}, "VARCHAR", "827a683fdfdbef225a2421078b7789b134c7eafa"},
    {"sha256", {"VARCHAR:1234567890123456789012345678901234567890123456789012345"}, "VARCHAR", "03c3a70e99ed5eeccd80f73771fcf1ece643d939d9ecc76f25544b0233f708e9"},
    {"md5", {"VARCHAR:12345678901234567890123456789012345678901234567890123456"}, "VARCHAR", "49f193adce178490e34d1b3a4ec0064c"},
    {"sha1", {"VARCHAR:12345678901234567890123456789012345678901234567890123456"}, "VARCHAR", "0a84666b66e843a4146088fb46aabaa998b4c2b1"},
    {"sha256", {"VARCHAR:12345678901234567890123456789012345678901234567890123456"}, "VARCHAR", "0be66ce72c2467e793202906000672306661791622e0ca9adf4a8955b2ed189c"},
    {"md5", {"VARCHAR:1234567890123456789012345678901234567890123456789012345678901234"}, "VARCHAR", "eb6c4179c0a7c82cc2828c1e6338e165"},
    {"sha1", {"VARCHAR:1234567890123456789012345678901234567890123456789012345678901234"}, "VARCHAR", "c71490fc24aa3d19e11282da77032dd9cdb33103"},
    {"sha256", {"VARCHAR:1234567890123456789012345678901234567890123456789012345678901234"}, "VARCHAR", "676491965ed3ec50cb7a63ee96315480a95c54426b0b72bca8a0d4ad1285ad55"},
    {"to_base", {"BIGINT:10", "INTEGER:2"}, "VARCHAR", "1010"},
    {"to_base", {"BIGINT:255", "INTEGER:16", "INTEGER:4"}, "VARCHAR", "00FF"},
    {"to_base", {"BIGINT:-1", "INTEGER:16"}, "!", NULL},
    {"to_base", {"BIGINT:5", "INTEGER:37"}, "!", NULL},
    {"to_base", {"BIGINT:0", "INTEGER:2"}, "VARCHAR", "0"},
    {"to_base", {"BIGINT:9223372036854775807", "INTEGER:36"}, "VARCHAR", "1Y2P0IJ32E8E7"},
    {"to_base", {"BIGINT:5", "INTEGER:2", "INTEGER:64"}, "VARCHAR", "0000000000000000000000000000000000000000000000000000000000000101"},
    {"to_base", {"BIGINT:5", "INTEGER:2", "INTEGER:65"}, "!", NULL},
    {"format", {"VARCHAR:{} {}", "VARCHAR:a", "INTEGER:5"}, "VARCHAR", "a 5"},
    {"format", {"VARCHAR:{1} {0}", "VARCHAR:a", "INTEGER:5"}, "VARCHAR", "5 a"},
    {"format", {"VARCHAR:{:05d}", "INTEGER:42"}, "VARCHAR", "00042"},
    {"format", {"VARCHAR:{:.2f}", "DOUBLE:3.14159"}, "VARCHAR", "3.14"},
    {"format", {"VARCHAR:{:>10}", "VARCHAR:abc"}, "VARCHAR", "       abc"},
    {"format", {"VARCHAR:{:x}", "INTEGER:255"}, "VARCHAR", "ff"},
    {"format", {"VARCHAR:{:,}", "INTEGER:1234567"}, "VARCHAR", "1,234,567"},
    {"format", {"VARCHAR:{:t,}", "INTEGER:1234567"}, "VARCHAR", "1,234,567"},
    {"format", {"VARCHAR:{:e}", "DOUBLE:1234.5"}, "VARCHAR", "1.234500e+03"},
    {"format", {"VARCHAR:{{}}"}, "VARCHAR", "{}"},
    {"format", {"VARCHAR:{}", "BOOLEAN:true"}, "VARCHAR", "true"},
    {"format", {"VARCHAR:{}", "DOUBLE:1.5"}, "VARCHAR", "1.5"},
    {"format", {"VARCHAR:{}", "DATE:2020-01-01"}, "VARCHAR", "2020-01-01"},
    {"format", {"VARCHAR:{}"}, "!", NULL},
    {"format", {"VARCHAR:{:5d}|", "INTEGER:42"}, "VARCHAR", "   42|"},
    {"format", {"VARCHAR:{:<5d}|", "INTEGER:42"}, "VARCHAR", "42   |"},
    {"format", {"VARCHAR:{:^5d}|", "INTEGER:42"}, "VARCHAR", " 42  |"},
    {"format", {"VARCHAR:{:*^9}|", "VARCHAR:mid"}, "VARCHAR", "***mid***|"},
    {"format", {"VARCHAR:{:+d}", "INTEGER:42"}, "VARCHAR", "+42"},
    {"format", {"VARCHAR:{: d}", "INTEGER:42"}, "VARCHAR", " 42"},
    {"format", {"VARCHAR:{:#x}", "INTEGER:255"}, "VARCHAR", "0xff"},
    {"format", {"VARCHAR:{:X}", "INTEGER:255"}, "VARCHAR", "FF"},
    {"format", {"VARCHAR:{:o}", "INTEGER:8"}, "VARCHAR", "10"},
    {"format", {"VARCHAR:{:b}", "INTEGER:5"}, "VARCHAR", "101"},
    {"format", {"VARCHAR:{:c}", "INTEGER:65"}, "!", NULL},
    {"format", {"VARCHAR:{:.3}", "VARCHAR:abcdef"}, "VARCHAR", "abc"},
    {"format", {"VARCHAR:{:10.3}|", "VARCHAR:abcdef"}, "VARCHAR", "abc       |"},
    {"format", {"VARCHAR:{:.3}", "DOUBLE:3.14159"}, "VARCHAR", "3.14"},
    {"format", {"VARCHAR:{:f}", "DOUBLE:3.14159"}, "VARCHAR", "3.141590"},
    {"format", {"VARCHAR:{:g}", "DOUBLE:314159265"}, "VARCHAR", "3.14159e+08"},
    {"format", {"VARCHAR:{:e}", "DOUBLE:3.14159"}, "VARCHAR", "3.141590e+00"},
    {"format", {"VARCHAR:{:.2e}", "DOUBLE:31415.9"}, "VARCHAR", "3.14e+04"},
    {"format", {"VARCHAR:{:.0f}", "DOUBLE:2.5"}, "VARCHAR", "2"},
    {"format", {"VARCHAR:{:010.3f}", "DOUBLE:3.14159"}, "VARCHAR", "000003.142"},
    {"format", {"VARCHAR:{:010.3f}", "DOUBLE:-3.14159"}, "VARCHAR", "-00003.142"},
    {"format", {"VARCHAR:{}", "DOUBLE:1e20"}, "VARCHAR", "1e+20"},
    {"format", {"VARCHAR:{}", "FLOAT:0.1"}, "VARCHAR", "0.10000000149011612"},
    {"format", {"VARCHAR:{}", "DECIMAL(4,2):1.5"}, "VARCHAR", "1.5"},
    {"format", {"VARCHAR:{:d}", "VARCHAR:a"}, "!", NULL},
    {"format", {"VARCHAR:{:s}", "INTEGER:5"}, "!", NULL},
    {"format", {"VARCHAR:{:d}", "DOUBLE:1.5"}, "!", NULL},
    {"format", {"VARCHAR:{:x}", "INTEGER:-255"}, "VARCHAR", "-ff"},
    {"format", {"VARCHAR:{0} {0}", "INTEGER:5"}, "VARCHAR", "5 5"},
    {"format", {"VARCHAR:{0} {}", "INTEGER:5"}, "!", NULL},
    {"format", {"VARCHAR:{", "INTEGER:5"}, "!", NULL},
    {"format", {"VARCHAR:}", "INTEGER:5"}, "!", NULL},
    {"format", {"VARCHAR:{a}", "INTEGER:5"}, "!", NULL},
    {"format", {"VARCHAR:{}", "VARCHAR"}, "VARCHAR", NULL},
    {"format", {"VARCHAR:{:,}", "DOUBLE:1234567.891"}, "VARCHAR", "1,234,567.891"},
    {"format", {"VARCHAR:{:,.2f}", "DOUBLE:1234567.891"}, "VARCHAR", "1,234,567.89"},
    {"format", {"VARCHAR:{:_}", "INTEGER:1234567"}, "VARCHAR", "1_234_567"},
    {"format", {"VARCHAR:{}", "HUGEINT:170141183460469231731687303715884105727"}, "VARCHAR", "170141183460469231731687303715884105727"},
    {"format", {"VARCHAR:{:>45}", "HUGEINT:170141183460469231731687303715884105727"}, "VARCHAR", "      170141183460469231731687303715884105727"},
    {"format", {"VARCHAR:{}", "DOUBLE:inf"}, "VARCHAR", "inf"},
    {"format", {"VARCHAR:{:>5}|{:<5}|", "BOOLEAN:true", "BOOLEAN:false"}, "VARCHAR", " true|false|"},
    {"format", {"VARCHAR:{:d}", "BOOLEAN:true"}, "VARCHAR", "1"},
    {"format", {"VARCHAR:{}", "UBIGINT:18446744073709551615"}, "VARCHAR", "18446744073709551615"},
    {"format", {"VARCHAR:{}", "INTERVAL:1 day"}, "VARCHAR", "1 day"},
    {"format", {"VARCHAR:{:,}", "INTEGER:-123"}, "VARCHAR", "-123"},
    {"format", {"VARCHAR:{:,}", "INTEGER:-1234"}, "VARCHAR", "-1,234"},
    {"format", {"VARCHAR:{:.3e}", "DOUBLE:0.00099996"}, "VARCHAR", "1.000e-03"},
    {"format", {"VARCHAR:{:.0e}", "DOUBLE:9.5"}, "VARCHAR", "1e+01"},
    {"format", {"VARCHAR:{:.2e}", "DOUBLE:1.7976931348623157e308"}, "VARCHAR", "1.80e+308"},
    {"format", {"VARCHAR:{:.3e}", "DOUBLE:5e-324"}, "VARCHAR", "4.941e-324"},
    {"format", {"VARCHAR:{:.2e}", "DOUBLE:1234.9999999999"}, "VARCHAR", "1.23e+03"},
    {"format", {"VARCHAR:{:e}", "DOUBLE:0"}, "VARCHAR", "0.000000e+00"},
    {"format", {"VARCHAR:{:.1e}", "DOUBLE:0.6"}, "VARCHAR", "6.0e-01"},
    {"format", {"VARCHAR:{:g}", "DOUBLE:0.0001"}, "VARCHAR", "0.0001"},
    {"format", {"VARCHAR:{:g}", "DOUBLE:0.00001"}, "VARCHAR", "1e-05"},
    {"format", {"VARCHAR:{:g}", "DOUBLE:100000"}, "VARCHAR", "100000"},
    {"format", {"VARCHAR:{:g}", "DOUBLE:1000000"}, "VARCHAR", "1e+06"},
    {"format", {"VARCHAR:{:g}", "DOUBLE:123456.7"}, "VARCHAR", "123457"},
    {"format", {"VARCHAR:{:g}", "DOUBLE:999999.7"}, "VARCHAR", "1e+06"},
    {"format", {"VARCHAR:{:.10g}", "DOUBLE:0.1"}, "VARCHAR", "0.1"},
    {"format", {"VARCHAR:{:.20g}", "DOUBLE:0.1"}, "VARCHAR", "0.10000000000000000555"},
    {"format", {"VARCHAR:{:g}", "DOUBLE:0"}, "VARCHAR", "0"},
    {"format", {"VARCHAR:{:\303\251>5}", "INTEGER:7"}, "VARCHAR", "\303\251\303\251\303\251\303\2517"},
    {"printf", {"VARCHAR:%d %s", "INTEGER:5", "VARCHAR:a"}, "VARCHAR", "5 a"},
    {"printf", {"VARCHAR:%05.2f", "DOUBLE:3.14159"}, "VARCHAR", "03.14"},
    {"printf", {"VARCHAR:%x", "INTEGER:255"}, "VARCHAR", "ff"},
    {"printf", {"VARCHAR:%,d", "INTEGER:1234567"}, "VARCHAR", "1,234,567"},
    {"printf", {"VARCHAR:%s", "INTEGER:5"}, "!", NULL},
    {"printf", {"VARCHAR:%%"}, "VARCHAR", "%"},
    {"printf", {"VARCHAR:%d", "VARCHAR:a"}, "!", NULL},
    {"printf", {"VARCHAR:%c", "INTEGER:65"}, "VARCHAR", "A"},
    {"printf", {"VARCHAR:%10s|", "VARCHAR:abc"}, "VARCHAR", "       abc|"},
    {"printf", {"VARCHAR:%-10s|", "VARCHAR:abc"}, "VARCHAR", "abc       |"},
    {"printf", {"VARCHAR:%d"}, "!", NULL},
    {"printf", {"VARCHAR:%5d|%-5d|%05d", "INTEGER:42", "INTEGER:42", "INTEGER:42"}, "VARCHAR", "   42|42   |00042"},
    {"printf", {"VARCHAR:%+d % d", "INTEGER:42", "INTEGER:42"}, "VARCHAR", "+42  42"},
    {"printf", {"VARCHAR:%.3f", "DOUBLE:3.14159"}, "VARCHAR", "3.142"},
    {"printf", {"VARCHAR:%f", "DOUBLE:3.14159"}, "VARCHAR", "3.141590"},
    {"printf", {"VARCHAR:%10.2f|", "DOUBLE:3.14159"}, "VARCHAR", "      3.14|"},
    {"printf", {"VARCHAR:%e", "DOUBLE:3.14159"}, "VARCHAR", "3.141590e+00"},
    {"printf", {"VARCHAR:%g", "DOUBLE:3.14159"}, "VARCHAR", "3.14159"},
    {"printf", {"VARCHAR:%g", "DOUBLE:1e20"}, "VARCHAR", "1e+20"},
    {"printf", {"VARCHAR:%s", "BOOLEAN:true"}, "VARCHAR", "true"},
    {"printf", {"VARCHAR:%d", "BOOLEAN:true"}, "VARCHAR", "1"},
    {"printf", {"VARCHAR:%d", "DOUBLE:3.7"}, "!", NULL},
    {"printf", {"VARCHAR:%i", "INTEGER:5"}, "VARCHAR", "5"},
    {"printf", {"VARCHAR:%ld", "INTEGER:5"}, "VARCHAR", "5"},
    {"printf", {"VARCHAR:%o", "INTEGER:8"}, "VARCHAR", "10"},
    {"printf", {"VARCHAR:%#x", "INTEGER:255"}, "VARCHAR", "0xff"},
    {"printf", {"VARCHAR:%.2s", "VARCHAR:abcdef"}, "VARCHAR", "ab"},
    {"printf", {"VARCHAR:%*d", "INTEGER:5", "INTEGER:42"}, "VARCHAR", "   42"},
    {"printf", {"VARCHAR:%2$s %1$s", "VARCHAR:a", "VARCHAR:b"}, "VARCHAR", "b a"},
    {"printf", {"VARCHAR:%", "INTEGER:5"}, "!", NULL},
    {"printf", {"VARCHAR:%q", "INTEGER:5"}, "!", NULL},
    {"printf", {"VARCHAR:%d%%", "INTEGER:5"}, "VARCHAR", "5%"},
    {"printf", {"VARCHAR:%s", "VARCHAR"}, "VARCHAR", NULL},
    {"printf", {"VARCHAR:%s", "DATE:2024-01-01"}, "VARCHAR", "2024-01-01"},
    {"printf", {"VARCHAR:%,.2f", "DOUBLE:1234567.891"}, "VARCHAR", "1,234,567.89"},
    {"printf", {"VARCHAR:abc"}, "VARCHAR", "abc"},
    {"printf", {"VARCHAR:%G", "DOUBLE:1e-20"}, "VARCHAR", "1E-20"},
    {"printf", {"VARCHAR:%E", "DOUBLE:12345.678"}, "VARCHAR", "1.234568E+04"},
    {"format_bytes", {"BIGINT:0"}, "VARCHAR", "0 bytes"},
    {"formatReadableDecimalSize", {"BIGINT:0"}, "VARCHAR", "0 bytes"},
    {"format_bytes", {"BIGINT:1"}, "VARCHAR", "1 byte"},
    {"formatReadableDecimalSize", {"BIGINT:1"}, "VARCHAR", "1 byte"},
    {"format_bytes", {"BIGINT:1023"}, "VARCHAR", "1023 bytes"},
    {"formatReadableDecimalSize", {"BIGINT:1023"}, "VARCHAR", "1.0 kB"},
    {"format_bytes", {"BIGINT:1024"}, "VARCHAR", "1.0 KiB"},
    {"formatReadableDecimalSize", {"BIGINT:1024"}, "VARCHAR", "1.0 kB"},
    {"format_bytes", {"BIGINT:12345"}, "VARCHAR", "12.0 KiB"},
    {"formatReadableDecimalSize", {"BIGINT:12345"}, "VARCHAR", "12.3 kB"},
    {"format_bytes", {"BIGINT:-12345"}, "VARCHAR", "-12.0 KiB"},
    {"formatReadableDecimalSize", {"BIGINT:-12345"}, "VARCHAR", "-12.3 kB"},
    {"format_bytes", {"BIGINT:9223372036854775807"}, "VARCHAR", "8191.9 PiB"},
    {"formatReadableDecimalSize", {"BIGINT:9223372036854775807"}, "VARCHAR", "9223.3 PB"},
    {"format_bytes", {"BIGINT:1048576"}, "VARCHAR", "1.0 MiB"},
    {"formatReadableDecimalSize", {"BIGINT:1048576"}, "VARCHAR", "1.0 MB"},
    {"format_bytes", {"BIGINT:1572864"}, "VARCHAR", "1.5 MiB"},
    {"formatReadableDecimalSize", {"BIGINT:1572864"}, "VARCHAR", "1.5 MB"},
    {"format_bytes", {"BIGINT:1125899906842624"}, "VARCHAR", "1.0 PiB"},
    {"formatReadableDecimalSize", {"BIGINT:1125899906842624"}, "VARCHAR", "1.1 PB"},
    /* ---- pattern ---- */
    {"like", {"VARCHAR:a%", "VARCHAR:a\\%"}, "BOOLEAN", "false"},
    {"like", {"VARCHAR:a\\b", "VARCHAR:a\\b"}, "BOOLEAN", "true"},
    {"like", {"VARCHAR:a%", "VARCHAR:a!%", "VARCHAR:!"}, "BOOLEAN", "true"},
    {"like", {"VARCHAR:ab", "VARCHAR:a!%", "VARCHAR:!"}, "BOOLEAN", "false"},
    {"like", {"VARCHAR:ab", "VARCHAR:a!", "VARCHAR:!"}, "!", NULL},
    {"like", {"VARCHAR:ab", "VARCHAR:ab", "VARCHAR:"}, "BOOLEAN", "true"},
    {"like", {"VARCHAR:ab", "VARCHAR:ab", "VARCHAR:xy"}, "!", NULL},
    {"like", {"VARCHAR:a%b", "VARCHAR:a%%b", "VARCHAR:%"}, "BOOLEAN", "true"},
    {"like", {"VARCHAR:\303\251", "VARCHAR:_"}, "BOOLEAN", "true"},
    {"like", {"VARCHAR:", "VARCHAR:"}, "BOOLEAN", "true"},
    {"like", {"VARCHAR:", "VARCHAR:%"}, "BOOLEAN", "true"},
    {"like", {"VARCHAR:", "VARCHAR:_"}, "BOOLEAN", "false"},
    {"like", {"VARCHAR:abc", "VARCHAR:%%"}, "BOOLEAN", "true"},
    {"like", {"VARCHAR:abc", "VARCHAR:abc"}, "BOOLEAN", "true"},
    {"like", {"VARCHAR:abc", "VARCHAR:abd"}, "BOOLEAN", "false"},
    {"like", {"VARCHAR:the quick brown fox jumps", "VARCHAR:the quick%"}, "BOOLEAN", "true"},
    {"like", {"VARCHAR:the quick brown fox jumps", "VARCHAR:th%"}, "BOOLEAN", "true"},
    {"like", {"VARCHAR:the quick brown fox jumps", "VARCHAR:the quack%"}, "BOOLEAN", "false"},
    {"like", {"VARCHAR:the quick brown fox jumps", "VARCHAR:%jumps"}, "BOOLEAN", "true"},
    {"like", {"VARCHAR:the quick brown fox jumps", "VARCHAR:%brown%"}, "BOOLEAN", "true"},
    {"like", {"VARCHAR:the quick brown fox jumps", "VARCHAR:%braun%"}, "BOOLEAN", "false"},
    {"like", {"VARCHAR:the quick brown fox jumps", "VARCHAR:the%fox%jumps"}, "BOOLEAN", "true"},
    {"like", {"VARCHAR:the quick brown fox jumps", "VARCHAR:the%jumps%fox"}, "BOOLEAN", "false"},
    {"like", {"VARCHAR:the quick brown fox jumps", "VARCHAR:%q_i_k%f_x%"}, "BOOLEAN", "true"},
    {"like", {"VARCHAR:the quick brown fox jumps", "VARCHAR:_he %_"}, "BOOLEAN", "true"},
    {"like", {"VARCHAR:the quick brown fox jumps", "VARCHAR:%_umps"}, "BOOLEAN", "true"},
    {"like", {"VARCHAR:aXa", "VARCHAR:a%a"}, "BOOLEAN", "true"},
    {"like", {"VARCHAR:a", "VARCHAR:a%a"}, "BOOLEAN", "false"},
    {"like", {"VARCHAR:ab", "VARCHAR:%b_"}, "BOOLEAN", "false"},
    {"like", {"VARCHAR:\303\244\303\266\303\274", "VARCHAR:_\303\266_"}, "BOOLEAN", "true"},
    {"like", {"VARCHAR:\303\244\303\266\303\274", "VARCHAR:%_\303\274"}, "BOOLEAN", "true"},
    {"like", {"VARCHAR:\303\244\303\266\303\274", "VARCHAR:____"}, "BOOLEAN", "false"},
    {"like", {"VARCHAR:special deposits requests", "VARCHAR:%special%requests%"}, "BOOLEAN", "true"},
    {"like", {"VARCHAR", "VARCHAR:%"}, "BOOLEAN", NULL},
    {"like", {"VARCHAR:a", "VARCHAR"}, "BOOLEAN", NULL},
    {"ilike", {"VARCHAR:\303\211A", "VARCHAR:\303\251a"}, "BOOLEAN", "true"},
    {"ilike", {"VARCHAR:The Quick Brown", "VARCHAR:%QUICK%"}, "BOOLEAN", "true"},
    {"ilike", {"VARCHAR:The Quick Brown", "VARCHAR:the%WN"}, "BOOLEAN", "true"},
    {"ilike", {"VARCHAR:The Quick Br\303\266wn", "VARCHAR:the%WN"}, "BOOLEAN", "true"},
    {"ilike", {"VARCHAR:The Quick Br\303\266wn", "VARCHAR:%BR\303\226WN"}, "BOOLEAN", "true"},
    {"ilike", {"VARCHAR:stra\303\237e", "VARCHAR:STRASSE"}, "BOOLEAN", "false"},
    {"ilike", {"VARCHAR:Ab", "VARCHAR:a!B", "VARCHAR:!"}, "BOOLEAN", "true"},
    {"glob", {"VARCHAR:abc", "VARCHAR:a*"}, "BOOLEAN", "true"},
    {"glob", {"VARCHAR:abc", "VARCHAR:[a-c]b?"}, "BOOLEAN", "true"},
    {"glob", {"VARCHAR:abc", "VARCHAR:[!a]*"}, "BOOLEAN", "false"},
    {"glob", {"VARCHAR:abc", "VARCHAR:[^a]*"}, "BOOLEAN", "true"},
    {"glob", {"VARCHAR:a*c", "VARCHAR:a\\*c"}, "BOOLEAN", "true"},
    {"glob", {"VARCHAR:]", "VARCHAR:[]]"}, "BOOLEAN", "true"},
    {"glob", {"VARCHAR:-", "VARCHAR:[a-]"}, "BOOLEAN", "true"},
    {"glob", {"VARCHAR:abc", "VARCHAR:[abc"}, "BOOLEAN", "false"},
    {"glob", {"VARCHAR:a", "VARCHAR:[z-a]"}, "BOOLEAN", "false"},
    {"glob", {"VARCHAR:some/path/file.parquet", "VARCHAR:*/file.*"}, "BOOLEAN", "true"},
    {"glob", {"VARCHAR:aaab", "VARCHAR:*a?b"}, "BOOLEAN", "true"},
    {"glob", {"VARCHAR:\303\251", "VARCHAR:?"}, "BOOLEAN", "false"},
    {"similar_to", {"VARCHAR:abc", "VARCHAR:a%"}, "BOOLEAN", "false"},
    {"similar_to", {"VARCHAR:abc", "VARCHAR:a.*"}, "BOOLEAN", "true"},
    {"similar_to", {"VARCHAR:abc", "VARCHAR:b"}, "BOOLEAN", "false"},
    {"similar_to", {"VARCHAR:abc", "VARCHAR:(a|b)bc"}, "BOOLEAN", "true"},
    {"regexp_matches", {"VARCHAR:a\012b", "VARCHAR:a.b"}, "BOOLEAN", "false"},
    {"regexp_matches", {"VARCHAR:a\012b", "VARCHAR:a.b", "VARCHAR:s"}, "BOOLEAN", "true"},
    {"regexp_matches", {"VARCHAR:a\012b", "VARCHAR:a.b", "VARCHAR:n"}, "BOOLEAN", "false"},
    {"regexp_matches", {"VARCHAR:ABC", "VARCHAR:abc", "VARCHAR:i"}, "BOOLEAN", "true"},
    {"regexp_matches", {"VARCHAR:ABC", "VARCHAR:abc", "VARCHAR:ic"}, "BOOLEAN", "false"},
    {"regexp_matches", {"VARCHAR:a.c", "VARCHAR:a.c", "VARCHAR:l"}, "BOOLEAN", "true"},
    {"regexp_matches", {"VARCHAR:abc", "VARCHAR:a.c", "VARCHAR:l"}, "BOOLEAN", "false"},
    {"regexp_matches", {"VARCHAR:abc", "VARCHAR:b", "VARCHAR:g"}, "!", NULL},
    {"regexp_matches", {"VARCHAR:abc", "VARCHAR:b", "VARCHAR:x"}, "!", NULL},
    {"regexp_matches", {"VARCHAR:abc", "VARCHAR"}, "BOOLEAN", NULL},
    {"regexp_matches", {"VARCHAR:abc", "VARCHAR:("}, "!", NULL},
    {"regexp_matches", {"VARCHAR:abc", "VARCHAR:a**"}, "!", NULL},
    {"regexp_matches", {"VARCHAR:abc", "VARCHAR:(?=a)"}, "!", NULL},
    {"regexp_matches", {"VARCHAR:abc", "VARCHAR:(a)\\1"}, "!", NULL},
    {"regexp_matches", {"VARCHAR:abc", "VARCHAR:a{2,1}"}, "!", NULL},
    {"regexp_matches", {"VARCHAR:abc", "VARCHAR:a{1001}"}, "!", NULL},
    {"regexp_matches", {"VARCHAR:a{1", "VARCHAR:a{1"}, "BOOLEAN", "true"},
    {"regexp_matches", {"VARCHAR:a{,2}", "VARCHAR:a{,2}"}, "BOOLEAN", "true"},
    {"regexp_matches", {"VARCHAR:abc", "VARCHAR:[[:alpha:]]+"}, "BOOLEAN", "true"},
    {"regexp_matches", {"VARCHAR:abc", "VARCHAR:[b-a]"}, "!", NULL},
    {"regexp_matches", {"VARCHAR:a]", "VARCHAR:[]a]+"}, "BOOLEAN", "true"},
    {"regexp_matches", {"VARCHAR:abc", "VARCHAR:\\z"}, "BOOLEAN", "true"},
    {"regexp_matches", {"VARCHAR:abc", "VARCHAR:\\Qa.c\\E"}, "BOOLEAN", "false"},
    {"regexp_matches", {"VARCHAR:a\303\251", "VARCHAR:^\\w+$"}, "BOOLEAN", "false"},
    {"regexp_matches", {"VARCHAR:\303\211", "VARCHAR:(?i)\303\251"}, "BOOLEAN", "true"},
    {"regexp_matches", {"VARCHAR:K", "VARCHAR:(?i)k"}, "BOOLEAN", "true"},
    {"regexp_matches", {"VARCHAR:abc", "VARCHAR:a(?i)B"}, "BOOLEAN", "true"},
    {"regexp_matches", {"VARCHAR:abc", "VARCHAR:(?i:A)bc"}, "BOOLEAN", "true"},
    {"regexp_matches", {"VARCHAR:abc", "VARCHAR:"}, "BOOLEAN", "true"},
    {"regexp_matches", {"VARCHAR:abc", "VARCHAR:x*"}, "BOOLEAN", "true"},
    {"regexp_matches", {"VARCHAR:abc", "VARCHAR:.*b.*"}, "BOOLEAN", "true"},
    {"regexp_matches", {"VARCHAR:abc", "VARCHAR:\\x62"}, "BOOLEAN", "true"},
    {"regexp_matches", {"VARCHAR:5", "VARCHAR:[^\\D]"}, "BOOLEAN", "true"},
    {"regexp_matches", {"VARCHAR:ab", "VARCHAR:a\\bb"}, "BOOLEAN", "false"},
    {"regexp_matches", {"VARCHAR:a", "VARCHAR:*a"}, "!", NULL},
    {"regexp_matches", {"VARCHAR:a", "VARCHAR:a||b"}, "BOOLEAN", "true"},
    {"regexp_matches", {"VARCHAR:a)", "VARCHAR:a)"}, "!", NULL},
    {"regexp_matches", {"VARCHAR:a", "VARCHAR:[a"}, "!", NULL},
    {"regexp_matches", {"VARCHAR:a", "VARCHAR:\\"}, "!", NULL},
    {"regexp_matches", {"VARCHAR:aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaac", "VARCHAR:(a*)*b"}, "BOOLEAN", "false"},
    {"regexp_matches", {"VARCHAR:aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaac", "VARCHAR:(a|aa)+$"}, "BOOLEAN", "false"},
    {"regexp_matches", {"VARCHAR:aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaac", "VARCHAR:(.*)(.*)(.*)(.*)(.*)[0-9]"}, "BOOLEAN", "false"},
    {"regexp_full_match", {"VARCHAR:abc", "VARCHAR:a."}, "BOOLEAN", "false"},
    {"regexp_full_match", {"VARCHAR:abc", "VARCHAR:a.."}, "BOOLEAN", "true"},
    {"regexp_full_match", {"VARCHAR:abc", "VARCHAR:a|abc"}, "BOOLEAN", "true"},
    {"regexp_full_match", {"VARCHAR:abc", "VARCHAR:ABC", "VARCHAR:i"}, "BOOLEAN", "true"},
    {"regexp_full_match", {"VARCHAR:", "VARCHAR:"}, "BOOLEAN", "true"},
    {"regexp_full_match", {"VARCHAR:http://example.com/a", "VARCHAR:https?://[^/]+/.*"}, "BOOLEAN", "true"},
    {"regexp_replace", {"VARCHAR:http://www.example.com/path/to?x=1", "VARCHAR:^https?://(?:www\\.)?([^/]+)/.*$", "VARCHAR:\\1"}, "VARCHAR", "example.com"},
    {"regexp_replace", {"VARCHAR:https://a.b/", "VARCHAR:^https?://(?:www\\.)?([^/]+)/.*$", "VARCHAR:\\1"}, "VARCHAR", "a.b"},
    {"regexp_replace", {"VARCHAR:https://wwwx.example.org/", "VARCHAR:^https?://(?:www\\.)?([^/]+)/.*$", "VARCHAR:\\1"}, "VARCHAR", "wwwx.example.org"},
    {"regexp_replace", {"VARCHAR:ftp://a.b/", "VARCHAR:^https?://(?:www\\.)?([^/]+)/.*$", "VARCHAR:\\1"}, "VARCHAR", "ftp://a.b/"},
    {"regexp_replace", {"VARCHAR:hello", "VARCHAR:l", "VARCHAR:x"}, "VARCHAR", "hexlo"},
    {"regexp_replace", {"VARCHAR:hello", "VARCHAR:l", "VARCHAR:x", "VARCHAR:g"}, "VARCHAR", "hexxo"},
    {"regexp_replace", {"VARCHAR:hello", "VARCHAR:(l)(l)", "VARCHAR:\\2-\\1"}, "VARCHAR", "hel-lo"},
    {"regexp_replace", {"VARCHAR:hello", "VARCHAR:(l)(l)", "VARCHAR:\\0\\0"}, "VARCHAR", "hellllo"},
    {"regexp_replace", {"VARCHAR:hello", "VARCHAR:(l)", "VARCHAR:\\2"}, "!", NULL},
    {"regexp_replace", {"VARCHAR:hello", "VARCHAR:(l)", "VARCHAR:a\\\\b"}, "VARCHAR", "hea\\blo"},
    {"regexp_replace", {"VARCHAR:hello", "VARCHAR:(l)", "VARCHAR:a\\qb"}, "!", NULL},
    {"regexp_replace", {"VARCHAR:hello", "VARCHAR:(l)", "VARCHAR:a\\"}, "!", NULL},
    {"regexp_replace", {"VARCHAR:hello", "VARCHAR:(l)", "VARCHAR:$1"}, "VARCHAR", "he$1lo"},
    {"regexp_replace", {"VARCHAR:hello", "VARCHAR:x*", "VARCHAR:-", "VARCHAR:g"}, "VARCHAR", "-h-e-l-l-o-"},
    {"regexp_replace", {"VARCHAR:hello", "VARCHAR:x*", "VARCHAR:-"}, "VARCHAR", "-hello"},
    {"regexp_replace", {"VARCHAR:h\303\251llo", "VARCHAR:", "VARCHAR:-", "VARCHAR:g"}, "VARCHAR", "-h-\303\251-l-l-o-"},
    {"regexp_replace", {"VARCHAR:hello", "VARCHAR:$", "VARCHAR:!", "VARCHAR:g"}, "VARCHAR", "hello!"},
    {"regexp_replace", {"VARCHAR:hello", "VARCHAR:l*", "VARCHAR:-", "VARCHAR:g"}, "VARCHAR", "-h-e-o-"},
    {"regexp_replace", {"VARCHAR:HELLO", "VARCHAR:l", "VARCHAR:x", "VARCHAR:gi"}, "VARCHAR", "HExxO"},
    {"regexp_replace", {"VARCHAR:aaa", "VARCHAR:^a", "VARCHAR:x", "VARCHAR:g"}, "VARCHAR", "xaa"},
    {"regexp_replace", {"VARCHAR:hello", "VARCHAR", "VARCHAR:x"}, "VARCHAR", NULL},
    {"regexp_replace", {"VARCHAR:a somewhat longer text to replace in", "VARCHAR:[aeiou]", "VARCHAR:<\\0>", "VARCHAR:g"}, "VARCHAR", "<a> s<o>m<e>wh<a>t l<o>ng<e>r t<e>xt t<o> r<e>pl<a>c<e> <i>n"},
    {"regexp_extract", {"VARCHAR:abc123", "VARCHAR:[0-9]+"}, "VARCHAR", "123"},
    {"regexp_extract", {"VARCHAR:abc", "VARCHAR:[0-9]+"}, "VARCHAR", ""},
    {"regexp_extract", {"VARCHAR:abc123", "VARCHAR:([a-z]+)([0-9]+)", "INTEGER:2"}, "VARCHAR", "123"},
    {"regexp_extract", {"VARCHAR:abc123", "VARCHAR:([a-z]+)([0-9]+)", "INTEGER:3"}, "VARCHAR", ""},
    {"regexp_extract", {"VARCHAR:abc123", "VARCHAR:([a-z]+)([0-9]+)", "INTEGER:-1"}, "!", NULL},
    {"regexp_extract", {"VARCHAR:abc123", "VARCHAR:([a-z]+)(x)?", "INTEGER:2"}, "VARCHAR", ""},
    {"regexp_extract", {"VARCHAR:ABC", "VARCHAR:b", "INTEGER:0", "VARCHAR:i"}, "VARCHAR", "B"},
    {"regexp_extract", {"VARCHAR:foobar", "VARCHAR:(?P<x>o+)", "INTEGER:1"}, "VARCHAR", "oo"},
    {"regexp_extract", {"VARCHAR:aab", "VARCHAR:a*?b"}, "VARCHAR", "aab"},
    {"regexp_extract", {"VARCHAR:aab", "VARCHAR:a+?"}, "VARCHAR", "a"},
    {"regexp_extract", {"VARCHAR:xaab", "VARCHAR:(a|ab)(c|bcd)*"}, "VARCHAR", "a"},
    {"regexp_extract", {"VARCHAR:abab", "VARCHAR:(ab)*", "INTEGER:1"}, "VARCHAR", "ab"},
    {"regexp_extract", {"VARCHAR:aa", "VARCHAR:(a*)*", "INTEGER:1"}, "VARCHAR", "aa"},
    {"regexp_extract", {"VARCHAR:b", "VARCHAR:(a*)+", "INTEGER:1"}, "VARCHAR", ""},
    {"regexp_extract", {"VARCHAR:aba", "VARCHAR:(a|b)*", "INTEGER:1"}, "VARCHAR", "a"},
    {"regexp_extract", {"VARCHAR:/usr/local/share/some/file.tar.gz", "VARCHAR:.*/(.*)\\.", "INTEGER:1"}, "VARCHAR", "file.tar"},
    {"regexp_extract", {"VARCHAR:key=value; other=thing", "VARCHAR:other=(\\w+)", "INTEGER:1"}, "VARCHAR", "thing"},
    {"regexp_extract", {"VARCHAR:\316\261\316\262\316\263\316\264", "VARCHAR:[\316\262-\316\263]+"}, "VARCHAR", "\316\262\316\263"},
    {"regexp_extract", {"VARCHAR:\316\261\316\262\316\263\316\264", "VARCHAR:.(.)", "INTEGER:1"}, "VARCHAR", "\316\262"},
    {"regexp_escape", {"VARCHAR:a.b*c"}, "VARCHAR", "a\\.b\\*c"},
    {"regexp_escape", {"VARCHAR:https://duckdb.org/\303\251_1"}, "VARCHAR", "https\\:\\/\\/duckdb\\.org\\/\303\251_1"},
    /* ---- date ---- */
    {"year", {"DATE:2024-02-29"}, "BIGINT", "2024"},
    {"year", {"TIMESTAMP:2021-01-03 12:34:56.789123"}, "BIGINT", "2021"},
    {"year", {"TIMESTAMP:0044-03-15 (BC) 01:00:00"}, "BIGINT", "-43"},
    {"year", {"TIMESTAMP:1969-12-31 23:59:59.999999"}, "BIGINT", "1969"},
    {"month", {"DATE:2024-02-29"}, "BIGINT", "2"},
    {"month", {"TIMESTAMP:2021-01-03 12:34:56.789123"}, "BIGINT", "1"},
    {"month", {"TIMESTAMP:0044-03-15 (BC) 01:00:00"}, "BIGINT", "3"},
    {"month", {"TIMESTAMP:1969-12-31 23:59:59.999999"}, "BIGINT", "12"},
    {"day", {"DATE:2024-02-29"}, "BIGINT", "29"},
    {"day", {"TIMESTAMP:2021-01-03 12:34:56.789123"}, "BIGINT", "3"},
    {"day", {"TIMESTAMP:0044-03-15 (BC) 01:00:00"}, "BIGINT", "15"},
    {"day", {"TIMESTAMP:1969-12-31 23:59:59.999999"}, "BIGINT", "31"},
    {"decade", {"DATE:2024-02-29"}, "BIGINT", "202"},
    {"decade", {"TIMESTAMP:2021-01-03 12:34:56.789123"}, "BIGINT", "202"},
    {"decade", {"TIMESTAMP:0044-03-15 (BC) 01:00:00"}, "BIGINT", "-4"},
    {"decade", {"TIMESTAMP:1969-12-31 23:59:59.999999"}, "BIGINT", "196"},
    {"century", {"DATE:2024-02-29"}, "BIGINT", "21"},
    {"century", {"TIMESTAMP:2021-01-03 12:34:56.789123"}, "BIGINT", "21"},
    {"century", {"TIMESTAMP:0044-03-15 (BC) 01:00:00"}, "BIGINT", "-1"},
    {"century", {"TIMESTAMP:1969-12-31 23:59:59.999999"}, "BIGINT", "20"},
    {"millennium", {"DATE:2024-02-29"}, "BIGINT", "3"},
    {"millennium", {"TIMESTAMP:2021-01-03 12:34:56.789123"}, "BIGINT", "3"},
    {"millennium", {"TIMESTAMP:0044-03-15 (BC) 01:00:00"}, "BIGINT", "-1"},
    {"millennium", {"TIMESTAMP:1969-12-31 23:59:59.999999"}, "BIGINT", "2"},
    {"quarter", {"DATE:2024-02-29"}, "BIGINT", "1"},
    {"quarter", {"TIMESTAMP:2021-01-03 12:34:56.789123"}, "BIGINT", "1"},
    {"quarter", {"TIMESTAMP:0044-03-15 (BC) 01:00:00"}, "BIGINT", "1"},
    {"quarter", {"TIMESTAMP:1969-12-31 23:59:59.999999"}, "BIGINT", "4"},
    {"week", {"DATE:2024-02-29"}, "BIGINT", "9"},
    {"week", {"TIMESTAMP:2021-01-03 12:34:56.789123"}, "BIGINT", "53"},
    {"week", {"TIMESTAMP:0044-03-15 (BC) 01:00:00"}, "BIGINT", "11"},
    {"week", {"TIMESTAMP:1969-12-31 23:59:59.999999"}, "BIGINT", "1"},
    {"yearweek", {"DATE:2024-02-29"}, "BIGINT", "202409"},
    {"yearweek", {"TIMESTAMP:2021-01-03 12:34:56.789123"}, "BIGINT", "202053"},
    {"yearweek", {"TIMESTAMP:0044-03-15 (BC) 01:00:00"}, "BIGINT", "-4311"},
    {"yearweek", {"TIMESTAMP:1969-12-31 23:59:59.999999"}, "BIGINT", "197001"},
    {"isoyear", {"DATE:2024-02-29"}, "BIGINT", "2024"},
    {"isoyear", {"TIMESTAMP:2021-01-03 12:34:56.789123"}, "BIGINT", "2020"},
    {"isoyear", {"TIMESTAMP:0044-03-15 (BC) 01:00:00"}, "BIGINT", "-43"},
    {"isoyear", {"TIMESTAMP:1969-12-31 23:59:59.999999"}, "BIGINT", "1970"},
    {"dayofweek", {"DATE:2024-02-29"}, "BIGINT", "4"},
    {"dayofweek", {"TIMESTAMP:2021-01-03 12:34:56.789123"}, "BIGINT", "0"},
    {"dayofweek", {"TIMESTAMP:0044-03-15 (BC) 01:00:00"}, "BIGINT", "5"},
    {"dayofweek", {"TIMESTAMP:1969-12-31 23:59:59.999999"}, "BIGINT", "3"},
    {"isodow", {"DATE:2024-02-29"}, "BIGINT", "4"},
    {"isodow", {"TIMESTAMP:2021-01-03 12:34:56.789123"}, "BIGINT", "7"},
    {"isodow", {"TIMESTAMP:0044-03-15 (BC) 01:00:00"}, "BIGINT", "5"},
    {"isodow", {"TIMESTAMP:1969-12-31 23:59:59.999999"}, "BIGINT", "3"},
    {"dayofyear", {"DATE:2024-02-29"}, "BIGINT", "60"},
    {"dayofyear", {"TIMESTAMP:2021-01-03 12:34:56.789123"}, "BIGINT", "3"},
    {"dayofyear", {"TIMESTAMP:0044-03-15 (BC) 01:00:00"}, "BIGINT", "74"},
    {"dayofyear", {"TIMESTAMP:1969-12-31 23:59:59.999999"}, "BIGINT", "365"},
    {"era", {"DATE:2024-02-29"}, "BIGINT", "1"},
    {"era", {"TIMESTAMP:2021-01-03 12:34:56.789123"}, "BIGINT", "1"},
    {"era", {"TIMESTAMP:0044-03-15 (BC) 01:00:00"}, "BIGINT", "0"},
    {"era", {"TIMESTAMP:1969-12-31 23:59:59.999999"}, "BIGINT", "1"},
    {"hour", {"DATE:2024-02-29"}, "BIGINT", "0"},
    {"hour", {"TIMESTAMP:2021-01-03 12:34:56.789123"}, "BIGINT", "12"},
    {"hour", {"TIMESTAMP:0044-03-15 (BC) 01:00:00"}, "BIGINT", "1"},
    {"hour", {"TIMESTAMP:1969-12-31 23:59:59.999999"}, "BIGINT", "23"},
    {"minute", {"DATE:2024-02-29"}, "BIGINT", "0"},
    {"minute", {"TIMESTAMP:2021-01-03 12:34:56.789123"}, "BIGINT", "34"},
    {"minute", {"TIMESTAMP:0044-03-15 (BC) 01:00:00"}, "BIGINT", "0"},
    {"minute", {"TIMESTAMP:1969-12-31 23:59:59.999999"}, "BIGINT", "59"},
    {"second", {"DATE:2024-02-29"}, "BIGINT", "0"},
    {"second", {"TIMESTAMP:2021-01-03 12:34:56.789123"}, "BIGINT", "56"},
    {"second", {"TIMESTAMP:0044-03-15 (BC) 01:00:00"}, "BIGINT", "0"},
    {"second", {"TIMESTAMP:1969-12-31 23:59:59.999999"}, "BIGINT", "59"},
    {"millisecond", {"DATE:2024-02-29"}, "BIGINT", "0"},
    {"millisecond", {"TIMESTAMP:2021-01-03 12:34:56.789123"}, "BIGINT", "56789"},
    {"millisecond", {"TIMESTAMP:0044-03-15 (BC) 01:00:00"}, "BIGINT", "0"},
    {"millisecond", {"TIMESTAMP:1969-12-31 23:59:59.999999"}, "BIGINT", "59999"},
    {"microsecond", {"DATE:2024-02-29"}, "BIGINT", "0"},
    {"microsecond", {"TIMESTAMP:2021-01-03 12:34:56.789123"}, "BIGINT", "56789123"},
    {"microsecond", {"TIMESTAMP:0044-03-15 (BC) 01:00:00"}, "BIGINT", "0"},
    {"microsecond", {"TIMESTAMP:1969-12-31 23:59:59.999999"}, "BIGINT", "59999999"},
    {"nanosecond", {"DATE:2024-02-29"}, "BIGINT", "0"},
    {"nanosecond", {"TIMESTAMP:2021-01-03 12:34:56.789123"}, "BIGINT", "56789123000"},
    {"nanosecond", {"TIMESTAMP:0044-03-15 (BC) 01:00:00"}, "BIGINT", "0"},
    {"nanosecond", {"TIMESTAMP:1969-12-31 23:59:59.999999"}, "BIGINT", "59999999000"},
    {"epoch", {"DATE:2024-02-29"}, "DOUBLE", "1709164800.0"},
    {"epoch", {"TIMESTAMP:2021-01-03 12:34:56.789123"}, "DOUBLE", "1609677296.789123"},
    {"epoch", {"TIMESTAMP:0044-03-15 (BC) 01:00:00"}, "DOUBLE", "-63517820400.0"},
    {"epoch", {"TIMESTAMP:1969-12-31 23:59:59.999999"}, "DOUBLE", "-1e-06"},
    {"julian", {"DATE:2024-02-29"}, "DOUBLE", "2460370.0"},
    {"julian", {"TIMESTAMP:2021-01-03 12:34:56.789123"}, "DOUBLE", "2459218.5242683925"},
    {"julian", {"TIMESTAMP:0044-03-15 (BC) 01:00:00"}, "DOUBLE", "1705428.0416666667"},
    {"julian", {"TIMESTAMP:1969-12-31 23:59:59.999999"}, "DOUBLE", "2440588.0"},
    {"year", {"DATE:infinity"}, "BIGINT", NULL},
    {"year", {"TIMESTAMP:-infinity"}, "BIGINT", NULL},
    {"year", {"TIMESTAMP"}, "BIGINT", NULL},
    {"year", {"TIMESTAMP_S:2024-02-29 12:34:56"}, "BIGINT", "2024"},
    {"year", {"TIMESTAMPTZ:2024-02-29 12:34:56+02"}, "BIGINT", "2024"},
    {"year", {"TIMESTAMP_NS:2024-02-29 12:34:56.123456"}, "BIGINT", "2024"},
    {"hour", {"DATE:infinity"}, "BIGINT", NULL},
    {"hour", {"TIMESTAMP:-infinity"}, "BIGINT", NULL},
    {"hour", {"TIMESTAMP"}, "BIGINT", NULL},
    {"hour", {"TIMESTAMP_S:2024-02-29 12:34:56"}, "BIGINT", "12"},
    {"hour", {"TIMESTAMPTZ:2024-02-29 12:34:56+02"}, "BIGINT", "10"},
    {"hour", {"TIMESTAMP_NS:2024-02-29 12:34:56.123456"}, "BIGINT", "12"},
    {"epoch", {"DATE:infinity"}, "DOUBLE", NULL},
    {"epoch", {"TIMESTAMP:-infinity"}, "DOUBLE", NULL},
    {"epoch", {"TIMESTAMP"}, "DOUBLE", NULL},
    {"epoch", {"TIMESTAMP_S:2024-02-29 12:34:56"}, "DOUBLE", "1709210096.0"},
    {"epoch", {"TIMESTAMPTZ:2024-02-29 12:34:56+02"}, "DOUBLE", "1709202896.0"},
    {"epoch", {"TIMESTAMP_NS:2024-02-29 12:34:56.123456"}, "DOUBLE", "1709210096.123456"},
    {"week", {"DATE:infinity"}, "BIGINT", NULL},
    {"week", {"TIMESTAMP:-infinity"}, "BIGINT", NULL},
    {"week", {"TIMESTAMP"}, "BIGINT", NULL},
    {"week", {"TIMESTAMP_S:2024-02-29 12:34:56"}, "BIGINT", "9"},
    {"week", {"TIMESTAMPTZ:2024-02-29 12:34:56+02"}, "BIGINT", "9"},
    {"week", {"TIMESTAMP_NS:2024-02-29 12:34:56.123456"}, "BIGINT", "9"},
    {"year", {"INTERVAL:14 months 40 days 30 hours 5 minutes 6.5 seconds"}, "BIGINT", "1"},
    {"year", {"INTERVAL:-1000 months -4 days -3 hours"}, "BIGINT", "-83"},
    {"month", {"INTERVAL:14 months 40 days 30 hours 5 minutes 6.5 seconds"}, "BIGINT", "2"},
    {"month", {"INTERVAL:-1000 months -4 days -3 hours"}, "BIGINT", "-4"},
    {"day", {"INTERVAL:14 months 40 days 30 hours 5 minutes 6.5 seconds"}, "BIGINT", "40"},
    {"day", {"INTERVAL:-1000 months -4 days -3 hours"}, "BIGINT", "-4"},
    {"hour", {"INTERVAL:14 months 40 days 30 hours 5 minutes 6.5 seconds"}, "BIGINT", "30"},
    {"hour", {"INTERVAL:-1000 months -4 days -3 hours"}, "BIGINT", "-3"},
    {"minute", {"INTERVAL:14 months 40 days 30 hours 5 minutes 6.5 seconds"}, "BIGINT", "5"},
    {"minute", {"INTERVAL:-1000 months -4 days -3 hours"}, "BIGINT", "0"},
    {"second", {"INTERVAL:14 months 40 days 30 hours 5 minutes 6.5 seconds"}, "BIGINT", "6"},
    {"second", {"INTERVAL:-1000 months -4 days -3 hours"}, "BIGINT", "0"},
    {"millisecond", {"INTERVAL:14 months 40 days 30 hours 5 minutes 6.5 seconds"}, "BIGINT", "6500"},
    {"millisecond", {"INTERVAL:-1000 months -4 days -3 hours"}, "BIGINT", "0"},
    {"microsecond", {"INTERVAL:14 months 40 days 30 hours 5 minutes 6.5 seconds"}, "BIGINT", "6500000"},
    {"microsecond", {"INTERVAL:-1000 months -4 days -3 hours"}, "BIGINT", "0"},
    {"quarter", {"INTERVAL:14 months 40 days 30 hours 5 minutes 6.5 seconds"}, "BIGINT", "1"},
    {"quarter", {"INTERVAL:-1000 months -4 days -3 hours"}, "BIGINT", "0"},
    {"decade", {"INTERVAL:14 months 40 days 30 hours 5 minutes 6.5 seconds"}, "BIGINT", "0"},
    {"decade", {"INTERVAL:-1000 months -4 days -3 hours"}, "BIGINT", "-8"},
    {"century", {"INTERVAL:14 months 40 days 30 hours 5 minutes 6.5 seconds"}, "BIGINT", "0"},
    {"century", {"INTERVAL:-1000 months -4 days -3 hours"}, "BIGINT", "0"},
    {"millennium", {"INTERVAL:14 months 40 days 30 hours 5 minutes 6.5 seconds"}, "BIGINT", "0"},
    {"millennium", {"INTERVAL:-1000 months -4 days -3 hours"}, "BIGINT", "0"},
    {"epoch", {"INTERVAL:14 months 40 days 30 hours 5 minutes 6.5 seconds"}, "DOUBLE", "40305906.5"},
    {"epoch", {"INTERVAL:-1000 months -4 days -3 hours"}, "DOUBLE", "-2630005200.0"},
    {"hour", {"TIME:12:34:56.789123"}, "BIGINT", "12"},
    {"minute", {"TIME:12:34:56.789123"}, "BIGINT", "34"},
    {"second", {"TIME:12:34:56.789123"}, "BIGINT", "56"},
    {"millisecond", {"TIME:12:34:56.789123"}, "BIGINT", "56789"},
    {"microsecond", {"TIME:12:34:56.789123"}, "BIGINT", "56789123"},
    {"epoch", {"TIME:12:34:56.789123"}, "DOUBLE", "45296.789123"},
    {"year", {"TIME:12:34:56.789123"}, "!", NULL},
    {"date_part", {"VARCHAR:year", "TIMESTAMP:2024-02-29 12:34:56.789"}, "BIGINT", "2024"},
    {"date_part", {"VARCHAR:epoch", "TIMESTAMP:2024-02-29 12:34:56.789"}, "DOUBLE", "1709210096.789"},
    {"date_part", {"VARCHAR:dow", "TIMESTAMP:2024-02-29 12:34:56.789"}, "BIGINT", "4"},
    {"date_part", {"VARCHAR:doy", "TIMESTAMP:2024-02-29 12:34:56.789"}, "BIGINT", "60"},
    {"date_part", {"VARCHAR:isodow", "TIMESTAMP:2024-02-29 12:34:56.789"}, "BIGINT", "4"},
    {"date_part", {"VARCHAR:timezone", "TIMESTAMP:2024-02-29 12:34:56.789"}, "BIGINT", "0"},
    {"date_part", {"VARCHAR:mins", "TIMESTAMP:2024-02-29 12:34:56.789"}, "BIGINT", "34"},
    {"date_part", {"VARCHAR:foo", "TIMESTAMP:2024-02-29 12:34:56.789"}, "!", NULL},
    {"date_part", {"VARCHAR:Y", "TIMESTAMP:2024-02-29 12:34:56.789"}, "BIGINT", "2024"},
    {"date_part", {"VARCHAR:ms", "TIMESTAMP:2024-02-29 12:34:56.789"}, "BIGINT", "56789"},
    {"epoch_ms", {"TIMESTAMP:2024-01-01 00:00:00.5"}, "BIGINT", "1704067200500"},
    {"epoch_us", {"TIMESTAMP:1969-01-01 00:00:00.5"}, "BIGINT", "-31535999500000"},
    {"epoch_ns", {"TIMESTAMP:2024-01-01 00:00:00.5"}, "BIGINT", "1704067200500000000"},
    {"epoch_ms", {"TIMESTAMP:1969-12-31 23:59:59.999999"}, "BIGINT", "0"},
    {"epoch_ns", {"TIMESTAMP_NS:2024-01-01 00:00:00.123456789"}, "BIGINT", "1704067200123456789"},
    {"epoch_ms", {"BIGINT:1704067200500"}, "TIMESTAMP", "2024-01-01 00:00:00.5"},
    {"epoch_ms", {"INTEGER:17"}, "TIMESTAMP", "1970-01-01 00:00:00.017"},
    {"epoch_ms", {"DATE:2024-01-01"}, "BIGINT", "1704067200000"},
    {"epoch_ms", {"BIGINT:9223372036854775807"}, "!", NULL},
    {"epoch_us", {"INTERVAL:1 month 1 day"}, "BIGINT", "2678400000000"},
    {"epoch_ms", {"TIME:01:00:00"}, "BIGINT", "3600000"},
    {"epoch_ns", {"TIMESTAMP:5000-01-01"}, "!", NULL},
    {"date_trunc", {"VARCHAR:month", "TIMESTAMP:2024-02-29 12:34:56.789123"}, "TIMESTAMP", "2024-02-01 00:00:00"},
    {"date_trunc", {"VARCHAR:month", "TIMESTAMP:1969-02-28 12:34:56.789123"}, "TIMESTAMP", "1969-02-01 00:00:00"},
    {"date_trunc", {"VARCHAR:month", "DATE:2021-01-01"}, "TIMESTAMP", "2021-01-01 00:00:00"},
    {"date_trunc", {"VARCHAR:month", "INTERVAL:1400 months 40 days 30 hours 5 minutes 6.5 seconds"}, "INTERVAL", "116 years 8 months"},
    {"date_trunc", {"VARCHAR:hour", "TIMESTAMP:2024-02-29 12:34:56.789123"}, "TIMESTAMP", "2024-02-29 12:00:00"},
    {"date_trunc", {"VARCHAR:hour", "TIMESTAMP:1969-02-28 12:34:56.789123"}, "TIMESTAMP", "1969-02-28 12:00:00"},
    {"date_trunc", {"VARCHAR:hour", "DATE:2021-01-01"}, "TIMESTAMP", "2021-01-01 00:00:00"},
    {"date_trunc", {"VARCHAR:hour", "INTERVAL:1400 months 40 days 30 hours 5 minutes 6.5 seconds"}, "INTERVAL", "116 years 8 months 40 days 30:00:00"},
    {"date_trunc", {"VARCHAR:day", "TIMESTAMP:2024-02-29 12:34:56.789123"}, "TIMESTAMP", "2024-02-29 00:00:00"},
    {"date_trunc", {"VARCHAR:day", "TIMESTAMP:1969-02-28 12:34:56.789123"}, "TIMESTAMP", "1969-02-28 00:00:00"},
    {"date_trunc", {"VARCHAR:day", "DATE:2021-01-01"}, "TIMESTAMP", "2021-01-01 00:00:00"},
    {"date_trunc", {"VARCHAR:day", "INTERVAL:1400 months 40 days 30 hours 5 minutes 6.5 seconds"}, "INTERVAL", "116 years 8 months 40 days"},
    {"date_trunc", {"VARCHAR:week", "TIMESTAMP:2024-02-29 12:34:56.789123"}, "TIMESTAMP", "2024-02-26 00:00:00"},
    {"date_trunc", {"VARCHAR:week", "TIMESTAMP:1969-02-28 12:34:56.789123"}, "TIMESTAMP", "1969-02-24 00:00:00"},
    {"date_trunc", {"VARCHAR:week", "DATE:2021-01-01"}, "TIMESTAMP", "2020-12-28 00:00:00"},
    {"date_trunc", {"VARCHAR:week", "INTERVAL:1400 months 40 days 30 hours 5 minutes 6.5 seconds"}, "INTERVAL", "116 years 8 months 35 days"},
    {"date_trunc", {"VARCHAR:quarter", "TIMESTAMP:2024-02-29 12:34:56.789123"}, "TIMESTAMP", "2024-01-01 00:00:00"},
    {"date_trunc", {"VARCHAR:quarter", "TIMESTAMP:1969-02-28 12:34:56.789123"}, "TIMESTAMP", "1969-01-01 00:00:00"},
    {"date_trunc", {"VARCHAR:quarter", "DATE:2021-01-01"}, "TIMESTAMP", "2021-01-01 00:00:00"},
    {"date_trunc", {"VARCHAR:quarter", "INTERVAL:1400 months 40 days 30 hours 5 minutes 6.5 seconds"}, "INTERVAL", "116 years 6 months"},
    {"date_trunc", {"VARCHAR:year", "TIMESTAMP:2024-02-29 12:34:56.789123"}, "TIMESTAMP", "2024-01-01 00:00:00"},
    {"date_trunc", {"VARCHAR:year", "TIMESTAMP:1969-02-28 12:34:56.789123"}, "TIMESTAMP", "1969-01-01 00:00:00"},
    {"date_trunc", {"VARCHAR:year", "DATE:2021-01-01"}, "TIMESTAMP", "2021-01-01 00:00:00"},
    {"date_trunc", {"VARCHAR:year", "INTERVAL:1400 months 40 days 30 hours 5 minutes 6.5 seconds"}, "INTERVAL", "116 years"},
    {"date_trunc", {"VARCHAR:decade", "TIMESTAMP:2024-02-29 12:34:56.789123"}, "TIMESTAMP", "2020-01-01 00:00:00"},
    {"date_trunc", {"VARCHAR:decade", "TIMESTAMP:1969-02-28 12:34:56.789123"}, "TIMESTAMP", "1960-01-01 00:00:00"},
    {"date_trunc", {"VARCHAR:decade", "DATE:2021-01-01"}, "TIMESTAMP", "2020-01-01 00:00:00"},
    {"date_trunc", {"VARCHAR:decade", "INTERVAL:1400 months 40 days 30 hours 5 minutes 6.5 seconds"}, "INTERVAL", "110 years"},
    {"date_trunc", {"VARCHAR:century", "TIMESTAMP:2024-02-29 12:34:56.789123"}, "TIMESTAMP", "2000-01-01 00:00:00"},
    {"date_trunc", {"VARCHAR:century", "TIMESTAMP:1969-02-28 12:34:56.789123"}, "TIMESTAMP", "1900-01-01 00:00:00"},
    {"date_trunc", {"VARCHAR:century", "DATE:2021-01-01"}, "TIMESTAMP", "2000-01-01 00:00:00"},
    {"date_trunc", {"VARCHAR:century", "INTERVAL:1400 months 40 days 30 hours 5 minutes 6.5 seconds"}, "INTERVAL", "100 years"},
    {"date_trunc", {"VARCHAR:millennium", "TIMESTAMP:2024-02-29 12:34:56.789123"}, "TIMESTAMP", "2000-01-01 00:00:00"},
    {"date_trunc", {"VARCHAR:millennium", "TIMESTAMP:1969-02-28 12:34:56.789123"}, "TIMESTAMP", "1000-01-01 00:00:00"},
    {"date_trunc", {"VARCHAR:millennium", "DATE:2021-01-01"}, "TIMESTAMP", "2000-01-01 00:00:00"},
    {"date_trunc", {"VARCHAR:millennium", "INTERVAL:1400 months 40 days 30 hours 5 minutes 6.5 seconds"}, "INTERVAL", "00:00:00"},
    {"date_trunc", {"VARCHAR:isoyear", "TIMESTAMP:2024-02-29 12:34:56.789123"}, "TIMESTAMP", "2024-01-01 00:00:00"},
    {"date_trunc", {"VARCHAR:isoyear", "TIMESTAMP:1969-02-28 12:34:56.789123"}, "TIMESTAMP", "1968-12-30 00:00:00"},
    {"date_trunc", {"VARCHAR:isoyear", "DATE:2021-01-01"}, "TIMESTAMP", "2019-12-30 00:00:00"},
    {"date_trunc", {"VARCHAR:isoyear", "INTERVAL:1400 months 40 days 30 hours 5 minutes 6.5 seconds"}, "INTERVAL", "116 years"},
    {"date_trunc", {"VARCHAR:milliseconds", "TIMESTAMP:2024-02-29 12:34:56.789123"}, "TIMESTAMP", "2024-02-29 12:34:56.789"},
    {"date_trunc", {"VARCHAR:milliseconds", "TIMESTAMP:1969-02-28 12:34:56.789123"}, "TIMESTAMP", "1969-02-28 12:34:56.789"},
    {"date_trunc", {"VARCHAR:milliseconds", "DATE:2021-01-01"}, "TIMESTAMP", "2021-01-01 00:00:00"},
    {"date_trunc", {"VARCHAR:milliseconds", "INTERVAL:1400 months 40 days 30 hours 5 minutes 6.5 seconds"}, "INTERVAL", "116 years 8 months 40 days 30:05:06.5"},
    {"date_trunc", {"VARCHAR:microseconds", "TIMESTAMP:2024-02-29 12:34:56.789123"}, "TIMESTAMP", "2024-02-29 12:34:56.789123"},
    {"date_trunc", {"VARCHAR:microseconds", "TIMESTAMP:1969-02-28 12:34:56.789123"}, "TIMESTAMP", "1969-02-28 12:34:56.789123"},
    {"date_trunc", {"VARCHAR:microseconds", "DATE:2021-01-01"}, "TIMESTAMP", "2021-01-01 00:00:00"},
    {"date_trunc", {"VARCHAR:microseconds", "INTERVAL:1400 months 40 days 30 hours 5 minutes 6.5 seconds"}, "INTERVAL", "116 years 8 months 40 days 30:05:06.5"},
    {"date_trunc", {"VARCHAR:second", "TIMESTAMP:2024-02-29 12:34:56.789123"}, "TIMESTAMP", "2024-02-29 12:34:56"},
    {"date_trunc", {"VARCHAR:second", "TIMESTAMP:1969-02-28 12:34:56.789123"}, "TIMESTAMP", "1969-02-28 12:34:56"},
    {"date_trunc", {"VARCHAR:second", "DATE:2021-01-01"}, "TIMESTAMP", "2021-01-01 00:00:00"},
    {"date_trunc", {"VARCHAR:second", "INTERVAL:1400 months 40 days 30 hours 5 minutes 6.5 seconds"}, "INTERVAL", "116 years 8 months 40 days 30:05:06"},
    {"date_trunc", {"VARCHAR:minute", "TIMESTAMP:2024-02-29 12:34:56.789123"}, "TIMESTAMP", "2024-02-29 12:34:00"},
    {"date_trunc", {"VARCHAR:minute", "TIMESTAMP:1969-02-28 12:34:56.789123"}, "TIMESTAMP", "1969-02-28 12:34:00"},
    {"date_trunc", {"VARCHAR:minute", "DATE:2021-01-01"}, "TIMESTAMP", "2021-01-01 00:00:00"},
    {"date_trunc", {"VARCHAR:minute", "INTERVAL:1400 months 40 days 30 hours 5 minutes 6.5 seconds"}, "INTERVAL", "116 years 8 months 40 days 30:05:00"},
    {"date_trunc", {"VARCHAR:dow", "TIMESTAMP:2024-02-29 12:34:56.789123"}, "TIMESTAMP", "2024-02-29 00:00:00"},
    {"date_trunc", {"VARCHAR:dow", "TIMESTAMP:1969-02-28 12:34:56.789123"}, "TIMESTAMP", "1969-02-28 00:00:00"},
    {"date_trunc", {"VARCHAR:dow", "DATE:2021-01-01"}, "TIMESTAMP", "2021-01-01 00:00:00"},
    {"date_trunc", {"VARCHAR:yearweek", "TIMESTAMP:2024-02-29 12:34:56.789123"}, "TIMESTAMP", "2024-02-26 00:00:00"},
    {"date_trunc", {"VARCHAR:yearweek", "TIMESTAMP:1969-02-28 12:34:56.789123"}, "TIMESTAMP", "1969-02-24 00:00:00"},
    {"date_trunc", {"VARCHAR:yearweek", "DATE:2021-01-01"}, "TIMESTAMP", "2020-12-28 00:00:00"},
    {"date_trunc", {"VARCHAR:yearweek", "INTERVAL:1400 months 40 days 30 hours 5 minutes 6.5 seconds"}, "INTERVAL", "116 years 8 months 35 days"},
    {"date_trunc", {"VARCHAR:epoch", "TIMESTAMP:2024-02-29 12:34:56.789123"}, "TIMESTAMP", "2024-02-29 12:34:56"},
    {"date_trunc", {"VARCHAR:epoch", "TIMESTAMP:1969-02-28 12:34:56.789123"}, "TIMESTAMP", "1969-02-28 12:34:56"},
    {"date_trunc", {"VARCHAR:epoch", "DATE:2021-01-01"}, "TIMESTAMP", "2021-01-01 00:00:00"},
    {"date_trunc", {"VARCHAR:epoch", "INTERVAL:1400 months 40 days 30 hours 5 minutes 6.5 seconds"}, "INTERVAL", "116 years 8 months 40 days 30:05:06"},
    {"date_trunc", {"VARCHAR:foo", "TIMESTAMP:2024-02-29 12:34:56.789123"}, "!", NULL},
    {"date_trunc", {"VARCHAR:foo", "TIMESTAMP:1969-02-28 12:34:56.789123"}, "!", NULL},
    {"date_trunc", {"VARCHAR:foo", "DATE:2021-01-01"}, "!", NULL},
    {"date_trunc", {"VARCHAR:foo", "INTERVAL:1400 months 40 days 30 hours 5 minutes 6.5 seconds"}, "!", NULL},
    {"date_trunc", {"VARCHAR:month", "DATE:infinity"}, "TIMESTAMP", "infinity"},
    {"date_trunc", {"VARCHAR:hour", "TIMESTAMP:-infinity"}, "TIMESTAMP", "-infinity"},
    {"date_trunc", {"VARCHAR:minute", "TIMESTAMPTZ:2024-02-29 12:34:56.789123"}, "TIMESTAMP WITH TIME ZONE", "2024-02-29 12:34:00+00"},
    {"date_trunc", {"VARCHAR", "DATE:2024-02-29"}, "TIMESTAMP", NULL},
    {"datetrunc", {"VARCHAR:day", "TIMESTAMP:0044-03-15 (BC) 01:00:00"}, "TIMESTAMP", "0044-03-15 (BC) 00:00:00"},
    {"date_trunc", {"VARCHAR:century", "TIMESTAMP:0044-03-15 (BC) 01:00:00"}, "TIMESTAMP", "0001-01-01 (BC) 00:00:00"},
    {"date_diff", {"VARCHAR:year", "TIMESTAMP:2020-01-31 23:00:00", "TIMESTAMP:2023-12-31 12:00:00"}, "BIGINT", "3"},
    {"date_diff", {"VARCHAR:year", "TIMESTAMP:2024-10-01 00:00:30", "TIMESTAMP:2020-01-28 23:00:00"}, "BIGINT", "-4"},
    {"date_diff", {"VARCHAR:year", "TIMESTAMP:1969-02-01 23:00:30", "TIMESTAMP:1970-12-31 00:00:00"}, "BIGINT", "1"},
    {"date_diff", {"VARCHAR:year", "TIMESTAMP:2000-12-11 23:00:00", "TIMESTAMP:1970-03-28 23:00:30"}, "BIGINT", "-30"},
    {"date_sub", {"VARCHAR:year", "TIMESTAMP:1969-12-31 00:59:30", "TIMESTAMP:2024-03-21 12:59:30"}, "BIGINT", "54"},
    {"date_sub", {"VARCHAR:year", "TIMESTAMP:2024-03-31 00:00:30", "TIMESTAMP:1999-12-31 12:59:30"}, "BIGINT", "-24"},
    {"date_sub", {"VARCHAR:year", "TIMESTAMP:1970-03-28 23:59:00", "TIMESTAMP:2023-02-28 12:00:30"}, "BIGINT", "52"},
    {"date_sub", {"VARCHAR:year", "TIMESTAMP:2024-12-28 12:00:00", "TIMESTAMP:1970-12-01 12:00:00"}, "BIGINT", "-54"},
    {"date_diff", {"VARCHAR:year", "DATE:1999-02-28", "DATE:2023-06-01"}, "BIGINT", "24"},
    {"date_diff", {"VARCHAR:month", "TIMESTAMP:1969-03-31 12:59:30", "TIMESTAMP:2000-02-29 12:59:00"}, "BIGINT", "371"},
    {"date_diff", {"VARCHAR:month", "TIMESTAMP:2024-04-01 00:59:00", "TIMESTAMP:1969-03-01 23:59:00"}, "BIGINT", "-661"},
    {"date_diff", {"VARCHAR:month", "TIMESTAMP:1999-02-07 23:00:00", "TIMESTAMP:4578-02-23 12:59:30"}, "BIGINT", "30948"},
    {"date_diff", {"VARCHAR:month", "TIMESTAMP:1999-02-28 12:00:30", "TIMESTAMP:2023-01-13 12:00:30"}, "BIGINT", "287"},
    {"date_sub", {"VARCHAR:month", "TIMESTAMP:2023-12-28 00:00:00", "TIMESTAMP:2024-03-31 23:59:30"}, "BIGINT", "3"},
    {"date_sub", {"VARCHAR:month", "TIMESTAMP:2020-01-26 23:00:30", "TIMESTAMP:1999-03-28 23:59:30"}, "BIGINT", "-249"},
    {"date_sub", {"VARCHAR:month", "TIMESTAMP:1970-01-28 23:59:00", "TIMESTAMP:2020-09-28 23:00:00"}, "BIGINT", "607"},
    {"date_sub", {"VARCHAR:month", "TIMESTAMP:2020-08-01 12:59:00", "TIMESTAMP:1999-03-01 23:00:00"}, "BIGINT", "-256"},
    {"date_diff", {"VARCHAR:month", "DATE:1969-10-31", "DATE:1999-12-09"}, "BIGINT", "362"},
    {"date_diff", {"VARCHAR:day", "TIMESTAMP:2023-12-01 12:00:00", "TIMESTAMP:2023-03-28 12:00:00"}, "BIGINT", "-248"},
    {"date_diff", {"VARCHAR:day", "TIMESTAMP:6526-02-06 23:59:30", "TIMESTAMP:1999-03-31 12:59:30"}, "BIGINT", "-1653400"},
    {"date_diff", {"VARCHAR:day", "TIMESTAMP:1970-06-28 00:00:00", "TIMESTAMP:2023-03-31 00:59:30"}, "BIGINT", "19269"},
    {"date_diff", {"VARCHAR:day", "TIMESTAMP:2020-09-28 00:59:00", "TIMESTAMP:1970-03-31 12:00:00"}, "BIGINT", "-18444"},
    {"date_sub", {"VARCHAR:day", "TIMESTAMP:2000-12-28 12:59:00", "TIMESTAMP:1999-02-28 12:59:00"}, "BIGINT", "-669"},
    {"date_sub", {"VARCHAR:day", "TIMESTAMP:4751-02-28 12:00:00", "TIMESTAMP:1999-12-31 23:59:30"}, "BIGINT", "-1004840"},
    {"date_sub", {"VARCHAR:day", "TIMESTAMP:1970-03-01 12:00:00", "TIMESTAMP:1969-02-01 12:59:00"}, "BIGINT", "-392"},
    {"date_sub", {"VARCHAR:day", "TIMESTAMP:2023-12-28 12:00:30", "TIMESTAMP:0742-02-28 12:59:30"}, "BIGINT", "-468178"},
    {"date_diff", {"VARCHAR:day", "DATE:2024-02-29", "DATE:1999-04-30"}, "BIGINT", "-9071"},
    {"date_diff", {"VARCHAR:hour", "TIMESTAMP:1970-03-31 23:00:30", "TIMESTAMP:5344-03-24 00:59:00"}, "BIGINT", "29575705"},
    {"date_diff", {"VARCHAR:hour", "TIMESTAMP:2024-11-26 23:00:00", "TIMESTAMP:2024-03-28 23:00:00"}, "BIGINT", "-5832"},
    {"date_diff", {"VARCHAR:hour", "TIMESTAMP:1999-03-28 23:00:00", "TIMESTAMP:2000-03-08 00:59:30"}, "BIGINT", "8281"},
    {"date_diff", {"VARCHAR:hour", "TIMESTAMP:2023-03-01 23:00:00", "TIMESTAMP:1969-03-31 12:00:30"}, "BIGINT", "-472643"},
    {"date_sub", {"VARCHAR:hour", "TIMESTAMP:2023-02-28 23:59:30", "TIMESTAMP:7634-02-28 12:00:30"}, "BIGINT", "49185012"},
    {"date_sub", {"VARCHAR:hour", "TIMESTAMP:2023-12-31 00:00:00", "TIMESTAMP:2000-02-20 00:59:00"}, "BIGINT", "-209159"},
    {"date_sub", {"VARCHAR:hour", "TIMESTAMP:8158-01-01 23:59:30", "TIMESTAMP:2020-03-31 12:00:30"}, "BIGINT", "-53802467"},
    {"date_sub", {"VARCHAR:hour", "TIMESTAMP:1970-02-01 12:59:30", "TIMESTAMP:1970-07-28 12:00:30"}, "BIGINT", "4247"},
    {"date_diff", {"VARCHAR:hour", "DATE:2024-03-31", "DATE:1969-01-26"}, "BIGINT", "-483672"},
    {"date_diff", {"VARCHAR:minute", "TIMESTAMP:1970-08-01 12:59:00", "TIMESTAMP:2020-12-31 23:59:30"}, "BIGINT", "26518260"},
    {"date_diff", {"VARCHAR:minute", "TIMESTAMP:2000-08-31 23:00:00", "TIMESTAMP:3406-02-28 12:59:00"}, "BIGINT", "739217639"},
    {"date_diff", {"VARCHAR:minute", "TIMESTAMP:1999-01-28 12:00:30", "TIMESTAMP:1999-12-28 00:59:30"}, "BIGINT", "480299"},
    {"date_diff", {"VARCHAR:minute", "TIMESTAMP:2024-03-31 23:00:00", "TIMESTAMP:1999-12-28 12:00:00"}, "BIGINT", "-12759060"},
    {"date_sub", {"VARCHAR:minute", "TIMESTAMP:1970-12-31 12:59:30", "TIMESTAMP:2023-02-05 00:59:00"}, "BIGINT", "27401039"},
    {"date_sub", {"VARCHAR:minute", "TIMESTAMP:2024-02-01 12:00:30", "TIMESTAMP:1970-01-31 23:00:30"}, "BIGINT", "-28401900"},
    {"date_sub", {"VARCHAR:minute", "TIMESTAMP:1999-01-31 12:59:30", "TIMESTAMP:3971-02-28 12:59:00"}, "BIGINT", "1037211839"},
    {"date_sub", {"VARCHAR:minute", "TIMESTAMP:1999-12-31 12:59:00", "TIMESTAMP:2024-03-31 12:00:00"}, "BIGINT", "12754021"},
    {"date_diff", {"VARCHAR:minute", "DATE:2023-12-28", "DATE:2000-01-28"}, "BIGINT", "-12578400"},
    {"date_diff", {"VARCHAR:second", "TIMESTAMP:2020-01-01 00:59:00", "TIMESTAMP:2020-12-28 00:00:30"}, "BIGINT", "31273290"},
    {"date_diff", {"VARCHAR:second", "TIMESTAMP:2020-11-30 23:59:30", "TIMESTAMP:5435-01-31 12:59:00"}, "BIGINT", "107740673970"},
    {"date_diff", {"VARCHAR:second", "TIMESTAMP:1970-03-31 23:59:00", "TIMESTAMP:6107-03-12 00:59:00"}, "BIGINT", "130549366800"},
    {"date_diff", {"VARCHAR:second", "TIMESTAMP:2024-01-01 00:59:00", "TIMESTAMP:1969-03-31 23:59:30"}, "BIGINT", "-1727830770"},
    {"date_sub", {"VARCHAR:second", "TIMESTAMP:2024-12-26 00:00:00", "TIMESTAMP:1758-12-28 12:59:00"}, "BIGINT", "-8393972460"},
    {"date_sub", {"VARCHAR:second", "TIMESTAMP:2020-03-27 23:00:30", "TIMESTAMP:5236-06-30 00:00:30"}, "BIGINT", "101495293200"},
    {"date_sub", {"VARCHAR:second", "TIMESTAMP:2024-08-31 12:00:00", "TIMESTAMP:2023-01-28 12:00:00"}, "BIGINT", "-50198400"},
    {"date_sub", {"VARCHAR:second", "TIMESTAMP:1970-08-01 23:00:30", "TIMESTAMP:2000-03-28 00:59:00"}, "BIGINT", "935805510"},
    {"date_diff", {"VARCHAR:second", "DATE:1999-02-28", "DATE:1999-01-28"}, "BIGINT", "-2678400"},
    {"date_diff", {"VARCHAR:millisecond", "TIMESTAMP:3787-01-31 00:00:00", "TIMESTAMP:2020-08-09 00:59:00"}, "BIGINT", "-55744671660000"},
    {"date_diff", {"VARCHAR:millisecond", "TIMESTAMP:1969-02-01 00:00:00", "TIMESTAMP:1970-03-31 00:00:30"}, "BIGINT", "36547230000"},
    {"date_diff", {"VARCHAR:millisecond", "TIMESTAMP:8980-12-28 00:00:00", "TIMESTAMP:2000-03-28 00:59:30"}, "BIGINT", "-220291311630000"},
    {"date_diff", {"VARCHAR:millisecond", "TIMESTAMP:1970-03-31 12:00:00", "TIMESTAMP:2020-01-01 12:59:00"}, "BIGINT", "1570150740000"},
    {"date_sub", {"VARCHAR:millisecond", "TIMESTAMP:2024-01-05 12:00:30", "TIMESTAMP:2020-03-01 00:00:30"}, "BIGINT", "-121435200000"},
    {"date_sub", {"VARCHAR:millisecond", "TIMESTAMP:1999-02-01 12:59:00", "TIMESTAMP:2023-12-01 00:59:00"}, "BIGINT", "783518400000"},
    {"date_sub", {"VARCHAR:millisecond", "TIMESTAMP:2020-02-28 00:59:30", "TIMESTAMP:2020-02-02 23:00:30"}, "BIGINT", "-2167140000"},
    {"date_sub", {"VARCHAR:millisecond", "TIMESTAMP:1970-12-18 23:59:30", "TIMESTAMP:1970-03-15 00:00:30"}, "BIGINT", "-24105540000"},
    {"date_diff", {"VARCHAR:millisecond", "DATE:1999-08-28", "DATE:2020-12-01"}, "BIGINT", "670982400000"},
    {"date_diff", {"VARCHAR:microsecond", "TIMESTAMP:2023-03-25 00:59:00", "TIMESTAMP:2023-01-01 12:59:00"}, "BIGINT", "-7128000000000"},
    {"date_diff", {"VARCHAR:microsecond", "TIMESTAMP:2023-06-30 23:59:30", "TIMESTAMP:2000-12-31 23:00:30"}, "BIGINT", "-709865940000000"},
    {"date_diff", {"VARCHAR:microsecond", "TIMESTAMP:2024-02-01 12:59:30", "TIMESTAMP:2000-02-02 12:00:30"}, "BIGINT", "-757299540000000"},
    {"date_diff", {"VARCHAR:microsecond", "TIMESTAMP:1970-03-28 23:00:30", "TIMESTAMP:2023-02-06 00:59:30"}, "BIGINT", "1668131940000000"},
    {"date_sub", {"VARCHAR:microsecond", "TIMESTAMP:1969-01-31 12:59:30", "TIMESTAMP:1969-02-01 00:00:00"}, "BIGINT", "39630000000"},
    {"date_sub", {"VARCHAR:microsecond", "TIMESTAMP:1969-01-28 12:59:00", "TIMESTAMP:1969-12-31 00:00:30"}, "BIGINT", "29070090000000"},
    {"date_sub", {"VARCHAR:microsecond", "TIMESTAMP:2023-02-28 12:59:00", "TIMESTAMP:1969-10-15 23:59:00"}, "BIGINT", "-1684242000000000"},
    {"date_sub", {"VARCHAR:microsecond", "TIMESTAMP:2024-01-01 00:00:00", "TIMESTAMP:2024-10-31 00:59:00"}, "BIGINT", "26269140000000"},
    {"date_diff", {"VARCHAR:microsecond", "DATE:2000-03-01", "DATE:1970-12-03"}, "BIGINT", "-922838400000000"},
    {"date_diff", {"VARCHAR:quarter", "TIMESTAMP:1999-01-28 23:59:00", "TIMESTAMP:1970-11-28 00:00:00"}, "BIGINT", "-113"},
    {"date_diff", {"VARCHAR:quarter", "TIMESTAMP:2000-02-06 00:59:30", "TIMESTAMP:1970-11-28 23:00:00"}, "BIGINT", "-117"},
    {"date_diff", {"VARCHAR:quarter", "TIMESTAMP:1999-03-31 23:00:00", "TIMESTAMP:2024-01-04 12:00:00"}, "BIGINT", "100"},
    {"date_diff", {"VARCHAR:quarter", "TIMESTAMP:2024-01-01 00:59:00", "TIMESTAMP:2023-12-31 00:00:00"}, "BIGINT", "-1"},
    {"date_sub", {"VARCHAR:quarter", "TIMESTAMP:2000-01-01 23:00:30", "TIMESTAMP:1969-03-31 12:00:30"}, "BIGINT", "-123"},
    {"date_sub", {"VARCHAR:quarter", "TIMESTAMP:5257-05-01 00:59:00", "TIMESTAMP:5682-01-31 00:59:00"}, "BIGINT", "1698"},
    {"date_sub", {"VARCHAR:quarter", "TIMESTAMP:2024-02-29 12:00:30", "TIMESTAMP:3024-03-31 00:59:00"}, "BIGINT", "4000"},
    {"date_sub", {"VARCHAR:quarter", "TIMESTAMP:3794-01-01 23:00:30", "TIMESTAMP:2023-12-01 23:00:30"}, "BIGINT", "-7080"},
    {"date_diff", {"VARCHAR:quarter", "DATE:2000-12-31", "DATE:2024-06-30"}, "BIGINT", "94"},
    {"date_diff", {"VARCHAR:decade", "TIMESTAMP:7589-03-31 12:00:00", "TIMESTAMP:2000-12-31 00:59:30"}, "BIGINT", "-558"},
    {"date_diff", {"VARCHAR:decade", "TIMESTAMP:1999-02-09 00:00:00", "TIMESTAMP:2020-03-28 00:00:00"}, "BIGINT", "3"},
    {"date_diff", {"VARCHAR:decade", "TIMESTAMP:1999-12-31 12:00:30", "TIMESTAMP:2024-03-20 23:00:30"}, "BIGINT", "3"},
    {"date_diff", {"VARCHAR:decade", "TIMESTAMP:1999-11-01 23:00:30", "TIMESTAMP:1969-01-01 23:00:30"}, "BIGINT", "-3"},
    {"date_sub", {"VARCHAR:decade", "TIMESTAMP:6940-01-28 23:00:30", "TIMESTAMP:1970-01-28 00:00:30"}, "BIGINT", "-497"},
    {"date_sub", {"VARCHAR:decade", "TIMESTAMP:1657-02-28 23:59:30", "TIMESTAMP:6724-02-13 00:59:00"}, "BIGINT", "506"},
    {"date_sub", {"VARCHAR:decade", "TIMESTAMP:2000-12-31 12:59:30", "TIMESTAMP:1999-12-01 12:59:00"}, "BIGINT", "0"},
    {"date_sub", {"VARCHAR:decade", "TIMESTAMP:2020-02-16 00:00:30", "TIMESTAMP:6772-05-01 12:59:00"}, "BIGINT", "475"},
    {"date_diff", {"VARCHAR:decade", "DATE:1970-03-31", "DATE:2000-12-28"}, "BIGINT", "3"},
    {"date_diff", {"VARCHAR:century", "TIMESTAMP:1970-01-27 00:59:00", "TIMESTAMP:1999-03-31 00:00:00"}, "BIGINT", "0"},
    {"date_diff", {"VARCHAR:century", "TIMESTAMP:1969-02-28 23:00:30", "TIMESTAMP:3234-02-01 12:00:00"}, "BIGINT", "13"},
    {"date_diff", {"VARCHAR:century", "TIMESTAMP:1970-02-28 12:59:00", "TIMESTAMP:1999-02-18 00:00:30"}, "BIGINT", "0"},
    {"date_diff", {"VARCHAR:century", "TIMESTAMP:7668-03-31 12:00:00", "TIMESTAMP:2024-01-02 12:00:30"}, "BIGINT", "-56"},
    {"date_sub", {"VARCHAR:century", "TIMESTAMP:2020-02-28 12:00:30", "TIMESTAMP:5593-09-30 12:59:30"}, "BIGINT", "35"},
    {"date_sub", {"VARCHAR:century", "TIMESTAMP:2000-03-28 23:59:30", "TIMESTAMP:3335-03-28 00:00:00"}, "BIGINT", "13"},
    {"date_sub", {"VARCHAR:century", "TIMESTAMP:1970-09-30 00:00:00", "TIMESTAMP:2024-09-28 23:00:00"}, "BIGINT", "0"},
    {"date_sub", {"VARCHAR:century", "TIMESTAMP:0647-02-28 00:59:00", "TIMESTAMP:1969-03-31 12:00:30"}, "BIGINT", "13"},
    {"date_diff", {"VARCHAR:century", "DATE:1969-12-19", "DATE:1970-12-31"}, "BIGINT", "0"},
    {"date_diff", {"VARCHAR:millennium", "TIMESTAMP:2023-12-01 12:00:00", "TIMESTAMP:2023-01-31 23:00:30"}, "BIGINT", "0"},
    {"date_diff", {"VARCHAR:millennium", "TIMESTAMP:2024-02-29 23:59:30", "TIMESTAMP:2024-01-31 23:00:30"}, "BIGINT", "0"},
    {"date_diff", {"VARCHAR:millennium", "TIMESTAMP:2000-12-28 12:59:30", "TIMESTAMP:2020-01-31 12:59:30"}, "BIGINT", "0"},
    {"date_diff", {"VARCHAR:millennium", "TIMESTAMP:2000-03-31 23:59:00", "TIMESTAMP:2000-12-31 12:00:30"}, "BIGINT", "0"},
    {"date_sub", {"VARCHAR:millennium", "TIMESTAMP:2024-03-31 00:59:00", "TIMESTAMP:2000-12-31 23:59:30"}, "BIGINT", "0"},
    {"date_sub", {"VARCHAR:millennium", "TIMESTAMP:1999-05-31 23:00:30", "TIMESTAMP:1970-08-03 00:00:30"}, "BIGINT", "0"},
    {"date_sub", {"VARCHAR:millennium", "TIMESTAMP:2000-03-16 00:00:00", "TIMESTAMP:2020-03-12 12:00:00"}, "BIGINT", "0"},
    {"date_sub", {"VARCHAR:millennium", "TIMESTAMP:0731-01-12 00:00:30", "TIMESTAMP:1969-05-31 00:59:00"}, "BIGINT", "1"},
    {"date_diff", {"VARCHAR:millennium", "DATE:2000-01-15", "DATE:1999-12-31"}, "BIGINT", "-1"},
    {"date_diff", {"VARCHAR:week", "TIMESTAMP:2023-12-04 12:59:00", "TIMESTAMP:1970-12-31 00:00:00"}, "BIGINT", "-2761"},
    {"date_diff", {"VARCHAR:week", "TIMESTAMP:2000-01-01 00:59:30", "TIMESTAMP:2023-03-01 23:59:30"}, "BIGINT", "1208"},
    {"date_diff", {"VARCHAR:week", "TIMESTAMP:1728-03-31 12:59:00", "TIMESTAMP:1999-01-15 00:00:00"}, "BIGINT", "14129"},
    {"date_diff", {"VARCHAR:week", "TIMESTAMP:1969-02-28 12:00:00", "TIMESTAMP:1969-02-01 00:59:00"}, "BIGINT", "-3"},
    {"date_sub", {"VARCHAR:week", "TIMESTAMP:2020-12-01 00:59:30", "TIMESTAMP:1999-01-09 12:00:30"}, "BIGINT", "-1142"},
    {"date_sub", {"VARCHAR:week", "TIMESTAMP:2023-12-31 23:00:00", "TIMESTAMP:2000-03-01 12:59:00"}, "BIGINT", "-1243"},
    {"date_sub", {"VARCHAR:week", "TIMESTAMP:2023-03-31 23:59:00", "TIMESTAMP:0263-03-01 23:59:00"}, "BIGINT", "-91836"},
    {"date_sub", {"VARCHAR:week", "TIMESTAMP:1970-12-28 00:00:00", "TIMESTAMP:1999-01-01 23:59:30"}, "BIGINT", "1461"},
    {"date_diff", {"VARCHAR:week", "DATE:1999-03-22", "DATE:2023-12-14"}, "BIGINT", "1290"},
    {"date_diff", {"VARCHAR:isoyear", "TIMESTAMP:4617-01-31 23:59:00", "TIMESTAMP:1969-02-28 00:59:30"}, "BIGINT", "-2648"},
    {"date_diff", {"VARCHAR:isoyear", "TIMESTAMP:2023-03-01 12:59:00", "TIMESTAMP:2023-12-31 23:00:00"}, "BIGINT", "0"},
    {"date_diff", {"VARCHAR:isoyear", "TIMESTAMP:2023-04-30 12:00:00", "TIMESTAMP:1999-01-27 12:00:30"}, "BIGINT", "-24"},
    {"date_diff", {"VARCHAR:isoyear", "TIMESTAMP:1969-02-28 12:59:00", "TIMESTAMP:2023-02-28 00:00:30"}, "BIGINT", "54"},
    {"date_sub", {"VARCHAR:isoyear", "TIMESTAMP:2020-12-28 23:00:30", "TIMESTAMP:1969-12-28 23:59:30"}, "BIGINT", "-50"},
    {"date_sub", {"VARCHAR:isoyear", "TIMESTAMP:1969-02-28 12:00:30", "TIMESTAMP:2020-03-01 00:00:00"}, "BIGINT", "51"},
    {"date_sub", {"VARCHAR:isoyear", "TIMESTAMP:1970-01-31 23:59:30", "TIMESTAMP:2024-01-01 12:00:00"}, "BIGINT", "53"},
    {"date_sub", {"VARCHAR:isoyear", "TIMESTAMP:2023-03-31 23:59:00", "TIMESTAMP:2020-01-01 12:59:30"}, "BIGINT", "-3"},
    {"date_diff", {"VARCHAR:isoyear", "DATE:2023-12-28", "DATE:1969-08-10"}, "BIGINT", "-54"},
    {"date_diff", {"VARCHAR:dow", "TIMESTAMP:1999-04-28 12:00:30", "TIMESTAMP:1999-06-30 00:59:00"}, "BIGINT", "63"},
    {"date_diff", {"VARCHAR:dow", "TIMESTAMP:2020-01-28 00:59:30", "TIMESTAMP:2023-02-22 12:59:30"}, "BIGINT", "1121"},
    {"date_diff", {"VARCHAR:dow", "TIMESTAMP:1999-10-28 23:00:30", "TIMESTAMP:2020-01-28 23:00:30"}, "BIGINT", "7397"},
    {"date_diff", {"VARCHAR:dow", "TIMESTAMP:2020-03-28 12:59:30", "TIMESTAMP:1969-03-13 12:59:00"}, "BIGINT", "-18643"},
    {"date_sub", {"VARCHAR:dow", "TIMESTAMP:1970-03-31 00:59:30", "TIMESTAMP:2023-03-27 12:00:30"}, "BIGINT", "19354"},
    {"date_sub", {"VARCHAR:dow", "TIMESTAMP:2024-03-31 23:59:30", "TIMESTAMP:1970-12-01 12:59:00"}, "BIGINT", "-19479"},
    {"date_sub", {"VARCHAR:dow", "TIMESTAMP:1999-12-12 23:00:00", "TIMESTAMP:6902-12-25 23:59:00"}, "BIGINT", "1790797"},
    {"date_sub", {"VARCHAR:dow", "TIMESTAMP:1969-03-28 00:59:30", "TIMESTAMP:1970-02-28 00:00:30"}, "BIGINT", "336"},
    {"date_diff", {"VARCHAR:dow", "DATE:2024-11-30", "DATE:2024-05-31"}, "BIGINT", "-183"},
    {"age", {"TIMESTAMP:2020-08-28 23:00:00", "TIMESTAMP:2023-02-28 00:00:00"}, "INTERVAL", "-2 years -5 months -30 days -01:00:00"},
    {"date_sub", {"VARCHAR:month", "TIMESTAMP:8561-08-01 23:59:00", "TIMESTAMP:1969-02-28 23:00:30"}, "BIGINT", "-79109"},
    {"age", {"TIMESTAMP:3141-12-31 12:00:30", "TIMESTAMP:1999-02-01 00:59:00"}, "INTERVAL", "1142 years 10 months 30 days 11:01:30"},
    {"date_sub", {"VARCHAR:month", "TIMESTAMP:2000-07-28 00:00:30", "TIMESTAMP:1970-12-31 00:00:00"}, "BIGINT", "-354"},
    {"age", {"TIMESTAMP:1969-02-28 12:00:30", "TIMESTAMP:1970-12-01 12:59:00"}, "INTERVAL", "-1 year -9 months -1 day -00:58:30"},
    {"date_sub", {"VARCHAR:month", "TIMESTAMP:1999-03-01 12:00:30", "TIMESTAMP:1999-02-28 00:59:30"}, "BIGINT", "0"},
    {"age", {"TIMESTAMP:2020-03-07 23:00:30", "TIMESTAMP:1999-12-01 12:59:30"}, "INTERVAL", "20 years 3 months 6 days 10:01:00"},
    {"date_sub", {"VARCHAR:month", "TIMESTAMP:1999-07-31 00:00:30", "TIMESTAMP:2024-11-30 23:00:00"}, "BIGINT", "304"},
    {"age", {"TIMESTAMP:1969-01-03 23:59:00", "TIMESTAMP:2000-02-01 12:59:30"}, "INTERVAL", "-31 years -28 days -13:00:30"},
    {"date_sub", {"VARCHAR:month", "TIMESTAMP:6609-02-28 23:59:30", "TIMESTAMP:0414-12-31 12:00:30"}, "BIGINT", "-74330"},
    {"age", {"TIMESTAMP:2024-01-01 12:00:30", "TIMESTAMP:2000-02-01 23:59:30"}, "INTERVAL", "23 years 10 months 28 days 12:01:00"},
    {"date_sub", {"VARCHAR:month", "TIMESTAMP:2024-03-02 00:00:00", "TIMESTAMP:1969-03-01 23:59:00"}, "BIGINT", "-660"},
    {"age", {"TIMESTAMP:2023-12-28 23:59:00", "TIMESTAMP:1970-11-01 00:00:30"}, "INTERVAL", "53 years 1 month 27 days 23:58:30"},
    {"date_sub", {"VARCHAR:month", "TIMESTAMP:2020-02-29 00:00:30", "TIMESTAMP:1970-02-28 23:59:30"}, "BIGINT", "-600"},
    {"age", {"TIMESTAMP:1999-01-31 23:59:30", "TIMESTAMP:2020-10-28 00:59:00"}, "INTERVAL", "-21 years -8 months -27 days -00:59:30"},
    {"date_sub", {"VARCHAR:month", "TIMESTAMP:2537-02-28 12:59:00", "TIMESTAMP:2024-03-01 12:00:00"}, "BIGINT", "-6155"},
    {"age", {"TIMESTAMP:5317-08-31 00:00:00", "TIMESTAMP:7677-03-31 23:59:30"}, "INTERVAL", "-2359 years -7 months -23:59:30"},
    {"date_sub", {"VARCHAR:month", "TIMESTAMP:1999-03-28 23:59:30", "TIMESTAMP:2023-01-28 12:59:00"}, "BIGINT", "285"},
    {"age", {"TIMESTAMP:2020-03-31 00:59:30", "TIMESTAMP:1969-03-31 00:00:30"}, "INTERVAL", "51 years 00:59:00"},
    {"date_sub", {"VARCHAR:month", "TIMESTAMP:1999-12-31 12:00:00", "TIMESTAMP:2020-12-31 00:59:30"}, "BIGINT", "251"},
    {"age", {"TIMESTAMP:1999-03-01 23:59:00", "TIMESTAMP:2023-01-17 12:00:30"}, "INTERVAL", "-23 years -10 months -15 days -12:01:30"},
    {"date_sub", {"VARCHAR:month", "TIMESTAMP:2020-02-29 23:59:00", "TIMESTAMP:2023-03-28 23:00:30"}, "BIGINT", "36"},
    {"age", {"TIMESTAMP:2024-03-31 23:59:30", "TIMESTAMP:2020-03-31 00:00:30"}, "INTERVAL", "4 years 23:59:00"},
    {"date_sub", {"VARCHAR:month", "TIMESTAMP:2020-11-12 12:59:00", "TIMESTAMP:1970-01-01 00:00:00"}, "BIGINT", "-610"},
    {"age", {"TIMESTAMP:2023-04-28 00:59:00", "TIMESTAMP:2023-12-31 12:00:30"}, "INTERVAL", "-8 months -3 days -11:01:30"},
    {"date_sub", {"VARCHAR:month", "TIMESTAMP:2023-11-28 12:00:00", "TIMESTAMP:2023-03-31 00:00:30"}, "BIGINT", "-7"},
    {"age", {"TIMESTAMP:2024-12-31 23:00:30", "TIMESTAMP:1999-01-31 23:59:00"}, "INTERVAL", "25 years 10 months 30 days 23:01:30"},
    {"date_sub", {"VARCHAR:month", "TIMESTAMP:2023-03-17 12:59:00", "TIMESTAMP:2023-06-30 23:00:30"}, "BIGINT", "3"},
    {"age", {"TIMESTAMP:1999-12-01 00:59:00", "TIMESTAMP:2000-02-28 23:59:00"}, "INTERVAL", "-2 months -27 days -23:00:00"},
    {"date_sub", {"VARCHAR:month", "TIMESTAMP:2000-01-28 12:59:00", "TIMESTAMP:2023-03-27 12:59:00"}, "BIGINT", "277"},
    {"age", {"TIMESTAMP:1970-04-30 23:00:30", "TIMESTAMP:2024-02-28 12:59:30"}, "INTERVAL", "-53 years -9 months -27 days -13:59:00"},
    {"date_sub", {"VARCHAR:month", "TIMESTAMP:1969-03-31 00:00:30", "TIMESTAMP:2020-02-29 23:59:30"}, "BIGINT", "611"},
    {"age", {"TIMESTAMP:2020-01-01 12:00:30", "TIMESTAMP:1999-01-28 23:00:30"}, "INTERVAL", "20 years 11 months 3 days 13:00:00"},
    {"date_sub", {"VARCHAR:month", "TIMESTAMP:1969-03-28 12:59:00", "TIMESTAMP:1969-02-01 23:59:30"}, "BIGINT", "-1"},
    {"age", {"TIMESTAMP:1970-03-31 12:59:30", "TIMESTAMP:2023-04-30 23:59:30"}, "INTERVAL", "-53 years -30 days -11:00:00"},
    {"date_sub", {"VARCHAR:month", "TIMESTAMP:1970-01-31 00:59:30", "TIMESTAMP:2024-03-31 00:59:30"}, "BIGINT", "650"},
    {"age", {"TIMESTAMP:2000-01-01 00:00:00", "TIMESTAMP:1969-02-28 23:00:30"}, "INTERVAL", "30 years 10 months 00:59:30"},
    {"date_sub", {"VARCHAR:month", "TIMESTAMP:1999-03-31 12:59:30", "TIMESTAMP:2024-01-03 12:59:30"}, "BIGINT", "297"},
    {"age", {"TIMESTAMP:2024-03-19 00:59:30", "TIMESTAMP:2023-02-01 00:59:30"}, "INTERVAL", "1 year 1 month 18 days"},
    {"date_sub", {"VARCHAR:month", "TIMESTAMP:1969-09-30 23:59:00", "TIMESTAMP:4225-03-21 12:59:30"}, "BIGINT", "27065"},
    {"date_diff", {"VARCHAR:hour", "TIME:00:59:00", "TIME:01:00:00"}, "BIGINT", "1"},
    {"date_sub", {"VARCHAR:hour", "TIME:00:59:00", "TIME:01:00:00"}, "BIGINT", "0"},
    {"date_diff", {"VARCHAR:day", "DATE:infinity", "DATE:2024-01-01"}, "BIGINT", NULL},
    {"date_diff", {"VARCHAR:foo", "DATE:2024-01-01", "DATE:2024-01-01"}, "!", NULL},
    {"datediff", {"VARCHAR:day", "TIMESTAMPTZ:2024-01-01", "TIMESTAMPTZ:2024-02-01"}, "BIGINT", "31"},
    {"datesub", {"VARCHAR:day", "DATE:2024-01-01", "DATE"}, "BIGINT", NULL},
    {"date_add", {"DATE:2024-01-31", "INTERVAL:1 month"}, "TIMESTAMP", "2024-02-29 00:00:00"},
    {"date_add", {"TIMESTAMP:2024-01-31 01:02:03", "INTERVAL:1 month 2 hours"}, "TIMESTAMP", "2024-02-29 03:02:03"},
    {"last_day", {"DATE:2024-02-10"}, "DATE", "2024-02-29"},
    {"last_day", {"TIMESTAMP:2023-02-10 12:00:00"}, "DATE", "2023-02-28"},
    {"last_day", {"DATE:infinity"}, "DATE", NULL},
    {"dayname", {"DATE:2024-03-03"}, "VARCHAR", "Sunday"},
    {"dayname", {"TIMESTAMP:2024-03-06 23:00:00"}, "VARCHAR", "Wednesday"},
    {"monthname", {"DATE:2024-09-03"}, "VARCHAR", "September"},
    {"monthname", {"DATE:-infinity"}, "VARCHAR", NULL},
    {"make_date", {"INTEGER:2024", "INTEGER:2", "INTEGER:29"}, "DATE", "2024-02-29"},
    {"make_date", {"INTEGER:2023", "INTEGER:2", "INTEGER:29"}, "!", NULL},
    {"make_date", {"INTEGER:-5", "INTEGER:2", "INTEGER:2"}, "DATE", "0006-02-02 (BC)"},
    {"make_date", {"BIGINT:9223372036854775807", "INTEGER:2", "INTEGER:2"}, "!", NULL},
    {"make_date", {"INTEGER:5"}, "DATE", "1970-01-06"},
    {"make_time", {"INTEGER:12", "INTEGER:34", "DOUBLE:56.789"}, "TIME", "12:34:56.789"},
    {"make_time", {"INTEGER:25", "INTEGER:0", "DOUBLE:0"}, "!", NULL},
    {"make_time", {"INTEGER:24", "INTEGER:0", "DOUBLE:0"}, "TIME", "24:00:00"},
    {"make_time", {"INTEGER:12", "INTEGER:60", "DOUBLE:0"}, "!", NULL},
    {"make_time", {"INTEGER:12", "INTEGER:6", "DOUBLE:nan"}, "!", NULL},
    {"make_timestamp", {"INTEGER:2024", "INTEGER:2", "INTEGER:29", "INTEGER:12", "INTEGER:34", "DOUBLE:56.789"}, "TIMESTAMP", "2024-02-29 12:34:56.789"},
    {"make_timestamp", {"INTEGER:2024", "INTEGER:2", "INTEGER:30", "INTEGER:12", "INTEGER:34", "DOUBLE:56.789"}, "!", NULL},
    {"make_timestamp", {"BIGINT:1704067200000000"}, "TIMESTAMP", "2024-01-01 00:00:00"},
    {"make_timestamp_ms", {"BIGINT:1704067200000"}, "TIMESTAMP", "2024-01-01 00:00:00"},
    {"make_timestamp_ns", {"BIGINT:1704067200000000001"}, "TIMESTAMP_NS", "2024-01-01 00:00:00.000000001"},
    {"make_timestamptz", {"INTEGER:2024", "INTEGER:2", "INTEGER:29", "INTEGER:12", "INTEGER:34", "DOUBLE:56.789"}, "TIMESTAMP WITH TIME ZONE", "2024-02-29 12:34:56.789+00"},
    {"strftime", {"DATE:2024-02-29", "VARCHAR:%Y/%m/%d %a"}, "VARCHAR", "2024/02/29 Thu"},
    {"strftime", {"TIMESTAMP:2024-02-29 12:34:56.789", "VARCHAR:%d.%m.%Y %H:%M:%S.%f"}, "VARCHAR", "29.02.2024 12:34:56.789000"},
    {"strftime", {"VARCHAR:%Y", "DATE:2024-02-29"}, "VARCHAR", "2024"},
    {"strftime", {"TIMESTAMP:2024-02-29 12:34:56.789", "VARCHAR"}, "VARCHAR", NULL},
    {"strftime", {"DATE:infinity", "VARCHAR:%Y"}, "VARCHAR", "infinity"},
    {"strftime", {"DATE:2024-02-29", "VARCHAR:%Q"}, "!", NULL},
    {"strptime", {"VARCHAR:29/02/2024", "VARCHAR:%d/%m/%Y"}, "TIMESTAMP", "2024-02-29 00:00:00"},
    {"strptime", {"VARCHAR:29/02/2023", "VARCHAR:%d/%m/%Y"}, "!", NULL},
    {"try_strptime", {"VARCHAR:29/02/2023", "VARCHAR:%d/%m/%Y"}, "TIMESTAMP", NULL},
    {"try_strptime", {"VARCHAR:Monday, 29 January 2024 - 03:04:05 PM", "VARCHAR:%A, %d %B %Y - %I:%M:%S %p"}, "TIMESTAMP", "2024-01-29 15:04:05"},
    {"try_strptime", {"VARCHAR", "VARCHAR:%d"}, "TIMESTAMP", NULL},
    {"to_timestamp", {"DOUBLE:1704067200.5"}, "TIMESTAMP WITH TIME ZONE", "2024-01-01 00:00:00.5+00"},
    {"to_timestamp", {"INTEGER:-5"}, "TIMESTAMP WITH TIME ZONE", "1969-12-31 23:59:55+00"},
    {"to_timestamp", {"DOUBLE:nan"}, "!", NULL},
    {"to_timestamp", {"DOUBLE:1e300"}, "!", NULL},
    {"to_years", {"INTEGER:2"}, "INTERVAL", "2 years"},
    {"to_months", {"INTEGER:-2"}, "INTERVAL", "-2 months"},
    {"to_days", {"INTEGER:2"}, "INTERVAL", "2 days"},
    {"to_weeks", {"INTEGER:2"}, "INTERVAL", "14 days"},
    {"to_hours", {"INTEGER:25"}, "INTERVAL", "25:00:00"},
    {"to_minutes", {"INTEGER:2"}, "INTERVAL", "00:02:00"},
    {"to_microseconds", {"INTEGER:2"}, "INTERVAL", "00:00:00.000002"},
    {"to_quarters", {"INTEGER:2"}, "INTERVAL", "6 months"},
    {"to_decades", {"INTEGER:2"}, "INTERVAL", "20 years"},
    {"to_centuries", {"INTEGER:1"}, "INTERVAL", "100 years"},
    {"to_millennia", {"INTEGER:1"}, "INTERVAL", "1000 years"},
    {"to_years", {"INTEGER:2000000000"}, "!", NULL},
    {"to_hours", {"BIGINT:9223372036854775807"}, "!", NULL},
    {"to_days", {"BIGINT:3000000000"}, "!", NULL},
    {"to_seconds", {"DOUBLE:2.5"}, "INTERVAL", "00:00:02.5"},
    {"to_seconds", {"DOUBLE:1e300"}, "!", NULL},
    {"to_milliseconds", {"DOUBLE:2.5"}, "INTERVAL", "00:00:00.0025"},
    {"to_seconds", {"INTEGER:3"}, "INTERVAL", "00:00:03"},
    {"age", {"DATE:2024-03-01", "DATE:2023-01-31"}, "INTERVAL", "1 year 1 month 1 day"},
    {"age", {"DATE:infinity", "DATE:2023-01-31"}, "INTERVAL", NULL},
    {"age", {"TIMESTAMP:2023-01-31"}, "INTERVAL", "11 months 2 days"},
    {"time_bucket", {"INTERVAL:1 hour", "TIMESTAMP:2024-01-01 12:34:56"}, "TIMESTAMP", "2024-01-01 12:00:00"},
    {"time_bucket", {"INTERVAL:3 days", "DATE:2024-01-05"}, "DATE", "2024-01-03"},
    {"time_bucket", {"INTERVAL:2 months", "DATE:2024-04-05"}, "DATE", "2024-03-01"},
    {"time_bucket", {"INTERVAL:15 minutes", "TIMESTAMP:2024-01-01 12:34:56", "INTERVAL:5 minutes"}, "TIMESTAMP", "2024-01-01 12:20:00"},
    {"time_bucket", {"INTERVAL:15 minutes", "TIMESTAMP:2024-01-01 12:34:56", "TIMESTAMP:2024-01-01 00:07:00"}, "TIMESTAMP", "2024-01-01 12:22:00"},
    {"time_bucket", {"INTERVAL:1 month 1 day", "DATE:2024-04-05"}, "!", NULL},
    {"time_bucket", {"INTERVAL:-1 day", "DATE:2024-04-05"}, "!", NULL},
    {"time_bucket", {"INTERVAL:2 months", "DATE:2024-04-05", "DATE:2000-02-01"}, "DATE", "2024-04-01"},
    {"time_bucket", {"INTERVAL:7 days", "TIMESTAMP:1969-04-05 10:00:00"}, "TIMESTAMP", "1969-03-31 00:00:00"},
    {"time_bucket", {"INTERVAL:1 year", "TIMESTAMP:1969-04-05 10:00:00"}, "TIMESTAMP", "1969-01-01 00:00:00"},
    {"time_bucket", {"INTERVAL:5 months", "TIMESTAMP:1969-04-05 10:00:00"}, "TIMESTAMP", "1969-03-01 00:00:00"},
    {"time_bucket", {"INTERVAL:1 day", "DATE:infinity"}, "DATE", "infinity"},
    {"time_bucket", {"INTERVAL:2 months", "DATE:2024-04-05", "INTERVAL:3 days"}, "DATE", "2024-03-04"},
    {"timezone", {"VARCHAR:UTC", "TIMESTAMP:2024-01-01 01:00:00"}, "TIMESTAMP WITH TIME ZONE", "2024-01-01 01:00:00+00"},
    {"timezone", {"VARCHAR:UTC", "TIMESTAMPTZ:2024-01-01 01:00:00"}, "TIMESTAMP", "2024-01-01 01:00:00"},
    {"timezone", {"VARCHAR:Mars/Phobos", "TIMESTAMP:2024-01-01"}, "!", NULL},
    {"normalized_interval", {"INTERVAL:14 months 40 days 30 hours"}, "INTERVAL", "1 year 3 months 11 days 06:00:00"},
    {"normalized_interval", {"INTERVAL:-1 months 40 days -30 hours"}, "INTERVAL", "8 days 18:00:00"},
    {"now", {NULL}, "TIMESTAMP WITH TIME ZONE", "2024-01-02 03:04:05.123456+00"},
    {"current_date", {NULL}, "DATE", "2024-01-02"},
    {"today", {NULL}, "DATE", "2024-01-02"},
    {"current_time", {NULL}, "TIME", "03:04:05.123456"},
    {"localtimestamp", {NULL}, "TIMESTAMP", "2024-01-02 03:04:05.123456"},
    /* ---- misc ---- */
    {"greatest", {"INTEGER:1", "INTEGER", "INTEGER:3"}, "INTEGER", "3"},
    {"greatest", {"INTEGER", "INTEGER"}, "INTEGER", NULL},
    {"greatest", {"INTEGER:1"}, "INTEGER", "1"},
    {"greatest", {"DOUBLE:nan", "DOUBLE:1"}, "DOUBLE", "nan"},
    {"least", {"DOUBLE:nan", "DOUBLE:1"}, "DOUBLE", "1.0"},
    {"least", {"VARCHAR:b", "VARCHAR:a"}, "VARCHAR", "a"},
    {"greatest", {"VARCHAR:the quick brown fox", "VARCHAR:the quick brown dog", "VARCHAR:the"}, "VARCHAR", "the quick brown fox"},
    {"least", {"DATE:2020-01-01", "TIMESTAMP:2019-01-01"}, "TIMESTAMP", "2019-01-01 00:00:00"},
    {"greatest", {"BOOLEAN:true", "BOOLEAN:false"}, "BOOLEAN", "true"},
    {"least", {"HUGEINT:1", "INTEGER:2"}, "HUGEINT", "1"},
    {"least", {"TINYINT:1", "UTINYINT:2"}, "SMALLINT", "1"},
    {"greatest", {"DECIMAL(10,2):1.25", "DECIMAL(4,1):1.3"}, "DECIMAL(10,2)", "1.30"},
    {"greatest", {"FLOAT:1.5", "INTEGER:1"}, "FLOAT", "1.5"},
    {"greatest", {"UBIGINT:18446744073709551615", "UBIGINT:1"}, "UBIGINT", "18446744073709551615"},
    {"typeof", {"INTEGER:1"}, "VARCHAR", "INTEGER"},
    {"typeof", {"INTEGER"}, "VARCHAR", "INTEGER"},
    {"typeof", {"NULL"}, "VARCHAR", "\"NULL\""},
    {"typeof", {"DECIMAL(4,2):1.5"}, "VARCHAR", "DECIMAL(4,2)"},
    {"typeof", {"TIMESTAMPTZ:2024-01-01"}, "VARCHAR", "TIMESTAMP WITH TIME ZONE"},
    {"pg_typeof", {"INTEGER:1"}, "VARCHAR", "integer"},
    {"constant_or_null", {"INTEGER:1", "INTEGER:2"}, "INTEGER", "1"},
    {"constant_or_null", {"INTEGER:1", "INTEGER"}, "INTEGER", NULL},
    {"current_schema", {NULL}, "VARCHAR", "main"},
    {"current_database", {NULL}, "VARCHAR", "memory"},
    {"error", {"VARCHAR:x"}, "!", NULL},
    {"error", {"VARCHAR"}, "NULL", NULL},
    {"version", {NULL}, "VARCHAR", "v0.1.0"},
};

/* ---- one world for all ---- */

typedef struct function_world {
    tni_memory memory;
    tni_arena arena;
    tni_env env;
    tni_settings settings;
    tni_math math;
    tni_error error;
} function_world;

static void world_open(function_world *w) {
    trueno_allocator allocator;
    memset(w, 0, sizeof *w);
    tni_allocator_default(&allocator);
    tni_memory_init(&w->memory, &allocator, UINT64_MAX / 2);
    tni_arena_init(&w->arena, &w->memory);
    w->env.memory = &w->memory;
    w->env.kernels = tni_kernels_pick(TRUENO_BACKEND_AUTO);
    (void)tni_math_load(&w->math);
    w->env.math = &w->math;
    w->settings.random_seed = 42;
    w->settings.now = INT64_C(1704164645123456); /* 2024-01-02 03:04:05.123456 */
}

static void world_close(function_world *w) {
    tni_arena_free(&w->arena);
    tni_math_unload(&w->math);
    TNI_CHECK_EQ_INT(tni_atomic_load_i64(&w->memory.used), 0);
}

static bool case_type(const char *text, size_t length, tni_type *out) {
    unsigned precision, scale;
    if (length > 8 && memcmp(text, "DECIMAL(", 8) == 0 &&
        sscanf(text, "DECIMAL(%u,%u)", &precision, &scale) == 2) {
        *out = tni_type_decimal((uint8_t)precision, (uint8_t)scale);
        return true;
    }
    if (length == 4 && memcmp(text, "NULL", 4) == 0) {
        *out = tni_type_make(TRUENO_TYPE_NULL);
        return true;
    }
    return tni_type_by_name(text, length, out);
}

/* "TYPE:text" */
static bool case_value(function_world *w, const char *text, tni_value *out) {
    const char *colon = strchr(text, ':');
    size_t length = colon ? (size_t)(colon - text) : strlen(text);
    tni_value in;
    tni_type type;
    if (!case_type(text, length, &type)) {
        return false;
    }
    *out = tni_value_null(type);
    if (!colon) {
        return true;
    }
    in = tni_value_string(tni_type_make(TRUENO_TYPE_VARCHAR),
                          tni_string_make(colon + 1, strlen(colon + 1)));
    if (type.id == TRUENO_TYPE_VARCHAR) {
        *out = in;
        return true;
    }
    return tni_cast_value(&w->env, &w->arena, &in, type, out, &w->error) == TRUENO_OK;
}

/* ---- running a case ---- */

typedef struct bound_case {
    const tni_function *function;
    tni_bind_call call;
    tni_type types[MOST_ARGUMENTS];
    tni_value values[MOST_ARGUMENTS];
    const tni_value *constants[MOST_ARGUMENTS];
} bound_case;

/* `known`: bit i set when argument i is a constant. */
static trueno_status case_bind(function_world *w, const function_case *c, uint32_t known,
                               bound_case *b) {
    uint32_t i, count = 0;
    memset(b, 0, sizeof *b);
    tni_error_clear(&w->error);
    while (count < MOST_ARGUMENTS && c->arguments[count]) {
        if (!TNI_CHECK(case_value(w, c->arguments[count], &b->values[count]))) {
            printf("    %s: argument %s\n", c->name, c->arguments[count]);
            return TRUENO_ERROR_INTERNAL;
        }
        b->types[count] = b->values[count].type;
        b->constants[count] = known >> count & 1 ? &b->values[count] : NULL;
        count++;
    }
    b->call.arena = &w->arena;
    b->call.env = &w->env;
    b->call.settings = &w->settings;
    b->call.name = c->name;
    b->call.position = TNI_NO_POSITION;
    b->call.count = count;
    b->call.types = b->types;
    b->call.constants = b->constants;
    TNI_TRY(tni_function_resolve(&b->call, &b->function, &w->error));
    for (i = 0; i < count; i++) {
        tni_value cast;
        TNI_TRY(tni_cast_value(&w->env, &w->arena, &b->values[i], b->types[i], &cast, &w->error));
        cast.type = b->types[i];
        b->values[i] = cast;
    }
    return TRUENO_OK;
}

/* Which rows of a vector hold the case's arguments; the others are NULL (1) or masked (2). */
static int row_kind(uint32_t row) {
    return row % 5 == 3 ? 1 : row % 7 == 4 ? 2 : 0;
}

typedef struct flat_argument {
    TNI_ALIGN8 uint8_t data[ROWS * 16];
    uint64_t validity[TNI_VECTOR_WORDS];
    uint8_t constant[16];
} flat_argument;

static void case_argument(const tni_value *value, bool constant, uint32_t rows, flat_argument *f,
                          tni_vector *v) {
    uint32_t width = tni_type_width(value->type), i;
    if (constant) {
        *v = tni_vector_constant(value, f->constant);
        return;
    }
    memset(v, 0, sizeof *v);
    memset(f->validity, 0, sizeof f->validity);
    for (i = 0; i < rows; i++) {
        uint8_t *slot = f->data + (size_t)i * width;
        if (row_kind(i) == 1 || value->is_null) {
            memset(slot, tni_type_is_string(value->type) ? 0 : (int)(i * 37 % 256), width);
            if (tni_type_physical(value->type) == TNI_PHYSICAL_BOOL) {
                *slot = 1;
            }
        } else {
            tni_value_store(value, slot);
            tni_bit_set(f->validity, i);
        }
    }
    v->type = value->type;
    v->form = TNI_FORM_FLAT;
    v->data = f->data;
    v->validity = f->validity;
}

static void case_describe(const function_case *c, const char *how) {
    uint32_t i;
    printf("    %s(", c->name);
    for (i = 0; i < MOST_ARGUMENTS && c->arguments[i]; i++) {
        printf("%s%s", i ? ", " : "", c->arguments[i]);
    }
    printf(") %s\n", how);
}

static bool case_compare(const function_case *c, const tni_call *call, uint32_t row,
                         function_world *w, const char *how) {
    tni_text text;
    bool valid = tni_bit_get(call->validity, row), good;
    if (!c->result || !valid) {
        if (!TNI_CHECK(!c->result == !valid)) {
            case_describe(c, how);
            printf("    row %u is %s\n", row, valid ? "not NULL" : "NULL");
        }
        return !c->result == !valid;
    }
    tni_text_init(&text, &w->memory);
    tni_type_print_value(call->type,
                         (const uint8_t *)call->out + (size_t)row * tni_type_width(call->type),
                         &text);
    good = TNI_CHECK_TEXT(text.data ? text.data : "", c->result);
    if (!good) {
        case_describe(c, how);
    }
    tni_text_free(&text);
    return good;
}

/* Strings: the bytes past the end are zero, long ones repeat their first four. */
static void case_string_form(const function_case *c, const tni_call *call, uint32_t row) {
    tni_string s, again;
    if (!tni_type_is_string(call->type)) {
        return;
    }
    s = ((const tni_string *)call->out)[row];
    if (!tni_bit_get(call->validity, row)) {
        return;
    }
    again = tni_string_make(tni_string_data(&s), s.length);
    if (!TNI_CHECK(memcmp(&s, &again, sizeof s) == 0)) {
        case_describe(c, "string form");
    }
}

static void case_run(function_world *w, const function_case *c, uint32_t known, uint32_t rows,
                     const char *how) {
    static flat_argument flat[MOST_ARGUMENTS];
    tni_vector vectors[MOST_ARGUMENTS];
    uint64_t validity[TNI_VECTOR_WORDS], active[TNI_VECTOR_WORDS], none[TNI_VECTOR_WORDS];
    TNI_ALIGN8 uint8_t out[ROWS * 16];
    tni_arena heap;
    bound_case b;
    tni_call call;
    trueno_status status = case_bind(w, c, known, &b);
    bool fails = c->type[0] == '!', nulls;
    char type[40];
    uint32_t i;
    if (status == TRUENO_ERROR_UNSUPPORTED && strstr(w->error.message, "constant")) {
        return;
    }
    if (status != TRUENO_OK) {
        if (!TNI_CHECK(fails)) {
            case_describe(c, w->error.message);
        }
        return;
    }
    nulls = (b.function->flags & TNI_FUNCTION_NULLS) != 0;
    tni_type_print(b.call.result, type);
    if (strcmp(c->name, "date_part") == 0 && b.call.result.id == TRUENO_TYPE_DOUBLE && !(known & 1)) {
        return; /* any part may come: always a DOUBLE */
    }
    if (!fails && !TNI_CHECK_TEXT(type, c->type)) {
        case_describe(c, "type");
        return;
    }
    tni_bitmap_fill(validity, rows, true);
    memset(active, 0, sizeof active);
    memset(none, 0, sizeof none);
    for (i = 0; i < b.call.count; i++) {
        uint32_t word;
        case_argument(&b.values[i], known >> i & 1, rows, &flat[i], &vectors[i]);
        for (word = 0; word < tni_bitmap_words(rows) && !nulls; word++) {
            validity[word] &= !(known >> i & 1)      ? flat[i].validity[word]
                              : b.values[i].is_null ? 0
                                                    : ~UINT64_C(0);
        }
    }
    for (i = 0; i < rows; i++) {
        if (rows == 1 || row_kind(i) != 2) {
            tni_bit_set(active, i);
        }
    }
    tni_arena_init(&heap, &w->memory);
    memset(&call, 0, sizeof call);
    memset(out, 0xa5, sizeof out);
    tni_error_clear(&w->error);
    call.env = &w->env;
    call.settings = &w->settings;
    call.error = &w->error;
    call.bound = b.call.bound;
    call.rows = rows;
    call.count = b.call.count;
    call.arguments = vectors;
    call.active = fails ? none : active;
    call.type = b.call.result;
    call.out = out;
    call.validity = validity;
    call.heap = &heap;
    status = b.function->eval(&call);
    if (!TNI_CHECK(status == TRUENO_OK)) {
        case_describe(c, how);
        printf("    %s\n", w->error.message);
    } else if (fails) { /* nothing counted so far; now everything does */
        bool any = false;
        call.active = NULL;
        for (i = 0; i < rows; i++) {
            any = any || tni_bit_get(validity, i);
        }
        if (any && !TNI_CHECK(b.function->eval(&call) != TRUENO_OK && w->error.message[0])) {
            case_describe(c, how);
        }
    } else {
        for (i = 0; i < rows; i++) {
            if (rows == 1 || row_kind(i) == 0 || known == UINT32_MAX) {
                if (!case_compare(c, &call, i, w, how)) {
                    break;
                }
                case_string_form(c, &call, i);
            } else if (row_kind(i) == 1 && !nulls && b.call.count > 0) {
                if (!TNI_CHECK(!tni_bit_get(validity, i))) {
                    case_describe(c, how);
                }
            }
        }
    }
    tni_arena_free(&heap);
}

static void test_cases(function_world *w) {
    size_t i;
    for (i = 0; i < TNI_COUNT_OF(cases); i++) {
        case_run(w, &cases[i], UINT32_MAX, 1, "as constants");
        case_run(w, &cases[i], 0, ROWS, "as vectors");
        case_run(w, &cases[i], 0, 1, "as vectors of one row");
        if (cases[i].arguments[0] && cases[i].arguments[1]) {
            case_run(w, &cases[i], ~UINT32_C(1), ROWS, "with a vector first");
            case_run(w, &cases[i], 1, ROWS, "with a constant first");
        }
        tni_arena_free(&w->arena);
    }
}

/* ---- measurements ---- */

typedef struct bench_case {
    const char *name;
    const char *function;
    const char *constants[3]; /* arguments after the first */
    const char *type;         /* of the first: strings, or moments */
} bench_case;

static const bench_case benches[] = {
    {"LIKE '%google%'", "like", {"VARCHAR:%google%"}, "VARCHAR"},
    {"LIKE 'http://w%'", "like", {"VARCHAR:http://w%"}, "VARCHAR"},
    {"LIKE '%.html'", "like", {"VARCHAR:%.html"}, "VARCHAR"},
    {"LIKE '%www%page_7%'", "like", {"VARCHAR:%www%page_7%"}, "VARCHAR"},
    {"ILIKE '%GOOGLE%'", "ilike", {"VARCHAR:%GOOGLE%"}, "VARCHAR"},
    {"contains(google)", "contains", {"VARCHAR:google"}, "VARCHAR"},
    {"regexp_replace(host)",
     "regexp_replace",
     {"VARCHAR:^https?://(?:www\\.)?([^/]+)/.*$", "VARCHAR:\\1"},
     "VARCHAR"},
    {"regexp_matches(page_[0-9]+7\\.)", "regexp_matches", {"VARCHAR:page_[0-9]+7\\."}, "VARCHAR"},
    {"regexp_matches((foo|bar|page)_9)", "regexp_matches", {"VARCHAR:(foo|bar|page)_9"}, "VARCHAR"},
    {"regexp_extract(q=(\\w+))", "regexp_extract", {"VARCHAR:q=(\\w+)", "INTEGER:1"}, "VARCHAR"},
    {"regexp_replace([0-9], '#', 'g')",
     "regexp_replace",
     {"VARCHAR:[0-9]", "VARCHAR:#", "VARCHAR:g"},
     "VARCHAR"},
    {"length", "length", {NULL}, "VARCHAR"},
    {"upper", "upper", {NULL}, "VARCHAR"},
    {"substring(8, 20)", "substring", {"INTEGER:8", "INTEGER:20"}, "VARCHAR"},
    {"replace(/, -)", "replace", {"VARCHAR:/", "VARCHAR:-"}, "VARCHAR"},
    {"md5", "md5", {NULL}, "VARCHAR"},
    {"year", "year", {NULL}, "TIMESTAMP"},
    {"date_trunc(minute)", "date_trunc", {"VARCHAR:minute"}, "TIMESTAMP"},
    {"date_trunc(month)", "date_trunc", {"VARCHAR:month"}, "TIMESTAMP"},
    {"strftime(%Y-%m-%d)", "strftime", {"VARCHAR:%Y-%m-%d"}, "TIMESTAMP"},
};

#define BENCH_ROWS 2048u

static void bench_one(function_world *w, const bench_case *bench) {
    static tni_string strings[BENCH_ROWS];
    static char texts[BENCH_ROWS][160];
    static int64_t moments[BENCH_ROWS];
    static TNI_ALIGN8 uint8_t out[BENCH_ROWS * 16];
    uint64_t validity[TNI_VECTOR_WORDS];
    bool moment = strcmp(bench->type, "TIMESTAMP") == 0;
    bool leads = strcmp(bench->function, "date_trunc") == 0; /* its constant comes first */
    function_case c;
    bound_case b;
    tni_vector vectors[4];
    uint8_t storage[4][16];
    tni_arena heap;
    tni_call call;
    size_t bytes = 0;
    uint32_t i, round, rounds = 200;
    int64_t start, best = INT64_MAX;
    memset(&c, 0, sizeof c);
    c.name = bench->function;
    c.arguments[leads ? 1 : 0] = moment ? "TIMESTAMP:2024-01-01" : "VARCHAR:x";
    for (i = 0; i < 3 && bench->constants[i]; i++) {
        c.arguments[leads ? 0 : i + 1] = bench->constants[i];
    }
    if (case_bind(w, &c, leads ? 1u : ~UINT32_C(1), &b) != TRUENO_OK) {
        printf("%-36s %s\n", bench->name, w->error.message);
        return;
    }
    for (i = 0; i < BENCH_ROWS; i++) {
        int n = snprintf(texts[i], sizeof texts[i],
                         "http%s://%s%s%u.example.org/some/folder/page_%u.html?q=%s%u&lang=%s",
                         i % 3 ? "" : "s", i % 2 ? "www." : "", i % 5 ? "shop" : "news",
                         i % 97, i, i % 11 ? "word" : "google", i * 7919u % 1000u,
                         i % 4 ? "en" : "ru");
        strings[i] = tni_string_make(texts[i], (size_t)n);
        bytes += (size_t)n;
        moments[i] = INT64_C(1372636800000000) + (int64_t)i * INT64_C(1234567890);
    }
    for (i = 0; i < b.call.count; i++) {
        vectors[i] = tni_vector_constant(&b.values[i], storage[i]);
    }
    i = leads ? 1 : 0;
    vectors[i].form = TNI_FORM_FLAT;
    vectors[i].data = moment ? (const void *)moments : (const void *)strings;
    vectors[i].validity = NULL;
    memset(&call, 0, sizeof call);
    call.env = &w->env;
    call.settings = &w->settings;
    call.error = &w->error;
    call.bound = b.call.bound;
    call.rows = BENCH_ROWS;
    call.count = b.call.count;
    call.arguments = vectors;
    call.type = b.call.result;
    call.out = out;
    call.validity = validity;
    call.heap = &heap;
    for (round = 0; round < rounds; round++) {
        tni_bitmap_fill(validity, BENCH_ROWS, true);
        tni_arena_init(&heap, &w->memory);
        start = tni_clock_nanoseconds();
        if (b.function->eval(&call) != TRUENO_OK) {
            printf("%-36s %s\n", bench->name, w->error.message);
            return;
        }
        start = tni_clock_nanoseconds() - start;
        best = TNI_MIN(best, start);
        tni_arena_free(&heap);
    }
    printf("%-36s %8.2f ns/row", bench->name, (double)best / BENCH_ROWS);
    if (!moment) {
        printf(" %8.2f GB/s", (double)bytes / (double)best);
    }
    printf("\n");
}

/* ---- what a table of cases cannot say ---- */

/* A call whose arguments are vectors of `rows` values; constants at `known` are bound. */
typedef struct direct_call {
    bound_case b;
    tni_call call;
    tni_arena heap;
    uint64_t validity[TNI_VECTOR_WORDS];
    TNI_ALIGN8 uint8_t out[BENCH_ROWS * 16];
} direct_call;

/* Bind by the texts of the case, then run over `vectors`. */
static trueno_status direct_run(function_world *w, const function_case *c, uint32_t known,
                                const tni_vector *vectors, uint32_t rows, direct_call *d) {
    tni_arena_init(&d->heap, &w->memory);
    TNI_TRY(case_bind(w, c, known, &d->b));
    memset(&d->call, 0, sizeof d->call);
    tni_bitmap_fill(d->validity, rows, true);
    d->call.env = &w->env;
    d->call.settings = &w->settings;
    d->call.error = &w->error;
    d->call.bound = d->b.call.bound;
    d->call.rows = rows;
    d->call.count = d->b.call.count;
    d->call.arguments = vectors;
    d->call.type = d->b.call.result;
    d->call.out = d->out;
    d->call.validity = d->validity;
    d->call.heap = &d->heap;
    tni_error_clear(&w->error);
    return d->b.function->eval(&d->call);
}

static tni_vector flat_strings(const tni_string *strings) {
    tni_vector v;
    memset(&v, 0, sizeof v);
    v.type = tni_type_make(TRUENO_TYPE_VARCHAR);
    v.form = TNI_FORM_FLAT;
    v.data = strings;
    return v;
}

/* Patterns that differ from row to row, with repeats. */
static void test_patterns_by_row(function_world *w) {
    static const char *const texts[] = {"abc", "abd", "xyz", "abc", "a.c", ""};
    static const char *const likes[] = {"ab%", "ab%", "%z", "_b_", "a!.c", "%"};
    static const char *const regexes[] = {"b.", "b.", "^x", "c$", "a\\.c", "^$"};
    static direct_call d;
    function_case like = {"like", {"VARCHAR:a", "VARCHAR:a"}, "BOOLEAN", "true"};
    function_case regex = {"regexp_matches", {"VARCHAR:a", "VARCHAR:a"}, "BOOLEAN", "true"};
    tni_string a[600], b[600], r[600];
    tni_vector vectors[2];
    uint32_t i;
    for (i = 0; i < 600; i++) {
        a[i] = tni_string_c(texts[i % 6]);
        b[i] = tni_string_c(likes[i % 6]);
        r[i] = tni_string_c(regexes[i % 6]);
    }
    vectors[0] = flat_strings(a);
    vectors[1] = flat_strings(b);
    TNI_CHECK_EQ_INT(direct_run(w, &like, 0, vectors, 600, &d), TRUENO_OK);
    for (i = 0; i < 600; i++) {
        TNI_CHECK_EQ_INT(d.out[i], i % 6 != 4);
    }
    tni_arena_free(&d.heap);
    vectors[1] = flat_strings(r);
    TNI_CHECK_EQ_INT(direct_run(w, &regex, 0, vectors, 600, &d), TRUENO_OK);
    for (i = 0; i < 600; i++) {
        TNI_CHECK_EQ_INT(d.out[i], 1);
    }
    tni_arena_free(&d.heap);
    tni_arena_free(&w->arena);
}

/* Numbers from 0 to 1, all different, others in the next chunk and under another seed. */
static void test_random(function_world *w) {
    static direct_call d;
    static double first[BENCH_ROWS];
    function_case c = {"random", {NULL}, "DOUBLE", NULL};
    function_case u = {"uuid", {NULL}, "VARCHAR", NULL};
    double sum = 0;
    uint32_t i, same = 0;
    TNI_CHECK_EQ_INT(direct_run(w, &c, 0, NULL, BENCH_ROWS, &d), TRUENO_OK);
    memcpy(first, d.out, sizeof first);
    for (i = 0; i < BENCH_ROWS; i++) {
        TNI_CHECK(first[i] >= 0.0 && first[i] < 1.0);
        sum += first[i];
    }
    TNI_CHECK(sum > 0.45 * BENCH_ROWS && sum < 0.55 * BENCH_ROWS);
    TNI_CHECK_EQ_INT(d.b.function->eval(&d.call), TRUENO_OK);
    for (i = 0; i < BENCH_ROWS; i++) {
        same += ((const double *)(const void *)d.out)[i] == first[i] ? 1 : 0;
    }
    TNI_CHECK_EQ_UINT(same, 0);
    w->settings.random_seed = 43;
    TNI_CHECK_EQ_INT(direct_run(w, &c, 0, NULL, BENCH_ROWS, &d), TRUENO_OK);
    TNI_CHECK(memcmp(first, d.out, sizeof first) != 0);
    w->settings.random_seed = 42;
    TNI_CHECK_EQ_INT(direct_run(w, &c, 0, NULL, BENCH_ROWS, &d), TRUENO_OK);
    TNI_CHECK_BYTES(d.out, first, sizeof first);
    TNI_CHECK_EQ_INT(direct_run(w, &u, 0, NULL, 3, &d), TRUENO_OK);
    for (i = 0; i < 3; i++) {
        const tni_string *s = (const tni_string *)(const void *)d.out + i;
        const char *text = (const char *)tni_string_data(s);
        TNI_CHECK(s->length == 36 && text[14] == '4' && text[8] == '-' &&
                  strchr("89ab", text[19]) != NULL);
    }
    TNI_CHECK(memcmp(d.out, d.out + 16, 16) != 0);
    tni_arena_free(&d.heap);
    tni_arena_free(&w->arena);
}

/* Patterns made to take for ever, or all memory, end soon: with an answer or an error. */
static void test_hostile_patterns(function_world *w) {
    static const char *const patterns[] = {"(a*)*$",
                                           "(a|a)*$",
                                           "(a|aa)+$",
                                           "(.*)(.*)(.*)(.*)(.*)(.*)(.*)(.*)(.*)b",
                                           "([a-z]+)+\\d",
                                           "(x+x+)+y",
                                           "a{1000}a{1000}",
                                           "((a{100}){100}){100}",
                                           "(((((((((a{9}){9}){9}){9}){9}){9}){9}){9}){9}){9}",
                                           "((((((((){999}){999}){999}){999}){999}){999}){999}){999}",
                                           "(?i)[^a][^b][^c][^d][^e][^f][^g]",
                                           "[a-z]*[a-z]*[a-z]*[a-z]*[a-z]*[a-z]*0"};
    size_t n = 20000, i, depth;
    char *text = (char *)malloc(n);
    char *deep = (char *)malloc(3000);
    int64_t start = tni_clock_nanoseconds();
    memset(text, 'a', n);
    for (i = 0; i < TNI_COUNT_OF(patterns); i++) {
        tni_arena arena;
        tni_regex_matcher matcher;
        size_t slots[2 * TNI_REGEX_GROUPS];
        const tni_regex *regex;
        trueno_status status;
        tni_arena_init(&arena, &w->memory);
        tni_error_clear(&w->error);
        status = tni_regex_compile(&arena, (const uint8_t *)patterns[i], strlen(patterns[i]), 0,
                                   ~UINT32_C(0), &regex, &w->error);
        TNI_CHECK(status == TRUENO_OK || status == TRUENO_ERROR_LIMIT);
        if (status == TRUENO_OK) {
            tni_regex_matcher_init(&matcher, &w->memory);
            (void)tni_regex_match(&matcher, regex, (const uint8_t *)text, n, 0, slots);
            TNI_CHECK(!matcher.failed);
            tni_regex_matcher_free(&matcher);
        }
        tni_arena_free(&arena);
    }
    for (depth = 10; depth < 1000; depth *= 3) { /* groups in groups */
        tni_arena arena;
        const tni_regex *regex;
        trueno_status status;
        tni_arena_init(&arena, &w->memory);
        tni_error_clear(&w->error);
        memset(deep, '(', depth);
        deep[depth] = 'a';
        memset(deep + depth + 1, ')', depth);
        status = tni_regex_compile(&arena, (const uint8_t *)deep, 2 * depth + 1, 0, 0, &regex,
                                   &w->error);
        TNI_CHECK_EQ_INT(status, depth < 250 ? TRUENO_OK : TRUENO_ERROR_LIMIT);
        tni_arena_free(&arena);
    }
    TNI_CHECK(tni_clock_nanoseconds() - start < INT64_C(20000000000));
    free(text);
    free(deep);
}

/* Every function with a limit on memory too low for it: an error, and nothing is lost. */
static void test_out_of_memory(function_world *w) {
    static const function_case calls[] = {
        {"repeat", {"VARCHAR:abc", "INTEGER:1000000"}, "VARCHAR", NULL},
        {"lpad", {"VARCHAR:abc", "INTEGER:1000000", "VARCHAR:xy"}, "VARCHAR", NULL},
        {"concat", {"VARCHAR:0123456789", "VARCHAR:0123456789"}, "VARCHAR", NULL},
        {"upper", {"VARCHAR:a text that is not short"}, "VARCHAR", NULL},
        {"replace", {"VARCHAR:a text that is not short", "VARCHAR:t", "VARCHAR:T"}, "VARCHAR", NULL},
        {"levenshtein", {"VARCHAR:kitten", "VARCHAR:sitting"}, "BIGINT", NULL},
        {"strftime", {"DATE:2024-01-01", "VARCHAR:%Y-%m-%d %Y-%m-%d"}, "VARCHAR", NULL},
        {"format", {"VARCHAR:{} and some more text {}", "INTEGER:1", "INTEGER:2"}, "VARCHAR", NULL},
        {"regexp_replace",
         {"VARCHAR:a text that is not short", "VARCHAR:t", "VARCHAR:T", "VARCHAR:g"},
         "VARCHAR",
         NULL},
        {"regexp_extract", {"VARCHAR:aaaaaaaab", "VARCHAR:(a*)*b", "INTEGER:1"}, "VARCHAR", NULL},
        {"ilike", {"VARCHAR:\303\204\303\226", "VARCHAR:%\303\266%"}, "BOOLEAN", NULL},
    };
    static direct_call d;
    size_t i;
    for (i = 0; i < TNI_COUNT_OF(calls); i++) {
        tni_vector vectors[MOST_ARGUMENTS];
        uint8_t storage[MOST_ARGUMENTS][16];
        bound_case b;
        trueno_status status;
        int64_t before;
        uint32_t a;
        if (!TNI_CHECK_EQ_INT(case_bind(w, &calls[i], UINT32_MAX, &b), TRUENO_OK)) {
            continue;
        }
        for (a = 0; a < b.call.count; a++) {
            vectors[a] = tni_vector_constant(&b.values[a], storage[a]);
        }
        before = tni_atomic_load_i64(&w->memory.used);
        TNI_CHECK_EQ_INT(direct_run(w, &calls[i], UINT32_MAX, vectors, 1, &d), TRUENO_OK);
        tni_arena_free(&d.heap);
        d.call.heap = &d.heap;
        d.validity[0] = 1;
        before = tni_atomic_load_i64(&w->memory.used);
        w->memory.limit = before; /* not a byte more */
        tni_error_clear(&w->error);
        status = d.b.function->eval(&d.call);
        if (!TNI_CHECK(status == TRUENO_ERROR_MEMORY_LIMIT || status == TRUENO_ERROR_MEMORY)) {
            printf("    %s\n", calls[i].name);
        }
        w->memory.limit = INT64_MAX;
        tni_arena_free(&d.heap);
        TNI_CHECK_EQ_INT(tni_atomic_load_i64(&w->memory.used), before);
        tni_arena_free(&w->arena);
    }
}

/* hash: equal values have equal hashes, in every form; NULL has one too. */
static void test_hash(function_world *w) {
    static direct_call d;
    function_case c = {"hash", {"VARCHAR:a"}, "UBIGINT", NULL};
    tni_string strings[4];
    tni_vector v;
    uint64_t validity = 7;
    const uint64_t *out = (const uint64_t *)(const void *)d.out;
    strings[0] = tni_string_c("the quick brown fox");
    strings[1] = tni_string_c("the quick brown dog");
    strings[2] = strings[0];
    strings[3] = tni_string_c("");
    v = flat_strings(strings);
    v.validity = &validity;
    TNI_CHECK_EQ_INT(direct_run(w, &c, 0, &v, 4, &d), TRUENO_OK);
    TNI_CHECK(out[0] == out[2] && out[0] != out[1] && out[3] != out[0]);
    TNI_CHECK_EQ_UINT(d.validity[0] & 15, 15);
    tni_arena_free(&d.heap);
    tni_arena_free(&w->arena);
}

int main(int count, char **arguments) {
    function_world w;
    size_t i;
    world_open(&w);
    if (count > 1 && strcmp(arguments[1], "bench") == 0) {
        for (i = 0; i < TNI_COUNT_OF(benches); i++) {
            bench_one(&w, &benches[i]);
        }
        world_close(&w);
        return 0;
    }
    test_cases(&w);
    test_patterns_by_row(&w);
    test_random(&w);
    test_hash(&w);
    test_hostile_patterns(&w);
    test_out_of_memory(&w);
    world_close(&w);
    return tni_test_report();
}
