"""A process of its own on one database, that does what it is told and answers with what that cost."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from benchmarks.costs import Cost
from benchmarks.databases import ROOT


class Measured:
    """The measured process; functions are named by module and name, as `rebuild.by_service`."""

    def __init__(self, environment: dict[str, str]) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-m", "benchmarks.measuring"],
            env=environment,
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def _call(self, name: str, arguments: tuple[Any, ...], times: int) -> dict[str, Any]:
        stdin, stdout = self.process.stdin, self.process.stdout
        assert stdin is not None
        assert stdout is not None
        stdin.write(json.dumps([name, times, arguments]) + "\n")
        stdin.flush()
        answer = stdout.readline()
        if not answer:
            raise SystemExit("The measured process has died; its words are above.")
        found: dict[str, Any] = json.loads(answer)
        return found

    def ask(self, name: str, *arguments: Any) -> Any:
        """What the function returns."""
        return self._call(name, arguments, 1)["answer"]

    def measure(self, name: str, *arguments: Any, times: int = 1) -> Cost:
        """What one call costs, of so many in a row."""
        answer = self._call(name, arguments, times)
        return Cost(answer["wall"] / times, answer["cpu"] / times)

    def close(self) -> None:
        """End it."""
        for pipe in (self.process.stdin, self.process.stdout):
            if pipe:
                pipe.close()
        self.process.wait()


@contextmanager
def measured(environment: dict[str, str]) -> Iterator[Measured]:
    """A measured process on a database."""
    process = Measured(environment)
    try:
        yield process
    finally:
        process.close()
