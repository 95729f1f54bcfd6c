"""The child's half: reads a PDF that nobody vouches for yet. It may hang or die here, and only here."""

from __future__ import annotations

import io
import resource
from collections.abc import Iterator
from datetime import datetime
from typing import Any

from asn1crypto import pem, x509
from pyhanko.pdf_utils import generic
from pyhanko.pdf_utils.misc import PdfError
from pyhanko.pdf_utils.reader import PdfFileReader
from pyhanko.sign.validation import validate_pdf_signature
from pyhanko.sign.validation.errors import SignatureValidationError, ValidationInfoReadingError
from pyhanko.sign.validation.status import SignatureCoverageLevel
from pyhanko_certvalidator import ValidationContext

from drivers.contract import Failed, Ok
from kiosk.documents.refusal import Refusal

PDF_MAX_BYTES = 20 * 1024 * 1024
PAGES_MAX = 50
OBJECTS_MAX = 100_000
MEMORY_MAX_BYTES = 2 * 1024**3
"""Address space; a certificate of a few pages takes a tenth of it, libraries included."""

_ACTIVE_KEYS = frozenset({"/JS", "/JavaScript", "/AA", "/XFA", "/RichMedia", "/Rendition"})
_ACTIVE_ACTIONS = frozenset(
    {
        "/JavaScript", "/Launch", "/SubmitForm", "/ImportData", "/ResetForm", "/GoToR", "/GoToE", "/URI",
        "/Rendition", "/Movie", "/Sound", "/Hide", "/SetOCGState", "/RichMediaExecute", "/Trans", "/Thread",
    }
)  # fmt: skip
"""ISO 32000, 12.6.4: every action but going to a page of the same document."""
_FILE_KEYS = frozenset({"/EmbeddedFiles", "/EmbeddedFile", "/EF", "/AF"})


class PdfChecker:
    """Built in the child. What it holds of a document ends with the process."""

    def __init__(self) -> None:
        resource.setrlimit(resource.RLIMIT_AS, (MEMORY_MAX_BYTES, MEMORY_MAX_BYTES))

    def check(self, pdf: bytes, root: bytes, now: datetime) -> Ok[int] | Failed[Refusal]:
        return check_pdf(pdf, root, now)


def check_pdf(pdf: bytes, root: bytes, now: datetime) -> Ok[int] | Failed[Refusal]:
    """The number of pages of a document that is signed as a whole under `root` (PEM) at `now`."""
    if len(pdf) > PDF_MAX_BYTES:
        return Failed(Refusal.TOO_LARGE)
    anchor = _anchor(root, now)
    if isinstance(anchor, Failed):
        return anchor
    if not pdf.startswith(b"%PDF-"):
        return Failed(Refusal.NOT_A_PDF)
    try:
        reader = PdfFileReader(io.BytesIO(pdf))
        if reader.encrypted:
            return Failed(Refusal.ENCRYPTED)
        carried = _carried(reader)
        return carried or _signed(reader, anchor.value, now)
    except (SignatureValidationError, ValidationInfoReadingError) as error:
        return Failed(Refusal.CHANGED, type(error).__name__)
    except (
        PdfError,
        ValueError,
        KeyError,
        IndexError,
        TypeError,
        ArithmeticError,
        AttributeError,
        RecursionError,
        OSError,
    ) as error:
        # The reader tells a broken file in all these ways; its texts may quote the document.
        return Failed(Refusal.NOT_A_PDF, type(error).__name__)


def _anchor(root: bytes, now: datetime) -> Ok[x509.Certificate] | Failed[Refusal]:
    """The root; X.509 leaves it to us whether an anchor may be too old."""
    try:
        kind, _headers, der = pem.unarmor(root)
        if kind != "CERTIFICATE":
            return Failed(Refusal.NO_ROOT, "not a certificate")
        certificate = x509.Certificate.load(der)
        if not certificate.not_valid_before <= now <= certificate.not_valid_after:
            return Failed(Refusal.UNTRUSTED, "the root is not valid now")
    except (ValueError, TypeError):
        return Failed(Refusal.NO_ROOT, "not a certificate in PEM")
    return Ok(certificate)


def _carried(reader: PdfFileReader) -> Failed[Refusal] | None:
    """What a document holds beside its pages, anywhere that its trailer leads to."""
    for found in _dictionaries(reader):
        keys = set(found)
        if keys & _FILE_KEYS or found.get("/Type") == "/EmbeddedFile":
            return Failed(Refusal.EMBEDDED_FILE)
        if keys & _ACTIVE_KEYS or found.get("/S") in _ACTIVE_ACTIONS:
            return Failed(Refusal.ACTIVE_CONTENT)
    return None


def _dictionaries(reader: PdfFileReader) -> Iterator[dict[Any, Any]]:
    """Every dictionary once, streams' own included. PdfError when there are too many objects."""
    waiting: list[Any] = [*reader.trailer_view.values(), reader.root]
    seen: set[Any] = set()
    count = 0
    while waiting:
        found = waiting.pop()
        count += 1
        if count > OBJECTS_MAX:
            message = "too many objects"
            raise PdfError(message)
        if isinstance(found, generic.IndirectObject):
            if found.reference in seen:
                continue
            seen.add(found.reference)
            found = reader.get_object(found.reference)
        if isinstance(found, generic.DictionaryObject):
            yield found
            waiting += [found.raw_get(key) for key in found]
        elif isinstance(found, generic.ArrayObject):
            waiting += [found.raw_get(index) for index in range(len(found))]


def _signed(reader: PdfFileReader, anchor: x509.Certificate, now: datetime) -> Ok[int] | Failed[Refusal]:
    signatures = reader.embedded_signatures
    if len(signatures) != 1:
        return Failed(Refusal.SEVERAL_SIGNATURES if signatures else Refusal.UNSIGNED)
    trust = ValidationContext(trust_roots=[anchor], allow_fetching=False, moment=now)
    status = validate_pdf_signature(signatures[0], trust)
    if not status.intact or not status.valid:
        return Failed(Refusal.CHANGED)
    if status.coverage is not SignatureCoverageLevel.ENTIRE_FILE:
        return Failed(Refusal.EXTENDED, str(status.coverage))
    if not status.trusted:
        return Failed(Refusal.UNTRUSTED)
    if not status.bottom_line:
        return Failed(Refusal.CHANGED, "bottom line")
    pages = int(reader.root["/Pages"]["/Count"])
    return Ok(pages) if 1 <= pages <= PAGES_MAX else Failed(Refusal.TOO_LARGE, f"{pages} pages")
