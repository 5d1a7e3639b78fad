"""Tables in, charts out, for the screen and as SVG and PNG files.

Names are imported when they are used (PEP 562), because the processes that render charts import
this package and need none; `__init__.pyi` has their types.
"""

from importlib import import_module

# Name to its module.
_MODULES = {
    "DARK": "theme",
    "LIGHT": "theme",
    "PICTURE": "files",
    "Arms": "arms",
    "Figure": "figure",
    "ImageGrid": "grids",
    "Theme": "theme",
    "Tile": "grids",
    "accuracy_of_arms": "accuracy",
    "arm_data": "arms",
    "check_suffix": "files",
    "class_counts": "exploration",
    "confusion": "classes",
    "contrasts": "contrasts",
    "convergence": "convergence",
    "data_remark": "arms",
    "dataset_remark": "arms",
    "finished_arms": "arms",
    "mean_images": "exploration",
    "most_confused": "classes",
    "per_class": "classes",
    "pixel_correlation": "exploration",
    "pixel_histogram": "exploration",
    "sample_grid": "exploration",
    "save": "files",
    "seeds_text": "arms",
    "with_remark": "arms",
    "write_figure": "files",
    "write_picture": "files",
}
__all__ = list(_MODULES)  # pyright: ignore[reportUnsupportedDunderAll] - __init__.pyi has them


def __getattr__(name: str) -> object:
    if name not in _MODULES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    found = getattr(import_module(f"{__name__}.{_MODULES[name]}"), name)
    globals()[name] = found
    return found


def __dir__() -> list[str]:
    return sorted({*globals(), *_MODULES})
