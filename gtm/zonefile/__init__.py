"""From zone YAML and master files to the model, with every mistake placed."""

from gtm.zonefile.expand import expand
from gtm.zonefile.load import Loaded, load
from gtm.zonefile.schema import json_schema

__all__ = ["Loaded", "expand", "json_schema", "load"]
