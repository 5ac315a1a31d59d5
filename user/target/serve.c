// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* serve.c - the reader's child: questions in, answers out. */
#include "target/serve.h"

#include <errno.h>
#include <limits.h>
#include <malloc.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "target/confine.h"
#include "target/debugframe.h"
#include "target/debugglobals.h"
#include "target/demangle.h"

/* A file that the child has open. */
struct opened {
	int fds[SERVE_FILES];
	struct debuginfo *info; /* NULL: it cannot be read */
	bool told; /* that it lacks a file */
};

union control {
	struct cmsghdr header;
	char room[CMSG_SPACE(SERVE_FILES * sizeof(int))];
};

/* Strings of the answer so far; the first byte stands for none. */
struct text {
	char *at;
	uint32_t len;
};

static uint32_t put_text(struct text *text, const char *string)
{
	uint32_t start = text->len;
	size_t len = string ? strlen(string) + 1 : 0;

	if (!len || len > READER_TEXT - start)
		return 0;
	memcpy(text->at + start, string, len);
	text->len += (uint32_t)len;
	return start;
}

static uint32_t put_name(struct text *text, const char *name)
{
	char plain[DEMANGLE_MAX];

	return put_text(text, name && demangle(name, plain, sizeof(plain)) ? plain : name);
}

static uint32_t put_path(struct text *text, const struct debuginfo_function *function)
{
	char path[PATH_MAX];
	int len;

	/* a relative directory has been put in front of it already, or is of no use */
	if (!function->file || function->file[0] == '/' || !function->dir ||
	    function->dir[0] != '/')
		return put_text(text, function->file);
	len = snprintf(path, sizeof(path), "%s/%s", function->dir, function->file);
	return put_text(text, len < (int)sizeof(path) ? path : function->file);
}

static void close_file(struct opened *opened)
{
	debuginfo_close(opened->info);
	opened->info = NULL;
	opened->told = false;
	for (int i = 0; i < SERVE_FILES; i++) {
		if (opened->fds[i] >= 0)
			close(opened->fds[i]);
		opened->fds[i] = -1;
	}
}

static void open_file(struct opened *opened, uint32_t which, const int *fds, int n)
{
	int taken = 0;

	close_file(opened);
	for (int i = 0; i < SERVE_FILES; i++)
		if (which >> i & 1 && taken < n)
			opened->fds[i] = fds[taken++];
	opened->info = debuginfo_open(opened->fds[0], opened->fds[1], opened->fds[2]);
}

/* A message and the descriptors that came with it; false at the end of the conversation. */
static bool receive(int socket, void *what, size_t size, int fds[SERVE_FILES], int *n)
{
	union control control;
	struct iovec part = { what, size };
	struct msghdr message = { .msg_iov = &part,
				  .msg_iovlen = 1,
				  .msg_control = control.room,
				  .msg_controllen = sizeof(control.room) };

	memset(what, 0, size);
	if (recvmsg(socket, &message, 0) <= 0)
		return false;
	*n = 0;
	if (message.msg_controllen >= CMSG_LEN(sizeof(int)) &&
	    control.header.cmsg_type == SCM_RIGHTS) {
		*n = (int)((control.header.cmsg_len - CMSG_LEN(0)) / sizeof(int));
		memcpy(fds, CMSG_DATA(&control.header), *n * sizeof(int));
	}
	return true;
}

static bool receive_question(int socket, struct serve_question *question, int fds[SERVE_FILES],
			     int *n)
{
	if (!receive(socket, question, sizeof(*question), fds, n))
		return false;
	question->symbol[sizeof(question->symbol) - 1] = '\0';
	return question->slot < READER_FILES;
}

static bool say(int socket, enum serve_want want, const char *path)
{
	static struct serve_request request;
	const size_t len = strlen(path);

	if (len >= sizeof(request.path))
		return false;
	request.want = want;
	memset(request.path, 0, sizeof(request.path));
	memcpy(request.path, path, len);
	return send(socket, &request, sizeof(request), MSG_NOSIGNAL) >= 0;
}

int serve_open(const char *path)
{
	struct serve_given given;
	int fds[SERVE_FILES], n;

	if (!say(CONFINE_SOCKET, SERVE_OPEN, path) ||
	    !receive(CONFINE_SOCKET, &given, sizeof(given), fds, &n))
		return -EIO;
	return n ? fds[0] : -ENOENT;
}

/* Bytes in use, among them what the parent had. */
static size_t memory_used(void)
{
	const struct mallinfo2 memory = mallinfo2();

	return memory.uordblks + memory.hblkhd;
}

static void answer(const struct opened *opened, const struct serve_question *question,
		   struct serve_answer *out)
{
	struct debuginfo_function functions[READER_FUNCTIONS];
	struct text text = { .at = out->text, .len = 1 };

	memset(out, 0, sizeof(*out));
	if (question->symbol[0])
		out->symbol = put_name(&text, question->symbol);
	if (opened->info) {
		out->rule = debuginfo_rule(opened->info, question->vaddr);
		out->n = (uint32_t)debuginfo_functions(opened->info, question->vaddr, functions,
						       READER_FUNCTIONS);
	}
	for (uint32_t i = 0; i < out->n; i++) {
		out->at[i].start = functions[i].start;
		out->at[i].line = functions[i].line;
		out->at[i].name = put_name(&text, functions[i].name);
		out->at[i].file = put_path(&text, &functions[i]);
	}
}

static void answer_frame(const struct opened *opened, const struct serve_question *question,
			 struct serve_frame *out)
{
	out->known = opened->info != NULL;
	if (!opened->info)
		memset(&out->frame, 0, sizeof(out->frame));
	else if (question->kind == SERVE_FRAME)
		debugframe_read(opened->info, question->vaddr, question->depth, &out->frame);
	else
		debugglobals_read(opened->info, question->vaddr, question->depth, &out->frame);
}

/* Once for a file; false at the end of the conversation. */
static bool say_lacking(int socket, struct opened *opened)
{
	const char *lacking = opened->info ? debuginfo_lacking(opened->info) : NULL;

	if (!lacking || opened->told)
		return true;
	opened->told = true;
	return say(socket, SERVE_LACKS, lacking);
}

/* False at the end of the conversation. */
static bool reply(int socket, struct opened *opened, const struct serve_question *question,
		  size_t memory_most)
{
	static struct serve_answer named;
	static struct serve_frame framed;

	if (question->kind != SERVE_NAME) {
		answer_frame(opened, question, &framed);
		framed.full = memory_used() > memory_most;
		return say_lacking(socket, opened) &&
		       send(socket, &framed, sizeof(framed), MSG_NOSIGNAL) >= 0;
	}
	answer(opened, question, &named);
	named.full = memory_used() > memory_most;
	return say_lacking(socket, opened) &&
	       send(socket, &named, sizeof(named), MSG_NOSIGNAL) >= 0;
}

void serve(int socket)
{
	static struct opened files[READER_FILES];
	static struct serve_question question;
	const size_t memory_most = memory_used() + READER_FULL;
	int fds[SERVE_FILES], n;

	for (int i = 0; i < READER_FILES; i++)
		for (int k = 0; k < SERVE_FILES; k++)
			files[i].fds[k] = -1;
	while (receive_question(socket, &question, fds, &n)) {
		struct opened *opened = &files[question.slot];

		if (question.fresh)
			open_file(opened, question.which, fds, n);
		if (!reply(socket, opened, &question, memory_most))
			return;
	}
}
