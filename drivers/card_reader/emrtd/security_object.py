"""EF.SOD: the signed list of the data groups' hashes (Doc 9303-10, 4.6.2; CMS, RFC 5652)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime

from drivers.card_reader.emrtd import tlv
from drivers.card_reader.emrtd.public_keys import HASHES, Asn1, asn1_errors
from drivers.card_reader.emrtd.tlv import Malformed

LDS_SECURITY_OBJECT = "2.23.136.1.1.1"
_DATA_GROUPS = range(1, 17)
_SET = b"\x31"


@dataclass(frozen=True, slots=True, repr=False)
class SecurityObject:
    """The parts of a SOD. `signed` is what the signature is over: the attributes, or the content.

    `digest_fits` says whether the attributes hold the digest of the hash list; True without attributes.
    """

    version: int
    hash_name: str
    hashes: dict[int, bytes]
    signed: bytes
    digest_fits: bool
    digest_name: str
    signing_time: datetime | None
    algorithm: Asn1
    signature: bytes
    signer: Asn1 | None

    def __repr__(self) -> str:
        return f"SecurityObject(v{self.version}, {self.hash_name}, {sorted(self.hashes)})"


def parse_sod(data: bytes) -> SecurityObject:
    """Tag 77 around a CMS SignedData; raises `Malformed`. A hash this terminal lacks is `Malformed` too."""
    from asn1crypto import cms

    inner = tlv.read_only(data, 0x77)
    with asn1_errors("SOD"):
        envelope = cms.ContentInfo.load(inner, strict=True)
        if envelope["content_type"].native != "signed_data":
            raise Malformed("the SOD is not signed data")
        signed_data = envelope["content"]
        encapsulated = signed_data["encap_content_info"]
        if encapsulated["content_type"].dotted != LDS_SECURITY_OBJECT:
            raise Malformed("the SOD signs something else")
        content = bytes(encapsulated["content"])
        if len(signed_data["signer_infos"]) != 1:
            raise Malformed(f"a SOD with {len(signed_data['signer_infos'])} signers")
        info = signed_data["signer_infos"][0]
        digest_name = _hash(info["digest_algorithm"]["algorithm"].native)
        version, hash_name, hashes = _hash_list(content)
        signed, fits, signing_time = _attributes(info, content, digest_name)
        return SecurityObject(
            version=version,
            hash_name=hash_name,
            hashes=hashes,
            signed=signed,
            digest_fits=fits,
            digest_name=digest_name,
            signing_time=signing_time,
            algorithm=info["signature_algorithm"],
            signature=bytes(info["signature"].native),
            signer=_signer(info["sid"], signed_data["certificates"]),
        )


def _hash_list(content: bytes) -> tuple[int, str, dict[int, bytes]]:
    """LDSSecurityObject, version 0 or 1."""
    from asn1crypto import algos

    fields = tlv.read_all(tlv.read_only(content, 0x30))
    if [node.tag for node in fields[:3]] != [0x02, 0x30, 0x30]:
        raise Malformed("not a list of hashes")
    version = int.from_bytes(fields[0].value, "big")
    if version not in (0, 1):
        raise Malformed(f"a list of hashes of version {version}")
    hash_name = _hash(algos.DigestAlgorithm.load(fields[1].raw)["algorithm"].native)
    hashes: dict[int, bytes] = {}
    for entry in tlv.read_all(fields[2].value):
        pair = tlv.read_all(entry.value)
        if [node.tag for node in pair] != [0x02, 0x04]:
            raise Malformed("not a data group's hash")
        number = int.from_bytes(pair[0].value, "big")
        if number not in _DATA_GROUPS or number in hashes:
            raise Malformed(f"data group {number}, or twice the same")
        hashes[number] = pair[1].value
    return version, hash_name, hashes


def _attributes(info: Asn1, content: bytes, digest_name: str) -> tuple[bytes, bool, datetime | None]:
    from drivers.card_reader.emrtd.public_keys import digest

    attributes = info["signed_attrs"]
    if not attributes:
        return content, True, None
    values: dict[str, Asn1] = {}
    for attribute in attributes:
        kind = attribute["type"].native
        if kind in values or len(attribute["values"]) != 1:
            raise Malformed("a signed attribute twice")
        values[kind] = attribute["values"][0]
    if "message_digest" not in values or "content_type" not in values:
        raise Malformed("signed attributes without digest or type")
    if values["content_type"].dotted != LDS_SECURITY_OBJECT:
        raise Malformed("the signed attributes are of something else")
    time = values["signing_time"].native if "signing_time" in values else None
    if time is not None and not isinstance(time, datetime):
        raise Malformed("a signing time that is no time")
    # signed as a SET, stored under the tag [0]
    signed = _SET + attributes.dump()[1:]
    fits = bytes(values["message_digest"].native) == digest(digest_name, content)
    return signed, fits, None if time is None else time.astimezone(UTC)


def _signer(sid: Asn1, certificates: Asn1) -> Asn1 | None:
    """The document signer's certificate that the SOD carries, if it does."""
    for choice in certificates or ():
        if choice.name != "certificate":
            continue
        certificate = choice.chosen
        if sid.name == "issuer_and_serial_number":
            wanted = (sid.chosen["issuer"], sid.chosen["serial_number"].native)
            if (certificate.issuer, certificate.serial_number) == wanted:
                return certificate
        elif certificate.key_identifier == sid.native:
            return certificate
    return None


def _hash(name: object) -> str:
    if name not in HASHES:
        raise Malformed("a hash that no travel document uses")
    return str(name)
