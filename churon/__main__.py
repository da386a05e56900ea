"""The command line: `churon` and `python -m churon`."""

from __future__ import annotations

import sys


def main() -> None:
    """Run the command; an expected failure is one message and a non-zero exit, no traceback."""
    from churon.cli.app import app
    from churon.tools.errors import ChuronError, InputError, SettingsError

    try:
        app()
    except (InputError, SettingsError) as error:
        sys.stderr.write(f"churon: {error}\n")
        sys.exit(2)
    except ChuronError as error:
        sys.stderr.write(f"churon: {error}\n")
        sys.exit(1)
    except KeyboardInterrupt:
        sys.stderr.write("churon: stopped.\n")
        sys.exit(130)


if __name__ == "__main__":
    main()
