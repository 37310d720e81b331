/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
#ifndef TACH_STATUS_H
#define TACH_STATUS_H

/* Where a tick ends. Shared by the kernel side (index of the counter map) and the user side (names,
 * report, docs/statuses.md).
 *
 * Every timer tick that finds a thread of a target running ends in exactly one of these, so their sum
 * equals the number of such ticks; there is no "other". Values are stable: append, never renumber.
 *
 *	X(name, kind, text)
 * kind: SAMPLE a sample was delivered; SKIP nothing was to be sampled, by the user's choice or because
 * there is no Python to see; FAIL a sample was due and is missing.
 */
#define TACH_STATUSES(X)                                                                           \
	X(SAMPLED, SAMPLE, "sampled")                                                              \
	X(OTHER_THREAD, SKIP, "not the main thread (use -a for all)")                              \
	X(EXITING, SKIP, "thread was exiting")                                                     \
	X(NO_LAYOUT, SKIP, "interpreter not found yet (start-up, or after exec)")                  \
	X(NOT_STARTED, SKIP, "interpreter not started yet or already finished")                    \
	X(NO_PYTHON, SKIP, "thread without a Python thread state")                                 \
	X(NO_FRAMES, SKIP, "thread state without Python frames")                                   \
	X(NO_SCRATCH, FAIL, "no scratch memory for this CPU")                                      \
	X(TSTATE_FAULT, FAIL, "thread state unreadable")                                           \
	X(TSTATE_LIMIT, FAIL, "thread state not found within the walk limit")                      \
	X(FRAME_FAULT, FAIL, "frame unreadable")                                                   \
	X(FRAME_INVALID, FAIL, "frame with an impossible code address")                            \
	X(NO_ROOT, FAIL, "frame chain did not reach its root")                                     \
	X(CODE_FAULT, FAIL, "code object unreadable")                                              \
	X(CODE_QUOTA, FAIL, "too many new code objects in one tick")                               \
	X(RING_FULL, FAIL, "ring buffer full")                                                     \
	X(OTHER_STATE, SKIP, "not in the state that the mode asks for")                            \
	X(NOT_DUE, SKIP, "no sample was due")                                                      \
	X(NOT_STOPPED, FAIL, "the process could not be stopped")

enum tach_status {
#define X(name, kind, text) TACH_ST_##name,
	TACH_STATUSES(X)
#undef X
		TACH_ST__CNT,
};

/* Counters beside the statuses: not ends of a tick, so not part of the sum.
 *	X(name, text)
 */
#define TACH_COUNTERS(X)                                                                           \
	X(TICKS, "ticks on busy CPUs")                                                             \
	X(TARGET_TICKS, "ticks that found a target running")                                       \
	X(STORAGE_MISS, "targets recognised by the fallback table")                                \
	X(TSTATE_WALKS, "walks of the thread state list")                                          \
	X(STACKS, "stack definitions sent")                                                        \
	X(CODES, "code objects captured")                                                          \
	X(REVALIDATED, "known stacks whose code objects were checked again")                       \
	X(STALE, "known stacks found stale: a code address was reused")                            \
	X(TRUNCATED, "stacks deeper than the limit: frames are missing")                           \
	X(ON_SAMPLES, "samples that the ticks stand for")                                          \
	X(OFF_RECORDS, "records of time off the CPU sent")                                         \
	X(OFF_SAMPLES, "samples in them")                                                          \
	X(OFF_READS, "stacks read when a thread left the CPU")                                     \
	X(OFF_WORKS, "stacks read when it came back")                                              \
	X(OFF_REUSED, "samples off the CPU with an earlier stack of their thread")                 \
	X(OFF_FAILED, "samples off the CPU without a stack")                                       \
	X(OFF_LOST, "samples off the CPU lost: ring buffer full")                                  \
	X(SWITCHES_UNSEEN, "returns to a CPU that no event told of")                               \
	X(LEDGERS_LOST, "threads that ended without a word of their time: ring buffer full")       \
	X(UNSEEN, "samples of threads of which nobody had seen what they do")                      \
	X(TICK_NS, "ns spent in ticks, as measured on some of them")                               \
	X(SWITCH_NS, "ns spent in switches and wake-ups, likewise")                                \
	X(CALLS, "waits for sockets told of")                                                      \
	X(CALLS_LOST, "waits for sockets lost: ring buffer half full")

enum tach_counter {
#define X(name, text) TACH_CT_##name,
	TACH_COUNTERS(X)
#undef X
		TACH_CT__CNT,
};

/* Counters live in one per-CPU array: statuses first, then the others. */
#define TACH_COUNTS_CNT (TACH_ST__CNT + TACH_CT__CNT)

#endif
