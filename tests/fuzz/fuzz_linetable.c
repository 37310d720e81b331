// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
/* Line tables. What is answered for each instruction must be a position or a refusal, and the same
 * whatever follows in the table. */
#include <errno.h>
#include <string.h>

#include "symbolize/frametab.h"
#include "symbolize/linetable.h"
#include "tests/fuzz/broken.h"
#include "tests/fuzz/input.h"

static void check(int err, const struct tach_position *pos)
{
	if (err ? err != -EINVAL || pos->line != TACH_LINE_BAD
		: pos->line < TACH_LINE_NONE || pos->end_line < pos->line)
		broken("%d: lines %d to %d", err, pos->line, pos->end_line);
	if (pos->col < TACH_COL_NONE || pos->end_col < TACH_COL_NONE)
		broken("columns %d to %d", pos->col, pos->end_col);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t sz);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t sz)
{
	struct input in = {data, data + sz};
	__s32 firstlineno = (__s32)input_u32(&in);
	__u32 lasti = input_u32(&in) & 0xffff;
	struct tach_position pos, again;
	size_t tab_sz = in.end - in.pos;
	unsigned char *tab = malloc(tab_sz);
	int err;

	memcpy(tab, in.pos, tab_sz);
	memset(&pos, 0x5a, sizeof(pos));
	err = tach_linetable__find(tab, tab_sz, firstlineno, lasti, &pos);
	check(err, &pos);
	/* Without its last bytes the table has fewer answers, not others. */
	for (size_t cut = tab_sz; !err && cut--;) {
		if (tach_linetable__find(tab, cut, firstlineno, lasti, &again))
			break;
		if (memcmp(&pos, &again, sizeof(pos)) != 0)
			broken("another position with %zu bytes less", tab_sz - cut);
	}
	free(tab);
	return 0;
}
