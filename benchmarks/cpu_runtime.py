"""What runs the network fastest on a CPU: torch, ONNX Runtime or OpenCV, on one and two threads.

python benchmarks/cpu_runtime.py [MODEL_FOLDER]

Prints a Markdown table of crops per second, the best of several rounds, as in docs/performance.md.
"""

import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
import onnx
import onnxruntime
import torch
from onnx import helper

from digitbatch.networks.card import ONNX_FILE
from digitbatch.networks.torch_runtime import TorchPredictor
from digitbatch.packaged import default_model
from digitbatch.types import Crops

BATCHES = (1, 8, 32, 128, 512)
LEAST_S = 0.4  # per round
ROUNDS = 5

Answer = Callable[[Crops], object]


def crops_per_s(answer: Answer, batch: int) -> float:
    """The best of several rounds, warm."""
    crops = np.random.default_rng(0).integers(0, 256, (batch, 28, 28), np.uint8)
    answer(crops)
    best = 0.0
    for _ in range(ROUNDS):
        start, done = time.perf_counter(), 0
        while (taken_s := time.perf_counter() - start) < LEAST_S:
            answer(crops)
            done += batch
        best = max(best, done / taken_s)
    return best


def onnx_runtime(folder: Path, threads: int) -> Answer:
    """The network as a run uses it, but for the fixed size of its batches."""
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    session = onnxruntime.InferenceSession(
        folder / ONNX_FILE, options, providers=["CPUExecutionProvider"]
    )
    return lambda crops: session.run(None, {"crops": crops})


def with_torch(folder: Path, threads: int) -> Answer:
    """The network as a GPU uses it, on the CPU."""
    torch.set_num_threads(threads)
    return TorchPredictor(folder, "cpu")


def opencv(folder: Path, threads: int) -> Answer:
    """OpenCV reads float32 only: its network begins behind the conversion of the crops."""
    cv2.setNumThreads(threads)
    graph = onnx.load(folder / ONNX_FILE).graph
    first = next(node for node in graph.node if node.op_type == "Cast")
    graph.node.remove(first)
    graph.input.pop()
    graph.input.append(
        helper.make_tensor_value_info(first.output[0], onnx.TensorProto.FLOAT, ["n", 28, 28])
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)])
    with tempfile.TemporaryDirectory() as place:
        path = Path(place) / "float.onnx"
        path.write_bytes(model.SerializeToString())
        network = cv2.dnn.readNetFromONNX(str(path))

    def answer(crops: Crops) -> object:
        network.setInput(crops.astype(np.float32))
        return network.forward()

    return answer


def main() -> None:
    """Measure everything and print the table."""
    folder = Path(sys.argv[1]) if len(sys.argv) > 1 else default_model()
    print(f"| runtime | threads | {' | '.join(f'batch {batch}' for batch in BATCHES)} |")
    print(f"| --- | --- |{' ---: |' * len(BATCHES)}")
    runtimes = {
        f"ONNX Runtime {onnxruntime.__version__}": onnx_runtime,
        f"torch {torch.__version__.split('+')[0]}": with_torch,
        f"OpenCV DNN {cv2.__version__}": opencv,
    }
    for name, load in runtimes.items():
        for threads in (1, 2):
            answer = load(folder, threads)
            speeds = [f"{crops_per_s(answer, batch):,.0f}" for batch in BATCHES]
            print(f"| {name} | {threads} | {' | '.join(speeds)} |", flush=True)


if __name__ == "__main__":
    main()
