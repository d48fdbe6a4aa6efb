"""Which service is meant by a name."""

from __future__ import annotations

from gtm.compile.compiler import Compiled
from gtm.errors import UsageError
from gtm.simulate.scenario import Worlds
from gtm.zonefile.findings import listed, nearest


def chosen(name: str, both: Worlds) -> str:
    """The full name of the service: by full name, or by key where one alone has it.

    Raises UsageError.
    """
    known = {**_keys(both.before), **_keys(both.after)}
    full = name.lower().rstrip(".") + "."
    matching = [each for each, key in known.items() if full == each or name == key]
    if len(matching) == 1:
        return matching[0]
    words = [each.rstrip(".") for each in known]
    like = nearest(name, [*words, *known.values()])
    remedy = f"did you mean {like}?" if like else f"the services are {listed(words)}"
    if matching:
        remedy = f"write one of {listed(each.rstrip('.') for each in matching)}"
    why = "several services have that name" if matching else "no zone has that service"
    raise UsageError(f"cannot simulate service {name!r}: {why}; {remedy}")


def _keys(compiled: Compiled) -> dict[str, str]:
    return {
        service.service.name: key
        for app in compiled.apps.values()
        for key, service in app.services.items()
    }
