"""The command line. `program` lists the commands; each group of commands has a module here."""

from app.cli.program import main

__all__ = ["main"]
