"""An app for fault tests: jobs that leave a mark for every unit of work, so that losses and doubles can be counted."""
