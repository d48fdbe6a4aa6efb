"""Certificates for loopback servers, made by an authority of the tests' own."""

from __future__ import annotations

import ssl
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import trustme


@dataclass(frozen=True)
class Authority:
    """An authority whose files lie in a folder; `file` is its certificate."""

    folder: Path
    authority: trustme.CA

    @classmethod
    def at(cls, folder: Path) -> Authority:
        folder.mkdir(parents=True, exist_ok=True)
        one = cls(folder, trustme.CA())
        one.authority.cert_pem.write_to_path(one.file)
        return one

    @property
    def file(self) -> str:
        return str(self.folder / "authority.pem")

    def certificate(self, *names: str, days: float = 30) -> trustme.LeafCert:
        """One for these names, that ends in so many days from now."""
        end = datetime.now(UTC) + timedelta(days=days)
        start = min(end, datetime.now(UTC)) - timedelta(days=1)
        return self.authority.issue_cert(*names, not_before=start, not_after=end)

    def server(self, *names: str, days: float = 30, clients: bool = False) -> ssl.SSLContext:
        """A server's context; with `clients` it asks for a certificate of this authority."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self.certificate(*names, days=days).configure_cert(context)
        if clients:
            context.verify_mode = ssl.CERT_REQUIRED
            self.authority.configure_trust(context)
        return context

    def client(self, name: str = "client") -> tuple[str, str]:
        """The files of a client's certificate and of its key."""
        made = self.certificate(f"{name}.example.net")
        certificate, key = self.folder / f"{name}.pem", self.folder / f"{name}.key"
        made.cert_chain_pems[0].write_to_path(certificate)
        made.private_key_pem.write_to_path(key)
        return str(certificate), str(key)
