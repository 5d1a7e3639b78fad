"""Stores of MLflow: an SQLite file, which is created where there is none, or a server.

MLflow itself tries for minutes where a server or a database does not answer, migrates databases of
other versions without asking, and adds its tables to databases of other programs.
"""

from __future__ import annotations

import os
import sqlite3
import warnings
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from convbias.errors import InputError, StorageError
from convbias.runs.atomic import check_writable, write_atomically
from convbias.spec.extras import check_installed

if TYPE_CHECKING:
    from mlflow import MlflowClient

SQLITE = "sqlite:///"
SECONDS_TO_CONNECT = 4
SECONDS_TO_ANSWER = 5  # the first question; with the time to connect less than ten
OTHER_FILE = "name another file after --mlflow"

# MLflow reads them when it is imported and at every request.
SETTINGS = {
    "MLFLOW_DISABLE_TELEMETRY": "true",
    "MLFLOW_SUPPRESS_PRINTING_URL_TO_STDOUT": "true",
    "MLFLOW_LOGGING_LEVEL": "CRITICAL",  # what fails is an error of ours
    # A repeated request could create a run twice; a repeated export looks first.
    "MLFLOW_HTTP_REQUEST_MAX_RETRIES": "0",
}


@contextmanager
def open_store(uri: str) -> Iterator[MlflowClient]:
    """Open a store of MLflow; errors of MLflow become errors for users.

    Args:
        uri: `sqlite:///FILE` or `http(s)://HOST:PORT`.

    Returns:
        A context with MLflow's client.

    Raises:
        InputError: MLflow is not installed, the address is of another kind, no server answers, the
            file is no database of MLflow or one of another version, or MLflow refuses a request.
        StorageError: The folder of a new file is not writable or the disk is full.
    """
    check_installed("mlflow", ["mlflow", "sqlalchemy", "alembic"])
    os.environ.update(SETTINGS)
    shown = without_password(uri)
    path = _checked(uri, shown)  # before MLflow is imported, which takes seconds
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of MLflow's own code, which users cannot change
        from mlflow import MlflowClient
        from mlflow.exceptions import MlflowException

        try:
            if path is not None:
                _prepare_database(path, uri)
            # MLflow keeps a connection for every address, wherever the working folder is then.
            yield MlflowClient(uri if path is None else f"{SQLITE}{path.absolute()}")
        except MlflowException as error:
            if path is None:
                _check_server(uri, shown)  # it may have ended meanwhile
            reason = (str(error).strip() or type(error).__name__).splitlines()[0][:300]
            raise InputError(
                f"MLflow refuses at {shown}: {reason.replace(uri.rstrip('/'), shown.rstrip('/'))}",
                "a store of MLflow that accepts new runs",
                "see MLflow's reason above; with access control, set MLFLOW_TRACKING_USERNAME and"
                " MLFLOW_TRACKING_PASSWORD, or MLFLOW_TRACKING_TOKEN. The same command again adds"
                " what is missing",
            ) from error


def without_password(uri: str) -> str:
    """An address as it may be shown.

    Example:
        >>> without_password("https://me:secret@example.org/a")
        'https://example.org/a'
    """
    scheme, separator, rest = uri.partition("://")
    host, slash, path = rest.partition("/")
    return f"{scheme}{separator}{host.rpartition('@')[2]}{slash}{path}"


def _checked(uri: str, shown: str) -> Path | None:
    """The path of a database, or None for a server, which answers."""
    if uri.startswith(("http://", "https://")):
        _check_server(uri, shown)
        return None
    path = uri.removeprefix(SQLITE)
    # SQLAlchemy takes what follows a question mark for options.
    if path in ("", uri, ":memory:") or "?" in str(Path(path).absolute()):
        raise InputError(
            f"{shown} is no address of a store of MLflow that can be exported to",
            f"{SQLITE}FILE, or http://HOST:PORT of an MLflow server",
            f"for a file, write {SQLITE}mlflow.db, which is MLflow's default; other databases are"
            " reached through their server",
        )
    return Path(path)


def _check_server(uri: str, shown: str) -> None:
    import requests

    try:
        requests.get(
            f"{uri.rstrip('/')}/health",
            timeout=(SECONDS_TO_CONNECT, SECONDS_TO_ANSWER),
            allow_redirects=False,
            stream=True,
        ).close()
    except requests.exceptions.SSLError:
        pass  # something answers, and MLflow knows its own settings of certificates
    except (requests.RequestException, ValueError) as error:
        kind = "in time" if isinstance(error, requests.Timeout) else "there"
        raise InputError(
            f"no MLflow server at {shown}: nothing answers {kind}",
            "the address of a running server",
            f"start one (`mlflow server`), or name a file: --mlflow {SQLITE}mlflow.db; an export"
            " that was interrupted is continued by the same command",
        ) from error


def _prepare_database(path: Path, uri: str) -> None:
    """Check a database, or create it whole: MLflow takes seconds for the tables."""
    if path.is_dir():
        raise InputError(f"{path} is a folder", "a file", OTHER_FILE)
    check_writable(path.absolute().parent, OTHER_FILE)
    if path.exists() and path.stat().st_size:
        _check_schema(path, uri)
    else:
        write_atomically(path, _create)


def _create(path: Path) -> None:
    from mlflow import MlflowClient

    MlflowClient(f"{SQLITE}{path.absolute()}")


def _check_schema(path: Path, uri: str) -> None:
    import mlflow
    from alembic.script import ScriptDirectory

    expected = ScriptDirectory(
        str(Path(mlflow.__file__).parent / "store" / "db_migrations")
    ).get_current_head()
    try:
        with closing(sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True)) as database:
            found = database.execute("SELECT version_num FROM alembic_version").fetchone()
    except sqlite3.DatabaseError as error:
        if "locked" in str(error):
            raise StorageError(
                f"{path} is used by another program: {error}",
                "a database that nobody writes to",
                "wait until the other program has ended",
            ) from error
        raise InputError(
            f"{path} is no database of MLflow: {error}",
            "a file that MLflow created, or none, which is then created",
            OTHER_FILE,
        ) from error
    if found is None or found[0] != expected:
        raise InputError(
            f"{path} has the schema of another version of MLflow ({found[0] if found else 'none'})",
            f"the schema of MLflow {mlflow.__version__} ({expected})",
            f"copy the file, then run `mlflow db upgrade {uri}`; if a newer MLflow wrote it,"
            f" install that version; or {OTHER_FILE}",
        )
