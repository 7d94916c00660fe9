#!/usr/bin/env bash
# Makes sure that what Fluxions is built with is there: an MPI, an HDF5 built with MPI, libclang
# (for the bindings of both), LLVM 19, pkg-config, a C compiler, and Rust. On Debian and Ubuntu what is
# missing is installed by apt, with sudo if need be; elsewhere it is named. Does nothing where
# everything is there.
set -euo pipefail
cd "$(dirname "$0")/.."
source scripts/environment.sh

rust_version=$(sed -n 's/^rust-version = "\(.*\)"$/\1/p' Cargo.toml)
missing=()  # Debian packages
names=()    # the same in words

need() { # words, packages…
    names+=("$1")
    shift
    missing+=("$@")
}

command -v cc >/dev/null || need "a C compiler" build-essential
command -v pkg-config >/dev/null || need "pkg-config" pkg-config
if ! has_mpi mpicc || ! command -v mpirun >/dev/null; then
    need "an MPI with its compiler wrapper (Open MPI or MPICH)" openmpi-bin libopenmpi-dev
fi
if [ "${MPI:-}" = mpich ] && ! { has_mpi mpicc.mpich && command -v mpirun.mpich; } >/dev/null; then
    need "MPICH with its compiler wrapper" mpich libmpich-dev
fi
if [ "${MPI:-}" = mpich ] && ! has_parallel_hdf5 $(hdf5_includes); then
    need "an HDF5 library built with MPICH (1.10.7 or later)" libhdf5-mpich-dev
elif ! has_parallel_hdf5 $(hdf5_includes); then
    need "an HDF5 library built with that MPI (1.10.7 or later)" libhdf5-openmpi-dev
fi
has_libclang() { # the C interface (not libclang-cpp, which other packages bring) and its headers
    { [ -n "${LIBCLANG_PATH:-}" ] ||
        ldconfig -p 2>/dev/null | grep -Eq 'libclang(-[0-9.]+)?\.so' ||
        compgen -G '/usr/lib/llvm-*/lib/libclang.so*' >/dev/null ||
        compgen -G '/usr/lib/llvm-*/lib/libclang-[0-9]*.so*' >/dev/null; } &&
        { compgen -G '/usr/lib/llvm-*/lib/clang/*/include/stddef.h' >/dev/null ||
            compgen -G '/usr/lib*/clang/*/include/stddef.h' >/dev/null; }
}
if ! has_libclang; then
    need "libclang with its headers" libclang-dev
fi

if ! has_llvm; then
    need "LLVM 19 with its headers (in LLVM_SYS_191_PREFIX, if it is in a place of its own)" llvm-19-dev
fi

if [ ${#missing[@]} -gt 0 ]; then
    if ! command -v apt-get >/dev/null; then
        echo "Fluxions is built with the following, which this machine lacks:" >&2
        printf '  - %s\n' "${names[@]}" >&2
        echo "Please install them with your system's packages and try again." >&2
        exit 1
    fi
    as_root=()
    if [ "$(id -u)" -ne 0 ]; then
        if ! command -v sudo >/dev/null; then
            echo "The following packages are missing; please ask somebody with the right to install them:" >&2
            echo "  apt-get install ${missing[*]}" >&2
            exit 1
        fi
        as_root=(sudo)
    fi
    echo "Installing ${missing[*]} …"
    "${as_root[@]}" apt-get update -qq
    "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive \
        apt-get install -y -qq --no-install-recommends "${missing[@]}" >/dev/null
fi

if ! command -v cargo >/dev/null; then
    echo "Rust $rust_version or later is missing. Install it as https://rustup.rs tells:" >&2
    echo "  curl --proto '=https' --tlsv1.2 -sSf https://sh.rustup.rs | sh" >&2
    exit 1
fi
installed=$(cargo --version | sed 's/^cargo \([0-9.]*\).*/\1/')
if [ "$(printf '%s\n' "$rust_version" "$installed" | sort -V | head -n 1)" != "$rust_version" ]; then
    echo "Rust $rust_version or later is needed, and $installed is installed: \`rustup update\`." >&2
    exit 1
fi
