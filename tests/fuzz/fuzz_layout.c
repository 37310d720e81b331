// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
/* Tables of offsets. One that is accepted must be what bpf/tach_layout.h promises the walker. */
#include <errno.h>
#include <string.h>

#include "target/layout.h"
#include "tests/fuzz/broken.h"

struct field {
	const char *name;
	__u32 off, sz, align, window;
};

static void check_fields(const struct tach_layout *layout)
{
#define FIELD(name, sz, align, window) {#name, layout->name, sz, align, window}
	const struct field fields[] = {
		FIELD(ts_next, 8, 8, TACH_TSTATE_SZ),
		FIELD(ts_interp, 8, 8, TACH_TSTATE_SZ),
		FIELD(ts_current_frame, 8, 8, TACH_TSTATE_SZ),
		FIELD(ts_native_tid, 8, 8, TACH_TSTATE_SZ),
		FIELD(ts_status, 4, 4, TACH_TSTATE_SZ),
		FIELD(ts_holds_gil, 4, 4, TACH_TSTATE_SZ),
		FIELD(ts_gil_requested, 4, 4, TACH_TSTATE_SZ),
		FIELD(ts_current_exception, 8, 8, TACH_TSTATE_SZ),
		FIELD(ts_exc_info, 8, 8, TACH_TSTATE_SZ),
		FIELD(fr_previous, 8, 8, layout->fr_sz),
		FIELD(fr_executable, 8, 8, layout->fr_sz),
		FIELD(fr_instr_ptr, 8, 8, layout->fr_sz),
		FIELD(fr_owner, 1, 1, layout->fr_sz),
		FIELD(fr_tlbc_index, 4, 4, layout->fr_sz),
		FIELD(fr_sz, 0, 8, TACH_FRAME_SZ),
		FIELD(co_filename, 8, 8, TACH_CODE_SZ),
		FIELD(co_qualname, 8, 8, TACH_CODE_SZ),
		FIELD(co_linetable, 8, 8, TACH_CODE_SZ),
		FIELD(co_firstlineno, 4, 4, TACH_CODE_SZ),
		FIELD(co_version, 4, 4, TACH_CODE_SZ),
		FIELD(un_state, 4, 4, layout->un_ascii_sz),
		FIELD(un_length, 8, 8, layout->un_ascii_sz),
		FIELD(un_ascii_sz, 0, 4, TACH_STR_SZ),
	};
#undef FIELD

	for (size_t i = 0; i < sizeof(fields) / sizeof(fields[0]); i++) {
		const struct field *field = &fields[i];

		if (field->off % field->align || field->off > field->window ||
		    field->window - field->off < field->sz)
			broken("%s is %u, of %u bytes", field->name, field->off, field->window);
	}
}

/* The walker reads the first line and the version together: bpf/intern.bpf.h, TACH_CODE_ID_SZ. */
static void check_code_id(const struct tach_layout *layout)
{
	if (layout->co_version && layout->co_version - layout->co_firstlineno > 28)
		broken("co_version is %u, co_firstlineno %u", layout->co_version,
		       layout->co_firstlineno);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t sz);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t sz)
{
	const __u64 runtime_addr = 0x7f5500000000ull;
	struct tach_why why = {0};
	struct tach_layout layout;
	unsigned char *table = malloc(sz);
	int err;

	memcpy(table, data, sz);
	err = tach_layout__parse(table, sz, runtime_addr, &layout, &why);
	if (!err) {
		if (layout.runtime_addr != runtime_addr)
			broken("the runtime moved");
		check_fields(&layout);
		check_code_id(&layout);
	} else if ((err != -ENOTSUP && err != -EPROTO) || !why.text[0]) {
		broken("refused with %d: \"%s\"", err, why.text);
	}
	free(table);
	return 0;
}
