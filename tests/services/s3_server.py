"""A real S3 server on this machine (moto) that checks signatures, with one user who may do everything."""

import json
import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import boto3
import botocore.config
import requests


class S3Server:
    """The server as a process of its own, with a bucket and a pair of keys that work."""

    def __init__(self, bucket: str):
        self.bucket = bucket
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]
        self.address = f"http://127.0.0.1:{self.port}"

    def __enter__(self):
        command = [str(Path(sys.executable).parent / "moto_server"), "-H", "127.0.0.1", "-p", str(self.port)]
        surroundings = {**os.environ, "INITIAL_NO_AUTH_ACTION_COUNT": "0"}
        self._process = subprocess.Popen(
            command, env=surroundings, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )  # fmt: skip
        for _ in range(300):
            try:
                requests.get(f"{self.address}/moto-api/data.json", timeout=5)
                break
            except requests.ConnectionError:
                time.sleep(0.1)
        self.secrets = self._user("*")
        self.client = self._client("s3", self.secrets)
        self.client.create_bucket(Bucket=self.bucket)
        return self

    def __exit__(self, *_):
        self._process.send_signal(signal.SIGTERM)
        self._process.wait(10)

    def put(self, key: str, data: bytes) -> None:
        """Uploads an object."""
        self.client.put_object(Bucket=self.bucket, Key=key, Body=data)

    def stranger(self) -> dict:
        """Keys of a user who may do nothing in S3."""
        return self._user("sqs:*", "stranger")

    def forget_key(self, secrets: dict, name: str) -> None:
        """Deletes a pair of keys, as when they run out."""
        self._client("iam", self.secrets).delete_access_key(UserName=name, AccessKeyId=secrets["s3_access_key"])

    def _user(self, action: str, name: str = "somebody") -> dict:
        # Three actions that nobody has to sign for, since there is no key yet.
        requests.post(f"{self.address}/moto-api/reset-auth", data=b"3", timeout=5)
        iam = self._client("iam", {"s3_access_key": "none", "s3_secret_key": "none"})
        iam.create_user(UserName=name)
        allowed = {"Effect": "Allow", "Action": action, "Resource": "*"}
        policy = json.dumps({"Version": "2012-10-17", "Statement": [allowed]})
        iam.put_user_policy(UserName=name, PolicyName="all", PolicyDocument=policy)
        made = iam.create_access_key(UserName=name)["AccessKey"]
        return {"s3_access_key": made["AccessKeyId"], "s3_secret_key": made["SecretAccessKey"]}

    def _client(self, service: str, secrets: dict):
        return boto3.client(
            service,
            endpoint_url=self.address,
            region_name="us-east-1",
            aws_access_key_id=secrets["s3_access_key"],
            aws_secret_access_key=secrets["s3_secret_key"],
            config=botocore.config.Config(s3={"addressing_style": "path"}, retries={"total_max_attempts": 1}),
        )
