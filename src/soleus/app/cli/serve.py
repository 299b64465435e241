"""``soleus serve``: the pages in a browser."""

from __future__ import annotations

import argparse
import errno
import sys

from soleus.app.cli.main import NOT_READ


def run_serve(options: argparse.Namespace) -> int:
    """Open the diary (made and brought up to date if need be) and serve its pages until interrupted."""
    from soleus.app.web.server import run_server
    from soleus.diary import DiaryError, open_diary

    try:
        with open_diary(options.at) as diary:
            return run_server(
                diary,
                port=options.port,
                browser=not options.no_browser,
                lan=options.lan,
                name=options.name or "",
            )
    except DiaryError as error:
        print(error, file=sys.stderr)
    except OSError as error:
        print(f"error: {_port_words(error, options.port)} [no_port]", file=sys.stderr)
    except ValueError as error:
        print(
            f"error: --name: {error}. To mend it: write the name that your proxy answers to. [bad_name]",
            file=sys.stderr,
        )
    return NOT_READ


def _port_words(error: OSError, port: int | None) -> str:
    if error.errno == errno.EADDRINUSE and port is not None:
        return (
            f"port {port} is taken (Soleus may be running already: look at http://127.0.0.1:{port}/). "
            "To mend it: choose another with --port, or leave it out for the next free one."
        )
    if error.errno in (errno.EACCES, errno.EPERM):
        return f"port {port} may not be used: {error.strerror}. To mend it: choose one from 1024 up with --port."
    return f"the port can't be used: {error}. To mend it: choose another with --port."
