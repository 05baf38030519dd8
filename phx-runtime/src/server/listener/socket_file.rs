//! The file of a Unix socket.

use std::{fs, path::PathBuf};

/// A socket's file, removed at the end.
pub(super) struct SocketFile(pub(super) PathBuf);

impl Drop for SocketFile {
    fn drop(&mut self) {
        let _ = fs::remove_file(&self.0);
    }
}
