"""These tests run in the environment with PyTorch, by tests/networks/test_torch_environment.py."""

import importlib.util

collect_ignore_glob = [] if importlib.util.find_spec("torch") else ["*"]
