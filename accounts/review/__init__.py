"""Looking at the trail: pages of events, timelines, activity, unusual accesses, and the daily review."""
