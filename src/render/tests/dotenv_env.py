"""Reads a dotenv file with python-dotenv. NUL-separated."""
import sys
from dotenv import dotenv_values

for name, value in dotenv_values(sys.argv[1]).items():
    sys.stdout.buffer.write(f"{name}={value}".encode() + b"\0")
