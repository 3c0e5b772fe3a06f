"""An S3 service that misbehaves in ways a real server would not do on demand."""

import pytest

from cdse_qgis_plugin.engine.embeddings.sources import opening
from cdse_qgis_plugin.engine.embeddings.sources.retry import Patience
from cdse_qgis_plugin.engine.endpoints import Endpoints
from cdse_qgis_plugin.engine.errors import EngineError
from cdse_qgis_plugin.engine.run import Run

from . import major_tom_files as major_tom
from .range_server import Fault, RangeServer, etag_of
from .test_sources import COLUMN, ROW, area, assert_same, make

KEYS = {"s3_access_key": "AKIAIOSFODNN7EXAMPLE", "s3_secret_key": "wJalrXUtnFEMIK7MDENGbPxRfiCYEXAMPLEKEY"}
FOLDER = "auxdata/MajorTOM/embeddings/Core-S2RGB-SigLIP/embeddings"
BBOX = area(ROW + 2, COLUMN + 2, rows=2, columns=3)


@pytest.fixture(autouse=True)
def impatient(monkeypatch):
    monkeypatch.setattr(opening, "PATIENCE", Patience(attempts=3, first_s=0.02, longest_s=0.3))


@pytest.fixture(scope="module")
def data():
    frame = major_tom.frame(*major_tom.cells(ROW, COLUMN, 6, 10), dim=96, side=3)
    return major_tom.parquet(frame, data_page_size=8 << 10, use_dictionary=False)


def listing(**files: bytes) -> bytes:
    """What ListObjectsV2 answers."""
    entries = "".join(
        f"<Contents><Key>{FOLDER}/{name}.parquet</Key><Size>{len(data)}</Size><ETag>{etag_of(data)}</ETag>"
        "<LastModified>2026-01-01T00:00:00.000Z</LastModified><StorageClass>STANDARD</StorageClass></Contents>"
        for name, data in files.items()
    )
    return (
        '<?xml version="1.0"?><ListBucketResult xmlns="http://s3.amazonaws.com/doc/2006-03-01/"><Name>eodata</Name>'
        f"<KeyCount>{len(files)}</KeyCount><MaxKeys>1000</MaxKeys><IsTruncated>false</IsTruncated>{entries}"
        "</ListBucketResult>"
    ).encode()


@pytest.fixture
def server(data):
    with RangeServer({"/eodata": listing(part_1=data), f"/eodata/{FOLDER}/part_1.parquet": data}) as running:
        yield running


@pytest.fixture
def expected(data, tmp_path):
    folder = tmp_path / "Core-S2RGB-SigLIP"
    folder.mkdir()
    (folder / "part_1.parquet").write_bytes(data)
    return make(folder, tmp_path / "local", tmp_path, bbox=BBOX)[1]


def remote(server, tmp_path):
    run = Run(None, KEYS, Endpoints({"S3": server.address}))
    return make("cdse:Core-S2RGB-SigLIP", tmp_path / "remote", tmp_path, run, bbox=BBOX)[1]


def refused(server, tmp_path) -> EngineError:
    with pytest.raises(EngineError) as raised:
        remote(server, tmp_path)
    assert raised.value.message.endswith(".") and raised.value.hint.endswith(".")
    assert not any(secret in str(raised.value.as_dict()) for secret in KEYS.values())
    assert not (tmp_path / "remote").exists()
    return raised.value


def said(code: str, status: int) -> Fault:
    """A refusal as S3 words it."""
    body = f"<?xml version='1.0'?><Error><Code>{code}</Code><Message>{KEYS['s3_access_key']}</Message></Error>"
    return Fault(status=status, body=body.encode())


@pytest.mark.parametrize(
    "fault",
    [
        Fault(status=503, headers={"Retry-After": "0.2"}), Fault(status=429), Fault(status=500), Fault(status=498),
        Fault(reset=True, after=900), Fault(short=True, after=900), said("SlowDown", 503), said("InternalError", 500),
    ],
)  # fmt: skip
def test_what_passes(server, tmp_path, expected, fault):
    server.faults = [fault, None, fault, None, fault, fault, None, fault]
    assert_same(remote(server, tmp_path), expected)
    assert expected.count > 20


@pytest.mark.parametrize(
    ("fault", "code", "words"),
    [
        (said("ExpiredToken", 400), "expired_key", "run out"),
        (said("InvalidAccessKeyId", 403), "wrong_key", "mistyped, was deleted or has run out"),
        (said("SignatureDoesNotMatch", 403), "wrong_key", "secret key does not belong"),
        (said("AccessDenied", 403), "denied", "may not read it, or have run out"),
        (said("RequestTimeTooSkewed", 403), "wrong_clock", "clock"),
        (said("NoSuchKey", 404), "no_source", "404"),
        (said("SlowDown", 503), "rate_limited", "slow down"),
        (Fault(status=429), "rate_limited", "slow down"),
        (Fault(status=502), "server_error", "502"),
    ],
)
@pytest.mark.parametrize("first", [0, 2])
def test_what_does_not_pass(server, tmp_path, fault, code, words, first):
    """At the listing, or later, as when keys run out in the middle."""
    server.fault_for = lambda request: fault if len(server.log) > first else None
    error = refused(server, tmp_path)
    assert error.code == code and words in error.message + error.hint


def test_an_object_that_changes_in_the_middle(server, data, tmp_path):
    def replace(request):
        if len(server.log) == 4:
            server.files[f"/eodata/{FOLDER}/part_1.parquet"] = data[:-1] + b"!"

    server.fault_for = replace
    assert refused(server, tmp_path).code == "source_changed"


def test_the_requests_are_signed_for_this_service(server, tmp_path):
    remote(server, tmp_path)
    for request in server.log:
        signed = request.headers["Authorization"]
        assert signed.startswith("AWS4-HMAC-SHA256") and "/default/s3/aws4_request" in signed
    ranged = [request for request in server.log if request.range]
    assert all(request.headers["If-Match"] == etag_of(server.files[request.path]) for request in ranged)
