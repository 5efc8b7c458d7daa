"""A network of an ONNX file in PyTorch, with its layers' weights in the caller's hands: for training (bench/train_worn_reading.py).
Knows the kinds of layers that the recognizers of PP-OCR have; a file with another one ends in an error that names it."""
import math

import onnx
import torch
import torch.nn.functional as F
from onnx import numpy_helper


class OnnxInTorch:
    """Runs the network of an ONNX file in PyTorch; its weights may be others."""

    def __init__(self, path):
        graph = onnx.load(path).graph
        self.weights = {i.name: torch.from_numpy(numpy_helper.to_array(i).copy()) for i in graph.initializer}
        self.layers, same = [], {}
        for n in graph.node:
            inputs = [same.get(i, i) for i in n.input]
            how = {a.name: onnx.helper.get_attribute_value(a) for a in n.attribute}
            if n.op_type == "Constant":
                self.weights[n.output[0]] = torch.from_numpy(numpy_helper.to_array(how["value"]).copy())
            elif n.op_type == "Identity":
                same[n.output[0]] = inputs[0]
            else:
                self.layers.append((n.op_type, inputs, n.output[0], how))
        self.layers = self.layers[:-1]  # Softmax: the loss takes what goes into it
        self._join()
        self.last = {i: k for k, (_, inputs, _, _) in enumerate(self.layers) for i in inputs}
        self.input = graph.input[0].name

    def _join(self):
        """Layers that PyTorch knows as one."""
        joined, k = [], 0
        while k < len(self.layers):
            kind, inputs, output, how = self.layers[k]
            following = self.layers[k + 1] if k + 1 < len(self.layers) else None
            bias = self.weights.get(following[1][1]) if following and following[0] == "Add" and len(following[1]) > 1 else None
            if [l[0] for l in self.layers[k : k + 5]] == ["Div", "Erf", "Add", "Mul", "Mul"]:
                joined.append(("Gelu", inputs[:1], self.layers[k + 4][2], {}))
                k += 5
            elif kind == "Conv" and bias is not None and following[1][0] == output and bias.dim() == 4 and bias.shape[2:] == (1, 1):
                joined.append((kind, [*inputs, following[1][1]], following[2], how))
                k += 2
            else:
                joined.append(self.layers[k])
                k += 1
        self.layers = joined

    def __call__(self, x, weights):
        """Logits, lines x steps x classes. `weights`: those that differ from the file's."""
        values = {self.input: x}
        for k, (kind, inputs, output, how) in enumerate(self.layers):
            get = lambda i: values[i] if i in values else weights[i] if i in weights else self.weights[i]
            values[output] = getattr(self, kind.lower())([get(i) for i in inputs], how)
            for i in inputs:
                if self.last[i] == k:
                    values.pop(i, None)
        return values[self.layers[-1][2]]

    @staticmethod
    def padded(x, how, kernel, value=0.0):
        strides = how.get("strides", [1, 1])
        if how.get("auto_pad", b"NOTSET") == b"SAME_UPPER":
            total = [max(0, (math.ceil(n / s) - 1) * s + k - n) for n, k, s in zip(x.shape[2:], kernel, strides)]
            (top, bottom), (left, right) = [(t // 2, t - t // 2) for t in total]
        else:
            top, left, bottom, right = how.get("pads", [0, 0, 0, 0])
        return F.pad(x, (left, right, top, bottom), value=value) if top or left or bottom or right else x

    def conv(self, v, how):
        return F.conv2d(self.padded(v[0], how, v[1].shape[2:]), v[1], v[2].flatten() if len(v) > 2 else None, how.get("strides", [1, 1]), groups=how.get("group", 1))

    def maxpool(self, v, how):
        return F.max_pool2d(self.padded(v[0], how, how["kernel_shape"], -1e30), how["kernel_shape"], how.get("strides", [1, 1]))

    def averagepool(self, v, how):
        return F.avg_pool2d(v[0], how["kernel_shape"], how.get("strides", [1, 1]))

    def batchnormalization(self, v, how):
        scale = v[1] / torch.sqrt(v[4] + how.get("epsilon", 1e-5))
        return v[0] * scale.view(1, -1, 1, 1) + (v[2] - v[3] * scale).view(1, -1, 1, 1)

    def reshape(self, v, how):
        return v[0].reshape([v[0].shape[i] if n == 0 else n for i, n in enumerate(v[1].tolist())])

    def slice(self, v, how):
        x = v[0]
        for begin, end, axis in zip(v[1].tolist(), v[2].tolist(), v[3].tolist()):
            x = x[(slice(None),) * axis + (slice(begin, end),)]
        return x

    def squeeze(self, v, how):
        for axis in sorted(how["axes"], reverse=True):
            v[0] = v[0].squeeze(axis)
        return v[0]

    add = staticmethod(lambda v, how: v[0] + v[1])
    sub = staticmethod(lambda v, how: v[0] - v[1])
    mul = staticmethod(lambda v, how: v[0] * v[1])
    div = staticmethod(lambda v, how: v[0] / v[1])
    pow = staticmethod(lambda v, how: v[0] ** v[1])
    matmul = staticmethod(lambda v, how: v[0] @ v[1])
    sqrt = staticmethod(lambda v, how: torch.sqrt(v[0]))
    relu = staticmethod(lambda v, how: F.relu(v[0]))
    gelu = staticmethod(lambda v, how: F.gelu(v[0]))
    sigmoid = staticmethod(lambda v, how: torch.sigmoid(v[0]))
    hardsigmoid = staticmethod(lambda v, how: (v[0] * how.get("alpha", 0.2) + how.get("beta", 0.5)).clamp(0, 1))
    softmax = staticmethod(lambda v, how: torch.softmax(v[0], how.get("axis", -1)))
    reducemean = staticmethod(lambda v, how: v[0].mean(tuple(how["axes"]), keepdim=bool(how.get("keepdims", 1))))
    transpose = staticmethod(lambda v, how: v[0].permute(how["perm"]))
    shape = staticmethod(lambda v, how: torch.tensor(v[0].shape))
    concat = staticmethod(lambda v, how: torch.cat(v, how["axis"]))
    unsqueeze = staticmethod(lambda v, how: v[0].unsqueeze(how["axes"][0]))
