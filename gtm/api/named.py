"""Which zone, app and service a query is about; mistakes are said with what was meant."""

from __future__ import annotations

from collections.abc import Iterable

from gtm.compile.compiled import CompiledApp, CompiledService
from gtm.compile.compiler import Compiled
from gtm.errors import UsageError
from gtm.zonefile.findings import listed, nearest


def bare(name: str) -> str:
    """A name as the API tells it: in lower case, without the dot at its end."""
    return name.lower().rstrip(".")


def apps_named(
    compiled: Compiled, zone: str | None, app: str | None, act: str
) -> list[CompiledApp]:
    """The apps that are meant: all of them where neither is said. Raises UsageError."""
    found = list(compiled.apps.values())
    if zone:
        _require(bare(zone), [bare(each.zone.name) for each in found], "zone", act)
        found = [each for each in found if bare(each.zone.name) == bare(zone)]
    if app:
        _require(app, [each.app.name for each in found], "app", act)
        found = [each for each in found if each.app.name == app]
    return found


def app_named(compiled: Compiled, zone: str, app: str, service: str, act: str) -> CompiledApp:
    """The app that is meant, by any of the three; the first there is where nothing is said.

    Raises UsageError, which says that it can't `act`.
    """
    found = apps_named(compiled, zone, app, act)
    if service and not app:
        found = [each for each in found if _in(each, service) is not None] or found
    if not found:
        raise UsageError(f"cannot {act}: no zone that is served has an app")
    return found[0]


def service_named(app: CompiledApp, service: str, act: str) -> CompiledService:
    """The service of the app that is meant, by its key or its whole name; the first one for "".

    For a block that is one which every region needs. Raises UsageError.
    """
    if not service:
        needed = [key for key in app.services if key not in app.app.optional]
        return app.services[next(iter(needed or app.services))]
    found = _in(app, service)
    if found is None:
        keys = [each.service.key for each in app.services.values()]
        _require(service, keys, f"service of {app.app.name}", act)
        raise AssertionError(service)  # what is known is found
    return found


def _in(app: CompiledApp, service: str) -> CompiledService | None:
    """A service by its key, or by its whole name."""
    if service in app.services:
        return app.services[service]
    name = bare(service)
    here = (each for each in app.services.values() if bare(each.service.name) == name)
    return next(here, None)


def _require(name: str, known: Iterable[str], what: str, act: str) -> None:
    words = list(dict.fromkeys(known))
    if name not in words:
        like = nearest(name, words)
        remedy = f"did you mean {like}?" if like else f"there are {listed(words)}"
        raise UsageError(f"cannot {act}: there is no {what} {name[:60]!r}; {remedy}")


def require_regions(names: Iterable[str], known: Iterable[str], act: str) -> None:
    """Raises UsageError for a region that is not known."""
    words = list(known)
    for name in names:
        _require(name, words, "region", act)
