"""The release gate: a synthetic set's passport (quality, utility, privacy) and whether it may leave the house."""
