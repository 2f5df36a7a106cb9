"""Whole models that always answer one digit, for tests that need models that differ."""

from hashlib import sha256
from pathlib import Path

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper
from safetensors.numpy import save

from digitbatch.networks.card import ONNX_FILE, WEIGHTS_FILE, Card, load_card, save_card
from digitbatch.packaged import default_model
from digitbatch.types import CLASSES, CROP_SIZE_PX


def stubborn_model(folder: Path, digit: int) -> Card:
    """Write a model that takes every crop for `digit`."""
    answer = np.eye(len(CLASSES), dtype=np.float32)[digit]
    weights = save({"answer": answer})
    network = _network(answer)
    card = load_card(default_model()).model_copy(
        update={
            "architecture": "stubborn",
            "training_data": f"nothing but {digit}",
            "weights_sha256": sha256(weights).hexdigest(),
            "onnx_sha256": sha256(network).hexdigest(),
        }
    )
    folder.mkdir(parents=True)
    (folder / WEIGHTS_FILE).write_bytes(weights)
    (folder / ONNX_FILE).write_bytes(network)
    save_card(card, folder)
    return card


def _network(answer: "np.typing.NDArray[np.float32]") -> bytes:
    """Each crop times nothing, plus the answer."""
    pixels = CROP_SIZE_PX**2
    graph = helper.make_graph(
        [
            helper.make_node("Cast", ["crops"], ["values"], to=TensorProto.FLOAT),
            helper.make_node("Flatten", ["values"], ["flat"]),
            helper.make_node("Gemm", ["flat", "nothing", "answer"], ["probabilities"]),
        ],
        "stubborn",
        [
            helper.make_tensor_value_info(
                "crops", TensorProto.UINT8, ["count", CROP_SIZE_PX, CROP_SIZE_PX]
            )
        ],
        [
            helper.make_tensor_value_info(
                "probabilities", TensorProto.FLOAT, ["count", len(CLASSES)]
            )
        ],
        [
            numpy_helper.from_array(np.zeros((pixels, len(CLASSES)), np.float32), "nothing"),
            numpy_helper.from_array(answer, "answer"),
        ],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=9)
    onnx.checker.check_model(model)
    return bytes(model.SerializeToString())
