#!/usr/bin/env bash
# Builds what `make bench` measures into target/peers: the Python tools in environments of their
# own, the C programs, Fluxions. PETSc is measured where it is installed (Debian: petsc-dev).
set -euo pipefail
cd "$(dirname "$0")/../.."
source scripts/environment.sh
sources=benches/peers/c
built=target/peers
mkdir -p $built/bin

environment() { # folder, packages…
    local folder=$built/$1
    shift
    [ -e "$folder/complete" ] && return
    python3 -m venv "$folder"
    "$folder/bin/pip" install --quiet "$@"
    touch "$folder/complete"
}
environment venv py-pde==0.59.0 numba numba-mpi h5py psutil mpi4py
environment venv_devito "devito[mpi]==4.8.23"
environment venv_pympdata PyMPDATA==1.7.3

optimised=(-O3 -march=native)
gcc "${optimised[@]}" -fopenmp $sources/reference.c -o $built/bin/reference_strict -lm
gcc "${optimised[@]}" -ffast-math -fopenmp $sources/reference.c -o $built/bin/reference_fast -lm
gcc -O2 $sources/hog.c -o $built/bin/hog
mpicc "${optimised[@]}" $sources/mpi_heat.c -o $built/bin/mpi_heat -lm
if [ -n "${HDF5_DIR:-}" ]; then
    hdf5=(-I"$HDF5_DIR/include" -L"$HDF5_DIR/lib" -lhdf5)
else
    read -ra hdf5 <<<"$(pkg-config --cflags --libs hdf5)"
fi
mpicc -O2 $sources/hdf5_output.c -o $built/bin/hdf5_output "${hdf5[@]}"

folders=$(printf '%s:' /usr/lib/petscdir/petsc*/*-real/lib/pkgconfig)
if petsc=$(PKG_CONFIG_PATH=$folders pkg-config --cflags --libs PETSc 2>/dev/null); then
    mpicc "${optimised[@]}" -ffast-math $sources/petsc_heat.c -o $built/bin/petsc_heat $petsc -lm
else
    echo "PETSc is not installed and will not be measured."
fi

build() { # name, arguments of cargo build: copies the program, of which only Cargo knows the place
    local name=$1 program
    shift
    program=$(${CARGO:-cargo} build --release "$@" --message-format=json-render-diagnostics |
        sed -n 's/.*"executable":"\([^"]*\)".*/\1/p')
    install "$program" "$built/bin/$name"
}
build fluxions --package fluxions-cli
build fluxions_worker --bench worker
