"""The front door. Imports nothing heavy: spawned children import this module again."""

from __future__ import annotations


def main() -> None:
    """Read the command and start what it names."""
    from kiosk.cli import cli

    cli(prog_name="python main.py")


if __name__ == "__main__":
    main()
