# SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
#
# Is what the profiler says true? Every check, for every version of CPython in every flavour.

.PHONY: truth check-truth

TRUTH = $(Q)$(RUN) $@ pytest '$(AS_ROOT) TACHYON=$(CURDIR)/$(BIN) LAB="$(shell scripts/lab.sh)" PY="$(PY)" \
	FLAVOUR="$(FLAVOUR)" TRUTH=$(1) $(LIMIT) $(PYTEST) tests/truth $(PYTEST_ARGS)'

truth: $(BIN) $(TOOLS) ## is it true? (root, PY=3.15 FLAVOUR="gil jit")
	$(call TRUTH,full)

check-truth: $(BIN) $(TOOLS)
	$(call TRUTH,quick)
