"""Pictures under differential privacy: DP-SGD with a patient as the unit, on a generator that starts from phantoms."""
