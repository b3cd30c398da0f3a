//! Giving up what a search and its kernel sessions never need: the network, and writing files.
//!
//! Two mechanisms, each as far as the kernel has it. Landlock refuses to open any file for writing, except `/dev/null`,
//! and to use TCP. Seccomp refuses to make sockets of any family, and the calls by which a process could have another
//! one, or the kernel, do either on its behalf. Both are inherited by what the process starts, and neither can be undone.

use crate::errors::ConfinementError;
use landlock::{
    ABI, Access, AccessFs, AccessNet, PathBeneath, PathFd, Ruleset, RulesetAttr, RulesetCreatedAttr, RulesetError,
    RulesetStatus,
};
use pyo3::prelude::*;
use seccompiler::{BpfProgram, SeccompAction, SeccompFilter, TargetArch};
use std::collections::BTreeMap;

/// Threads that already run are under seccomp too; under Landlock only the calling thread and what it starts later.
#[pyfunction]
#[pyo3(signature = (*, network=false, write_files=false))]
pub(crate) fn confine(network: bool, write_files: bool) -> PyResult<BTreeMap<&'static str, String>> {
    let mut applied = BTreeMap::new();
    let landlock = match (network, write_files) {
        (true, true) => "not asked for".to_owned(),
        _ => landlock(network, write_files).map_err(|error| ConfinementError::new_err(error.to_string()))?.to_owned(),
    };
    applied.insert("landlock", landlock);
    let seccomp = if network { "not asked for".to_owned() } else { seccomp() };
    applied.insert("seccomp", seccomp);
    Ok(applied)
}

fn landlock(network: bool, write_files: bool) -> Result<&'static str, RulesetError> {
    let abi = ABI::V5;
    let mut ruleset = Ruleset::default();
    if !write_files {
        ruleset = ruleset.handle_access(AccessFs::from_write(abi))?;
    }
    if !network {
        ruleset = ruleset.handle_access(AccessNet::from_all(abi))?;
    }
    let mut created = ruleset.create()?;
    if !write_files && let Ok(null) = PathFd::new("/dev/null") {
        // A child process whose output nobody wants gets it opened for writing.
        let allowed = (AccessFs::WriteFile | AccessFs::Truncate | AccessFs::IoctlDev) & AccessFs::from_write(abi);
        created = created.add_rule(PathBeneath::new(null, allowed))?;
    }
    Ok(match created.restrict_self()?.ruleset {
        RulesetStatus::FullyEnforced => "fully enforced",
        RulesetStatus::PartiallyEnforced => "partially enforced",
        RulesetStatus::NotEnforced => "not available",
    })
}

/// `socketpair` stays: it reaches nobody else, and event loops need it.
const REFUSED: [libc::c_long; 11] = [
    libc::SYS_socket,
    libc::SYS_connect,
    libc::SYS_bind,
    libc::SYS_listen,
    libc::SYS_accept,
    libc::SYS_accept4,
    libc::SYS_io_uring_setup,
    libc::SYS_io_uring_enter,
    libc::SYS_ptrace,
    libc::SYS_process_vm_writev,
    libc::SYS_pidfd_getfd,
];

/// The x32 numbers of the same calls, which pass for the same architecture.
const X32: libc::c_long = 0x4000_0000;

fn seccomp() -> String {
    let filter = TargetArch::try_from(std::env::consts::ARCH).and_then(|arch| {
        let rules = REFUSED.into_iter().flat_map(|call| [(call, vec![]), (call | X32, vec![])]).collect();
        let refuse = SeccompAction::Errno(libc::EPERM.unsigned_abs());
        BpfProgram::try_from(SeccompFilter::new(rules, SeccompAction::Allow, refuse, arch)?)
    });
    let applied = filter.map_err(|error| error.to_string()).and_then(|program| {
        // Threads that cannot be brought under the filter together make the kernel refuse it for all.
        seccompiler::apply_filter_all_threads(&program).map_err(|error| error.to_string())
    });
    match applied {
        Ok(()) => "applied".to_owned(),
        Err(error) => format!("not available: {error}"),
    }
}
