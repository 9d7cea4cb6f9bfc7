# Builds with make and a C compiler, nothing else. `make` gives the shell ./trueno;
# `make help` lists the rest. Users of the library need none of this: they copy trueno_db.h.

CC      ?= cc
CXX     ?= c++
AR      ?= ar
CFLAGS  ?= -O2
PREFIX  ?= /usr/local
DESTDIR ?=
BUILD   ?= build
SANITIZE ?=
GLSLANG = 11:12.0.0# that trueno_db_spirv.h was made with

WARNINGS = -Wall -Wextra -Wpedantic -Wconversion -Wsign-conversion -Wshadow -Wundef -Wcast-qual \
           -Wstrict-prototypes
STANDARD = -std=c11 -ffp-contract=off
ifneq ($(OS),Windows_NT)
LDLIBS  ?= -lpthread -ldl
endif
# `make V=1` shows the whole commands.
SAY = @:
ifneq ($(V),1)
Q = @
ifeq ($(findstring s,$(firstword -$(MAKEFLAGS))),)
SAY = @echo "  "
endif
endif
ifneq ($(SANITIZE),)
SANITIZE_FLAGS = -fsanitize=$(SANITIZE) -fno-sanitize-recover=all -fno-omit-frame-pointer
endif

# What the modules of src/ are compiled with, and what uses their headers (unit tests).
SPLIT_FLAGS = $(STANDARD) $(WARNINGS) -D_FILE_OFFSET_BITS=64 -Isrc -I. -MMD -MP $(SANITIZE_FLAGS) $(CFLAGS)
# What uses the library as its users do: one header.
HEADER_FLAGS = -std=c11 $(WARNINGS) -I. -MMD -MP $(SANITIZE_FLAGS) $(CFLAGS)

SOURCES := $(sort $(shell find src -name '*.c'))
HEADERS := $(sort $(shell find src -name '*.h'))
OBJECTS := $(SOURCES:%.c=$(BUILD)/obj/%.o)
LIBRARY := $(BUILD)/libtrueno.a

TESTS   := $(sort $(wildcard tests/test_*.c))
TEST_PROGRAMS := $(TESTS:tests/%.c=$(BUILD)/tests/%)
SCRIPTS := $(sort $(wildcard tests/test_*.sh))
SLT     := $(firstword $(wildcard tests/slt.c tests/slt_runner.c tests/run_slt.c))
SLT_PROGRAM := $(if $(SLT),$(BUILD)/tests/slt)
SLT_SCRIPTS := $(sort $(shell find tests -name '*.slt' 2>/dev/null))
BENCHES := $(sort $(wildcard bench/*.c))
BENCH_PROGRAMS := $(BENCHES:bench/%.c=$(BUILD)/bench/%)
EXAMPLES := $(sort $(wildcard examples/*.c))
EXAMPLE_PROGRAMS := $(EXAMPLES:examples/%.c=$(BUILD)/examples/%)
FUZZERS := $(sort $(filter-out tests/fuzz.c,$(wildcard tests/fuzz_*.c)))
FUZZ_PROGRAMS := $(FUZZERS:tests/%.c=$(BUILD)/fuzz/%)

# The shell, and the line editing it may bring along. Modules of tools/ that are programs of
# their own stay out.
SHELL_SOURCES := $(sort $(wildcard tools/trueno*.c tools/shell*.c tools/line*.c tools/edit*.c))
SHELL_OBJECTS := $(SHELL_SOURCES:%.c=$(BUILD)/shell/%.o)
ifeq ($(shell grep -l 'define TRUENO_DB_IMPLEMENTATION' $(SHELL_SOURCES) /dev/null 2>/dev/null),)
SHELL_OBJECTS += $(BUILD)/trueno_db.o
endif

all: trueno

help:
	@echo "make             the shell ./trueno (from trueno_db.h)"
	@echo "make demo        one grouped answer from the Parquet files in examples/data"
	@echo "make test        every test; the last line is the tally"
	@echo "make test-unit   the unit tests and SQL scripts alone"
	@echo "make bench       measurements (bench/)"
	@echo "make install     PREFIX=$(PREFIX)"
	@echo "make amalgamate  src/ -> trueno_db.h"
	@echo "make check-stale fail when trueno_db.h does not match src/"
	@echo "make spirv       src/gpu/kernels/*.comp -> trueno_db_spirv.h (needs glslangValidator)"
	@echo "make check-spirv fail when trueno_db_spirv.h does not match them (glslangValidator $(GLSLANG))"
	@echo "make asan tsan ubsan   unit tests and SQL scripts under a sanitizer"
	@echo "make portability other compilers, languages and processors, as far as installed"
	@echo "make fuzz        the fuzz targets, FUZZ_SECONDS=$(FUZZ_SECONDS) each"
	@echo "make format      clang-format over every source"
	@echo "make clean"

# ---- the library, module by module ----

$(BUILD)/obj/%.o: %.c
	@mkdir -p $(@D)
	$(SAY) CC $@
	$(Q)$(CC) $(SPLIT_FLAGS) -c $< -o $@

$(LIBRARY): $(OBJECTS)
	@rm -f $@
	$(SAY) AR $@
	$(Q)$(AR) rcs $@ $(OBJECTS)

lib: $(LIBRARY)

# ---- the library as one header ----

$(BUILD)/amalgamate: tools/amalgamate.c
	@mkdir -p $(@D)
	$(SAY) CC $@
	$(Q)$(CC) $(STANDARD) $(WARNINGS) $(CFLAGS) $< -o $@

$(BUILD)/embed_spirv: tools/embed_spirv.c
	@mkdir -p $(@D)
	$(SAY) CC $@
	$(Q)$(CC) $(STANDARD) $(WARNINGS) $(CFLAGS) $< -o $@

# Looked at by every make (it takes milliseconds), rewritten only when the text changes.
trueno_db.h: $(BUILD)/amalgamate FORCE
	@$(BUILD)/amalgamate src $@

amalgamate: trueno_db.h

FORCE:

check-stale: $(BUILD)/amalgamate
	@$(BUILD)/amalgamate src $(BUILD)/fresh.h
	@cmp -s $(BUILD)/fresh.h trueno_db.h || \
	    { echo "trueno_db.h is stale: run make amalgamate and commit it"; exit 1; }
	@echo "trueno_db.h matches src/"

spirv: $(BUILD)/embed_spirv
	@command -v glslangValidator >/dev/null || { echo "make spirv needs glslangValidator"; exit 1; }
	@sh tools/spirv.sh $(BUILD)/embed_spirv $(BUILD)/spirv trueno_db_spirv.h

# Compilers differ in what they make of a kernel: only the one that made the header can tell.
check-spirv: $(BUILD)/embed_spirv
	@sh tools/spirv.sh $(BUILD)/embed_spirv $(BUILD)/spirv $(BUILD)/fresh_spirv.h
	@cmp -s $(BUILD)/fresh_spirv.h trueno_db_spirv.h || \
	    { echo "trueno_db_spirv.h is stale: run make spirv and commit it"; exit 1; }
	@echo "trueno_db_spirv.h matches src/gpu/kernels"

$(BUILD)/trueno_db.o: trueno_db.h
	@mkdir -p $(@D)
	$(SAY) CC $@
	$(Q)$(CC) $(HEADER_FLAGS) -x c -DTRUENO_DB_IMPLEMENTATION -c trueno_db.h -o $@

# ---- the shell ----

$(BUILD)/shell/%.o: %.c | trueno_db.h
	@mkdir -p $(@D)
	$(SAY) CC $@
	$(Q)$(CC) $(HEADER_FLAGS) -c $< -o $@

trueno: $(SHELL_OBJECTS) trueno_db.h
	$(SAY) CC $@
	$(Q)$(CC) $(SANITIZE_FLAGS) $(CFLAGS) $(SHELL_OBJECTS) $(LDFLAGS) $(LDLIBS) -o $@

demo: trueno
	@sh tools/demo.sh ./trueno

install: trueno trueno_db.h
	mkdir -p $(DESTDIR)$(PREFIX)/bin $(DESTDIR)$(PREFIX)/include
	cp trueno $(DESTDIR)$(PREFIX)/bin/trueno
	cp trueno_db.h $(wildcard trueno_db_spirv.h) $(DESTDIR)$(PREFIX)/include/

# ---- tests ----

# -lm is for tests that compare with the C library; the library itself links without.
$(BUILD)/tests/%: tests/%.c $(LIBRARY)
	@mkdir -p $(@D)
	$(SAY) CC $@
	$(Q)$(CC) $(SPLIT_FLAGS) -Itests $< $(LIBRARY) $(LDFLAGS) $(LDLIBS) -lm -o $@

$(BUILD)/tests/slt: $(SLT) $(LIBRARY)
	@mkdir -p $(@D)
	$(SAY) CC $@
	$(Q)$(CC) $(SPLIT_FLAGS) -Itests $< $(LIBRARY) $(LDFLAGS) $(LDLIBS) -o $@

# Alone each would compile the implementation; here they share one.
$(BUILD)/examples/%: examples/%.c $(BUILD)/trueno_db.o
	@mkdir -p $(@D)
	$(SAY) CC $@
	$(Q)$(CC) $(HEADER_FLAGS) -DTRUENO_DB_IMPLEMENTED $< $(BUILD)/trueno_db.o $(LDFLAGS) $(LDLIBS) -o $@

test-programs: $(TEST_PROGRAMS) $(SLT_PROGRAM)

test: trueno $(TEST_PROGRAMS) $(SLT_PROGRAM) $(EXAMPLE_PROGRAMS) $(BUILD)/amalgamate
	@TRUENO=./trueno BUILD=$(BUILD) CC="$(CC)" sh tests/run.sh $(TEST_PROGRAMS) \
	    $(if $(SLT_PROGRAM),"$(SLT_PROGRAM) $(SLT_SCRIPTS)") $(SCRIPTS)

test-unit: $(TEST_PROGRAMS) $(SLT_PROGRAM)
	@BUILD=$(BUILD) sh tests/run.sh $(TEST_PROGRAMS) \
	    $(if $(SLT_PROGRAM),"$(SLT_PROGRAM) $(SLT_SCRIPTS)")

# Line numbers are all that a report needs of -g.
# Drivers of GPUs keep a little to their end, which a leak checker reports: queries go there only
# where a test asks for it.
ASAN = TRUENO_BACKEND=simd $(MAKE) --no-print-directory BUILD=build/asan SANITIZE=address,undefined CFLAGS="-O1 -g1" \
       TESTS="$(filter-out $(ASAN_SKIP:%=tests/%.c),$(TESTS))"
# Names of tests to leave out.
ASAN_SKIP ?=
TSAN = $(MAKE) --no-print-directory BUILD=build/tsan SANITIZE=thread CFLAGS="-O1 -g1" \
       TESTS="$(TSAN_TESTS:%=tests/%.c)"
# What runs several threads; the rest would only take long.
TSAN_TESTS ?= test_api test_faults test_csv test_parquet

asan:
	+@$(ASAN) test-unit

asan-programs:
	+@$(ASAN) test-programs

ubsan:
	@$(MAKE) --no-print-directory BUILD=build/ubsan SANITIZE=undefined CFLAGS="-O2 -g" test-unit

tsan:
	+@$(TSAN) test-unit

tsan-programs:
	+@$(TSAN) test-programs

portability: trueno_db.h
	@BUILD=$(BUILD) sh tests/portability.sh

# With clang: libFuzzer, and the library tells it where it has been. Without it: the same targets
# under the driver of tests/fuzz.c, which mutates what it finds in tests/corpus/<target>.
FUZZ_SECONDS ?= 20
FUZZ_LIBFUZZER := $(if $(findstring clang,$(CC)),-fsanitize=fuzzer)
FUZZ_BUILD := $(if $(FUZZ_LIBFUZZER),build/fuzz,build/asan)
comma := ,

$(BUILD)/fuzz/%: tests/%.c $(LIBRARY)
	@mkdir -p $(@D)
	$(SAY) CC $@
	$(Q)$(CC) $(SPLIT_FLAGS) -Itests $(FUZZ_LIBFUZZER) $< $(if $(FUZZ_LIBFUZZER),,tests/fuzz.c) \
	    $(LIBRARY) $(LDFLAGS) $(LDLIBS) -o $@

fuzz-programs: $(FUZZ_PROGRAMS)

fuzz:
	@$(MAKE) --no-print-directory BUILD=$(FUZZ_BUILD) CFLAGS="-O1 -g" \
	    SANITIZE=address,undefined$(if $(FUZZ_LIBFUZZER),$(comma)fuzzer-no-link) fuzz-programs
	@BUILD=$(FUZZ_BUILD) FUZZ_SECONDS=$(FUZZ_SECONDS) sh tests/fuzz.sh

# ---- measurements ----

$(BUILD)/bench/%: bench/%.c $(LIBRARY)
	@mkdir -p $(@D)
	$(SAY) CC $@
	$(Q)$(CC) $(SPLIT_FLAGS) -Itests -I. $< $(LIBRARY) $(LDFLAGS) $(LDLIBS) -o $@

bench-programs: $(BENCH_PROGRAMS)

bench: trueno $(BENCH_PROGRAMS)
	@if [ -f bench/run.sh ]; then BUILD=$(BUILD) TRUENO=./trueno sh bench/run.sh; else \
	    for b in $(BENCH_PROGRAMS); do echo "== $$b"; $$b || exit 1; done; fi

# clang-format 14 is the arbiter of layout: versions differ. CLANG_FORMAT names the program.
CLANG_FORMAT ?= $(or $(shell command -v clang-format-14 2>/dev/null),clang-format)
format:
	$(CLANG_FORMAT) -i $(SOURCES) $(HEADERS) $(wildcard tools/*.[ch] tests/*.[ch] bench/*.c examples/*.c)

clean:
	rm -rf build trueno

.PHONY: format all help lib amalgamate check-stale spirv demo install test test-unit test-programs asan \
        asan-programs ubsan tsan tsan-programs portability fuzz fuzz-programs bench bench-programs check-stale check-spirv clean FORCE
.DELETE_ON_ERROR:
.SECONDARY:

-include $(shell find $(BUILD) -name '*.d' 2>/dev/null)
