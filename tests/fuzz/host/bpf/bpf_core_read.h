/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
#ifndef TACH_HOST_BPF_CORE_READ_H
#define TACH_HOST_BPF_CORE_READ_H

/* In place of libbpf's header: here the kernel's types are our own, there is nothing to relocate. */

#include <stddef.h>
#include <string.h>

#define HOST_READ_1(src, field)		  ((src)->field)
#define HOST_READ_2(src, field, next)	  ((src)->field->next)
#define HOST_READ_OF(one, two, read, ...) read
#define BPF_CORE_READ(src, ...)                                                                    \
	HOST_READ_OF(__VA_ARGS__, HOST_READ_2, HOST_READ_1, )(src, __VA_ARGS__)
#define BPF_CORE_READ_INTO(dst, src, field)	    memcpy(dst, &(src)->field, sizeof((src)->field))
#define bpf_core_read(dst, sz, src)		    memcpy(dst, src, sz)
#define bpf_core_field_exists(field)		    ((void)sizeof(field), true)
#define bpf_core_field_offset(type, field)	    offsetof(type, field)
#define bpf_core_type_exists(type)		    ((void)sizeof(type), true)
#define bpf_core_type_size(type)		    sizeof(type)
#define __builtin_preserve_access_index(expression) (expression)

#endif
