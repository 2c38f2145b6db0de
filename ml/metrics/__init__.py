"""Metrics: classification and calibration."""
