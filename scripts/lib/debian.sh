# shellcheck shell=bash
# Programs that come from Debian packages.

# has PROGRAM: whether it is there, in the folders of daemons too.
has() { PATH=$PATH:/usr/local/sbin:/usr/sbin:/sbin command -v "$1" >/dev/null; }

as_root() { if [[ $(id -u) == 0 ]]; then "$@"; else sudo "$@"; fi; }

# Whether packages can be installed without asking anybody for a password.
can_install() { has apt-get && { [[ $(id -u) == 0 ]] || sudo -n true 2>/dev/null; }; }

# install_packages PACKAGE...: fails, in apt-get's words, when they can't be installed. Debian
# starts a name server that it installs, on port 53 of all addresses: nobody asked for that.
install_packages() {
    local daemon fresh=()
    for daemon in gdnsd nsd unbound prometheus-alertmanager bird exabgp prometheus; do has "$daemon" || fresh+=("$daemon"); done
    has knotd || fresh+=(knot)
    as_root apt-get update -qq || return
    as_root env DEBIAN_FRONTEND=noninteractive \
        apt-get install -qq --yes --no-install-recommends "$@" >/dev/null || return
    [[ -d /run/systemd/system ]] || return 0
    for daemon in "${fresh[@]}"; do
        as_root systemctl disable --now --quiet "$daemon.service" 2>/dev/null || true # not installed
    done
}
