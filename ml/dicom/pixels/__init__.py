"""From encoded pixel data to frames: what runs in the decoding process, and nowhere else."""
