"""Reads a JSON object of strings. NUL-separated."""
import json, sys

for name, value in json.load(open(sys.argv[1], encoding="utf-8")).items():
    sys.stdout.buffer.write(f"{name}={value}".encode() + b"\0")
