"""Mutants of the source itself: the code of one module, changed and put in place of the running one, and put back.

A module is compiled anew with the change, and every function of it that is alive (held in a table, a closure, a cache) gets
the changed code. Nothing is imported twice, so classes stay what they are.
"""

from __future__ import annotations

import ast
import contextlib
import functools
import gc
import importlib
import inspect
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from types import CodeType, FunctionType, ModuleType

OPPOSITES: dict[type[ast.cmpop], type[ast.cmpop]] = {
    ast.Eq: ast.NotEq,
    ast.NotEq: ast.Eq,
    ast.Is: ast.IsNot,
    ast.IsNot: ast.Is,
    ast.In: ast.NotIn,
    ast.NotIn: ast.In,
    ast.Lt: ast.LtE,
    ast.LtE: ast.Lt,
    ast.Gt: ast.GtE,
    ast.GtE: ast.Gt,
}
"""What each comparison is turned into: its contrary, or, where there is an order, the neighbour of its bound."""


@dataclass(frozen=True, slots=True)
class SourceMutant:
    """One module with one change.

    Attributes:
        name: what was changed, in words.
        module: dotted name.
        source: the module's changed text, or its tree.
    """

    name: str
    module: str
    source: str | ast.Module


def reworded(name: str, module: str, before: str, after: str) -> SourceMutant:
    """A mutant by a change of words, which must occur once and keep their lines.

    Raises:
        ValueError: they do not; the source has changed, and the mutant must change with it.
    """
    source = inspect.getsource(importlib.import_module(module))
    if source.count(before) != 1 or before.count("\n") != after.count("\n"):
        raise ValueError(f"{module}: {before!r} occurs {source.count(before)} times, wanted is once, on as many lines")
    return SourceMutant(name, module, source.replace(before, after))


def generated(module: str) -> Iterator[SourceMutant]:
    """Each condition negated and each part of one dropped, each comparison turned or shifted, in every function of a module."""
    source = inspect.getsource(importlib.import_module(module))
    for place in range(len(list(_changes(ast.parse(source))))):
        tree = ast.parse(source)
        name, change = list(_changes(tree))[place]
        change()
        yield SourceMutant(f"{module} {name}", module, ast.fix_missing_locations(tree))


def names(module: str) -> list[str]:
    """The names of the mutants that a module has."""
    return [f"{module} {name}" for name, _ in _changes(ast.parse(inspect.getsource(importlib.import_module(module))))]


def _changes(tree: ast.Module) -> list[tuple[str, Callable[[], None]]]:
    """What can be changed in the functions of a module: in words, and how it is done to this very tree."""
    found: list[tuple[str, Callable[[], None]]] = []
    for outer in ast.walk(tree):
        if not isinstance(outer, ast.FunctionDef | ast.AsyncFunctionDef):
            continue
        for node in ast.walk(outer):
            where = f"{outer.name}:{getattr(node, 'lineno', 0)}"
            if isinstance(node, ast.Compare) and len(node.ops) == 1 and type(node.ops[0]) in OPPOSITES:
                found.append((f"{where} turns `{ast.unparse(node)}`", functools.partial(_turn, node)))
            elif isinstance(node, ast.BoolOp):
                found += [
                    (f"{where} drops `{ast.unparse(part)}`", functools.partial(_drop, node, number))
                    for number, part in enumerate(node.values)
                ]
            elif isinstance(node, ast.If | ast.IfExp):
                found.append((f"{where} negates `if {ast.unparse(node.test)}`", functools.partial(_negate, node)))
    return found


def _turn(node: ast.Compare) -> None:
    node.ops[0] = OPPOSITES[type(node.ops[0])]()


def _drop(node: ast.BoolOp, number: int) -> None:
    del node.values[number]
    if len(node.values) == 1:  # `and` or `or` of one is that one
        node.values.append(node.values[0])


def _negate(node: ast.If | ast.IfExp) -> None:
    node.test = ast.copy_location(ast.UnaryOp(ast.Not(), node.test), node.test)


@contextlib.contextmanager
def in_place(mutant: SourceMutant) -> Iterator[None]:
    """Runs the changed module while the block lasts.

    Raises:
        LookupError: no function of it is alive, so nothing would be changed.
    """
    module = importlib.import_module(mutant.module)
    wanted = dict(_named(compile(mutant.source, mutant.module, "exec", dont_inherit=True)))
    kept: list[tuple[FunctionType, CodeType]] = []
    try:
        for function in living(module):
            old = function.__code__
            new = wanted.get((function.__qualname__, old.co_firstlineno))
            if new is not None and len(new.co_freevars) == len(old.co_freevars):
                kept.append((function, old))
                function.__code__ = new
        if not kept:
            raise LookupError(f"{mutant.module}: none of its functions was found alive (are the objects frozen?)")
        _forget(module)
        yield
    finally:
        for function, old in kept:
            function.__code__ = old
        _forget(module)


def living(module: ModuleType) -> list[FunctionType]:
    """Every function that a module has made, wherever it is held."""
    return [one for one in gc.get_objects() if type(one) is FunctionType and one.__module__ == module.__name__]


def _named(code: CodeType) -> Iterator[tuple[tuple[str, int], CodeType]]:
    for part in code.co_consts:
        if isinstance(part, CodeType):
            yield (part.co_qualname, part.co_firstlineno), part
            yield from _named(part)


def _forget(module: ModuleType) -> None:
    """Empties what its functions remember of their answers."""
    for value in vars(module).values():
        if isinstance(value, functools._lru_cache_wrapper):  # noqa: SLF001 -- the type has no other name
            value.cache_clear()
