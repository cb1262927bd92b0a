//! What an image's name says, however a tool garbles it.

use std::borrow::Cow;

use crate::dataset::ProblemKind;
use crate::formats::text;
use crate::formats::tree::file_name;
use crate::image::is_image_name;

/// What to say, and how the message ends, where the basename that an annotation gives is another than the found file's.
pub fn differs(name: &str, path: &str) -> Option<(ProblemKind, &'static str)> {
    let (undecoded, name) = (unwrapped(text::trim(name)), plain(text::trim(name)));
    let (last, found) = (file_name(&name), file_name(path));
    if last.is_empty() || last == found || file_name(&undecoded) == found {
        return None;
    }
    Some(match text::nfc(last) == text::nfc(found) {
        true => (ProblemKind::UnicodeForm, ", the same in another form of Unicode"),
        false => (ProblemKind::StaleName, ""),
    })
}

/// Whether a name, taken relative to `folder`, leads above the root. (An absolute path does not lead anywhere here: its
/// end is compared.)
pub fn leads_above(folder: &str, name: &str) -> bool {
    let name = plain(text::trim(name));
    !name.starts_with('/') && !has_drive(&name) && resolved(folder, &name).is_none()
}

/// A path without the extension that makes it an image's.
pub(super) fn stem_of(path: &str) -> &str {
    if is_image_name(path) { path.rsplit_once('.').map_or(path, |(stem, _)| stem) } else { path }
}

pub(super) fn extension_of(path: &str) -> &str {
    path.rsplit_once('.').map_or("", |(_, extension)| extension)
}

/// `name` relative to `folder`, with `.` and `..` resolved by the letter; `None` if that leads above the root.
pub fn resolved(folder: &str, name: &str) -> Option<String> {
    if name.starts_with('/') || has_drive(name) {
        return None;
    }
    if folder.is_empty() && !name.contains('/') && !matches!(name, "." | "..") {
        return Some(name.to_owned());
    }
    let mut parts: Vec<&str> = folder.split('/').filter(|part| !part.is_empty()).collect();
    for part in name.split('/') {
        match part {
            "" | "." => {}
            ".." => {
                parts.pop()?;
            }
            part => parts.push(part),
        }
    }
    Some(parts.join("/"))
}

/// Whether a path starts with a Windows drive.
pub(super) fn has_drive(path: &str) -> bool {
    matches!(path.as_bytes(), [letter, b':', ..] if letter.is_ascii_alphabetic())
}

/// A name with `/`, without scheme, bucket or host, query string, `%20`; unchanged where it has none of these.
pub fn plain(name: &str) -> Cow<'_, str> {
    let undecoded = unwrapped(name);
    match percent_decoded(&undecoded) {
        Some(decoded) => decoded.into(),
        None => undecoded,
    }
}

/// The same with its `%20`.
pub(super) fn unwrapped(name: &str) -> Cow<'_, str> {
    let mut plain = Cow::Borrowed(name);
    if plain.contains('\\') {
        plain = plain.replace('\\', "/").into();
    }
    let scheme = plain.split_once("://").map(|(scheme, rest)| (scheme.to_ascii_lowercase(), rest));
    let rest = match &scheme {
        Some((scheme, rest)) if scheme == "file" => Some((*rest).to_owned()),
        Some((scheme, rest))
            if matches!(&**scheme, "gs" | "s3" | "s3a" | "http" | "https" | "az" | "abfs" | "wasbs") =>
        {
            let path = rest.split_once('/').map_or("", |(_, path)| path);
            Some(path.split(['?', '#']).next().unwrap_or(path).to_owned())
        }
        _ => plain.get(..5).filter(|start| start.eq_ignore_ascii_case("file:")).map(|_| plain[5..].to_owned()),
    };
    if let Some(rest) = rest {
        plain = rest.into();
    }
    // A query string without scheme only where an image's name stands before it.
    if let Some((before, _)) = plain.split_once('?').filter(|(before, _)| is_image_name(before)) {
        plain = before.to_owned().into();
    }
    plain
}

fn percent_decoded(text: &str) -> Option<String> {
    if !text.contains('%') {
        return None;
    }
    let digit = |byte: u8| char::from(byte).to_digit(16).map(|digit| digit as u8);
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let [first, tail @ ..] = rest {
        if let (b'%', [high, low, tail @ ..]) = (first, tail)
            && let (Some(high), Some(low)) = (digit(*high), digit(*low))
        {
            bytes.push(high * 16 + low);
            rest = tail;
        } else {
            bytes.push(*first);
            rest = tail;
        }
    }
    String::from_utf8(bytes).ok()
}
