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

#: What tables hold of a member, as `GET /v1/members/{member_id}/personal-data` says it.
HELD: Final = (
    _("Name, and what they are in the community"),
    _("What they are called, known by and reached at, to find who may be the same person"),
    _("Who they are on each channel"),
    _("Hashes of identities, after a restore"),
    _("Hashes by which nothing of theirs is taken"),
    _("That they were erased"),
    _("Attributes, consents, time zone, language, opt-outs"),
    _("What they wrote, sealed"),
    _("Events of theirs that were refused, sealed"),
    _("Where they were in person"),
    _("Links to sign in"),
    _("Sign-ins that can be renewed"),
    _("The name to show"),
    _("Hashes of identities"),
    _("Who is merged into whom, by ids that are nobody's"),
    _("What was commanded about them, and who read of them"),
    _("In which audiences they are"),
    _("Which audiences they entered and left"),
    _("When it is looked at anew in which audiences they are"),
    _("What they made, by its ids, and how good others found it"),
    _("What they made of others' content"),
    _("How much they found of whom good"),
    _("Whose judgements are weighed anew"),
    _("How far they are trusted to judge"),
    _("Since when they are known, and whether they are staff"),
    _("Attributes that rules read"),
    _("What rules read of them"),
    _("Points that rules gave"),
    _("Points under limits"),
    _("Points that people gave or took by hand"),
    _("That limits hold for them"),
    _("Points, badges and levels that they hold"),
    _("What is their own of a person of several members"),
    _("What is their own of a person's counted events"),
    _("What is their own of a person's weeks and months"),
    _("Points of weeks and months"),
    _("Events that badges count"),
    _("Badges and levels granted and taken back"),
    _("That they want a card that everybody may see"),
    _("When they did what streaks go by"),
    _("In which time zones they live"),
    _("Accounts of the ledger"),
    _("What is on each account"),
    _("What came and went on each account"),
    _("Points of each award that are left"),
    _("Bank details, and all that they were"),
    _("Payouts, with name and account as they were paid: the books"),
    _("Which states payouts went through"),
    _("Runs that considered them"),
    _("What they had for points"),
    _("What they did"),
    _("Badges and levels"),
    _("Payouts, without name and account"),
    _("Days on which they took part"),
    _("When they first took part"),
    _("What they did was about"),
    _("What earns them nothing: contents that a report was upheld of, and suspensions"),
    _("Which of their awards that reverses"),
    _("What was reported of what they made, and what became of it"),
    _("What was said in these cases"),
    _("Which guidelines they accepted"),
    _("When they were suspended"),
    _("What became of reports of what they made"),
)
#: What an erasure does with them.
ERASED: Final = {
    "deleted": _("When somebody is forgotten, it goes"),
    "blanked": _("When somebody is forgotten, what says who they are is emptied"),
    "stays": _("When somebody is forgotten, it stays under an id that is nobody's"),
}
