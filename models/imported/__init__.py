"""Models that others trained, brought into a bundle: a HuBERT as tokenizer, a unit HiFi-GAN as
vocoder, and the k-means between them.

Reads their published layouts and runs nothing that comes in their files. Knows no training.
"""
