"""Long work: the database row is the truth, the broker only a doorbell."""
