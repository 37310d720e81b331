# SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
#
# The pages in a real browser. Pictures of them are left in build/pages.

.PHONY: test-page

PAGE_TESTS    := $(wildcard tests/page/test_*.mjs)
BROWSER_NPM   := $(B)/test-page/node_modules/.package-lock.json

$(BROWSER_NPM): tests/page/package.json tests/page/package-lock.json tests/page/.npmrc
	$(call msg,NPM)
	@mkdir -p $(B)/test-page
	$(Q)cp $^ $(B)/test-page
	$(Q)cd $(B)/test-page && npm ci --ignore-scripts --no-audit --no-fund --loglevel=error >/dev/null
	@touch $@

test-page: $(B)/tests/tools/profile_text $(BROWSER_NPM) ## the HTML pages in Chromium (no root)
	$(Q)$(RUN) $@ tap $(patsubst %,'$(LIMIT) node --test-reporter=tap %',$(PAGE_TESTS))
