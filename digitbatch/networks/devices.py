"""Whether there is a GPU, and torch's names for devices. Imports torch only where it must."""

import contextlib
import ctypes
import importlib.util
import sys
from typing import TYPE_CHECKING, Literal

from digitbatch.errors import DeviceError

if TYPE_CHECKING:
    import torch

Device = Literal["auto", "cpu", "cuda"]


def cuda_is_there() -> bool:
    """Whether torch can use a GPU; torch starts slowly and is asked only after the driver."""
    if not _driver_names_a_gpu() or importlib.util.find_spec("torch") is None:
        return False
    import torch

    return torch.cuda.is_available()


def require_cuda() -> None:
    """Refuse "cuda" where no GPU can be used, by a DeviceError."""
    if not cuda_is_there():
        raise DeviceError(
            "cuda was asked for, but no GPU can be used: no NVIDIA driver names one, or torch was"
            " installed without CUDA (or not at all); use --device cpu, or install torch for your"
            " CUDA version"
        )


def torch_device(device: str) -> "torch.device":
    """Turn "auto", "cpu" or "cuda" into torch's device; see `require_cuda`."""
    if device == "cuda":
        require_cuda()
    import torch

    return torch.device("cpu" if device == "cpu" or not cuda_is_there() else "cuda")


def _driver_names_a_gpu() -> bool:
    """Ask NVIDIA's driver library itself, in milliseconds."""
    name = "nvcuda.dll" if sys.platform == "win32" else "libcuda.so.1"
    with contextlib.suppress(OSError, AttributeError):
        driver = ctypes.CDLL(name)
        count = ctypes.c_int(0)
        if driver.cuInit(0) == 0 and driver.cuDeviceGetCount(ctypes.byref(count)) == 0:
            return count.value > 0
    return False
