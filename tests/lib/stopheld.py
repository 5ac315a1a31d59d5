# SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
"""stopheld.py PID COMMAND...: runs what holds a process, and stops it as a terminal does while
it does so. It must have let the process go before it stands still itself."""
import os
import signal
import subprocess
import sys


def state(pid):
	with open("/proc/%d/status" % pid) as file:
		return next(line.split()[1] for line in file if line.startswith("State:"))


def main():
	target = int(sys.argv[1])
	# a process group of its own, with a parent elsewhere in the session: a terminal can stop it
	holder = subprocess.Popen(sys.argv[2:], preexec_fn=os.setpgrp, stdout=subprocess.DEVNULL)
	while state(target) != "t":
		if holder.poll() is not None:
			sys.exit("it ended before the process was seen to be held")
	holder.send_signal(signal.SIGTSTP)
	os.waitpid(holder.pid, os.WUNTRACED)
	said = state(holder.pid) + state(target)
	holder.send_signal(signal.SIGCONT)
	holder.wait()
	if said == "Tt":
		sys.exit("it stopped, and held the process meanwhile")


main()
