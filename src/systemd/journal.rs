//! Whether the log already goes to the journal.

use std::os::linux::fs::MetadataExt;

/// Whether standard error is the journal's own stream, so that a log may be written to the journal
/// with its fields instead. `$JOURNAL_STREAM` names device and inode of that stream
/// (systemd.exec(5)); a redirection makes standard error something else.
#[must_use]
pub fn stderr_is_journal() -> bool {
    let named = std::env::var("JOURNAL_STREAM").unwrap_or_default();
    let stream = std::fs::metadata("/proc/self/fd/2");
    stream.is_ok_and(|stream| is_stream(&named, stream.st_dev(), stream.st_ino()))
}

fn is_stream(named: &str, device: u64, inode: u64) -> bool {
    let Some((named_device, named_inode)) = named.split_once(':') else { return false };
    named_device.parse() == Ok(device) && named_inode.parse() == Ok(inode)
}

#[cfg(test)]
mod tests {
    use super::is_stream;

    #[test]
    fn the_stream_is_the_journals_only_where_device_and_inode_agree() {
        assert!(is_stream("8:1234", 8, 1234));
        for other in ["", "8", "8:1235", "9:1234", "8:1234:1", "a:b"] {
            assert!(!is_stream(other, 8, 1234), "{other}");
        }
    }
}
