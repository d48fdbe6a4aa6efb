"""Certificates that the server shows to its clients."""

from __future__ import annotations

from gtm.api.models.base import Shape


class CertificateStatus(Shape):
    """A certificate that is served; `expires` is Unix time.

    `error` says why what is on disk is not what is served.
    """

    path: str
    names: list[str]
    expires: float
    error: str | None = None
