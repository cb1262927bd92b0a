//! Conversion: plan, pipeline, shards, report.
