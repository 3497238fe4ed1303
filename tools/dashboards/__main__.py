"""Writes deploy/grafana/dashboards: `python -m tools.dashboards` after a change, which the tests ask for."""

import sys

from tools.dashboards.written import DIRECTORY, documents, stale


def main() -> int:
    """Write every dashboard and take away files of boards that are gone."""
    for name in stale():
        path = DIRECTORY / name
        content = documents().get(name)
        if content is None:
            path.unlink()
        else:
            path.write_text(content)
        print(f"{'wrote' if content else 'removed'} {path.name}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
