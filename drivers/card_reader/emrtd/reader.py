"""One travel document from the first command to the evidence (Doc 9303-11, section 4)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from drivers.card_reader.contract import CardFailure, Document, EncodedPhoto
from drivers.card_reader.emrtd import (
    active_authentication,
    bac,
    chip_authentication,
    data_groups,
    document,
    face_record,
    files,
    mrz,
    pace,
    passive,
    tlv,
)
from drivers.card_reader.emrtd.channel import Channel
from drivers.card_reader.emrtd.data_groups import AdditionalDetails
from drivers.card_reader.emrtd.files import DATA_GROUPS, File
from drivers.card_reader.emrtd.keys import MrzKey, Password
from drivers.card_reader.emrtd.outcome import ApduTransport, EmrtdFailure, Refusal
from drivers.card_reader.emrtd.public_keys import Unsupported
from drivers.card_reader.emrtd.security_object import SecurityObject, parse_sod
from drivers.card_reader.emrtd.trust import TrustStore, Verdict
from drivers.contract import Check, CheckOutcome, Failed, Ok
from drivers.evidence import CheckName, evidence

_GONE: Final = (EmrtdFailure.CHANNEL_BROKEN, *CardFailure)
"""Failures after which no further file can be read."""


@dataclass(frozen=True, slots=True, repr=False)
class TravelDocument:
    """What was read and how far it can be believed; `photo` is None when DG2 gave none."""

    document: Document
    photo: EncodedPhoto | None
    evidence: tuple[Check, ...]

    def __repr__(self) -> str:
        return f"TravelDocument({self.document!r}, {self.photo!r})"


@dataclass(slots=True, repr=False)
class _Contents:
    """The files as read, and why those are missing that are."""

    access: str
    card_access: bytes
    sod: SecurityObject | Refusal
    groups: dict[int, bytes]
    missing: dict[int, str]


def read(
    transport: ApduTransport, password: Password, store: TrustStore | None, now: datetime
) -> Ok[TravelDocument] | Refusal:
    """Read the document on the reader. `now` is aware; `store` is None when no CSCA folder is set.

    `Ok` says that the chip let itself be read, and no more: each level of trust, a failed one
    included, stands in the evidence.
    """
    channel = Channel(transport)
    files.select_master(channel)
    files.learn_limits(channel)
    card_access = _card_access(channel)
    access = _gain_access(channel, card_access, password)
    if isinstance(access, Failed):
        return access
    contents = _read_files(channel, access.value, card_access)
    if isinstance(contents, Failed):
        return contents
    return _conclude(channel, contents.value, password, store, now)


def _card_access(channel: Channel) -> bytes:
    """EF.CardAccess; empty when the chip has none or it cannot be read (then BAC is tried)."""
    outcome = files.read_file(channel, File.CARD_ACCESS)
    return outcome.value if isinstance(outcome, Ok) else b""


def _gain_access(channel: Channel, card_access: bytes, password: Password) -> Ok[str] | Refusal:
    """PACE when the chip offers a kind that is known here, else BAC; says which it was."""
    first: Refusal | None = None
    info = None
    try:
        info = pace.choose(pace.parse_infos(card_access)) if card_access else None
    except tlv.Malformed as error:
        first = Failed(EmrtdFailure.MALFORMED, f"EF.CardAccess: {error}")
    if info is not None:
        outcome = pace.establish(channel, info, password)
        if isinstance(outcome, Ok):
            channel.secure(outcome.value)
            selected = files.select_application(channel)
            label = f"PACE {info.suite.label} with parameters {info.parameters}"
            return selected if isinstance(selected, Failed) else Ok(label)
        if outcome.reason not in (EmrtdFailure.REFUSED, EmrtdFailure.MALFORMED, EmrtdFailure.MISSING):
            return outcome
        first = outcome
    selected = files.select_application(channel)
    if isinstance(selected, Failed):
        return first or selected
    if not isinstance(password, MrzKey):
        return first or Failed(
            EmrtdFailure.ACCESS_UNSUPPORTED, "the chip knows BAC alone, which needs the MRZ"
        )
    outcome = bac.establish(channel, password)
    if isinstance(outcome, Failed):
        # a chip that knows neither: what went wrong first is what to look into
        return outcome if first is None or outcome.reason is EmrtdFailure.ACCESS_DENIED else first
    channel.secure(outcome.value)
    return Ok("BAC" if first is None else f"BAC after {first.detail}")


def _read_files(channel: Channel, access: str, card_access: bytes) -> Ok[_Contents] | Refusal:
    sod = _security_object(channel)
    if isinstance(sod, Failed) and sod.reason in _GONE:
        return sod
    contents = _Contents(access, card_access, sod, {}, {})
    present = _present(channel, sod)
    for number, file in DATA_GROUPS.items():
        if number not in present:
            continue
        outcome = files.read_file(channel, file)
        if isinstance(outcome, Ok):
            contents.groups[number] = outcome.value
        elif outcome.reason in _GONE or number == 1:
            return outcome
        else:
            contents.missing[number] = outcome.detail
    return Ok(contents)


def _security_object(channel: Channel) -> SecurityObject | Refusal:
    outcome = files.read_file(channel, File.SOD)
    if isinstance(outcome, Failed):
        return outcome
    try:
        return parse_sod(outcome.value)
    except tlv.Malformed as error:
        return Failed(EmrtdFailure.MALFORMED, str(error))


def _present(channel: Channel, sod: SecurityObject | Refusal) -> tuple[int, ...]:
    """The data groups to read: the signed list says which there are; without it EF.COM does."""
    if isinstance(sod, SecurityObject):
        return (1, *sod.hashes)
    outcome = files.read_file(channel, File.COM)
    try:
        return (1, *data_groups.parse_com(outcome.value)) if isinstance(outcome, Ok) else (1, 2)
    except tlv.Malformed:
        return (1, 2)


def _conclude(
    channel: Channel, contents: _Contents, password: Password, store: TrustStore | None, now: datetime
) -> Ok[TravelDocument] | Refusal:
    notes = [contents.access]
    groups = contents.groups
    try:
        zone = data_groups.parse_dg1(groups[1])
    except tlv.Malformed as error:
        return Failed(EmrtdFailure.MALFORMED, f"DG1: {error}")
    details = AdditionalDetails()
    photo = None
    try:
        if 11 in groups:
            details = data_groups.parse_dg11(groups[11])
    except tlv.Malformed as error:
        notes.append(f"DG11: {error}")
    try:
        photo = face_record.parse_dg2(groups[2]) if 2 in groups else None
    except tlv.Malformed as error:
        notes.append(f"no portrait: {error}")
    outcomes = {CheckName.READ: Verdict(CheckOutcome.PASSED, "; ".join(notes))}
    outcomes |= _authenticity(contents, store, now)
    if isinstance(password, MrzKey) and not _opens(zone, password):
        outcomes[CheckName.INTEGRITY] = Verdict(
            CheckOutcome.FAILED, "DG1 is not the MRZ that opened the chip"
        )
    clone = _clone_check(channel, contents)
    if isinstance(clone, Failed):
        return clone
    outcomes[CheckName.CLONE_CHECK] = clone.value
    checks = evidence({name: (verdict.outcome, verdict.detail) for name, verdict in outcomes.items()})
    return Ok(TravelDocument(document.make(zone, details, now.date()), photo, checks))


def _opens(zone: mrz.Mrz, password: MrzKey) -> bool:
    return MrzKey(zone.number, zone.birth, zone.expiry).information == password.information


def _authenticity(contents: _Contents, store: TrustStore | None, now: datetime) -> dict[CheckName, Verdict]:
    sod = contents.sod
    if isinstance(sod, Failed):
        # Doc 9303-10 knows no document without one, so a chip that has none is not what it says
        why = f"no SOD: {sod.detail}"
        undone = Verdict(CheckOutcome.NOT_DONE, why)
        return {
            CheckName.INTEGRITY: Verdict(CheckOutcome.FAILED, why),
            CheckName.SIGNATURE: undone,
            CheckName.TRUSTED_CHAIN: undone,
        }
    integrity = passive.integrity(sod, contents.groups, contents.missing)
    if integrity.outcome is CheckOutcome.PASSED and not _same_access(contents):
        integrity = Verdict(CheckOutcome.FAILED, "EF.CardAccess is not what DG14 signs")
    return {
        CheckName.INTEGRITY: integrity,
        CheckName.SIGNATURE: passive.signature(sod),
        CheckName.TRUSTED_CHAIN: passive.chain(sod, store, now),
    }


def _same_access(contents: _Contents) -> bool:
    """EF.CardAccess is read before anything is protected: DG14 repeats it, signed."""
    if 14 not in contents.groups or not contents.card_access:
        return True
    try:
        signed = [info.raw for info in chip_authentication.security_infos(contents.groups[14])]
        offered = tlv.read_all(tlv.read_only(contents.card_access, 0x31))
    except tlv.Malformed:
        return False
    return all(info.raw in signed for info in offered if pace.is_pace(info))


def _clone_check(channel: Channel, contents: _Contents) -> Ok[Verdict] | Refusal:
    """Active and chip authentication, whichever the chip has; one that fails is the verdict.

    Chip authentication comes last: it replaces the session's keys. The keys it proves are the ones
    in DG14 and DG15, so without integrity they prove nothing; that stands in its own check.
    """
    verdicts: list[Verdict] = []
    groups = contents.groups
    for number in (14, 15):
        if number in contents.missing:
            why = f"DG{number} cannot be read ({contents.missing[number]})"
            verdicts.append(Verdict(CheckOutcome.FAILED, why))
    infos: list[tlv.Node] = []
    chosen = None
    try:
        if 14 in groups:
            infos = chip_authentication.security_infos(groups[14])
            chosen = chip_authentication.offer(infos)
    except Unsupported as error:
        verdicts.append(Verdict(CheckOutcome.NOT_DONE, f"chip authentication: {error}"))
    except tlv.Malformed as error:
        verdicts.append(Verdict(CheckOutcome.FAILED, f"DG14: {error}"))
    if 15 in groups:
        outcome = active_authentication.run(channel, groups[15], infos)
        if isinstance(outcome, Failed):
            return outcome
        verdicts.append(outcome.value)
    if chosen is not None:
        outcome = chip_authentication.run(channel, chosen)
        if isinstance(outcome, Failed):
            return outcome
        verdicts.append(outcome.value)
    if not verdicts:
        return Ok(
            Verdict(CheckOutcome.NOT_DONE, "the chip has neither DG14 nor DG15: a copy would look the same")
        )
    worst = (CheckOutcome.FAILED, CheckOutcome.PASSED, CheckOutcome.NOT_DONE)
    found = min((verdict.outcome for verdict in verdicts), key=worst.index)
    details = (verdict.detail for verdict in verdicts if verdict.outcome is found)
    return Ok(Verdict(found, ", ".join(details)))
