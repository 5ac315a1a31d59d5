// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* targets.c - the processes of a run: held, searched for what to probe, and probed. */
#include "targets.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "probe/returns.h"

/* Why a process that exists cannot be traced; NULL when it can. */
static const char *refusal(const struct targets *targets, const struct proc *proc)
{
	if (proc->kernel_thread)
		return "is a kernel thread: it has no user memory";
	if (proc->state == 'Z' || proc->state == 'X')
		return proc_alive(proc) ? "goes on without its first thread, by which it is looked "
					  "into: that has ended"
					: "has ended already (it is a zombie)";
	if (proc->bits32 && !targets->any_bits)
		return "is a 32-bit program: only 64-bit ones can be traced";
	return NULL;
}

int targets_add(struct targets *targets, pid_t pid, bool launched)
{
	struct target target = { .launched = launched, .status = -1 };
	struct target *more;
	int err = proc_open(pid, &target.proc);

	if (err == -ESRCH) {
		log_error("there is no process %d", (int)pid);
		return err;
	}
	if (err) {
		log_error("cannot take hold of process %d: %s", (int)pid, strerror(-err));
		return err;
	}
	if (refusal(targets, &target.proc)) {
		log_error("process %d %s", (int)pid, refusal(targets, &target.proc));
		proc_close(&target.proc);
		return -EINVAL;
	}
	more = reallocarray(targets->at, targets->n + 1, sizeof(*more));
	if (!more) {
		proc_close(&target.proc);
		return -ENOMEM;
	}
	targets->at = more;
	targets->at[targets->n++] = target;
	return 0;
}

void targets_clear(struct targets *targets)
{
	for (size_t i = 0; i < targets->n; i++) {
		proc_close(&targets->at[i].proc);
		free(targets->at[i].probed);
	}
	free(targets->at);
	images_clear(&targets->images);
	*targets = (struct targets){ 0 };
}

struct target *targets_find(const struct targets *targets, pid_t pid)
{
	for (size_t i = 0; i < targets->n; i++)
		if (targets->at[i].proc.pid == pid)
			return &targets->at[i];
	return NULL;
}

size_t targets_alive(const struct targets *targets)
{
	size_t alive = 0;

	for (size_t i = 0; i < targets->n; i++)
		alive += !targets->at[i].ended;
	return alive;
}

void targets_log(const struct target *target)
{
	for (size_t i = 0; i < target->findings.n; i++) {
		const struct found *found = &target->findings.at[i];

		log_detail("probe %s in %s, +%u: %s (%s)", probe_rows[found->row].symbol,
			   found->image->path, found->slide.offset, found->slide.instruction,
			   found->slide.why);
	}
}

bool targets_unsettled(const struct target *target)
{
	return !target->ended && !target->findings.settled && target->tries < TARGETS_TRIES;
}

bool targets_incomplete(const struct targets *targets, const struct target *target)
{
	return targets_unsettled(target) ||
	       (targets->families & 1u << MW_FAMILY_ALLOC && !target->findings.allocator) ||
	       (targets->python && !target->findings.python);
}

static bool is_probed(const struct target *target, const struct found *found)
{
	for (size_t i = 0; i < target->n_probed; i++)
		if (target->probed[i].image == found->image &&
		    target->probed[i].row == found->row)
			return true;
	return false;
}

/* Of what was found, the part that is not in yet; an alias follows the probe it shares. */
static struct findings *pick_fresh(const struct target *target, bool fresh[MW_PROBE_MAX])
{
	struct findings *part = calloc(1, sizeof(*part));

	for (size_t i = 0; part && i < target->findings.n; i++) {
		fresh[i] = !is_probed(target, &target->findings.at[i]);
		if (fresh[i])
			part->at[part->n++] = target->findings.at[i];
	}
	return part;
}

static int remember(struct target *target, const struct findings *part)
{
	struct probed *more =
		reallocarray(target->probed, target->n_probed + part->n + 1, sizeof(*more));

	if (!more)
		return -ENOMEM;
	target->probed = more;
	for (size_t i = 0; i < part->n; i++)
		target->probed[target->n_probed++] =
			(struct probed){ part->at[i].image, part->at[i].row };
	return 0;
}

/* A return probe must not be what ends the target. Says why it would; 0 or -errno. */
static int check_returns(const struct target *target, const struct attach *attach)
{
	const struct bpf_program *leave = attach->returns_test;
	int pid = target->proc.pid, err;

	if (target->proc.seccomp) {
		err = returns_pass_seccomp(attach->tier, leave);
		if (err) {
			log_error("process %d runs under seccomp, which on this kernel would kill it "
				  "at the first return probe (%s): not attached; try --events map",
				  pid, strerror(-err));
			return err;
		}
	}
	if (target->proc.shadow_stack && returns_pass_shadow_stack()) {
		log_error("process %d has a shadow stack, and return probes of this kernel (before "
			  "6.11) would end it: not attached; try --events map",
			  pid);
		return -ENOSYS;
	}
	return 0;
}

/* Whether a file is one whose functions the target now uses. */
static bool is_used(const struct target *target, const struct image *image)
{
	for (size_t i = 0; i < target->findings.n; i++)
		if (target->findings.at[i].image == image)
			return true;
	return false;
}

/*
 * After an exec the program may use another allocator: its calls into the former one are
 * not the program's any more. Nothing is taken out before the new one is known.
 */
static void drop_unused(struct target *target, struct attach *attach)
{
	size_t kept = 0;

	for (size_t i = 0; i < target->n_probed; i++) {
		const struct image *image = target->probed[i].image;

		if (is_used(target, image) || !target->findings.allocator)
			target->probed[kept++] = target->probed[i];
		else
			attach_remove(attach, target->proc.pid, image);
		if (!is_used(target, image) && target->findings.allocator &&
		    image == target->sites_of)
			target->sites_of = NULL;
	}
	target->n_probed = kept;
}

int targets_probe(struct targets *targets, struct target *target, struct attach *attach,
		  bool fresh[MW_PROBE_MAX])
{
	pid_t pid = target->proc.pid;
	struct findings *part;
	struct maps maps;
	int err = maps_read(pid, &maps);

	memset(fresh, 0, MW_PROBE_MAX * sizeof(*fresh));
	target->rescan = false;
	target->tries++;
	if (err == -EACCES || err == -EPERM)
		log_error("may not look into process %d (%s): it has capabilities that mwbpf lacks, "
			  "or a security module protects it; CAP_SYS_PTRACE and no less are needed",
			  (int)pid, strerror(-err));
	if (err)
		return err;
	err = find_probes(&targets->images, pid, &maps, targets->families, &target->findings);
	maps_clear(&maps);
	if (!err && targets->images.exhausted)
		err = -EMFILE;
	if (err) {
		log_error("cannot look for functions to probe in process %d: %s%s", (int)pid,
			  strerror(-err),
			  err == -EMFILE ? ": raise the limit of open files (ulimit -n)" : "");
		return err;
	}
	part = pick_fresh(target, fresh);
	if (!part)
		return -ENOMEM;
	err = part->n ? check_returns(target, attach) : 0;
	if (!err)
		err = attach_probes(attach, pid, part);
	/* the kernel resolved the pid when it made the links: was it still ours? */
	if (!err && !proc_alive(&target->proc))
		err = -ESRCH;
	if (!err)
		err = remember(target, part);
	if (!err)
		drop_unused(target, attach);
	free(part);
	return err;
}

static void describe_ints(const struct target *target, struct sink_ints *words)
{
	const struct site_book *book = target->book;
	const struct findings *findings = &target->findings;

	*words = (struct sink_ints){
		.pid = target->proc.pid,
		.file = target->ints_of ? target->ints_of->path : NULL,
		.reason = target->no_book,
	};
	for (size_t i = 0; i < findings->n; i++)
		words->exported += probe_rows[findings->at[i].row].family == MW_FAMILY_PYLONG;
	if (!book)
		return;
	words->sites = book->sites.n;
	words->cached = book->sites.cached;
	words->took_ns = book->took_ns;
	words->unsure = book->sites.unsure + book->sites.pops_unsure + book->sites.undecoded;
	for (size_t i = 0; i < book->sites.n; i++) {
		words->by_way[book->sites.list[i].way]++;
		words->emulated += book->sites.list[i].emulated;
	}
}

void targets_describe(const struct target *target, struct sink_target *words)
{
	const struct findings *findings = &target->findings;
	const char *order = findings->linkmap ? "first in the loader's search order"
					      : "in the executable itself, which is static";

	*words = (struct sink_target){
		.pid = target->proc.pid,
		.exe = target->proc.exe,
		.argv = target->proc.argv,
		.state = target->proc.state,
		.launched = target->launched,
		.allocator = findings->allocator ? findings->allocator->path : NULL,
		.allocator_why = findings->allocator ? order
						     : "no mapped file defines malloc: a static "
						       "program without symbols?",
		.python = findings->python ? findings->python->path : NULL,
		.python_why = findings->python ? "defines PyLong constructors"
					       : "no mapped file defines PyLong constructors",
	};
	describe_ints(target, &words->ints);
}

void targets_describe_probe(const struct target *target, const struct found *found,
			    struct sink_probe *words)
{
	static const char *const families[] = {
		[MW_FAMILY_ALLOC] = "alloc",
		[MW_FAMILY_PYLONG] = "pylong",
	};
	const struct probe_row *row = &probe_rows[found->row];

	*words = (struct sink_probe){
		.pid = target->proc.pid,
		.symbol = row->symbol,
		.family = families[row->family],
		.file = found->image->path,
		.build_id = elf_build_id(found->image->elf),
		.offset = found->offset,
		.moved = found->slide.offset,
		.addr = found->addr,
		.instruction = found->slide.instruction,
		.emulated = found->slide.emulated,
		.why = found->slide.why,
	};
	if (found->shares >= 0)
		words->shares = probe_rows[target->findings.at[found->shares].row].symbol;
}
