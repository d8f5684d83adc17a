"""The benchmarks still run: on a handful of projects, where what they measure means nothing."""

import os
import subprocess
import sys

import pytest

from config.environment import BASE_DIR
from tests.processes import database_url


@pytest.mark.django_db
def test_every_benchmark_runs_and_prints_both_sides_of_its_ratio():
    sizes = [
        "--projects",
        "300",
        "--few",
        "100",
        "--runs",
        "1",
        "--changes",
        "2",
        "--sample",
        "2",
        "--saves",
        "1",
    ]
    environment = {
        name: value for name, value in os.environ.items() if name not in ("DATA_DIR", "BROKER_URL")
    }
    environment["DATABASE_URL"] = database_url()

    done = subprocess.run(
        [sys.executable, "-m", "benchmarks", *sizes],
        env=environment,
        cwd=BASE_DIR,
        capture_output=True,
        text=True,
        timeout=240,
        check=False,
    )

    assert done.returncode == 0, done.stdout + done.stderr
    for words in ("plain SQL", "with 300 projects", "with 100 projects", "one ORM query each", "files"):
        assert words in done.stdout
    assert done.stdout.count("**ratio") == 3
