"""docs/webhooks.md: its lines in Node and Go verify what Plaudit signs, and refuse what was changed on the way."""

import json
import os
import re
import shutil
import subprocess
from datetime import UTC, datetime
from pathlib import Path

import pytest

from shared.webhooks.sealing import new_secret, signed

ROOT = Path(__file__).parents[3]
GUIDE = (ROOT / "docs" / "webhooks.md").read_text()
BODY = '{"specversion":"1.0","id":"1","type":"points.awarded.v1","data":{"points":3,"name":"Zoë"}}'.encode()
NODE = """
import {{ readFileSync }} from "node:fs";
{imports}
const {{ secret, headers, body }} = JSON.parse(readFileSync(0, "utf8"));
{lines}
console.log(fact.data.points);
"""
GO = """
package main

import (
    "encoding/json"
    "fmt"
    "net/http"
    "os"
)

{imports}

func main() {{
    var given struct {{
        Secret  string
        Headers map[string]string
        Body    string
    }}
    if json.NewDecoder(os.Stdin).Decode(&given) != nil {{
        os.Exit(3)
    }}
    request := &http.Request{{Header: http.Header{{}}}}
    for name, value := range given.Headers {{
        request.Header.Set(name, value)
    }}
    secret, body := given.Secret, []byte(given.Body)
{lines}
    if err != nil {{
        fmt.Fprintln(os.Stderr, err)
        os.Exit(1)
    }}
    fmt.Println(3)
}}
"""
LIBRARY = "standardwebhooks@1.0.0"
MODULE = "module verify\n\ngo 1.21\n"


def program(language: str, frame: str) -> str:
    """The guide's lines in a language, as a program that reads a delivery and verifies it."""
    [text] = re.findall(rf"^```{language}\n(.*?)^```$", GUIDE, re.DOTALL | re.MULTILINE)
    imports = [line for line in text.splitlines() if line.startswith("import ")]
    return frame.format(imports="\n".join(imports), lines="\n".join(set_aside(text, imports)))


def set_aside(text: str, imports: list[str]) -> list[str]:
    return [line for line in text.splitlines() if line not in imports]


def prepared(command: list[str], directory: Path) -> None:
    """Fetch the library as somebody would who follows the guide; skips where nothing can be fetched."""
    env = {**os.environ, "GOTELEMETRY": "off"}
    done = subprocess.run(
        command, cwd=directory, env=env, capture_output=True, text=True, timeout=300, check=False
    )
    if done.returncode != 0:
        pytest.skip(f"{command[0]} cannot fetch the library here: {done.stderr[-300:]}")


def verified(command: list[str], directory: Path, *, secret: str, body: bytes, sent: bytes) -> bool:
    """Whether the program takes a delivery of `sent` whose signature is that of `body`."""
    headers = dict(signed("message-1", body, by=[secret], at=datetime.now(UTC)).headers)
    given = json.dumps({"secret": secret, "headers": headers, "body": sent.decode()})
    done = subprocess.run(
        command, cwd=directory, input=given, capture_output=True, text=True, timeout=300, check=False
    )
    assert done.returncode in (0, 1), done.stderr
    if done.returncode == 1:
        assert re.search("signature", done.stderr, re.IGNORECASE), done.stderr
        return False
    return done.stdout.strip() == "3"


@pytest.mark.parametrize(
    ("language", "frame", "file", "fetch", "command"),
    [
        (
            "js",
            NODE,
            "verify.mjs",
            ["npm", "install", "--no-audit", "--no-fund", "standardwebhooks@1.0.0"],
            ["node"],
        ),
        ("go", GO, "verify.go", ["go", "mod", "tidy"], ["go", "run"]),
    ],
)
def test_a_delivery_is_verified_as_the_guide_says(
    tmp_path: Path, language: str, frame: str, file: str, fetch: list[str], command: list[str]
) -> None:
    if shutil.which(fetch[0]) is None:
        pytest.skip(f"{fetch[0]} is not installed")
    if not os.environ.get("PLAUDIT_CLIENTS"):
        pytest.skip("it fetches a library first: `make clients` runs it")
    (tmp_path / file).write_text(program(language, frame))
    if language == "go":
        (tmp_path / "go.mod").write_text(MODULE)
    prepared(fetch, tmp_path)
    secret, run = new_secret(), [*command, file]
    assert verified(run, tmp_path, secret=secret, body=BODY, sent=BODY)
    assert not verified(run, tmp_path, secret=secret, body=BODY, sent=BODY.replace(b"3", b"4"))
