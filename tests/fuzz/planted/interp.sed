# SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
# Code objects of another interpreter are taken for those of the first.
# found: other code objects
s/key.interp_id = s->interp_id;/key.interp_id = 0;/
