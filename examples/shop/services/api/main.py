"""The shop's API: products from Postgres, orders into a Redis queue."""

import json
import os
import sys
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

PORT = 8080
LARGEST_ORDER = 64 * 1024

SCHEMA = """
CREATE TABLE IF NOT EXISTS products (
    id    bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    name  text NOT NULL UNIQUE,
    cents integer NOT NULL CHECK (cents >= 0)
);
INSERT INTO products (name, cents) VALUES ('bread', 320), ('milk', 140), ('honey', 650)
ON CONFLICT (name) DO NOTHING;
"""


def database():
    import psycopg

    return psycopg.connect(
        host=os.environ["POSTGRES_HOST"],
        dbname=os.environ["POSTGRES_DB"],
        user=os.environ["POSTGRES_USER"],
        password=os.environ["POSTGRES_PASSWORD"],
        connect_timeout=5,
    )


def queue():
    import redis

    return redis.Redis.from_url(os.environ["REDIS_URL"], socket_timeout=5)


def products():
    with database() as connection:
        rows = connection.execute("SELECT name, cents FROM products ORDER BY name").fetchall()
    currency = os.environ.get("SHOP_CURRENCY", "EUR")
    return [{"name": name, "cents": cents, "currency": currency} for name, cents in rows]


class Handler(BaseHTTPRequestHandler):
    """GET /healthz, GET /products, POST /orders."""

    def do_GET(self):
        if self.path == "/healthz":
            self.answer(200, {"version": os.environ.get("SHOP_VERSION", "unknown")})
        elif self.path == "/products":
            self.answer(200, products())
        else:
            self.answer(404, {"error": "not found"})

    def do_POST(self):
        if self.path != "/orders":
            return self.answer(404, {"error": "not found"})
        length = int(self.headers.get("Content-Length") or 0)
        if length > LARGEST_ORDER:
            return self.answer(413, {"error": "order too large"})
        try:
            order = json.loads(self.rfile.read(length))
        except ValueError:
            return self.answer(400, {"error": "not JSON"})
        self.answer(202, {"position": queue().rpush("orders", json.dumps(order))})

    def answer(self, status, value):
        body = json.dumps(value).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


def main(command):
    if command == "migrate":
        with database() as connection:
            connection.execute(SCHEMA)
    elif command == "serve":
        ThreadingHTTPServer(("", PORT), Handler).serve_forever()
    else:
        sys.exit("usage: main.py migrate|serve")


if __name__ == "__main__":
    main(sys.argv[1] if len(sys.argv) > 1 else "")
