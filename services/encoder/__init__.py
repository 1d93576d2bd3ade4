"""The encoder: words and pictures to CLIP's unit vectors. It knows nothing of products."""
