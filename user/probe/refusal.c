// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* refusal.c - probes that the kernel does not put where they are to go. */
#include "probe/refusal.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define ENOTSUPP 524 /* of the kernel alone: include/linux/errno.h */

bool refusal_is(int error)
{
	return error == -ENOTSUPP || error == -EOPNOTSUPP || error == -ENOEXEC || error == -EINVAL;
}

const char *refusal_why(int error)
{
	if (error == -ENOTSUPP || error == -EOPNOTSUPP || error == -ENOEXEC)
		return "the kernel does not probe such an instruction";
	return error == -EINVAL ? "it is not code" : strerror(-error);
}

bool refusals_have(const struct refusals *refusals, const struct refusal *refusal)
{
	for (size_t i = 0; i < refusals->n; i++) {
		const struct refusal *known = &refusals->at[i];

		if (known->pid == refusal->pid && known->image == refusal->image &&
		    known->site == refusal->site && known->number == refusal->number)
			return true;
	}
	return false;
}

int refusals_add(struct refusals *refusals, const struct refusal *refusal)
{
	struct refusal *more;

	if (refusals_have(refusals, refusal))
		return 0;
	more = reallocarray(refusals->at, refusals->n + 1, sizeof(*more));
	if (!more)
		return -ENOMEM;
	refusals->at = more;
	more[refusals->n++] = *refusal;
	return 0;
}

void refusals_clear(struct refusals *refusals)
{
	free(refusals->at);
	*refusals = (struct refusals){ 0 };
}
