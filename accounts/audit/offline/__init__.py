"""What an outsider needs to check the trail; imports nothing of the site."""
