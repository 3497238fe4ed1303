"""What recognition's own errors become when they reach its API."""

from services.recognition.badges.api.problems import (
    BADGE_HELD,
    BADGE_NOT_COUNTABLE,
    BADGE_NOT_HELD,
    EDITIONS_GONE,
    NOT_BY_HAND,
    PICTURE_REFUSED,
    UNKNOWN_BADGE,
    UNKNOWN_GRANT,
)
from services.recognition.badges.domain.by_hand import (
    EditionsGoneError,
    HeldAlreadyError,
    NotByHandError,
    NotHeldError,
    UnknownBadgeError,
    UnknownGrantError,
)
from services.recognition.badges.handlers.foreseeing import NotCountableError
from services.recognition.credentials.api.problems import (
    CREDENTIAL_REVOKED,
    CREDENTIALS_NOT_SET_UP,
    ISSUER_KEYS_ENOUGH,
    UNKNOWN_CREDENTIAL,
    UNKNOWN_ISSUER_KEY,
)
from services.recognition.credentials.domain import (
    KEYS_MAX_COUNT,
    KeysEnoughError,
    NotSetUpError,
    RevokedError,
    UnknownCredentialError,
    UnknownKeyError,
)
from services.recognition.hands.api import NO_WORDS
from services.recognition.hands.domain import NobodyThereError, NoWordsError
from services.recognition.levels.api.problems import LEVEL_NOT_LOCKED, UNKNOWN_LEVEL
from services.recognition.levels.domain.by_hand import NotLockedError, UnknownLevelError
from services.recognition.quests.api import (
    IN_TEAM,
    QUEST_COMPLETED,
    QUEST_NOT_JOINED,
    QUEST_OVER,
    TEAM_FULL,
    TEAM_NAME_TAKEN,
    UNKNOWN_QUEST,
    UNKNOWN_TEAM,
)
from services.recognition.quests.domain import (
    CompletedError,
    InTeamError,
    NotJoinedError,
    QuestOverError,
    TeamFullError,
    TeamNameTakenError,
    UnknownQuestError,
    UnknownTeamError,
)
from services.recognition.quests.domain import NobodyThereError as NobodyInQuestsError
from services.recognition.streaks.api import FREEZES_ENOUGH, UNKNOWN_STREAK
from services.recognition.streaks.domain.freezes import FreezesEnoughError, UnknownStreakError
from shared.http import ErrorTable, Problem
from shared.http.problem_types import UNKNOWN_MEMBER
from shared.pictures import PictureError


def _unknown_badge(_: UnknownBadgeError) -> Problem:
    return Problem(UNKNOWN_BADGE, "GET /v1/badges has those that there are, and a tier is one of the badge's own")


def _not_by_hand(_: NotByHandError) -> Problem:
    return Problem(
        NOT_BY_HAND,
        "By hand is given what the programme says is `by_hand: true`, or what somebody took from the member",
    )


def _held(_: HeldAlreadyError) -> Problem:
    return Problem(BADGE_HELD, "Nothing was given; take it back first where its citation is to say something else")


def _not_held(_: NotHeldError) -> Problem:
    return Problem(BADGE_NOT_HELD, "Nothing was taken back; GET /v1/members/{member_id}/badges has what they hold")


def _unknown_grant(_: UnknownGrantError) -> Problem:
    return Problem(UNKNOWN_GRANT, "GET /v1/badges/{badge_id}/misnumbered has those that are to be mended")


def _editions_gone(error: EditionsGoneError) -> Problem:
    return Problem(
        EDITIONS_GONE,
        f"There are {error.limit:,}, and each is somebody's; take one back, or publish a higher limit",
    )


def _no_words(_: NoWordsError) -> Problem:
    return Problem(NO_WORDS, "It has blanks alone: say in a sentence what for, or why")


def _picture_refused(error: PictureError) -> Problem:
    return Problem(PICTURE_REFUSED, f"Nothing was kept: {error}")


def _nobody_there(_: NobodyThereError) -> Problem:
    return Problem(UNKNOWN_MEMBER, "There is no member with that id, or they were forgotten")


def _not_countable(error: NotCountableError) -> Problem:
    return Problem(BADGE_NOT_COUNTABLE, str(error))


def _unknown_level(error: UnknownLevelError) -> Problem:
    if not error.known:
        return Problem(UNKNOWN_LEVEL, "Its levels are by points alone, and follow from these: nobody fixes them")
    return Problem(UNKNOWN_LEVEL, f"It has {', '.join(error.known)}; those by points follow from these")


def _not_locked(_: NotLockedError) -> Problem:
    return Problem(LEVEL_NOT_LOCKED, "It is what they do already; GET /v1/members/{member_id}/levels says so")


def _unknown_streak(error: UnknownStreakError) -> Problem:
    return Problem(UNKNOWN_STREAK, f"It has {', '.join(error.known) or 'none'}")


def _freezes_enough(error: FreezesEnoughError) -> Problem:
    return Problem(FREEZES_ENOUGH, f"They have {error.most} that are not spent yet: wait until one is")


ERRORS: ErrorTable = {
    UnknownBadgeError: _unknown_badge,
    NotByHandError: _not_by_hand,
    HeldAlreadyError: _held,
    NotHeldError: _not_held,
    EditionsGoneError: _editions_gone,
    UnknownGrantError: _unknown_grant,
    NoWordsError: _no_words,
    PictureError: _picture_refused,
    NobodyThereError: _nobody_there,
    NotCountableError: _not_countable,
    UnknownLevelError: _unknown_level,
    NotLockedError: _not_locked,
    UnknownStreakError: _unknown_streak,
    FreezesEnoughError: _freezes_enough,
    NobodyInQuestsError: lambda _: Problem(
        UNKNOWN_MEMBER, "There is no member with that id, or they were forgotten"
    ),
    UnknownQuestError: lambda _: Problem(UNKNOWN_QUEST, "GET /v1/quests has those that there are"),
    UnknownTeamError: lambda _: Problem(
        UNKNOWN_TEAM, "Ask who made it how it is written, or make one of that name with `is_new: true`"
    ),
    NotJoinedError: lambda error: Problem(QUEST_NOT_JOINED, f"Nothing was done: {error}"),
    NotSetUpError: lambda error: Problem(CREDENTIALS_NOT_SET_UP, f"Nothing was signed: {error}"),
    KeysEnoughError: lambda _: Problem(
        ISSUER_KEYS_ENOUGH, f"It has {KEYS_MAX_COUNT}, and each goes on verifying what it signed"
    ),
    UnknownKeyError: lambda _: Problem(UNKNOWN_ISSUER_KEY, "GET /v1/credential-issuer has those that there are"),
    RevokedError: lambda _: Problem(
        CREDENTIAL_REVOKED, "Its badge was taken back; one that is held again is taken away anew"
    ),
    UnknownCredentialError: lambda _: Problem(
        UNKNOWN_CREDENTIAL, "GET /v1/members/{member_id}/credentials has a member's"
    ),
    QuestOverError: lambda _: Problem(QUEST_OVER, "Its days are over, or the team's are; nothing counts any more"),
    CompletedError: lambda _: Problem(QUEST_COMPLETED, "Nobody joins or leaves once all steps are done"),
    TeamNameTakenError: lambda _: Problem(
        TEAM_NAME_TAKEN, "Choose another name, or join that team without `is_new`"
    ),
    TeamFullError: lambda error: Problem(
        TEAM_FULL, f"{error.max_members} are in it already; join another team, or make one"
    ),
    InTeamError: lambda _: Problem(IN_TEAM, "Leave it first; what was done in it stays with it"),
}
