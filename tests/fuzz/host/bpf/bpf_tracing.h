/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
#ifndef TACH_HOST_BPF_TRACING_H
#define TACH_HOST_BPF_TRACING_H

/* In place of libbpf's header: a program's arguments are those of the function. */
#define BPF_PROG(name, args...) name(args)

#endif
