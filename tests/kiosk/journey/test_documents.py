from __future__ import annotations

from drivers.code_reader.contract import CodeFailure
from drivers.document_camera.contract import DocumentFailure
from kiosk.journey.present.documents import CODE_WORDS, DOCUMENT_WORDS
from kiosk.locale import missing


def test_every_failure_tells_the_resident_what_to_do_in_both_languages() -> None:
    assert set(DOCUMENT_WORDS) == set(DocumentFailure)
    assert set(CODE_WORDS) == set(CodeFailure)
    assert missing("en", [*DOCUMENT_WORDS.values(), *CODE_WORDS.values()]) == []
