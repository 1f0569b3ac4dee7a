"""Shows one JSON object of `ingot --json` to a human.

In: a file, and optionally a key. Out: the value of that key, or a line per key
that holds something. Base64 values (data) are decoded when they are text.
"""

import base64
import json
import sys


def readable(key, value):
    if key == "data" and isinstance(value, str):
        try:
            return base64.b64decode(value, validate=True).decode("utf-8")
        except ValueError:
            return value
    if isinstance(value, str):
        return value
    return json.dumps(value)


def main(path, key=None):
    with open(path, encoding="utf-8") as file:
        text = file.read()
    try:
        fields = json.loads(text)
    except json.JSONDecodeError:
        sys.exit(f"show_json: {path} holds no JSON object: {text[:200]!r}")
    if key is not None:
        print(readable(key, fields.get(key, "")))
        return
    for name, value in fields.items():
        if value not in (None, "", [], {}):
            print(f"  {name}: {readable(name, value)}")


if __name__ == "__main__":
    main(*sys.argv[1:])
