"""From zone YAML and master files to the model, with every mistake placed."""

from gtm.zonefile.expand import expand
from gtm.zonefile.known import KnownEndpoints
from gtm.zonefile.load import Loaded, load
from gtm.zonefile.schema import json_schema

__all__ = ["KnownEndpoints", "Loaded", "expand", "json_schema", "load"]
