"""Addresses in messages: without user and password, and otherwise as they are."""

from __future__ import annotations

import pytest

from churon.tools.addresses import shown


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("http://kim:secret@host:1/v1", "http://host:1/v1"),
        ("http://token@host", "http://host"),
        ("https://x.io?m=a@b.c", "https://x.io?m=a@b.c"),
        ("https://x.io/a@b", "https://x.io/a@b"),
        ('{"url":"http://host","by":"x@y.kr"}', '{"url":"http://host","by":"x@y.kr"}'),
        ("/var/lib/milvus.db", "/var/lib/milvus.db"),
        ("http://root:S3cret,p'w@milvus:19530", "http://milvus:19530"),
        ("https://gate/v1?api_key=S3cret&page=2", "https://gate/v1?api_key=…&page=2"),
        ("http://a,http://u:p@b", "http://a,http://b"),
        ("Illegal header value b'Bearer S3cret\\r'", "Illegal header value …"),
        ("characters in header value: 'S3cret\r'\n", "characters in header value: …"),
        ("docs/HTTP header values.md is empty", "docs/HTTP header values.md is empty"),
        ("Illegal header value forms.md", "Illegal header value forms.md"),
        ("https://x.io/?monkey_bars=3", "https://x.io/?monkey_bars=…"),
    ],
)
def test_shown(text: str, expected: str) -> None:
    assert shown(text) == expected
