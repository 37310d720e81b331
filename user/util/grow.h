/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
#ifndef TACH_GROW_H
#define TACH_GROW_H

#include <stdlib.h>

/* Make room in a growing array: @items (NULL at first) has room for *@cap items of @item_sz bytes, and
 * shall have it for @cnt. Returns the array, perhaps elsewhere, with *@cap updated; NULL without memory,
 * and then @items is as it was. */
static inline void *tach_grow(void *items, size_t *cap, size_t cnt, size_t item_sz)
{
	size_t new_cap = *cap + *cap / 2 + 16;
	void *moved;

	if (items && cnt <= *cap)
		return items;
	if (new_cap < cnt)
		new_cap = cnt;
	moved = reallocarray(items, new_cap, item_sz);
	if (moved)
		*cap = new_cap;
	return moved;
}

#endif
