"""The long form of what is published of a service beside its addresses."""

from __future__ import annotations

import base64
from typing import Any

from gtm.published import Binding, Dispatch, Published


def published(found: Published) -> dict[str, Any]:
    """The keys of a service."""
    tree: dict[str, Any] = {}
    if found.https is not None:
        tree["https"] = _binding(found.https)
    if found.svcb:
        tree["svcb"] = {label: _binding(one) for label, one in found.svcb}
    if found.srv:
        tree["srv"] = {label: _dispatch(one) for label, one in found.srv}
    if found.alias:
        tree["alias"] = True
    return tree


def _binding(binding: Binding) -> dict[str, Any]:
    tree: dict[str, Any] = {
        "alpn": list(binding.alpn),
        "no_default_alpn": not binding.default_alpn,
        "hints": binding.hints,
    }
    if binding.port is not None:
        tree["port"] = binding.port
    if binding.ech:
        tree["ech"] = base64.b64encode(binding.ech).decode()
    if binding.dohpath:
        tree["dohpath"] = binding.dohpath
    if binding.mandatory:
        tree["mandatory"] = list(binding.mandatory)
    return tree


def _dispatch(dispatch: Dispatch) -> dict[str, Any]:
    return {"port": dispatch.port, "regions": dispatch.regions}
