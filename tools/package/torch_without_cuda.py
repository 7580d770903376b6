"""torch as PyPI has it, for a box without a graphics card.

PyPI's builds of torch are for NVIDIA's cards, on x86-64 and since 2.9 on arm64 too: with what they name they take 5 GB, of which
a lane that has no card loads nothing it would ever call. What is done here, and why it is no other torch for the processor:

| what | why |
|---|---|
| torch's own half for cards (`libtorch_cuda`) and NVIDIA's libraries are left out, but the small runtime | 4.6 GB; the runtime stays because it answers "no card here" by itself |
| stand-ins in their places (`tools.package.stand_ins`) | torch names them, and the loader wants every name |
| three names are taken from its module as it is imported | work spread over computers is set up at import, in that half |
| it is told that it is not built for CUDA | else it registers operators of that half at import |
| headers, programs, what is compiled against it | of no use but to a compiler |

`libtorch_cpu`, which does all of a lane's arithmetic, is PyPI's, byte by byte, but for its symbols. A torch in which this does
not hold any more does not start, and the build says so (`tools.package.extra`).
"""

from __future__ import annotations

import re
import shutil
from pathlib import Path

from tools.package.lock import PackageBuildError
from tools.package.products import Architecture
from tools.package.stand_ins import asked, needed, write_stand_in

LEFT_OUT = re.compile(r"(nvidia-(?!cuda-runtime$)|cuda-|triton$)")
"""Distributions that are not fetched at all; matched from the beginning of a name."""
_OF_CARDS = ("libtorch_cuda*.so", "libtorch_nvshmem.so", "libcaffe2_nvrtc.so")
_IDLE = (
    "bin/[!t]*",
    "bin/test*",
    "include",
    "share",
    "test",
    "lib/libshm",
    "lib/libshm_windows",
    "lib/libgfortran.so*",
)
_HALF = "libtorch_cuda.so"
_RUNTIME = "nvidia/cu*/lib/libcudart.so.*"
_NVIDIAS = re.compile(r"lib(cu|nv|nccl)[A-Za-z]*\.so\.\d+|libtorch_(cuda|nvshmem)\.so")
_CELLS = ("_ZN4c10d15get_gil_checkerEv",)
"""`c10d::get_gil_checker()`: libtorch_python leaves a pointer there when it is loaded; only the other half reads it."""
_LOADED = """\
    if USE_GLOBAL_DEPS:
        _load_global_deps()
    from torch._C import *  # noqa: F403
"""
_THEN = """\
    # rocars-lane-easyocr: the half for graphics cards is left out.
    from torch import _C
    del _C._c10d_init, _C._rpc_init, _C._dist_autograd_init
    _C._has_cuda = False
"""


def leave_out_cuda(site: Path, architecture: Architecture) -> None:
    """Makes it of the torch in `site`, which was fetched without what `LEFT_OUT` names.

    Raises:
        PackageBuildError: this torch is put together in another way.
    """
    torch = site / "torch"
    lib = torch / "lib"
    for pattern in (*(f"lib/{name}" for name in _OF_CARDS), *_IDLE):
        for path in torch.glob(pattern):
            shutil.rmtree(path) if path.is_dir() else path.unlink()
    runtime = list(site.glob(_RUNTIME))
    kept = [*lib.glob("*.so*"), *torch.glob("_C*.so")]
    if not kept or len(runtime) != 1:
        raise PackageBuildError(
            f"torch has {len(kept)} libraries and {len(runtime)} runtimes; needed are some, and one"
        )
    here = {path.name for path in (*kept, *runtime)}
    names = {name for library in kept for name in needed(library, architecture)} - here
    wanted = asked((*kept, *runtime), architecture)
    missing = {name for name in names if _NVIDIAS.fullmatch(name)}
    without = wanted.get("", set())  # what has no version is asked of that half, or of those that it brings
    for name in sorted(missing | {_HALF}):
        own = without if name == _HALF else wanted.get(name, set())
        write_stand_in(lib / name, own, architecture, version="" if name == _HALF or not own else name, cells=_CELLS)
    _tell(torch / "__init__.py")


def _tell(module: Path) -> None:
    text = module.read_text(encoding="utf-8")
    if text.count(_LOADED) != 1:
        raise PackageBuildError(f"{module} loads its libraries in another way than this recipe knows")
    module.write_text(text.replace(_LOADED, _LOADED + _THEN), encoding="utf-8")
