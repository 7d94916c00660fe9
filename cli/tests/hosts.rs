//! Runs on two hosts, which the tests make: network namespaces with host names of their own, between which there is a
//! cable and nothing else. Where the system lets nobody make them, a line says so.

mod common;

use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use common::{Home, text};
use fluxions_testing::finish;

/// Diffusion and reactions whose halos cross the cable in every step.
const PROBLEM: &str = "[grid]
x = { bounds = [0, 1], cells = 48, periodic = true }
y = { bounds = [0, 1], cells = 40 }
[equations]
u = \"0.01*laplace(u) + u*(1 - u)*average(u)\"
[initial]
u = \"0.5 + 0.4*sin(2*pi*x)*cos(pi*y)\"
[time]
end = 1
dt = 0.005
[output]
every = 0.25
picture = false
";

/// How long a job takes to end, at most, on a busy machine.
const PATIENCE: Duration = Duration::from_secs(90);

static COUNT: AtomicUsize = AtomicUsize::new(0);

/// Two hosts with the addresses 10.77.0.1 and 10.77.0.2.
struct Hosts {
    /// What the names of the namespaces begin with: that of a host ends with its number.
    name: String,
    agent: PathBuf,
}

impl Hosts {
    /// Makes them, with what mpirun calls in the place of ssh in a folder; nothing where that is not possible.
    fn new(home: &Home) -> Option<Self> {
        if std::env::var("FLUXIONS_MPIRUN").is_ok_and(|launcher| launcher.contains("mpich")) {
            eprintln!("skipped: the options of mpirun are those of Open MPI");
            return None;
        }
        let name = format!("fx{}h{}", std::process::id(), COUNT.fetch_add(1, Ordering::Relaxed));
        let agent = format!(
            "#!/bin/sh\nwhile case $1 in -*) true ;; *) false ;; esac; do shift; done\n\
             host={name}${{1##*.}}\nshift\nexec ip netns exec $host unshare --uts sh -c \"hostname $host; $*\"\n"
        );
        let agent = home.write("agent", &agent);
        std::fs::set_permissions(&agent, PermissionsExt::from_mode(0o755)).unwrap();
        let hosts = Hosts { name, agent };
        let lines = format!(
            "set -e; n={}; ip netns add ${{n}}1; ip netns add ${{n}}2
             ip -n ${{n}}1 link add eth0 type veth peer name eth0 netns ${{n}}2
             for i in 1 2; do
                 ip -n $n$i addr add 10.77.0.$i/24 dev eth0
                 ip -n $n$i link set lo up
                 ip -n $n$i link set eth0 up
             done
             ip netns exec ${{n}}1 unshare --uts true",
            hosts.name
        );
        let made = Command::new("sh").args(["-c", &lines]).output().unwrap();
        if !made.status.success() {
            let why = text(&made.stderr);
            eprintln!("skipped: this system lets nobody make network namespaces: {why}");
            return None;
        }
        Some(hosts)
    }

    /// `fluxions` with these arguments on so many ranks, one on each host in turn.
    fn mpirun(&self, home: &Home, ranks: usize, args: &[&str]) -> Command {
        let mut command = Command::new("ip");
        let first = format!("{}1", self.name);
        let host = format!("hostname {first}; exec \"$@\"");
        command.args(["netns", "exec", &first, "unshare", "--uts", "sh", "-c", &host, "sh"]);
        // Each host would bind its first rank to the same core.
        command.args(["mpirun", "--host", "10.77.0.1:4,10.77.0.2:4", "--map-by", "node"]);
        command.args(["--bind-to", "none", "--mca", "plm_rsh_agent"]).arg(&self.agent);
        for option in ["pml ob1", "btl self,vader,tcp", "btl_tcp_if_include eth0"] {
            command.arg("--mca").args(option.split(' '));
        }
        command.args(["--mca", "oob_tcp_if_include", "eth0", "-x", "FLUXIONS_TIMEOUT"]);
        command.args(["-n", &ranks.to_string(), env!("CARGO_BIN_EXE_fluxions")]).args(args);
        command.env("OMPI_ALLOW_RUN_AS_ROOT", "1").env("OMPI_ALLOW_RUN_AS_ROOT_CONFIRM", "1");
        command.current_dir(home.path());
        command
    }

    /// The processes of `fluxions` on a host.
    fn processes(&self, host: usize) -> Vec<String> {
        let host = format!("{}{host}", self.name);
        let all = Command::new("ip").args(["netns", "pids", &host]).output().unwrap();
        let is_ours = |id: &&str| {
            let program = std::fs::read_link(format!("/proc/{id}/exe"));
            program.is_ok_and(|program| {
                program == std::path::Path::new(env!("CARGO_BIN_EXE_fluxions"))
            })
        };
        text(&all.stdout).lines().filter(is_ours).map(String::from).collect()
    }

    /// Starts a run that would take hours and writes this often, and waits until it has written a snapshot.
    fn started(&self, home: &Home, every: &str, timeout: &str) -> Child {
        home.write("p.toml", PROBLEM);
        let every = format!("output.every={every}");
        let args = ["run", "p.toml", "--set", "time.end=1e5", "--set", &every, "--quiet"];
        let args = [&args[..], &["--out", "long"]].concat();
        let errors = std::fs::File::create(home.path().join("told")).unwrap();
        let mut command = self.mpirun(home, 2, &args);
        command.env("FLUXIONS_TIMEOUT", timeout).stdin(Stdio::null()).stdout(Stdio::null());
        let job = command.stderr(errors).spawn().unwrap();
        wait_for("a snapshot", || home.path().join("long/series.h5").exists());
        job
    }
}

impl Drop for Hosts {
    fn drop(&mut self) {
        for host in 1..=2 {
            let lines = format!(
                "ip netns pids {0}{host} | xargs -r kill -9; ip netns del {0}{host}",
                self.name
            );
            let _ = Command::new("sh").args(["-c", &lines]).output();
        }
    }
}

fn wait_for(what: &str, mut holds: impl FnMut() -> bool) {
    let began = Instant::now();
    while !holds() {
        assert!(began.elapsed() < PATIENCE, "no {what} after {PATIENCE:?}");
        std::thread::sleep(Duration::from_millis(20));
    }
}

#[test]
fn the_bits_are_those_of_one_rank_on_2_hosts_with_2_and_3_ranks() {
    let home = Home::new();
    let Some(hosts) = Hosts::new(&home) else { return };
    home.write("p.toml", PROBLEM);
    home.succeed(&["run", "p.toml", "--quiet", "--out", "one", "--ranks", "1"]);
    for ranks in [2, 3] {
        let args = ["run", "p.toml", "--quiet", "--overwrite", "--out", "hosts"];
        common::succeeded(finish(&mut hosts.mpirun(&home, ranks, &args)));
        home.succeed(&["diff", "one", "hosts"]);
        assert!(home.read("hosts/report.json").contains(&format!("\"ranks\": {ranks}")));
    }
}

#[test]
fn a_rank_that_is_killed_on_another_host_ends_the_job_on_2_ranks() {
    let home = Home::new();
    let Some(hosts) = Hosts::new(&home) else { return };
    let mut job = hosts.started(&home, "0.25", "10 min");
    let [other] = &hosts.processes(2)[..] else { panic!("one rank on the other host") };
    let killed = Command::new("kill").args(["-9", other]).status().unwrap();
    assert!(killed.success());
    wait_for("end", || job.try_wait().unwrap().is_some());
    assert!(!job.wait().unwrap().success());
    assert!(hosts.processes(1).is_empty());
    // What was written before can be read, and the run goes on where it was.
    assert!(home.succeed(&["info", "long"]).contains("snapshots"));
}

#[test]
fn a_cable_that_is_pulled_is_told_by_the_ranks_that_wait_on_2_ranks() {
    // Ranks wait for halos and sums almost all of the time.
    pull_a_cable("1000");
}

#[test]
fn a_cable_that_is_pulled_while_ranks_write_is_told_by_them_on_2_ranks() {
    // Ranks on several hosts write by HDF5, which waits by itself, almost all of the time.
    pull_a_cable("0.005");
}

/// Pulls the cable out of hosts on which a run writes this often.
fn pull_a_cable(every: &str) {
    let home = Home::new();
    let Some(hosts) = Hosts::new(&home) else { return };
    let mut job = hosts.started(&home, every, "3 s");
    let second = format!("{}2", hosts.name);
    let cut = ["-n", &second, "link", "set", "eth0", "down"];
    assert!(Command::new("ip").args(cut).status().unwrap().success());
    // Both ranks end by themselves. mpirun, which cannot hear of the other one, may wait longer.
    wait_for("end of both ranks", || (1..=2).all(|host| hosts.processes(host).is_empty()));
    let told = home.read("told");
    assert!(told.contains("rank 0 has waited 3 s for"), "{told}");
    assert!(told.contains("its network is cut"), "{told}");
    let _ = job.kill();
    let _ = job.wait();
}
