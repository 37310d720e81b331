// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "aggregate/tape.h"
#include "replay/parts.h"
#include "util/grow.h"

/* A small file that decompresses to very large tables is no recording. */
#define TABLE_MAX(file_sz) ((16u << 20) + 64 * (file_sz))

/* What the numbers of the tape are in the profile. */
struct map {
	__u32 *ids; /* [cnt] */
	size_t cap;
	__u32 cnt;
};

struct player {
	struct tach_replay *replay;
	struct tach_input input;
	struct tach_tape_reader reader;
	struct map strs, frames, nodes, processes, whos;
};

static int damaged(const struct tach_replay *replay)
{
	return tach_why__set(replay->why, -EINVAL, "Invalid record on the tape of the recording");
}

static int no_memory(const struct tach_replay *replay)
{
	return tach_why__set(replay->why, -ENOMEM, "out of memory");
}

static int add(struct map *map, __u32 id)
{
	__u32 *ids = tach_grow(map->ids, &map->cap, (size_t)map->cnt + 1, sizeof(*ids));

	if (!ids || id == TACH_NO_ID)
		return -ENOMEM;
	map->ids = ids;
	ids[map->cnt++] = id;
	return 0;
}

/* Replace *@id, a number on the tape, by the profile's. False: there is none. */
static bool find(const struct map *map, __u32 *id)
{
	if (*id >= map->cnt)
		return false;
	*id = map->ids[*id];
	return true;
}

static int take_frame(struct player *player, const struct tach_frame *on_tape)
{
	struct tach_frame frame = *on_tape;

	if (!find(&player->strs, &frame.file) || !find(&player->strs, &frame.func))
		return -EBADMSG;
	return add(&player->frames, tach_frametab__frame(player->replay->tab, &frame));
}

static int take_node(struct player *player, const struct tach_node *on_tape)
{
	struct tach_node node = *on_tape;
	__u32 id;

	if (!find(&player->nodes, &node.parent) || !find(&player->frames, &node.frame))
		return -EBADMSG;
	if (tach_profile__child(player->replay->profile, node.parent, node.frame, &id))
		return -ENOMEM;
	return add(&player->nodes, id);
}

static int take_who(struct player *player, const struct tach_tape_item *item)
{
	const struct tach_who *who = &item->is.thread.who;
	__u32 process = who->process, idx = item->is.thread.idx;
	bool added;
	int err = 0;

	if (idx > player->whos.cnt || !find(&player->processes, &process))
		return -EBADMSG;
	if (idx == player->whos.cnt)
		err = add(&player->whos, tach_profile__who_of(player->replay->profile, process,
							      who->interp, who->tid, &added));
	if (!err)
		tach_profile__describe(player->replay->profile, player->whos.ids[idx], item->text,
				       who->main_thread);
	return err;
}

static int take_event(struct player *player, const struct tach_event *on_tape)
{
	struct tach_event event = *on_tape;

	if (!find(&player->whos, &event.who) || !event.node || !find(&player->nodes, &event.node) ||
	    !event.weight)
		return -EBADMSG;
	tach_replay__count(player->replay, event.weight);
	return tach_profile__add(player->replay->profile, &event);
}

static int take_wait(struct player *player, const struct tach_wait *on_tape)
{
	struct tach_wait wait = *on_tape;

	if (!find(&player->whos, &wait.who))
		return -EBADMSG;
	return tach_profile__add_wait(player->replay->profile, &wait);
}

static int take_time(struct player *player, const struct tach_thread_time *on_tape)
{
	struct tach_thread_time time = *on_tape;

	if (!find(&player->whos, &time.who))
		return -EBADMSG;
	time.tid = tach_profile__who(player->replay->profile, time.who)->tid;
	return tach_profile__add_thread(player->replay->profile, &time);
}

static void take_info(struct tach_replay *replay, const struct tach_tape_item *item)
{
	size_t sz = item->text_sz < sizeof(replay->mode) ? item->text_sz : sizeof(replay->mode) - 1;

	replay->summary = item->is.info.summary;
	replay->info.interval_us = replay->summary.period_ns / 1000;
	memcpy(replay->mode, item->text, sz);
	replay->mode[sz] = '\0';
	replay->info.unfinished = !item->is.info.complete;
}

static int take(struct player *player, const struct tach_tape_item *item)
{
	struct tach_replay *replay = player->replay;

	switch (item->tag) {
	case 'E':
		return take_event(player, &item->is.event);
	case 'S':
		return add(&player->strs,
			   tach_frametab__str(replay->tab, item->text, item->text_sz));
	case 'F':
		return take_frame(player, &item->is.frame);
	case 'N':
		return take_node(player, &item->is.node);
	case 'P':
		return add(&player->processes,
			   tach_profile__add_process(replay->profile, item->is.pid, item->name,
						     item->text));
	case 'T':
		return take_who(player, item);
	case 'L':
		return take_time(player, &item->is.time);
	case 'C':
		return take_wait(player, &item->is.wait);
	case 'I':
		take_info(replay, item);
		return 0;
	default:
		return 0;
	}
}

static int play(struct player *player)
{
	struct tach_tape_item item;
	int got, err = 0;

	while (!err && (got = tach_tape__next(&player->reader, &item)) > 0) {
		if (player->reader.table_sz > TABLE_MAX(player->replay->size))
			return -EBADMSG;
		err = take(player, &item);
	}
	return err ?: got;
}

static int open_player(struct player *player, struct tach_replay *replay)
{
	unsigned char magic[TACH_TAPE_MAGIC_SZ];
	int err;

	*player = (struct player){.replay = replay};
	err = tach_input__open(&player->input, replay->fd, replay->tape_at, replay->tape_end,
			       replay->info.zstd);
	tach_tape__read(&player->reader, &player->input);
	if (err)
		return err;
	if (!tach_input__take(&player->input, magic, sizeof(magic)) ||
	    memcmp(magic, TACH_TAPE_MAGIC, sizeof(magic)))
		return -EBADMSG;
	return add(&player->nodes, 0); /* the root */
}

static void close_player(struct player *player)
{
	tach_tape__close(&player->reader);
	tach_input__close(&player->input);
	free(player->strs.ids);
	free(player->frames.ids);
	free(player->nodes.ids);
	free(player->processes.ids);
	free(player->whos.ids);
}

static int say(const struct tach_replay *replay, int err)
{
	if (err == -ENOMEM)
		return no_memory(replay);
	return err ? damaged(replay) : 0;
}

int tach_replay__tape(struct tach_replay *replay)
{
	struct player player;
	int err = open_player(&player, replay);

	if (!err)
		err = play(&player);
	if (!err && player.reader.cut && !replay->info.unfinished)
		err = -EBADMSG;
	if (replay->info.unfinished && player.reader.ts_ns > replay->summary.start_ns) {
		replay->summary.duration_s = (player.reader.ts_ns - replay->summary.start_ns) / 1e9;
		replay->summary.attempts = replay->done;
	}
	close_player(&player);
	return say(replay, err);
}

int tach_replay__count_tape(struct tach_replay *replay)
{
	struct tach_tape_item item;
	struct player player;
	int got, err = open_player(&player, replay);

	while (!err && (got = tach_tape__next(&player.reader, &item)) > 0) {
		if (item.tag == 'E')
			replay->info.samples += item.is.event.weight;
		else if (item.tag == 'I')
			take_info(replay, &item);
	}
	err = err ?: got;
	close_player(&player);
	return say(replay, err);
}
