"""What surrounds the code holds together: links, compose file, image, unit, set-up script."""

from __future__ import annotations

import os
import re
import subprocess
from pathlib import Path

import pytest
import yaml

from gateway.documents import load_settings
from gateway.init import init
from gateway.settings import Settings

ROOT = Path(__file__).resolve().parent.parent
DOCUMENTS = sorted(p for p in [*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")] if p.is_file())


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda p: str(p.relative_to(ROOT)))
def test_links_between_documents_lead_somewhere(document: Path) -> None:
    for target in re.findall(r"\]\(([^)\s]+)\)", document.read_text("utf-8")):
        if not target.startswith(("http://", "https://", "#")):
            assert (document.parent / target.partition("#")[0]).exists(), f"{document.name}: {target}"


def test_the_compose_file_mounts_what_exists() -> None:
    services = yaml.safe_load((ROOT / "docker-compose.yml").read_text("utf-8"))["services"]
    for name, service in services.items():
        for volume in service.get("volumes", ()):
            source = volume.split(":")[0]
            if source.startswith("./"):
                assert (ROOT / source).exists(), f"{name}: {source}"


def test_the_compose_file_publishes_on_loopback_only() -> None:
    services = yaml.safe_load((ROOT / "docker-compose.yml").read_text("utf-8"))["services"]
    ports = [port for service in services.values() for port in service.get("ports", ())]
    assert ports
    assert all(port.startswith("127.0.0.1:") for port in ports)


def test_the_stand_ins_stand_where_a_new_folder_expects_upstreams() -> None:
    services = yaml.safe_load((ROOT / "docker-compose.yml").read_text("utf-8"))["services"]
    stubs = {s["command"][3]: s["command"][1] for name, s in services.items() if name.startswith("stub-")}
    upstreams = yaml.safe_load((ROOT / "routing_rules" / "templates" / "upstreams.yaml").read_text("utf-8"))[
        "upstreams"
    ]
    assert {u["id"]: u["base_url"] for u in upstreams} == {n: f"http://127.0.0.1:{p}/v1" for n, p in stubs.items()}


def compose_settings(tmp_path: Path) -> Settings:
    """The settings of the compose file, over a folder that `llmgw init` made, as its first service does."""
    work = tmp_path / "work"
    init(work)
    text = (ROOT / "deploy" / "compose" / "gateway.yaml").read_text("utf-8")
    (work / "compose.yaml").write_text(text.replace("/srv/llmgw/", f"{work}/"))
    return load_settings(work / "compose.yaml")


def test_the_settings_of_the_compose_file_load(tmp_path: Path) -> None:
    settings = compose_settings(tmp_path)
    assert settings.listen.port == 8443
    assert settings.evidence.redis is not None


def test_the_image_is_made_of_what_exists() -> None:
    dockerfile = (ROOT / "Dockerfile").read_text("utf-8")
    let_in = {line[1:] for line in (ROOT / ".dockerignore").read_text("utf-8").splitlines() if line.startswith("!")}
    for line in re.findall(r"^COPY (?!--from)(.+) \S+$", dockerfile, re.MULTILINE):
        for source in line.split():
            assert (ROOT / source).exists(), source
            assert source in let_in, f"{source} is not let in by .dockerignore"


def test_the_unit_waits_longer_than_a_drain(tmp_path: Path) -> None:
    unit = (ROOT / "deploy" / "systemd" / "llmgw.service").read_text("utf-8")
    stop = re.search(r"^TimeoutStopSec=(\d+)$", unit, re.MULTILINE)
    assert stop is not None
    assert int(stop[1]) > compose_settings(tmp_path).run.drain_seconds


def test_every_lock_line_has_a_hash() -> None:
    for name in ("requirements.lock", "requirements-dev.lock", "requirements-build.lock"):
        for entry in re.split(r"\n(?=[a-z0-9])", (ROOT / name).read_text("utf-8").strip()):
            assert "==" in entry.splitlines()[0], f"{name}: {entry[:60]}"
            assert "--hash=sha256:" in entry, f"{name}: {entry[:60]}"


def fake_python(folder: Path, version: str) -> Path:
    """A program that answers set-up's questions the way a Python of that version would."""
    path = folder / "python3"
    folder.mkdir(parents=True, exist_ok=True)
    good = version.startswith(("3.12", "3.13"))
    path.write_text(
        f'#!/bin/sh\ncase "$2" in *version_info*) exit {0 if good else 1};; esac\necho "Python {version}"\n'
    )
    path.chmod(0o755)
    return path


def setup(tmp_path: Path, *, home: Path, path: Path) -> subprocess.CompletedProcess[str]:
    """Run set-up in a copy that has nothing but what the script reads."""
    checkout = tmp_path / "checkout"
    (checkout / "scripts").mkdir(parents=True)
    for name in ("scripts/setup.sh", "pyproject.toml", "requirements-dev.lock"):
        (checkout / name).write_bytes((ROOT / name).read_bytes())
    # Interpreters in fixed places are somebody else's: only what the test lays out may be found.
    script = (checkout / "scripts" / "setup.sh").read_text()
    script = re.sub(r"(/usr/local|/usr)/bin/python3\.", "/nonexistent/python3.", script).replace(
        "/opt/pyenv", "/nonexistent"
    )
    (checkout / "scripts" / "setup.sh").write_text(script)
    env = {"HOME": str(home), "PATH": f"{path}:{tools(tmp_path)}"}
    command = ["/bin/bash", str(checkout / "scripts" / "setup.sh")]
    return subprocess.run(command, env=env, capture_output=True, text=True, timeout=60, check=False)


def tools(tmp_path: Path) -> Path:
    """The ordinary programs the script uses, and no Python."""
    folder = tmp_path / "tools"
    folder.mkdir()
    for name in ("dirname", "sha256sum", "cut", "cat", "find", "sort", "sed", "flock", "rm", "sh"):
        source = next(Path(p) / name for p in os.environ["PATH"].split(":") if (Path(p) / name).exists())
        (folder / name).symlink_to(source)
    return folder


def test_set_up_finds_a_new_python_that_only_pyenv_has(tmp_path: Path) -> None:
    old = fake_python(tmp_path / "old", "3.11.2")
    new = fake_python(tmp_path / "home" / ".pyenv" / "versions" / "3.13.0" / "bin", "3.13.0")
    fake_python(tmp_path / "home" / ".pyenv" / "versions" / "3.12.1" / "bin", "3.12.1")
    done = setup(tmp_path, home=tmp_path / "home", path=old.parent)
    assert f"making .venv with Python 3.13.0 ({new})" in done.stderr


def test_set_up_takes_3_12_where_there_is_no_3_13(tmp_path: Path) -> None:
    old = fake_python(tmp_path / "old", "3.11.2")
    new = fake_python(tmp_path / "home" / ".pyenv" / "versions" / "3.12.1" / "bin", "3.12.1")
    done = setup(tmp_path, home=tmp_path / "home", path=old.parent)
    assert f"making .venv with Python 3.12.1 ({new})" in done.stderr


def test_set_up_says_what_is_missing_and_how_to_get_it(tmp_path: Path) -> None:
    old = fake_python(tmp_path / "old", "3.11.2")
    done = setup(tmp_path, home=tmp_path / "home", path=old.parent)
    assert done.returncode == 2
    assert "Python 3.13 or 3.12 is needed" in done.stderr
    assert "Python 3.11.2 is what python3 says" in done.stderr
    assert "pyenv install 3.13" in done.stderr
