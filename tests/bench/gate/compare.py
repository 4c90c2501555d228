#!/usr/bin/env python3
"""Compares zdm check with squawk on generated files: files per CPU second, time, memory, start-up.

usage: tests/bench/gate/compare.py [ZDM] [SCRATCH]      (build/release/zdm, build/bench/gate)

Takes squawk, the native program inside the npm package squawk-cli, into SCRATCH, and nowhere else.
Each figure is the best of some runs; output is written to a file, findings are expected. Exits 1
where zdm is not at least three times as fast, needs as much memory, or takes 5 ms to start.
"""

import os
import pathlib
import subprocess
import sys
import time

from generate import write_files

RUNS = 3
SQUAWK = "2.66.0"
# Rules on style, which zdm does not have.
STYLE = ("prefer-bigint-over-int prefer-bigint-over-smallint prefer-identity "
         "prefer-robust-stmts prefer-text-field prefer-timestamp-tz require-lock-timeout "
         "require-statement-timeout").split()


def squawk(scratch: pathlib.Path) -> pathlib.Path:
    found = sorted(scratch.glob("node_modules/@squawk-cli/*/bin/squawk"))
    if not found:
        subprocess.run(["npm", "install", "--no-audit", "--no-fund", f"squawk-cli@{SQUAWK}"],
                       cwd=scratch, check=True, stdout=subprocess.DEVNULL)
        found = sorted(scratch.glob("node_modules/@squawk-cli/*/bin/squawk"))
    return found[0].resolve()


class Cost:
    def __init__(self, words: list, directory: pathlib.Path):
        with open(directory / "output", "wb") as out:
            begin = time.monotonic()
            child = subprocess.Popen(words, cwd=directory, stdout=out, stderr=subprocess.STDOUT)
            _, status, used = os.wait4(child.pid, 0)
            self.seconds = time.monotonic() - begin
        child.returncode = os.waitstatus_to_exitcode(status)
        self.cpu = used.ru_utime + used.ru_stime
        self.peak = used.ru_maxrss / 1024
        self.code = child.returncode


def best(words: list, directory: pathlib.Path, runs: int = RUNS) -> Cost:
    costs = [Cost(words, directory) for _ in range(runs)]
    one = costs[0]
    one.cpu = min(cost.cpu for cost in costs)
    one.seconds = min(cost.seconds for cost in costs)
    one.peak = min(cost.peak for cost in costs)
    return one


def show(name: str, files: int, cost: Cost) -> None:
    print(f"  {name:28} {files / cost.cpu:9,.0f} files/CPU s {cost.cpu:8.3f} s CPU "
          f"{cost.seconds:8.3f} s {cost.peak:7.1f} MiB   exit {cost.code}")


def compare(zdm: str, other: pathlib.Path, scratch: pathlib.Path, files: int) -> bool:
    directory = scratch / f"files-{files}"
    if not directory.exists():
        (directory / "db").mkdir(parents=True)
        write_files(directory / "db", files)
    print(f"{files:,} files:")
    ours = best([zdm, "check", "--config", "none", "db"], directory)
    show("zdm check", files, ours)
    good = ours.code == 3
    every = [str(path.relative_to(directory)) for path in sorted(directory.glob("db/*.sql"))]
    for name, options in (("squawk", []), ("squawk, no style rules", ["--exclude", ",".join(STYLE)])):
        theirs = best([other, *options, *every], directory)
        show(name, files, theirs)
        if theirs.code not in (0, 1):
            sys.exit(f"squawk did not check them: see {directory / 'output'}")
        speed, memory = theirs.cpu / ours.cpu, theirs.peak / ours.peak
        print(f"  {'':28} zdm checks {speed:.1f} times the files per CPU second, in "
              f"1/{theirs.seconds / ours.seconds:.1f} of the time and 1/{memory:.1f} of the memory")
        good = good and speed >= 3 and memory > 1
    return good


def start_up(zdm: str, scratch: pathlib.Path) -> bool:
    (scratch / "one.sql").write_text("SELECT 1;\n")
    good = True
    for words in ([zdm, "--version"], [zdm, "check", "--config", "none", "one.sql"]):
        times = sorted(Cost(words, scratch).seconds for _ in range(50))
        print(f"start-up, {' '.join(words[1:])}: median {times[25] * 1000:.1f} ms, "
              f"best {times[0] * 1000:.1f} ms")
        good = good and times[25] < 0.005
    return good


def main() -> int:
    zdm = str(pathlib.Path(sys.argv[1] if len(sys.argv) > 1 else "build/release/zdm").resolve())
    scratch = pathlib.Path(sys.argv[2] if len(sys.argv) > 2 else "build/bench/gate").resolve()
    scratch.mkdir(parents=True, exist_ok=True)
    other = squawk(scratch)
    results = [compare(zdm, other, scratch, files) for files in (1_000, 10_000)]
    results.append(start_up(zdm, scratch))
    return 0 if all(results) else 1


if __name__ == "__main__":
    sys.exit(main())
