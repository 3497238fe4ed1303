"""What goes wrong with messages."""

from shared.http import ProblemType

UNKNOWN_KIND = ProblemType("unknown-message-kind", 422, "There is no such kind of message")
UNKNOWN_WORDS = ProblemType("unknown-message-template", 404, "There is no such kind of message to say otherwise")
UNKNOWN_ROOM = ProblemType("unknown-message-room", 404, "There is no such room")
UNUSABLE_TEMPLATE = ProblemType("unusable-message-template", 422, "The template cannot be used")
STALE_SETTINGS = ProblemType("stale-message-settings", 409, "The settings were changed meanwhile")
MESSAGES_NOT_SET_UP = ProblemType("messages-not-set-up", 409, "Nothing can be sent that way here")
NOT_A_ROOM = ProblemType("not-a-room", 422, "The address is no incoming webhook of the platform")
NOT_AN_ADDRESS = ProblemType("not-a-mail-address", 422, "The text is no mail address")
NO_ADDRESS = ProblemType("no-mail-address", 404, "Nobody gave an address of the member's")
UNKNOWN_MESSAGE = ProblemType("unknown-message", 404, "No such message")
NOT_AGAIN = ProblemType("message-not-sent-again", 409, "The message is not sent again from that state")
UNKNOWN_RECIPIENT = ProblemType("unknown-recipient", 404, "No such recipient is held")
NOT_A_BOUNCE = ProblemType("not-a-bounce", 422, "The report says of no address that it was not reached")
UNUSABLE_LINK = ProblemType("unusable-message-link", 404, "The link is not ours, or its time is over")
