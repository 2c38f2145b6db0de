"""From a clinician's upload to an answer: intake, cases, jobs, predictions, reports."""
