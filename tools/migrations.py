"""Numbers for migrations: `make migrations`, when a branch is merged.

A migration is written as `next_<capability>_<what>.sql`; here it gets the number after its package's highest.
"""

import argparse
import re
import sys
from pathlib import Path

from shared.services import SERVICES

ROOT = Path(__file__).parents[1]
ROOMS = (
    Path("shared/migrations"),
    *(Path("services", service, "migrations") for service in SERVICES),
    Path("console/migrations"),
)
NAME = re.compile(r"(?P<number>[0-9]{4}|next)_[a-z0-9]+(_[a-z0-9]+)*\.sql")


def faults_of(names: list[str]) -> list[str]:
    """What is wrong with the names of a package's migrations, in words: other forms, gaps and twins."""
    faults = [
        f"{name} is not named <four digits>_<capability>_<what>.sql" for name in names if not NAME.fullmatch(name)
    ]
    numbers = sorted(int(name[:4]) for name in names if NAME.fullmatch(name) and not name.startswith("next_"))
    faults += [
        f"two migrations have the number {number:04}" for number in set(numbers) if numbers.count(number) > 1
    ]
    missing = set(range(1, max(numbers, default=0) + 1)) - set(numbers)
    return sorted(faults) + [f"no migration has the number {number:04}" for number in sorted(missing)]


def renamed(names: list[str]) -> dict[str, str]:
    """The new name of each migration without a number, in the order of their names."""
    highest = max((int(name[:4]) for name in names if not name.startswith("next_")), default=0)
    waiting = sorted(name for name in names if name.startswith("next_"))
    return {name: f"{highest + place:04}_{name.removeprefix('next_')}" for place, name in enumerate(waiting, 1)}


def main() -> int:
    """Give numbers, unless something is wrong with a name; the exit status is 1 then."""
    argparse.ArgumentParser(
        prog="python -m tools.migrations", description=__doc__, epilog="Example: python -m tools.migrations"
    ).parse_args()
    status = 0
    for room in ROOMS:
        names = [path.name for path in sorted((ROOT / room).glob("*.sql"))]
        faults = faults_of(names)
        for fault in faults:
            print(f"{room}: {fault}", file=sys.stderr)
            status = 1
        for old, new in {} if faults else renamed(names).items():
            (ROOT / room / old).rename(ROOT / room / new)
            print(f"{room}: {old} is {new} now")
    return status


if __name__ == "__main__":
    sys.exit(main())
