#!/usr/bin/env bash
# Installs other people's tools, with which tests open what Fluxions has written, into an environment of Python in
# target/tools. Does nothing where they are there. Tests that need them are skipped where they cannot be installed.
set -euo pipefail
cd "$(dirname "$0")/.."

packages=(h5py==3.15.1 h5netcdf==1.8.1 netCDF4==1.7.4 xarray==2025.11.0 meshio==5.3.5 vtk==9.5.2 py-pde==0.59.0)
folder=target/tools
[ "$(cat $folder/complete 2>/dev/null)" = "${packages[*]}" ] && exit 0

echo "Installing what tests open results with into $folder …"
log=$(mktemp)
trap 'rm -f "$log"' EXIT
if python3 -m venv --clear $folder >"$log" 2>&1 &&
    $folder/bin/pip install --quiet --disable-pip-version-check "${packages[@]}" >"$log" 2>&1; then
    echo "${packages[*]}" >$folder/complete
else
    echo "They cannot be installed, so tests that need them are skipped: $(grep -v '^$' "$log" | tail -n 1)" >&2
fi
