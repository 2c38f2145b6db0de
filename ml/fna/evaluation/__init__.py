"""Honest measurement of the FNA classifier: nothing reported was chosen or fitted on the test folds."""
