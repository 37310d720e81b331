# SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
# A number on the tape may be one too large.
# fuzzer: fuzz_replay
# found: UndefinedBehaviorSanitizer|AddressSanitizer
s/\*id >= map->cnt/*id > map->cnt/
