"""A lane's folder as a technician would set it up, complete and right; tests spoil one thing at a time."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from argon2 import PasswordHasher
from cryptography import x509
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.x509.oid import NameOID

from console.officers import OfficerBook
from tests.rigs.places import ROOT
from wire.envelope import Signer, public_to_pem

CHEAP = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)


class LaneFolder:
    """The folder of one simulated lane that passes every check of its settings."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.file = folder / "lane.toml"
        self.file.write_text((ROOT / "config/simulated-lane.toml").read_text())
        (folder / "demo/keys/core").mkdir(parents=True)
        self.core = Signer.generate("core-1")
        self.secret("demo/keys/lane.pem", Signer.generate("lane").to_pem())
        (folder / "demo/keys/core/core-1.pem").write_bytes(public_to_pem(self.core.public))
        OfficerBook(folder / "demo/officers.json", hasher=CHEAP).add("chan", "a long walk to the lane")

    def secret(self, name: str, content: bytes) -> Path:
        """Writes a file that only its owner may read."""
        path = self.folder / name
        path.write_bytes(content)
        path.chmod(0o600)
        return path

    def change(self, old: str, new: str) -> None:
        """Replaces text of the settings; it must be there."""
        text = self.file.read_text()
        assert old in text
        self.file.write_text(text.replace(old, new, 1))

    def certify(self, name: str, *, common_name: str = "demo-in-01", days: int = 400, begins: int = -1) -> None:
        """Writes `demo/<name>.pem` and `.key`: self-signed, from `begins` to `days` days from now."""
        key, now = Ed25519PrivateKey.generate(), datetime.now(UTC)
        subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, common_name)])
        certificate = (
            x509.CertificateBuilder(subject, subject, key.public_key(), x509.random_serial_number())
            .not_valid_before(now + timedelta(days=begins))
            .not_valid_after(now + timedelta(days=days, hours=1))
            .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
            .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
            .sign(key, None)
        )
        (self.folder / f"demo/{name}.pem").write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
        private = key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
        self.secret(f"demo/{name}.key", private)


@pytest.fixture
def lane_folder(tmp_path: Path) -> LaneFolder:
    """A complete simulated lane in a folder of its own."""
    return LaneFolder(tmp_path)
