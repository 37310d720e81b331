# SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
#
# Is what the profiler says true? Every check, for every version of CPython in every flavour.

.PHONY: truth check-truth truth-table flavours

TRUTH_OUT := $(B)/truth

truth: ## is it true? (root, an hour for all of it; PY=3.15 FLAVOUR="gil jit")
check-truth: TRUTH_OUT := $(B)/truth/quick
truth check-truth: $(BIN) $(TOOLS)
	$(Q)rm -rf $(if $(PY)$(FLAVOUR)$(PYTEST_ARGS),,$(TRUTH_OUT)/*.json)
	$(if $(PY)$(FLAVOUR)$(PYTEST_ARGS),,$(Q)scripts/flavours.sh all)
	$(Q)$(RUN) $@ pytest '$(AS_ROOT) TACHYON=$(CURDIR)/$(BIN) LAB="$(shell scripts/lab.sh)" \
		TACHYON_LAB="$(TACHYON_LAB)" PY="$(PY)" FLAVOUR="$(FLAVOUR)" \
		TRUTH=$(if $(filter truth,$@),full,quick) TRUTH_OUT=$(TRUTH_OUT) \
		$(if $(filter truth,$@),,$(LIMIT)) $(PYTEST) tests/truth $(PYTEST_ARGS)'
	$(Q)$(PYTHON) -B tests/truth/table.py $(TRUTH_OUT) >$(B)/truth.md

truth-table: ## write docs/truth.md from the figures of make check
	$(Q)$(PYTHON) -B tests/truth/table.py $(B)/truth/quick >docs/truth.md

flavours: ## build the Pythons that Debian has no packages of (scripts/flavours.sh)
	$(Q)scripts/flavours.sh all
