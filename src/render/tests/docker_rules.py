"""Reads an --env-file by the rules that docker documents. NUL-separated."""
import sys

for line in open(sys.argv[1], "rb").read().split(b"\n"):
    if len(line) >= 65536:
        sys.exit("bufio.Scanner: token too long")
    line = line.removesuffix(b"\r").decode().lstrip()
    if line and not line.startswith("#"):
        sys.stdout.buffer.write(line.encode() + b"\0")
