"""Known answers for R2JobCredentialsTest, from an implementation of its own.

Writes, as JSON on stdout, temporary credentials as Cloudflare documents them
(https://developers.cloudflare.com/r2/api/s3/temporary-credentials/, "Locally"), with nothing but
the standard library. Cloudflare publishes no example with concrete values; the signature itself is
held against RFC 7515, appendix A.1, by the test.

    python3 vectors.py > vectors.json
"""

import base64
import hashlib
import hmac
import json
import sys

JOB = "job_01jd8w3v5n8m2q4r6t0v2x4z6a"
READ = ["GetObject", "HeadObject"]
WRITE = [
    "PutObject",
    "CreateMultipartUpload",
    "UploadPart",
    "UploadPartCopy",
    "CompleteMultipartUpload",
    "AbortMultipartUpload",
    "ListParts",
    "GetObject",
    "HeadObject",
]
CASES = [
    {
        "endpoint": "https://0123456789abcdef0123456789abcdef.r2.cloudflarestorage.com",
        "audience": "0123456789abcdef0123456789abcdef.r2.cloudflarestorage.com",
        "account": "0123456789abcdef0123456789abcdef",
        "parentKeyId": "fedcba9876543210fedcba9876543210",
        "parentSecret": hashlib.sha256(b"a token's value, of no account").hexdigest(),
        "bucket": "artifacts",
        "job": JOB,
        "epoch": 7,
        "now": 1795291200,
        "lifeSeconds": 3600,
    },
    {
        "endpoint": "https://0123456789abcdef0123456789abcdef.eu.r2.cloudflarestorage.com:8443",
        "audience": "0123456789abcdef0123456789abcdef.eu.r2.cloudflarestorage.com:8443",
        "account": "0123456789abcdef0123456789abcdef",
        "parentKeyId": "0f1e2d3c4b5a69788796a5b4c3d2e1f0",
        "parentSecret": hashlib.sha256(b"another").hexdigest(),
        "bucket": "b" * 63,
        "job": JOB,
        "epoch": 99_999_999,
        "now": 1767225600,
        "lifeSeconds": 900,
    },
]


def base64url(octets):
    return base64.urlsafe_b64encode(octets).rstrip(b"=").decode()


def compact(value):
    return json.dumps(value, separators=(",", ":")).encode()


def minted(case, actions, prefixes):
    claims = {
        "bucket": case["bucket"],
        "actions": actions,
        "paths": {"prefixPaths": prefixes, "objectPaths": []},
        "sub": case["account"],
        "iss": case["parentKeyId"],
        "aud": case["audience"],
        "iat": case["now"],
        "exp": case["now"] + case["lifeSeconds"],
    }
    signed = base64url(compact({"alg": "HS256", "typ": "JWT"})) + "." + base64url(compact(claims))
    mac = hmac.new(case["parentSecret"].encode(), signed.encode(), hashlib.sha256).digest()
    jwt = signed + "." + base64url(mac)
    return {
        "accessKeyId": case["parentKeyId"],
        "secretAccessKey": hashlib.sha256(jwt.encode()).hexdigest(),
        "sessionToken": base64.b64encode(b"jwt/" + jwt.encode()).decode(),
    }


def answered(case):
    job = f"jobs/{case['job']}/"
    epoch = "e%08d/" % case["epoch"]
    written = [job + what + "/" + epoch for what in ("checkpoints", "logs", "outputs")]
    return case | {"write": minted(case, WRITE, written), "read": minted(case, READ, [job])}


json.dump([answered(case) for case in CASES], sys.stdout, indent=1)
print()
