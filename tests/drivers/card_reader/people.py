"""Invented people for the card tests. County 110199 does not exist."""

from dataclasses import replace
from datetime import date

from drivers.card_reader.contract import Document, DocumentKind, ValidityKind
from drivers.card_reader.simulated_module import SimulatedCard

RESIDENT = Document(
    kind=DocumentKind.RESIDENT,
    number="110199194803120024",
    name="沈秋萍",
    sex_code="2",
    nation_code="01",
    birth_date=date(1948, 3, 12),
    address="虚设县石桥乡柳湾村7号",
    authority="虚设县公安局",
    valid_from=date(2019, 5, 1),
    validity=ValidityKind.LONG_TERM,
)
HMT = replace(
    RESIDENT,
    kind=DocumentKind.HMT_PERMIT,
    number="810000194803120022",
    nation_code="",
    validity=ValidityKind.DATED,
    valid_to=date(2029, 5, 1),
    pass_number="H00000001",
    issue_count="02",
)
FOREIGN_2017 = Document(
    kind=DocumentKind.FOREIGN_PR_2017,
    number="XXA110199480312",
    name="艾拉",
    latin_name="EXAMPLE, ELLA MARGARETHE VON DER",
    sex_code="2",
    nationality="XXA",
    birth_date=date(1948, 3, 12),
    authority="1500",
    validity=ValidityKind.DATED,
    valid_to=date(2029, 5, 1),
)
FOREIGN_2023 = Document(
    kind=DocumentKind.FOREIGN_PR_2023,
    number="911999194803120028",
    name="艾拉",
    latin_name="EXAMPLE, ELLA MARGARETHE VON DER LANGEN WIESE",
    sex_code="2",
    nationality="XXA",
    birth_date=date(1948, 3, 12),
    valid_from=date(2024, 5, 1),
    validity=ValidityKind.DATED,
    valid_to=date(2034, 5, 1),
    former_number="001",
    issue_count="01",
)
DEMO = Document(
    kind=DocumentKind.DEMO,
    number="110199194803120024",
    name="沈秋萍",
    birth_date=date(1948, 3, 12),
    validity=ValidityKind.LONG_TERM,
)
SOCIAL_SECURITY = Document(
    kind=DocumentKind.SOCIAL_SECURITY,
    number="110199194803120024",
    name="沈秋萍",
    sex_code="2",
    nation_code="01",
    birth_date=date(1948, 3, 12),
    valid_from=date(2023, 5, 1),
    validity=ValidityKind.DATED,
    valid_to=date(2033, 5, 1),
)
HELPER = Document(
    kind=DocumentKind.HELPER,
    number="HELPER-0001",
    name="鲁大川",
    role="witness",
    validity=ValidityKind.DATED,
    valid_to=date(2030, 12, 31),
)
PHOTO = bytes(range(256)) * 4
CARD = SimulatedCard(RESIDENT, PHOTO)
