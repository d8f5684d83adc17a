"""The processes of one installation: started, looked after, started again when they die, and stopped together."""

import contextlib
import ctypes
import os
import re
import signal
import subprocess
import threading
import time
from collections.abc import Callable, Iterable
from pathlib import Path

STOP_WITHIN = (
    9.0  # seconds for finishing what runs; after that a process is killed, and its job is found again
)
LOOK_EVERY = 0.2
BEGIN_AGAIN_AFTER = 1.0
DEATHS_ALLOWED, DEATHS_WITHIN = 5, 60.0
LARGE_LOG = 5 * 1024 * 1024
TROUBLE = re.compile(r"\b(ERROR|CRITICAL)\b")
_SET_PARENT_DEATH_SIGNAL = 1
_libc = ctypes.CDLL(None)


class Child:
    """One process with its own log; it and everything it starts share a process group."""

    def __init__(self, name: str, command: list[str], log: Path, environment: dict[str, str]) -> None:
        self.name, self.command, self.log, self.environment = name, command, log, environment
        self.process: subprocess.Popen[bytes] | None = None
        self.deaths: list[float] = []
        self.died_at: float | None = None
        self.read_to = 0

    def start(self) -> None:
        """Start it, its words going to its log; it gets SIGTERM when this process dies without saying so."""
        self.log.parent.mkdir(parents=True, exist_ok=True)
        if self.log.exists() and self.log.stat().st_size > LARGE_LOG:
            self.log.replace(self.log.with_suffix(".old.log"))
        with self.log.open("ab") as log:
            self.read_to = log.tell()
            self.process = subprocess.Popen(
                self.command,
                env=self.environment,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
                preexec_fn=_end_with_the_parent,  # noqa: PLW1509 - there is one thread only
            )
        self.died_at = None

    def alive(self) -> bool:
        return self.process is not None and self.process.poll() is None

    def signal_group(self, number: int) -> None:
        """Reach what it left behind, too."""
        if self.process:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self.process.pid, number)

    def terminate(self) -> None:
        if self.process and self.alive():
            self.process.terminate()

    def new_lines(self) -> list[str]:
        """What it has logged since the last call."""
        if not self.log.exists():
            return []
        with self.log.open("rb") as log:
            log.seek(self.read_to)
            text = log.read()
        complete = text[: text.rfind(b"\n") + 1]
        self.read_to += len(complete)
        return complete.decode("utf-8", "replace").splitlines()

    def last_lines(self, count: int = 15) -> list[str]:
        """The end of its log."""
        return self.log.read_text("utf-8", "replace").splitlines()[-count:] if self.log.exists() else []


class Household:
    """All children together; `say` prints one sentence for the person at the screen."""

    def __init__(self, children: Iterable[Child], say: Callable[[str], None]) -> None:
        self.children = list(children)
        self.say = say
        self.told_to_stop = threading.Event()
        self.in_a_hurry = False

    def listen(self) -> None:
        """Stop on Ctrl-C, SIGTERM and a closed terminal; a second Ctrl-C does not wait."""
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, self._on_signal)

    def _on_signal(self, _number: int, _frame: object) -> None:
        self.in_a_hurry = self.told_to_stop.is_set()
        self.told_to_stop.set()

    def start(self) -> None:
        for child in self.children:
            child.start()

    def look_after(self, until: Callable[[], bool] = lambda: False) -> bool:
        """Keep all running until told to stop or `until` holds; False when one keeps dying and nothing helps."""
        while not self.told_to_stop.wait(LOOK_EVERY) and not until():
            for child in self.children:
                self._echo_trouble(child)
                if not child.alive() and not self._revive(child):
                    return False
        return True

    def _echo_trouble(self, child: Child) -> None:
        for line in child.new_lines():
            if TROUBLE.search(line):
                self.say(f"{child.name}: {line}")

    def _revive(self, child: Child) -> bool:
        now = time.monotonic()
        if child.died_at is None:
            child.died_at = now
            child.deaths = [at for at in child.deaths if now - at < DEATHS_WITHIN] + [now]
            child.signal_group(signal.SIGKILL)
            self.say(
                f"{child.name} 意外退出，正在重启 · {child.name} ended unexpectedly, starting it again ({child.log})"
            )
        if len(child.deaths) > DEATHS_ALLOWED:
            self.say(
                "\n".join(
                    [f"{child.name} 反复退出，停止运行 · {child.name} keeps ending:", *child.last_lines()]
                )
            )
            return False
        if now - child.died_at >= BEGIN_AGAIN_AFTER:
            child.start()
        return True

    def stop(self) -> None:
        """Ask all to finish, wait a little, then kill what is left; afterwards none of them runs."""
        deadline = time.monotonic() + STOP_WITHIN
        for child in self.children:
            child.terminate()
        while any(child.alive() for child in self.children):
            if self.in_a_hurry or time.monotonic() > deadline:
                break
            time.sleep(0.05)
        for child in self.children:
            child.signal_group(signal.SIGKILL)
            if child.process:
                child.process.wait()


def _end_with_the_parent() -> None:
    """Runs in the child before it becomes the command (Linux)."""
    _libc.prctl(_SET_PARENT_DEATH_SIGNAL, signal.SIGTERM)
