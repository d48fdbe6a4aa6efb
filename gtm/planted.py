"""Whether a socket's folder may have been put there by somebody else.

In a folder such as /tmp every user may make names, that of another user's socket too. Whoever made
the folder can put a socket of their own in it, and be taken for the server.
"""

from __future__ import annotations

import os
import stat
from pathlib import Path


def planted(path: Path) -> str | None:
    """Why the folder of a socket is not to be trusted, None if it is. Raises OSError.

    What anybody could have made has to be this user's or root's, and no link to another place. A
    folder elsewhere was made by who may make it there, and may belong to the server's user.
    """
    folder = path.parent
    if not folder.parent.stat().st_mode & stat.S_IWOTH:
        return None
    made = folder.lstat()
    if stat.S_ISLNK(made.st_mode):
        return f"{folder} is a link, which another user may have made"
    if made.st_uid not in {0, os.geteuid()}:
        return f"{folder} belongs to another user (uid {made.st_uid})"
    if made.st_mode & stat.S_IWOTH and not made.st_mode & stat.S_ISVTX:
        return f"{folder} can be written by everybody; chmod 0750 it"
    return None
