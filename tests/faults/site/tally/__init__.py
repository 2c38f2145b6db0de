"""Jobs that leave a mark for every unit of work, so that losses and doubles can be counted."""
