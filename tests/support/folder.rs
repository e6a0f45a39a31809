//! Temporary folders, in memory where the system has one: a slow disk costs Cyrus up to twenty times.

use std::collections::BTreeSet;
use std::path::Path;
use std::sync::Mutex;

use tempfile::TempDir;

/// A new folder that goes with the value.
pub fn temporary(purpose: &str) -> TempDir {
    let memory = Path::new("/dev/shm");
    let prefix = format!("postdesk-{purpose}-");
    let mut builder = tempfile::Builder::new();
    builder.prefix(&prefix);
    if memory.is_dir()
        && let Ok(folder) = builder.tempdir_in(memory)
    {
        return folder;
    }
    builder.tempdir().expect("a temporary folder")
}

/// A port of loopback that is free at this moment, another one each time.
pub fn free_port() -> u16 {
    static GIVEN: Mutex<BTreeSet<u16>> = Mutex::new(BTreeSet::new());
    loop {
        let socket = std::net::TcpListener::bind(("127.0.0.1", 0)).expect("a free port");
        let port = socket.local_addr().expect("its address").port();
        if GIVEN.lock().expect("the ports").insert(port) {
            return port;
        }
    }
}
