# Sourced by the Makefile and setup.sh: tells the build where LLVM 19 is, and where a parallel
# HDF5 is, in case pkg-config finds another one first (Debian can have several installed).

if [ -z "${LLVM_SYS_191_PREFIX:-}" ]; then
    for folder in /usr/lib/llvm-19 /opt/homebrew/opt/llvm@19 /usr/local/opt/llvm@19; do
        if [ -x "$folder/bin/llvm-config" ]; then
            export LLVM_SYS_191_PREFIX=$folder
            break
        fi
    done
    unset folder
fi

has_llvm() { # whether LLVM 19 with its headers is where the build will look for it
    local config=${LLVM_SYS_191_PREFIX:+$LLVM_SYS_191_PREFIX/bin/}llvm-config
    [[ $("$config" --version 2>/dev/null) == 19.* ]] &&
        [ -e "$("$config" --includedir)/llvm-c/Core.h" ]
}

has_mpi() { # whether this wrapper compiles: Debian's mpich and openmpi-bin bring wrappers, but no headers
    echo '#include <mpi.h>' | "$1" -x c -E -o /dev/null - >/dev/null 2>&1
}

hdf5_includes() { # where the build will look for HDF5's headers
    if [ -n "${HDF5_DIR:-}" ]; then
        echo "$HDF5_DIR/include"
    else
        pkg-config --cflags-only-I hdf5 2>/dev/null | sed 's/-I//g' || true
    fi
}

has_parallel_hdf5() { # whether the HDF5 in one of these folders was built with MPI
    local folder
    for folder in "$@"; do
        grep -qs 'define H5_HAVE_PARALLEL 1' "$folder/H5pubconf.h" && return 0
    done
    return 1
}

if ! has_parallel_hdf5 $(hdf5_includes) && [ -z "${HDF5_DIR:-}" ]; then
    for folder in /usr/lib/*/hdf5/openmpi /usr/lib/*/hdf5/mpich; do
        if has_parallel_hdf5 "$folder/include"; then
            export HDF5_DIR=$folder
            break
        fi
    done
    unset folder
fi
