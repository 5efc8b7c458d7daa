#!/usr/bin/env python3
"""Reads images with rapidocr (PyPI) on ONNX Runtime, one thread; started by ocr.py with the Python of its venv.

    ocr_rapidocr.py JOB.json    {"images": [...], "out": FILE, "params": {...}}

Result: [{text, cpu, memory}] of the images: CPU seconds from the file to the text (of the first one from the start of the
program, loading included) and the largest resident set so far, in bytes.
"""
import json
import resource
import sys
import time

import cv2
from rapidocr import RapidOCR

job = json.load(open(sys.argv[1], encoding="utf-8"))
cv2.setNumThreads(1)
engine = RapidOCR(params={"Global.log_level": "critical", "EngineConfig.onnxruntime.intra_op_num_threads": 1,
                          "EngineConfig.onnxruntime.inter_op_num_threads": 1, **job["params"]})
pages, start = [], 0.0
for image in job["images"]:
    # Its own loader takes the two colours of a palette for the levels 0 and 1.
    result = engine(cv2.imread(image, cv2.IMREAD_COLOR))
    now = time.process_time()
    pages.append({"text": "\n".join(result.txts or ()), "cpu": now - start,
                  "memory": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024})
    start = now
with open(job["out"], "w", encoding="utf-8") as out:
    json.dump(pages, out)
