//! Unix sockets that are made here.

use std::{
    fs, io,
    os::unix::{fs::FileTypeExt, net::UnixStream},
    path::{Path, PathBuf},
};

use socket2::{Domain, SockAddr, Socket, Type};
use tokio::net::UnixListener;

use super::{bound::Bound, socket_file::SocketFile};

pub(super) fn bind(path: PathBuf, backlog: u32) -> io::Result<Bound> {
    let socket = Socket::new(Domain::UNIX, Type::STREAM, None)?;
    let address = SockAddr::unix(&path)?;
    match socket.bind(&address) {
        Err(error) if error.kind() == io::ErrorKind::AddrInUse && is_left_over(&path) => {
            fs::remove_file(&path)?;
            socket.bind(&address)?;
        }
        bound => bound?,
    }
    let file = SocketFile(path);
    socket.listen(i32::try_from(backlog).unwrap_or(i32::MAX))?;
    socket.set_nonblocking(true)?;
    Bound::unix(UnixListener::from_std(socket.into())?, Some(file))
}

/// Whether a process that is gone has left its socket there.
fn is_left_over(path: &Path) -> bool {
    let is_refused = |error: io::Error| error.kind() == io::ErrorKind::ConnectionRefused;
    // A file that is no socket refuses too.
    UnixStream::connect(path).is_err_and(is_refused)
        && fs::symlink_metadata(path).is_ok_and(|file| file.file_type().is_socket())
}
