"""Stand-ins: what the loader wants is there, and whoever calls it is ended; and what of torch is left out by them."""

from __future__ import annotations

import ast
import platform
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tools.package.extra import beyond
from tools.package.lock import PackageBuildError
from tools.package.products import Architecture
from tools.package.stand_ins import asked, needed, symbols, write_stand_in
from tools.package.torch_without_cuda import leave_out_cuda

ROOT = Path(__file__).parents[3]
HERE = {"x86_64": Architecture.AMD64, "aarch64": Architecture.ARM64}[platform.machine()]
NAMES = ["cuAct", "_ZN4c10d15get_gil_checkerEv", "_ZTI3Abc", "_ZTV3Abc"]


@pytest.mark.parametrize("architecture", Architecture)
def test_a_stand_in_has_every_name_by_its_version(tmp_path: Path, architecture: Architecture) -> None:
    """By its own name for others, with no stack that can be executed, on either architecture."""
    file = tmp_path / "libcufar.so.3"
    write_stand_in(file, NAMES, architecture, version=file.name, cells=NAMES[1:2])
    assert symbols(file, architecture)[0] >= set(NAMES)
    told = subprocess.run(
        [architecture.tools + "readelf", "--wide", "-d", "-l", "--dyn-syms", file],
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    assert "Library soname: [libcufar.so.3]" in told
    assert "cuAct@@libcufar.so.3" in told
    (stack,) = (line for line in told.splitlines() if "GNU_STACK" in line)
    assert "RWE" not in stack


def test_a_library_that_names_it_loads_and_a_call_ends_the_process(tmp_path: Path) -> None:
    """As torch is loaded: nothing called, nothing wrong. A function gives no answer, a cell gives its place."""
    compiler = shutil.which("cc")
    if compiler is None:
        pytest.skip("no C compiler here")
    write_stand_in(tmp_path / "libcufar.so", ["cuAct"], HERE)
    write_stand_in(tmp_path / "libcell.so", ["where"], HERE, cells=["where"])
    source = "int cuAct(void); long *where(void); int act(void) { return cuAct(); } long keep(long v) { return *where() = v; }"
    (tmp_path / "user.c").write_text(source)
    words = [
        compiler,
        "-shared",
        "-fPIC",
        "-o",
        "libuser.so",
        "user.c",
        "-L.",
        "-lcufar",
        "-lcell",
        "-Wl,-rpath,$ORIGIN",
    ]
    subprocess.run(words, cwd=tmp_path, check=True)
    assert needed(tmp_path / "libuser.so", HERE) >= {"libcufar.so", "libcell.so"}
    assert asked([tmp_path / "libuser.so"], HERE)[""] >= {"cuAct", "where"}
    load = f"import ctypes; lib = ctypes.CDLL({str(tmp_path / 'libuser.so')!r}); print(lib.keep(7), flush=True)"
    kept = subprocess.run([sys.executable, "-c", load], capture_output=True, text=True, check=False)
    assert (kept.returncode, kept.stdout) == (0, "7\n")
    called = subprocess.run([sys.executable, "-c", f"{load}; lib.act()"], capture_output=True, text=True, check=False)
    assert (called.returncode, called.stdout) == (-signal.SIGILL, "7\n")


def test_of_nvidias_libraries_the_runtime_alone_is_fetched() -> None:
    """Nor what the lane has, what installs, and what compiles."""
    names = (
        "easyocr",
        "nvidia-cublas",
        "nvidia-cuda-runtime",
        "cuda-toolkit",
        "triton",
        "ninja",
        "numpy",
        "pip",
        "torch",
    )
    resolved = "".join(f"{name}==1.0 \\\n    --hash=sha256:00\n    # via torch\n" for name in names)
    kept = beyond(resolved, {"numpy"})
    assert [line.split("==")[0] for line in kept.splitlines() if "==" in line] == [
        "easyocr",
        "nvidia-cuda-runtime",
        "torch",
    ]
    assert kept.count("--hash=") == 3


def test_a_torch_that_is_put_together_otherwise_is_no_package(tmp_path: Path) -> None:
    """Rather than one that ends its reader at the lane."""
    (tmp_path / "torch/lib").mkdir(parents=True)
    with pytest.raises(PackageBuildError, match="0 libraries and 0 runtimes"):
        leave_out_cuda(tmp_path, HERE)
    for name in ("torch/lib/libtorch_cpu.so", "nvidia/cu13/lib/libcudart.so.13"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        write_stand_in(tmp_path / name, ["any"], HERE)
    write_stand_in(tmp_path / "torch/lib/libtorch_cuda.so", ["of_cards"], HERE)
    (tmp_path / "torch/__init__.py").write_text("from torch._C import *\n")
    with pytest.raises(PackageBuildError, match="loads its libraries in another way"):
        leave_out_cuda(tmp_path, HERE)


def test_our_network_has_the_name_by_which_easyocr_asks_for_it() -> None:
    """`easyocr.recognition.get_recognizer` takes `Model` out of the module; nobody without torch would notice its absence."""
    tree = ast.parse((ROOT / "devices/anpr/easyocr_network.py").read_text(encoding="utf-8"))
    assigned = {
        target.id
        for node in tree.body
        if isinstance(node, ast.Assign)
        for target in node.targets
        if isinstance(target, ast.Name)
    }
    assert "Model" in assigned
