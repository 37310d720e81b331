// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
/* Threads that Python knows nothing of, or only while they call it: a library for ctypes, built by the
 * test that needs it. */
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

struct burner {
	pthread_t thread;
	pid_t tid;
	char name[16];
	int rounds;
	double round_s;	    /* of CPU time, burnt in C */
	void (*call)(void); /* after each round; may be NULL */
	double burnt_s;	    /* in C */
};

static double cpu_s(void)
{
	struct timespec now;

	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
	return now.tv_sec + now.tv_nsec / 1e9;
}

static void *burn(void *arg)
{
	struct burner *burner = arg;

	burner->tid = gettid();
	pthread_setname_np(pthread_self(), burner->name);
	for (int i = 0; i < burner->rounds; i++) {
		double start = cpu_s();

		while (cpu_s() < start + burner->round_s)
			;
		burner->burnt_s += cpu_s() - start;
		if (burner->call)
			burner->call();
	}
	return NULL;
}

struct burner *burn_start(const char *name, int rounds, double round_s, void (*call)(void))
{
	struct burner *burner = calloc(1, sizeof(*burner));

	if (!burner)
		return NULL;
	strncpy(burner->name, name, sizeof(burner->name) - 1);
	burner->rounds = rounds;
	burner->round_s = round_s;
	burner->call = call;
	if (pthread_create(&burner->thread, NULL, burn, burner) == 0)
		return burner;
	free(burner);
	return NULL;
}

/* Wait for its end. */
void burn_join(struct burner *burner, int *tid, double *burnt_s)
{
	pthread_join(burner->thread, NULL);
	*tid = burner->tid;
	*burnt_s = burner->burnt_s;
	free(burner);
}
