# SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
# A known stack is trusted although other code objects are at its addresses.
# found: other code objects
s/known->fingerprint == s->fingerprint/known->fingerprint/
