"""The program's entry: exit statuses, and nothing shown to a user but sentences."""

import sys


def main() -> None:
    """Run the command line and leave with the contract's exit status."""
    from readycheck.cli.app import run_app  # noqa: PLC0415 - keeps `python -m readycheck` and the script alike

    sys.exit(run_app(sys.argv[1:]))


if __name__ == "__main__":
    main()
