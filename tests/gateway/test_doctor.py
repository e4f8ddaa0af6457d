"""A working folder as `init` writes it is healthy; each thing that is then broken gives its own line with a fix."""

from __future__ import annotations

import resource
import socket
import ssl
import threading
from collections import namedtuple
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.serialization import Encoding

from certs.authority import Authority, Issued, LeafSpec
from gateway.doctor import DoctorLine, Patient, examine, healthy, machine, peers, run, trust
from gateway.doctor_cli import print_report
from gateway.documents import load_settings
from gateway.errors import ConfigurationError
from gateway.init import init
from gateway.model import Credential, Tier, Upstream
from gateway.settings import OAuth, Redis, Settings
from routing_rules.compile import load_policy

NOW = datetime.now(UTC)


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    init(tmp_path / "work")
    loaded = load_settings(tmp_path / "work" / "gateway.yaml")
    return change(change(loaded, "listen", port=free_port()), "admin", port=free_port())


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def change(settings: Settings, part: str, **values: object) -> Settings:
    return settings.model_copy(update={part: getattr(settings, part).model_copy(update=values)})


def patient(settings: Settings, **changes: object) -> Patient:
    return replace(Patient(settings, NOW, environment={}, versions=list), **changes)


def lines_of(found: list[DoctorLine], name: str) -> list[DoctorLine]:
    matching = [line for line in found if line.name.startswith(name)]
    assert matching, f"no line called {name}"
    return matching


def only(found: list[DoctorLine], name: str) -> DoctorLine:
    matching = lines_of(found, name)
    assert len(matching) == 1
    return matching[0]


def test_a_fresh_folder_is_healthy(settings: Settings) -> None:
    found = run(settings, environment={})
    assert [line for line in found if line.status == "fail"] == []
    assert healthy(found)
    assert all(bool(line.fix) == (line.status != "ok") for line in found)
    assert {line.name for line in found if line.status == "ok"} >= {
        "policy",
        "versions",
        "key logging",
        "listener TLS",
        "gateway certificate",
        "client CA",
        "revocation list",
        "registry",
        "gateway keys",
        "permissions of listen.key",
        "listen port",
        "admin port",
        "disk space",
        "outbox folder",
        "Redis",
    }
    assert all(line.status == "warn" for line in lines_of(found, "upstream "))


def test_nothing_is_changed(settings: Settings, tmp_path: Path) -> None:
    before = {path: path.stat().st_mtime_ns for path in tmp_path.rglob("*")}
    run(settings, environment={})
    assert {path: path.stat().st_mtime_ns for path in tmp_path.rglob("*")} == before


def test_secrets_are_not_shown(settings: Settings) -> None:
    secret = "".join(["sk-", "made-up-", "value-0123456789"])
    policy = load_policy(settings.policy)
    upstream = replace(next(iter(policy.upstreams.values())), credential=Credential("authorization", "", "env:X_KEY"))
    known = patient(settings, policy=replace(policy, upstreams={upstream.id: upstream}))
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("X_KEY", secret)
        found = list(peers.credentials(known))
    assert found[0].status == "ok"
    assert secret not in str(found)
    key_text = settings.keys.file.read_text("ascii")
    assert key_text not in str(run(settings, environment={}))


# Documents


def test_a_broken_policy_is_told_with_its_place_and_the_rest_goes_on(settings: Settings) -> None:
    settings.policy.write_text("version: 1\nrulez: []\n", "utf-8")
    found = run(settings, environment={})
    assert any("rules.yaml:2:1" in line.detail and line.fix for line in lines_of(found, "policy"))
    assert not healthy(found)
    assert only(found, "registry").status == "ok"
    assert not [line for line in found if line.name.startswith("upstream")]


@pytest.mark.parametrize(("part", "name"), [("registry", "registry"), ("keys", "gateway keys")])
def test_broken_documents(settings: Settings, part: str, name: str) -> None:
    path = settings.identity.registry if part == "registry" else settings.keys.file
    path.write_text("nonsense: [", "utf-8")
    assert lines_of(run(settings, environment={}), name)[0].status == "fail"


# Machine


def test_old_libraries_fail_with_the_fix(settings: Settings) -> None:
    problems = [
        "h2 4.3.0 is older than 4.4.1: bad. Install from the lock: make setup.",
        "Python 3.11 is not supported: use 3.12 or 3.13.",
    ]
    found = lines_of(examine(patient(settings, versions=lambda: problems)), "versions")
    assert [(line.status, line.fix) for line in found] == [
        ("fail", "Install from the lock: make setup."),
        ("fail", "Use 3.12 or 3.13."),
    ]


@pytest.mark.parametrize("name", machine.KEY_LOG_VARIABLES)
def test_a_key_log_is_refused(settings: Settings, name: str) -> None:
    line = only(run(settings, environment={name: "/tmp/keys"}), "key logging")
    assert (line.status, line.fix) == ("fail", f"Unset {name}.")


def test_a_missing_spacy_pipeline(settings: Settings) -> None:
    known = change(settings, "dlp", spacy_pipelines=("xx_not_there_lg", "pytest"))
    found = lines_of(list(machine.pipelines(patient(known))), "spaCy")
    assert [line.status for line in found] == ["fail", "ok"]


def test_core_dumps(settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pattern = tmp_path / "core_pattern"
    monkeypatch.setattr(machine, "_CORE_PATTERN", pattern)
    monkeypatch.setattr(resource, "getrlimit", lambda which: (0, 0))
    for text, status in (("core\n", "ok"), ("|/usr/lib/systemd/systemd-coredump %P\n", "warn")):
        pattern.write_text(text, "ascii")
        assert only(list(machine.core_dumps(patient(settings))), "core").status == status
    pattern.unlink()
    monkeypatch.setattr(resource, "getrlimit", lambda which: (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
    assert only(list(machine.core_dumps(patient(settings))), "core").status == "warn"


def test_too_few_files(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(resource, "getrlimit", lambda which: (1024, 4096))
    line = only(list(machine.open_files(patient(settings))), "open files")
    assert line.status == "warn"
    assert "LimitNOFILE=4256" in line.fix
    monkeypatch.setattr(resource, "getrlimit", lambda which: (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
    assert only(list(machine.open_files(patient(settings))), "open files").status == "ok"


def test_folders(settings: Settings, tmp_path: Path) -> None:
    blocked = tmp_path / "file"
    blocked.write_text("", "utf-8")
    opened = tmp_path / "opened"
    opened.mkdir()
    opened.chmod(0o777)
    known = change(change(settings, "evidence", outbox=blocked / "outbox"), "run", state=opened)
    found = list(machine.folders(patient(known)))
    assert [(line.name, line.status) for line in found] == [("outbox folder", "fail"), ("state folder", "warn")]


@pytest.mark.parametrize(("free", "status"), [(2**20, "fail"), (2**30, "warn"), (2**40, "ok")])
def test_disk_space(settings: Settings, monkeypatch: pytest.MonkeyPatch, free: int, status: str) -> None:
    usage = namedtuple("usage", "total used free")
    monkeypatch.setattr("shutil.disk_usage", lambda path: usage(2**41, 0, free))
    assert only(list(machine.disk_space(patient(settings))), "disk space").status == status


def test_ports(settings: Settings) -> None:
    with socket.socket() as holder:
        holder.bind(("127.0.0.1", 0))
        holder.listen()
        known = change(settings, "listen", port=holder.getsockname()[1])
        assert only(list(machine.ports(patient(known))), "listen port").status == "warn"
    for host in ("203.0.113.7", "not a name"):
        assert only(list(machine.ports(patient(change(settings, "listen", host=host)))), "listen port").status == "fail"
    known = change(settings, "admin", host="0.0.0.0")
    assert only(list(machine.ports(patient(known))), "admin address").status == "warn"


# Trust


def replace_gateway(settings: Settings, issued: Issued) -> None:
    settings.listen.certificate.write_bytes(issued.pem)
    settings.listen.key.write_bytes(issued.key_pem)


@pytest.mark.parametrize(
    ("start", "end", "status", "says"),
    [
        (-10, 30, "ok", "is good until"),
        (-10, 5, "warn", "expires on"),
        (-10, -1, "fail", "expired on"),
        (1, 10, "fail", "clock"),
    ],
)
def test_dates_of_the_gateways_certificate(settings: Settings, start: int, end: int, status: str, says: str) -> None:
    authority = Authority.root("gateway")
    replace_gateway(
        settings,
        authority.mint(
            LeafSpec(
                "gw", names=("localhost",), not_before=NOW + timedelta(days=start), not_after=NOW + timedelta(days=end)
            )
        ),
    )
    line = only(list(trust.listener(patient(settings))), "gateway certificate")
    assert line.status == status
    assert says in line.detail + line.fix


def test_files_that_do_not_fit_together(settings: Settings) -> None:
    settings.listen.key.write_bytes(Authority.root("x").key_pem)
    line = only(list(trust.listener(patient(settings))), "listener TLS")
    assert line.status == "fail"
    assert "not the key of" in line.detail


@pytest.mark.parametrize(("days", "status"), [(-1, "fail"), (0.5, "warn"), (10, "ok")])
def test_the_end_of_the_list(settings: Settings, days: float, status: str) -> None:
    authority = Authority.root("clients")
    settings.listen.client_ca.write_bytes(authority.pem)
    assert settings.listen.client_crl is not None
    crl = authority.crl(this_update=NOW - timedelta(days=20), next_update=NOW + timedelta(days=days))
    settings.listen.client_crl.write_bytes(crl.public_bytes(Encoding.DER))
    assert only(list(trust.listener(patient(settings))), "revocation list").status == status
    future = authority.crl(this_update=NOW + timedelta(days=1), next_update=NOW + timedelta(days=2))
    settings.listen.client_crl.write_bytes(future.public_bytes(Encoding.DER))
    assert "not yet" in only(list(trust.listener(patient(settings))), "revocation list").detail


def test_no_list_is_a_warning(settings: Settings) -> None:
    known = change(settings, "listen", client_crl=None)
    assert only(list(trust.listener(patient(known))), "revocation list").status == "warn"


def test_a_canary_that_would_not_be_admitted(settings: Settings) -> None:
    spiffe_id = f"spiffe://{settings.identity.trust_domain}/llmgw/canary"

    def canary_line() -> DoctorLine:
        return only(list(trust.canary(patient(settings))), "canary certificate")

    assert canary_line().status == "ok"
    settings.canary.key.write_bytes(Authority.root("x").key_pem)
    assert "not the key" in canary_line().detail
    stranger = Authority.root("llmgw throw-away clients CA").issue_agent(spiffe_id)
    settings.canary.certificate.write_bytes(stranger.pem)
    settings.canary.key.write_bytes(stranger.key_pem)
    assert "not issued by a CA of listen.client_ca" in canary_line().detail
    nobody = Authority.root("x").issue_server(("localhost",))
    settings.canary.certificate.write_bytes(nobody.pem)
    assert canary_line().status == "fail"
    settings.canary.certificate.write_bytes(b"")
    assert "holds no PEM certificate" in canary_line().detail


def test_files_that_others_may_read(settings: Settings, tmp_path: Path) -> None:
    settings.listen.key.chmod(0o640)
    settings.canary.key.unlink()
    found = list(trust.private_files(patient(settings)))
    listen_key = only(found, "permissions of listen.key")
    assert (listen_key.status, listen_key.fix) == ("fail", f"chmod 600 {settings.listen.key}")
    assert only(found, "permissions of canary.key").status == "fail"
    assert only(found, "permissions of keys.file").status == "ok"


def test_files_of_upstreams_and_redis_are_private_too(settings: Settings, tmp_path: Path) -> None:
    for name in ("client.key", "credential", "redis"):
        (tmp_path / name).write_text("made-up-value", "ascii")
        (tmp_path / name).chmod(0o604)
    policy = load_policy(settings.policy)
    upstream = replace(
        next(iter(policy.upstreams.values())),
        client_key_file=str(tmp_path / "client.key"),
        credential=Credential("authorization", "Bearer ", f"file:{tmp_path / 'credential'}"),
    )
    known = change(settings, "evidence", redis=Redis(url="redis://localhost", password_file=tmp_path / "redis"))
    found = list(trust.private_files(patient(known, policy=replace(policy, upstreams={"u": upstream}))))
    assert sum(line.status == "fail" for line in found) == 3


def test_the_issuers_keys(settings: Settings, tmp_path: Path) -> None:
    path = tmp_path / "jwks.json"
    path.write_text('{"keys": []}', "ascii")
    for oauth, status in (
        (OAuth(issuer="https://i", audience="a", jwks_file=path), "fail"),
        (OAuth(issuer="https://i", audience="a", jwks_url="https://i/jwks"), "fail"),
        (OAuth(issuer="https://i", audience="a", jwks_url="https://i/j", jwks_ca_file=settings.listen.client_ca), "ok"),
    ):
        known = change(settings, "identity", oauth=oauth)
        assert only(list(trust.oauth(patient(known))), "OAuth2 keys").status == status


# Peers


@contextmanager
def stub(issued: Issued | None, tmp_path: Path) -> Iterator[tuple[int, list[bytes]]]:
    """A server that shakes hands and notes what it is sent."""
    listener = socket.create_server(("127.0.0.1", 0))
    sent: list[bytes] = []

    def serve() -> None:
        plain, _ = listener.accept()
        with plain:
            plain.settimeout(5)
            try:
                if issued is None:
                    sent.append(plain.recv(100))
                    return
                context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
                context.load_cert_chain(tmp_path / "stub.crt", tmp_path / "stub.key")
                with context.wrap_socket(plain, server_side=True) as wrapped:
                    sent.append(wrapped.recv(100))
            except OSError:
                return

    if issued is not None:
        issued.write(tmp_path / "stub.crt", tmp_path / "stub.key")
    thread = threading.Thread(target=serve)
    thread.start()
    try:
        yield listener.getsockname()[1], sent
    finally:
        thread.join(10)
        listener.close()


def upstream_line(settings: Settings, tmp_path: Path, port: int, authority: Authority, **changes: object) -> DoctorLine:
    (tmp_path / "ca.pem").write_bytes(authority.pem)
    upstream = Upstream(
        "own",
        Tier.ON_PREM,
        "https",
        "127.0.0.1",
        port,
        "",
        frozenset(),
        {},
        ca_file=str(tmp_path / "ca.pem"),
        allow_private=True,
    )
    policy = replace(load_policy(settings.policy), upstreams={"own": replace(upstream, **changes)})
    return only(list(peers.upstreams(patient(settings, policy=policy))), "upstream own")


AUTHORITY = Authority.root("stubs")


@pytest.mark.parametrize(
    ("issue", "changes", "status", "says"),
    [
        (lambda: AUTHORITY.issue_server(("127.0.0.1",)), {}, "ok", "is trusted (TLSv1.3"),
        (lambda: AUTHORITY.issue_server(("other.example",)), {}, "fail", "not trusted: IP address mismatch"),
        (lambda: Authority.root("stubs").issue_server(("127.0.0.1",)), {}, "fail", "not trusted"),
        (
            lambda: AUTHORITY.mint(
                LeafSpec(names=("127.0.0.1",), not_before=NOW - timedelta(days=3), not_after=NOW - timedelta(days=1))
            ),
            {},
            "fail",
            "has expired",
        ),
        (lambda: AUTHORITY.issue_server(("127.0.0.1",)), {"allow_private": False}, "fail", "allow_private"),
        (lambda: AUTHORITY.issue_server(("127.0.0.1",)), {"ca_file": "/nonexistent.pem"}, "fail", "cannot read"),
        (lambda: None, {"scheme": "http", "ca_file": ""}, "ok", "clear text"),
    ],
)
def test_upstreams(
    settings: Settings,
    tmp_path: Path,
    issue: Callable[[], Issued | None],
    changes: dict[str, object],
    status: str,
    says: str,
) -> None:
    with stub(issue(), tmp_path) as (port, sent):
        line = upstream_line(settings, tmp_path, port, AUTHORITY, **changes)
    assert (line.status, says in line.detail) == (status, True), line
    assert sent in ([], [b""])


def test_an_upstream_that_does_not_speak_tls(settings: Settings, tmp_path: Path) -> None:
    with stub(None, tmp_path) as (port, _):
        line = upstream_line(settings, tmp_path, port, AUTHORITY)
    assert line.status == "warn"


def test_an_upstream_that_is_not_there(settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert upstream_line(settings, tmp_path, free_port(), AUTHORITY).status == "warn"
    monkeypatch.setattr(peers, "TOTAL_SECONDS", 0.01)
    hanging = threading.Event()
    monkeypatch.setattr(peers, "_upstream", lambda upstream: hanging.wait(5))
    assert "no answer in time" in upstream_line(settings, tmp_path, 1, AUTHORITY).detail
    hanging.set()


def test_credentials_that_are_not_there(settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("NOT_SET", raising=False)
    policy = load_policy(settings.policy)
    one = next(iter(policy.upstreams.values()))
    wanted = {
        source: replace(one, id=source, credential=Credential("authorization", "", source))
        for source in ("env:NOT_SET", f"file:{tmp_path / 'none'}")
    }
    found = list(peers.credentials(patient(settings, policy=replace(policy, upstreams=wanted))))
    assert [line.status for line in found] == ["fail", "fail"]
    assert "Set NOT_SET" in found[0].fix
    assert "chmod 600" in found[1].fix


def test_redis(settings: Settings) -> None:
    def refusing(redis: Redis) -> None:
        raise ConnectionRefusedError(111, "Connection refused")

    with socket.create_server(("127.0.0.1", 0)) as listener:
        known = change(settings, "evidence", redis=Redis(url=f"redis://127.0.0.1:{listener.getsockname()[1]}/0"))
        for ping, status, says in (
            (None, "ok", "accepts"),
            (lambda redis: None, "ok", "PING"),
            (refusing, "warn", "Connection refused"),
        ):
            line = only(list(peers.redis(patient(known, ping_redis=ping))), "Redis")
            assert (line.status, says in line.detail) == (status, True)


# The command


def test_the_report_has_a_line_each_and_an_exit_code(
    settings: Settings, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    config = tmp_path / "work" / "gateway.yaml"
    assert print_report(config) == 0
    out = capsys.readouterr().out
    assert "ok    gateway keys: active key" in out
    assert "\n      fix: " in out
    assert out.rstrip().endswith(" 0 failed")
    settings.listen.key.chmod(0o644)
    assert print_report(config) == 1
    assert f"fail  permissions of listen.key: {settings.listen.key} has mode 0644" in capsys.readouterr().out
    (tmp_path / "work" / "agents.yaml").unlink()
    with pytest.raises(ConfigurationError):
        print_report(config)
