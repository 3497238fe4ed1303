"""What ingest says of what remains of somebody, and of what goes, marked here for the catalogues."""

from typing import Final


def _(text: str) -> str:
    """Marks what catalogues translate; it is translated where it is shown."""
    return text


#: As `GET /v1/members/{member_id}/erasure` says it.
REMAINS: Final = (
    _("The name to show, until the topic is compacted: this long once its partition is written to again"),
    _("What platforms wrote, as it came"),
    _("What platforms sent, as it came"),
    _("What was sent of the past, as it came"),
    _("Records that could never be processed, as they came, if any were theirs"),
    _("Deliveries of platforms without a mapping that name them by what is not known, as they came"),
    _("Events that were refused before their member was known, as they came"),
    _("What databases held; a database that is restored erases again before it is ready"),
    _("Keyed hashes of the identities, by which what comes of them is not taken"),
    _("Events, points, badges and redemptions under an id that is nobody's; ids that platforms gave things"),
    _("Payouts that were prepared or filed, with name and account: the books"),
    _("That they were erased, and by whom, under the id that is nobody's"),
    _("What others wrote, and may have said of them, as long as texts are kept"),
)
