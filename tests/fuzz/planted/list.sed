# SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
# The list of thread states is followed for too long.
# found: a tick of .* steps
s/bpf_loop(TACH_MAX_TSTATES,/bpf_loop(64 * TACH_MAX_TSTATES,/
