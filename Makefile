# SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
#
# One makefile for everything; `make help` lists the verbs. All output goes to build/.

VERSION := 0.1.0

PREFIX  ?= /usr/local
DESTDIR ?=
V       ?= 0
T       ?= 160
WERROR  ?= 1
B       := build

ifeq ($(origin CC),default)
CC := gcc
endif
CLANG        ?= clang-19
CLANG_FORMAT ?= clang-format-19
CLANG_TIDY   ?= clang-tidy-19
PKG_CONFIG   ?= pkg-config
# Not everybody has /usr/sbin on the PATH; the tests want Debian's Python, which has its pytest.
BPFTOOL      ?= $(shell PATH="$$PATH:/usr/sbin:/sbin"; command -v bpftool || echo bpftool)
PYTHON       ?= /usr/bin/python3

BPF_ARCH := $(shell uname -m | sed 's/x86_64/x86/; s/aarch64/arm64/')
JOBS     := $(shell nproc)
SUDO     := $(if $(filter 0,$(shell id -u)),,sudo)

ifeq ($(V),0)
Q   := @
msg  = @printf '  %-7s %s\n' '$(1)' '$(patsubst $(CURDIR)/%,%,$@)';
else
Q   :=
msg  =
endif

.DELETE_ON_ERROR:
.SECONDARY:
.SUFFIXES:
MAKEFLAGS += --no-builtin-rules

# --- flags ---------------------------------------------------------------------------------------

LIBS      := libbpf libelf zlib libcap libzstd
WARNINGS  := -Wall -Wextra $(if $(filter 1,$(WERROR)),-Werror)
CFLAGS    ?= -O2 -g
DEFINES   := -D_GNU_SOURCE -DTACH_VERSION='"$(VERSION)"'
INCLUDES  := -I. -Iuser -I$(B)/gen
# Only evaluated when something is compiled: the packages may not be there yet.
LIB_CFLAGS  = $(shell $(PKG_CONFIG) --cflags $(LIBS))
LDLIBS      = $(shell $(PKG_CONFIG) --libs $(LIBS)) -lm -pthread
TEST_LDLIBS = $(shell $(PKG_CONFIG) --libs cmocka) $(LDLIBS)
USER_FLAGS  = -std=gnu11 $(WARNINGS) $(DEFINES) $(INCLUDES) $(LIB_CFLAGS) -pthread
# libbpf's BPF_PROG() makes a parameter that nobody uses, and callbacks have a fixed signature.
BPF_FLAGS  := -g -O2 -target bpf -mcpu=v3 -D__TARGET_ARCH_$(BPF_ARCH) $(WARNINGS) \
	      -Wno-unused-parameter -I. -Ivmlinux
SAN_FLAGS  := -O1 -g -fsanitize=address,undefined -fno-sanitize-recover=all -fno-omit-frame-pointer
DEPS        = -MMD -MP

# --- what there is -------------------------------------------------------------------------------

BPF_SRC  := $(wildcard bpf/*.bpf.c)
USER_SRC := $(wildcard user/*.c user/*/*.c)
LIB_SRC  := $(filter-out user/main.c,$(USER_SRC))
UNIT_SRC := $(wildcard tests/unit/test_*.c)
TOOL_SRC := $(wildcard tests/tools/*.c)
TBPF_SRC := $(wildcard tests/bpf/*.bpf.c)
TRUN_SRC := $(filter-out %.bpf.c,$(wildcard tests/bpf/test_*.c))

BIN     := $(B)/tachyon-bpf
MAN     := $(B)/tachyon-bpf.1
SHELLS  := bash zsh fish
BPF_OBJ := $(B)/tachyon.bpf.o
SKEL    := $(B)/gen/tachyon.skel.h
# The same programs for newer kernels, of which they use more (bpf/ledger.bpf.h).
NEWER   := 618 700
SKELS   := $(SKEL) $(NEWER:%=$(B)/gen/tachyon%.skel.h)
LIB     := $(B)/libtachyon.a
SAN_LIB := $(B)/san/libtachyon.a
UNIT    := $(UNIT_SRC:%.c=$(B)/%)
SAN     := $(UNIT_SRC:%.c=$(B)/san/%)
TOOLS   := $(TOOL_SRC:%.c=$(B)/%)
TBPF    := $(TBPF_SRC:tests/bpf/%.bpf.c=$(B)/gen/%.skel.h)
TRUN    := $(TRUN_SRC:%.c=$(B)/%)
# The same for each architecture.
PAGE_DIR := build/page
PAGES    := $(patsubst user/page/%.html,$(B)/gen/%.page.h,$(wildcard user/page/*.html))
PAGE_SRC := $(wildcard user/page/*.mjs user/page/*.css user/page/*.html)

C_FILES := $(wildcard bpf/*.[ch] vmlinux/*.h user/*.[ch] user/*/*.[ch] \
	     tests/unit/*.[ch] tests/tools/*.[ch] tests/bpf/*.[ch] tests/targets/*.[ch] \
	     tests/fuzz/*.[ch] tests/fuzz/host/*/*.h)

# What only one room of the tests needs.
.DEFAULT_GOAL := all
include $(wildcard tests/*/*.mk)

# --- verbs ---------------------------------------------------------------------------------------

.PHONY: all bpf install clean demo check check-suites lint unit unit-san test-scripts test-bpf test-int \
	bench setup lab format vmlinux-check compdb tests help
all: $(BIN) $(MAN) $(SHELLS:%=$(B)/completion.%) ## build build/tachyon-bpf (default)
	@:

bpf: $(SKELS) ## the kernel side only

tests: $(UNIT) $(SAN) $(TOOLS) $(TRUN)

setup: ## install the Debian packages that are missing
	$(Q)scripts/setup.sh

lab: ## make the root file system with Python 3.13, 3.14 and 3.15
	$(Q)scripts/lab.sh

# Set-up may install the compiler: what follows is evaluated anew.
demo: ## set up, build, profile a bundled Python program
	$(Q)scripts/setup.sh
	$(Q)$(MAKE) --no-print-directory -j$(JOBS) all
	$(Q)scripts/demo.sh

check: ## set up, build, run all tests (the BPF ones as root)
	$(Q)rm -f $(RESULTS) $(SUM)
	$(Q)scripts/setup.sh
	$(Q)$(MAKE) --no-print-directory -j$(JOBS) check-suites

install: SHARE := $(DESTDIR)$(PREFIX)/share
install: all ## install program, man page and completions (DESTDIR= PREFIX=)
	install -D -m 755 $(BIN) $(DESTDIR)$(PREFIX)/bin/tachyon-bpf
	install -D -m 644 $(MAN) $(SHARE)/man/man1/tachyon-bpf.1
	install -D -m 644 $(B)/completion.bash $(SHARE)/bash-completion/completions/tachyon-bpf
	install -D -m 644 $(B)/completion.zsh $(SHARE)/zsh/site-functions/_tachyon-bpf
	install -D -m 644 $(B)/completion.fish $(SHARE)/fish/vendor_completions.d/tachyon-bpf.fish

clean: ## remove build/
	rm -rf $(B)

format: ## format all C files
	$(Q)$(CLANG_FORMAT) -i $(C_FILES)

vmlinux-check: $(B)/tools.ok ## compare our kernel types with a kernel's BTF (BTF=file)
	$(Q)CLANG=$(CLANG) BPFTOOL=$(BPFTOOL) $(PYTHON) -B scripts/check-vmlinux.py $(BTF)

compdb: $(SKELS) ## write compile_commands.json for editors
	$(Q)$(PYTHON) -B scripts/compdb.py '$(CC) $(USER_FLAGS) $(CFLAGS)' '$(CLANG) $(BPF_FLAGS)' \
		$(USER_SRC) $(UNIT_SRC) $(TOOL_SRC) $(TRUN_SRC) $(BPF_SRC) $(TBPF_SRC)

help: ## this list
	@awk -F ':.*## ' '/^[a-z-]+:.* ## / { printf "  make %-14s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)
	@echo "switches: V=1 (show commands)  WERROR=0  CC= CLANG= CFLAGS=  PY=3.14 (test-int, truth, bench)  T=160 (fuzz)"

# --- kernel side ---------------------------------------------------------------------------------

# Say what to do instead of failing at the first missing header.
$(B)/tools.ok:
	@missing=; \
	for cmd in $(firstword $(CC)) $(firstword $(CLANG)) $(BPFTOOL) $(PKG_CONFIG) node npm; do \
		command -v $$cmd >/dev/null || missing="$$missing $$cmd"; \
	done; \
	for lib in $(LIBS); do \
		$(PKG_CONFIG) --exists $$lib 2>/dev/null || missing="$$missing $$lib"; \
	done; \
	echo '#include <uthash.h>' | $(CC) -E -x c - >/dev/null 2>&1 || missing="$$missing uthash.h"; \
	if [ -n "$$missing" ]; then \
		echo "not found:$$missing" >&2; \
		echo "run 'make setup', or install what docs/dependencies.md lists" >&2; \
		exit 1; \
	fi
	@mkdir -p $(@D) && touch $@

$(B)/bpf/%.bpf.o: bpf/%.bpf.c Makefile | $(B)/tools.ok
	$(call msg,BPF)
	@mkdir -p $(@D)
	$(Q)$(CLANG) $(BPF_FLAGS) $(DEPS) -c $< -o $@

# The linker leaves DWARF out, keeps BTF.
$(BPF_OBJ): $(BPF_SRC:%.c=$(B)/%.o)
	$(call msg,BPFLINK)
	$(Q)$(BPFTOOL) gen object $@ $^

$(SKEL): $(BPF_OBJ)
	$(call msg,SKEL)
	@mkdir -p $(@D)
	$(Q)$(BPFTOOL) gen skeleton $< name tachyon_bpf >$@

$(NEWER:%=$(B)/bpf/tachyon%.bpf.o): $(B)/bpf/tachyon%.bpf.o: bpf/tachyon.bpf.c Makefile | $(B)/tools.ok
	$(call msg,BPF)
	@mkdir -p $(@D)
	$(Q)$(CLANG) $(BPF_FLAGS) -DTACH_KERNEL=$* $(DEPS) -c $< -o $@

$(NEWER:%=$(B)/gen/tachyon%.skel.h): $(B)/gen/tachyon%.skel.h: $(B)/bpf/tachyon%.bpf.o
	$(call msg,SKEL)
	@mkdir -p $(@D)
	$(Q)$(BPFTOOL) gen object $(B)/tachyon$*.bpf.o $<
	$(Q)$(BPFTOOL) gen skeleton $(B)/tachyon$*.bpf.o name tachyon$*_bpf >$@

$(B)/tests/bpf/%.bpf.o: tests/bpf/%.bpf.c Makefile | $(B)/tools.ok
	$(call msg,BPF)
	@mkdir -p $(@D)
	$(Q)$(CLANG) $(BPF_FLAGS) $(DEPS) -c $< -o $@

$(TBPF): $(B)/gen/%.skel.h: $(B)/tests/bpf/%.bpf.o
	$(call msg,SKEL)
	@mkdir -p $(@D)
	$(Q)$(BPFTOOL) gen object $(<:.o=.linked.o) $<
	$(Q)$(BPFTOOL) gen skeleton $(<:.o=.linked.o) name $(subst -,_,$*) >$@

# --- pages ---------------------------------------------------------------------------------------

PAGE_PACKAGES := $(PAGE_DIR)/node_modules/.package-lock.json

$(PAGE_PACKAGES): user/page/package.json user/page/package-lock.json user/page/.npmrc | $(B)/tools.ok
	$(call msg,NPM)
	@mkdir -p $(PAGE_DIR)
	$(Q)cp $^ $(PAGE_DIR)
	$(Q)cd $(PAGE_DIR) && npm ci --ignore-scripts --no-audit --no-fund --loglevel=error >/dev/null
	@touch $@

# The modules are found beside the packages.
$(PAGES): $(B)/gen/%.page.h: $(PAGE_SRC) $(PAGE_PACKAGES)
	$(call msg,PAGE)
	@mkdir -p $(@D)
	$(Q)cp $(PAGE_SRC) $(PAGE_DIR)
	$(Q)cd $(PAGE_DIR) && node build.mjs $* $(abspath $@)

# --- user side -----------------------------------------------------------------------------------

$(B)/obj/%.o: %.c Makefile | $(B)/tools.ok $(SKELS) $(PAGES)
	$(call msg,CC)
	@mkdir -p $(@D)
	$(Q)$(CC) $(USER_FLAGS) $(CFLAGS) $(DEPS) -c $< -o $@

$(B)/san/obj/%.o: %.c Makefile | $(B)/tools.ok $(SKELS) $(PAGES)
	$(call msg,CC)
	@mkdir -p $(@D)
	$(Q)$(CC) $(USER_FLAGS) $(SAN_FLAGS) $(DEPS) -c $< -o $@

$(LIB): $(LIB_SRC:%.c=$(B)/obj/%.o)
$(SAN_LIB): $(LIB_SRC:%.c=$(B)/san/obj/%.o)
$(LIB) $(SAN_LIB):
	$(call msg,AR)
	$(Q)rm -f $@ && $(AR) rcs $@ $^

$(BIN): $(B)/obj/user/main.o $(LIB)
	$(call msg,LINK)
	$(Q)$(CC) $(CFLAGS) $(LDFLAGS) -o $@ $^ $(LDLIBS)

# The option table makes these, so they cannot differ from the program.
$(MAN): $(BIN)
	$(call msg,MAN)
	$(Q)$(BIN) --man-page >$@

$(B)/completion.%: $(BIN)
	$(call msg,SHELL)
	$(Q)$(BIN) --completion $* >$@

# --- test programs -------------------------------------------------------------------------------

$(UNIT) $(TOOLS): $(B)/%: $(B)/obj/%.o $(LIB)
	$(call msg,LINK)
	@mkdir -p $(@D)
	$(Q)$(CC) $(CFLAGS) $(LDFLAGS) -o $@ $^ $(TEST_LDLIBS)

$(SAN): $(B)/san/%: $(B)/san/obj/%.o $(SAN_LIB)
	$(call msg,LINK)
	@mkdir -p $(@D)
	$(Q)$(CC) $(SAN_FLAGS) $(LDFLAGS) -o $@ $^ $(TEST_LDLIBS)

$(TRUN_SRC:%.c=$(B)/obj/%.o): | $(TBPF)

$(TRUN): $(B)/%: $(B)/obj/%.o $(LIB)
	$(call msg,LINK)
	@mkdir -p $(@D)
	$(Q)$(CC) $(CFLAGS) $(LDFLAGS) -o $@ $^ $(TEST_LDLIBS)

# --- suites --------------------------------------------------------------------------------------
# Each appends one line to $(RESULTS); check-suites runs them all and adds up.

RESULTS := $(B)/results
SUM     := $(B)/sum
SUITES  := lint test-scripts unit unit-san fuzz test-bpf test-int test-page interop check-truth check-vm
RUN     := $(PYTHON) -B scripts/results.py run $(RESULTS)
LIMIT   := timeout --kill-after=10 1800
# Root must not write into the tree, and tests must not see that it was sudo that made them root.
AS_ROOT := $(if $(SUDO),$(SUDO) env -u SUDO_UID -u SUDO_GID -u SUDO_USER -u SUDO_COMMAND,env) \
	   PYTHONDONTWRITEBYTECODE=1
# Once more what is judged by a bound and lies outside, and nothing else: tests/lib/shares.py says why.
PYTEST  := $(PYTHON) -m pytest --durations=5 --reruns 2 --only-rerun OutsideBound

check-suites:
	$(Q)rm -f $(RESULTS) $(SUM)
	@mkdir -p $(B)
	$(Q)$(MAKE) --no-print-directory all || true
	$(Q)for suite in $(SUITES); do \
		echo "== $$suite"; \
		$(MAKE) --no-print-directory $$suite || true; \
	done
	@echo "== sum"
	@$(PYTHON) -B scripts/results.py sum $(RESULTS) $(SUITES) >$(SUM); code=$$?; cat $(SUM); exit $$code

test-scripts: ## tests of the checks themselves (no root)
	$(Q)$(RUN) $@ pytest '$(LIMIT) $(PYTHON) -B -m pytest -q tests/scripts'

unit: $(UNIT) ## unit tests (no root); unit-san: the same with sanitizers
	$(Q)$(RUN) $@ tap $(patsubst %,'$(LIMIT) %',$(UNIT))

unit-san: export ASAN_OPTIONS := handle_segv=2:detect_leaks=1
unit-san: export UBSAN_OPTIONS := print_stacktrace=1
unit-san: $(SAN)
	$(Q)$(RUN) $@ tap $(patsubst %,'$(LIMIT) %',$(SAN))

test-bpf: $(TRUN) ## tests of the BPF code in the kernel (root)
	$(Q)$(RUN) $@ tap $(patsubst %,'$(AS_ROOT) CMOCKA_MESSAGE_OUTPUT=tap $(LIMIT) %',$(TRUN))

test-int: all $(TOOLS) ## the program on real Pythons (root, PY=3.14)
	$(Q)scripts/lab.sh >/dev/null
	$(Q)$(RUN) $@ pytest '$(AS_ROOT) TACHYON=$(CURDIR)/$(BIN) LAB="$(shell scripts/lab.sh)" \
		PY="$(PY)" $(LIMIT) $(PYTEST) tests/integration $(PYTEST_ARGS)'

LINT := lint-format lint-tidy lint-shell lint-python lint-layers lint-tree lint-packages vmlinux-check
.PHONY: $(LINT)
lint: $(SKELS) $(PAGES) ## format, clang-tidy, shellcheck, pyflakes, include direction, tree checks
	$(Q)$(RUN) $@ step $(patsubst %,'$(MAKE) -k --no-print-directory %',$(LINT))

SCRIPTS := $(wildcard scripts/*.sh tests/vm/*.sh .ci/run)
PYFILES := $(wildcard scripts/*.py tests/*.py tests/*/*.py)
TIDY_SRC := $(USER_SRC) $(UNIT_SRC) $(TOOL_SRC) $(TRUN_SRC)

lint-format:
	$(Q)$(CLANG_FORMAT) --dry-run -Werror $(C_FILES)

lint-tidy: $(patsubst %.c,$(B)/lint/%.ok,$(TIDY_SRC) $(FUZZ_ALL) $(BPF_SRC))

$(TIDY_SRC:%.c=$(B)/lint/%.ok): $(B)/lint/%.ok: $(B)/obj/%.o .clang-tidy
	$(call msg,TIDY)
	@mkdir -p $(@D)
	$(Q)$(CLANG_TIDY) --quiet $*.c -- $(USER_FLAGS)
	@touch $@

$(BPF_SRC:%.c=$(B)/lint/%.ok): $(B)/lint/%.ok: $(B)/%.o .clang-tidy
	$(call msg,TIDY)
	@mkdir -p $(@D)
	$(Q)$(CLANG_TIDY) --quiet $*.c -- $(BPF_FLAGS)
	@touch $@

lint-shell:
	$(Q)shellcheck $(SCRIPTS)

lint-python:
	$(Q)$(PYTHON) -B -m pyflakes $(PYFILES)

lint-layers:
	$(Q)scripts/check-layers.sh

lint-tree:
	$(Q)scripts/check-tree.sh

lint-packages:
	$(Q)scripts/setup.sh --check-docs

bench: all $(TOOLS) $(BROWSER_NPM) ## cost, beside the reference profiler (root, BENCH=quick)
	$(Q)scripts/lab.sh >/dev/null
	$(Q)$(AS_ROOT) TACHYON=$(CURDIR)/$(BIN) LAB="$$(scripts/lab.sh)" PY="$(PY)" \
		BENCH="$(BENCH)" $(PYTHON) -B tests/bench/bench.py

-include $(wildcard $(B)/bpf/*.d $(B)/tests/bpf/*.d $(B)/obj/user/*.d $(B)/obj/*/*/*.d \
	$(B)/san/obj/user/*.d $(B)/san/obj/*/*/*.d \
	$(FUZZ_DIR)/*.d $(FUZZ_DIR)/obj/user/*.d $(FUZZ_DIR)/obj/*/*/*.d $(FUZZ_DIR)/planted/*/*.d)
