//! Archives that lie inside of a source: nothing looks into them, so they are named where something is missing.

use super::tree::{Tree, file_name};
use crate::files::Archive;

/// How many are named.
const NAMED: usize = 3;
/// How their names end.
const ENDS: [&str; 4] = [".zip", ".tar", ".tar.gz", ".tgz"];

/// That there are archives in the source, and what can be done about it.
pub fn hint(tree: &Tree) -> Option<String> {
    let is_named = |path: &str| {
        let name = file_name(path).to_ascii_lowercase();
        ENDS.iter().any(|end| name.ends_with(end))
    };
    let named = tree.files().filter(|(_, file)| file.root == 0 && is_named(&file.path));
    // One inside of an archive has no path of its own, and cannot be named.
    let mut found = named.filter(|(id, _)| Archive::is_one(&tree.full_path(*id)).unwrap_or(false));
    let names: Vec<&str> = found.by_ref().take(NAMED).map(|(_, file)| &*file.path).collect();
    let more = if found.next().is_some() { " ..." } else { "" };
    let hint = "archives in a folder are not looked into, but can be the source or --images themselves";
    (!names.is_empty()).then(|| format!("{hint}: {}{more}", names.join(", ")))
}
