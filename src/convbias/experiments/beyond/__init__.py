"""The experiments on other data than images, one folder each.

A folder has the same modules as one of `convbias.experiments.questions`.
"""
