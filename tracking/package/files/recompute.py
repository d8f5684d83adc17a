"""Recomputes every total of a quarter package from its entries, and says whether they agree.

    python recompute.py                 the folder in which this file lies
    python recompute.py FOLDER_OR_ZIP   another folder, or the zip as it was downloaded

Needs Python 3.8 or later and nothing else; reads only, asks no network. Ends with 0 where everything agrees, else 1.

用 entries.csv 重新计算本数据包的全部合计，并说明是否一致。
只需 Python 3.8 以上；只读文件，不联网。一致时退出码为 0，否则为 1。
"""

from __future__ import annotations

import csv
import hashlib
import io
import json
import sys
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

FIGURES = ("entered", "left", "stock", "ytd", "undated")
AMOUNTS = ("investment", "expected_output", "expected_revenue")
COLUMNS = ("count", "with_amount", "with_output", "with_revenue", *AMOUNTS)
PLACE = ("district", "by", "member", "kind")
PASSED = ("registered", "enrolled", "resumed")  # a project passes these and is never in them: no stock
MOST_SHOWN = 50

if TYPE_CHECKING:
    Wrong = list[tuple[str, str]]  # sentences in English and in Chinese
    Totals = dict[tuple[str, ...], tuple[int | None, ...]]  # the values of COLUMNS by place and figure


class Package:
    """A folder or a zip."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.zip = zipfile.ZipFile(path) if path.is_file() else None

    def open(self, name: str) -> IO[bytes]:
        """The bytes of one file, to be read bit by bit. Raises OSError or KeyError where it is not there."""
        return self.zip.open(name) if self.zip else (self.path / name).open("rb")

    def rows(self, name: str) -> Iterator[dict[str, str]]:
        """The rows of a table, by column."""
        with self.open(name) as raw, io.TextIOWrapper(raw, "utf-8-sig", newline="") as text:
            yield from csv.DictReader(text)

    def json(self, name: str) -> Any:
        """What a JSON file holds."""
        with self.open(name) as raw:
            return json.loads(raw.read().decode("utf-8"))


def main(arguments: list[str]) -> int:
    """Check the package that is named, print what was found, and return 0 or 1."""
    sys.stdout.reconfigure(errors="replace")  # type: ignore[union-attr]  # a console without Chinese shows ?
    try:
        package = Package(Path(arguments[0]) if arguments else Path(__file__).resolve().parent)
        manifest = package.json("manifest.json")
        title = f"{manifest['district']} {manifest['quarter']} r{manifest['revision']}"
        files = manifest["files"]
    except (OSError, KeyError, ValueError, TypeError, zipfile.BadZipFile) as error:
        say(f"This is no quarter package: {error!r}", f"这不是季度数据包：{error!r}")
        return 1
    wrong = check_files(package, files)
    try:
        computed = recompute(package, manifest["district"], manifest["quarter"])
        wrong += compare("totals.csv", computed, totals_of_csv(package))
        wrong += compare("totals.json", computed, totals_of_json(package))
    except (OSError, KeyError, ValueError, TypeError, zipfile.BadZipFile) as error:
        wrong.append((f"The tables cannot be read: {error!r}", f"数据表无法读取：{error!r}"))
    for english, chinese in wrong[:MOST_SHOWN]:
        say(english, chinese)
    if len(wrong) > MOST_SHOWN:
        say(f"… and {len(wrong) - MOST_SHOWN} more.", f"……另有 {len(wrong) - MOST_SHOWN} 处。")
    if wrong:
        say(f"{title}: NOT everything agrees.", f"{title}：有不一致之处。")
        return 1
    say(
        f"{title}: {len(computed)} totals were recomputed from the entries; all agree.",
        f"{title}：由明细重新计算合计 {len(computed)} 项，全部一致。",
    )
    return 0


def say(english: str, chinese: str) -> None:
    """Print a sentence in both languages."""
    sys.stdout.write(f"{chinese}\n{english}\n")


# --- checksums ----------------------------------------------------------------------------------------------------


def check_files(package: Package, files: dict[str, dict[str, Any]]) -> Wrong:
    """What is wrong with the files: missing, or not of the size and checksum that the manifest says."""
    wrong: Wrong = []
    for name, said in sorted(files.items()):
        try:
            if checksum(package, name) != (said["size"], said["sha256"]):
                wrong.append((f"{name}: not the checksum of the manifest.", f"{name}：校验和与清单不符。"))
        except (OSError, KeyError, zipfile.BadZipFile) as error:
            wrong.append((f"{name} cannot be read: {error!r}", f"{name} 无法读取：{error!r}"))
    return wrong


def checksum(package: Package, name: str) -> tuple[int, str]:
    """The size and the SHA-256 of a file."""
    digest, size = hashlib.sha256(), 0
    with package.open(name) as raw:
        chunk = raw.read(1 << 20)
        while chunk:
            digest.update(chunk)
            size += len(chunk)
            chunk = raw.read(1 << 20)
    return size, digest.hexdigest()


# --- the totals from the entries ----------------------------------------------------------------------------------


def recompute(package: Package, top: str, quarter: str) -> Totals:
    """Every figure that holds anything, by (district, by, member, kind, figure): the values of COLUMNS."""
    branches = branches_of(package, top)
    bands = [
        (row["code"], int(row["lower"]), int(row["upper"]) if row["upper"] else None)
        for row in package.rows("bands.csv")
    ]
    sums: dict[tuple[str, ...], list[int]] = {}
    for entry in package.rows("entries.csv"):
        amounts = [int(entry[name]) if entry[name] else None for name in AMOUNTS]
        figures = [figure for figure in FIGURES if counts(figure, entry, quarter)]
        for place in places_of(entry, branches[entry["district"]], band_of(amounts[0], bands)):
            for figure in figures:
                add(sums.setdefault((*place, entry["kind"], figure), [0] * len(COLUMNS)), amounts)
    return {key: without_unknown(values) for key, values in sums.items()}


def branches_of(package: Package, top: str) -> dict[str, list[str]]:
    """For every district the districts from itself up to the released one."""
    parents = {row["code"]: row["parent"] for row in package.rows("districts.csv")}
    branches = {}
    for code in parents:
        branch = [code]
        while branch[-1] != top:
            branch.append(parents[branch[-1]])
            if len(branch) > len(parents):
                raise ValueError(f"districts.csv: {code} lies in itself")
        branches[code] = branch
    return branches


def counts(figure: str, entry: dict[str, str], quarter: str) -> bool:
    """Whether an entry is part of this figure of the quarter. Quarters are texts that sort as they follow."""
    reached, left = entry["quarter"], entry["left_quarter"]
    if figure == "undated" or not reached:
        return figure == "undated" and not reached
    if figure == "entered":
        return reached == quarter
    if figure == "left":
        return left == quarter
    if figure == "ytd":
        return f"{quarter[:4]}Q1" <= reached <= quarter
    return entry["kind"] not in PASSED and reached <= quarter and (not left or left > quarter)


def places_of(entry: dict[str, str], branch: list[str], band: str) -> Iterator[tuple[str, str, str]]:
    """Where an entry counts: in its district and all above it, and in its part of each breakdown of the top."""
    top = branch[-1]
    for code in branch:
        yield code, "", ""
    yield top, "district", branch[-2] if len(branch) > 1 else top
    yield top, "sector", entry["sector"]
    yield top, "size_band", band
    yield top, "project_type", entry["project_type"]
    yield top, "ownership", entry["ownership"]


def band_of(investment: int | None, bands: list[tuple[str, int, int | None]]) -> str:
    """The code of the band that holds this investment; empty where there is none."""
    if investment is not None:
        for code, lower, upper in bands:
            if lower <= investment and (upper is None or investment < upper):
                return code
    return ""


def add(values: list[int], amounts: list[int | None]) -> None:
    """Count one entry: the number, how many amounts are known, and the known amounts."""
    values[0] += 1
    for place, amount in enumerate(amounts, start=1):
        if amount is not None:
            values[place] += 1
            values[place + len(AMOUNTS)] += amount


def without_unknown(values: list[int]) -> tuple[int | None, ...]:
    """The same; a sum of which no amount is known is unknown, not 0."""
    known = values[1 : 1 + len(AMOUNTS)]
    sums = values[1 + len(AMOUNTS) :]
    return (values[0], *known, *(total if known[place] else None for place, total in enumerate(sums)))


# --- the totals as they were released -----------------------------------------------------------------------------


def totals_of_csv(package: Package) -> Totals:
    """Every figure of totals.csv that holds anything, by the same keys."""
    found: Totals = {}
    for row in package.rows("totals.csv"):
        for figure in FIGURES:
            cells = (row[f"{figure}_{name}"] for name in COLUMNS)
            keep(found, (*(row[name] for name in PLACE), figure), [int(c) if c else None for c in cells])
    return found


def totals_of_json(package: Package) -> Totals:
    """Every figure of totals.json that holds anything, by the same keys."""
    found: Totals = {}
    for row in package.json("totals.json"):
        for figure in FIGURES:
            values = [row[figure][name] for name in COLUMNS] if row[figure] else []
            keep(found, (*(row[name] or "" for name in PLACE), figure), values)
    return found


def keep(found: Totals, key: tuple[str, ...], values: list[int | None]) -> None:
    """Note a figure that holds anything; one that stands there twice is refused."""
    if key in found:
        raise ValueError(f"{key} stands there twice")
    if any(values):
        found[key] = tuple(values)


def compare(
    name: str,
    computed: Totals,
    released: Totals,
) -> Wrong:
    """What is not the same, or stands on one side only."""
    wrong: Wrong = []
    for key in sorted(set(computed) | set(released)):
        before, after = released.get(key), computed.get(key)
        if before != after:
            place = " ".join(part or "-" for part in key)
            wrong.append(
                (
                    f"{name}: {place}: released {shown(before)}; from the entries {shown(after)}",
                    f"{name}：{place}：发布 {shown(before)}；由明细计算 {shown(after)}",
                )
            )
    return wrong


def shown(values: tuple[int | None, ...] | None) -> str:
    """A figure in a sentence: the columns that hold anything."""
    if not values:
        return "0"
    return " ".join(f"{COLUMNS[place]}={value}" for place, value in enumerate(values) if value)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
