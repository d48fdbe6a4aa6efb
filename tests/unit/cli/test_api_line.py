"""What `gtm status` says of the API: nothing while it is as ever, and every trouble."""

from __future__ import annotations

from gtm.api.models import AccessStatus, CertificateStatus
from gtm.cli.apiline import api_line


def said(**found: object) -> str:
    line = api_line(AccessStatus.model_validate(found))
    return "" if line is None else line.plain


def test_what_is_as_ever_takes_no_line() -> None:
    assert said() == ""


def test_tokens_and_certificate_are_shown() -> None:
    certificate = CertificateStatus(path="/x/api.pem", names=["gtm"], expires=1e9)
    line = said(tokens_needed=True, tokens=2, certificate=certificate)
    assert line == "2 tokens over TCP, api.pem until 2001-09-09"


def test_what_is_wrong_is_shown_with_what_holds_meanwhile() -> None:
    certificate = CertificateStatus(path="/x/api.pem", names=[], expires=1e9, error="no key")
    line = said(tokens_error="no file", audit_unsaved="disk full", certificate=certificate)
    assert line.splitlines()[1:] == [
        "the tokens read before are still used: no file",
        "the certificate before is still used: no key",
        "acts are in the log alone: disk full",
    ]
