"""Kernels of the library as WebAssembly: numba's own LLVM code, compiled once more for the reader's browser.

A *live kernel* is a plain function that calls kernels of the library and returns nothing. Its annotations are numba
types: C-contiguous arrays (``float32[:, ::1]``) and the scalars ``int32``, ``float32`` and ``float64``. Around it
`build` writes a function of bare pointers and sizes, takes the LLVM code that numba makes of that for a processor of no
particular kind, names the other machine in it, and lets LLVM and ``wasm-ld`` do the rest. Nothing is written twice:
what the page runs is what the library runs.

The linker comes with the package ``ziglang``, pinned with its hashes in ``linker.lock``; a ``wasm-ld`` on the path
serves as well. Where neither is had nothing is built, and the pages keep their static players.
"""

from __future__ import annotations

import functools
import hashlib
import importlib.metadata
import importlib.util
import inspect
import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import platformdirs

from jscc import sources
from jscc.live import routines

__all__ = ["Argument", "LiveKernel", "NoLinkerError", "build", "linker", "live_kernel"]

TRIPLE = "wasm32-unknown-unknown"
LAYOUT = "e-m:e-p:32:32-p10:8:8-p20:8:8-i64:64-i128:128-n32:64-S128-ni:1:10:20"
FEATURES = "+bulk-memory,+simd128"
# A kernel keeps nothing of size on the stack; the page adds memory for its arrays.
LINKING = [
    "--no-entry",
    "--export=kernel",
    "--export=__heap_base",
    "--gc-sections",
    "--strip-all",
    "-z",
    "stack-size=65536",
]
# What a page gives to a kernel: functions that the instructions of WebAssembly lack, named as in the C library.
IMPORTS = ("exp", "expf", "log", "logf")
TRAP = "  call void @llvm.trap()\n  unreachable\n"
SCALARS = ("int32", "float32", "float64")
# No processor of its own: vectors of 128 bits as WebAssembly has them, and the same bytes from every machine.
GENERIC = {"NUMBA_CPU_NAME": "generic", "NUMBA_CPU_FEATURES": "", "NUMBA_DISABLE_JIT": "0"}


class NoLinkerError(RuntimeError):
    """Nothing can be compiled on this machine."""


@dataclass(frozen=True)
class Argument:
    """What a live kernel is given.

    Attributes
    ----------
    name : str
    dtype : str
        Of numpy; one of int32, float32 and float64 for a scalar.
    ndim : int
        0 for a scalar.
    """

    name: str
    dtype: str
    ndim: int


@dataclass(frozen=True)
class LiveKernel:
    """A function that pages can run.

    Attributes
    ----------
    function : callable
        Over arrays and scalars, see the module's text.
    arguments : tuple of Argument
    """

    function: Callable
    arguments: tuple[Argument, ...]

    @property
    def name(self) -> str:
        """What pages call it."""
        return self.function.__name__

    @property
    def place(self) -> str:
        """Where it is defined: ``module:name``."""
        return f"{self.function.__module__}:{self.name}"

    def describe(self) -> list[list]:
        """Its arguments as pages read them: name, dtype and number of axes of each."""
        return [[item.name, item.dtype, item.ndim] for item in self.arguments]


def live_kernel(function: Callable) -> LiveKernel:
    """Make a kernel that pages can run of a function with annotated arguments.

    Parameters
    ----------
    function : callable
        In a module with ``from __future__ import annotations``, which keeps them as they are written.

    Returns
    -------
    LiveKernel

    Raises
    ------
    ValueError
        If an annotation is none of the types that can be handed over.

    Examples
    --------
    >>> def double(values: float32[::1], factor: int32):
    ...     pass
    >>> live_kernel(double).describe()
    [['values', 'float32', 1], ['factor', 'int32', 0]]
    """
    arguments = []
    for name, parameter in inspect.signature(function).parameters.items():
        found = re.fullmatch(r"(\w+)(?:\[((?::, )*)::1\])?", str(parameter.annotation))
        if found is None or (found[2] is None and found[1] not in SCALARS):
            raise ValueError(
                f"{function.__name__}: {name} is annotated {parameter.annotation!r}; {', '.join(SCALARS)} or an array "
                "such as float32[:, ::1] is expected"
            )
        arguments.append(Argument(name, found[1], 0 if found[2] is None else found[2].count(",") + 1))
    return LiveKernel(function, tuple(arguments))


@functools.cache
def linker() -> tuple[str, ...] | None:
    """The command that links WebAssembly on this machine, or None."""
    if importlib.util.find_spec("ziglang") is not None:
        return (sys.executable, "-m", "ziglang", "wasm-ld")
    path = shutil.which("wasm-ld")
    return None if path is None else (path,)


def build(kernels: list[LiveKernel]) -> dict[str, bytes]:
    """Compile kernels, or take them from this machine's cache where nothing that they rest on has changed.

    Parameters
    ----------
    kernels : list of LiveKernel

    Returns
    -------
    dict of str to bytes
        The WebAssembly modules by the kernels' names. Each exports ``memory``, ``__heap_base`` and ``kernel``, whose
        parameters are the arguments in order: for an array its address and then its shape, for a scalar its value.

    Raises
    ------
    NoLinkerError
        If there is no linker and a kernel is not in the cache.
    RuntimeError
        If a kernel cannot be compiled.
    """
    cache = Path(platformdirs.user_cache_dir("jscc")) / "wasm"
    stored = {kernel.name: cache / f"{kernel.name}-{_fingerprint(kernel)}.wasm" for kernel in kernels}
    missing = [kernel for kernel in kernels if not stored[kernel.name].exists()]
    if missing:
        if linker() is None:
            raise NoLinkerError("no wasm-ld on this machine: the package ziglang of linker.lock has one")
        cache.mkdir(parents=True, exist_ok=True)
        _compile_apart(missing, stored)
    return {name: path.read_bytes() for name, path in stored.items()}


def _fingerprint(kernel: LiveKernel) -> str:
    """What the bytes of a kernel follow from: its code, all that it reaches, its types, and the compilers."""
    versions = [importlib.metadata.version(name) for name in ("numba", "llvmlite", "numpy")]
    code = sources.reached(kernel.place, "jscc.live.wasm:_main").total
    parts = [code, *versions, str(kernel.describe())]
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()[:16]


def _compile_apart(kernels: list[LiveKernel], stored: dict[str, Path]) -> None:
    """Compile in a process of its own, for numba takes the kind of processor from the environment at its start."""
    orders = [word for kernel in kernels for word in (kernel.place, str(stored[kernel.name]))]
    with tempfile.TemporaryDirectory() as scratch:
        # A cache of its own: numba's would hold the same functions for two kinds of processor.
        done = subprocess.run(
            [sys.executable, "-m", "jscc.live.wasm", *orders],
            env={**os.environ, **GENERIC, "NUMBA_CACHE_DIR": scratch},
            capture_output=True,
            text=True,
            check=False,
        )
    if done.returncode:
        raise RuntimeError(f"{', '.join(kernel.name for kernel in kernels)} cannot be compiled:\n{done.stderr}")


def _llvm_code(kernel: LiveKernel) -> list[str]:
    """Numba's LLVM code of the kernel over pointers and sizes, and of what it calls besides, for WebAssembly."""
    text = _code_of(*_over_pointers(kernel), "kernel")
    return [
        text,
        *(code for routine in routines.ROUTINES if f"@{routine.__name__}(" in text for code in _code_in_c(routine)),
    ]


def _code_of(function: Callable, signature, name: str) -> str:
    """LLVM code of a compiled function, given this name."""
    from numba import njit

    # With numba's runtime, without which neither np.dot nor slices that are assigned can be compiled.
    compiled = njit(signature, error_model="numpy")(function)
    text = compiled.inspect_llvm(compiled.signatures[0])
    mangled = compiled.overloads[signature.args].fndesc.llvm_func_name
    text = re.sub(r'target triple = ".*"', f'target triple = "{TRIPLE}"', text)
    text = re.sub(r'target datalayout = ".*"', f'target datalayout = "{LAYOUT}"', text)
    text = re.sub(r'"target-(cpu|features)"="[^"]*"', "", text)
    text = re.sub(r"= common (local_unnamed_addr )?global", "= internal global", text)
    # The wrappers for Python and C call what is not there.
    text = re.sub(r"^define [^\n]*@\"?(_ZN7cpython|cfunc)[^\n]*\{\n.*?^\}\n", "", text, flags=re.M | re.S)
    shapes = r"^(define [^@\n]*@_ZN5numba2np8arrayobj31ol_raise_with_shape_context[^\n]*\{)\n.*?^\}\n"
    text = re.sub(shapes, r"\1\n" + TRAP + "}\n", text, flags=re.M | re.S)
    # No array is made, so none is to be counted.
    text = re.sub(
        r"^(define [^@\n]*@NRT_(?:inc|dec)ref\([^\n]*\{)\n.*?^\}\n", r"\1\n  ret void\n}\n", text, flags=re.M | re.S
    )
    # What Python and numba's runtime would do ends the kernel: raise an error, make an array.
    text = re.sub(
        r"^declare ([^@\n]*@(?:_?Py|NRT_|numba_(?!xx|attempt))[^)]*\)).*$",
        r"define internal \1 {\n" + TRAP + "}",
        text,
        flags=re.M,
    )
    if "@llvm.trap()" not in text.replace(TRAP, ""):
        text += "\ndeclare void @llvm.trap()\n"
    return text.replace(mangled, name)


def _code_in_c(routine: Callable) -> tuple[str, str]:
    """A routine as numba compiles it, and a function of its name that calls it and has the form of one in C."""
    from numba import config, types

    names = list(inspect.signature(routine).parameters)
    given = [eval(annotation, routine.__globals__) for annotation in inspect.get_annotations(routine).values()]
    written = ["ptr" if isinstance(kind, types.CPointer) else f"i{kind.bitwidth}" for kind in given]
    header = ", ".join(f"{kind} %{name}" for kind, name in zip(written, names, strict=True))
    compiled = f"compiled_{routine.__name__}"
    wrapper = f"""
target triple = "{TRIPLE}"
target datalayout = "{LAYOUT}"
declare i32 @{compiled}(ptr, ptr, {", ".join(written)})
define i32 @{routine.__name__}({header}) {{
  %of.result = alloca i32
  %of.error = alloca ptr
  %of.status = call i32 @{compiled}(ptr %of.result, ptr %of.error, {header})
  %of.value = load i32, ptr %of.result
  ret i32 %of.value
}}
"""
    # Four like operations in a row become one on a vector; kernels that may add in any order would do so in another.
    config.SLP_VECTORIZE = 1
    try:
        return _code_of(routine, types.int32(*given), compiled), wrapper
    finally:
        config.SLP_VECTORIZE = 0


def _over_pointers(kernel: LiveKernel):
    """The kernel as a function of addresses, sizes and scalars, and the types of these."""
    from numba import njit, types

    header, call, given = [], [], []
    for argument in kernel.arguments:
        dtype = types.boolean if argument.dtype == "bool_" else getattr(types, argument.dtype)
        if argument.ndim == 0:
            header.append(argument.name)
            given.append(dtype)
            call.append(f"np.int64({argument.name})" if argument.dtype == "int32" else argument.name)
        else:
            sizes = [f"{argument.name}_{axis}" for axis in range(argument.ndim)]
            header += [argument.name, *sizes]
            given += [types.CPointer(dtype), *[types.int32] * argument.ndim]
            call.append(f"view({argument.name}, ({', '.join(sizes)},))")
    namespace = {"np": __import__("numpy"), "view": _view(), "run": njit(error_model="numpy")(kernel.function)}
    exec(f"def numba_kernel({', '.join(header)}):\n    run({', '.join(call)})\n", namespace)
    return namespace["numba_kernel"], types.void(*given)


@functools.cache
def _view():
    """An intrinsic: the array of some shape that lies at an address."""
    from numba.core import cgutils, types
    from numba.extending import intrinsic
    from numba.np import arrayobj

    @intrinsic
    def view(typingctx, pointer, shape):
        kind = types.Array(pointer.dtype, len(shape), "C")

        def codegen(context, builder, signature, arguments):
            address, sizes = arguments
            intp = context.get_value_type(types.intp)
            shapes = [builder.sext(size, intp) for size in cgutils.unpack_tuple(builder, sizes)]
            itemsize = context.get_constant(types.intp, context.get_abi_sizeof(context.get_data_type(pointer.dtype)))
            strides = [itemsize]
            for size in reversed(shapes[1:]):
                strides.insert(0, builder.mul(strides[0], size))
            array = arrayobj.make_array(kind)(context, builder)
            arrayobj.populate_array(array, data=address, shape=shapes, strides=strides, itemsize=itemsize, meminfo=None)
            return array._getvalue()

        return kind(pointer, shape), codegen

    return view


def _object_code(texts: list[str]) -> bytes:
    """Let LLVM compile its texts for WebAssembly, as one."""
    import llvmlite.binding as llvm

    llvm.initialize_all_targets()
    llvm.initialize_all_asmprinters()
    module, *others = (llvm.parse_assembly(text) for text in texts)
    for other in others:
        module.link_in(other)
    module.verify()
    machine = llvm.Target.from_triple(TRIPLE).create_target_machine(opt=3, features=FEATURES)
    return machine.emit_object(module)


def _link(code: bytes) -> bytes:
    """Link an object file into a module whose only imports are those of `IMPORTS`."""
    with tempfile.TemporaryDirectory() as folder:
        compiled, linked, allowed = (Path(folder) / name for name in ("kernel.o", "kernel.wasm", "imports"))
        compiled.write_bytes(code)
        allowed.write_text("\n".join(IMPORTS))
        command = [*linker(), str(compiled), "-o", str(linked), *LINKING, f"--allow-undefined-file={allowed}"]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        if done.returncode:
            raise RuntimeError(done.stderr)
        return linked.read_bytes()


def _main(orders: list[str]) -> None:
    """Compile each ``module:name`` into the file that follows it."""
    for place, path in zip(orders[::2], orders[1::2], strict=True):
        module, name = place.split(":")
        kernel = live_kernel(getattr(importlib.import_module(module), name))
        partial = Path(path).with_suffix(f".{os.getpid()}")
        partial.write_bytes(_link(_object_code(_llvm_code(kernel))))
        os.replace(partial, path)


if __name__ == "__main__":
    _main(sys.argv[1:])
