"""The same tables, each in parts by the hash of its terminal: what Citus would spread over machines."""

from __future__ import annotations

from sqlalchemy import Engine
from sqlalchemy.schema import CreateIndex

from central.database import writing
from central.schema import metadata

PARTS = 4


def partition(engine: Engine) -> None:
    """Replace every (empty) table. PostgreSQL refuses a unique key here that does not contain the terminal."""
    with writing(engine).begin() as connection:
        for table in metadata.sorted_tables:
            name = table.name
            connection.exec_driver_sql(f"alter table {name} rename to whole")
            connection.exec_driver_sql(
                f"create table {name} (like whole including defaults) partition by hash (terminal)"
            )
            connection.exec_driver_sql("drop table whole")
            keys = ", ".join(column.name for column in table.primary_key)
            connection.exec_driver_sql(f"alter table {name} add primary key ({keys})")
            for part in range(PARTS):
                values = f"with (modulus {PARTS}, remainder {part})"
                connection.exec_driver_sql(
                    f"create table {name}_{part} partition of {name} for values {values}"
                )
            for index in table.indexes:
                connection.execute(CreateIndex(index))
