"""CycleGAN: Zhu et al., 2017, "Unpaired image-to-image translation using cycle-consistent adversarial networks".

Its pictures are translations of real ones: each is a patient's picture, modified, and is marked so.
"""
