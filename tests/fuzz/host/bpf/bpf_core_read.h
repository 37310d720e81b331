/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
#ifndef TACH_HOST_BPF_CORE_READ_H
#define TACH_HOST_BPF_CORE_READ_H

/* In place of libbpf's header: here the kernel's types are our own, there is nothing to relocate. */

#include <string.h>

#define BPF_CORE_READ(src, field)		    ((src)->field)
#define bpf_core_read(dst, sz, src)		    memcpy(dst, src, sz)
#define bpf_core_type_size(type)		    sizeof(type)
#define __builtin_preserve_access_index(expression) (expression)

#endif
