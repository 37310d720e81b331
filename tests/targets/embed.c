// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
/* A program that is not called python and gets its interpreter at run time:
 *	embed LIBRARY [PYTHON ARGUMENTS...]
 * EMBED_AFTER_MS, if set, is how long it does without. Built by the test that needs it, without any header
 * of Python. */
#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

int main(int argc, char **argv)
{
	const char *after_ms = getenv("EMBED_AFTER_MS");
	int (*run)(int, char **) = NULL;
	void *library;

	if (after_ms)
		usleep(atoi(after_ms) * 1000u);
	library = argc > 1 ? dlopen(argv[1], RTLD_NOW | RTLD_GLOBAL) : NULL;
	if (library)
		run = dlsym(library, "Py_BytesMain");

	if (!run) {
		fprintf(stderr, "embed: %s\n", argc > 1 ? dlerror() : "which library?");
		return 1;
	}
	return run(argc - 1, argv + 1);
}
