"""The decoding process: reads a request a line from standard input, answers a line to standard output.

It runs codecs written in C and C++ on files from anywhere. So it starts with an empty environment and no other
open files, caps its own memory and time, gives up the network, and says nothing but its answers. It ends when
its input does.
"""

from __future__ import annotations

import json
import os
import resource
import signal
import sys
import warnings
from pathlib import Path
from typing import Any

from ml.dicom.confinement import discard_output, give_up_network_and_programs, limit_processor, limit_resources
from ml.dicom.outcomes import Refusal


def main() -> None:
    """Serve requests until the input ends, or memory has run out once."""
    answers = discard_output()
    limit_resources()
    warnings.simplefilter("ignore")
    from ml.dicom.pixels.image_file import decode_file, prepare  # noqa: PLC0415 - under the limits from here on

    prepare()
    _send(answers, {"ready": True, "confined": give_up_network_and_programs()})
    for line in sys.stdin.buffer:
        request = json.loads(line)
        signal.alarm(int(request["seconds"]) + 1)
        limit_processor(request["seconds"])
        try:
            frames = decode_file(Path(request["path"]), Path(request["into"]))
            answer: dict[str, Any] = {"frames": frames.as_dict()}
        except Refusal as refusal:
            answer = {"refusal": [refusal.code, refusal.message, refusal.detail]}
        except MemoryError:
            answer = {"refusal": ["decode_out_of_memory", "", {}]}
        except Exception as error:
            # whatever a codec raises, the next file must be served; its words are left out, they may quote the file
            message = "The picture in the file is damaged and could not be decoded. Send it again, or export it anew."
            answer = {"refusal": ["decode_failed", message, {"error": type(error).__name__}]}
        signal.alarm(0)
        answer["peak_bytes"] = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
        _send(answers, answer)


def _send(answers: int, answer: dict[str, Any]) -> None:
    data = json.dumps(answer).encode() + b"\n"
    while data:
        data = data[os.write(answers, data) :]


if __name__ == "__main__":
    main()
