// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* reader.c - debug information, unwind tables and mangled names read by a confined child. */
#include "target/reader.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "target/confine.h"
#include "target/debugfile.h"
#include "target/serve.h"

/* Descriptors with a message. */
union control {
	struct cmsghdr header;
	char room[CMSG_SPACE(SERVE_FILES * sizeof(int))];
};

static void end_child(struct reader *reader)
{
	if (!reader->child)
		return;
	close(reader->socket);
	kill(reader->child, SIGKILL);
	while (waitpid(reader->child, NULL, 0) < 0 && errno == EINTR)
		;
	reader->child = 0;
	memset(reader->slots, 0, sizeof(reader->slots));
}

void reader_clear(struct reader *reader)
{
	end_child(reader);
	*reader = (struct reader){ 0 };
}

static void run_child(int socket, pid_t parent)
{
	if (!confine(socket, parent, READER_MEMORY, serve_open))
		serve(CONFINE_SOCKET);
	_exit(1);
}

/*
 * A fork has the parent's memory as it is: the first one is made before there is much of
 * it, and others are rare.
 */
static int begin_child(struct reader *reader)
{
	const struct timeval patience = { .tv_sec = READER_SECONDS };
	const pid_t self = getpid();
	int sockets[2], err = 0;

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, sockets))
		return -errno;
	if (setsockopt(sockets[0], SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience)))
		err = -errno;
	reader->child = err ? -1 : fork();
	if (reader->child == 0)
		run_child(sockets[1], self);
	if (reader->child < 0 && !err)
		err = -errno;
	close(sockets[1]);
	reader->socket = sockets[0];
	if (!err)
		return 0;
	close(sockets[0]);
	reader->child = 0;
	return err;
}

/* The slot of a file; *fresh: the child has yet to be given it. */
static uint32_t find_slot(struct reader *reader, struct reader_file *file, bool *fresh)
{
	uint32_t slot;

	if (!file->number)
		file->number = ++reader->last;
	for (slot = 0; slot < READER_FILES; slot++)
		if (reader->slots[slot] == file->number)
			break;
	*fresh = slot == READER_FILES;
	if (*fresh) {
		slot = reader->next++ % READER_FILES;
		reader->slots[slot] = file->number;
	}
	return slot;
}

/* A message with descriptors. */
static int send_files(const struct reader *reader, struct iovec *part, const int *fds, int n)
{
	struct msghdr message = { .msg_iov = part, .msg_iovlen = 1 };
	union control control = { 0 };

	if (n) {
		message.msg_control = control.room;
		message.msg_controllen = CMSG_SPACE(n * sizeof(int));
		control.header.cmsg_len = CMSG_LEN(n * sizeof(int));
		control.header.cmsg_level = SOL_SOCKET;
		control.header.cmsg_type = SCM_RIGHTS;
		memcpy(CMSG_DATA(&control.header), fds, n * sizeof(int));
	}
	return sendmsg(reader->socket, &message, MSG_NOSIGNAL) < 0 ? -errno : 0;
}

static int send_question(const struct reader *reader, const struct reader_file *file,
			 struct serve_question *question)
{
	const int all[SERVE_FILES] = { file->file, file->debug, file->common };
	struct iovec part = { question, offsetof(struct serve_question, symbol) +
						strlen(question->symbol) + 1 };
	int fds[SERVE_FILES], n = 0;

	for (int i = 0; i < SERVE_FILES && question->fresh; i++)
		if (all[i] >= 0) {
			question->which |= 1u << i;
			fds[n++] = all[i];
		}
	return send_files(reader, &part, fds, n);
}

/* A string of the answer; NULL for none. The text ends in a NUL. */
static const char *string_at(const struct reader_answer *answer, uint32_t at)
{
	return at && at < READER_TEXT ? answer->text + at : NULL;
}

/* The child may be in its file's hands by now: nothing of what it says is trusted. */
static int take_answer(const struct serve_answer *raw, struct reader_answer *answer)
{
	if (raw->n > READER_FUNCTIONS || raw->rule > FRAME_OUTERMOST)
		return -EIO;
	memcpy(answer->text, raw->text, READER_TEXT);
	answer->text[READER_TEXT - 1] = '\0';
	answer->symbol = string_at(answer, raw->symbol);
	answer->rule = raw->rule;
	answer->n = raw->n;
	for (size_t i = 0; i < raw->n; i++)
		answer->at[i] = (struct debuginfo_function){
			.name = string_at(answer, raw->at[i].name),
			.file = string_at(answer, raw->at[i].file),
			.line = raw->at[i].line,
			.start = raw->at[i].start,
		};
	return 0;
}

/*
 * What the child asks for on a file's behalf: it may be any path, so only what has split debug
 * information is given away, as much as with the path of a common file.
 */
static int give(const struct reader *reader, struct reader_file *file,
		struct serve_request *request)
{
	struct serve_given given = { 0 };
	struct iovec part = { &given, sizeof(given) };
	int fd, err;

	request->path[sizeof(request->path) - 1] = '\0';
	if (request->want == SERVE_LACKS) {
		if (!file->lacking)
			file->lacking = strdup(request->path);
		return 0;
	}
	fd = debugfile_open_split(file->pid, request->path, file->path);
	err = send_files(reader, &part, &fd, fd >= 0);
	if (fd >= 0)
		close(fd);
	return err;
}

static ssize_t receive_any(const struct reader *reader, void *raw, size_t size)
{
	ssize_t got;

	do
		got = recv(reader->socket, raw, size, 0);
	while (got < 0 && errno == EINTR);
	return got < 0 ? -errno : got;
}

/*
 * A message of that size, after requests if need be; the child is in any case not trusted for
 * what is in it.
 */
static int receive(const struct reader *reader, struct reader_file *file, void *raw, size_t size)
{
	ssize_t got = receive_any(reader, raw, size);
	int err = 0;

	for (int i = 0; got == sizeof(struct serve_request) && i < READER_OPENS; i++) {
		err = give(reader, file, raw);
		if (err)
			return err;
		got = receive_any(reader, raw, size);
	}
	return got < 0 ? (int)got : (size_t)got == size ? 0 : -EIO;
}

/* A child that was gone before the question has not died of this file. */
static int send_to_child(struct reader *reader, struct reader_file *file,
			 struct serve_question *question)
{
	int err = 0;

	for (int i = 0; i < 2; i++) {
		bool fresh;

		err = reader->child ? 0 : begin_child(reader);
		if (err)
			return err;
		question->slot = find_slot(reader, file, &fresh);
		question->fresh = fresh;
		err = send_question(reader, file, question);
		if (!err)
			break;
		end_child(reader);
	}
	return err;
}

/* The child came to a bad end over a file. */
static int give_up(struct reader *reader, struct reader_file *file, int err)
{
	end_child(reader);
	reader->ends++;
	file->error = err == -EAGAIN ? "its debug information takes too long to read"
				     : "its debug information cannot be read";
	return -EIO;
}

static bool may_ask(const struct reader *reader, struct reader_file *file)
{
	if (!file->error && reader->ends >= READER_ENDS)
		file->error = "too many files could not be read";
	return !file->error;
}

int reader_ask(struct reader *reader, struct reader_file *file, uint64_t vaddr,
	       const char *symbol, struct reader_answer *answer)
{
	struct serve_question question = { .kind = SERVE_NAME, .vaddr = vaddr };
	static struct serve_answer raw;
	int err;

	if (!may_ask(reader, file))
		return -EIO;
	strncpy(question.symbol, symbol, sizeof(question.symbol) - 1);
	err = send_to_child(reader, file, &question);
	if (err && !reader->child)
		return err;
	if (!err)
		err = receive(reader, file, &raw, sizeof(raw));
	if (!err)
		err = take_answer(&raw, answer);
	if (err)
		return give_up(reader, file, err);
	if (raw.full)
		end_child(reader);
	return 0;
}

static int ask_for_frame(struct reader *reader, struct reader_file *file, enum serve_kind kind,
			 uint64_t number, struct recipe_frame *frame)
{
	struct serve_question question = {
		.kind = kind, .depth = reader->depth, .vaddr = number
	};
	static struct serve_frame raw;
	int err;

	if (!may_ask(reader, file))
		return -EIO;
	err = send_to_child(reader, file, &question);
	if (err && !reader->child)
		return err;
	if (!err)
		err = receive(reader, file, &raw, sizeof(raw));
	if (!err)
		err = recipe_check(&raw.frame) ? 0 : -EIO;
	if (err)
		return give_up(reader, file, err);
	if (raw.full)
		end_child(reader);
	*frame = raw.frame;
	return raw.known ? 0 : -ENOENT;
}

int reader_ask_frame(struct reader *reader, struct reader_file *file, uint64_t vaddr,
		     struct recipe_frame *frame)
{
	return ask_for_frame(reader, file, SERVE_FRAME, vaddr, frame);
}

int reader_ask_globals(struct reader *reader, struct reader_file *file, uint64_t from,
		       struct recipe_frame *frame)
{
	return ask_for_frame(reader, file, SERVE_GLOBALS, from, frame);
}
