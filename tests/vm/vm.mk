# SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
#
# Other kernels, in virtual machines, one at a time. Those of another architecture
# get a cross-built program.

.PHONY: vm check-vm vm-programs

MACHINE := $(shell uname -m | sed 's/aarch64/arm64/')
ARCH    ?= $(MACHINE)
KERNEL  ?= 6.1 6.12 7.2
CROSS   := $(filter-out $(MACHINE),$(ARCH))

vm-programs: $(BIN) $(B)/tests/tools/programs $(TRUN)
	@:

vm: ## profiles on other kernels, in virtual machines (KERNEL="6.1 6.12 7.2" ARCH=arm64)
check-vm: KERNEL := 6.1 6.12
vm check-vm:
	$(Q)scripts/setup.sh $(if $(CROSS),vm-$(ARCH),vm)
	$(Q)$(if $(CROSS),scripts/vm.sh build $(ARCH),$(MAKE) --no-print-directory -j$(JOBS) vm-programs)
	$(Q)$(RUN) $@ pytest 'KERNEL="$(KERNEL)" ARCH=$(ARCH) CLANG=$(CLANG) BPFTOOL=$(BPFTOOL) \
		$(LIMIT) $(PYTHON) -B -m pytest -q tests/vm $(PYTEST_ARGS)'
