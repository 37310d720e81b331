# SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
# A stack may keep more frames than there were.
# fuzzer: fuzz_replay
# found: AddressSanitizer|broken:
s/encoding == SUFFIX && first > thread->depth/encoding == SUFFIX \&\& first > DEPTH/
