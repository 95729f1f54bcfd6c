"""An invented country that issues travel documents: CSCA, document signer, SODs, whole chips."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from drivers.card_reader.contract import EncodedPhoto
from drivers.card_reader.emrtd import public_keys, simulated_files, tlv
from drivers.card_reader.emrtd.files import DATA_GROUPS, File
from drivers.card_reader.emrtd.keys import Can, MrzKey
from drivers.card_reader.emrtd.pace import PaceInfo
from drivers.card_reader.emrtd.public_keys import Asn1
from drivers.card_reader.emrtd.security_object import LDS_SECURITY_OBJECT
from drivers.card_reader.emrtd.simulated_chip import Profile
from drivers.card_reader.emrtd.simulated_files import Holder
from drivers.card_reader.emrtd.simulated_keys import Period, SigningKey, certificate, name, revocation_list

_YEAR = timedelta(days=365)
_SIGNER_SERIAL = 7


@dataclass(slots=True)
class Issuer:
    """A country's two keys and certificates. Dates lie around `now`."""

    root_key: SigningKey
    signer_key: SigningKey
    now: datetime
    country: str = "UT"

    @property
    def root_name(self) -> Asn1:
        return name(self.country, f"CSCA {self.country}")

    @property
    def period(self) -> Period:
        return Period(self.now - _YEAR, self.now + 10 * _YEAR)

    def root(self, **changes: Any) -> Asn1:
        """The CSCA's own certificate."""
        period = changes.pop("period", self.period)
        changes = {"ca": True, **changes}
        return certificate(self.root_name, self.root_key, self.root_name, self.root_key, period, **changes)

    def signer(self, **changes: Any) -> Asn1:
        """The document signer's certificate."""
        period = changes.pop("period", self.period)
        subject = name(self.country, f"DS {self.country}")
        changes = {"serial": _SIGNER_SERIAL, **changes}
        return certificate(subject, self.signer_key, self.root_name, self.root_key, period, **changes)

    def revocations(self, *serials: int, period: Period | None = None) -> bytes:
        month = Period(self.now - timedelta(days=1), self.now + timedelta(days=30))
        return revocation_list(self.root_name, self.root_key, period or month, serials)

    def write_trust(self, folder: Path) -> None:
        """The folder that a terminal is given: the CSCA certificate and a current revocation list."""
        folder.mkdir(parents=True, exist_ok=True)
        (folder / f"{self.country}.cer").write_bytes(self.root().dump())
        (folder / f"{self.country}.crl").write_bytes(self.revocations())

    def security_object(
        self,
        groups: dict[int, bytes],
        *,
        hash_name: str = "sha256",
        version: int = 0,
        signer: Asn1 | None = None,
        signing_time: datetime | None = None,
    ) -> bytes:
        """EF.SOD over these data groups."""
        from asn1crypto import algos, cms

        content = _hash_list(groups, hash_name, version)
        digest = public_keys.digest(self.signer_key.hash_name, content)
        attributes = [
            {"type": "content_type", "values": [LDS_SECURITY_OBJECT]},
            {"type": "message_digest", "values": [digest]},
            {"type": "signing_time", "values": [_utc(signing_time or self.now - timedelta(days=1))]},
        ]
        signed = cms.CMSAttributes(attributes)
        signer = self.signer() if signer is None else signer
        digest_algorithm = algos.DigestAlgorithm({"algorithm": self.signer_key.hash_name})
        sid = {"issuer": signer.issuer, "serial_number": signer.serial_number}
        info = {
            "version": "v1",
            "sid": cms.SignerIdentifier(name="issuer_and_serial_number", value=sid),
            "digest_algorithm": digest_algorithm,
            "signed_attrs": signed,
            "signature_algorithm": self.signer_key.algorithm(),
            "signature": self.signer_key.sign(signed.dump()),
        }
        body = {
            "version": "v3",
            "digest_algorithms": [digest_algorithm],
            "encap_content_info": {"content_type": LDS_SECURITY_OBJECT, "content": content},
            "certificates": [signer],
            "signer_infos": [info],
        }
        whole = cms.ContentInfo({"content_type": "signed_data", "content": cms.SignedData(body)})
        return tlv.encode(0x77, whole.dump())

    def issue(
        self,
        holder: Holder,
        photo: EncodedPhoto,
        *,
        pace: PaceInfo | None = None,
        can: str = "",
        extra: dict[int, bytes] | None = None,
        **sod: Any,
    ) -> Profile:
        """A chip of this holder. `extra` are further data groups (14 and 15), already made."""
        groups = {1: simulated_files.dg1(simulated_files.td3(holder)), 2: simulated_files.dg2(photo)}
        if holder.full_name or holder.address:
            groups[11] = simulated_files.dg11(holder)
        groups |= extra or {}
        files = {DATA_GROUPS[number].identifier: data for number, data in groups.items()}
        files[File.COM.identifier] = simulated_files.com(list(groups))
        files[File.SOD.identifier] = self.security_object(groups, **sod)
        if pace is not None:
            infos = simulated_files.security_infos(simulated_files.pace_info(pace))
            files[File.CARD_ACCESS.identifier] = infos
        return Profile(
            key=MrzKey(holder.number, holder.birth, holder.expiry),
            files=files,
            can=Can(can) if can else None,
            pace=pace,
        )


def _hash_list(groups: dict[int, bytes], hash_name: str, version: int) -> bytes:
    from asn1crypto import algos

    entries = b"".join(
        tlv.encode(
            0x30, tlv.encode(0x02, bytes([number])) + tlv.encode(0x04, public_keys.digest(hash_name, data))
        )
        for number, data in sorted(groups.items())
    )
    algorithm = algos.DigestAlgorithm({"algorithm": hash_name}).dump()
    body = tlv.encode(0x02, bytes([version])) + algorithm + tlv.encode(0x30, entries)
    if version == 1:
        body += tlv.encode(0x30, tlv.encode(0x13, b"0108") + tlv.encode(0x13, b"040000"))
    return tlv.encode(0x30, body)


def _utc(moment: datetime) -> Asn1:
    from asn1crypto import cms, core

    return cms.Time(name="utc_time", value=core.UTCTime(moment.astimezone(UTC)))
