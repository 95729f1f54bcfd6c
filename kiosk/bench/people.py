"""The invented people of the demo. Nobody here exists; county code 110199 does not either.

Faces are freely licensed pictures that set-up fetches; `PROVENANCE.txt` beside them says whose.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date

from drivers.card_reader.contract import Document, DocumentKind, ValidityKind


@dataclass(frozen=True, slots=True)
class Picture:
    """A file of `.setup/faces` and where the face is in it: left, top, right, bottom in pixels
    (found once with dlib's detector; the files are pinned by hash).
    """

    file: str
    face: tuple[int, int, int, int]


@dataclass(frozen=True, slots=True)
class Person:
    """A person with a card: `card_face` is the photo on the chip."""

    key: str
    document: Document
    card_face: Picture | None
    note_zh: str
    note_en: str

    @property
    def social_security(self) -> Document:
        """The social-security card of the same person: no address, no photo, and always an end date."""
        own = self.document
        return replace(
            own,
            kind=DocumentKind.SOCIAL_SECURITY,
            address="",
            authority="",
            validity=ValidityKind.DATED,
            valid_to=own.valid_to or SOCIAL_SECURITY_VALID_TO,
        )


SOCIAL_SECURITY_VALID_TO = date(2035, 5, 6)


def _resident(
    name: str,
    number: str,
    birth: date,
    *,
    sex: str = "1",
    valid_from: date = date(2018, 5, 6),
    valid_to: date | None = None,
    name_complete: bool = True,
) -> Document:
    return Document(
        kind=DocumentKind.RESIDENT,
        number=number,
        name=name,
        name_complete=name_complete,
        sex_code=sex,
        nation_code="01",
        birth_date=birth,
        address="清河镇三里村12号",
        authority="清河县公安局",
        valid_from=valid_from,
        validity=ValidityKind.LONG_TERM if valid_to is None else ValidityKind.DATED,
        valid_to=valid_to,
    )


PEOPLE: dict[str, Person] = {
    p.key: p
    for p in (
        Person(
            "zhou",
            _resident("周明远", "110199194803120016", date(1948, 3, 12)),
            Picture("obama.jpg", (366, 136, 624, 394)),
            "78 岁，身份证长期有效",
            "78 years old, identity card without an end date",
        ),
        Person(
            "qian",
            _resident("钱𬭊", "11019919510723003X", date(1951, 7, 23), valid_to=date(2038, 5, 6)),
            Picture("biden.jpg", (439, 233, 749, 542)),
            "名字里有生僻字",
            "a rare character in the name",
        ),
        Person(
            "wu",
            _resident(
                "吴秀珍",
                "110199195511050049",
                date(1955, 11, 5),
                sex="2",
                valid_from=date(2005, 6, 1),
                valid_to=date(2025, 6, 1),
            ),
            Picture("astronaut.png", (179, 83, 266, 170)),
            "证件已过有效期",
            "the card has expired",
        ),
        Person(
            "xiaoyu",
            _resident(
                "林小雨",
                "110199201506010024",
                date(2015, 6, 1),
                sex="2",
                valid_from=date(2025, 6, 1),
                valid_to=date(2030, 6, 1),
            ),
            None,
            "11 岁，不用人脸",
            "11 years old, no face",
        ),
    )
}

HELPERS: dict[str, Document] = {
    "li": Document(
        kind=DocumentKind.HELPER,
        number="H0007",
        name="李建国",
        authority="清河镇便民服务站",
        valid_from=date(2024, 1, 1),
        validity=ValidityKind.DATED,
        valid_to=date(2030, 12, 31),
    ),
}


@dataclass(frozen=True, slots=True)
class Sight:
    """What the camera may see; None is a drawn scene without anybody."""

    picture: Picture | None
    words_zh: str
    words_en: str
    held: bool = False
    """A print in somebody's hand, stiff and flat."""


SIGHTS: dict[str, Sight] = {
    "zhou_today": Sight(Picture("obama2.jpg", (164, 302, 474, 611)), "周明远本人", "Zhou himself"),
    "stranger": Sight(Picture("astronaut.png", (179, 83, 266, 170)), "另一个人", "somebody else"),
    "zhou_print": Sight(
        Picture("obama2.jpg", (164, 302, 474, 611)), "举着的周的照片", "a print of Zhou, held up", held=True
    ),
    "street": Sight(None, "积水的路口", "a flooded road"),
}
"""The card of Zhou and the sight of him are two different photographs: an honest pair."""
