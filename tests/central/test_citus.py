"""What is documented for Citus is what the schema says. Citus itself cannot be installed here."""

from __future__ import annotations

from central.citus import distribution
from central.schema import metadata
from tests.central.conftest import PROJECT


def test_the_document_names_every_table_and_how_it_is_spread() -> None:
    document = (PROJECT / "docs" / "decisions" / "centre.md").read_text(encoding="utf-8")
    assert "\n".join(distribution()) in document
    assert len(distribution()) == len(metadata.tables)
