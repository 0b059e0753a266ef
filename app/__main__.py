"""Runs the command line: python -m app."""

import sys

try:
    from app.cli import main
except ImportError as error:
    print(f"A part of the program cannot be loaded ({error}); run script/setup.", file=sys.stderr)
    sys.exit(2)

main()
