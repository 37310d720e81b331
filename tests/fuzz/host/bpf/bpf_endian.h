/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
#ifndef TACH_HOST_BPF_ENDIAN_H
#define TACH_HOST_BPF_ENDIAN_H

/* In place of libbpf's header; the fuzzers run on little-endian machines. */
#define bpf_ntohs(value) __builtin_bswap16(value)

#endif
