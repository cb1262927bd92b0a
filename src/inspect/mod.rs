//! Looking into any TFRecord: schema of its Examples, verdicts.
