"""All architectures on one data set and one device: how fast, how good, how useful, at what cost."""
