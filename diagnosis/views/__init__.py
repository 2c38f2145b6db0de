"""Pages for clinicians, and the pages about installed models."""
