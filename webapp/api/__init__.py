"""What all API endpoints share: errors, pages, URLs."""
