"""A Spark session that leaves nothing behind, and folders on whatever Spark can reach."""

import logging
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

from pyspark import SparkContext
from pyspark.errors import PySparkRuntimeError
from pyspark.sql import SparkSession

LOCAL_MEMORY: Final = "4g"  # of the one process that does everything with --master local[*]
LOGGING: Final = """
status = error
rootLogger.level = fatal
rootLogger.appenderRef.stderr.ref = stderr
appender.stderr.type = Console
appender.stderr.name = stderr
appender.stderr.target = SYSTEM_ERR
appender.stderr.layout.type = PatternLayout
"""  # stack traces may quote what is in a file
SETTINGS: Final = {
    "spark.app.name": "compile_stays",
    "spark.ui.enabled": "false",
    "spark.ui.showConsoleProgress": "false",
    "spark.sql.ansi.enabled": "true",
    "spark.sql.catalogImplementation": "in-memory",
    # A line counts as broken by all of its columns, not only by those that are used.
    "spark.sql.csv.parser.columnPruning.enabled": "false",
    "spark.sql.parquet.outputTimestampType": "TIMESTAMP_MICROS",
    "spark.sql.session.timeZone": "UTC",
}


class NoSparkError(Exception):
    """Spark cannot be started; the text says what to install."""


@contextmanager
def spark_session(master: str) -> Iterator[SparkSession]:
    """The running session, or one that is started for this and ended, its files deleted.

    Raises NoSparkError.
    """
    running = SparkSession.getActiveSession()
    if running is not None:
        yield running
        return
    if not _has_java():
        raise NoSparkError("Spark needs Java 17 or newer: apt-get install openjdk-17-jre-headless")
    scratch = tempfile.mkdtemp(prefix="compile_stays-")
    try:
        session = _start(master, scratch)
        try:
            yield session
        finally:
            session.stop()
            _end_java()
    finally:
        shutil.rmtree(scratch, ignore_errors=True)


def _has_java() -> bool:
    home = os.environ.get("JAVA_HOME")
    return shutil.which("java", path=str(Path(home, "bin")) if home else None) is not None


def _start(master: str, scratch: str) -> SparkSession:
    Path(scratch, "log4j2.properties").write_text(LOGGING, encoding="utf-8")
    logging.getLogger("py4j").setLevel(logging.WARNING)
    logging.getLogger("SQLQueryContextLogger").setLevel(logging.CRITICAL)
    os.environ.setdefault("SPARK_LAUNCHER_OPTS", "-XX:-UsePerfData")
    settings: dict[str, bool | float | int | str | None] = {
        **SETTINGS,
        "spark.local.dir": scratch,
        "spark.sql.warehouse.dir": f"{scratch}/warehouse",
        "spark.driver.extraJavaOptions": f"-Djava.io.tmpdir={scratch} -XX:-UsePerfData"
        f" -Dlog4j2.configurationFile=file:{scratch}/log4j2.properties",
    }
    if master.startswith("local"):
        os.environ.setdefault("SPARK_LOCAL_IP", "127.0.0.1")
        settings |= {
            "spark.driver.host": "127.0.0.1",
            "spark.driver.bindAddress": "127.0.0.1",
            "spark.driver.memory": LOCAL_MEMORY,
            "spark.hadoop.fs.permissions.umask-mode": "077",  # Hadoop asks no process for its own
        }
    try:
        return SparkSession.builder.master(master).config(map=settings).getOrCreate()
    except PySparkRuntimeError:
        _end_java()
        raise NoSparkError(
            "Spark did not start; is Java older than 17? apt-get install openjdk-17-jre-headless"
        ) from None


def _end_java() -> None:
    """Spark leaves its Java running until Python ends, and that holds on to files."""
    gateway: Any = SparkContext._gateway
    if gateway is None:
        return
    gateway.shutdown()
    gateway.proc.stdin.close()
    gateway.proc.wait()
    SparkContext._gateway = SparkContext._jvm = None


class Folder:
    """A folder by path or URL, through Hadoop's file systems."""

    def __init__(self, spark: SparkSession, where: str) -> None:
        java: Any = spark._jvm
        self._spark, self.url = spark, url_of(where)
        self._path = java.org.apache.hadoop.fs.Path(self.url)
        system = self._path.getFileSystem(spark._jsc.hadoopConfiguration())
        # The local one would put a file of check sums beside each.
        self._system = system.getRawFileSystem() if system.getScheme() == "file" else system

    def inside(self, name: str) -> "Folder":
        return Folder(self._spark, f"{self.url}/{name}")

    def make(self) -> None:
        self._system.mkdirs(self._path)

    def names(self) -> list[str]:
        """Names of what is in the folder; none when there is no such folder."""
        if not self._system.exists(self._path):
            return []
        return sorted(str(s.getPath().getName()) for s in self._system.listStatus(self._path))

    def files(self) -> list[str]:
        """URLs of the files at the address (which may be a pattern), also in folders below."""
        found = []
        for status in self._system.globStatus(self._path) or []:
            below = self._system.listFiles(status.getPath(), True)
            while below.hasNext():
                found.append(str(below.next().getPath().toString()))
        return sorted(found)

    def write(self, name: str, content: bytes) -> None:
        stream = self._system.create(self.inside(name)._path)
        try:
            stream.write(content)
        finally:
            stream.close()

    def move(self, name: str, to: "Folder", new_name: str) -> None:
        if not self._system.rename(self.inside(name)._path, to.inside(new_name)._path):
            raise OSError(f"{to.url}/{new_name}: could not be moved there")

    def delete(self) -> None:
        self._system.delete(self._path, True)


def url_of(where: str) -> str:
    """Hadoop takes the text behind the scheme as it is: nothing is percent-encoded."""
    return where.rstrip("/") if "://" in where else f"file://{Path(where).absolute()}"
