# SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
#
#   make            build build/mwbpf
#   sudo make demo  install what is missing, build, trace a Python program
#   sudo make demos the same for every experiment in demos/, with what is to be seen
#   sudo make test  install what is missing, build, run all tests
#   sudo make bench build, measure what probing costs; after bench-deps, beside other tools
#   sudo make coverage  build, measure which ints are seen, into the README
#   make install    PREFIX=/usr/local DESTDIR=
#
# MWBPF_ROOTS=1 tests (and measures) with other Debians' CPythons, too, in build/roots.
# V=1 shows commands; SAN=1 builds with sanitizers into build-san/; VMLINUX=FILE takes
# the kernel's types from FILE instead of the running kernel.

VERSION := 0.1.0
PREFIX ?= /usr/local
CC = gcc
CLANG ?= clang
BPFTOOL ?= $(shell PATH=$$PATH:/usr/sbin:/sbin command -v bpftool)
BTF := /sys/kernel/btf/vmlinux

BUILD_PACKAGES := gcc libc6-dev clang bpftool libbpf-dev libelf-dev libdw-dev libiberty-dev \
	zlib1g-dev libcapstone-dev libzstd-dev libprotobuf-c-dev protobuf-c-compiler
DEMO_PACKAGES := python3 jq
TEST_PACKAGES := $(DEMO_PACKAGES) bats valgrind binutils g++ procps util-linux \
	libcmocka-dev python3-jsonschema gdb dwz zstd protobuf-compiler librsvg2-bin
# tests/html.bats is skipped without
BROWSER_PACKAGES := chromium chromium-driver
FUZZ_PACKAGES := libclang-rt-14-dev
KERNEL_PACKAGES := $(TEST_PACKAGES) qemu-system-x86 cpio
# the headers are what bcc compiles against
BENCH_PACKAGES := zstd bpfcc-tools libbpf-tools bpftrace valgrind heaptrack ltrace linux-perf \
	linux-headers-amd64
ifeq ($(MWBPF_ROOTS),1)
TEST_PACKAGES += debootstrap debian-archive-keyring
make-roots = @tests/roots/make
endif

ifdef SAN
B := build-san
SANFLAGS := -fsanitize=address,undefined -fno-omit-frame-pointer
else
B := build
endif

MAKEFLAGS += --no-builtin-rules
CFLAGS ?= -O2 -g
ALL_CFLAGS = -std=gnu17 -D_GNU_SOURCE $(CFLAGS) $(SANFLAGS) -Wall -Wextra -Wmissing-prototypes \
	-Wstrict-prototypes -Wvla -Wshadow -Iinclude -Iuser -I$B -MMD -MP -pthread
LIBS := -lbpf -ldw -lelf -lz -lcapstone -liberty -lzstd -lprotobuf-c -lm
BPF_CFLAGS := -g -O2 -target bpf -D__TARGET_ARCH_x86 -Wall -Wextra -Wno-unused-parameter \
	-Iinclude -Ibpf -I$B -MMD -MP -pthread

SOURCES := $(wildcard user/*.c user/*/*.c)
OBJECTS := $(SOURCES:%.c=$B/%.o) $B/format/profile.pb-c.o
# what tests link: everything but the hubs that see the skeleton
HUBS := $(addprefix $B/user/,main.o run.o stream.o follow.o ints.o programs.o)
PARTS := $(filter-out $(HUBS),$(OBJECTS))
# the definitions first: bpftool 7.1 does not resolve a map that was declared before
BPF_SOURCES := bpf/maps.bpf.c $(filter-out bpf/maps.bpf.c,$(wildcard bpf/*.bpf.c))
# twice: events in slots, which takes atomic instructions of 5.12, or all in the ring
BPF_OBJECTS := $(BPF_SOURCES:bpf/%.c=$B/bpf/%.o)
BPF_RING_OBJECTS := $(BPF_SOURCES:bpf/%.c=$B/bpf-ring/%.o)
UNIT := $(patsubst tests/unit/%.c,$B/unit/%,$(wildcard tests/unit/t_*.c))

Q := $(if $(V),,@)
say = $(if $(V),@:,@printf '  %-8s %s\n' $(1) $(2))

SHELL := /bin/bash
.PHONY: all demo demos test test-kernels unit fuzz fuzz-deps bench coverage deps demo-deps test-deps bench-deps browser-deps install uninstall clean check-tools
.DELETE_ON_ERROR:
.SECONDARY:

all: $B/mwbpf

# A missing tool or header is named with its package before anything fails on it.
check-tools:
	@miss=; need() { eval "$$1" >/dev/null 2>&1 || { echo "missing: $$2 (Debian: apt install $$3)" >&2; miss=1; }; }; \
	header() { need "echo '#include <$$1>' | $(CC) -E -" "<$$1>" "$$2"; }; \
	need 'command -v $(CC)' 'the C compiler $(CC)' gcc; \
	need 'command -v $(CLANG)' 'the BPF compiler $(CLANG)' clang; \
	need 'test -n "$(BPFTOOL)"' bpftool bpftool; \
	header stdio.h libc6-dev; header bpf/libbpf.h libbpf-dev; header gelf.h libelf-dev; \
	header zlib.h zlib1g-dev; header dwarf.h libdw-dev; \
	need 'command -v protoc-c' protoc-c protobuf-c-compiler; \
	header protobuf-c/protobuf-c.h libprotobuf-c-dev; \
	header libiberty/demangle.h libiberty-dev; header capstone/capstone.h libcapstone-dev; \
	header zstd.h libzstd-dev; \
	test -n "$(VMLINUX)" || test -r $(BTF) || { \
		echo "missing: $(BTF): this kernel has no type information (CONFIG_DEBUG_INFO_BTF);" \
		     "give VMLINUX=vmlinux.h of another kernel" >&2; miss=1; }; \
	test -z "$$miss"

$B/vmlinux.h: | check-tools
	$(call say,VMLINUX,$@)
	@mkdir -p $(@D)
ifdef VMLINUX
	$(Q)cp $(VMLINUX) $@
else
	$(Q)$(BPFTOOL) btf dump file $(BTF) format c >$@
endif

$B/bpf/%.o: bpf/%.c Makefile | $B/vmlinux.h
	$(call say,CLANG,$@)
	@mkdir -p $(@D)
	$(Q)$(CLANG) $(BPF_CFLAGS) -mcpu=v3 -c $< -o $@

$B/bpf-ring/%.o: bpf/%.c Makefile | $B/vmlinux.h
	$(call say,CLANG,$@)
	@mkdir -p $(@D)
	$(Q)$(CLANG) $(BPF_CFLAGS) -DMW_RING_ONLY -c $< -o $@

$B/mwbpf.bpf.o: $(BPF_OBJECTS)
$B/mwbpf-ring.bpf.o: $(BPF_RING_OBJECTS)
$B/mwbpf.bpf.o $B/mwbpf-ring.bpf.o:
	$(call say,LINK,$@)
	$(Q)$(BPFTOOL) gen object $@ $^

# a program of its own: a walk loads nothing else
$B/registers.bpf.o: $B/bpf/registers/registers.bpf.o
	$(call say,LINK,$@)
	$(Q)$(BPFTOOL) gen object $@ $^

$B/mwbpf.skel.h: $B/mwbpf.bpf.o
$B/mwbpf-ring.skel.h: $B/mwbpf-ring.bpf.o
$B/registers.skel.h: $B/registers.bpf.o
$B/mwbpf.skel.h $B/mwbpf-ring.skel.h $B/registers.skel.h:
	$(call say,SKEL,$@)
	$(Q)$(BPFTOOL) gen skeleton $< name $(subst -,_,$(notdir $(@:.skel.h=)))_bpf >$@

$B/version.h: Makefile
	@mkdir -p $(@D)
	$(Q)echo '#define MWBPF_VERSION "$(VERSION)"' >$@

$B/user/%.o: user/%.c Makefile | $B/version.h check-tools
	$(call say,CC,$@)
	@mkdir -p $(@D)
	$(Q)$(CC) $(ALL_CFLAGS) -c $< -o $@

# only these see generated files; their dependency files do the rest
$B/user/programs.o: | $B/mwbpf.skel.h $B/mwbpf-ring.skel.h
$B/user/survey/registers.o: | $B/registers.skel.h
$B/user/schema.o: include/mwbpf/events.schema.json include/mwbpf/report.schema.json
$B/user/format/assets.o: $(wildcard user/format/html/*)
$B/user/format/pprof.o $B/fuzz/user/format/pprof.o: | $B/format/profile.pb-c.h

$B/format/profile.pb-c.c $B/format/profile.pb-c.h &: user/format/profile.proto | check-tools
	$(call say,PROTOC-C,$B/format/profile.pb-c.c)
	@mkdir -p $B/format
	$(Q)protoc-c --proto_path=user/format --c_out=$B/format $<

$B/format/%.o: $B/format/%.c
	$(call say,CC,$@)
	$(Q)$(CC) $(ALL_CFLAGS) -c $< -o $@

$B/mwbpf: $(OBJECTS)
	$(call say,LINK,$@)
	$(Q)$(CC) $(SANFLAGS) $(LDFLAGS) $^ $(LIBS) -o $@

$B/libparts.a: $(PARTS)
	$(Q)rm -f $@ && ar rcs $@ $^

$B/unit/%: tests/unit/%.c $B/libparts.a Makefile
	$(call say,UNIT,$@)
	@mkdir -p $(@D)
	$(Q)$(CC) $(ALL_CFLAGS) $< $B/libparts.a $(LIBS) -lcmocka -o $@

# target programs print their own addresses: built plainly, with debug information
EXTRA_unprobed := -rdynamic
EXTRA_leaky := -fno-omit-frame-pointer
$B/tests/%: tests/programs/%.c Makefile
	@mkdir -p $(@D)
	$(Q)$(CC) -std=gnu17 -D_GNU_SOURCE -O1 -g -fno-builtin -Wall -Wextra $(EXTRA_$*) $< -lpthread -ldl -o $@

$B/tests/%.so: tests/programs/%.c Makefile
	@mkdir -p $(@D)
	$(Q)$(CC) -std=gnu17 -D_GNU_SOURCE -O1 -g -fPIC -shared -Wall -Wextra $< -ldl -o $@

# how optimized is what such a program is about
$B/tests/locals-O%: tests/programs/locals.c Makefile
	@mkdir -p $(@D)
	$(Q)$(CC) -std=gnu17 -D_GNU_SOURCE -O$* -g -fno-omit-frame-pointer -Wall -Wextra $< -lpthread -o $@

# these call the parts under test
$B/tests/slide_dump $B/tests/pyline_check $B/tests/pylayout_show \
$B/tests/intsites_dump $B/tests/report_sample: $B/tests/%: \
		tests/programs/%.c $B/libparts.a Makefile
	@mkdir -p $(@D)
	$(Q)$(CC) $(ALL_CFLAGS) $< $B/libparts.a $(LIBS) -o $@

# Install with apt what is not there yet, and say so; elsewhere, say what is needed.
define install-packages
	@want=; for p in $(1); do \
		dpkg-query -W -f '$${db:Status-Status}' $$p 2>/dev/null | grep -qx installed || want="$$want $$p"; \
	done; \
	if [ -n "$$want" ]; then \
		echo "installing with apt:$$want"; \
		command -v apt-get >/dev/null || { echo "no apt-get here: install these by hand" >&2; exit 1; }; \
		apt-get update -q >/dev/null && \
		DEBIAN_FRONTEND=noninteractive apt-get install -yq --no-install-recommends $$want >/dev/null; \
	fi
endef

deps:
	$(call install-packages,$(BUILD_PACKAGES))
demo-deps:
	$(call install-packages,$(BUILD_PACKAGES) $(DEMO_PACKAGES))
browser-deps:
	$(call install-packages,$(BROWSER_PACKAGES))
bench-deps: test-deps
	$(call install-packages,$(BENCH_PACKAGES))
test-deps:
	$(call install-packages,$(BUILD_PACKAGES) $(TEST_PACKAGES))

# $(MAKE) again: what was looked for while reading this file may be installed only now
demo: demo-deps
	@$(MAKE) --no-print-directory all
	@demos/walk/run

demos: demo-deps
	@$(MAKE) --no-print-directory all
	@demos/run

test: test-deps
	@$(MAKE) --no-print-directory all unit
	$(make-roots)
	@tests/run

# On kernels of Debian's, emulated: KERNELS names series, 5.10 or 6.1 say; all without it.
test-kernels:
	$(call install-packages,$(BUILD_PACKAGES) $(KERNEL_PACKAGES))
	@$(MAKE) --no-print-directory all
	@tests/kernels/run $(KERNELS)

unit: $(UNIT)

bench: test-deps
	@$(MAKE) --no-print-directory all
	@tests/bench/run

coverage: test-deps
	@$(MAKE) --no-print-directory all
	$(make-roots)
	@tests/coverage/run

# What reads bytes of others, given any: each for RUNS inputs, or until it is interrupted with
# RUNS=-1. The parts are built anew, so that the fuzzer sees which ways an input takes.
FUZZ_FLAGS := -g -O1 -fsanitize=fuzzer-no-link,address,undefined -fno-sanitize-recover=all
FUZZ_OBJECTS := $(PARTS:$B/%=$B/fuzz/%)
FUZZERS := $(patsubst tests/fuzz/%.c,$B/fuzz/%,$(wildcard tests/fuzz/*.c))
RUNS ?= 100000

$B/fuzz/user/%.o: user/%.c Makefile | $B/version.h
	$(call say,CLANG,$@)
	@mkdir -p $(@D)
	$(Q)$(CLANG) $(FUZZ_FLAGS) -std=gnu17 -D_GNU_SOURCE -Iinclude -Iuser -I$B -MMD -MP -pthread -c $< -o $@

$B/fuzz/format/%.o: $B/format/%.c
	$(call say,CLANG,$@)
	@mkdir -p $(@D)
	$(Q)$(CLANG) $(FUZZ_FLAGS) -std=gnu17 -I$B -c $< -o $@

$B/fuzz/parts.a: $(FUZZ_OBJECTS)
	$(Q)rm -f $@ && ar rcs $@ $^

$B/fuzz/fuzz_%: tests/fuzz/fuzz_%.c $B/fuzz/parts.a
	$(call say,FUZZER,$@)
	$(Q)$(CLANG) $(FUZZ_FLAGS) -fsanitize=fuzzer -std=gnu17 -D_GNU_SOURCE -Iinclude -Iuser \
		$< $B/fuzz/parts.a $(LIBS) -o $@

fuzz-deps:
	$(call install-packages,$(BUILD_PACKAGES) $(FUZZ_PACKAGES))
fuzz: fuzz-deps
	@$(MAKE) --no-print-directory $(FUZZERS)
	@for each in $(FUZZERS); do \
		echo "$$each"; $$each -runs=$(RUNS) -max_len=65536 -close_fd_mask=1 2>&1 | tail -n 1; \
		test $${PIPESTATUS[0]} -eq 0 || exit 1; done

install: $B/mwbpf
	install -D -m 755 $B/mwbpf $(DESTDIR)$(PREFIX)/bin/mwbpf

uninstall:
	rm -f $(DESTDIR)$(PREFIX)/bin/mwbpf

clean:
	rm -rf build build-san

-include $(shell find $B -path $B/roots -prune -o -name '*.d' -type f -print 2>/dev/null)
