//! Numbers as text.

use std::fmt;

/// The shortest text that is read as the same number; without `.0`.
#[derive(Clone, Copy, Debug)]
pub struct Plain(pub f64);

impl fmt::Display for Plain {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Rust's own is the shortest, without an exponent. No format knows -0.
        write!(formatter, "{}", self.0 + 0.0)
    }
}

/// At most so many digits behind the point, no zeros at the end.
#[derive(Clone, Copy, Debug)]
pub struct Fixed(pub f64, pub usize);

impl fmt::Display for Fixed {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text = format!("{:.*}", self.1, self.0);
        let text = if text.contains('.') { text.trim_end_matches('0').trim_end_matches('.') } else { &text };
        formatter.write_str(if text == "-0" { "0" } else { text })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts() {
        for (value, text) in
            [(64.0, "64"), (0.1, "0.1"), (-0.0, "0"), (1.0 / 3.0, "0.3333333333333333"), (-2.5, "-2.5")]
        {
            assert_eq!(Plain(value).to_string(), text);
            assert_eq!(text.parse::<f64>().unwrap(), value + 0.0);
        }
        for (value, digits, text) in
            [(0.123_456_78, 6, "0.123457"), (1.0, 6, "1"), (0.5, 3, "0.5"), (-0.000_01, 2, "0"), (120.0, 0, "120")]
        {
            assert_eq!(Fixed(value, digits).to_string(), text);
        }
    }
}
