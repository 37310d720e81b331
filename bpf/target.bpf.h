/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
#ifndef TACH_TARGET_BPF_H
#define TACH_TARGET_BPF_H

/* Task -> the target that it belongs to. */

/* Before Linux 6.2 a look-up in task storage can answer NULL although there is something. */
const volatile bool tach_storage_unsure = true;

/* Index of the target that @task belongs to, or -1. */
static __always_inline int tach_target_of(struct task_struct *task)
{
	struct task_struct *leader = task->group_leader;
	struct tach_member *member = bpf_task_storage_get(&tach_members, leader, NULL, 0);
	__u32 tgid = task->tgid;
	struct tach_pid_ent *ent;

	if (member && member->pid_known)
		return member->target;
	if (member) {
		struct tach_pid_ent new_ent = {
			.start_boottime = leader->start_boottime,
			.target = member->target,
		};

		if (!bpf_map_update_elem(&tach_pids, &tgid, &new_ent, BPF_ANY))
			member->pid_known = 1;
		return member->target;
	}
	if (!tach_storage_unsure)
		return -1;
	ent = bpf_map_lookup_elem(&tach_pids, &tgid);
	if (!ent || ent->start_boottime != leader->start_boottime)
		return -1;
	TACH_COUNT(STORAGE_MISS);
	return ent->target;
}

/* A thread other than the leader that makes an exec takes the leader's place, with its pid and start
 * time, but not its storage. Index of the target, or -1. */
static __always_inline int tach_mark_again(struct task_struct *task)
{
	struct tach_member member = {};
	struct tach_pid_ent *ent;
	__u32 tgid = task->tgid;

	ent = bpf_map_lookup_elem(&tach_pids, &tgid);
	if (!ent || ent->start_boottime != task->start_boottime)
		return -1;
	member.target = ent->target;
	member.pid_known = 1;
	bpf_task_storage_get(&tach_members, task, &member, BPF_LOCAL_STORAGE_GET_F_CREATE);
	return ent->target;
}

#endif
