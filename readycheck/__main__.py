"""The program's entry: exit statuses, and nothing shown to a user but sentences."""

import os
import sys


def main() -> None:
    """Run the command line and leave with the contract's exit status."""
    try:
        from readycheck.cli.app import run_app  # noqa: PLC0415 - Ctrl-C while this loads is still Ctrl-C
        from readycheck.host.interrupts import as_ctrl_c, no_longer  # noqa: PLC0415 - the same

        as_ctrl_c()
    except KeyboardInterrupt:
        os._exit(130)
    status = run_app(sys.argv[1:])
    no_longer()
    sys.exit(status)


if __name__ == "__main__":
    main()
