"""What can go wrong with the plate reader before it reads: all of it is the technician's.

ReaderError
├── WeightsMissingError     a model file, or `weights.json` beside it, is not there
├── WeightsDamagedError     a model file is not the one that `weights.json` names (cut short, changed)
├── WeightsVersionError     the models are of another version than this software
└── EngineMissingError      the library that was chosen to run them is not installed
"""

from __future__ import annotations


class ReaderError(Exception):
    """The plate reader cannot start."""


class WeightsMissingError(ReaderError, FileNotFoundError):
    """A model file, or `weights.json`, is not there."""


class WeightsDamagedError(ReaderError, OSError):
    """A model file is not the one that `weights.json` names."""


class WeightsVersionError(ReaderError, ValueError):
    """The models were made for another version of this software."""


class EngineMissingError(ReaderError, ImportError):
    """The engine chosen under `[reader] engine` is not installed."""
