"""The people behind a bundle: a trader who lodges, a selector who looks, a driver who bundles, each signed in by name."""

from __future__ import annotations

from contextlib import AsyncExitStack
from dataclasses import dataclass
from pathlib import Path

from core.model.consignment import CargoInformation, GoodsItem
from core.model.passwords import code_at
from core.office.admin import AdminClient
from core.office.bundling import BundleRequest
from domain.crossing import Direction
from domain.times import DAY_MS, hong_kong
from runtime.clocks import utc_ms
from simulation.private_core import PrivateCore, write_secret

SECTIONS = """\
[bundling]
wait_minutes = 0

[screening]
codes = ["release", "inspect"]
[[screening.rules]]
name = "cigarettes"
code = "inspect"
articles = "cigarette"
"""
"""Of the demonstration's core: nobody watches a truck wait for half an hour, and there is something to look for."""

_WHY = "inspected at the airport"
_PEOPLE = {
    "chan": ("trader", "winning"),
    "wong": ("selector", ""),
    "ho": ("driver", "ho"),
}


def open_accounts(core: PrivateCore, password: str) -> dict[str, str]:
    """Registers the people at a core that is not running; returns each one's secret of one-time codes."""
    word = core.folder / "person.password"
    write_secret(word, password)
    core.command("party", "add", "winning", "Winning Co.Ltd.")
    core.command("party", "add", "ho", "Ho Wa Ping")
    return {name: _open(core, word, name, role, party) for name, (role, party) in _PEOPLE.items()}


def _open(core: PrivateCore, word: Path, name: str, role: str, party: str) -> str:
    more = ("--party", party) if party else ()
    said = core.command("account", "add", name, "--role", role, *more, "--password-file", str(word))
    return said.partition("secret=")[2].partition("&")[0].strip()


@dataclass(frozen=True, slots=True)
class Trade:
    """These people, signed in at a running core."""

    trader: AdminClient
    selector: AdminClient
    driver: AdminClient

    @classmethod
    async def sign_in(cls, core: PrivateCore, stack: AsyncExitStack, secrets: dict[str, str], password: str) -> Trade:
        """Each with password and code, on a connection of their own."""
        clients = []
        for name in _PEOPLE:
            client = await stack.enter_async_context(core.admin())
            await client.sign_in(name, password, code_at(secrets[name], utc_ms()))
            clients.append(client)
        trader, selector, driver = clients
        return cls(trader, selector, driver)

    async def bundle(self, vrn: str, *, direction: str, point: str, now_ms: int) -> str:
        """Cigarettes in bulk words, held by a profile, released by name, handed to the driver and bundled; the UBR."""
        cargo = CargoInformation(
            direction=Direction(direction),
            expected=hong_kong(now_ms + DAY_MS).strftime("%Y-%m-%d"),
            consignor="Winning Co.Ltd.",
            consignor_address="333 Nathan Road, Mong Kok",
            consignee="Fu Wing Co.Ltd",
            consignee_address="Shek Lung Tsuen",
            goods=(GoodsItem(articles="香煙", packages=12, package_description="carton"),),
        )
        ccrn = (await self.trader.lodge(cargo)).ccrn
        await self.selector.decide(ccrn, "release", reason=_WHY)
        await self.trader.hand_to("ho", ccrn)
        form = BundleRequest(driver="Ho Wa Ping", vrn=vrn, direction=Direction(direction), ccrns=(ccrn,), point=point)
        return (await self.driver.bundle(form)).ubr
