"""Tokens of the API: how they are made, what each may do, and whether one that is shown is ours.

A token is `gtm_<id>_<secret>`: eight hex digits that name it, 64 that prove it. What is kept of the
secret is its SHA-256. That is a fast hash, and here the right one: slow ones (bcrypt, argon2)
protect passwords, which people choose and which can be guessed. A secret of 256 random bits can't
be guessed however fast a guess is, and a slow hash would let anyone keep the server busy by
sending nonsense.
"""

from __future__ import annotations

import hmac
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from hashlib import sha256
from ipaddress import ip_address

from gtm.api.scopes import Scope
from gtm.errors import UsageError

SECRET = 32  # octets: no guess ever finds one
ID = 4  # octets: tells tokens of one file apart, and is no secret
LONGEST_NAME = 64
# The form of a whole token; secret scanners can be given the same.
FORM = re.compile(r"gtm_(?P<id>[0-9a-f]{8})_(?P<secret>[0-9a-f]{64})", re.ASCII)
UNIX = "unix"  # how whoever may open the Unix socket is known
NAME = re.compile(rf"[A-Za-z0-9][A-Za-z0-9._@-]{{0,{LONGEST_NAME - 1}}}", re.ASCII)

# What a scope lets its token do. Who may act has to see what there is to act on; a gateway that
# reports learns nothing.
INCLUDES: dict[Scope, frozenset[Scope]] = {
    Scope.READ: frozenset({Scope.READ}),
    Scope.REPORT: frozenset({Scope.REPORT}),
    Scope.OPERATE: frozenset({Scope.OPERATE, Scope.READ}),
}
GRANTABLE = tuple(INCLUDES)
EVERYTHING = frozenset(GRANTABLE)

_NOBODY = sha256(b"").digest()  # what an unknown id is compared with: it costs the same


@dataclass(frozen=True, slots=True)
class Token:
    """What is kept of a token. Times are Unix time; `expires` is None if it never does.

    `made_by` is the login name of who made it, `digest` the SHA-256 of the secret.
    """

    id: str
    name: str
    scopes: frozenset[Scope]
    digest: bytes
    made: float
    made_by: str
    expires: float | None = None

    @property
    def allows(self) -> frozenset[Scope]:
        """Its scopes and what these include."""
        return allowed(self.scopes)

    def expired(self, now: float) -> bool:
        """Whether its time is over."""
        return self.expires is not None and now >= self.expires


def allowed(scopes: Iterable[Scope]) -> frozenset[Scope]:
    """Scopes and what they include; OPEN is everybody's."""
    return frozenset(each for scope in scopes for each in INCLUDES.get(scope, ()))


def ordered(scopes: Iterable[Scope]) -> list[str]:
    """Scopes by their names, always in the same order."""
    found = frozenset(scopes)
    return [scope.value for scope in GRANTABLE if scope in found]


def digest_of(secret: str) -> bytes:
    """What is kept of a secret."""
    return sha256(secret.encode()).digest()


def parse_name(text: str) -> str:
    """A name for a token. Raises UsageError."""
    if not NAME.fullmatch(text):
        raise UsageError(
            f"cannot call a token {text!r}: a name has 1 to {LONGEST_NAME} letters, digits and "
            ". _ @ -, as in grafana or deploy@ci"
        )
    if text == UNIX or _is_address(text):
        raise UsageError(
            f"cannot call a token {text!r}: that is how callers without one are known; "
            "use a name like grafana"
        )
    return text


def _is_address(text: str) -> bool:
    try:
        ip_address(text)
    except ValueError:
        return False
    return True


def parse_scopes(texts: Iterable[str]) -> frozenset[Scope]:
    """The scopes that are named, each once or in a list with commas. Raises UsageError."""
    words = [word.strip() for text in texts for word in text.split(",")]
    known = {scope.value: scope for scope in GRANTABLE}
    for word in words:
        if word not in known:
            raise UsageError(f"cannot give the scope {word!r}: the scopes are {', '.join(known)}")
    if not words:
        raise UsageError(f"cannot make a token without a scope: add --scope {'|'.join(known)}")
    return frozenset(known[word] for word in words)


def minted(
    name: str,
    scopes: frozenset[Scope],
    made: float,
    made_by: str,
    expires: float | None,
    random: Callable[[int], bytes],
) -> tuple[Token, str]:
    """A new token, and the text that is shown once. `random` gives so many octets."""
    mark, secret = random(ID).hex(), random(SECRET).hex()
    token = Token(mark, name, scopes, digest_of(secret), made, made_by, expires)
    return token, f"gtm_{mark}_{secret}"


class Tokens:
    """The tokens that are good now, found by their ids."""

    def __init__(self, tokens: Iterable[Token] = ()) -> None:
        """Ids and names are each there once."""
        self.all = tuple(tokens)
        self._by_id = {token.id: token for token in self.all}

    def named(self, name: str) -> Token | None:
        """The token of that name."""
        return next((token for token in self.all if token.name == name), None)

    def holds(self, token: Token, now: float) -> bool:
        """Whether a token that was found before is still good as it was."""
        return self._by_id.get(token.id) == token and not token.expired(now)

    def find(self, text: str) -> Token | None:
        """The token that this is, expired or not; None for all else.

        What is compared is compared in constant time, and an unknown id or a text of another
        form costs the same hash and the same comparison as a wrong secret.
        """
        form = FORM.fullmatch(text)
        token = None if form is None else self._by_id.get(form["id"])
        shown = digest_of("" if form is None else form["secret"])
        kept = _NOBODY if token is None else token.digest
        same = hmac.compare_digest(shown, kept)
        return token if same and token is not None else None
