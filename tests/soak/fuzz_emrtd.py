"""Fuzz what reads a travel document's chip: `python -m tests.soak.fuzz_emrtd --bytes 5000000 --json`.

atheris (libFuzzer) either damages a right file of an invented document or brings bytes of its own,
and every parser has to make a value of it or say that it is malformed. Now and then it sits between
reader and chip instead: whatever it does there, a check that passed must still be about true data.
"""

from __future__ import annotations

import contextlib
import functools
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from types import FunctionType, ModuleType
from typing import Any

from drivers.card_reader.contract import CardFailure, EncodedPhoto, PhotoFormat
from drivers.card_reader.emrtd import (
    active_authentication,
    chip_authentication,
    data_groups,
    face_record,
    mrz,
    pace,
    passive,
    public_keys,
    reader,
    security_object,
    simulated_files,
    simulated_keys,
    tlv,
    trust,
)
from drivers.card_reader.emrtd.files import File
from drivers.card_reader.emrtd.pace import PaceInfo
from drivers.card_reader.emrtd.public_keys import Unsupported
from drivers.card_reader.emrtd.simulated_chip import MemoryTransport, Profile, SimulatedChip
from drivers.card_reader.emrtd.simulated_chip_keys import aa_info, ca_infos, dg14, dg15, static_key
from drivers.card_reader.emrtd.simulated_files import Holder
from drivers.card_reader.emrtd.simulated_issuer import Issuer
from drivers.card_reader.emrtd.trust import TrustStore
from drivers.contract import CheckOutcome, Failed, Ok
from drivers.evidence import Assurance, assurance
from tests.soak import fuzzing

NOW = datetime(2026, 6, 1, 12, tzinfo=UTC)
HOLDER = Holder("X12345678", "EXAMPLE", "ELLA", "480312", "310501", full_name="艾<<拉", full_birth="19480312")
PHOTO = EncodedPhoto(PhotoFormat.JPEG, b"\xff\xd8\xff\xe0" + bytes(range(256)))
SEEDS = 300
_CONVERSATIONS = 10
"""One program in so many is a conversation: they take a hundred times as long as a file."""
_MODULES = (
    active_authentication,
    chip_authentication,
    data_groups,
    face_record,
    mrz,
    pace,
    public_keys,
    security_object,
    tlv,
)


class WrongValueError(Exception):
    """A parser made something that was not there, or a check passed that must not."""


@dataclass(slots=True)
class Report(fuzzing.Report):
    """Programs and bytes tried; how many files gave a value, how many conversations a document."""

    programs: int = 0
    values: int = 0
    conversations: int = 0
    documents: int = 0


@dataclass(frozen=True, slots=True)
class World:
    """One invented country with one document."""

    profile: Profile
    store: TrustStore
    originals: dict[str, bytes]


@functools.cache
def world() -> World:
    issuer = Issuer(simulated_keys.elliptic(explicit=True), simulated_keys.rsa_key("pss"), NOW)
    key = static_key(12)
    infos = (simulated_files.pace_info(PaceInfo(pace.PROTOCOL + b"\x02\x02", 12)), ca_infos(key, key_id=1))
    extra = {14: dg14(*infos, aa_info("sha256")), 15: dg15(simulated_keys.elliptic("BP-256", explicit=True))}
    profile = issuer.issue(HOLDER, PHOTO, extra=extra)
    profile.static_key = key
    from asn1crypto import crl

    store = TrustStore((issuer.root(),), (crl.CertificateList.load(issuer.revocations(3)),))
    originals = {
        file.name: profile.files[file.identifier] for file in File if file.identifier in profile.files
    }
    originals[File.CARD_ACCESS.name] = simulated_files.security_infos(*infos)
    originals["CERTIFICATE"] = issuer.root().dump()
    originals["CRL"] = issuer.revocations(3, 4)
    return World(profile, store, originals)


def _sod(data: bytes) -> None:
    found = security_object.parse_sod(data)
    if passive.signature(found).outcome is CheckOutcome.PASSED:
        original = security_object.parse_sod(world().originals[File.SOD.name])
        if (found.hashes, found.signing_time) != (original.hashes, original.signing_time):
            raise WrongValueError("a changed list of hashes has a right signature")
    verdict = passive.chain(found, world().store, NOW)
    if verdict.outcome is CheckOutcome.PASSED and found.signer is not None:
        signers = security_object.parse_sod(world().originals[File.SOD.name]).signer
        if signers is None or found.signer["tbs_certificate"].dump() != signers["tbs_certificate"].dump():
            raise WrongValueError("a changed certificate leads to the country")


def _dg2(data: bytes) -> None:
    photo = face_record.parse_dg2(data)
    if not photo.data or photo.data not in data:
        raise WrongValueError("a portrait that was not there")


def _dg1(data: bytes) -> None:
    zone = data_groups.parse_dg1(data)
    if zone.number.replace(mrz.FILLER, "").encode() not in data.replace(b"<", b""):
        raise WrongValueError("a number that was not there")
    mrz.birth_date(zone.birth, NOW.date())
    mrz.expiry_date(zone.expiry, NOW.date())


def _dg14(data: bytes) -> None:
    infos = chip_authentication.security_infos(data)
    active_authentication.hash_names(infos)
    chip_authentication.offer(infos)


def _dg15(data: bytes) -> None:
    from asn1crypto import keys

    with public_keys.asn1_errors("DG15"):
        public_keys.load(keys.PublicKeyInfo.load(tlv.read_only(data, 0x6F), strict=True))


def _folder(suffix: str) -> Callable[[bytes], None]:
    def load(data: bytes) -> None:
        with tempfile.TemporaryDirectory(dir=_MEMORY) as folder:
            Path(folder, f"any{suffix}").write_bytes(data)
            store = trust.load_folder(Path(folder))
            found = security_object.parse_sod(world().originals[File.SOD.name])
            both = TrustStore(store.certificates + world().store.certificates, store.revocations)
            passive.chain(found, both if suffix == ".crl" else store, NOW)

    return load


_MEMORY = "/dev/shm" if Path("/dev/shm").is_dir() else None  # noqa: S108 - a folder in memory
TARGETS: dict[str, Callable[[bytes], object]] = {
    File.CARD_ACCESS.name: pace.parse_infos,
    File.COM.name: data_groups.parse_com,
    File.DG1.name: _dg1,
    File.DG2.name: _dg2,
    File.DG11.name: data_groups.parse_dg11,
    File.DG14.name: _dg14,
    File.DG15.name: _dg15,
    File.SOD.name: _sod,
    "CERTIFICATE": _folder(".cer"),
    "CRL": _folder(".crl"),
}


class _Program:
    """Reads instructions from the fuzzer's bytes; what is missing at the end is zero."""

    def __init__(self, data: bytes) -> None:
        self._data = data
        self._position = 0

    @property
    def over(self) -> bool:
        return self._position >= len(self._data)

    def number(self, limit: int, size: int = 1) -> int:
        return int.from_bytes(self.take(size), "big") % limit

    def take(self, size: int) -> bytes:
        taken = self._data[self._position : self._position + size]
        self._position += size
        return taken

    def damage(self, original: bytes) -> bytes:
        """The bytes with up to four changes: replaced, cut out, put in, doubled, cut off."""
        data = bytearray(original)
        for _ in range(1 + self.number(4)):
            if not data:
                break
            at = self.number(len(data), 2)
            match self.number(6):
                case 0:
                    data[at] = self.number(256)
                case 1:
                    data[at] ^= 1 << self.number(8)
                case 2:
                    del data[at : at + 1 + self.number(32)]
                case 3:
                    data[at:at] = self.take(1 + self.number(8))
                case 4:
                    data[at:at] = data[at : at + 1 + self.number(64)]
                case _:
                    del data[at:]
        return bytes(data)


class _Between:
    """Hands on, damages or makes up the chip's answers."""

    def __init__(self, program: _Program) -> None:
        self._program = program
        self._chip = MemoryTransport(SimulatedChip(world().profile))

    def transmit(self, apdu: bytes) -> Ok[bytes] | Failed[CardFailure]:
        answer = self._chip.transmit(apdu)
        if self._program.over or isinstance(answer, Failed):
            return answer
        match self._program.number(12):
            case 0:
                return Ok(self._program.damage(answer.value))
            case 1:
                return Ok(self._program.take(self._program.number(40)))
            case 2:
                return Failed(CardFailure.CARD_MOVED)
            case _:
                return answer


def converse(program: _Program, report: Report) -> None:
    """Read the document through a wire that lies: a document of high assurance is the true one."""
    report.conversations += 1
    profile, store = world().profile, world().store
    outcome = reader.read(_Between(program), profile.key, store, NOW)
    if isinstance(outcome, Failed):
        return
    report.documents += 1
    found = outcome.value
    true = found.document.number == HOLDER.number and found.photo in (None, PHOTO)
    if assurance(found.evidence) > Assurance.LOW and not (true and found.photo == PHOTO):
        raise WrongValueError("a changed document passes for a true one")


def examine(data: bytes, report: Report) -> None:
    """Run one program; raises `WrongValueError`, or what the code under test raises."""
    program = _Program(data)
    report.programs += 1
    choice = program.number(len(TARGETS) * _CONVERSATIONS + 1, 2)
    if choice == len(TARGETS) * _CONVERSATIONS:
        report.bytes += len(data)
        converse(program, report)
        return
    name = list(TARGETS)[choice % len(TARGETS)]
    contents = program.take(600) if program.number(4) == 0 else program.damage(world().originals[name])
    report.bytes += len(contents)
    with contextlib.suppress(tlv.Malformed, Unsupported):
        TARGETS[name](contents)
        report.values += 1


def _instrument(wrap: Callable[[FunctionType], FunctionType], module: ModuleType) -> None:
    for name, value in list(vars(module).items()):
        own = isinstance(value, FunctionType) and value.__module__ == module.__name__
        if own and not hasattr(value, "__wrapped__"):
            setattr(module, name, wrap(value))


def _prepare(instrument: Callable[..., Any]) -> None:
    for module in _MODULES:
        _instrument(instrument, module)
    TARGETS.update({File.CARD_ACCESS.name: pace.parse_infos, File.COM.name: data_groups.parse_com})
    TARGETS[File.DG11.name] = data_groups.parse_dg11


def _head(number: int) -> bytes:
    """Every so often the beginning is a conversation."""
    talk = (len(TARGETS) * _CONVERSATIONS).to_bytes(2, "big")
    return talk if number % _CONVERSATIONS == 0 else b""


def main() -> None:
    """See `fuzzing.run`."""
    fuzzing.run(
        Report(),
        examine,
        _prepare,
        doc=__doc__ or "",
        default_bytes=5_000_000,
        longest_program=700,
        head=_head,
    )


if __name__ == "__main__":
    main()
