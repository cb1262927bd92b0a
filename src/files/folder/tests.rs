//! The same table of names for every way that a system has.

use std::fs;
use std::io::Read;
use std::sync::atomic::{AtomicBool, Ordering};

use super::*;

/// What opening a name gives.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Got {
    /// A file of this content.
    File(&'static str),
    Outside,
    Missing,
    /// A component on the way is no folder.
    NotFolder,
    TooLong,
    TooManyLinks,
    /// A folder, a pipe, a socket, a device.
    NotRegular,
}
use Got::{File as Opens, Missing, NotFolder, NotRegular, Outside, TooLong, TooManyLinks};

const INSIDE: Got = Opens("inside");

fn got(root: &Folder, name: &str) -> Got {
    let mut file = match root.open(name) {
        Ok(file) => file,
        Err(error) if error.get_ref().is_some_and(|inner| inner.is::<OutsideRoot>()) => {
            assert_eq!((error.kind(), error.raw_os_error()), (io::ErrorKind::PermissionDenied, None));
            return Outside;
        }
        Err(error) => {
            return match error.kind() {
                io::ErrorKind::NotFound => Missing,
                io::ErrorKind::NotADirectory => NotFolder,
                io::ErrorKind::InvalidFilename => TooLong,
                io::ErrorKind::InvalidInput => NotRegular,
                _ if error.raw_os_error() == Some(rustix::io::Errno::LOOP.raw_os_error()) => TooManyLinks,
                // A socket cannot be opened at all.
                _ if error.raw_os_error() == Some(rustix::io::Errno::NXIO.raw_os_error()) => NotRegular,
                _ => panic!("{name:?}: {error:?}"),
            };
        }
    };
    let mut text = String::new();
    file.read_to_string(&mut text).unwrap();
    match text.as_str() {
        "inside" => INSIDE,
        "secret" => Opens("secret"),
        other => panic!("{name:?}: {other:?}"),
    }
}

/// `root` with files and links of all sorts, and `outside` beside it.
fn scene() -> tempfile::TempDir {
    let scene = tempfile::tempdir().unwrap();
    let at = |name: &str| scene.path().join(name);
    for folder in ["root/sub/deep", "outside/deep", "root/...", "root/sub/.hidden"] {
        fs::create_dir_all(at(folder)).unwrap();
    }
    let long = format!("root/{}", "n".repeat(255));
    let inside = [
        "root/a.jpg",
        "root/sub/b.jpg",
        "root/sub/deep/c.jpg",
        "root/sub/.hidden/d.jpg",
        "root/.../e.jpg",
        "root/%2e%2e",
        "root/back\\slash.jpg",
        "root/..\\x.jpg",
        "root/sp ace \u{fc}.jpg",
        "root/ab:c.jpg",
        "root/..a.jpg",
        "root/~",
        "root/-rf",
        "root/$HOME",
        "root/line\nbreak.jpg",
        &long,
    ];
    inside.iter().for_each(|file| fs::write(at(file), "inside").unwrap());
    ["outside/secret.jpg", "outside/deep/secret.jpg"].iter().for_each(|file| fs::write(at(file), "secret").unwrap());
    let absolute = |name: &str| at(name).to_str().unwrap().to_owned();
    let links = [
        ("link", "a.jpg"),
        ("link-to-link", "link"),
        ("link-dots", "./sub/../sub/./b.jpg"),
        ("folder", "sub"),
        ("folder-slash", "sub/"),
        ("sub/up", "../a.jpg"),
        ("sub/deep/top", "../../a.jpg"),
        ("dangling", "nothing"),
        ("out", "../outside/secret.jpg"),
        ("out-and-in", "../root/a.jpg"),
        ("out-folder", "../outside"),
        ("parent", ".."),
        ("sub/up-up", "../../outside/secret.jpg"),
        ("sneaky", "sub/../../outside/secret.jpg"),
        ("chain", "sub/chain"),
        ("sub/chain", "deep/chain"),
        ("sub/deep/chain", "../../out-folder/secret.jpg"),
        ("through-file", "a.jpg/../a.jpg"),
        ("self", "self"),
        ("loop", "sub/loop"),
        ("sub/loop", "../loop"),
        ("proc", "/proc/self/root"),
        ("to-pipe", "pipe"),
        ("device", "/dev/zero"),
    ];
    let made = |(name, to): (&str, &str)| std::os::unix::fs::symlink(to, at("root").join(name)).unwrap();
    links.into_iter().for_each(made);
    made(("absolute", &absolute("outside/secret.jpg")));
    made(("absolute-inside", &absolute("root/a.jpg")));
    made(("0", "a.jpg"));
    (1..=40).for_each(|n| made((&n.to_string(), &(n - 1).to_string())));
    // No call for it that all systems share is safe.
    assert!(std::process::Command::new("mkfifo").arg(at("root/pipe")).status().unwrap().success());
    std::os::unix::net::UnixListener::bind(at("root/socket")).unwrap();
    scene
}

fn roots(scene: &tempfile::TempDir) -> Vec<Folder> {
    let path = scene.path().join("root");
    let kernel = Folder::new(&path, false).unwrap();
    let walk = Folder { way: Way::Walk, ..Folder::new(&path, false).unwrap() };
    let mut roots = vec![walk];
    if kernel.way == Way::Walk {
        println!("no openat2 here: only the walk is tested");
    } else {
        roots.push(kernel);
    }
    roots
}

#[test]
fn hostile_names() {
    let scene = scene();
    let absolute = scene.path().join("outside/secret.jpg").to_str().unwrap().to_owned();
    let long = "n".repeat(255);
    let (too_long, deep) = ("n".repeat(256), "sub/../".repeat(200));
    let climbing = format!("{deep}../outside/secret.jpg");
    let (dots, slashes) = (format!("{}a.jpg", "./".repeat(1000)), format!("sub{}b.jpg", "/".repeat(1000)));
    let path_max = "./".repeat(2048);
    let names: Vec<(&str, Got)> = vec![
        // What is inside opens, however it is said.
        ("a.jpg", INSIDE),
        ("./a.jpg", INSIDE),
        ("sub/b.jpg", INSIDE),
        ("sub//b.jpg", INSIDE),
        ("sub/./b.jpg", INSIDE),
        ("sub/../a.jpg", INSIDE),
        ("sub/deep/../../a.jpg", INSIDE),
        ("sub/.hidden/d.jpg", INSIDE),
        (".../e.jpg", INSIDE),
        ("%2e%2e", INSIDE),
        ("back\\slash.jpg", INSIDE),
        ("..\\x.jpg", INSIDE),
        ("sp ace \u{fc}.jpg", INSIDE),
        ("ab:c.jpg", INSIDE),
        ("..a.jpg", INSIDE),
        ("~", INSIDE),
        ("-rf", INSIDE),
        ("$HOME", INSIDE),
        ("line\nbreak.jpg", INSIDE),
        (&long, INSIDE),
        (&dots, INSIDE),
        (&slashes, INSIDE),
        // So do links that stay inside.
        ("link", INSIDE),
        ("link-to-link", INSIDE),
        ("link-dots", INSIDE),
        ("folder/b.jpg", INSIDE),
        ("folder-slash/b.jpg", INSIDE),
        ("folder/../a.jpg", INSIDE),
        ("sub/up", INSIDE),
        ("folder/up", INSIDE),
        ("sub/deep/top", INSIDE),
        ("39", INSIDE),
        // Up and out.
        ("..", Outside),
        ("../", Outside),
        ("../root/a.jpg", Outside),
        ("../outside/secret.jpg", Outside),
        ("./../outside/secret.jpg", Outside),
        ("sub/../../outside/secret.jpg", Outside),
        ("sub/deep/../../../outside/secret.jpg", Outside),
        ("../../../../../../../../../../etc/passwd", Outside),
        ("..//../etc/passwd", Outside),
        ("folder/../../outside/secret.jpg", Outside),
        (&climbing, Outside),
        // Absolute, in all tongues.
        ("/etc/passwd", Outside),
        ("//etc/passwd", Outside),
        ("/", Outside),
        ("/proc/self/environ", Outside),
        ("/dev/zero", Outside),
        (&absolute, Outside),
        ("C:\\Windows\\win.ini", Outside),
        ("C:/Windows/win.ini", Outside),
        ("c:a.jpg", Outside),
        ("\\\\server\\share\\a.jpg", Outside),
        ("\\\\?\\C:\\a.jpg", Outside),
        ("\\etc\\passwd", Outside),
        // NUL would end the name for the system.
        ("a.jpg\0", Outside),
        ("\0", Outside),
        ("a.jpg\0.png", Outside),
        ("../outside/secret.jpg\0a.jpg", Outside),
        // Links out.
        ("out", Outside),
        ("out-and-in", Outside),
        ("out-folder/secret.jpg", Outside),
        ("out-folder/deep/secret.jpg", Outside),
        ("parent/outside/secret.jpg", Outside),
        ("parent", Outside),
        ("sub/up-up", Outside),
        ("sneaky", Outside),
        ("chain", Outside),
        ("absolute", Outside),
        ("absolute-inside", Outside),
        ("proc/etc/passwd", Outside),
        ("device", Outside),
        // No such thing.
        ("", Missing),
        ("nothing", Missing),
        ("A.JPG", Missing),
        ("dangling", Missing),
        ("..\\..\\etc\\passwd", Missing),
        ("..%2foutside%2fsecret.jpg", Missing),
        ("%2e%2e/outside/secret.jpg", NotFolder),
        ("file:a.jpg", Missing),
        ("file:///etc/passwd", Missing),
        ("..\u{2215}outside", Missing),
        ("\u{ff0e}\u{ff0e}/outside/secret.jpg", Missing),
        (".. /outside/secret.jpg", Missing),
        ("sub/nothing/../b.jpg", Missing),
        ("nothing/../../outside/secret.jpg", Missing),
        ("a.jpg/", NotFolder),
        ("a.jpg/.", NotFolder),
        ("a.jpg/..", NotFolder),
        ("a.jpg/../a.jpg", NotFolder),
        ("a.jpg/x", NotFolder),
        ("link/", NotFolder),
        ("through-file", NotFolder),
        (&too_long, TooLong),
        (&path_max, TooLong),
        ("self", TooManyLinks),
        ("self/a.jpg", TooManyLinks),
        ("loop", TooManyLinks),
        ("40", TooManyLinks),
        // There, and inside, but not to be read.
        (".", NotRegular),
        ("sub", NotRegular),
        ("sub/", NotRegular),
        ("sub/..", NotRegular),
        ("sub/.", NotRegular),
        ("folder", NotRegular),
        ("pipe", NotRegular),
        ("to-pipe", NotRegular),
        ("socket", NotRegular),
    ];
    assert!(names.len() >= 100, "{}", names.len());
    let roots = roots(&scene);
    for root in &roots {
        for (name, expected) in &names {
            assert_eq!(got(root, name), *expected, "{name:?} by {:?}", root.way);
        }
    }
}

#[test]
fn without_the_bounds_names_lead_anywhere_but_a_pipe_is_not_waited_for() {
    let scene = scene();
    let root = Folder::new(&scene.path().join("root"), true).unwrap();
    let absolute = scene.path().join("outside/secret.jpg").to_str().unwrap().to_owned();
    for name in ["../outside/secret.jpg", "out", "absolute", "parent/outside/secret.jpg", &absolute] {
        assert_eq!(got(&root, name), Opens("secret"), "{name}");
    }
    for (name, expected) in [("a.jpg", INSIDE), ("pipe", NotRegular), ("device", NotRegular), ("sub", NotRegular)] {
        assert_eq!(got(&root, name), expected, "{name}");
    }
}

#[test]
fn a_root_is_a_folder() {
    let scene = scene();
    let error = |name: &str| Folder::new(&scene.path().join(name), false).unwrap_err().kind();
    assert_eq!(error("root/a.jpg"), io::ErrorKind::NotADirectory);
    assert_eq!(error("root/pipe"), io::ErrorKind::NotADirectory);
    assert_eq!(error("nothing"), io::ErrorKind::NotFound);
    // The user may name a folder by a link.
    let root = Folder::new(&scene.path().join("root/out-folder"), false).unwrap();
    assert_eq!(got(&root, "secret.jpg"), Opens("secret"));
    assert_eq!(root.path(), scene.path().join("root/out-folder"));
}

#[test]
fn what_is_said() {
    let scene = scene();
    for root in roots(&scene) {
        for (name, text) in [
            ("../x", "\"../x\" leads out of the folder"),
            ("out", "\"out\" leads out of the folder"),
            ("/etc/passwd", "\"/etc/passwd\" is absolute"),
            ("D:x", "\"D:x\" names a drive"),
            ("a\0b", "\"a\\0b\" holds a NUL byte"),
            ("sub", "a folder, no file"),
            ("pipe", "no regular file"),
        ] {
            assert_eq!(root.open(name).unwrap_err().to_string(), text);
        }
    }
}

/// One thread exchanges a folder and a link out all the time; the other must never read what is outside.
#[cfg(target_os = "linux")]
#[test]
fn a_folder_that_becomes_a_link() {
    use rustix::fs::{CWD, RenameFlags, renameat_with};
    let scene = scene();
    let (folder, link) = (scene.path().join("root/sub"), scene.path().join("root/out-folder"));
    fs::write(folder.join("secret.jpg"), "inside").unwrap();
    for root in roots(&scene) {
        let done = AtomicBool::new(false);
        std::thread::scope(|scope| {
            scope.spawn(|| {
                while !done.load(Ordering::Relaxed) {
                    renameat_with(CWD, &folder, CWD, &link, RenameFlags::EXCHANGE).unwrap();
                }
            });
            let (mut inside, mut refused, mut tries) = (0, 0, 0);
            while tries < 4000 || ((inside == 0 || refused == 0) && tries < 1_000_000) {
                for name in ["sub/secret.jpg", "sub/../sub/secret.jpg", "sub/../out-folder/../sub/secret.jpg"] {
                    match root.open(name).map(io::read_to_string) {
                        Ok(text) => {
                            assert_eq!(text.unwrap(), "inside", "{name} by {:?}", root.way);
                            inside += 1;
                        }
                        Err(_) => refused += 1,
                    }
                }
                tries += 1;
            }
            done.store(true, Ordering::Relaxed);
            assert!(inside > 0 && refused > 0, "{inside} inside, {refused} refused by {:?}", root.way);
        });
    }
}

#[test]
fn sizes_are_those_of_regular_files() {
    let scene = scene();
    for root in roots(&scene) {
        let size = |name| root.size_of(name).map_err(|error| error.kind());
        assert_eq!(size("sub/b.jpg"), Ok(Some(6)));
        assert_eq!(size("link-to-link"), Ok(Some(6)));
        assert_eq!(size("sub"), Ok(None));
        assert_eq!(size("none.jpg"), Err(io::ErrorKind::NotFound));
    }
}
