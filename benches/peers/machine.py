"""The machine: what it is, how busy others keep it, and how to be undisturbed on it."""

import contextlib
import fcntl
import os
import platform
import signal
import subprocess
import tempfile
import time

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))
BUILT = os.path.join(ROOT, "target", "peers")

TICKS = os.sysconf("SC_CLK_TCK")


def description():
    """Processor, cores, compiler and system, in words."""
    with open("/proc/cpuinfo") as file:
        models = [line.split(":")[1].strip() for line in file if line.startswith("model name")]
    compiler = subprocess.run(["gcc", "-dumpfullversion"], capture_output=True, text=True)
    return {
        "processor": models[0] if models else platform.machine(),
        "cores": os.cpu_count(),
        "system": platform.platform(),
        "compiler": f"gcc {compiler.stdout.strip()}",
    }


def busy_seconds():
    """CPU seconds of all that ran since the machine started."""
    with open("/proc/stat") as file:
        user, nice, system, _idle, _wait, interrupts, soft, steal = map(
            int, file.readline().split()[1:9]
        )
    return (user + nice + system + interrupts + soft + steal) / TICKS


def wait_until_quiet(at_most=3.0):
    """Waits a moment for others to be done."""
    began = time.monotonic()
    while time.monotonic() - began < at_most:
        before = busy_seconds()
        time.sleep(0.2)
        if busy_seconds() - before < 0.2 * 0.2:
            return


@contextlib.contextmanager
def alone():
    """Keeps other benchmarks on this machine, if they look at the same lock, out of this block."""
    with open(os.path.join(tempfile.gettempdir(), "bench.lock"), "a+") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


class Priority:
    """Real-time priority for workers, if asked for and allowed.

    A worker then runs before everything else. While a worker of one core runs, a program that
    touches no memory, at a lower priority, keeps the other core free of others.
    """

    DRIVER, LAUNCHER, WORKER, HOG = 30, 20, 10, 5

    def __init__(self, real_time):
        self.real_time = real_time
        if not real_time:
            return
        if os.cpu_count() != 2:
            raise SystemExit("error: real-time priority is meant for machines of two cores")
        try:
            self._set(0, self.DRIVER)
        except PermissionError:
            raise SystemExit("error: real-time priority is for root") from None
        hog = os.path.join(BUILT, "bin", "hog")
        self.hog = subprocess.Popen([hog], preexec_fn=self.ordinary)
        self.hog.send_signal(signal.SIGSTOP)
        self._set(self.hog.pid, self.HOG)

    @staticmethod
    def _set(task, priority):
        os.sched_setscheduler(task, os.SCHED_FIFO, os.sched_param(priority))

    def ordinary(self):
        """Makes a child process ordinary again, before it begins."""
        if self.real_time:
            os.sched_setscheduler(0, os.SCHED_OTHER, os.sched_param(0))

    def as_worker(self):
        """Makes a child process a worker, before it begins."""
        if self.real_time:
            self._set(0, self.WORKER)

    def close(self):
        if self.real_time:
            self.hog.kill()
            self.hog.wait()

    @contextlib.contextmanager
    def given_to(self, process, cores):
        """Gives priority to a worker on so many cores. Yields the cores that the hog takes."""
        if not self.real_time:
            yield 0
            return
        for part in process.tree():
            priority = self.LAUNCHER if part.name() == "mpirun" else self.WORKER
            with contextlib.suppress(OSError):
                for thread in os.listdir(f"/proc/{part.pid}/task"):
                    self._set(int(thread), priority)
        hogged = 1 if cores == 1 else 0
        if hogged:
            self.hog.send_signal(signal.SIGCONT)
        try:
            yield hogged
        finally:
            self.hog.send_signal(signal.SIGSTOP)
