//! `files::AtomicFile` against a real file system. (`files::Root` is tested beside its source, where both of its ways can
//! be chosen.)
#![cfg(unix)]

use std::fs;
use std::io::{self, Write};
use std::os::unix::fs::{FileExt, MetadataExt, PermissionsExt, symlink};
use std::path::Path;
use std::process::Command;

use rustix::io::Errno;

use recordmill::files::{AtomicFile, AtomicOptions, is_leftover};

const KEEP: AtomicOptions = AtomicOptions { sync: true, overwrite: false };
const QUICK: AtomicOptions = AtomicOptions { sync: false, overwrite: true };

fn names(folder: &Path) -> Vec<String> {
    let names = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap());
    let mut names: Vec<_> = names.collect();
    names.sort();
    names
}

/// As [`io::Error::raw_os_error`] gives it.
fn code(errno: Errno) -> Option<i32> {
    Some(errno.raw_os_error())
}

fn make(target: &Path, options: AtomicOptions, text: &str) -> io::Result<()> {
    let mut file = AtomicFile::create(target, options)?;
    file.write_all(text.as_bytes())?;
    file.commit()
}

#[test]
fn a_name_appears_with_the_whole_file() {
    let folder = tempfile::tempdir().unwrap();
    let target = folder.path().join("train.tfrecord");
    for (options, text) in [(AtomicOptions::default(), "first"), (QUICK, "second"), (AtomicOptions::default(), "third")]
    {
        let before = fs::read_to_string(&target).ok();
        let mut file = AtomicFile::create(&target, options).unwrap();
        file.write_all(text.as_bytes()).unwrap();
        assert_eq!(fs::read_to_string(&target).ok(), before, "untouched until the commit");
        assert_eq!(names(folder.path()).iter().filter(|name| is_leftover(name)).count(), 1);
        assert_eq!(file.target(), target);
        file.commit().unwrap();
        assert_eq!(fs::read_to_string(&target).unwrap(), text);
        assert_eq!(names(folder.path()), ["train.tfrecord"]);
    }
}

#[test]
fn a_dropped_file_leaves_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let target = folder.path().join("a");
    fs::write(&target, "old").unwrap();
    let mut file = AtomicFile::create(&target, AtomicOptions::default()).unwrap();
    file.write_all(b"new").unwrap();
    file.reserve(100_000).unwrap();
    drop(file);
    assert_eq!(names(folder.path()), ["a"]);
    assert_eq!(fs::read_to_string(&target).unwrap(), "old");
}

#[test]
fn what_is_there_is_kept_unless_asked() {
    let folder = tempfile::tempdir().unwrap();
    let target = folder.path().join("a");
    let late = AtomicFile::create(&target, KEEP).unwrap();
    make(&target, KEEP, "first").unwrap();
    let exists = |result: io::Result<()>| {
        let error = result.unwrap_err();
        assert_eq!((error.kind(), error.raw_os_error()), (io::ErrorKind::AlreadyExists, code(Errno::EXIST)));
    };
    exists(make(&target, KEEP, "second"));
    exists(late.commit());
    // Something that leads nowhere is there, too.
    symlink("nothing", folder.path().join("link")).unwrap();
    exists(make(&folder.path().join("link"), KEEP, "third"));
    assert_eq!(names(folder.path()), ["a", "link"]);
    assert_eq!(fs::read_to_string(&target).unwrap(), "first");
}

#[test]
fn two_at_once_give_one_whole_file() {
    let folder = tempfile::tempdir().unwrap();
    let target = folder.path().join("a");
    for round in 0..50 {
        let options = AtomicOptions { sync: false, overwrite: round % 2 == 0 };
        let _ = fs::remove_file(&target);
        let texts = ["x".repeat(100_000), "y".repeat(100_000), "z".repeat(100_000)];
        let made: Vec<_> = std::thread::scope(|scope| {
            let threads: Vec<_> =
                texts.iter().map(|text| scope.spawn(|| make(&target, options, text).is_ok())).collect();
            threads.into_iter().map(|thread| thread.join().unwrap()).collect()
        });
        let wins = made.iter().filter(|made| **made).count();
        assert_eq!(wins, if options.overwrite { 3 } else { 1 });
        assert!(texts.contains(&fs::read_to_string(&target).unwrap()));
        assert_eq!(names(folder.path()), ["a"]);
    }
}

#[test]
fn links_are_replaced_and_not_followed() {
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name);
    fs::write(at("precious"), "precious").unwrap();
    symlink("precious", at("link")).unwrap();
    symlink("nothing", at("dangling")).unwrap();
    for name in ["link", "dangling"] {
        make(&at(name), AtomicOptions::default(), "new").unwrap();
        assert!(at(name).symlink_metadata().unwrap().is_file());
    }
    assert_eq!(fs::read_to_string(at("precious")).unwrap(), "precious");
    assert_eq!(names(folder.path()), ["dangling", "link", "precious"]);
}

#[test]
fn what_is_no_file_is_not_replaced() {
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name);
    fs::create_dir(at("folder")).unwrap();
    symlink("folder", at("to-folder")).unwrap();
    symlink("/dev/null", at("to-device")).unwrap();
    assert!(Command::new("mkfifo").arg(at("pipe")).status().unwrap().success());
    let before = names(folder.path());
    let error = |path: &Path| AtomicFile::create(path, AtomicOptions::default()).unwrap_err();
    for name in ["folder", "to-folder", "folder/"] {
        assert_eq!(error(&at(name)).raw_os_error(), code(Errno::ISDIR), "{name}");
    }
    for path in [at("pipe"), at("to-device"), "/dev/null".into(), "/dev/stdout".into()] {
        if path.metadata().is_ok_and(|there| there.is_file()) {
            continue; // standard output led into a file
        }
        assert_eq!(error(&path).to_string(), "the path names a pipe or a device, no file");
    }
    for path in ["", "/", "..", "/tmp/.."] {
        let kind = error(Path::new(path)).kind();
        assert!(matches!(kind, io::ErrorKind::InvalidInput | io::ErrorKind::IsADirectory), "{path:?}: {kind}");
    }
    assert_eq!(names(folder.path()), before);
}

/// Errors have the system's number, so that Python can make the right exception of them.
#[test]
fn errors_have_numbers() {
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name);
    fs::write(at("file"), "").unwrap();
    let found = |path: &Path| AtomicFile::create(path, AtomicOptions::default()).unwrap_err().raw_os_error();
    assert_eq!(found(&at("missing/a")), code(Errno::NOENT));
    assert_eq!(found(&at("file/a")), code(Errno::NOTDIR));
    // The folder vanishes.
    fs::create_dir(at("going")).unwrap();
    let file = AtomicFile::create(&at("going/a"), AtomicOptions::default()).unwrap();
    fs::remove_dir_all(at("going")).unwrap();
    assert_eq!(file.commit().unwrap_err().raw_os_error(), code(Errno::NOENT));
    assert_eq!(names(folder.path()), ["file"]);
}

/// Other systems have other ideas of names.
#[cfg(target_os = "linux")]
#[test]
fn long_and_odd_names() {
    let folder = tempfile::tempdir().unwrap();
    let odd =
        ["n".repeat(255), "\u{e4}".repeat(127), " ".into(), "a\nb".into(), ".hidden".into(), "-rf".into(), "*".into()];
    for name in &odd {
        make(&folder.path().join(name), QUICK, name).unwrap();
        assert_eq!(names(folder.path()), [name.as_str()]);
        fs::remove_file(folder.path().join(name)).unwrap();
    }
    let error = make(&folder.path().join("n".repeat(256)), QUICK, "").unwrap_err();
    assert_eq!(error.raw_os_error(), code(Errno::NAMETOOLONG));
    assert!(names(folder.path()).is_empty());
    let raw = std::ffi::OsStr::new("x").to_owned();
    let not_utf8 = <std::ffi::OsString as std::os::unix::ffi::OsStringExt>::from_vec(vec![0xff, b'a']);
    for name in [raw, not_utf8] {
        make(&folder.path().join(&name), QUICK, "").unwrap();
        assert!(folder.path().join(&name).is_file());
    }
}

/// As a file that anybody makes, not with the 0600 of temporary ones.
#[test]
fn the_mode_is_that_of_any_file() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("plain"), "").unwrap();
    make(&folder.path().join("ours"), QUICK, "").unwrap();
    let mode = |name: &str| folder.path().join(name).metadata().unwrap().permissions().mode() & 0o777;
    // `fs::write` asks for 0666.
    assert_eq!(mode("ours"), mode("plain") & 0o644);
}

#[test]
fn room_is_reserved_and_given_back() {
    let folder = tempfile::tempdir().unwrap();
    let target = folder.path().join("a");
    let mut file = AtomicFile::create(&target, QUICK).unwrap();
    file.reserve(0).unwrap();
    // No disk has that, so it is refused, or the file system cannot reserve at all.
    if let Err(error) = file.reserve(1 << 60) {
        assert!([code(Errno::NOSPC), code(Errno::FBIG)].contains(&error.raw_os_error()), "{error}");
    }
    file.reserve(8 << 20).unwrap();
    assert_eq!(file.file().metadata().unwrap().len(), 0);
    let parts: Vec<_> = (0..4_u8).map(|part| (u64::from(part) * 1000, vec![part; 1000])).collect();
    std::thread::scope(|scope| {
        parts.iter().for_each(|(at, bytes)| drop(scope.spawn(|| file.file().write_all_at(bytes, *at).unwrap())));
    });
    file.commit().unwrap();
    assert_eq!(fs::read(&target).unwrap(), parts.into_iter().flat_map(|(_, bytes)| bytes).collect::<Vec<_>>());
    assert!(target.metadata().unwrap().blocks() < 1000, "blocks of 512 bytes");
}

/// A limit on the length of files stands for a full disk. It holds for a whole process, so this test runs itself in one of
/// its own.
#[test]
fn a_full_disk() {
    let folder = tempfile::tempdir().unwrap();
    if let Some(folder) = std::env::var_os("RECORDMILL_TEST_FULL_DISK") {
        let target = Path::new(&folder).join("a");
        let mut file = AtomicFile::create(&target, AtomicOptions::default()).unwrap();
        assert_eq!(file.write_all(&vec![1; 1 << 20]).unwrap_err().raw_os_error(), code(Errno::FBIG));
        // Who forgets that does not get a short file.
        assert_eq!(file.commit().unwrap_err().raw_os_error(), code(Errno::FBIG));
        return;
    }
    let limited = "trap '' XFSZ; ulimit -f 64; exec \"$0\" --exact files::a_full_disk --nocapture";
    let status = Command::new("sh")
        .args(["-c", limited])
        .arg(std::env::current_exe().unwrap())
        .env("RECORDMILL_TEST_FULL_DISK", folder.path())
        .output()
        .unwrap();
    let text = String::from_utf8_lossy(&status.stdout);
    assert!(status.status.success() && text.contains("1 passed"), "{text}{}", String::from_utf8_lossy(&status.stderr));
    assert!(names(folder.path()).is_empty());
}

#[test]
fn leftovers_are_known_by_their_names() {
    let folder = tempfile::tempdir().unwrap();
    let long = "n".repeat(255);
    let files = ["a", "train-00000-of-00010.tfrecord", ".hidden", "a b.json", &long];
    let made: Vec<_> = files.map(|name| AtomicFile::create(&folder.path().join(name), QUICK).unwrap()).into();
    let left = names(folder.path());
    assert_eq!(left.len(), files.len());
    assert!(left.iter().all(|name| is_leftover(name)), "{left:?}");
    drop(made);
    for name in ["a", "a.partial", ".partial", ".a.partial", "x.a.b.partial", ".a.b.partial.gz"] {
        assert!(!is_leftover(name), "{name}");
    }
}
