# SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
#
# What do the programs that formats are made for make of them? Those of npm are installed as the lock file says.

.PHONY: interop

READERS := $(B)/interop/node_modules/.package-lock.json

$(READERS): tests/interop/package.json tests/interop/package-lock.json
	$(call msg,NPM)
	@mkdir -p $(B)/interop
	$(Q)cp $^ $(B)/interop
	$(Q)cd $(B)/interop && npm ci --ignore-scripts --no-audit --no-fund --loglevel=error >/dev/null
	@touch $@

interop: $(BIN) $(TOOLS) $(READERS) ## each format into the programs that read it (root)
	$(Q)scripts/lab.sh >/dev/null
	$(Q)$(RUN) $@ pytest '$(AS_ROOT) TACHYON=$(CURDIR)/$(BIN) LAB="$(shell scripts/lab.sh)" \
		PY="$(PY)" $(LIMIT) $(PYTEST) tests/interop $(PYTEST_ARGS)'
