"""Becomes a command under the system call filter that systemd makes of a unit: ``python under_unit.py RULES COMMAND...``.

RULES is JSON: ``syscalls`` are the names that may be called, ``families`` the numbers of the address families of sockets. Memory is either
written or executed, never both (MemoryDenyWriteExecute). Whatever else is called fails with EPERM, as the unit says.
"""

import ctypes
import json
import os
import sys

_ALLOW = 0x7FFF0000
_FAIL_WITH_EPERM = 0x00050001
_EQUAL, _MASKED_EQUAL = 4, 7
_WRITE, _EXECUTE = 2, 4
_NO_NEW_PRIVILEGES = 38


class _Condition(ctypes.Structure):
    _fields_ = (("argument", ctypes.c_uint), ("comparison", ctypes.c_int), ("a", ctypes.c_uint64), ("b", ctypes.c_uint64))


def main(rules: dict[str, list[str] | list[int]], command: list[str]) -> None:
    """Apply the rules, and become the command."""
    library = ctypes.CDLL("libseccomp.so.2")
    library.seccomp_init.restype = ctypes.c_void_p
    filter_ = ctypes.c_void_p(library.seccomp_init(ctypes.c_uint32(_FAIL_WITH_EPERM)))

    def allow(name: str, *conditions: tuple[int, int, int, int]) -> None:
        number = library.seccomp_syscall_resolve_name(name.encode())
        if number >= 0:
            array = (_Condition * max(1, len(conditions)))(*conditions)
            added = library.seccomp_rule_add_array(filter_, ctypes.c_uint32(_ALLOW), number, len(conditions), array)
            if added != 0:
                sys.exit(f"{name}: {os.strerror(-added)}")

    for name in rules["syscalls"]:
        if name == "socket":
            for family in rules["families"]:
                allow(str(name), (0, _EQUAL, int(family), 0))
        elif name in ("mmap", "mmap2"):
            allow(str(name), (2, _MASKED_EQUAL, _EXECUTE, 0))
            allow(str(name), (2, _MASKED_EQUAL, _WRITE | _EXECUTE, _EXECUTE))
        elif name in ("mprotect", "pkey_mprotect"):
            allow(str(name), (2, _MASKED_EQUAL, _EXECUTE, 0))
        else:
            allow(str(name))
    ctypes.CDLL(None).prctl(_NO_NEW_PRIVILEGES, 1, 0, 0, 0)
    loaded = library.seccomp_load(filter_)
    if loaded != 0:
        sys.exit(f"the filter cannot be applied: {os.strerror(-loaded)}")
    os.execv(command[0], command)


if __name__ == "__main__":
    main(json.loads(sys.argv[1]), sys.argv[2:])
