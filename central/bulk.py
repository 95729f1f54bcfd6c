"""Many rows in one statement. On PostgreSQL as `unnest` of one array a column, which costs a third of VALUES."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from functools import cache
from typing import Any, cast

from pydantic_core import to_json
from sqlalchemy import JSON, Connection, CursorResult, Table, select
from sqlalchemy.dialects import postgresql, sqlite

Row = Mapping[str, Any]
Key = tuple[Any, ...]


def key_of(table: Table, row: Row) -> Key:
    return tuple(row[column.name] for column in table.primary_key)


def insert_new(connection: Connection, table: Table, rows: Sequence[Row]) -> set[Key]:
    """Insert what is not there yet; the primary keys of what was inserted. All rows name the same columns.

    Two rows with one key, or one that another transaction inserts meanwhile: the first stays.
    """
    if not rows:
        return set()
    keys = list(table.primary_key)
    if connection.dialect.name == "postgresql":
        returned = ", ".join(column.name for column in keys)
        statement = f"{_unnest(table, tuple(rows[0]))} on conflict do nothing returning {returned}"
        return set(_plain(connection.exec_driver_sql(statement, _arrays(table, rows))))
    # A list of VALUES must not hold one key twice and return it once: the first of each is sent.
    first = {key_of(table, row): row for row in reversed(rows)}
    plain = sqlite.insert(table).on_conflict_do_nothing().returning(*keys)
    return {tuple(row) for row in connection.execute(plain, list(reversed(first.values())))}


def replace_older(connection: Connection, table: Table, rows: Sequence[Row], by: str) -> None:
    """Insert, or replace the row with the same key unless that one is newer by the column `by`.

    No two rows have one key.
    """
    if not rows:
        return
    keys = [column.name for column in table.primary_key]
    others = [name for name in rows[0] if name not in keys]
    if connection.dialect.name == "postgresql":
        changes = ", ".join(f"{name} = excluded.{name}" for name in others)
        statement = (
            f"{_unnest(table, tuple(rows[0]))} on conflict ({', '.join(keys)}) do update set {changes} "
            f"where {table.name}.{by} <= excluded.{by}"
        )
        connection.exec_driver_sql(statement, _arrays(table, rows))
        return
    plain = sqlite.insert(table)
    changed = plain.on_conflict_do_update(
        index_elements=keys,
        set_={name: plain.excluded[name] for name in others},
        where=table.c[by] <= plain.excluded[by],
    )
    connection.execute(changed, list(rows))


def not_there(connection: Connection, table: Table, rows: Sequence[Row]) -> set[Key]:
    """The primary keys of those rows that the table does not hold with just these values. All name the same columns."""
    if not rows:
        return set()
    names = tuple(rows[0])
    if connection.dialect.name == "postgresql":
        told = f"{_from_unnest(table, names)} as told({', '.join(names)})"
        same = " and ".join(f"{table.name}.{name} = told.{name}" for name in names)
        keys = ", ".join(f"told.{column.name}" for column in table.primary_key)
        statement = f"select {keys} {told} where not exists (select 1 from {table.name} where {same})"  # noqa: S608 - names of the schema
        return set(_plain(connection.exec_driver_sql(statement, _arrays(table, rows))))
    wanted = {tuple(row[name] for name in names): key_of(table, row) for row in rows}
    there = set(of_terminals(connection, table, {row["terminal"] for row in rows}, names))
    return {key for values, key in wanted.items() if values not in there}


def of_terminals(
    connection: Connection, table: Table, terminals: Iterable[str], names: tuple[str, ...]
) -> list[Key]:
    """These columns of the rows that these terminals have. One parameter, however many terminals are asked about: with
    one each, putting the statement together costs several times its execution.
    """
    asked = list(terminals)
    if connection.dialect.name == "postgresql":
        where = f"terminal = any(%(terminal)b::{_element(table, 'terminal')}[])"
        statement = f"select {', '.join(names)} from {table.name} where {where}"  # noqa: S608 - names of the schema
        return _plain(connection.exec_driver_sql(statement, {"terminal": asked}))
    held = connection.execute(select(*(table.c[name] for name in names)).where(table.c.terminal.in_(asked)))
    return [tuple(row) for row in held]


def _plain(result: CursorResult[Any]) -> list[Key]:
    """The driver's own tuples, without a row object each."""
    found = cast("list[Key]", result.cursor.fetchall())
    result.close()
    return found


@cache
def _unnest(table: Table, names: tuple[str, ...]) -> str:
    """Names are those of the schema, never a user's."""
    return f"insert into {table.name} ({', '.join(names)}) select * {_from_unnest(table, names)}"


@cache
def _from_unnest(table: Table, names: tuple[str, ...]) -> str:
    arrays = ", ".join(f"%({name})b::{_element(table, name)}[]" for name in names)
    return f"from unnest({arrays})"


def _element(table: Table, name: str) -> str:
    # Without its length: a cast to varchar(n) would cut silently what the column itself refuses.
    return re.sub(r"\(\d+\)", "", table.c[name].type.compile(dialect=postgresql.dialect()))  # type: ignore[no-untyped-call] # SQLAlchemy's


def _arrays(table: Table, rows: Sequence[Row]) -> dict[str, list[Any]]:
    return {
        name: [to_json(row[name]).decode() for row in rows]
        if isinstance(table.c[name].type, JSON)
        else [row[name] for row in rows]
        for name in rows[0]
    }
