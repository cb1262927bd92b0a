//! `classification`, `tfds_classification`: an image of no class or of several has no record.

use crate::convert::options::SchemaKind;
use crate::convert::plan::PlannedClass;

/// Why an image of these classes has no record in `schema`.
pub fn refusal(labels: &[&PlannedClass], schema: SchemaKind) -> Option<String> {
    let Some((first, rest)) = labels.split_first() else {
        return Some(format!("no class, and schema {schema} has one for each image"));
    };
    let second = rest.iter().find(|class| class.id != first.id)?;
    let number = labels.len();
    Some(format!(
        "{number} classes ({:?}, {:?} ...), and schema {schema} has one for each image; schema tfod has lists of them",
        first.name, second.name
    ))
}
