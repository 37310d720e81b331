/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
#ifndef TACH_MAPS_H
#define TACH_MAPS_H

/* Keys and values of the maps that user space reads or writes.
 *
 * Included by both sides, after tach_layout.h and tach_status.h; the includer provides __u32 and __u64.
 */

#define TACH_MAX_TARGETS 64 /* power of two */

/* Of tach_targets: the layout, and the program image it was found in; void once the image has changed. */
struct tach_target_ent {
	struct tach_layout layout;
	__u32 image;
	__u32 ready;
	__u32 depth; /* of the target's pid namespace below that of user space; never changes */
	__u32 pad;
};

/* Of tach_images: the program that runs in a target now. */
struct tach_image_ent {
	__u64 mm;      /* address of its struct mm_struct; 0: not known yet */
	__u32 number;  /* rises with each exec */
	__u32 started; /* a thread state was seen in it */
};

/* Of tach_members: which target a process is. */
struct tach_member {
	__u32 target;
	__u32 pid_known; /* tach_pids has it too */
};

/* Of tach_threads: the ledger of a thread. Times are ns of CLOCK_MONOTONIC. */
struct tach_thread {
	__u64 begin_ns;	   /* of the ledger */
	__u64 in_ns;	   /* when it came to a CPU; 0: it is on none */
	__u64 out_ns;	   /* when it left; 0: it is on one */
	__u64 wake_ns;	   /* when it could have run again; 0: it waits */
	__u64 ran_ns;	   /* time on a CPU by the scheduler's clock, when it left one last */
	__u64 at_ns;	   /* up to when samples were counted */
	__u64 left_ns;	   /* from there to the next one */
	__u64 rest_ns;	   /* from that to the end of its period */
	__u64 mean_ns;	   /* of its blocks */
	__u64 on_ns;	   /* sums: on a CPU, */
	__u64 off_ns;	   /* off it, */
	__u64 runnable_ns; /* of that: waiting for a CPU */
	__u64 skipped; /* samples that were not due: in a state that does not count, or without Python */
	__u64 gil_on_ns;   /* sums, in mode gil: holding the GIL on a CPU, by ticks, */
	__u64 gil_off_ns;  /* off it, */
	__u64 gil_wait_ns; /* and asleep until it gets it; if all states count, by samples */
	__u64 deferred_ns; /* asleep, by samples whose stack is read when it is back */
	__u64 stack_id;	   /* that it had when it was read last */
	__u32 state;	   /* " enum tach_sample_state */
	__u32 block_state; /* of the block that began at out_ns, if that is known */
	__u32 target, image;
	__u32 tid, host_tid; /* 0: not read yet */
	__u32 pending;	     /* samples on a CPU that no tick has taken yet */
	__u32 holder; /* of the GIL, its tid, when this thread went to wait for it; 0: not known */
	__u8 fresh;   /* stack_id is that of the block that began at out_ns */
	__u8 bare;    /* it had no Python stack when it was read last */
	__u8 closed;  /* it has ended, or the sampling has: its times were sent */
	__u8 known;   /* block_state is that of this block */
	__u8 unseen;  /* it has come or left unseen: its next so many stacks are read */
	__u8 begun;   /* a switch of it has been seen */
	__u8 in_call; /* the block that began at out_ns is a wait for a socket: it is in tach_calls */
	__u8 pad[5];
};

/* Of tach_peeked: the stack that user space has read of a thread off the CPU. */
struct tach_peeked_ent {
	__u64 out_ns; /* tells the block from other ones */
	__u64 stack_id;
	__u32 state;
	__u32 tid;
	__u32 host_tid;
	__u32 pad;
};

/* What the iterator says of each thread. */
struct tach_thread_row {
	__u64 now_ns;
	__u32 pid;	/* of the thread, in the root namespace */
	__u32 tid;	/* in the target's */
	__u32 host_tid; /* in user space's */
	__u32 main_thread;
	__u64 futex; /* that it sleeps on; 0: on something else, or it runs */
	struct tach_thread thread;
};

/* A thread of a target; tid in its innermost pid namespace. */
struct tach_thread_key {
	__u32 target;
	__u32 tid;
};

/* Of tach_gil_waits: who waited, and who had the GIL when that wait began. Both are tids in the target's
 * innermost pid namespace; a wait takes at most the interpreter's switch interval, then the next one begins. */
struct tach_gil_wait_key {
	__u32 target;
	__u32 tid;
	__u32 holder; /* 0: not known */
};

/* Of tach_bare: a thread that ran without a PyThreadState. */
struct tach_bare_ent {
	__u64 ticks;
	__u32 host_tid;
	__u32 pad;
	char comm[16];
};

/* Of tach_counts: statuses, then counters. */
struct tach_count_ent {
	__u64 n[TACH_COUNTS_CNT];
	__u64 tick_ns; /* when the tick that goes on began, if it is timed, else 0 */
};

#endif
