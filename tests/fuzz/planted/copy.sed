# SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
# A string is copied whatever its length.
# found: leaves its field|cannot be decoded
/^\t\tTACH_CLAMP(_sz, max); /d
