"""What every benchmark is given: the databases, how large and how often, and where its figures go."""

from __future__ import annotations

import argparse
from dataclasses import dataclass

from benchmarks.costs import Report
from benchmarks.databases import Databases
from benchmarks.process import Measured


@dataclass(frozen=True)
class Run:
    """One run of the benchmarks."""

    sizes: argparse.Namespace
    databases: Databases
    report: Report

    @property
    def many(self) -> dict[str, str]:
        """The environment of the large database."""
        return self.databases.of(self.sizes.projects)

    @property
    def few(self) -> dict[str, str]:
        """The environment of the small one."""
        return self.databases.of(self.sizes.few)

    def title(self, words: str, *processes: Measured) -> None:
        """What is measured now, and on how much."""
        self.report.title(words, *(facts_in_words(process) for process in processes))


def facts_in_words(process: Measured) -> str:
    """How large everything in a database is."""
    facts = process.ask("facts.facts")
    return (
        f"{facts['database']}: {facts['projects']:,} projects, {facts['entries']:,} entries, "
        f"{facts['districts']:,} districts, {facts['cells']:,} cells"
    )
