"""Balancing cheap weak labels and expensive gold labels to elicit what a pretrained model knows."""
