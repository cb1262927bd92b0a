"""Lets a library be imported whose parts that we need do without PyTorch, where PyTorch is not installed.

PyTorch's wheels for Linux on PyPI are those for CUDA, gigabytes with what they need. In its place stand names: a class for
each that is looked up while the library is imported. After `end` whatever is looked up is an error, so that no answer
can depend on what is not there; only `Tensor` stays, of which nothing is an instance.
"""

import importlib.abc
import importlib.machinery
import sys
import types
from typing import Any

PACKAGES = ("torch", "torchvision")
_closed = False


def _name(owner: str, name: str) -> Any:
    if name.startswith("__"):
        raise AttributeError(name)
    if _closed and name != "Tensor":
        raise RuntimeError(f"{owner}.{name} is asked for, and there is no PyTorch")
    return type(name, (Warning,), {}) if name.endswith("Warning") else _Name(name, (), {})


class _Name(type):
    def __getattr__(cls, name: str) -> Any:
        return _name(cls.__name__, name)

    def __call__(cls, *arguments: Any, **_: Any) -> Any:
        """A decorator gives the function back."""
        if _closed:
            raise RuntimeError(f"{cls.__name__} is called, and there is no PyTorch")
        return arguments[0] if len(arguments) == 1 and callable(arguments[0]) else cls


class _Module(types.ModuleType):
    __version__ = "2.14.0"

    def __getattr__(self, name: str) -> Any:
        value = _name(self.__name__, name)
        setattr(self, name, value)
        return value


class _Finder(importlib.abc.MetaPathFinder, importlib.abc.Loader):
    def find_spec(self, fullname: str, *_: Any) -> importlib.machinery.ModuleSpec | None:
        if fullname.partition(".")[0] not in PACKAGES:
            return None
        return importlib.machinery.ModuleSpec(fullname, self, is_package=True)

    def create_module(self, spec: importlib.machinery.ModuleSpec) -> types.ModuleType:
        return _Module(spec.name)

    def exec_module(self, module: types.ModuleType) -> None:
        pass


def begin() -> None:
    """From here on PyTorch can be imported."""
    sys.meta_path.insert(0, _Finder())


def end() -> None:
    """From here on it cannot be used."""
    global _closed
    _closed = True
    for name, module in list(sys.modules.items()):
        if name.partition(".")[0] in PACKAGES:
            for key in [key for key in vars(module) if not key.startswith("__") and key != "Tensor"]:
                delattr(module, key)
