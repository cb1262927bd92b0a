//! Annotation formats: one file each, a row each in the registry.
