"""The job that makes a set: train, sample, examine, judge."""
