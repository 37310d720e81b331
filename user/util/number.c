// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
#include "util/number.h"

const char *tach_number__grouped(__u64 value, char buf[TACH_GROUPED_MAX])
{
	char *at = buf + TACH_GROUPED_MAX - 1;
	int digits = 0;

	*at = '\0';
	do {
		if (digits && digits % 3 == 0)
			*--at = ',';
		*--at = (char)('0' + value % 10);
		digits++;
		value /= 10;
	} while (value);
	return at;
}
