"""Opening accounts and giving passwords: what is shown once, and never again."""

from __future__ import annotations

from core.ledger.store import CoreStore
from core.model import passwords
from core.model.people import Account
from core.office import people


class PeopleDesk:
    """Serves whoever may open accounts. Each call is in the caller's transaction."""

    def __init__(self, store: CoreStore) -> None:
        self._db = store.connection

    def open(self, account: Account, password: str) -> str:
        """Opens an account; returns the address for its authenticator, "" without a password.

        Raises:
            RefusedError: there can be no such account.
        """
        secret = passwords.new_secret() if password else ""
        people.add_account(self._db, account, password=password, secret=secret)
        return passwords.secret_link(account.name, secret) if secret else ""

    def renew(self, name: str, password: str) -> str:
        """Gives an account another password and secret; returns the address for its authenticator.

        Raises:
            RefusedError: there is no such account, or the password is none.
        """
        secret = passwords.new_secret()
        people.set_password(self._db, name, password=password, secret=secret)
        return passwords.secret_link(name, secret)
