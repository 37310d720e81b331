# SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
#
# The fuzzers, by clang's libFuzzer. The walker's takes the BPF programs as they are, with
# tests/fuzz/host in place of libbpf's headers; or, as a test of the fuzzer, a copy of them with a
# planted bug. So does the one of replay (planted/replay_*).

FUZZ_SRC   := $(wildcard tests/fuzz/fuzz_*.c)
PLANT_SRC  := $(wildcard tests/fuzz/planted/*.sed)
FUZZ_ALL   := $(wildcard tests/fuzz/*.c)

FUZZ_DIR   := $(B)/fuzz
FUZZ_OBJ   := $(FUZZ_DIR)/obj/tests/fuzz
FUZZ_LIB   := $(FUZZ_DIR)/libtachyon.a
FUZZ_FLAGS := -O1 -g -fsanitize=fuzzer-no-link,address,undefined -fno-sanitize-recover=all \
	      -fno-omit-frame-pointer
FUZZ_INC   := -Itests/fuzz/host -Ivmlinux -Wno-unknown-attributes
FUZZ_CC     = $(CLANG) $(FUZZ_FLAGS) $(FUZZ_INC) $(USER_FLAGS) $(DEPS)
FUZZ_LINK   = $(CLANG) $(FUZZ_FLAGS) -fsanitize=fuzzer -o $@ $(filter %.o,$^) $(FUZZ_LIB) $(LDLIBS)
FUZZ       := $(FUZZ_SRC:tests/fuzz/%.c=$(FUZZ_DIR)/%)
PLANT_READ := $(filter tests/fuzz/planted/replay_%,$(PLANT_SRC))
PLANTED    := $(filter-out $(PLANT_READ),$(PLANT_SRC))
PLANTED    := $(PLANTED:tests/fuzz/planted/%.sed=$(FUZZ_DIR)/planted/%/fuzz_walk)
PLANTED_READ := $(PLANT_READ:tests/fuzz/planted/%.sed=$(FUZZ_DIR)/planted/%/fuzz_replay)

$(FUZZ_DIR)/obj/%.o: %.c Makefile | $(B)/tools.ok $(SKELS) $(PAGES)
	$(call msg,CLANG)
	@mkdir -p $(@D)
	$(Q)$(FUZZ_CC) -c $< -o $@

$(FUZZ_LIB): $(LIB_SRC:%.c=$(FUZZ_DIR)/obj/%.o)
	$(call msg,AR)
	$(Q)rm -f $@ && $(AR) rcs $@ $^

$(FUZZ): $(FUZZ_DIR)/%: $(FUZZ_OBJ)/%.o $(FUZZ_LIB)
	$(call msg,LINK)
	$(Q)$(FUZZ_LINK)

# BPF programs read words from any address, and fields of a window as what they are.
%/kernel.o: FUZZ_FLAGS += -fno-sanitize=alignment -fno-strict-aliasing

# What makes the target and judges the programs is not what is to be explored.
WALK_OBJ := $(addprefix $(FUZZ_OBJ)/,host.o model.o world.o)
$(WALK_OBJ): FUZZ_FLAGS += -fno-sanitize=fuzzer-no-link
$(FUZZ_DIR)/fuzz_walk: $(FUZZ_OBJ)/kernel.o $(WALK_OBJ)

$(FUZZ_DIR)/planted/%/bpf/tachyon.bpf.c: tests/fuzz/planted/%.sed $(wildcard bpf/*.[ch])
	@rm -rf $(@D) && mkdir -p $(@D) && cp bpf/*.[ch] $(@D) && sed -i -f $< $(@D)/*
	@! diff -r bpf $(@D) >/dev/null || { echo "$<: finds no place in bpf/" >&2; exit 1; }

$(FUZZ_DIR)/planted/%/kernel.o: FUZZ_FLAGS += -I$(@D)
$(FUZZ_DIR)/planted/%/kernel.o: tests/fuzz/kernel.c $(FUZZ_DIR)/planted/%/bpf/tachyon.bpf.c Makefile
	$(call msg,CLANG)
	$(Q)$(FUZZ_CC) -c $< -o $@

$(PLANTED): %/fuzz_walk: %/kernel.o $(FUZZ_OBJ)/fuzz_walk.o $(WALK_OBJ) $(FUZZ_LIB)
	$(call msg,LINK)
	$(Q)$(FUZZ_LINK)

# The room's objects stand before the library's, which then are not taken.
$(PLANTED_READ): $(FUZZ_DIR)/planted/%/fuzz_replay: tests/fuzz/planted/%.sed $(wildcard user/replay/*.[ch]) \
		$(FUZZ_OBJ)/fuzz_replay.o $(FUZZ_LIB)
	$(call msg,CLANG)
	@rm -rf $(@D) && mkdir -p $(@D)/replay && cp user/replay/*.[ch] $(@D)/replay && sed -i -f $< $(@D)/replay/*
	@! diff -r user/replay $(@D)/replay >/dev/null || { echo "$<: finds no place in user/replay/" >&2; exit 1; }
	$(Q)for file in $(@D)/replay/*.c; do $(FUZZ_CC) -MF $$file.d -c $$file -o $${file%.c}.o || exit 1; done
	$(Q)$(CLANG) $(FUZZ_FLAGS) -fsanitize=fuzzer -o $@ $(@D)/replay/*.o $(FUZZ_OBJ)/fuzz_replay.o $(FUZZ_LIB) $(LDLIBS)

$(FUZZ_DIR)/make-seeds: tests/fuzz/seeds.c tests/fuzz/seeds_replay.c tests/fuzz/world.c Makefile
	$(call msg,CC)
	@mkdir -p $(@D)
	$(Q)$(CC) $(USER_FLAGS) $(CFLAGS) $(filter %.c,$^) -o $@ -lzstd

.PHONY: fuzz
fuzz: $(FUZZ) $(PLANTED) $(PLANTED_READ) $(FUZZ_DIR)/make-seeds ## all fuzzers for T=160 seconds of a CPU, 60 each the walker and replay (no root)
	$(Q)$(RUN) $@ tap '$(LIMIT) $(PYTHON) -B tests/fuzz/run.py $(T) $(FUZZ_DIR)'; \
		code=$$?; cat $(FUZZ_DIR)/report; exit $$code

$(FUZZ_ALL:%.c=$(B)/lint/%.ok): $(B)/lint/%.ok: $(FUZZ_DIR)/obj/%.o .clang-tidy
	$(call msg,TIDY)
	@mkdir -p $(@D)
	$(Q)$(CLANG_TIDY) --quiet $*.c -- $(FUZZ_INC) $(USER_FLAGS)
	@touch $@
