"""Other servers' zones as zone YAML: what can be taken over, and what has to be looked at."""

from gtm.importing.bind import from_master_file
from gtm.importing.draft import Draft
from gtm.importing.gdnsd import from_gdnsd
from gtm.importing.octodns import from_octodns

__all__ = ["Draft", "from_gdnsd", "from_master_file", "from_octodns"]
