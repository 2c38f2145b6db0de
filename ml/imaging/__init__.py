"""The image autoencoder-GAN classifier: pixels to a calibrated answer with its evidence, or a refusal."""
