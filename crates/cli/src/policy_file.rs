//! Reads a policy file: a regular file of bounded size, whatever its path leads to.

use std::io::Read as _;
use std::path::Path;

/// Largest policy that is read; trained ones are below 2 MB.
const MAX_BYTES: u64 = 16 << 20;

/// Gives a policy's text.
///
/// # Errors
/// Why it cannot be read, after "failed to".
pub(crate) fn read(path: &Path) -> Result<String, String> {
    let fault = |error: std::io::Error| format!("read the policy: {error}");
    let data = fs_err::metadata(path).map_err(fault)?;
    let shown = path.display();
    if !data.is_file() {
        return Err(format!("read the policy: {shown} is no file"));
    }
    let mut text = String::new();
    // A file may grow while it is read.
    fs_err::File::open(path)
        .and_then(|file| file.take(MAX_BYTES + 1).read_to_string(&mut text))
        .map_err(fault)?;
    if text.len() as u64 > MAX_BYTES {
        return Err(format!(
            "read the policy: {shown} has more than {} MB; hint: `trilemma route train` writes policies of at most two",
            MAX_BYTES >> 20
        ));
    }
    Ok(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_file_or_too_large_is_not_read() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("policy.json");
        let large = fs_err::File::create(&path).unwrap();
        fs_err::write(&path, "{}").unwrap();
        assert_eq!(read(&path).unwrap(), "{}");
        large.set_len(MAX_BYTES + 1).unwrap();
        assert!(read(&path).unwrap_err().contains("more than 16 MB"));
        assert!(read(folder.path()).unwrap_err().contains("is no file"));
        #[cfg(unix)]
        {
            let link = folder.path().join("endless.json");
            fs_err::os::unix::fs::symlink("/dev/zero", &link).unwrap();
            assert!(read(&link).unwrap_err().contains("is no file"));
        }
    }
}
