//! `classification`: an image of no class or of several has no record.

use crate::convert::plan::PlannedClass;

/// Why an image of these classes has no record.
pub fn refusal(labels: &[&PlannedClass]) -> Option<String> {
    let Some((first, rest)) = labels.split_first() else {
        return Some("no class, and schema classification has one for each image".to_owned());
    };
    let second = rest.iter().find(|class| class.id != first.id)?;
    let number = labels.len();
    Some(format!(
        "{number} classes ({:?}, {:?} ...), and schema classification has one for each image; schema tfod has lists of them",
        first.name, second.name
    ))
}
