// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* embed LIBRARY ARGUMENTS...: a host of CPython that loads it late, with Python's arguments. */
#include <dlfcn.h>
#include <stdio.h>

int main(int argc, char **argv)
{
	void *library = argc > 1 ? dlopen(argv[1], RTLD_NOW | RTLD_GLOBAL) : NULL;
	int (*python)(int, char **);

	if (!library) {
		fprintf(stderr, "embed: %s\n", argc > 1 ? dlerror() : "which library?");
		return 2;
	}
	python = (int (*)(int, char **))dlsym(library, "Py_BytesMain"); /* from 3.8 */
	if (!python) {
		fprintf(stderr, "embed: %s\n", dlerror());
		return 2;
	}
	argv[1] = "/usr/bin/python3"; /* where its files are sought from */
	return python(argc - 1, argv + 1);
}
