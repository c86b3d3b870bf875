"""maillab: a real mail world in Linux network namespaces. Start at world.py (class Lab)."""
from .errors import LabError
from .world import Lab

__all__ = ["Lab", "LabError"]
