"""``soleus serve``: the pages on this computer, and on linked phones at home if that is asked for."""

from __future__ import annotations

import logging
import os
import re
import secrets
import socket
import sys
import threading
import webbrowser
from pathlib import Path
from typing import TYPE_CHECKING

from soleus.diary import Diary, data_folder
from soleus.diary.places import make_private_folder

if TYPE_CHECKING:
    from soleus.app.web.house import House

FIRST_PORT = 7653  # choice: SOLE on the keys of a telephone; the next free one when it is taken
TRIED_PORTS = 20
SECRET_NAME = "pages.secret"
EVERY_ADDRESS = "0.0.0.0"
WARM_UP_S = 1.5  # choice: the first page goes first
LEAVE_S = 3  # choice: an answer that is under way may finish; a page that is merely open need not be waited for
HOST_NAME = re.compile(r"(?!\d+(?:\.\d+){3}(?::|$))[a-z0-9](?:[a-z0-9.-]{0,251}[a-z0-9])?(?::\d{1,5})?")


def free_socket(address: str, port: int | None) -> socket.socket:
    """Return a listening socket: on the port asked for, else on the first free one from `FIRST_PORT`.

    Raises
    ------
    OSError
        The port that was asked for is taken, or none is free.
    """
    wanted = range(FIRST_PORT, FIRST_PORT + TRIED_PORTS) if port is None else [port]
    failed: OSError | None = None
    for number in wanted:
        made = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        if os.name == "posix":
            made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            made.bind((address, number))
            made.listen(128)
            return made
        except (OSError, OverflowError) as error:
            made.close()
            failed = error if isinstance(error, OSError) else OSError("a port is a number from 1 to 65535")
    raise failed or OSError("no port is free")


def kept_secret(folder: Path) -> bytes:
    """Return the secret of this installation that signs the tokens of its pages, made at the first start.

    It is kept so that a page that was open while the server was down can still send what was typed into it.
    """
    make_private_folder(folder)
    path = folder / SECRET_NAME
    try:
        known = path.read_bytes()
    except FileNotFoundError:
        known = b""
    if len(known) == 32:
        return known
    made = secrets.token_bytes(32)
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(made)
    return made


def home_addresses() -> list[str]:
    """Return the addresses of this computer in the networks it is connected to; asks no other computer."""
    if sys.platform == "linux":
        return _linux_addresses()
    try:
        found = socket.gethostbyname_ex(socket.gethostname())[2]
    except OSError:
        return []
    return sorted(one for one in found if not one.startswith("127."))


def _linux_addresses() -> list[str]:
    import fcntl
    import struct

    found = []
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as asking:  # asks the kernel only; nothing is sent
        for _, name in socket.if_nameindex():
            try:
                told = fcntl.ioctl(asking.fileno(), 0x8915, struct.pack("256s", name[:15].encode()))  # SIOCGIFADDR
            except OSError:
                continue
            address = socket.inet_ntoa(told[20:24])
            if not address.startswith("127."):
                found.append((name.startswith(("docker", "br-", "veth", "virbr")), address))
    return [address for _, address in sorted(found)]


def run_server(diary: Diary, *, port: int | None, browser: bool, lan: bool = False, name: str = "") -> int:
    """Serve the pages until interrupted; say where they are and where the data live.

    Parameters
    ----------
    diary : Diary
    port : int, optional
        None for the first free one.
    browser : bool
        Whether to open the browser.
    lan : bool
        Whether to listen on the home network, too.
    name : str
        One more name under which a proxy with HTTPS on this computer passes requests on, such as ``me.example.net``.

    Raises
    ------
    OSError
        The port can't be used.
    ValueError
        It is no name of a host.
    """
    import uvicorn

    from soleus.app.web.application import make_app
    from soleus.app.web.connection import CarefulConnection
    from soleus.app.web.faults import tell_only_places

    if name and not HOST_NAME.fullmatch(name.lower()):
        raise ValueError(f"{name!r} is no name of a host, such as me.example.net")
    listening = free_socket(EVERY_ADDRESS if lan else "127.0.0.1", port)
    house = make_house(diary, listening.getsockname()[1], lan=lan, name=name)
    logging.disable(logging.CRITICAL)  # libraries would log addresses and messages; faults are told by place alone
    tell_only_places()
    config = uvicorn.Config(
        make_app(house),
        http=CarefulConnection,
        ws="none",
        loop="asyncio",
        log_config=None,
        access_log=False,
        proxy_headers=False,
        server_header=False,
        date_header=False,
        timeout_graceful_shutdown=LEAVE_S,
    )
    server = uvicorn.Server(config)
    _tell(house, listening.getsockname()[1])
    _later(WARM_UP_S, lambda: house.session())
    if browser:
        _later(0.3, lambda: webbrowser.open(f"http://127.0.0.1:{listening.getsockname()[1]}/"))
    try:
        server.run(sockets=[listening])
    except KeyboardInterrupt:
        pass
    finally:
        listening.close()
    return 0


def make_house(diary: Diary, port: int, *, lan: bool = False, name: str = "") -> House:
    """Return what the application stands on when it listens on this port."""
    from soleus.app.web.house import House

    folder = diary.path.parent if diary.path is not None else data_folder()
    others = {name.lower()} if name else set()
    if lan and (own := socket.gethostname().partition(".")[0].lower()):
        others.add(f"{own}.local:{port}")
    addresses = [f"https://{name.lower()}/"] if name else []
    if lan:
        addresses += [f"http://{address}:{port}/" for address in home_addresses()]
    return House(
        diary=diary,
        hosts=frozenset({f"127.0.0.1:{port}", f"localhost:{port}"}),
        lan_hosts=frozenset(others),
        lan=lan,
        addresses=tuple(addresses),
        secret=kept_secret(folder),
    )


def _tell(house: House, port: int) -> None:
    print(f"Soleus is at http://127.0.0.1:{port}/ (Ctrl+C stops it)")
    where = house.diary.path.parent if house.diary.path is not None else house.diary.engine.url.host or "the database"
    print(f"Your data live in {where} and go nowhere else.")
    if house.links_devices:
        for address in house.addresses:
            print(f"On a phone: {address}")
        pin = house.access.renew()
        print(f"To link a phone, type there this PIN: {pin.digits[:4]} {pin.digits[4:]} (valid for ten minutes,")
        print(f"for one device; a new one is at http://127.0.0.1:{port}/settings).")
    sys.stdout.flush()


def _later(seconds: float, what: object) -> None:
    timer = threading.Timer(seconds, what)  # type: ignore[arg-type]
    timer.daemon = True
    timer.start()
