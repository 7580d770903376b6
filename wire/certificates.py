"""X.509 as used here: P-256 keys, one common name, dates. Values in, values out; no files.

Rules of this file:
- The common name of a certificate is the user name at the broker: a lane's id, or the core's.
- A private key is read and written without a passphrase: nobody is there to type one when a lane starts after a power
  cut. The file's mode guards it, and whoever opens the file checks that.
- No message here ever contains a byte of a private key.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

PrivateKey = ec.EllipticCurvePrivateKey
PublicKey = ec.EllipticCurvePublicKey
CURVE = ec.SECP256R1


def new_key() -> PrivateKey:
    """A new P-256 key, from the system's randomness."""
    return ec.generate_private_key(CURVE())


def key_to_pem(key: PrivateKey) -> bytes:
    """The private key as an unencrypted PKCS 8 PEM; the caller guards the file (mode 0600)."""
    return key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )


def key_from_pem(pem: bytes) -> PrivateKey:
    """A P-256 key from an unencrypted PEM; certificates beside it in the same text are passed over.

    Raises:
        ValueError: there is none, it is of another kind, or it has a passphrase.
    """
    try:
        key = serialization.load_pem_private_key(_key_block(pem), password=None)
    except TypeError as error:  # how the library says that it is encrypted
        raise ValueError(
            "its private key has a passphrase; take it off with: openssl pkey -in FILE -out FILE"
        ) from error
    if not isinstance(key, ec.EllipticCurvePrivateKey) or not isinstance(key.curve, CURVE):
        raise ValueError("its private key is not of the kind P-256; make a new one by enrolling again")  # noqa: TRY004 - the file is wrong
    return key


def _key_block(pem: bytes) -> bytes:
    """From the line that begins a private key: a pair may be in one file, certificate first."""
    begins = [
        place for place in (pem.find(b"-----BEGIN " + kind) for kind in (b"PRIV", b"EC PRIV", b"ENC")) if place >= 0
    ]
    if not begins:
        raise ValueError("there is no private key in it")
    return pem[min(begins) :]


def request_for(name: str, key: PrivateKey) -> bytes:
    """A signing request (PEM) of `key` for the common name `name`."""
    builder = x509.CertificateSigningRequestBuilder().subject_name(common(name))
    return builder.sign(key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM)


def common(name: str) -> x509.Name:
    """A subject that is a common name and nothing else."""
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])


def name_of(subject: x509.Name) -> str:
    """The common name, "" where there is none or more than one."""
    found = [str(each.value) for each in subject.get_attributes_for_oid(NameOID.COMMON_NAME)]
    return found[0] if len(found) == 1 else ""


def alternatives_of(certificate: x509.Certificate) -> list[str]:
    """The host names and addresses in the certificate, in its order; empty for one of a client."""
    try:
        found = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName)
    except x509.ExtensionNotFound:
        return []
    return [str(each.value) for each in found.value]


def public_of(wanted: x509.CertificateSigningRequest) -> ec.EllipticCurvePublicKey:
    """The key a signing request is for.

    Raises:
        ValueError: it is not of the kind P-256.
    """
    public = wanted.public_key()
    if not isinstance(public, ec.EllipticCurvePublicKey) or not isinstance(public.curve, CURVE):
        raise ValueError("the key it is for is not of the kind P-256; make one such and ask again")  # noqa: TRY004 - the file is wrong
    return public


def read_certificates(pem: bytes) -> list[x509.Certificate]:
    """Every certificate of a PEM text, at least one.

    Raises:
        ValueError: there is none, or one that is damaged.
    """
    found = x509.load_pem_x509_certificates(pem)
    if not found:
        raise ValueError("there is no certificate in it")
    return found


def fits(certificate: x509.Certificate, key: PrivateKey) -> bool:
    """Whether the certificate is for this key."""
    public = certificate.public_key()
    return (
        isinstance(public, ec.EllipticCurvePublicKey) and public.public_numbers() == key.public_key().public_numbers()
    )


def issued_by(certificate: x509.Certificate, authorities: Iterable[x509.Certificate]) -> bool:
    """Whether one of these authorities signed it."""
    return any(_signed(certificate, authority) for authority in authorities)


def _signed(certificate: x509.Certificate, authority: x509.Certificate) -> bool:
    try:
        certificate.verify_directly_issued_by(authority)
    except (ValueError, TypeError, InvalidSignature):
        return False
    return True


def to_pem(certificate: x509.Certificate) -> bytes:
    """The certificate as PEM."""
    return certificate.public_bytes(serialization.Encoding.PEM)


def fingerprint(*parts: bytes) -> str:
    """80 bits of SHA-256 over all parts, in groups two people can read to each other: "3f2a-9c01-…"."""
    digest = hashlib.sha256()
    for part in parts:
        digest.update(len(part).to_bytes(8, "big") + part)
    text = digest.hexdigest()[:20]
    return "-".join(text[place : place + 4] for place in range(0, 20, 4))
