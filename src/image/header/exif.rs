//! The orientation in a block of Exif: a small TIFF file of tags (CIPA DC-008, section 4.6), whatever container it is in.

/// A block longer than this is not looked at. A JPEG segment cannot be (65,535 bytes); PNG, WEBP and HEIF could carry
/// gigabytes.
const MAX_LEN: usize = 1 << 20;

/// Orientation 1 to 8 in a block of Exif. Damaged Exif says nothing: an image is not refused for it.
pub(super) fn orientation(block: &[u8]) -> Option<u8> {
    // Some writers put JPEG's prefix into the other containers too.
    let block = block.strip_prefix(b"Exif\0\0").unwrap_or(block);
    if block.len() > MAX_LEN {
        return None;
    }
    let mut reader = exif::Reader::new();
    // A broken maker note or GPS folder must not hide the orientation, which stands before them.
    reader.continue_on_error(true);
    let read = reader.read_raw(block.to_vec()).or_else(|error| error.distill_partial_result(|_| {})).ok()?;
    let value = read.get_field(exif::Tag::Orientation, exif::In::PRIMARY)?.value.get_uint(0)?;
    u8::try_from(value).ok().filter(|value| (1..=8).contains(value))
}
