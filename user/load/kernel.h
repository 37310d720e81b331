/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
#ifndef TACH_KERNEL_H
#define TACH_KERNEL_H

#include <stdbool.h>

/* Whether a kernel can run the programs safely, by its version alone. What else it has is probed. */
enum tach_kernel_fit {
	TACH_KERNEL_FITS,
	TACH_KERNEL_OLD,     /* before 6.1 */
	TACH_KERNEL_FREEZES, /* reading user memory in a timer interrupt can freeze it */
	TACH_KERNEL_UNSURE, /* in the range that freezes, but of a vendor whose fixes are not known */
};

/* Pure. @release: `uname -r`; @version: `uname -v`; @signature: /proc/version_signature or "".
 *
 * bpf_probe_read_user() in a perf interrupt can deadlock on 5.19 to 6.0, 6.1 before 6.1.36, 6.2, and 6.3
 * before 6.3.10; fixed by Linux commit d319f344561d. The stable number is in uname -r of a vanilla kernel,
 * in uname -v of Debian's ("... Debian 6.1.192-2 ..."), in the signature of Ubuntu's. */
enum tach_kernel_fit tach_kernel__judge(const char *release, const char *version,
					const char *signature);

/* Whether a look-up in task storage that interrupts another one can fail: before Linux 6.2 ("bpf: Avoid
 * taking spinlock in bpf_task_storage_get if potential deadlock is detected"). Pure. */
bool tach_kernel__storage_unsure(const char *release);

/* Whether BPF can schedule a task work, and by which function (bpf/ledger.bpf.h). Pure. */
enum tach_task_work {
	TACH_TASK_WORK_NONE, /* before Linux 6.18 */
	TACH_TASK_WORK_IMPL, /* before 7.0 */
	TACH_TASK_WORK_NEW,
};
enum tach_task_work tach_kernel__task_work(const char *release);

#endif
