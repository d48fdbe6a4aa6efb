"""Asks a server one question, to see whether it answers and what."""

from __future__ import annotations

import socket

import dns.exception
import dns.message
import dns.rdatatype

from bench.questions import Question, message
from bench.workload import Workload

LOOPBACK = "127.0.0.1"
LARGEST = 4096  # bytes


def ask(
    question: Question, workload: Workload, port: int, timeout: float
) -> dns.message.Message | None:
    """The reply over UDP; None if nothing listens, nothing comes or it is not a reply.

    The socket is connected, so that a port nobody listens on is known at once.
    """
    asked = message(question, workload, identifier=question.service & 0xFFFF)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as client:
        client.settimeout(timeout)
        try:
            client.connect((LOOPBACK, port))
            client.send(asked)
            return dns.message.from_wire(client.recv(LARGEST))
        except (dns.exception.DNSException, OSError):
            return None


def addresses(reply: dns.message.Message) -> set[str]:
    """The A records of the answer section."""
    return {
        record.to_text()
        for rrset in reply.answer
        if rrset.rdtype == dns.rdatatype.A
        for record in rrset
    }


def is_signed(reply: dns.message.Message) -> bool:
    """Whether there is a signature in the answer section."""
    return any(rrset.rdtype == dns.rdatatype.RRSIG for rrset in reply.answer)
