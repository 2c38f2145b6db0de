"""The names of the jobs of synthesis."""

MAKE = "synthesis-make"
PUBLISH = "synthesis-publish"
