// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* loss.c - what the programs counted: hits, and the events that were lost. */
#include "capture/loss.h"

#include <errno.h>
#include <string.h>
#include <sys/mman.h>

int loss_open(int map_fd, unsigned cpus, struct loss *loss)
{
	void *at = mmap(NULL, cpus * sizeof(struct mw_counters), PROT_READ, MAP_SHARED, map_fd, 0);

	*loss = (struct loss){ .cpus = cpus };
	if (at == MAP_FAILED)
		return -errno;
	loss->per_cpu = at;
	return 0;
}

void loss_close(struct loss *loss)
{
	if (loss->per_cpu)
		munmap((void *)loss->per_cpu, loss->cpus * sizeof(*loss->per_cpu));
	*loss = (struct loss){ 0 };
}

void loss_read(const struct loss *loss, struct mw_counters *sum)
{
	memset(sum, 0, sizeof(*sum));
	for (unsigned cpu = 0; cpu < loss->cpus; cpu++) {
		const struct mw_counters *own = &loss->per_cpu[cpu];

		for (int kind = 0; kind < MW_KIND_MAX; kind++) {
			sum->hits[kind] += __atomic_load_n(&own->hits[kind], __ATOMIC_RELAXED);
			sum->lost[kind] += __atomic_load_n(&own->lost[kind], __ATOMIC_RELAXED);
		}
		for (int cause = 0; cause < MW_LOSS_MAX; cause++)
			sum->cause[cause] += __atomic_load_n(&own->cause[cause], __ATOMIC_RELAXED);
		sum->nested += __atomic_load_n(&own->nested, __ATOMIC_RELAXED);
	}
}
