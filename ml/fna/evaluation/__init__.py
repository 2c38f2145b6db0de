"""Honest measurement of the FNA classifier: nothing that is reported was chosen or fitted on the test folds."""
