"""Reads an EnvironmentFile= with systemd's own code, and keeps what systemd would pass on. NUL-separated."""
import ctypes, glob, sys

[library] = glob.glob("/usr/lib/*/systemd/libsystemd-shared-*.so")[:1] or sys.exit("no libsystemd-shared")
systemd, libc = ctypes.CDLL(library), ctypes.CDLL(None)
libc.fopen.restype = ctypes.c_void_p
libc.fopen.argtypes = [ctypes.c_char_p, ctypes.c_char_p]
systemd.load_env_file.argtypes = [ctypes.c_void_p, ctypes.c_char_p, ctypes.c_void_p]
systemd.env_assignment_is_valid.argtypes = [ctypes.c_char_p]
systemd.env_assignment_is_valid.restype = ctypes.c_bool

path = sys.argv[1].encode()
strings = ctypes.POINTER(ctypes.c_char_p)()
stream = libc.fopen(path, b"re") or sys.exit("cannot open")
error = systemd.load_env_file(stream, path, ctypes.byref(strings))
if error < 0:
    sys.exit(f"load_env_file: {error}")
index = 0
while strings and strings[index] is not None:
    # exec_context_load_environment() drops the others.
    if systemd.env_assignment_is_valid(strings[index]):
        sys.stdout.buffer.write(strings[index] + b"\0")
    index += 1
