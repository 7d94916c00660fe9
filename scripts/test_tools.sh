#!/usr/bin/env bash
# Installs other people's tools, with which tests open what Fluxions has written: a browser and ffmpeg, strace, which injects
# faults, iproute2, which makes hosts, and MPICH, a second MPI, by apt, with sudo if need be, and an environment of Python in
# target/tools. Does nothing where they are there. Tests that need them are skipped where they cannot be installed.
set -euo pipefail
cd "$(dirname "$0")/.."
source scripts/environment.sh

log=$(mktemp)
trap 'rm -f "$log"' EXIT
skipped() { # what cannot be installed
    echo "$1 cannot be installed, so tests that need it are skipped: $(grep -v '^$' "$log" | tail -n 1)" >&2
}

as_root=()
[ "$(id -u)" -eq 0 ] || as_root=(sudo -n)
program() { # a Debian package; the names of its program
    local package=$1 name
    shift
    for name in "$@"; do
        command -v "$name" >/dev/null && return
    done
    install "$package"
}
install() { # a Debian package
    local package=$1
    echo "Installing $package …"
    if ! { "${as_root[@]}" apt-get update -qq &&
        "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive \
            apt-get install -y -qq --no-install-recommends "$package"; } >"$log" 2>&1; then
        skipped "$package"
    fi
}
program chromium chromium chromium-browser google-chrome chrome
program ffmpeg ffmpeg
program strace strace
program iproute2 ip
program mpich mpirun.mpich
has_mpi mpicc.mpich || install libmpich-dev

packages=(h5py==3.15.1 h5netcdf==1.8.1 netCDF4==1.7.4 xarray==2025.11.0 meshio==5.3.5 vtk==9.5.2 py-pde==0.59.0)
folder=target/tools
[ "$(cat $folder/complete 2>/dev/null)" = "${packages[*]}" ] && exit 0

echo "Installing what tests open results with into $folder …"
if python3 -m venv --clear $folder >"$log" 2>&1 &&
    $folder/bin/pip install --quiet --disable-pip-version-check "${packages[@]}" >"$log" 2>&1; then
    echo "${packages[*]}" >$folder/complete
else
    skipped "What Python needs"
fi
