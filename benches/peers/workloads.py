"""What is measured: the workloads, and for each the programs that do it."""

import functools
import os
import subprocess
from dataclasses import dataclass, field

from machine import BUILT, HERE


def built(name):
    return os.path.join(BUILT, "bin", name)


PYTHON = os.path.join(BUILT, "venv", "bin", "python")
PYTHON_OF_DEVITO = os.path.join(BUILT, "venv_devito", "bin", "python")
PYTHON_OF_PYMPDATA = os.path.join(BUILT, "venv_pympdata", "bin", "python")

ENVIRONMENT = {
    **os.environ,
    "OMPI_ALLOW_RUN_AS_ROOT": "1",
    "OMPI_ALLOW_RUN_AS_ROOT_CONFIRM": "1",
    "OMP_NUM_THREADS": "1",
    "OMP_PROC_BIND": "false",
    "NUMBA_NUM_THREADS": "1",
    "OPENBLAS_NUM_THREADS": "1",
    "MKL_NUM_THREADS": "1",
}


def mpirun(ranks, *options):
    return ["mpirun", "--oversubscribe", "--bind-to", "none", *options, "-np", str(ranks)]


def threads(count):
    return {"OMP_NUM_THREADS": str(count), "NUMBA_NUM_THREADS": str(count)}


def python(name):
    return os.path.join(HERE, "python", name)


@dataclass(frozen=True)
class Program:
    """A tool's worker for one equation."""

    tool: str
    cores: tuple  # numbers of cores that the one process is measured on
    command: list
    environment: dict = field(default_factory=dict)
    sweep: int = 1  # steps that it does at a time
    is_periodic: bool = True


@functools.cache
def backends():
    """Of Fluxions, as built."""
    names = subprocess.run([built("fluxions_worker"), "--backends"], stdout=subprocess.PIPE)
    return names.stdout.decode().split()


def fluxions(equation, n):
    programs = []
    for backend, ranks in (("llvm", 1), ("llvm", 2), ("closures", 1)):
        command = [built("fluxions_worker"), equation, str(n)]
        command += ["--backend", backend, "--ranks", str(ranks)]
        if backend in backends():
            programs.append(Program(f"Fluxions {backend}", (ranks,), command))
    return programs


def c(equation, n):
    """By hand: as written, with -ffast-math, with non-temporal stores, with huge pages too."""
    strict, fast = built("reference_strict"), built("reference_fast")
    variants = [("C strict", [strict, equation, str(n)], {}, 1)]
    variants.append(("C fast", [fast, equation, str(n)], {}, 1))
    if equation in ("heat2", "heat3"):
        non_temporal = [fast, equation, str(n), "1"]
        variants.append(("C NT", non_temporal, {}, 1))
        variants.append(("C NT huge", non_temporal, {"HUGE": "1"}, 1))
    if equation == "heat2":
        for levels, width in ((16, 512), (32, 256)):
            command = [fast, "heat2_blocked", str(n), str(levels), str(width)]
            variants.append((f"C blocked {levels}×{width}", command, {"HUGE": "1"}, levels))
    return [
        Program(tool, (cores,), command, {**threads(cores), **environment}, sweep)
        for cores in (1, 2)
        for tool, command, environment, sweep in variants
    ]


def devito(equation, n):
    command = [PYTHON_OF_DEVITO, python("devito_worker.py"), equation, str(n)]
    return [
        Program(
            "Devito",
            (cores,),
            command,
            {**threads(cores), "DEVITO_LANGUAGE": "openmp"},
            is_periodic=False,
        )
        for cores in (1, 2)
    ]


def pypde(equation, n):
    command = [PYTHON, python("pypde_worker.py"), equation, str(n)]
    # One process: compiling takes long, and the number of threads may change.
    return [Program("py-pde", (1, 2), command, threads(2))]


def petsc(equation, n):
    if equation not in ("heat2", "heat3") or not os.path.exists(built("petsc_heat")):
        return []
    return [
        Program("PETSc", (ranks,), [*mpirun(ranks), built("petsc_heat"), equation, str(n)])
        for ranks in (1, 2)
    ]


def pympdata(equation, n):
    command = [PYTHON_OF_PYMPDATA, python("pympdata_worker.py"), equation, str(n)]
    return [Program("PyMPDATA", (cores,), command, threads(cores)) for cores in (1, 2)]


def tools(equation, n):
    """Of equations."""
    return [
        *fluxions(equation, n),
        *c(equation, n),
        *devito(equation, n),
        *petsc(equation, n),
        *pypde(equation, n),
    ]


def transport_tools(equation, n):
    by_hand = c(equation, n) if equation == "upwind" else []
    return [*fluxions(equation, n), *by_hand, *pympdata(equation, n)]


def reference(equation, n):
    """What all others have to agree with."""
    return pympdata(equation, n)[0] if equation.startswith("mpdata") else c(equation, n)[0]


def on_ranks(equation, n):
    """The same work on one rank and on two, as threads and as MPI processes."""
    programs = []
    for ranks in (1, 2):
        for backend in backends():
            command = [built("fluxions_worker"), equation, str(n), "--backend", backend]
            as_threads = [*command, "--ranks", str(ranks)]
            programs.append(Program(f"Fluxions {backend}, threads", (ranks,), as_threads))
            as_processes = [*mpirun(ranks), *command]
            programs.append(Program(f"Fluxions {backend}, MPI", (ranks,), as_processes))
        programs.append(Program("C, MPI", (ranks,), [*mpirun(ranks), built("mpi_heat"), str(n)]))
        devito_command = [PYTHON_OF_DEVITO, python("devito_worker.py"), equation, str(n)]
        programs.append(
            Program(
                "Devito, MPI",
                (ranks,),
                [*mpirun(ranks), *devito_command],
                {"DEVITO_MPI": "1", "DEVITO_LANGUAGE": "C"},
                is_periodic=False,
            )
        )
    programs += petsc(equation, n)
    # Its messages block: beyond Open MPI's usual limit for sending at once, two ranks that send
    # to each other wait for ever.
    eager = [
        "--mca",
        "btl_vader_eager_limit",
        "131072",
        "--mca",
        "btl_vader_max_send_size",
        "262144",
    ]
    pypde_command = [PYTHON, python("pypde_worker.py"), equation, str(n)]
    programs.append(Program("py-pde, explicit_mpi", (1,), pypde_command))
    programs.append(Program("py-pde, explicit_mpi", (2,), [*mpirun(2, *eager), *pypde_command]))
    return programs


@dataclass(frozen=True)
class Workload:
    name: str
    title: str
    equation: str
    n: int
    programs_at: object = tools
    tolerance: float = 1e-11  # of checksums, relative

    @property
    def dimensions(self):
        return 3 if self.equation in ("heat3", "mpdata3") else 2

    @property
    def cells(self):
        return self.n**self.dimensions

    @property
    def size(self):
        return f"{self.n}{'²³'[self.dimensions - 2]}"

    @property
    def key(self):
        return f"{self.name} {self.equation} {self.n}"

    def programs(self):
        return self.programs_at(self.equation, self.n)


WORKLOADS = [
    Workload("W1", "heat, 2-D", "heat2", 512),
    Workload("W1", "heat, 2-D", "heat2", 2048),
    Workload("W1", "heat, 2-D", "heat2", 4096),
    Workload("W2", "heat, 3-D", "heat3", 128),
    Workload("W2", "heat, 3-D", "heat3", 256),
    Workload("W3a", "Gray–Scott, Euler", "gs_euler", 1024),
    Workload("W3b", "Gray–Scott, RK4", "gs_rk4", 1024),
    Workload("W4", "Cahn–Hilliard", "ch", 1024),
    Workload("W5", "`laplace(u) + sin(u)*exp(-u^2)`", "trans", 1024),
    Workload("W6", "Kuramoto–Sivashinsky", "ks", 1024),
    Workload("W7a", "donor-cell transport", "upwind", 1024, transport_tools),
    Workload("W7b", "MPDATA, 2 passes", "mpdata2", 1024, transport_tools),
    Workload(
        "W7c",
        "MPDATA, 3 passes, infinite gauge, limited",
        "mpdata2_limited",
        1024,
        transport_tools,
    ),
    # PyMPDATA leaves out one of the two cross terms of each axis: 1e-3 in the checksum, of which a
    # second pass changes 2e-2.
    Workload("W7d", "MPDATA, 2 passes", "mpdata3", 128, transport_tools, tolerance=2e-3),
    Workload("W8", "heat, 2-D, on ranks", "heat2", 2048, on_ranks),
]


def chosen(only):
    """Those whose names begin with one of these; all if there are none."""
    return [w for w in WORKLOADS if not only or any(w.name.startswith(name) for name in only)]
