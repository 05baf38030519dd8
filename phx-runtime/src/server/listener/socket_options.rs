//! What the kernel is told of a connection.

use socket2::SockRef;

use crate::log;

/// Bytes that the kernel may hold for a reader that stopped. The default of some megabytes would
/// defeat every limit of ours.
#[cfg(target_os = "linux")]
pub(super) const NOT_SENT: u32 = 32 * 1024;

/// Whether connections have the options of their listener from the beginning, so that they cost no
/// system calls for each.
pub(in crate::server) const ARE_INHERITED: bool = cfg!(target_os = "linux");

/// Small frames leave at once, and a reader that stops does not fill the kernel's memory: the smaller
/// its share is, the sooner it is seen that bytes are taken. Neither is worth refusing a connection for.
pub(in crate::server) fn set(socket: SockRef<'_>) {
    if let Err(error) = socket.set_tcp_nodelay(true) {
        log::tcp_option_failed("TCP_NODELAY", error);
    }
    #[cfg(target_os = "linux")]
    if let Err(error) = socket.set_tcp_notsent_lowat(NOT_SENT) {
        log::tcp_option_failed("TCP_NOTSENT_LOWAT", error);
    }
}
