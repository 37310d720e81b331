# SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
# One frame more than there is room for.
# found: heap-buffer-overflow
s/cnt >= TACH_MAX_FRAMES/cnt > TACH_MAX_FRAMES/
