# What people and CI do with this repository. `make run` and `make test` install what is missing.

SHELL := /bin/bash
CARGO ?= cargo
export OMPI_MCA_rmaps_base_oversubscribe ?= 1
# Open MPI asks twice whether root, as in a container, means it.
ifeq ($(shell id -u),0)
export OMPI_ALLOW_RUN_AS_ROOT = 1
export OMPI_ALLOW_RUN_AS_ROOT_CONFIRM = 1
endif
# `make test MPI=mpich`: the other MPI, beside the usual one, in a target folder of its own.
ifdef MPI
export MPI
export MPICC = mpicc.$(MPI)
export FLUXIONS_MPIRUN = mpirun.$(MPI)
export HDF5_DIR = $(firstword $(wildcard /usr/lib/*/hdf5/$(MPI)) /usr/lib/hdf5/$(MPI))
export CARGO_TARGET_DIR = target/$(MPI)
# MPICH's processes do not give way to each other: one job at a time.
export RUST_TEST_THREADS ?= 1
endif
# Where a parallel HDF5 is, if it is not the one that pkg-config finds first.
ENVIRONMENT = source scripts/environment.sh;
NEXTEST := $(shell $(CARGO) nextest --version >/dev/null 2>&1 && echo yes)

# Of bench and bench-verify: ONLY="W1,W5", TOOLS="Fluxions,C"; of bench: ROUNDS=5, REAL_TIME=1.
BENCH := target/peers/venv/bin/python benches/peers
BENCHED = $(if $(ONLY),--only "$(ONLY)") $(if $(TOOLS),--tools "$(TOOLS)")

.PHONY: help run test test-messages fuzz bench bench-verify bench-solvers bench-mpi lint doc setup clean

help:
	@echo "make run    build and run the first example on two ranks"
	@echo "make test   build and run every test; MPI=mpich: those that start processes, with MPICH"
	@echo "make fuzz   damage files and inject faults many times over, for hours"
	@echo "make bench  measure Fluxions beside other tools (benches/README.md); bench-solvers, bench-mpi: parts alone"
	@echo "make lint   formatting, clippy, documentation without warnings"
	@echo "make doc    build the API documentation"
	@echo "make setup  install what is missing"

setup:
	@scripts/setup.sh

run: setup
	@$(ENVIRONMENT) $(CARGO) build --release --package fluxions-cli
	mpirun -n 2 target/release/fluxions run examples/gray_scott.toml --out runs/gray_scott --overwrite

test: setup
	@scripts/test_tools.sh
ifdef MPI
	@$(ENVIRONMENT) $(CARGO) test --package fluxions-comm --tests
	@$(ENVIRONMENT) $(CARGO) test --package fluxions --test ranks
	@$(ENVIRONMENT) $(CARGO) test --package fluxions-cli
else ifeq ($(NEXTEST),yes)
	@$(ENVIRONMENT) $(CARGO) nextest run --workspace
	@$(ENVIRONMENT) $(CARGO) test --workspace --doc --quiet
else
	@$(ENVIRONMENT) $(CARGO) test --workspace
endif
ifndef MPI
	@$(ENVIRONMENT) $(CARGO) test --package fluxions-cli --no-default-features --test without_mpi
	@$(ENVIRONMENT) if has_mpi mpicc.mpich && command -v mpirun.mpich >/dev/null; then $(MAKE) --no-print-directory test-messages MPI=mpich; \
		else echo "MPICH is not installed, so messages are tested with one MPI alone"; fi
endif

# Messages alone, as `make test` does with the other MPI.
test-messages:
	@$(ENVIRONMENT) $(CARGO) test --package fluxions-comm --tests --quiet

fuzz: setup
	@$(ENVIRONMENT) FLUXIONS_MUTATIONS=50000 FLUXIONS_FAULTS=1000 FLUXIONS_KILLS=1000 $(CARGO) test \
		--package fluxions-cli --test damaged --test injected_faults --test survival

bench: setup
	@CARGO=$(CARGO) benches/peers/setup.sh
	$(BENCH)/driver.py $(BENCHED) $(if $(ROUNDS),--rounds $(ROUNDS)) $(if $(REAL_TIME),--real-time)
	$(BENCH)/table.py
	$(if $(ONLY),,$(MAKE) bench-solvers bench-mpi)

# Of bench-solvers: ROWS="S1,S3", ROUNDS=5.
bench-solvers: setup
	@CARGO=$(CARGO) benches/peers/setup.sh
	@$(ENVIRONMENT) $(CARGO) build --release --package fluxions-cli
	target/peers/venv/bin/python benches/solvers.py target/release/fluxions $(if $(ROWS),--only $(ROWS)) \
		$(if $(ROUNDS),--rounds $(ROUNDS))

# Of bench-mpi: BENCHES="call,pingpong,allreduce,pi,halo,threads", ROUNDS=5.
bench-mpi: setup
	@CARGO=$(CARGO) benches/peers/setup.sh
	@$(ENVIRONMENT) CARGO=$(CARGO) target/peers/venv/bin/python benches/mpi/driver.py \
		$(if $(BENCHES),--only $(BENCHES)) $(if $(ROUNDS),--rounds $(ROUNDS))

bench-verify: setup
	@CARGO=$(CARGO) benches/peers/setup.sh
	$(BENCH)/driver.py --verify $(BENCHED)

lint: setup
	$(CARGO) fmt --all --check
	@$(ENVIRONMENT) $(CARGO) clippy --workspace --all-targets -- -D warnings
	@$(ENVIRONMENT) RUSTDOCFLAGS="-D warnings" $(CARGO) doc --workspace --no-deps --quiet

doc: setup
	@$(ENVIRONMENT) $(CARGO) doc --workspace --no-deps

clean:
	$(CARGO) clean
	rm -rf runs
