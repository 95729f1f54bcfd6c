"""What Citus must be told once, after the migrations: every table is spread by the terminal in its key."""

from __future__ import annotations

from central.schema import metadata


def distribution() -> tuple[str, ...]:
    """One statement a table; the tables lie together, so that one terminal's rows are on one machine."""
    first, *others = sorted(metadata.tables)
    return (
        f"select create_distributed_table('{first}', 'terminal');",
        *(
            f"select create_distributed_table('{name}', 'terminal', colocate_with => '{first}');"
            for name in others
        ),
    )
