// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* linkmap.c - the order in which the dynamic loader searches a process's objects. */
#include "target/linkmap.h"

#include <elf.h>
#include <errno.h>
#include <link.h>
#include <stdbool.h>
#include <stdlib.h>

#include "target/mem.h"
#include "target/proc.h"

/* The address of the executable's dynamic section; 0 when it has none. */
static int executable_dynamic(pid_t pid, uint64_t *dynamic)
{
	struct proc_auxv auxv;
	uint64_t bias = 0, vaddr = 0;
	int err = proc_auxv(pid, &auxv);

	*dynamic = 0;
	if (err)
		return err;
	if (auxv.phent != sizeof(Elf64_Phdr) || auxv.phnum > 1024)
		return -EFAULT;
	for (uint64_t i = 0; i < auxv.phnum; i++) {
		Elf64_Phdr phdr;

		err = mem_read(pid, auxv.phdr + i * sizeof(phdr), &phdr, sizeof(phdr));
		if (err)
			return err;
		if (phdr.p_type == PT_PHDR)
			bias = auxv.phdr - phdr.p_vaddr;
		if (phdr.p_type == PT_DYNAMIC)
			vaddr = phdr.p_vaddr;
	}
	*dynamic = vaddr ? bias + vaddr : 0;
	return 0;
}

/* The loader writes the address of its r_debug into the executable's DT_DEBUG. */
static int find_r_debug(pid_t pid, uint64_t dynamic, uint64_t *r_debug)
{
	*r_debug = 0;
	for (int i = 0; i < 1024; i++) {
		Elf64_Dyn dyn;
		int err = mem_read(pid, dynamic + i * sizeof(dyn), &dyn, sizeof(dyn));

		if (err)
			return err;
		if (dyn.d_tag == DT_NULL)
			return 0;
		if (dyn.d_tag == DT_DEBUG) {
			*r_debug = dyn.d_un.d_ptr;
			return 0;
		}
	}
	return -EFAULT;
}

/* What is done with each object; false ends the walk. */
typedef bool visit(void *arg, uint64_t node, const struct link_map *map);

/* Go through the loader's list. Objects visited; 0 or -errno as linkmap_read. */
static ssize_t walk(pid_t pid, visit *visit_one, void *arg)
{
	struct r_debug debug;
	uint64_t own, at;
	size_t n = 0;
	int err = executable_dynamic(pid, &own);

	if (err || !own)
		return err;
	err = find_r_debug(pid, own, &at);
	if (err || !at)
		return err;
	err = mem_read(pid, at, &debug, sizeof(debug));
	if (err || debug.r_state != RT_CONSISTENT)
		return err;
	for (at = (uintptr_t)debug.r_map; at && n < LINKMAP_MAX; n++) {
		struct link_map map;

		err = mem_read(pid, at, &map, offsetof(struct link_map, l_prev));
		if (err)
			return err;
		if (!visit_one(arg, at, &map))
			return n + 1;
		at = (uintptr_t)map.l_next;
	}
	return n;
}

struct gathering {
	uint64_t *at;
	size_t n;
	bool nodes; /* their addresses, else those of the dynamic sections */
};

static bool gather(void *arg, uint64_t node, const struct link_map *map)
{
	struct gathering *to = arg;

	to->at[to->n++] = to->nodes ? node : (uintptr_t)map->l_ld;
	return true;
}

static ssize_t gather_all(pid_t pid, bool nodes, uint64_t **addresses)
{
	struct gathering to = { .at = calloc(LINKMAP_MAX, sizeof(*to.at)), .nodes = nodes };
	ssize_t n = to.at ? walk(pid, gather, &to) : -ENOMEM;

	if (n <= 0) {
		free(to.at);
		to.at = NULL;
	}
	*addresses = to.at;
	return n;
}

ssize_t linkmap_read(pid_t pid, uint64_t **dynamic)
{
	return gather_all(pid, false, dynamic);
}

ssize_t linkmap_nodes(pid_t pid, uint64_t **nodes)
{
	return gather_all(pid, true, nodes);
}

struct looking {
	uint64_t bias, node;
};

static bool look(void *arg, uint64_t node, const struct link_map *map)
{
	struct looking *for_it = arg;

	if (map->l_addr != for_it->bias)
		return true;
	for_it->node = node;
	return false;
}

uint64_t linkmap_node(pid_t pid, uint64_t bias)
{
	struct looking for_it = { .bias = bias };

	return walk(pid, look, &for_it) < 0 ? 0 : for_it.node;
}
