"""The drawn sample shop and the training of the bundled CLIP. Nothing that serves imports it."""
