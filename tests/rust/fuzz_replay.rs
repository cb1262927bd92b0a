//! Every seed of every fuzz target goes through its property, and no target is forgotten anywhere.

use std::fs;
use std::path::{Path, PathBuf};

use super::properties::TARGETS;

fn project(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(path)
}

fn names(folder: &Path) -> Vec<String> {
    let entries = fs::read_dir(folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
    let mut names: Vec<_> = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

#[test]
fn every_seed_keeps_its_property() {
    let mut seeds = 0;
    for (target, property) in TARGETS {
        let folder = project("tests/data/fuzz").join(target);
        for name in names(&folder) {
            let data = fs::read(folder.join(&name)).unwrap();
            // The seed's name is printed where it fails.
            println!("{target}/{name}");
            property(&data);
            // And cut anywhere, as a file that is still being copied.
            let step = data.len().div_ceil(64).max(1);
            (0..data.len()).step_by(step).for_each(|len| property(&data[..len]));
            seeds += 1;
        }
    }
    assert!(seeds >= 4 * TARGETS.len(), "{seeds} seeds");
}

#[test]
fn every_target_has_its_program_and_its_seeds() {
    let targets: Vec<_> = TARGETS.iter().map(|(name, _)| name.to_string()).collect();
    assert!(targets.is_sorted());
    assert_eq!(names(&project("tests/data/fuzz")), targets);
    // Source archives hold the tests, not the fuzzer.
    if project("fuzz").exists() {
        let programs: Vec<_> = targets.iter().map(|name| format!("{name}.rs")).collect();
        assert_eq!(names(&project("fuzz/fuzz_targets")), programs);
        let manifest = fs::read_to_string(project("fuzz/Cargo.toml")).unwrap();
        let listed: Vec<_> = targets.iter().filter(|name| !manifest.contains(&format!("\"{name}\""))).collect();
        assert!(listed.is_empty(), "fuzz/Cargo.toml lacks {listed:?}");
    }
}
