"""The demonstration: a drawn catalogue, and a small CLIP that has learned such drawings.

`taxonomy` says what there is, `drawing` shows it, `wording` names it; `make_sample` writes the
catalogue, `train` the model, `evaluate` says how good search is on what training never saw.
"""
