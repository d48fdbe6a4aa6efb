"""The shape of `alerts` in a zone file: receivers by name."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import Field, PlainValidator, WithJsonSchema

from gtm.events import Kind, Severity
from gtm.receivers import ReceiverType
from gtm.zonefile import alertvalues
from gtm.zonefile.leaves import Seconds, one_or_more
from gtm.zonefile.shapebase import Shape

_TEXT: dict[str, Any] = {"type": "string"}

TypeWord = Annotated[
    ReceiverType,
    PlainValidator(alertvalues.receiver_type),
    WithJsonSchema({"enum": [one.value for one in ReceiverType]}),
]
Url = Annotated[
    str, PlainValidator(alertvalues.url), WithJsonSchema({"type": "string", "format": "uri"})
]
SecretPath = Annotated[
    str, PlainValidator(alertvalues.secret_path), WithJsonSchema(_TEXT | {"pattern": "^/"})
]
Variable = Annotated[str, PlainValidator(alertvalues.variable), WithJsonSchema(_TEXT)]
Kinds = Annotated[
    tuple[Kind, ...],
    PlainValidator(alertvalues.kinds),
    WithJsonSchema(one_or_more({"enum": [one.value for one in Kind]})),
]
SeverityWord = Annotated[
    Severity,
    PlainValidator(alertvalues.severity),
    WithJsonSchema({"enum": [one.word for one in Severity]}),
]
Globs = Annotated[
    tuple[str, ...], PlainValidator(alertvalues.globs), WithJsonSchema(one_or_more(_TEXT))
]
Burst = Annotated[
    int,
    PlainValidator(alertvalues.burst),
    WithJsonSchema({"type": "integer", "minimum": 1, "maximum": alertvalues.MOST_AT_ONCE}),
]


class ReceiverShape(Shape):
    """Someone who is told when something happens. Secrets stand in files or the environment."""

    type: TypeWord = Field(description="webhook, slack, pagerduty or alertmanager.")
    url: Url | None = Field(default=None, description="Where messages are posted to.")
    url_file: SecretPath | None = Field(default=None, description="A file that holds the URL.")
    url_env: Variable | None = Field(default=None, description="A variable that holds the URL.")
    secret_file: SecretPath | None = Field(
        default=None, description="For webhook: a file with the secret that signs messages."
    )
    secret_env: Variable | None = Field(default=None, description="The same, in a variable.")
    key_file: SecretPath | None = Field(
        default=None, description="For pagerduty: a file with the integration's routing key."
    )
    key_env: Variable | None = Field(default=None, description="The same, in a variable.")
    on: Kinds = Field(default=tuple(Kind), description="What is told; default everything.")
    severity: SeverityWord = Field(
        default=Severity.WARNING,
        description="What matters less is not told.",
        json_schema_extra={"default": Severity.WARNING.word},
    )
    regions: Globs = Field(default=("*",), description="Names or globs of regions.")
    apps: Globs = Field(default=("*",), description="Names or globs of apps.")
    group_wait: Seconds = Field(default=5.0, description="What happens meanwhile is told together.")
    repeat: Seconds | None = Field(
        default=None, description="When what lasts is told again; default 4h, 0 is never."
    )
    burst: Burst = Field(default=10, description="The most messages at once.")
    pace: Seconds = Field(default=30.0, description="Then one message in this time.")
    timeout: Seconds = Field(default=10.0, description="For the delivery of a message.")
    proxy: bool = Field(default=False, description="Whether to use the environment's proxy.")
