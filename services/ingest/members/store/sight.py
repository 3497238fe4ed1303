"""Who others do not see, as SQL says it where members are shown to others."""

from typing import Final

#: That others do not see a row of members that is merged into nobody, whose alias goes where `{member}` stands: it
#: is hidden, or wants no part in what others see, or one that is the same person does. A bot takes nobody with it.
UNSEEN: Final = """
    ({member}.hidden_by is not null or {member}.off_boards_wish or exists (
        select from merges of_same
        join members same on same.community = of_same.community and same.member_id = of_same.member_id
        where of_same.community = {member}.community and of_same.head_id = {member}.member_id
            and same.bot_by is null and (same.hidden_by is not null or same.off_boards_wish)))
"""
