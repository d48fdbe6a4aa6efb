"""The settings of `gtm serve`: the same keys as flags, `GTM_*` variables and in gtm.yaml.

A flag wins over the environment, which wins over the file.
"""

from __future__ import annotations

import os
import socket
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import yaml
from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    ValidationError,
    ValidationInfo,
    field_validator,
)

from gtm.dns.conduct import MAX_IDENTITY
from gtm.errors import ConfigError
from gtm.logs import LogFormat, LogLevel
from gtm.networks import Networks
from gtm.planes import limits
from gtm.planes.limiting import PER_SECOND, SLIP, Limit
from gtm.planes.sockets import ListenAddress, parse_listen
from gtm.querylog import Format, parse_place
from gtm.zonefile.findings import nearest

PREFIX = "GTM_"
PORTS = {"tls": 853, "https": 443}  # RFC 7858 section 3.1, RFC 8484 section 5
DEFAULT_LISTEN = ("127.0.0.1:5300", "[::1]:5300")
UNKNOWN_KEY = "extra_forbidden"  # pydantic's name for it
HOSTNAME = "hostname"  # --identity hostname: the machine's own name
KEYS = "keys"  # in the state directory
TOKENS = "tokens.json"  # in the state directory
API_PORT = 8053  # of the API over TCP, where none is named
UNIX = "unix:"
HTTP, HTTPS = "http://", "https://"
NO_GEOIP = "none"  # --geoip none: steer without a database, by the order of the regions
# keys that are lists of client networks, and all that have several values, separated by commas
# in GTM_*
NETWORKS = {"proxy_from", "rate_limit_allow", "chaos_allow"}
LISTS = {"listen", "tls", "https", "xdp", "api", "geoip", *NETWORKS}


@dataclass(frozen=True, slots=True)
class ApiAddress:
    """Where the API is served over TCP, and whether with TLS."""

    at: ListenAddress
    tls: bool

    def __str__(self) -> str:
        """As `--api` of commands takes it."""
        return f"{HTTPS if self.tls else HTTP}{self.at}"


def parse_api(text: str) -> ApiAddress:
    """`127.0.0.1:8053`, the same with http://, or https:// for TLS. Raises ValueError."""
    tls = text.startswith(HTTPS)
    bare = text.removeprefix(HTTPS if tls else HTTP).rstrip("/")
    return ApiAddress(parse_listen(bare, API_PORT), tls)


class Settings(BaseModel):
    """What the server is told. Unknown keys are refused."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    zones: Path = Path("zones")
    listen: tuple[str, ...] = DEFAULT_LISTEN
    tls: tuple[str, ...] = ()
    https: tuple[str, ...] = ()
    certificate: Path | None = None
    certificate_key: Path | None = None
    proxy_from: tuple[str, ...] = ()
    connections: int = Field(default=limits.CONNECTIONS, ge=1, le=1_000_000)
    connections_per_client: int = Field(default=limits.PER_CLIENT, ge=1)
    idle: float = Field(default=limits.IDLE, ge=1, le=3600)
    lifetime: float = Field(default=limits.LIFETIME, ge=1)
    xdp: tuple[str, ...] = ()
    api: tuple[str, ...] = ()
    api_certificate: Path | None = None
    api_certificate_key: Path | None = None
    api_plaintext: bool = False
    tokens: Path | None = None
    geoip: tuple[str, ...] = ()
    state: Path | None = None
    keys: Path | None = None
    plane: Literal["auto", "native", "python"] = "auto"
    workers: int | None = Field(default=None, ge=1, le=256)
    user: str | None = None
    identity: str | None = Field(default=None, min_length=1, max_length=MAX_IDENTITY)
    tell_version: bool = False
    chaos_allow: tuple[str, ...] = ("any",)
    cookie_secrets: Path | None = None
    rate_limit: int = Field(default=PER_SECOND, ge=0, le=1_000_000)
    rate_limit_slip: int = Field(default=SLIP, ge=0, le=100)
    rate_limit_ipv4_prefix: int = Field(default=24, ge=8, le=32)
    rate_limit_ipv6_prefix: int = Field(default=56, ge=16, le=128)
    rate_limit_allow: tuple[str, ...] = ("loopback",)
    query_log: str | None = None
    query_log_format: Format = Format.JSON
    query_log_every: int = Field(default=1, ge=1, le=1_000_000)
    query_log_clients: Literal["network", "address"] = "network"
    no_exec: bool = False
    takeover: bool = False
    log_format: LogFormat = LogFormat.AUTO
    log_level: LogLevel = LogLevel.INFO

    @field_validator(*sorted(LISTS), mode="before")
    @classmethod
    def _one_or_many(cls, value: object) -> object:
        return (value,) if isinstance(value, str) else value

    @field_validator("listen")
    @classmethod
    def _addresses(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        for text in value:
            parse_listen(text)
        return value

    @field_validator("tls", "https")
    @classmethod
    def _secure_addresses(cls, value: tuple[str, ...], info: ValidationInfo) -> tuple[str, ...]:
        for text in value:
            parse_listen(text, PORTS[info.field_name or ""])
        return value

    @field_validator("api")
    @classmethod
    def _places(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        for text in value:
            if not text.startswith(UNIX):
                parse_api(text)
            elif not text.removeprefix(UNIX):
                raise ValueError("write the socket's path, as in unix:/run/gtm/gtm.sock")
        return value

    @field_validator("query_log")
    @classmethod
    def _log_place(cls, value: str | None) -> str | None:
        if value is not None:
            parse_place(value)
        return value

    @field_validator(*sorted(NETWORKS))
    @classmethod
    def _networks(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        Networks.of(value)
        return value

    def nsid(self) -> bytes | None:
        """What NSID answers; `hostname` stands for the machine's name."""
        name = socket.gethostname()[:MAX_IDENTITY] if self.identity == HOSTNAME else self.identity
        return None if name is None else name.encode()[:MAX_IDENTITY]

    def limit(self) -> Limit:
        """What each client network gets over UDP."""
        return Limit(
            self.rate_limit,
            self.rate_limit_ipv4_prefix,
            self.rate_limit_ipv6_prefix,
            self.rate_limit_slip,
            Networks.of(self.rate_limit_allow),
        )

    def listen_addresses(self) -> tuple[ListenAddress, ...]:
        """Where DNS is answered."""
        return tuple(parse_listen(text) for text in self.listen)

    def tls_addresses(self) -> tuple[ListenAddress, ...]:
        """Where DNS over TLS is answered."""
        return tuple(parse_listen(text, PORTS["tls"]) for text in self.tls)

    def https_addresses(self) -> tuple[ListenAddress, ...]:
        """Where DNS over HTTPS is answered."""
        return tuple(parse_listen(text, PORTS["https"]) for text in self.https)

    def stream_limits(self, connections: int) -> limits.StreamLimits:
        """What clients may take of streams, with so many connections at once."""
        return limits.StreamLimits(
            connections, self.connections_per_client, self.idle, self.lifetime
        )

    def api_tcp(self) -> tuple[ApiAddress, ...]:
        """Where the API is served over TCP."""
        return tuple(parse_api(text) for text in self.api if not text.startswith(UNIX))

    def api_sockets(self) -> tuple[Path, ...]:
        """The Unix sockets of the API: one at its usual place unless told otherwise."""
        named = [Path(text.removeprefix(UNIX)) for text in self.api if text.startswith(UNIX)]
        return tuple(dict.fromkeys(named)) or (default_socket(os.environ),)

    def api_certificates(self) -> tuple[Path, Path | None] | None:
        """Certificate and key of the API over TLS: its own, or those of DNS over TLS and HTTPS."""
        if self.api_certificate is not None:
            return self.api_certificate, self.api_certificate_key
        return None if self.certificate is None else (self.certificate, self.certificate_key)

    def tokens_file(self) -> Path | None:
        """Where tokens of the API are: in the state directory unless told otherwise."""
        if self.tokens is not None:
            return self.tokens
        return None if self.state is None else self.state / TOKENS

    def keys_folder(self) -> Path | None:
        """Where keys of signed zones are: in the state directory unless told otherwise."""
        if self.keys is not None:
            return self.keys
        return None if self.state is None else self.state / KEYS

    def geoip_paths(self) -> tuple[Path, ...] | None:
        """The databases: None for the bundled ones, empty for none at all."""
        if not self.geoip:
            return None
        return tuple(Path(text) for text in self.geoip if text != NO_GEOIP)


def default_socket(environment: Mapping[str, str]) -> Path:
    """Where server and commands meet: systemd's runtime directory, the user's, or /run for root."""
    for variable, inside in (("RUNTIME_DIRECTORY", ""), ("XDG_RUNTIME_DIR", "gtm")):
        if environment.get(variable):
            return Path(environment[variable], inside, "gtm.sock")
    if os.geteuid() == 0:
        return Path("/run/gtm/gtm.sock")
    return Path(tempfile.gettempdir(), f"gtm-{os.geteuid()}", "gtm.sock")


def settle(
    flags: Mapping[str, object], environment: Mapping[str, str], config: Path | None
) -> Settings:
    """Flags (None: not given) over environment over file. Raises ConfigError."""
    values: dict[str, object] = {}
    path = config or (
        Path(environment[PREFIX + "CONFIG"]) if PREFIX + "CONFIG" in environment else None
    )
    if path is not None:
        values.update(_file(path))
    for key in Settings.model_fields:
        text = environment.get(PREFIX + key.upper())
        if text is not None:
            values[key] = text.split(",") if key in LISTS else text
    values.update({key: value for key, value in flags.items() if value not in (None, [], ())})
    try:
        return Settings.model_validate(values)
    except ValidationError as error:
        faults = "; ".join(_fault(fault) for fault in error.errors())
        unknown = any(fault["type"] == UNKNOWN_KEY for fault in error.errors())
        remedy = f"; the keys are {', '.join(Settings.model_fields)}" if unknown else ""
        raise ConfigError(f"cannot use the settings: {faults}{remedy}") from error


def _file(path: Path) -> dict[str, object]:
    try:
        content = yaml.safe_load(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise ConfigError(f"cannot read {path}: {error.strerror or error}") from error
    except (UnicodeDecodeError, yaml.YAMLError) as error:
        raise ConfigError(f"cannot read {path}: {error}") from error
    if content is None:
        return {}
    if not isinstance(content, dict):
        raise ConfigError(f"cannot read {path}: it must hold keys and values, as in `listen: ...`")
    return content


def _fault(fault: Any) -> str:
    key = ".".join(str(part) for part in fault["loc"])
    if fault["type"] == UNKNOWN_KEY:
        like = nearest(key, Settings.model_fields)
        return f"{key}: unknown key" + (f", did you mean {like}?" if like else "")
    return f"{key}: {fault['msg'].removeprefix('Value error, ')}"
