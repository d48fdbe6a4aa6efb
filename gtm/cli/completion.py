"""`gtm completion`: a script that has a shell complete commands, options and names."""

from __future__ import annotations

import os
import sys
from enum import Enum
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from gtm.api.models import Status

PATIENCE = 0.5  # seconds for names of a running server: a key press must not hang


class Shell(Enum):
    """Shells that are known."""

    BASH = "bash"
    ZSH = "zsh"
    FISH = "fish"


BASH = r"""# gtm completion for bash: eval "$(gtm completion bash)"
_gtm() {
    local word
    local -a found=()
    COMPREPLY=()
    while IFS= read -r word; do
        found+=("${word%%$'\t'*}")
    done < <(gtm complete -- "${COMP_WORDS[@]:1:COMP_CWORD}" 2>/dev/null)
    if [[ ${found[0]-} == :files ]]; then
        compopt -o filenames
        while IFS= read -r word; do COMPREPLY+=("$word"); done \
            < <(compgen -f -- "${COMP_WORDS[COMP_CWORD]}")
    else
        COMPREPLY=("${found[@]}")
    fi
}
complete -F _gtm gtm
"""

ZSH = r"""#compdef gtm
# gtm completion for zsh: eval "$(gtm completion zsh)", after compinit
_gtm() {
    local line
    local -a found
    for line in "${(@f)$(gtm complete -- "${(@)words[2,CURRENT]}" 2>/dev/null)}"; do
        [[ $line == :files* ]] && { _files; return }
        [[ -n $line ]] && found+=("${${line%%$'\t'*}//:/\\:}:${line#*$'\t'}")
    done
    _describe gtm found
}
compdef _gtm gtm
"""

FISH = r"""# gtm completion for fish: gtm completion fish | source
function __gtm_complete
    set -l found (gtm complete -- (commandline -opc)[2..] (commandline -ct) 2>/dev/null)
    if test "$found[1]" = :files
        __fish_complete_path (commandline -ct)
    else
        printf '%s\n' $found
    end
end
complete -c gtm -f -a '(__gtm_complete)'
"""

SCRIPTS = {Shell.BASH: BASH, Shell.ZSH: ZSH, Shell.FISH: FISH}


def completion(
    shell: Annotated[Shell, typer.Argument(metavar="bash|zsh|fish", show_default=False)],
) -> None:
    """Print a script that has your shell complete gtm's commands, options and names.

    Names of regions, apps and zones come from the server that runs, if one does.

    Examples: [bold]eval "$(gtm completion bash)"[/] in ~/.bashrc,
    [bold]eval "$(gtm completion zsh)"[/] in ~/.zshrc,
    [bold]gtm completion fish | source[/] in config.fish
    """
    sys.stdout.write(SCRIPTS[shell])


def complete(
    context: typer.Context,
    words: Annotated[list[str] | None, typer.Argument(show_default=False)] = None,
) -> None:
    """What can be typed next, a line for each: what the scripts ask."""
    from gtm.cli.completing import candidates

    for one in candidates(context.find_root().command, words or [""], _names):
        sys.stdout.write(f"{one.word}\t{one.meaning}\n" if one.meaning else f"{one.word}\n")


def _names(kind: str) -> list[str]:
    """From the running server; nothing where none answers at once."""
    from dataclasses import replace

    from gtm.api.models import Status
    from gtm.cli.client import server
    from gtm.errors import GtmError

    try:
        there = replace(server(None, os.environ), patience=PATIENCE)
        status = there.get("/v1/status", Status, {"services": "ailing"})
    except GtmError:
        return []
    return named(status, kind)


def named(status: Status, kind: str) -> list[str]:
    """The names of a kind that a status has."""
    from gtm.cli.output import bare

    if kind == "zones":
        return [bare(zone.name) for zone in status.zones]
    apps = [app for zone in status.zones for app in zone.apps]
    if kind == "apps":
        return list(dict.fromkeys(app.name for app in apps))
    regions = list(dict.fromkeys(one.region for app in apps for one in app.regions))
    if kind == "regions":
        return regions
    targets = [f"region/{name}" for name in regions]
    targets += [f"app/{app.name}/{one.region}" for app in apps for one in app.regions]
    return [*(one.target for one in status.overrides), *targets]
