# SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
#
# What do the programs that formats are made for make of them?

.PHONY: interop

interop: $(BIN) $(TOOLS) ## each format in the programs that read it (root)
	$(Q)scripts/lab.sh >/dev/null
	$(Q)$(RUN) $@ pytest '$(AS_ROOT) TACHYON=$(CURDIR)/$(BIN) LAB="$(shell scripts/lab.sh)" \
		PY="$(PY)" $(LIMIT) $(PYTEST) tests/interop $(PYTEST_ARGS)'
