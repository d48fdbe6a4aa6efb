//! Why something could not be done with the kernel, and what may help.

use std::io;

/// An error with what was tried and what may help.
pub(crate) fn said(tried: &str, error: &io::Error) -> io::Error {
    let remedy = match error.raw_os_error() {
        Some(libc::EPERM | libc::EACCES) => {
            "; start as root, or with CAP_BPF, CAP_NET_ADMIN and CAP_NET_RAW"
        }
        Some(libc::ENOBUFS | libc::ENOMEM) => {
            "; let it lock 16 MB of memory for each queue (LimitMEMLOCK=infinity), or give it \
             CAP_IPC_LOCK"
        }
        Some(libc::EINVAL | libc::ENOSYS | libc::EAFNOSUPPORT | libc::EOPNOTSUPP) => {
            "; it takes Linux 5.9 with CONFIG_BPF_SYSCALL and CONFIG_XDP_SOCKETS"
        }
        _ => "",
    };
    io::Error::new(error.kind(), format!("cannot {tried}: {error}{remedy}"))
}
