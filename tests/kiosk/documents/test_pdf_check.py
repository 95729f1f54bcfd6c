"""What a PDF must be before it is printed. Each spoiled document is spoiled in one way, and signed well."""

from __future__ import annotations

import io
from collections.abc import Callable
from datetime import timedelta

import pytest
from fpdf import FPDF
from hypothesis import given, settings
from hypothesis import strategies as st
from pyhanko.pdf_utils import generic
from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter

from drivers.contract import Failed, Ok
from kiosk.documents import pdf_check
from kiosk.documents.pdf_check import check_pdf
from kiosk.documents.refusal import WORDS, Refusal
from tests.drivers.document_printer.rig import MARK, pdf
from tests.kiosk.documents.issuer import NOW, Holder, certificate, holder, root, sign, signer


def refused(document: bytes, root_pem: bytes | None = None) -> Refusal | None:
    checked = check_pdf(document, root().pem if root_pem is None else root_pem, NOW)
    return checked.reason if isinstance(checked, Failed) else None


def grown(document: bytes, change: str, value: object = None) -> bytes:
    """The document with an update after it: `change` is a key of its catalogue."""
    writer = IncrementalPdfFileWriter(io.BytesIO(document))
    writer.root[change] = value or generic.pdf_string("x")
    writer.update_root()
    out = io.BytesIO()
    writer.write(out)
    return out.getvalue()


def action(kind: str, **more: object) -> generic.DictionaryObject:
    found: dict[generic.NameObject, generic.PdfObject] = {generic.NameObject("/S"): generic.NameObject(kind)}
    for key, value in more.items():
        found[generic.NameObject(f"/{key}")] = generic.pdf_string(str(value))
    return generic.DictionaryObject(found)


def carrying() -> bytes:
    made = FPDF(format="A4")
    made.add_page()
    made.embed_file(bytes=b"other", basename="other.txt")
    return bytes(made.output())


def locked() -> bytes:
    made = FPDF(format="A4")
    made.add_page()
    made.set_encryption(owner_password="owner", user_password="")
    return bytes(made.output())


def disguised() -> bytes:
    """An open action whose kind is written with an escaped sign, which a search of the bytes would miss."""
    name = b"/JavaScr#69pt"
    placeholder = b"/" + b"x" * (len(name) - 1)
    return grown(pdf(), "/OpenAction", action(placeholder.decode())).replace(placeholder, name)


def end_again() -> bytes:
    document = certificate()
    return document + document[document.rindex(b"startxref") :]


def test_a_document_signed_as_a_whole_is_sound_and_its_pages_are_counted() -> None:
    assert check_pdf(certificate(), root().pem, NOW) == Ok(2)


SPOILED: dict[str, tuple[Callable[[], bytes], Refusal]] = {
    "one byte of the page": (
        lambda: certificate().replace(MARK.encode(), MARK[:-1].encode() + b"B", 1),
        Refusal.CHANGED,
    ),
    "unsigned": (pdf, Refusal.UNSIGNED),
    "added to afterwards": (lambda: grown(certificate(), "/Lang"), Refusal.EXTENDED),
    "ended a second time": (end_again, Refusal.EXTENDED),
    "signed twice": (lambda: sign(certificate(), field_name="Second"), Refusal.SEVERAL_SIGNATURES),
    "by a stranger": (lambda: sign(pdf(), *strangers()), Refusal.UNTRUSTED),
    "by a certificate of yesterday": (
        lambda: sign(pdf(), holder("late", root(), until=NOW - timedelta(days=1))),
        Refusal.UNTRUSTED,
    ),
    "encrypted": (locked, Refusal.ENCRYPTED),
    "with a file inside": (lambda: sign(carrying()), Refusal.EMBEDDED_FILE),
    "with a script": (
        lambda: sign(grown(pdf(), "/OpenAction", action("/JavaScript", JS="app.alert(1)"))),
        Refusal.ACTIVE_CONTENT,
    ),
    "with a script under an escaped name": (lambda: sign(disguised()), Refusal.ACTIVE_CONTENT),
    "with a program to start": (
        lambda: sign(grown(pdf(), "/OpenAction", action("/Launch", F="calc"))),
        Refusal.ACTIVE_CONTENT,
    ),
    "with a form that sends": (
        lambda: sign(grown(pdf(), "/Names", action("/SubmitForm"))),
        Refusal.ACTIVE_CONTENT,
    ),
    "no PDF": (lambda: b"%!PS-Adobe", Refusal.NOT_A_PDF),
    "nothing": (lambda: b"", Refusal.NOT_A_PDF),
    "the first half": (lambda: certificate()[: len(certificate()) // 2], Refusal.NOT_A_PDF),
    "too many pages": (lambda: sign(pdf(pages=pdf_check.PAGES_MAX + 1)), Refusal.TOO_LARGE),
    "too many bytes": (lambda: b"%PDF-" + bytes(pdf_check.PDF_MAX_BYTES), Refusal.TOO_LARGE),
}


def strangers() -> tuple[Holder, Holder]:
    other = holder("Other documents")
    return holder("Other issuer", other), other


@pytest.mark.parametrize("name", SPOILED)
def test_a_spoiled_document_is_refused_for_what_is_wrong(name: str) -> None:
    make, reason = SPOILED[name]
    assert refused(make()) is reason


def test_a_root_that_is_old_or_no_certificate_trusts_nobody() -> None:
    old = holder("Old documents", until=NOW - timedelta(days=1))
    document = sign(pdf(), holder("issuer", old), old)
    assert refused(document, old.pem) is Refusal.UNTRUSTED
    assert refused(certificate(), b"no certificate") is Refusal.NO_ROOT
    assert refused(certificate(), signer().pem.replace(b"CERTIFICATE", b"OTHER THING")) is Refusal.NO_ROOT


def test_every_refusal_has_its_words() -> None:
    assert set(WORDS) == set(Refusal)
    assert all(zh and en.isascii() for zh, en in WORDS.values())


@settings(max_examples=15, deadline=None)
@given(st.data())
def test_a_byte_flipped_anywhere_under_the_signature_is_refused(data: st.DataObject) -> None:
    """The signature itself is what no signature covers; there the authorisation's hash finds a flip."""
    document = bytearray(certificate())
    gap = range(document.index(b"/Contents <"), document.index(b">", document.index(b"/Contents <")) + 1)
    position = data.draw(st.sampled_from([at for at in range(len(document)) if at not in gap]))
    document[position] ^= data.draw(st.integers(1, 255))
    assert refused(bytes(document)) is not None
