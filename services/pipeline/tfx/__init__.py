"""The same pipeline under TFX, in an environment of its own: `make tfx`.

Only what both environments have is imported from the rest of the pipeline; Feast is not among it.
"""
