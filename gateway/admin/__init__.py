"""The admin endpoint of one worker: health, readiness, metrics and a status page for people."""

from __future__ import annotations

from gateway.admin.server import AdminServer, AdminSources, Check
from gateway.admin.status import CertificateStatus, DecisionRow, ScannerStatus, SinkStatus, Status

__all__ = [
    "AdminServer",
    "AdminSources",
    "CertificateStatus",
    "Check",
    "DecisionRow",
    "ScannerStatus",
    "SinkStatus",
    "Status",
]
