//! The headers of a tar.

use std::collections::HashMap;
use std::io;

use tar::{Archive, EntryType};

use super::{Listing, Member, Part, usable};

/// Links that lead to links, before it is a circle.
const LINKS: usize = 16;

/// Its files.
pub fn list(file: Part) -> io::Result<Listing> {
    let len = file.end;
    let mut archive = Archive::new(file);
    let mut listing = Listing::default();
    let mut links: Vec<(Vec<u8>, String)> = Vec::new();
    let mut found = 0u64;
    let after = |found: u64, error: io::Error| io::Error::new(error.kind(), format!("after {found} files: {error}"));
    for entry in archive.entries_with_seek()? {
        let entry = entry.map_err(|error| after(found, error))?;
        let name = entry.path_bytes().into_owned();
        match entry.header().entry_type() {
            EntryType::Regular | EntryType::Continuous => {
                let (start, size) = (entry.raw_file_position(), entry.size());
                if start.checked_add(size).is_none_or(|end| end > len) {
                    let shown = name.escape_ascii();
                    let cut = io::Error::new(io::ErrorKind::UnexpectedEof, format!("{shown} is cut off"));
                    return Err(after(found, cut));
                }
                // What older tools write for a folder.
                if !name.ends_with(b"/") {
                    listing.add(&name, Member { start, len: size, size, deflated: false, crc32: None });
                    found += 1;
                }
            }
            kind @ (EntryType::Link | EntryType::Symlink) => {
                let target = entry.link_name_bytes().unwrap_or_default().into_owned();
                let folder = name.iter().rposition(|byte| *byte == b'/').and_then(|end| name.get(..end));
                // A hard link says the name in the archive, a symbolic one the way from its folder.
                let folder = folder.filter(|_| kind == EntryType::Symlink).unwrap_or_default();
                match target_of(folder, &target) {
                    Some(target) => links.push((name, target)),
                    None => listing.refuse(&name, "the link leads out of the archive"),
                }
            }
            EntryType::GNUSparse => {
                listing.refuse(&name, "a sparse file in a tar is not read; unpack the archive first")
            }
            _ => {}
        }
    }
    follow(&mut listing, links);
    Ok(listing)
}

/// What `target` means from `folder`, without `..`.
fn target_of(folder: &[u8], target: &[u8]) -> Option<String> {
    let target = std::str::from_utf8(target).ok().filter(|target| !target.starts_with('/'))?;
    let folder = usable(folder).ok()?;
    let mut parts: Vec<&str> = folder.split('/').filter(|part| !part.is_empty()).collect();
    for part in target.split('/').filter(|part| !part.is_empty() && *part != ".") {
        match part {
            ".." => drop(parts.pop()?),
            part => parts.push(part),
        }
    }
    Some(parts.join("/"))
}

/// Gives each link the file that it leads to. Links to folders are left out.
fn follow(listing: &mut Listing, links: Vec<(Vec<u8>, String)>) {
    let targets: HashMap<String, String> =
        links.iter().filter_map(|(name, target)| Some((usable(name).ok()?, target.clone()))).collect();
    for (name, first) in links {
        let mut target = &first;
        for _ in 0..LINKS {
            match targets.get(target) {
                Some(next) if !listing.members.contains_key(target.as_str()) => target = next,
                _ => break,
            }
        }
        let member = listing.members.get(target.as_str()).copied();
        let folder: Box<str> = Box::from(format!("{target}/"));
        let inside = listing.members.range(Box::clone(&folder)..).next();
        match member {
            Some(member) => listing.add(&name, member),
            None if inside.is_some_and(|(name, _)| name.starts_with(&*folder)) => {}
            None => listing.refuse(&name, format!("the link leads to nothing: {target}")),
        }
    }
}
