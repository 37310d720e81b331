// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "launch/launch.h"
#include "subject.h"
#include "util/clock.h"
#include "util/log.h"

/* A program that starts is looked at often, so that its first bytecode is sampled; one that is no
 * Python after a second may be one later, but nobody waits for it. Looking into a large program that
 * is none takes long: at most a tenth of a CPU is spent on it. */
#define SEARCH_FAST_MS	  1
#define SEARCH_FAST_CNT	  1000
#define SEARCH_SLOW_MS	  50
#define SEARCH_SHARE	  10
#define SEARCH_SETTLE_CNT 20

struct tach_subject {
	const struct tach_opts *opts;
	struct tach_target *target;
	struct tach_child *child; /* launched only */
	bool held;		  /* at each exec, until an interpreter is found */
	bool found;		  /* image has an interpreter, and the kernel side its layout */
	bool settled;		  /* and all of it: it had started when it was found */
	bool ever_found;
	bool refused; /* image is nothing for us, and will not be */
	__u32 image;
	unsigned searches; /* in vain since the last exec */
	__u64 search_ns;   /* that the last one took */
	bool ended;	   /* child_status is valid */
	int child_status;  /* as of waitpid(2) */
};

static int open_attached(struct tach_subject *subject)
{
	struct tach_layout layout;
	struct tach_why why;
	int err = tach_target__open(subject->opts->pid, &subject->target, &why);

	/* Looked at before anything is loaded: most mistakes are about the target. */
	if (!err)
		err = tach_target__find_layout(subject->target, &layout, &why);
	if (!err && tach_target__lost_main(subject->target) && !subject->opts->all_threads)
		err = tach_why__set(&why, -ESRCH,
				    "the main thread of process %d has exited: use --all-threads "
				    "for those that live on",
				    subject->opts->pid);
	return err ? tach_error(err, "%s", why.text) : 0;
}

/* The interpreter's arguments, or the command's own. Caller frees the array and *@python. */
static char **build_argv(const struct tach_opts *opts, char **python, struct tach_why *why)
{
	size_t cnt = 0, used = 0;
	char **argv;

	*python = NULL;
	while (opts->args[cnt])
		cnt++;
	argv = calloc(cnt + 3, sizeof(*argv));
	if (!argv) {
		tach_why__set(why, -ENOMEM, "out of memory");
		return NULL;
	}
	if (!opts->raw_command) {
		*python = tach_launch__python(opts->python, why);
		if (!*python) {
			free(argv);
			return NULL;
		}
		argv[used++] = *python;
		if (opts->module)
			argv[used++] = "-m";
	}
	memcpy(argv + used, opts->args, cnt * sizeof(*argv));
	return argv;
}

static int open_launched(struct tach_subject *subject)
{
	const struct tach_opts *opts = subject->opts;
	struct tach_why why;
	char *python, **argv;
	int err;

	if (!opts->raw_command && !opts->module && access(opts->args[0], F_OK))
		return tach_error(-ENOENT, "cannot find the target: Script '%s' %s%s",
				  opts->args[0],
				  errno == ENOENT ? "not found." : "cannot be reached: ",
				  errno == ENOENT ? "" : strerror(errno));
	argv = build_argv(opts, &python, &why);
	if (!argv)
		return tach_error(-ENOENT, "%s", why.text);
	err = tach_child__spawn(argv, &subject->child, &why);
	if (!err)
		err = tach_target__open(tach_child__pid(subject->child), &subject->target, &why);
	free(argv);
	free(python);
	return err ? tach_error(err, "%s", why.text) : 0;
}

int tach_subject__open(const struct tach_opts *opts, struct tach_subject **out)
{
	struct tach_subject *subject = calloc(1, sizeof(*subject));
	int err;

	if (!subject)
		return tach_error(-ENOMEM, "out of memory");
	subject->opts = opts;
	err = opts->command == TACH_CMD_RUN ? open_launched(subject) : open_attached(subject);
	if (err)
		tach_subject__free(subject);
	else
		*out = subject;
	return err;
}

void tach_subject__free(struct tach_subject *subject)
{
	if (!subject)
		return;
	if (subject->child)
		tach_child__finish(subject->child);
	tach_target__free(subject->target);
	free(subject);
}

int tach_subject__start(struct tach_subject *subject)
{
	struct tach_why why;
	int err;

	if (!subject->child)
		return 0;
	err = tach_child__exec(subject->child, &why);
	if (err)
		return tach_error(err, "%s", why.text);
	subject->held = true;
	return 0;
}

/* A program that is not for us ends what has not begun; later it is only not sampled. */
static int refuse(struct tach_subject *subject, int err, const struct tach_why *why)
{
	if (!subject->ever_found)
		return tach_error(err, "%s", why->text);
	tach_warn("%s; it is not sampled", why->text);
	subject->refused = true;
	return 0;
}

static int hand_on(const struct tach_subject *subject, const struct tach_layout_sink *sink,
		   __u32 image, struct tach_layout *layout)
{
	int err;

	if (subject->opts->no_gc)
		layout->is_gc = 0;
	if (subject->opts->native)
		layout->flags |= TACH_LAYOUT_NATIVE;
	err = sink->set_layout(sink->ctx, image, layout);
	return err ? tach_error(err, "cannot hand the layout on: %s", strerror(-err)) : 0;
}

static int look(struct tach_subject *subject, const struct tach_layout_sink *sink)
{
	/* Asked for first: an exec in the middle of the search makes its result void. */
	__u32 image = sink->image(sink->ctx);
	__u64 start_ns = tach_now_ns();
	struct tach_layout layout;
	struct tach_why why;
	int err = tach_target__find_layout(subject->target, &layout, &why);
	bool started = err != -EAGAIN;

	subject->search_ns = tach_now_ns() - start_ns;
	subject->searches++;
	if (err == -ENOEXEC || err == -ESRCH)
		return 0;
	/* A library is mapped piece by piece: what makes no sense now may in a moment. */
	if (err == -EPROTO && (subject->child || subject->ever_found) &&
	    subject->searches < SEARCH_SETTLE_CNT)
		return 0;
	if (err && err != -EAGAIN)
		return refuse(subject, err, &why);
	err = hand_on(subject, sink, image, &layout);
	if (err)
		return err;
	subject->image = image;
	subject->found = true;
	subject->settled = started;
	subject->ever_found = true;
	tach_debug("Python %u.%u found in %s after %u searches", layout.version >> 8,
		   layout.version & 255, tach_target__exe(subject->target), subject->searches);
	if (!subject->held)
		return 0;
	subject->held = false;
	err = tach_child__release(subject->child);
	return err ? tach_error(err, "cannot let the program go on: %s", strerror(-err)) : 0;
}

/* It was found before it had started: what can be seen only in a living interpreter comes now. */
static int settle(struct tach_subject *subject, const struct tach_layout_sink *sink)
{
	struct tach_layout layout;
	struct tach_why why;
	int err = tach_target__find_layout(subject->target, &layout, &why);

	if (err == -EAGAIN)
		return 0;
	subject->settled = true;
	if (err) /* gone, or on its way to another program: what we have will do */
		return 0;
	return hand_on(subject, sink, subject->image, &layout);
}

int tach_subject__search(struct tach_subject *subject, const struct tach_layout_sink *sink)
{
	int err;

	if (subject->refused)
		return 0;
	if (subject->found)
		return subject->settled ? 0 : settle(subject, sink);
	err = look(subject, sink);
	/* A wrapper on its way to the interpreter (env, a shell script): on to its next exec. */
	while (!err && subject->held && tach_child__next_exec(subject->child, 0) == 1) {
		subject->searches = 0;
		err = look(subject, sink);
	}
	return err;
}

void tach_subject__on_exec(struct tach_subject *subject, __u32 image)
{
	if (image == subject->image)
		return;
	subject->found = false;
	subject->refused = false;
	subject->searches = 0;
}

bool tach_subject__is_launched(const struct tach_subject *subject)
{
	return subject->child;
}

bool tach_subject__found(const struct tach_subject *subject)
{
	return subject->found;
}

bool tach_subject__ever_found(const struct tach_subject *subject)
{
	return subject->ever_found;
}

int tach_subject__wait_ms(const struct tach_subject *subject)
{
	bool fast = subject->searches < SEARCH_FAST_CNT && !subject->refused;
	int ms = fast ? SEARCH_FAST_MS : SEARCH_SLOW_MS;
	int fair_ms = subject->search_ns * (SEARCH_SHARE - 1) / 1000000;

	return fair_ms > ms ? fair_ms : ms;
}

void tach_subject__on_exit(struct tach_subject *subject)
{
	if (subject->child)
		subject->ended = tach_child__poll(subject->child, &subject->child_status) == 1;
}

static void say_never_found(const struct tach_subject *subject)
{
	if (subject->child)
		tach_error(0, "no Python interpreter was seen in %s: nothing was sampled",
			   subject->opts->args[0]);
	else
		tach_error(
			0,
			"process %d has ended, or replaced its program, before the sampling began",
			tach_target__pid(subject->target));
}

int tach_subject__exit_code(struct tach_subject *subject, bool interrupted)
{
	int code = TACH_EXIT_OK, status = subject->child_status;

	if (!subject->ever_found) {
		say_never_found(subject);
		code = TACH_EXIT_FAILURE;
	}
	/* A Ctrl-C reaches the program as well: how it ends then is no news, and a matter of luck. */
	if (!subject->ended || interrupted)
		return code;
	if (WIFSIGNALED(status))
		return 128 + WTERMSIG(status);
	return WEXITSTATUS(status) ? WEXITSTATUS(status) : code;
}

struct tach_target *tach_subject__target(struct tach_subject *subject)
{
	return subject->target;
}
