"""A worker: a process that solves one equation and steps when it is told to.

It prints `first …` after its first step (before that perhaps `info …`). For each line
`run STEPS THREADS` on its standard input it does so many steps and answers `t SECONDS CHECKSUM`.
"""

import contextlib
import os
import select
import shutil
import signal
import subprocess
import tempfile
import time

import psutil

FIRST_STEP = 900.0  # seconds that compiling may take
BATCH = 200.0  # seconds that a batch may take


class Failed(Exception):
    """A worker ended or did not answer in time."""


class Process:
    def __init__(self, command, environment, priority):
        self.info = ""
        self.unread = b""
        self.folder = tempfile.mkdtemp(prefix="bench_")
        self.errors = open(os.path.join(self.folder, "errors"), "w+")
        began = time.monotonic()
        self.child = subprocess.Popen(
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self.errors,
            bufsize=0,
            env={**environment, "TMPDIR": self.folder},
            start_new_session=True,
            preexec_fn=priority.ordinary,
        )
        try:
            self._wait_for_first_step(began + FIRST_STEP)
        except BaseException:
            self.end()
            raise
        self.first_step_seconds = time.monotonic() - began
        self.first_step_cpu_seconds = self.cpu_seconds()
        self.pause()

    def _wait_for_first_step(self, deadline):
        while True:
            line = self._line(deadline)
            if line.startswith("info "):
                self.info = line[5:]
            if line.startswith("first"):
                return

    def _line(self, deadline):
        while b"\n" not in self.unread:
            readable, _, _ = select.select([self.child.stdout], [], [], 1.0)
            if readable:
                more = os.read(self.child.stdout.fileno(), 1 << 16)
                if not more:
                    raise Failed(f"it ended: {self._last_words()}")
                self.unread += more
            elif time.monotonic() > deadline:
                raise Failed(f"no answer in time: {self._last_words()}")
        line, self.unread = self.unread.split(b"\n", 1)
        return line.decode()

    def _last_words(self):
        self.errors.flush()
        with open(self.errors.name) as file:
            return file.read()[-400:].strip()

    def run(self, steps, threads):
        """Does so many steps; their seconds, and the checksum of the state afterwards."""
        try:
            self.child.stdin.write(f"run {steps} {threads}\n".encode())
        except BrokenPipeError:
            raise Failed(f"it ended: {self._last_words()}") from None
        _, seconds, checksum = self._line(time.monotonic() + BATCH).split()
        return float(seconds), float(checksum)

    def tree(self):
        """The process and those that it started."""
        with contextlib.suppress(psutil.Error):
            top = psutil.Process(self.child.pid)
            return [top, *top.children(recursive=True)]
        return []

    def _workers(self):
        for part in self.tree():
            with contextlib.suppress(psutil.Error):
                if part.name() != "mpirun":
                    yield part

    def cpu_seconds(self):
        total = 0.0
        for part in self.tree():
            with contextlib.suppress(psutil.Error):
                total += sum(part.cpu_times()[:4])
        return total

    def peak_memory(self):
        """The most memory that it ever had, in bytes, over its processes."""
        total = 0
        for part in self._workers():
            with contextlib.suppress(OSError), open(f"/proc/{part.pid}/status") as file:
                for line in file:
                    if line.startswith("VmHWM"):
                        total += int(line.split()[1]) * 1024
        return total

    def pause(self):
        self._signal(signal.SIGSTOP)

    def resume(self):
        self._signal(signal.SIGCONT)

    def _signal(self, number):
        for part in self._workers():
            with contextlib.suppress(psutil.Error):
                part.send_signal(number)

    def end(self):
        self.resume()
        for part in reversed(self.tree()):
            with contextlib.suppress(psutil.Error):
                part.kill()
        self.child.wait()
        self.errors.close()
        shutil.rmtree(self.folder, ignore_errors=True)
