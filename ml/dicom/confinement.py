"""What the decoding process gives up before it looks at any file: memory without end, the network, other programs."""

from __future__ import annotations

import ctypes
import os
import platform
import resource
import struct
from typing import Final

from ml.dicom.limits import MAX_FRAME_BYTES

MEMORY_BYTES: Final = 2 * 2**30
_FILE_BYTES: Final = MAX_FRAME_BYTES + 2**20
_OPEN_FILES: Final = 64

_NO_NEW_PRIVILEGES: Final = 38
_SET_SECCOMP: Final = 22
_FILTER_MODE: Final = 2
_ALLOW, _KILL, _REFUSE = 0x7FFF0000, 0x80000000, 0x00050000 | 1
_LOAD, _EQUAL, _AT_LEAST, _RETURN = 0x20, 0x15, 0x35, 0x06
_FOREIGN_CALLS: Final = 0x40000000
"""Where x86-64's second numbering of the same calls begins."""

_ARCHITECTURES: Final = {"x86_64": 0xC000003E, "aarch64": 0xC00000B7}
_DENIED: Final = {
    "x86_64": {
        "socket": 41,
        "connect": 42,
        "accept": 43,
        "sendto": 44,
        "bind": 49,
        "listen": 50,
        "socketpair": 53,
        "fork": 57,
        "vfork": 58,
        "execve": 59,
        "kill": 62,
        "ptrace": 101,
        "accept4": 288,
        "process_vm_readv": 310,
        "process_vm_writev": 311,
        "execveat": 322,
        "io_uring_setup": 425,
    },
    "aarch64": {
        "ptrace": 117,
        "kill": 129,
        "socket": 198,
        "socketpair": 199,
        "bind": 200,
        "listen": 201,
        "accept": 202,
        "connect": 203,
        "sendto": 206,
        "execve": 221,
        "accept4": 242,
        "process_vm_readv": 270,
        "process_vm_writev": 271,
        "execveat": 281,
        "io_uring_setup": 425,
    },
}


def limit_resources() -> None:
    """Cap memory, file size and open files; leave no core file, which would hold the patient's picture."""
    for kind, value in (
        (resource.RLIMIT_AS, MEMORY_BYTES),
        (resource.RLIMIT_FSIZE, _FILE_BYTES),
        (resource.RLIMIT_NOFILE, _OPEN_FILES),
        (resource.RLIMIT_CORE, 0),
    ):
        resource.setrlimit(kind, (value, value))


def limit_processor(seconds: float) -> None:
    """Let the process use so many more seconds of processor time; the kernel ends it after that."""
    used = resource.getrusage(resource.RUSAGE_SELF)
    total = int(used.ru_utime + used.ru_stime + seconds) + 1
    resource.setrlimit(resource.RLIMIT_CPU, (total, resource.RLIM_INFINITY))


def give_up_network_and_programs() -> bool:
    """Have the kernel refuse sockets, other programs and other processes' memory (seccomp), from now on.

    False where the kernel or the machine has no such filter: the limits hold all the same.
    """
    machine = platform.machine()
    if machine not in _ARCHITECTURES:
        return False
    program = _filter(_ARCHITECTURES[machine], sorted(_DENIED[machine].values()))
    instructions = ctypes.create_string_buffer(program, len(program))
    header = struct.pack("HP", len(program) // 8, ctypes.addressof(instructions))
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.prctl(_NO_NEW_PRIVILEGES, 1, 0, 0, 0) != 0:
        return False
    return bool(libc.prctl(_SET_SECCOMP, _FILTER_MODE, ctypes.create_string_buffer(header, len(header)), 0, 0) == 0)


def _filter(architecture: int, denied: list[int]) -> bytes:
    """The filter in the kernel's BPF: instructions of (code, jump if true, jump if false, operand)."""
    checks = len(denied)
    program = [
        (_LOAD, 0, 0, 4),
        (_EQUAL, 1, 0, architecture),
        (_RETURN, 0, 0, _KILL),
        (_LOAD, 0, 0, 0),
        (_AT_LEAST, checks + 1, 0, _FOREIGN_CALLS),
        *((_EQUAL, checks - index, 0, call) for index, call in enumerate(denied)),
        (_RETURN, 0, 0, _ALLOW),
        (_RETURN, 0, 0, _REFUSE),
    ]
    return b"".join(struct.pack("HBBI", *instruction) for instruction in program)


def discard_output() -> int:
    """Send what libraries print to nowhere, since it may quote the file; the descriptor of the old output."""
    answers = os.dup(1)
    nowhere = os.open(os.devnull, os.O_RDWR)
    os.dup2(nowhere, 1)
    os.dup2(nowhere, 2)
    os.close(nowhere)
    return answers
