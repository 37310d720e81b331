# SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
# What lies behind the bytes that were read into the window counts as read.
# found: by page
s/^\t\t\ts->win_sz = sz;$/\t\t\ts->win_sz = TACH_PAGE_SZ + TACH_FRAME_SZ;/
