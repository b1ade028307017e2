//! How is a client included that a build script made?
//!
//! ```
//! use example_build_script::user_service::UserServiceClient;
//!
//! let users = UserServiceClient::new("http://localhost:8001/api/v1")?;
//! # Ok::<(), sinew_runtime::Error>(())
//! ```

/// The client of the user service, made from `specs/user-service`.
pub mod user_service {
    include!(concat!(env!("OUT_DIR"), "/user-service/src/client/mod.rs"));
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::path::Path;

    fn files(folder: &Path) -> Vec<(String, String)> {
        let mut files = Vec::new();
        let mut open = vec![folder.to_path_buf()];
        while let Some(at) = open.pop() {
            for entry in fs::read_dir(at).unwrap() {
                let path = entry.unwrap().path();
                if path.is_dir() {
                    open.push(path);
                } else if !path.ends_with(".sinew-stamp") {
                    // A stamp tells where a run read from; it is no part of the crate.
                    let name = path.strip_prefix(folder).unwrap().to_string_lossy().into_owned();
                    files.push((name, fs::read_to_string(path).unwrap()));
                }
            }
        }
        files.sort();
        files
    }

    /// Three ways in, one engine: the build script's bytes are those of `cargo xtask codegen`, which `--check` holds to the
    /// `sinew` command's.
    #[test]
    fn the_same_bytes_as_the_committed_crate() {
        let ours = files(Path::new(concat!(env!("OUT_DIR"), "/user-service")));
        let theirs = files(&Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../generated/user-service"));
        assert!(ours.len() > 5);
        let names = |files: &[(String, String)]| files.iter().map(|(name, _)| name.clone()).collect::<Vec<_>>();
        assert_eq!(names(&ours), names(&theirs));
        for ((name, ours), (_, theirs)) in ours.iter().zip(&theirs) {
            assert_eq!(ours, theirs, "{name}");
        }
    }
}
