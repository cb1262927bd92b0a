//! What stands between the cells of CSV: commas as RFC 4180 has it, unless the first rows plainly have something else.
//!
//! Spreadsheets write semicolons where the comma is the decimal point's. So where commas do not part the header and the first
//! rows into the same number of cells, two or more, semicolons, tabs or bars count that do; of several the one that makes
//! most cells.

use csv::{ByteRecord, ReaderBuilder};

/// Rows that are looked at.
const ROWS: usize = 100;

/// Reads what is asked for: a character of ASCII, or `\t`.
pub fn delimiter(text: &str) -> Result<u8, String> {
    match text.as_bytes() {
        br"\t" => Ok(b'\t'),
        [byte] if byte.is_ascii() && !matches!(byte, b'"' | b'\n' | b'\r' | b'\0') => Ok(*byte),
        _ => Err(format!(r"delimiter {text:?}: expected one character of ASCII, or \t")),
    }
}

/// The delimiter of a file that begins so.
pub(super) fn guess(head: &[u8]) -> u8 {
    if cells(head, b',').is_some() {
        return b',';
    }
    let others = [b'|', b'\t', b';'].map(|delimiter| (cells(head, delimiter), delimiter));
    others.into_iter().filter(|(cells, _)| cells.is_some()).max_by_key(|(cells, _)| *cells).map_or(b',', |best| best.1)
}

/// How many cells every row has, if all have the same number, and more than one.
fn cells(head: &[u8], delimiter: u8) -> Option<usize> {
    let mut reader = ReaderBuilder::new().delimiter(delimiter).flexible(true).has_headers(false).from_reader(head);
    let (mut record, mut rows) = (ByteRecord::new(), Vec::new());
    while rows.len() <= ROWS && reader.read_byte_record(&mut record).ok()? {
        rows.push(record.len());
    }
    // The last may be cut off.
    if rows.len() > 2 {
        rows.pop();
    }
    let header = *rows.first()?;
    (header > 1 && rows.iter().all(|row| *row == header)).then_some(header)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_first_rows_show() {
        for (head, found) in [
            ("id;wert\n1;1,5\n2;2,5\n", b';'),
            ("id;wert\r\n1;\"a;b\"\r\n2;\"\r\n\"\r\n", b';'),
            ("\u{feff}a\tb\tc\n1\t2\t3\n", b'\t'),
            ("a|b\n1|2", b'|'),
            ("id;wert", b';'),
            ("a;b|c;d\n1;2|3;4\n", b';'),
            // The last row is cut off.
            ("a;b\n1;2\n3;4\n5", b';'),
            // Commas do as well.
            ("a,b\n1,2\n", b','),
            ("a;b,c;d\n1;2,3;4\n", b','),
            ("name,note\nx,a;b\n", b','),
            // Or nothing does.
            ("text\na;b\n", b','),
            ("a;b\n1\n2;3;4\n5;6\n", b','),
            ("a,b\n1,2;3\n4\n5,6\n", b','),
            ("\"a;b\"\n1\n", b','),
            ("", b','),
        ] {
            assert_eq!(char::from(guess(head.as_bytes())), char::from(found), "{head:?}");
        }
    }

    #[test]
    fn what_may_be_asked_for() {
        assert_eq!((delimiter(";"), delimiter("\t"), delimiter(r"\t")), (Ok(b';'), Ok(b'\t'), Ok(b'\t')));
        for text in ["", ";;", "\"", "\n", "é"] {
            delimiter(text).expect_err(text);
        }
        assert_eq!(delimiter(";;"), Err(r#"delimiter ";;": expected one character of ASCII, or \t"#.into()));
    }
}
