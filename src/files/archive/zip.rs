//! The directory of a zip.

use std::io;

use zip::{CompressionMethod, ZipArchive};

use super::{Listing, Member, Part};

/// Its files.
pub fn list(file: Part) -> io::Result<Listing> {
    let len = file.end;
    let mut archive = ZipArchive::new(file)?;
    let mut listing = Listing::default();
    for number in 0..archive.len() {
        let entry = archive.by_index_raw(number)?;
        // Archivers that write UTF-8 do not all say so; without, the names are those of a PC of 1981.
        let own = entry.name_raw();
        let decoded = std::str::from_utf8(own).map(Into::into).or_else(|_| entry.name());
        let name = decoded.as_deref().map_or(own, str::as_bytes);
        if entry.is_dir() || name.ends_with(b"\\") {
            continue;
        }
        let start = entry.data_start().unwrap_or(len);
        let member = Member {
            start,
            len: entry.compressed_size(),
            size: entry.size(),
            deflated: entry.compression() == CompressionMethod::DEFLATE,
            crc32: Some(entry.crc32()),
        };
        let fits = start.checked_add(member.len).is_some_and(|end| end <= len);
        match entry.compression() {
            _ if entry.encrypted() => listing.refuse(name, "it is encrypted; unpack the archive first"),
            _ if entry.is_symlink() => {
                listing.refuse(name, "a link in a zip is not followed; unpack the archive first")
            }
            _ if !fits => listing.refuse(name, "it lies beyond the end of the archive"),
            CompressionMethod::Stored if member.len != member.size => {
                listing.refuse(name, format!("stored with {} bytes, but {} are said", member.len, member.size));
            }
            CompressionMethod::Stored | CompressionMethod::DEFLATE => listing.add(name, member),
            other => {
                listing.refuse(name, format!("compressed by {other}, which is not read; unpack the archive first"))
            }
        }
    }
    Ok(listing)
}
