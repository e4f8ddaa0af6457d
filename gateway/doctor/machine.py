"""Checks of the machine: versions, environment, limits, folders, ports."""

from __future__ import annotations

import errno
import ipaddress
import os
import platform
import resource
import shutil
import socket
from collections.abc import Iterator
from importlib import metadata
from pathlib import Path
from typing import Final

from dlp_recognizers.attachments.setup import tesseract
from gateway.doctor.line import DoctorLine, Patient, fail, ok, warn

KEY_LOG_VARIABLES: Final = ("SSLKEYLOGFILE", "MITMPROXY_SSLKEYLOGFILE")
EVENT_BYTES: Final = 2048
"""What one event takes in the outbox, roughly."""
LEAST_FREE_BYTES: Final = 64 * 1024 * 1024
SPARE_FILES: Final = 256
_CORE_PATTERN: Final = Path("/proc/sys/kernel/core_pattern")


def versions(patient: Patient) -> Iterator[DoctorLine]:
    """Python and the libraries whose versions matter."""
    problems = patient.versions()
    for problem in problems:
        what, _, fix = problem.partition(". Install") if ". Install" in problem else problem.partition(": use ")
        yield fail("versions", what, f"Install{fix}" if ". Install" in problem else f"Use {fix}")
    if not problems:
        yield ok("versions", f"Python {platform.python_version()}, and the libraries meet their floors")


def pipelines(patient: Patient) -> Iterator[DoctorLine]:
    """The spaCy pipelines that the settings name are installed. They are not loaded here."""
    for name in patient.settings.dlp.spacy_pipelines:
        try:
            version = metadata.version(name)
        except metadata.PackageNotFoundError:
            yield fail(
                f"spaCy pipeline {name}", "not installed", f"Install the wheel of {name}, or take it out of dlp."
            )
        else:
            yield ok(f"spaCy pipeline {name}", f"version {version}")


def ocr(patient: Patient) -> Iterator[DoctorLine]:
    """Whether images are read, or count as unknown content."""
    if patient.settings.dlp.attachments.ocr == "off":
        yield ok("text in images", "not read (dlp.attachments.ocr is off): images are of unknown content")
    elif path := tesseract():
        yield ok("text in images", f"read by {path}")
    else:
        yield warn(
            "text in images",
            "Tesseract is not installed: images and scanned pages are of unknown content",
            "Install it (Debian: apt-get install tesseract-ocr), or set dlp.attachments.ocr to off.",
        )


def key_logging(patient: Patient) -> Iterator[DoctorLine]:
    """No variable makes the TLS library write session secrets to disk."""
    found = [name for name in KEY_LOG_VARIABLES if patient.environment.get(name)]
    for name in found:
        yield fail("key logging", f"{name} is set: TLS session secrets would be written to disk", f"Unset {name}.")
    if not found:
        yield ok("key logging", "off")


def core_dumps(patient: Patient) -> Iterator[DoctorLine]:
    """A core dump would hold prompts and keys."""
    del patient
    try:
        piped = _CORE_PATTERN.read_text("ascii").startswith("|")
    except (OSError, UnicodeDecodeError):
        piped = False
    if piped:
        yield warn(
            "core dumps",
            "the kernel hands core dumps to a program, which the limit of a process does not stop",
            "Set kernel.core_pattern to a plain name, or Storage=none for systemd-coredump.",
        )
    elif resource.getrlimit(resource.RLIMIT_CORE)[0] != 0:
        yield warn(
            "core dumps", "on in this shell; workers turn them off for themselves", "Set LimitCORE=0 or ulimit -c 0."
        )
    else:
        yield ok("core dumps", "off")


def open_files(patient: Patient) -> Iterator[DoctorLine]:
    """Each connection takes a file, and another towards its upstream."""
    wanted = 2 * patient.settings.limits.connections + SPARE_FILES
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        yield warn(
            "open files",
            f"at most {soft} (hard limit {hard}); {patient.settings.limits.connections} connections take {wanted}",
            f"Set LimitNOFILE={wanted} or ulimit -n {wanted}, or lower limits.connections.",
        )
    else:
        yield ok("open files", f"at most {soft}, {wanted} wanted")


def folders(patient: Patient) -> Iterator[DoctorLine]:
    """Outbox and state can be written, by the gateway alone."""
    settings = patient.settings
    for name, folder in (("outbox folder", settings.evidence.outbox), ("state folder", settings.run.state)):
        existing = next(each for each in (folder, *folder.parents) if each.exists())
        if not existing.is_dir() or not os.access(existing, os.W_OK | os.X_OK):
            yield fail(name, f"{existing} cannot be written", f"Make it a folder of the gateway's user: {folder}")
        elif existing == folder and folder.stat().st_mode & 0o007:
            yield warn(name, f"{folder} is open to every user of this machine", f"chmod o= {folder}")
        else:
            yield ok(name, f"{folder} can be {'written' if existing == folder else 'made'}")


def disk_space(patient: Patient) -> Iterator[DoctorLine]:
    """Room for as many events as the outbox may hold."""
    evidence = patient.settings.evidence
    existing = next(each for each in (evidence.outbox, *evidence.outbox.parents) if each.exists())
    free = shutil.disk_usage(existing).free
    wanted = evidence.outbox_events * EVENT_BYTES
    detail = f"{free // 2**20} MiB free, a full outbox takes about {wanted // 2**20} MiB"
    if free < LEAST_FREE_BYTES:
        yield fail("disk space", detail, f"Free space on the file system of {existing}.")
    elif free < wanted:
        yield warn("disk space", detail, "Free space, or lower evidence.outbox_events.")
    else:
        yield ok("disk space", detail)


def ports(patient: Patient) -> Iterator[DoctorLine]:
    """The ports are free, and the admin endpoint is not open to everybody."""
    listen, admin = patient.settings.listen, patient.settings.admin
    yield _port("listen port", listen.host, listen.port)
    yield _port("admin port", admin.host, admin.port)
    if not _is_loopback(admin.host):
        yield warn(
            "admin address",
            f"{admin.host} is reachable from other machines, and the admin endpoint asks nobody who they are",
            "Set admin.host to 127.0.0.1, or let only the monitoring reach it.",
        )


def _port(name: str, host: str, port: int) -> DoctorLine:
    where = f"{host}:{port}"
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        with socket.socket(family, kind, protocol) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind(address)
    except socket.gaierror:
        return fail(name, f"{host} has no address", "Name an address of this machine.")
    except OSError as error:
        if error.errno == errno.EADDRINUSE:
            return warn(name, f"{where} is in use", "Fine if the gateway is running; else choose another port.")
        if error.errno == errno.EACCES:
            return fail(name, f"{where} is for privileged users", "Choose a port from 1024 up.")
        return fail(name, f"{where} cannot be used: {error.strerror}", "Name an address of this machine.")
    return ok(name, f"{where} is free")


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
