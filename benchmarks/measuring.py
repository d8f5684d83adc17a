"""The measured process: does on its database what it is told to, line by line, and answers with what that cost."""

from __future__ import annotations

import importlib
import json
import os
import sys
import time
from pathlib import Path

import django

TICKS = os.sysconf("SC_CLK_TCK")


def cpu_seconds() -> float:
    """Processor seconds of this process and, where it runs on this machine, of its database's processes."""
    return time.process_time() + server_seconds()


def server_seconds() -> float:
    """Those of our connection's server process and of the parallel workers that have ended."""
    from django.db import connection  # the settings are read by then

    if connection.vendor != "postgresql":
        return 0.0
    connection.ensure_connection()
    backend = int(connection.connection.info.backend_pid)
    status = Path(f"/proc/{backend}/stat")
    if not status.exists():
        return 0.0
    postmaster = status.read_text().rpartition(")")[2].split()[1]
    ended = Path(f"/proc/{postmaster}/stat").read_text().rpartition(")")[2].split()
    return seconds_of(backend) + (int(ended[13]) + int(ended[14])) / TICKS


def seconds_of(pid: int) -> float:
    """Processor seconds of one process that lives, with its threads."""
    return (
        sum(int(task.read_text().split()[0]) for task in Path(f"/proc/{pid}/task").glob("*/schedstat")) / 1e9
    )


def peak_megabytes() -> int:
    """What this process has held in memory at most."""
    (held,) = [
        line for line in Path("/proc/self/status").read_text().splitlines() if line.startswith("VmHWM")
    ]
    return int(held.split()[1]) // 1024


def main() -> None:
    """Each line is a list: a function's name, how often to call it, and its arguments."""
    django.setup()
    for line in sys.stdin:
        name, times, arguments = json.loads(line)
        module, _, function = name.rpartition(".")
        call = getattr(importlib.import_module(f"benchmarks.{module}"), function)
        cpu, wall = cpu_seconds(), time.perf_counter()
        for _ in range(times):
            result = call(*arguments)
        answer = {"wall": time.perf_counter() - wall, "cpu": cpu_seconds() - cpu, "answer": result}
        sys.stdout.write(json.dumps(answer) + "\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
