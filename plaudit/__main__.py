"""`python -m plaudit` is the `plaudit` command: it works where a console script's first line would be too long."""

from plaudit.cli import main

if __name__ == "__main__":
    main(prog_name="plaudit")
