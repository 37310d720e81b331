# SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
# A code object whose record the ring refused counts as sent.
# found: code object not described
s/if (tach_emit(&cap->rec, len))/if (tach_emit(\&cap->rec, len) > 0)/
