// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
/* A program that is not called python and gets its interpreter at run time:
 *	embed LIBRARY [PYTHON ARGUMENTS...]
 * Built by the test that needs it, without any header of Python. */
#include <dlfcn.h>
#include <stdio.h>

int main(int argc, char **argv)
{
	void *library = argc > 1 ? dlopen(argv[1], RTLD_NOW | RTLD_GLOBAL) : NULL;
	int (*run)(int, char **) = library ? dlsym(library, "Py_BytesMain") : NULL;

	if (!run) {
		fprintf(stderr, "embed: %s\n", argc > 1 ? dlerror() : "which library?");
		return 1;
	}
	return run(argc - 1, argv + 1);
}
