"""The real records of a source: how they are kept in the phi storage, and how uploads become them."""
