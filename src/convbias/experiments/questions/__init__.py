"""One folder per question.

`question.py` defines `EXPERIMENT`: conditions, contrasts fixed in advance, control. `outcome.py`
defines `outcome(results)`: statements, controls and figures.
"""
