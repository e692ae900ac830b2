"""What the doctor says of each engine of the store, and of one that does not work."""

from pathlib import Path

import pytest

from tests.doctor.test_offline import found
from tests.support.azurite import Azurite
from tests.support.backend_pool import closed_port
from tests.support.redis_server import redis_server

SECRET = "a-secret-word"

WORKS = "it keeps, finds, compares and deletes"


def test_memory_is_gone_with_the_process(folder: Path) -> None:
    text = "memory: what it keeps is one process's, and gone with it"
    assert found(folder, "store") == ("ok", text)


def test_a_file_that_works(folder: Path) -> None:
    place = f"sqlite:{folder / 'store.db'}"
    assert found(folder, "store", STORE=place) == ("ok", f"{place}: {WORKS}")


def test_a_redis_that_works_and_leaves_no_password(folder: Path) -> None:
    with redis_server("--requirepass", SECRET) as url:
        given = url.replace("//", f"//:{SECRET}@")
        assert found(folder, "store", STORE=given) == ("ok", f"{url}: {WORKS}")


def test_a_storage_account_that_works(folder: Path) -> None:
    with Azurite() as azurite:
        at = azurite.connection_string
        told = found(folder, "store", STORE="storage", AzureWebJobsStorage=at)
    assert told == ("ok", f"storage: {WORKS}")


@pytest.mark.parametrize("password", ["", "wrong-word"])
def test_a_redis_with_another_password(folder: Path, password: str) -> None:
    with redis_server("--requirepass", SECRET) as url:
        given = url.replace("//", f"//:{password}@")
        level, text = found(folder, "store", STORE=given)
    assert level == "problem"
    assert text.startswith(f"{url}: cannot write a document: redis: Authentication")
    assert text.endswith("is the password right, and are scripts allowed?")
    assert "word:" not in text


def test_a_redis_that_is_not_there(folder: Path) -> None:
    url = f"redis://:{SECRET}@127.0.0.1:{closed_port()}"
    level, text = found(folder, "store", STORE=url)
    assert level == "problem"
    assert "cannot write a document: redis: ConnectionError: does it run" in text
    assert SECRET not in text


def test_an_account_that_is_not_there(folder: Path) -> None:
    port = closed_port()
    at = (
        f"AccountName=a;AccountKey=c2VjcmV0;BlobEndpoint=http://127.0.0.1:{port}/a;"
        f"TableEndpoint=http://127.0.0.1:{port}/a"
    )
    level, text = found(folder, "store", STORE="storage", AzureWebJobsStorage=at)
    assert level == "problem"
    assert "Storage Table Data Contributor?" in text
    assert "c2VjcmV0" not in text


def test_a_folder_that_is_not_there(folder: Path) -> None:
    level, text = found(folder, "store", STORE=f"sqlite:{folder}/none/store.db")
    assert level == "problem"
    assert text == "STORE: sqlite: No such file or directory"
