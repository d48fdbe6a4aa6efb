# shellcheck shell=bash
# The checkout's own virtualenv, .venv: made with the newest Python that will do, filled from
# pyproject.toml and native/, and left alone until any of them changes. Sourced by the scripts, in the checkout.

venv=$(pwd -P)/.venv

say() { echo "${0##*/}: $*" >&2; }
die() { say "$@"; exit 3; }

# The newest Python that gtm runs on and that can make a virtualenv.
find_python() {
    local candidate version newest='' unable=''
    for candidate in python3.14 python3.13 python3.12 python3.11 python3; do
        version=$("$candidate" -c 'import sys; print("%d.%d.%d" % sys.version_info[:3])' 2>/dev/null) ||
            continue
        newest=${newest:-$version}
        "$candidate" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null || continue
        if "$candidate" -c 'import ensurepip, venv' 2>/dev/null; then
            echo "$candidate"
            return
        fi
        unable=${unable:-$version}
    done
    [[ -z $unable ]] ||
        die "cannot make .venv: Python $unable has no venv module; on Debian and Ubuntu" \
            "install it with: apt-get install python${unable%.*}-venv"
    die "cannot run gtm: it needs Python 3.11 or newer, and the newest here is ${newest:-none};" \
        "on Debian 12, Ubuntu 24.04 or newer: apt-get install python3 python3-venv"
}

# Whether .venv is whole: its Python is still there and new enough, has pip, and was set up at
# this very path (a moved or copied one starts programs from where it was).
venv_is_whole() {
    "$venv/bin/python" -c 'import sys, pip; sys.exit(sys.version_info < (3, 11))' 2>/dev/null &&
        grep -qF "$venv/bin/python" "$venv/bin/pip" 2>/dev/null
}

make_venv() {
    local python
    if venv_is_whole; then return; fi
    python=$(find_python)
    [[ ! -e $venv && ! -L $venv ]] || say "making .venv anew: it is broken or was made elsewhere"
    rm -rf "$venv"
    "$python" -m venv "$venv" || die "cannot make .venv with $python, see above"
}

# What an installation is made from: pyproject.toml, and the native plane's sources with the cargo
# that builds them. It goes into .venv/installed, and where it has changed an installation is due.
made_from() {
    {
        cat pyproject.toml setup.py
        cargo --version 2>/dev/null || echo "no cargo"
        find native -type f -not -path 'native/target/*' -not -path 'native/fuzz/*' -print0 | LC_ALL=C sort -z | xargs -0 cksum
    } | cksum
}

# need gtm, need 'gtm[dev]': installs gtm from the checkout, with what checks and tests use if that
# is wanted, and builds the native plane where cargo is there.
need() {
    local what=$1 stamps=$venv/installed made_from
    make_venv
    made_from=$(made_from)
    if [[ -x $venv/bin/gtm && -e $stamps/$what && $(<"$stamps/$what") == "$made_from" ]] &&
        { [[ ${GTM_REQUIRE_NATIVE-} != 1 ]] || compgen -G 'gtm/_native*.so' >/dev/null; }
    then return; fi
    say "installing into .venv (the first time takes a minute, with cargo two)"
    rm -rf "$stamps" gtm/_native*.so
    "$venv/bin/python" -m pip install --quiet --disable-pip-version-check --editable ".${what#gtm}" ||
        die "cannot install gtm into .venv: pip failed, see above; it needs the network for this"
    "$venv/bin/gtm" version | grep -q '^planes: native' ||
        say "THE NATIVE PLANE WAS NOT BUILT, the slower python plane answers: install Rust" \
            "(https://rustup.rs; Debian's is too old) and start this again; what went wrong is" \
            "said by: .venv/bin/pip install --verbose --editable ."
    mkdir "$stamps"
    echo "$made_from" >"$stamps/gtm"
    [[ $what == gtm ]] || echo "$made_from" >"$stamps/$what"
}
