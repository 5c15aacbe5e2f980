"""Runs `docker create --env-file` against a socket that only records what the client sends. NUL-separated."""
import http.server, json, os, socketserver, subprocess, sys, tempfile, threading

recorded = []


class Engine(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def answer(self, status, body):
        self.send_response(status)
        self.send_header("Api-Version", "1.43")
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(b"" if self.command == "HEAD" else body)

    def do_HEAD(self):
        self.answer(200, b"OK")

    do_GET = do_HEAD

    def do_POST(self):
        recorded.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
        self.answer(201, b'{"Id": "0123456789ab", "Warnings": []}')

    def address_string(self):
        return "client"

    def log_message(self, *_):
        pass


with tempfile.TemporaryDirectory() as folder:
    path = os.path.join(folder, "s")
    server = socketserver.ThreadingUnixStreamServer(path, Engine)
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, daemon=True).start()
    command = ["docker", "-H", f"unix://{path}", "create", "--env-file", sys.argv[1], "image"]
    environment = {"PATH": os.environ["PATH"], "HOME": folder}
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL, env=environment)
    server.shutdown()
for assignment in recorded[0]["Env"]:
    sys.stdout.buffer.write(assignment.encode() + b"\0")
